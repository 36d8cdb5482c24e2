//! What would be said of a manifest if the next commit brought it.
//!
//! The history up to the tip is judged as ever, and the manifest by the very rules that will judge
//! it later. Only what nobody can know yet is left out: the commit's id, and who will sign it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts::Facts;
use super::{Draft, Request, Run, trust};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::history::{self, After, Between, Failure, Prober, Readers as _, Verifier as _};
use crate::ledger::{self, Ledger};
use crate::model::commit::Identity;
use crate::model::gate::ManifestPaths;
use crate::model::manifest::{Binding, PreviousGate};
use crate::model::owners::OwnersFile;
use crate::model::probe::{Probed, Question};
use crate::model::step::{FileChange, Head, ManifestChange, ManifestReading, Step, Subject};
use crate::model::{KeyFile, Manifest, ManifestName, Oid, Registry, ReviewerId};
use crate::progress::Progress;
use crate::repo::tree::MODE_FILE;
use crate::repo::{ObjectKind, ReadFailure, Repository, Staged, parse_commit};
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
pub fn in_force(repo: &Repository, request: &Request, progress: &dyn Progress) -> Result<InForce> {
    let facts = Facts::new(request.limits, request.jobs, None);
    judged(repo, request, &facts, progress).map(|(in_force, ..)| in_force)
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
    let subjects = subjects(repo, &in_force, proposal, manifest.as_deref()).map_err(unreadable)?;
    let mut step = next(repo, request, &in_force, proposal, reading, &subjects)?;
    probe(repo, &in_force, proposal, &subjects, ledger.gate_after_anchor(), &mut step);
    own(repo, &facts, &in_force, proposal, &mut step)?;
    correct(repo, &facts, &in_force, &mut step)?;
    let questions = facts.statements(&step);
    let (ids, requests): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    for (id, fact) in ids.into_iter().zip(facts.verify(&requests)) {
        step.facts.insert(id, fact);
    }
    facts.save();
    let last_gate = ledger.last_epoch_gate();
    let ledger::Foreseen { gate, findings, assumed_signer } = ledger.foresee(&step);
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
    let in_force = InForce {
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

/// What the sign-offs can be bound to.
struct Subjects {
    /// Paths that the next commit adds as manifests.
    added: Vec<String>,
    next: Subject,
    tip: Oid,
    tip_tree: Oid,
}

pub(super) fn tree_of(repo: &Repository, commit: Oid) -> Result<Oid, ReadFailure> {
    let raw = repo.read_commit(commit)?;
    parse_commit(commit, &raw)
        .map(|commit| commit.tree)
        .map_err(|malformed| ReadFailure::Corrupt { id: commit, why: malformed.observed })
}

fn subjects(
    repo: &Repository,
    in_force: &InForce,
    proposal: &Proposal,
    manifest: Option<&Manifest>,
) -> Result<Subjects, ReadFailure> {
    let stated = manifest.is_some_and(|manifest| manifest.subject_sha256.is_some());
    let tip_tree = tree_of(repo, in_force.tip)?;
    let mut added = vec![proposal.path.clone()];
    for path in proposal.staged.iter().flat_map(Staged::paths) {
        let Ok(path) = std::str::from_utf8(path) else { continue };
        if in_force.paths.classify(path).is_some()
            && path != proposal.path
            && repo.lookup(tip_tree, path)?.is_none()
        {
            added.push(path.to_owned());
        }
    }
    let without: Vec<&str> = added.iter().map(String::as_str).collect();
    let tip = repo.tree_without(tip_tree, &without)?;
    let tree = match &proposal.staged {
        Some(staged) => repo.staged_tree(staged, &without)?,
        None => tip,
    };
    let content_sha256 = match &proposal.staged {
        _ if !stated => None,
        Some(staged) => Some(repo.staged_content(staged, &without)?),
        None => Some(repo.content_digest(tip_tree, &without)?),
    };
    let next = Subject { tree, content_sha256 };
    Ok(Subjects { added, next, tip, tip_tree })
}

/// The next commit, as far as it is known.
fn next(
    repo: &Repository,
    request: &Request,
    in_force: &InForce,
    proposal: &Proposal,
    reading: ManifestReading,
    subjects: &Subjects,
) -> Result<Step> {
    let nobody = || Identity { name: String::new(), email: String::new(), time: request.now };
    let head = Head {
        tree: subjects.tip_tree,
        parents: vec![in_force.tip],
        author: nobody(),
        committer: nobody(),
        subject: String::new(),
        co_authors: Vec::new(),
        trailers: Vec::new(),
        marks: Vec::new(),
        other_signature: None,
    };
    let blob = repo.hash(ObjectKind::Blob, &proposal.bytes)?;
    let mut step = Step::empty(Oid::zero(repo.format()), Ok(head));
    if let Some((commit, tree)) = bound_tree(repo, reading.manifest.as_deref()) {
        // Where it cannot be read, the rule says that it could not be compared.
        if let Ok(digest) = repo.content_digest(tree, &[]) {
            step.bound_content.insert(commit, digest);
        }
    }
    step.manifests.push(ManifestChange {
        name: proposal.name.clone(),
        file: FileChange {
            path: proposal.path.clone(),
            before: None,
            after: Some((MODE_FILE, blob)),
        },
        reading: Some(Arc::new(reading)),
    });
    if let Some((bound, paths)) = differences(repo, proposal, subjects, &step) {
        step.subject_differences.insert(bound, paths);
    }
    step.subjects.insert(in_force.paths.clone(), subjects.next);
    step.changed = Some(changed(repo, proposal, subjects).map_err(unreadable)?);
    Ok(step)
}

/// CODEOWNERS as the gate would leave it.
fn own(
    repo: &Repository,
    facts: &Facts,
    in_force: &InForce,
    proposal: &Proposal,
    step: &mut Step,
) -> Result<()> {
    let manifest = step.manifests.iter().find_map(|m| m.reading.as_ref()?.manifest.clone());
    let Some(manifest) = manifest.filter(|_| in_force.registry.asks_for_owners()) else {
        return Ok(());
    };
    let (bound, within) = match (&manifest.binding, &proposal.staged) {
        (Binding::Commit(commit), _) => match tree_of(repo, *commit) {
            Ok(tree) => (Some(*commit), After::Tree(tree)),
            // There is no such commit: refused for that.
            Err(_) => {
                step.owners.insert(Some(*commit), OwnersFile::Unread);
                return Ok(());
            }
        },
        (_, Some(staged)) => (None, After::Staged(staged)),
        (_, None) => (None, After::Tree(tree_of(repo, in_force.tip).map_err(unreadable)?)),
    };
    let found = history::owners(repo, facts, within).map_err(unreadable)?;
    step.owners.insert(bound, found);
    Ok(())
}

/// The commits that `superseded_by` leads to.
fn correct(repo: &Repository, facts: &Facts, in_force: &InForce, step: &mut Step) -> Result<()> {
    let manifests: Vec<Arc<Manifest>> =
        step.manifests.iter().filter_map(|m| m.reading.as_ref()?.manifest.clone()).collect();
    let met =
        |id| repo.is_commit(id) && matches!(history::contains(repo, in_force.tip, id), Ok(true));
    let namings = std::slice::from_ref(&in_force.paths);
    let manifests = manifests.iter().map(Arc::as_ref);
    let (mut found, requests) =
        history::corrections(repo, facts, namings, manifests, &met).map_err(unreadable)?;
    let (ids, requests): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
    for (id, fact) in ids.into_iter().zip(facts.verify(&requests)) {
        if let Some(correction) = found.get_mut(&id) {
            correction.commit.signature = Some(fact);
        }
    }
    step.corrections = found;
    Ok(())
}

/// What policy asks about the change since the gate before. A gate that cannot be read leaves its
/// questions open, which is undecided.
fn probe(
    repo: &Repository,
    in_force: &InForce,
    proposal: &Proposal,
    subjects: &Subjects,
    gate: Option<Oid>,
    step: &mut Step,
) {
    let questions = Question::all(&in_force.registry.policy);
    let mut prober = Prober::new(repo, &repo.conditions(), &questions);
    let after = match &proposal.staged {
        Some(staged) => After::Staged(staged),
        None => After::Tree(subjects.tip_tree),
    };
    let own = Between {
        before: Some(subjects.tip_tree),
        after,
        charter_before: tree_of(repo, gate.unwrap_or(in_force.anchor.commit)).ok(),
        commit: None,
    };
    step.landed = prober.answers(&own, step.id, true);
    let manifest = step.manifests.iter().find_map(|m| m.reading.as_ref()?.manifest.clone());
    let Some(manifest) = manifest else { return };
    let Some(previous) = manifest.previous_gate else { return };
    let before = match previous {
        PreviousGate::None => None,
        PreviousGate::Gate(gate) => match tree_of(repo, gate) {
            Ok(tree) => Some(tree),
            Err(_) => return,
        },
    };
    let (after, bound) = match manifest.binding {
        Binding::Commit(commit) => match tree_of(repo, commit) {
            Ok(tree) => (After::Tree(tree), Some(commit)),
            Err(_) => return,
        },
        _ => (after, None),
    };
    let between = Between { before, after, commit: bound, ..own };
    let answers = prober.answers(&between, step.id, false);
    step.probed.push(Probed { previous, bound, answers });
}

/// The paths in which the tree that people signed differs from what is committed. Where either is
/// not held here, only the ids are told.
fn differences(
    repo: &Repository,
    proposal: &Proposal,
    subjects: &Subjects,
    step: &Step,
) -> Option<(Oid, Vec<String>)> {
    let manifest = step.manifests.first()?.reading.as_ref()?.manifest.as_ref()?;
    let Binding::Tree(bound) = manifest.binding else { return None };
    if bound == subjects.next.tree || proposal.staged.is_some() {
        return None;
    }
    let changes = repo.diff(Some(bound), Some(subjects.tip_tree)).ok()?.into_iter();
    let paths = changes.map(|change| String::from_utf8_lossy(&change.path).into_owned());
    let content = paths.filter(|path| *path != proposal.path);
    Some((bound, content.take(Step::MAX_DIFFERENCES).collect()))
}

/// The tree of `gate_commit`, where the manifest states a digest of it.
fn bound_tree(repo: &Repository, manifest: Option<&Manifest>) -> Option<(Oid, Oid)> {
    let manifest = manifest.filter(|manifest| manifest.subject_sha256.is_some())?;
    let Binding::Commit(commit) = manifest.binding else { return None };
    Some((commit, tree_of(repo, commit).ok()?))
}

/// Paths that the next commit changes, its manifests included.
fn changed(
    repo: &Repository,
    proposal: &Proposal,
    subjects: &Subjects,
) -> Result<Vec<Vec<u8>>, ReadFailure> {
    let mut paths: Vec<Vec<u8>> =
        subjects.added.iter().map(|path| path.clone().into_bytes()).collect();
    if let Some(staged) = &proposal.staged {
        let before: BTreeMap<Vec<u8>, (u32, Oid)> = repo
            .list(subjects.tip_tree)?
            .into_iter()
            .map(|(path, entry)| (path, (entry.mode, entry.id)))
            .collect();
        paths.extend(staged.differences(&before));
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}
