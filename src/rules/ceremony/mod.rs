//! Rules: how the registry changes. What changed decides what a ceremony needs, not its name.
//!
//! | file | asks |
//! |---|---|
//! | `record` | does the record describe this very change, from this very registry? |
//! | `change` | what kinds of change are these, and is one of them never allowed? |
//! | `approvals` | which approvals are statements by people with authority? |
//! | `asked` | who is asked, for those who prepare a ceremony |
//! | `possession` | does somebody hold every key that appears? |
//! | `threshold` | are these people enough for these changes? |
//! | `charter` | does the decision log say what it must? |
//! | `aftermath` | can the project go on with the new registry? |
//!
//! A ceremony is accepted only if none of them finds an error.

pub mod aftermath;
pub mod approvals;
pub mod asked;
pub mod change;
pub mod charter;
pub mod possession;
pub mod record;
pub mod threshold;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::authority::EntryIndex;
use super::keyring::Keyring;
use super::registry_change::InForce;
use crate::finding::{CodeDoc, Finding, Place};
use crate::model::step::Step;
use crate::model::{
    ApprovalRole, CeremonyKind, CeremonyRecord, KeyEntry, Registry, ReviewerId, SignatureFact,
    Signer, Time,
};
use crate::registry::{KeyName, key_name};
use crate::source::Spot;

/// Every explanation of this folder.
pub const DOCS: &[&[CodeDoc]] =
    &[record::DOCS, change::DOCS, possession::DOCS, charter::DOCS, aftermath::DOCS];

/// A change of the registry, and all that rules may look at to judge it.
pub struct Proposal<'a> {
    /// The registry in force before, its keys and the clock.
    pub cx: Context<'a>,
    /// Entries of the registry in force.
    pub index: &'a EntryIndex,
    /// What is in force below `keys/`.
    pub in_force: &'a InForce,
    /// The registry that the commit brings.
    pub new: &'a Registry,
    /// What key files say once this is accepted: everything known before, and what the commit brings.
    pub keyring: &'a Keyring,
    /// What key files say in the commit's own tree, and nothing else.
    pub in_tree: &'a Keyring,
    /// The record that the commit adds.
    pub record: &'a CeremonyRecord,
    /// The commit.
    pub step: &'a Step,
    /// The fact about each approval's signature over its statement, in the record's order;
    /// `None` where there is none.
    pub facts: Vec<Option<&'a SignatureFact>>,
    /// Committer date.
    pub committed: Time,
    /// When the commit's signature was made.
    pub signed: Option<Time>,
    /// Whether the record's `parent` is a mainline commit before this one.
    pub parent_on_mainline: bool,
    /// People with an attested dissent that stood open on the commit that it was prepared on, and the
    /// epochs that they speak against.
    pub dissents: BTreeMap<ReviewerId, BTreeSet<u64>>,
    /// People for whom nobody current could co-sign: `requalify` is open for them.
    pub stranded: BTreeSet<ReviewerId>,
}

impl Proposal<'_> {
    /// When people began to approve it, and never before the last accepted gate: what moves before
    /// this moves in the past. Collecting approvals takes days, so the commit's date would not do.
    #[must_use]
    pub fn began(&self) -> Time {
        let authorised = self.record.approvals.iter().filter(|a| a.role == ApprovalRole::Authorise);
        let first = authorised.map(|approval| approval.timestamp).min();
        let first = first.unwrap_or_else(|| self.time());
        self.cx.previous_time.map_or(first, |gate| gate.max(first))
    }

    /// The time at which keys must be open: the latest that anybody claims.
    #[must_use]
    pub fn time(&self) -> Time {
        let approvals = self.record.approvals.iter().map(|approval| approval.timestamp);
        approvals.chain(self.signed).chain(self.cx.previous_time).fold(self.committed, Time::max)
    }

    /// A line of the record.
    fn place(&self, spot: Spot, label: &str) -> Place {
        Place::new(&self.record.source, Some(self.step.id), spot, label)
    }

    /// A line of the new registry.
    fn new_place(&self, spot: Spot, label: &str) -> Place {
        Place::new(&self.new.source, Some(self.step.id), spot, label)
    }
}

/// An approval that counts, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// Index of the approval in the record.
    pub index: usize,
    /// Whose, and by which key.
    pub signer: Signer,
    /// When it was signed.
    pub time: Time,
}

/// What an accepted ceremony does besides putting the new registry in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Dissents that it lifts: epoch and dissenter.
    pub lifts: BTreeSet<(u64, ReviewerId)>,
    /// People whom it makes current and qualified.
    pub requalifies: BTreeSet<ReviewerId>,
}

/// A judged ceremony.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Errors refuse it.
    pub findings: Vec<Finding>,
    /// Approvals in the role `authorise` that count.
    pub approved: Vec<Approved>,
    /// What follows if it is accepted.
    pub effects: Effects,
    /// Who is asked, and who has answered.
    pub asked: asked::Asked,
}

/// Judges a change of the registry.
#[must_use]
pub fn judge(proposal: &Proposal<'_>) -> Judged {
    let changes = crate::registry::diff(proposal.cx.registry, proposal.new);
    let mut findings = record::check(proposal);
    let needs = change::classify(proposal, &changes, &mut findings);
    let approved = approvals::check(proposal, &needs, &mut findings);
    findings.extend(possession::check(proposal, &changes));
    findings.extend(threshold::check(proposal, &needs, &approved));
    findings.extend(charter::check(proposal, &needs));
    findings.extend(aftermath::check(proposal));
    let findings = at_most(findings, MAX_FINDINGS);
    let asked = asked::asked(proposal, &needs, &approved, &changes);
    Judged { findings, approved, effects: effects(proposal.record), asked }
}

/// How many findings one ceremony has. A registry can hold ten thousand entries, and anybody who
/// may land a commit can write one.
const MAX_FINDINGS: usize = 100;

/// The first findings, errors before others where there are more; the last one says how many.
fn at_most(mut findings: Vec<Finding>, most: usize) -> Vec<Finding> {
    let more = findings.len().saturating_sub(most);
    if more == 0 {
        return findings;
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let rest = findings.split_off(most);
    if let Some(worst) = rest.first() {
        findings.push(
            Finding::new(worst.code, format!("{more} more findings about this ceremony"))
                .severity(worst.severity)
                .compared(format!("{more} more"), format!("at most {most} are shown"))
                .help("mend those that are shown first"),
        );
    }
    findings
}

/// Whether these approvals alone would be enough for the change: what would be found otherwise.
#[must_use]
pub fn enough(proposal: &Proposal<'_>, approved: &[Approved]) -> Vec<Finding> {
    let changes = crate::registry::diff(proposal.cx.registry, proposal.new);
    let needs = change::classify(proposal, &changes, &mut Vec::new());
    threshold::check(proposal, &needs, approved)
}

fn effects(record: &CeremonyRecord) -> Effects {
    match record.kind {
        CeremonyKind::Override => Effects {
            lifts: record.concerns.iter().filter_map(|text| concern(text)).collect(),
            ..Effects::default()
        },
        CeremonyKind::Requalify => Effects {
            requalifies: record.concerns.iter().filter_map(|id| ReviewerId::new(id)).collect(),
            ..Effects::default()
        },
        _ => Effects::default(),
    }
}

/// `epoch-7:clancy`
#[must_use]
pub fn concern(text: &str) -> Option<(u64, ReviewerId)> {
    let (epoch, reviewer) = text.strip_prefix("epoch-")?.split_once(':')?;
    let number: u64 = epoch.parse().ok()?;
    (number.to_string() == epoch).then_some(())?;
    Some((number, ReviewerId::new(reviewer)?))
}

/// People with a standing human key: those who are asked about changes.
#[must_use]
pub fn standing_people(registry: &Registry) -> BTreeSet<ReviewerId> {
    registry
        .keys
        .iter()
        .filter(|key| key.is_standing() && key.fingerprint.is_some())
        .map(|key| &key.reviewer)
        .filter(|reviewer| registry.is_human(reviewer))
        .cloned()
        .collect()
}

/// Entries by their name; of several the first.
fn by_name(keys: &[KeyEntry]) -> BTreeMap<KeyName, &KeyEntry> {
    let mut entries = BTreeMap::new();
    for key in keys {
        entries.entry(key_name(key)).or_insert(key);
    }
    entries
}

/// Ids in one line.
fn listed<'a>(people: impl IntoIterator<Item = &'a ReviewerId>) -> String {
    let names: Vec<&str> = people.into_iter().map(ReviewerId::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { some_of(&names, ", ") }
}

/// How many names or changes one message lists.
const MAX_LISTED: usize = 20;

/// The first of some words, and how many there are beside them.
fn some_of<S: AsRef<str>>(words: &[S], between: &str) -> String {
    let shown: Vec<&str> = words.iter().take(MAX_LISTED).map(AsRef::as_ref).collect();
    let more = words.len().saturating_sub(shown.len());
    let text = shown.join(between);
    if more == 0 { text } else { format!("{text}{between}and {more} more") }
}
