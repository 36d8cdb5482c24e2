//! Rule: what kinds of change a ceremony makes, and which are never made.

use std::collections::{BTreeMap, BTreeSet};

use super::{Proposal, by_name, standing_people};
use crate::finding::{Code, CodeDoc, Finding};
use crate::model::registry::{KeyState, RetiredReason, ReviewerKind};
use crate::model::{CeremonyKind, DomainId, Fingerprint, KeyEntry, ReviewerId, Time, Window};
use crate::registry::{Change, KeyName, key_name};
use crate::source::Spot;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::RegistryEntryRemoved,
        what: "An entry of the registry disappeared, or a retired entry was changed in a way that only a compromise may.",
        why: "History is verified with retired entries; without them nobody can tell whether old gates were good.",
        fix: "Put the entry back as it was; a key that is no longer used moves to `[[retired_keys]]`.",
    },
    CodeDoc {
        code: Code::RetroactiveWindow,
        what: "The window of an entry that was there before was moved in the past.",
        why: "A window that moves back gives authority to signatures that had none when they were made, or takes it from those that had.",
        fix: "Let the new bound lie at the ceremony or after it.",
    },
];

/// What a change of the registry asks for.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// People who were added.
    pub enrolled: BTreeSet<ReviewerId>,
    /// Standing people whose keys change and who keep one.
    pub rotated: BTreeSet<ReviewerId>,
    /// People who are left without a key.
    pub retired: BTreeSet<ReviewerId>,
    /// Owners of keys that this retires as compromised.
    pub compromised: BTreeSet<ReviewerId>,
    /// Those of them who get a new key at once.
    pub renewed: BTreeSet<ReviewerId>,
    /// Standing entries that this retires as compromised: they approve nothing.
    pub distrusted: BTreeSet<Fingerprint>,
    /// Something about a compromise changes.
    pub compromise: bool,
    /// Owners of the entries of which that is.
    pub concerned: BTreeSet<ReviewerId>,
    /// Anything else, in words: unanimous.
    pub amendments: Vec<String>,
    /// Nothing but the serial.
    pub empty: bool,
}

impl Needs {
    fn about_compromise(&mut self, key: &KeyName) {
        self.compromise = true;
        self.concerned.insert(key.reviewer.clone());
    }

    /// Everybody whose keys this takes away.
    #[must_use]
    pub fn leaving(&self) -> BTreeSet<ReviewerId> {
        self.retired.union(&self.compromised).cloned().collect()
    }
}

/// Sorts the differences by what they need; what is never allowed becomes a finding.
#[must_use]
pub fn classify(p: &Proposal<'_>, changes: &[Change], findings: &mut Vec<Finding>) -> Needs {
    let changes: Vec<&Change> =
        changes.iter().filter(|change| !matches!(change, Change::Serial { .. })).collect();
    let mut needs = Needs { empty: changes.is_empty(), ..Needs::default() };
    let standing = standing_people(p.cx.registry);
    let after = standing_people(p.new);
    people(&changes, &mut needs);
    keys_that_go(&changes, &standing, &after, &mut needs);
    let entries = Entries { old: by_name(&p.cx.registry.keys), new: by_name(&p.new.keys) };
    for change in &changes {
        one(p, change, &standing, &entries, &mut needs, findings);
    }
    windows(p, findings);
    let named = matches!(p.record.kind, CeremonyKind::Override | CeremonyKind::Requalify);
    if named && !needs.empty {
        findings.push(
            Finding::new(
                Code::CeremonyMismatch,
                format!("a ceremony of kind {} changes nothing but the serial", p.record.kind),
            )
            .compared(
                changes.first().map(ToString::to_string).unwrap_or_default(),
                "no other change of the registry",
            )
            .at(p.place(p.record.spot("kind"), "stated here"))
            .help("make two ceremonies: one for the change, one for this"),
        );
    }
    if needs.empty && !named {
        needs.amendments.push("nothing but the serial changes".to_owned());
    }
    needs
}

fn people(changes: &[&Change], needs: &mut Needs) {
    for change in changes {
        if let Change::ReviewerAdded { id, kind: ReviewerKind::Human } = change {
            needs.enrolled.insert(id.clone());
        }
    }
}

/// Whose keys are retired, and as what. Comes before the rest, which depends on it.
fn keys_that_go(
    changes: &[&Change],
    standing: &BTreeSet<ReviewerId>,
    after: &BTreeSet<ReviewerId>,
    needs: &mut Needs,
) {
    for change in changes {
        let Change::KeyRetired { key, reason, .. } = change else { continue };
        if !standing.contains(&key.reviewer) {
            continue;
        }
        if *reason == RetiredReason::Compromised {
            needs.compromised.insert(key.reviewer.clone());
            needs.distrusted.extend(key.fingerprint);
        } else if after.contains(&key.reviewer) {
            needs.rotated.insert(key.reviewer.clone());
        } else {
            needs.retired.insert(key.reviewer.clone());
        }
    }
}

fn one(
    p: &Proposal<'_>,
    change: &Change,
    standing: &BTreeSet<ReviewerId>,
    entries: &Entries<'_>,
    needs: &mut Needs,
    findings: &mut Vec<Finding>,
) {
    match change {
        Change::ReviewerAdded { kind: ReviewerKind::Human, .. } => {}
        Change::ReviewerRemoved { id, .. } => {
            findings
                .push(removed(p, change, &format!("the entry of {id} disappeared")).reviewer(id));
        }
        Change::KeyAdded { key, .. } => added(change, key, standing, needs),
        Change::KeyRetired { key, reason, .. } => {
            if *reason == RetiredReason::Compromised {
                needs.about_compromise(key);
            }
            if !standing.contains(&key.reviewer) {
                needs.amendments.push(change.to_string());
            }
        }
        // A placeholder never authorised anything.
        Change::KeyRemoved { key, .. } if key.fingerprint.is_none() => {
            needs.amendments.push(change.to_string());
        }
        Change::KeyRemoved { key, .. } => {
            findings.push(of_key(removed(p, change, "an entry disappeared"), key));
        }
        Change::KeyReinstated { key } => {
            findings.push(of_key(removed(p, change, "a retired entry stands again"), key));
        }
        Change::ReasonChanged { key, new: RetiredReason::Compromised, .. }
        | Change::TrustedUntil { key, .. } => needs.about_compromise(key),
        Change::Acknowledged { key, removed: gone, .. } if gone.is_empty() => {
            needs.about_compromise(key);
        }
        Change::CharterAck { key, .. } if entries.is_compromised(key) => {
            needs.about_compromise(key);
        }
        // It comes with the retirement.
        Change::CharterAck { key, .. } if entries.was_standing(key) => {}
        Change::ReasonChanged { key, .. }
        | Change::Acknowledged { key, .. }
        | Change::CharterAck { key, .. } => {
            findings.push(of_key(removed(p, change, "a retired entry was changed"), key));
        }
        // Told by `windows`, entry by entry.
        Change::RetiredAtMoved { .. } => {}
        Change::WindowMoved { key, .. } => {
            if entries.was_standing(key) {
                needs.amendments.push(change.to_string());
            }
        }
        Change::DomainPrimary { old, .. } if needs.leaving().contains(old) => {}
        Change::DomainBackup { id, old, .. } if stands_in(p, needs, id, old.as_ref()) => {}
        Change::DomainReviewers { id, added, removed } => {
            let leaving = needs.leaving();
            let moved = |who: &ReviewerId| {
                leaving.contains(who) || (touches(p, needs, id) && still_there(p, id, who))
            };
            if !added.iter().all(|who| needs.enrolled.contains(who)) || !removed.iter().all(moved) {
                needs.amendments.push(change.to_string());
            }
        }
        other => needs.amendments.push(other.to_string()),
    }
}

fn added(change: &Change, key: &KeyName, standing: &BTreeSet<ReviewerId>, needs: &mut Needs) {
    if needs.enrolled.contains(&key.reviewer) {
        return;
    }
    if needs.compromised.contains(&key.reviewer) {
        needs.renewed.insert(key.reviewer.clone());
    } else if standing.contains(&key.reviewer) {
        needs.rotated.insert(key.reviewer.clone());
    } else {
        needs.amendments.push(change.to_string());
    }
}

/// Whether the domain's backup changes only because somebody leaves: it was them, or the backup
/// became primary in their place.
fn stands_in(p: &Proposal<'_>, needs: &Needs, domain: &DomainId, old: Option<&ReviewerId>) -> bool {
    let Some(old) = old else { return false };
    let leaving = needs.leaving();
    let now_primary = p.new.domains.get(domain).map(|domain| &domain.primary);
    leaving.contains(old) || (touches(p, needs, domain) && now_primary == Some(old))
}

/// Whether somebody who leaves was primary or backup of the domain.
fn touches(p: &Proposal<'_>, needs: &Needs, domain: &DomainId) -> bool {
    let leaving = needs.leaving();
    p.cx.registry.domains.get(domain).is_some_and(|before| {
        leaving.contains(&before.primary)
            || before.backup.as_ref().is_some_and(|backup| leaving.contains(backup))
    })
}

fn still_there(p: &Proposal<'_>, domain: &DomainId, who: &ReviewerId) -> bool {
    p.new.domains.get(domain).is_some_and(|domain| domain.people().any(|person| person == who))
}

/// Entries before and after, by name.
struct Entries<'r> {
    old: BTreeMap<KeyName, &'r KeyEntry>,
    new: BTreeMap<KeyName, &'r KeyEntry>,
}

impl Entries<'_> {
    fn was_standing(&self, name: &KeyName) -> bool {
        self.old.get(name).is_some_and(|key| key.is_standing())
    }

    fn is_compromised(&self, name: &KeyName) -> bool {
        self.new.get(name).is_some_and(|key| key.is_compromised())
    }
}

fn removed(p: &Proposal<'_>, change: &Change, message: &str) -> Finding {
    Finding::new(Code::RegistryEntryRemoved, message)
        .compared(change.to_string(), "every entry as it is, or moved to [[retired_keys]]")
        .at(p.new_place(Spot::START, "this registry"))
        .help("put the entry back; a key that is no longer used moves to [[retired_keys]]")
}

fn of_key(mut finding: Finding, key: &KeyName) -> Finding {
    finding.fingerprint = key.fingerprint;
    finding.reviewer(&key.reviewer)
}

/// A bound that moves must lie at the ceremony or after it, before and after the move.
fn windows(p: &Proposal<'_>, findings: &mut Vec<Finding>) {
    let time = p.began();
    let skew = p.cx.registry.policy.max_skew;
    let past = |bound: Time| bound.plus(skew) < time;
    for (old, new) in pairs(&p.cx.registry.keys, &p.new.keys) {
        let retired = !old.is_standing();
        let moved = |a: Option<Time>, b: Option<Time>| {
            a != b && (retired || [a, b].into_iter().flatten().any(past))
        };
        let at = match (&old.state, &new.state) {
            (KeyState::Retired(old), KeyState::Retired(new)) => old.at != new.at,
            _ => false,
        };
        let from = moved(Some(old.window.from), Some(new.window.from));
        let until = moved(old.window.until, new.window.until);
        if !(from || until || at) {
            continue;
        }
        let field = match (from, new.is_standing()) {
            (true, _) => "effective_from",
            (false, true) => "effective_until",
            (false, false) => "retired_at",
        };
        let mut finding = Finding::new(
            Code::RetroactiveWindow,
            format!("a window of {} was moved in the past", new.reviewer),
        )
        .reviewer(&new.reviewer)
        .compared(
            format!("{} became {}", words(old.window), words(new.window)),
            if retired {
                "a retired window as it was".to_owned()
            } else {
                format!("no change before {time} (less {skew})")
            },
        )
        .at(p.new_place(new.spot(field), "moved here"))
        .help("let the bound lie at the ceremony or after it; what a compromised key may still have vouched for is said by `trusted_until`");
        finding.fingerprint = new.fingerprint;
        findings.push(finding);
    }
}

fn words(window: Window) -> String {
    let until = window.until.map_or("no end".to_owned(), |until| until.to_string());
    format!("{} to {until}", window.from)
}

/// Entries of one person and key, before and after: those of equal beginning, then in order. What
/// has no partner is new, or gone, which other rules tell.
fn pairs<'r>(old: &'r [KeyEntry], new: &'r [KeyEntry]) -> Vec<(&'r KeyEntry, &'r KeyEntry)> {
    let mut by_name: BTreeMap<KeyName, Vec<&KeyEntry>> = BTreeMap::new();
    for key in new.iter().rev().filter(|key| key.fingerprint.is_some()) {
        by_name.entry(key_name(key)).or_default().push(key);
    }
    let mut pairs = Vec::new();
    let mut unpaired = Vec::new();
    for before in old.iter().filter(|key| key.fingerprint.is_some()) {
        match by_name.get_mut(&key_name(before)).and_then(Vec::pop) {
            Some(after) => pairs.push((before, after)),
            None => unpaired.push(before),
        }
    }
    let mut by_key: BTreeMap<_, Vec<&KeyEntry>> = BTreeMap::new();
    for key in by_name.into_values().rev().flatten() {
        by_key.entry((&key.reviewer, key.fingerprint)).or_default().push(key);
    }
    for before in unpaired {
        let same = by_key.get_mut(&(&before.reviewer, before.fingerprint));
        if let Some(after) = same.and_then(Vec::pop) {
            pairs.push((before, after));
        }
    }
    pairs
}
