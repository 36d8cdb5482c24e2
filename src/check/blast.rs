//! What rests on a key, and what it takes to do without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::facts::Facts;
use super::lookup::{folded, undecided};
use super::signed_tags::{self, TagInDoubt};
use super::{Request, unusable};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::ledger::{DomainNow, Question, Rest, RestKind, Standing};
use crate::model::text::shown_bytes;
use crate::model::{Fingerprint, KeyFile, Oid, Registry, ReviewerId};
use crate::progress::Progress;
use crate::repo::{ReadFailure, Repository, parse_commit};
use crate::report::{Anchor, RegistryInForce, Tip, Verdict};
use crate::signature::FactCache;

/// What rests on a key.
#[derive(Clone, Debug)]
pub struct BlastRadius {
    /// The key, and from where on it is in doubt.
    pub question: Question,
    /// The entry by which it acts: itself, or the primary that covers it. `None` where the registry
    /// in force lists neither.
    pub entry: Option<Fingerprint>,
    /// Whose it is, where the registry in force says so.
    pub owner: Option<ReviewerId>,
    /// Where trust starts.
    pub anchor: Anchor,
    /// What was looked at.
    pub tip: Tip,
    /// The registry in force.
    pub registry: Arc<Registry>,
    /// The same for the report.
    pub in_force: RegistryInForce,
    /// Everything accepted that rests on it, in mainline order.
    pub items: Vec<InDoubt>,
    /// Tags that it signed, or that point at a gate in doubt, by name.
    pub tags: Vec<TagInDoubt>,
    /// Who could attest the gates again, domain by domain, without any key in doubt.
    pub domains: Vec<DomainNow>,
    /// How things stand without the key.
    pub standing: Standing,
    /// Why this may be otherwise in truth: undecided, or not the history that was expected.
    pub open: Vec<Finding>,
}

/// One thing that rests on the key.
#[derive(Clone, Debug)]
pub struct InDoubt {
    /// What, and why.
    pub rest: Rest,
    /// What `gatecheck verify` says of it now; `None` for a re-attestation.
    pub verdict: Option<Verdict>,
    /// What changed under it since the gate before, or since the anchor; for epoch and squash
    /// gates after the anchor.
    pub changed: Option<Changed>,
}

/// Paths that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// How many.
    pub count: u64,
    /// The first of them in byte order, inert, at most [`Changed::MOST`].
    pub paths: Vec<String>,
}

impl Changed {
    /// How many paths are named.
    pub const MOST: usize = 20;
}

impl BlastRadius {
    /// Epochs whose gates have to be attested again, oldest first.
    #[must_use]
    pub fn epochs(&self) -> BTreeMap<u64, Oid> {
        let gates = self.items.iter().filter(|item| item.rest.kind == RestKind::Epoch);
        gates.filter_map(|item| Some((item.rest.epoch?, item.rest.commit))).collect()
    }

    /// Ceremonies in doubt because of their approvals or their commit's signature.
    pub fn ceremonies(&self) -> impl Iterator<Item = Oid> + '_ {
        let ceremonies = self.items.iter().filter(|item| item.rest.kind == RestKind::Ceremony);
        ceremonies.filter(|item| item.rests_on_consent()).map(|item| item.rest.commit)
    }
}

impl InDoubt {
    /// Whether more than a proof of possession is in doubt, which alone makes nothing fall.
    #[must_use]
    pub fn rests_on_consent(&self) -> bool {
        use crate::ledger::SignedAs;
        self.rest.signatures.iter().any(|one| one.what != SignedAs::Possession)
    }
}

/// Finds everything that rests on a key.
///
/// # Errors
/// [`Error::Unusable`] for a key or a commit that the history does not know, or where no registry
/// can be in force; [`Error::CannotRead`] where the history cannot be read up to the tip.
pub fn blast_radius(
    repo: &Repository,
    request: &Request,
    question: &Question,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<BlastRadius> {
    let facts = Facts::new(request.limits, request.jobs, cache);
    let folded = folded(repo, request, &facts, Some(question.clone()), progress)?;
    let ledger = folded.ledger;
    if let Some(from) = question.from.filter(|from| ledger.position(*from).is_none()) {
        return Err(unusable(
            format!("{from} is no mainline commit between the anchor and the tip"),
            "git log --first-parent --format=%H lists them",
        ));
    }
    let registry = Arc::clone(ledger.registry());
    let entry = entry_of(&registry, &folded.seen, question.key);
    let standing = ledger.standing();
    let outcome = ledger.finish(folded.seen.values());
    let mut open = folded.open;
    open.extend(undecided(&outcome.findings));

    let mut items = Vec::new();
    for rest in outcome.rests {
        let gate = rest.gate.and_then(|gate| outcome.gates.get(gate));
        let changed = match changed(repo, &rest, folded.anchor.commit) {
            Ok(changed) => changed,
            Err(failure) => {
                open.push(failure.finding(rest.commit));
                None
            }
        };
        items.push(InDoubt { verdict: gate.map(|gate| gate.verdict), changed, rest });
    }
    let brought = items.iter().flat_map(|item| item.rest.brought.iter().map(|(key, _)| *key));
    let keys: BTreeSet<Fingerprint> = brought.chain([question.key]).collect();
    let gates = items.iter().filter(|item| item.rests_on_consent());
    let gates: BTreeSet<Oid> =
        gates.flat_map(|item| [item.rest.commit, item.rest.carrier]).collect();
    let tags = signed_tags::in_doubt(repo, &facts, &keys, &gates)?;
    facts.save();
    if entry.is_none() && items.is_empty() && tags.iter().all(|tag| !tag.signed) {
        return Err(unknown(question.key));
    }
    let owner = entry.and_then(|key| registry.entries(key).next()).map(|e| e.reviewer.clone());
    Ok(BlastRadius {
        question: question.clone(),
        entry,
        owner,
        anchor: folded.anchor,
        tip: folded.tip,
        in_force: outcome.in_force,
        items,
        tags,
        domains: standing.again.clone(),
        standing,
        registry,
        open,
    })
}

fn unknown(key: Fingerprint) -> Error {
    unusable(
        format!(
            "nothing in this history knows the key {key}: no registry entry, no key file of one, no tag"
        ),
        "`gatecheck registry timeline` shows every key; give the full fingerprint",
    )
}

/// The entry by which a key acts: its own, or that of a primary whose certificate holds it.
fn entry_of(
    registry: &Registry,
    seen: &BTreeMap<Oid, KeyFile>,
    key: Fingerprint,
) -> Option<Fingerprint> {
    let listed = |key: Fingerprint| registry.entries(key).next().is_some();
    if listed(key) {
        return Some(key);
    }
    let certificates = seen.values().flat_map(|file| &file.certificates);
    let mut holding = certificates.filter(|certificate| certificate.key(key).is_some());
    holding.find(|certificate| listed(certificate.primary)).map(|certificate| certificate.primary)
}

/// What changed under a gate since the one before it.
fn changed(repo: &Repository, rest: &Rest, anchor: Oid) -> Result<Option<Changed>, ReadFailure> {
    let since = rest.previous.unwrap_or(anchor);
    let is_gate = matches!(rest.kind, RestKind::Epoch | RestKind::Squash);
    if !is_gate || rest.position == 0 {
        return Ok(None);
    }
    let (before, after) = (tree_of(repo, since)?, tree_of(repo, rest.commit)?);
    let paths = repo.diff(Some(before), Some(after))?;
    Ok(Some(Changed {
        count: paths.len() as u64,
        paths: paths.iter().take(Changed::MOST).map(|change| shown_bytes(&change.path)).collect(),
    }))
}

fn tree_of(repo: &Repository, commit: Oid) -> Result<Oid, ReadFailure> {
    let raw = repo.read_commit(commit)?;
    parse_commit(commit, &raw)
        .map(|commit| commit.tree)
        .map_err(|malformed| ReadFailure::Corrupt { id: commit, why: malformed.observed })
}
