//! The next commit, as far as it is known, as a step of the fold.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::Request;
use super::super::facts::Facts;
use super::{InForce, Proposal, tree_of, unreadable};
use crate::error::Result;
use crate::history::{self, After, Between, Prober, Verifier as _};
use crate::model::manifest::{Binding, PreviousGate};
use crate::model::owners::OwnersFile;
use crate::model::probe::{Probed, Question};
use crate::model::step::{FileChange, Head, ManifestChange, ManifestReading, Step, Subject};
use crate::model::{Manifest, Oid};
use crate::repo::tree::MODE_FILE;
use crate::repo::{ObjectKind, ReadFailure, Repository, Staged};

/// What the sign-offs can be bound to.
pub(super) struct Subjects {
    /// Paths that the next commit adds as manifests.
    added: Vec<String>,
    pub(super) next: Subject,
    pub(super) tip: Oid,
    pub(super) tip_tree: Oid,
    /// The tree of the next commit's first parent.
    pub(super) before: Oid,
}

pub(super) fn subjects(
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
    Ok(Subjects { added, next, tip, tip_tree, before: tip_tree })
}

/// The next commit, as far as it is known.
pub(super) fn next(
    repo: &Repository,
    request: &Request,
    in_force: &InForce,
    proposal: &Proposal,
    reading: ManifestReading,
    subjects: &Subjects,
) -> Result<Step> {
    let head = Head::unmade(subjects.tip_tree, in_force.tip, request.now);
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
pub(super) fn own(
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
pub(super) fn correct(
    repo: &Repository,
    facts: &Facts,
    in_force: &InForce,
    step: &mut Step,
) -> Result<()> {
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
pub(super) fn probe(
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
        before: Some(subjects.before),
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
            .list(subjects.before)?
            .into_iter()
            .map(|(path, entry)| (path, (entry.mode, entry.id)))
            .collect();
        paths.extend(staged.differences(&before));
    } else {
        let changes = repo.diff(Some(subjects.before), Some(subjects.tip_tree))?;
        paths.extend(changes.into_iter().map(|change| change.path));
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}
