//! What would be said of a manifest if the next commit brought it.
//!
//! The history up to the tip is judged as ever, and the manifest by the very rules that will judge
//! it later. Only what nobody can know yet is left out: the commit's id, and who will sign it.

mod next;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts::Facts;
use super::{Draft, Request, Run, trust};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::history::{Failure, Readers as _, Verifier as _};
use crate::ledger::{self, Ledger};
use crate::model::gate::ManifestPaths;
use crate::model::owners::OwnersFile;
use crate::model::{KeyFile, Manifest, ManifestName, Oid, Registry, ReviewerId};
use crate::progress::Progress;
use crate::repo::{ReadFailure, Repository, Staged, parse_commit};
use crate::report::{Anchor, GateReport};
use crate::signature::FactCache;
use crate::source::Source;

/// The registry that judges the next commit.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The registry.
    pub registry: Arc<Registry>,
    /// The mainline commit that brought it.
    pub commit: Oid,
    /// Where trust starts.
    pub anchor: Anchor,
    /// The branch that statements name: the run's, or the registry's mainline.
    pub mainline: String,
    /// Where manifests lie.
    pub paths: ManifestPaths,
    /// The tip that the next commit stands on.
    pub tip: Oid,
    /// CODEOWNERS in force, where the registry asks for it.
    pub owners: OwnersFile,
    /// Blobs of the key files in force, by path.
    pub key_files: BTreeMap<String, Oid>,
    /// The commit of the mainline that the next commit merges into, where that is not the tip.
    pub landing: Option<Oid>,
    /// The registry was changed beyond that: a merge that brings both is judged by the one before.
    pub ahead: bool,
}

/// A manifest that is not committed yet.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What its path says it is.
    pub name: ManifestName,
    /// Where it will stand.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What is staged; `None` takes the tip's tree for the next commit's.
    pub staged: Option<Staged>,
}

/// What would be said of it.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The registry that judges it.
    pub in_force: InForce,
    /// The manifest as it was read; `None` where a problem makes it unusable.
    pub manifest: Option<Arc<Manifest>>,
    /// The gate; `None` for a dissent file and for what this version cannot judge.
    pub gate: Option<GateReport>,
    /// Everything found about the manifest and its sign-offs.
    pub findings: Vec<Finding>,
    /// The tree that sign-offs are to be bound to: the next commit's without its manifests.
    pub subject: Oid,
    /// The same for the tip's tree, which differs where something else is staged.
    pub tip_subject: Oid,
    /// Who was taken for the signer of the commit, because policy makes that person's sign-off
    /// rest on the commit's signature.
    pub assumed_signer: Option<ReviewerId>,
    /// The last accepted epoch gate before it.
    pub last_gate: Option<(u64, Oid)>,
}

/// The registry that is in force at the tip.
///
/// # Errors
/// [`Error::Unusable`] where no registry can be in force, [`Error::CannotRead`] where the history
/// cannot be read up to the tip.
pub fn in_force(
    repo: &Repository,
    request: &Request,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<InForce> {
    let facts = Facts::new(request.limits, request.jobs, cache);
    let (in_force, ..) = judged(repo, request, &facts, progress)?;
    facts.save();
    Ok(in_force)
}

/// Judges a manifest as if the next commit brought it.
///
/// # Errors
/// As [`in_force`].
pub fn foresee(
    repo: &Repository,
    request: &Request,
    proposal: &Proposal,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Foreseen> {
    let facts = Facts::new(request.limits, request.jobs, cache);
    let (in_force, mut ledger, seen) = judged(repo, request, &facts, progress)?;
    ledger.learn_revocations(seen.values());
    let source = Source::new(proposal.path.as_str(), String::from_utf8_lossy(&proposal.bytes));
    let reading = if std::str::from_utf8(&proposal.bytes).is_ok() {
        facts.manifest(&proposal.name, &source)
    } else {
        crate::manifest::read(&proposal.name, &proposal.path, &proposal.bytes, &request.limits)
    };
    let manifest = reading.manifest.clone();
    let mut subjects =
        next::subjects(repo, &in_force, proposal, manifest.as_deref()).map_err(unreadable)?;
    let onto = in_force.landing;
    let before = onto.map_or(Ok(subjects.tip_tree), |onto| tree_of(repo, onto));
    subjects.before = before.map_err(unreadable)?;
    let mut step = next::next(repo, request, &in_force, proposal, reading, &subjects)?;
    next::probe(repo, &in_force, proposal, &subjects, ledger.gate_after_anchor(), &mut step);
    next::own(repo, &facts, &in_force, proposal, &mut step)?;
    next::correct(repo, &facts, &in_force, &mut step)?;
    let questions = facts.statements(&step);
    let (ids, requests): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    for (id, fact) in ids.into_iter().zip(facts.verify(&requests)) {
        step.facts.insert(id, fact);
    }
    facts.save();
    let last_gate = ledger.last_epoch_gate();
    let ledger::Foreseen { gate, findings, assumed_signer } = ledger.foresee(&step, onto);
    Ok(Foreseen {
        in_force,
        manifest,
        gate,
        findings,
        subject: subjects.next.tree,
        tip_subject: subjects.tip,
        assumed_signer,
        last_gate,
    })
}

/// The commit of the mainline, here or as `origin` has it, that a branch will be merged into: what
/// the branch holds beyond it is brought by the merge. `None` where the next commit stands on the
/// mainline itself, or the branch has fallen behind, so that it will be another content anyway.
fn landing(repo: &Repository, trust: &trust::Trust, ledger: &Ledger) -> Result<Option<Oid>> {
    let mut last: Option<(u64, Oid)> = None;
    for name in trust::names(ledger.mainline()) {
        let Some(tip) = repo.reference(&name)?.and_then(|id| repo.peel(id).ok()) else { continue };
        last = last.max(ledger.position(tip).map(|position| (position, tip)));
    }
    Ok(last.map(|(_, tip)| tip).filter(|tip| *tip != trust.tip.commit))
}

pub(super) fn unreadable(failure: ReadFailure) -> Error {
    Error::cannot_read(failure.to_string(), failure.help())
}

fn because(finding: Option<&Finding>) -> Error {
    let (message, help) = finding.map_or(("it holds no registry", "gatecheck verify"), |finding| {
        (finding.message.as_str(), finding.help.as_str())
    });
    Error::unusable(format!("no registry is in force at the tip: {message}"), help)
}

pub(super) type Judged = (InForce, Ledger, BTreeMap<Oid, KeyFile>);

/// The fold up to the tip.
pub(super) fn judged(
    repo: &Repository,
    request: &Request,
    facts: &Facts,
    progress: &dyn Progress,
) -> Result<Judged> {
    let trust = trust::decide(repo, request)?;
    let mut draft = Draft::new(repo, request, &trust);
    let Some(anchor) = trust.anchor.clone() else {
        return Err(because(trust.findings.last()));
    };
    let run = Run { repo, request, facts, progress, trust: &trust };
    let (ledger, seen) = match run.walk(anchor.commit, &mut draft) {
        Ok(Some(judged)) => judged,
        Ok(None) => return Err(because(draft.findings.last())),
        Err(Failure::Found(finding)) => {
            return Err(Error::cannot_read(finding.message, finding.help));
        }
        Err(Failure::Error(error)) => return Err(error),
    };
    // What cannot be read on the way could be a gate or a registry.
    if let Some(gap) = draft.findings.iter().find(|finding| is_gap(finding)) {
        return Err(Error::cannot_read(gap.message.clone(), gap.help.clone()));
    }
    let landing = landing(repo, &trust, &ledger)?;
    let place = |commit: Oid| ledger.position(commit);
    let ahead = landing.is_some_and(|onto| place(ledger.registry_commit()) > place(onto));
    let in_force = InForce {
        landing,
        ahead,
        registry: Arc::clone(ledger.registry()),
        commit: ledger.registry_commit(),
        anchor,
        mainline: ledger.mainline().to_owned(),
        paths: ledger.manifest_paths().clone(),
        tip: trust.tip.commit,
        owners: ledger.owners().clone(),
        key_files: ledger.key_file_blobs(),
    };
    Ok((in_force, ledger, seen))
}

fn is_gap(finding: &Finding) -> bool {
    use crate::finding::Code;
    matches!(finding.code, Code::MissingObject | Code::ShallowHistory)
}

pub(super) fn tree_of(repo: &Repository, commit: Oid) -> Result<Oid, ReadFailure> {
    let raw = repo.read_commit(commit)?;
    parse_commit(commit, &raw)
        .map(|commit| commit.tree)
        .map_err(|malformed| ReadFailure::Corrupt { id: commit, why: malformed.observed })
}
