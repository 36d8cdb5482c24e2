//! CODEOWNERS in the trees that gates are about.

use super::asked::{MAX_GATES, epoch_manifests};
use super::brought::tree_of;
use super::material::Material;
use super::probes::After;
use super::steps::Steps;
use super::traits::Readers;
use crate::model::Oid;
use crate::model::manifest::Binding;
use crate::model::owners::OwnersFile;
use crate::model::step::Step;
use crate::repo::{ReadFailure, Repository};

/// CODEOWNERS in a tree or in what is staged.
///
/// # Errors
/// [`ReadFailure`] where it cannot be told.
pub fn owners(
    repo: &Repository,
    readers: &dyn Readers,
    within: After<'_>,
) -> Result<OwnersFile, ReadFailure> {
    Material::new(repo, readers).owners(within)
}

impl Steps<'_> {
    /// CODEOWNERS in a tree, where any registry asks for it.
    pub(super) fn owners_in(&mut self, tree: Oid) -> Result<OwnersFile, ReadFailure> {
        if !self.survey.asks.owners {
            return Ok(OwnersFile::NotAsked);
        }
        self.material.owners(After::Tree(tree))
    }

    /// Reads it for every epoch gate that a commit makes, whose own tree is `tree`.
    pub(super) fn look_for_owners(&mut self, step: &mut Step, tree: Oid) {
        if !self.survey.asks.owners {
            return;
        }
        let bound = epoch_manifests(step).map(|manifest| match manifest.binding {
            Binding::Commit(commit) => Some(commit),
            _ => None,
        });
        let bound: std::collections::BTreeSet<Option<Oid>> = bound.collect();
        for gate in bound.into_iter().take(MAX_GATES) {
            let found = match gate {
                None => self.owners_in(tree),
                Some(commit) if self.repo.is_commit(commit) => match tree_of(self.repo, commit) {
                    Ok(Some(tree)) => self.owners_in(tree),
                    Ok(None) => Ok(OwnersFile::Unread),
                    Err(failure) => Err(failure),
                },
                // The gate is refused for that.
                Some(_) => Ok(OwnersFile::Unread),
            };
            let found = self.note(step, found).unwrap_or(OwnersFile::Unread);
            step.owners.insert(gate, found);
        }
    }
}
