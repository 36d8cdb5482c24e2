//! What sign-offs are bound to, and how it differs from what is committed.

use std::collections::BTreeSet;

use super::brought::tree_of;
use super::steps::{Steps, manifests};
use crate::model::Oid;
use crate::model::manifest::Binding;
use crate::model::step::{Step, Subject};
use crate::repo::ReadFailure;

impl Steps<'_> {
    /// What is signed off of a tree: what is left without the manifests that a commit adds.
    pub(super) fn subject(
        &self,
        step: &Step,
        tree: Oid,
        added: &[&str],
    ) -> Result<Subject, ReadFailure> {
        let states_content = manifests(step)
            .any(|m| m.subject_sha256.is_some() && matches!(m.binding, Binding::Tree(_)));
        Ok(Subject {
            tree: self.repo.tree_without(tree, added)?,
            content_sha256: if states_content {
                Some(self.repo.content_digest(tree, added)?)
            } else {
                None
            },
        })
    }

    /// Where the sign-offs are bound to another tree that is here: what came after the review.
    pub(super) fn differences(&self, step: &mut Step, tree: Oid, added: &[String]) {
        let own: Vec<Oid> = step.subjects.values().map(|subject| subject.tree).collect();
        let stated: BTreeSet<Oid> = manifests(step)
            .filter_map(|manifest| match manifest.binding {
                Binding::Tree(stated) if !own.contains(&stated) => Some(stated),
                _ => None,
            })
            .collect();
        for stated in stated {
            // Only words hang on this, so what cannot be read is no gap.
            let Ok(changes) = self.repo.diff(Some(stated), Some(tree)) else { continue };
            let paths = changes
                .iter()
                .map(|change| String::from_utf8_lossy(&change.path).into_owned())
                .filter(|path| !added.contains(path))
                .take(Step::MAX_DIFFERENCES)
                .collect();
            step.subject_differences.insert(stated, paths);
        }
    }

    /// The digests of the commits that manifests are bound to, where they state one.
    pub(super) fn bound_contents(&self, step: &mut Step) {
        let bound: BTreeSet<Oid> = manifests(step)
            .filter(|manifest| manifest.subject_sha256.is_some())
            .filter_map(|manifest| match manifest.binding {
                Binding::Commit(commit) => Some(commit),
                _ => None,
            })
            .filter(|commit| self.repo.is_commit(*commit))
            .collect();
        for commit in bound {
            let digest = tree_of(self.repo, commit)
                .and_then(|tree| tree.map(|tree| self.repo.content_digest(tree, &[])).transpose());
            if let Some(Some(digest)) = self.note(step, digest) {
                step.bound_content.insert(commit, digest);
            }
        }
    }
}
