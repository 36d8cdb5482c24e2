//! What a commit is, by what it adds: gates, dissents, re-attestations, a ceremony.

use std::collections::BTreeSet;

use crate::model::ManifestName;
use crate::model::step::{ManifestChange, RegistryFile, Step, Subject};
use crate::rules::manifest_file;

use super::Ledger;
use super::step::manifest_of;

/// What a commit's changed paths make of it, by the registry in force.
#[derive(Default)]
pub(super) struct Kinds<'a> {
    pub(super) epochs: Vec<&'a ManifestChange>,
    pub(super) squashes: Vec<&'a ManifestChange>,
    pub(super) dissents: Vec<&'a ManifestChange>,
    pub(super) reattestations: Vec<&'a ManifestChange>,
    pub(super) ceremony: bool,
}

impl Kinds<'_> {
    pub(super) fn is_gate(&self) -> bool {
        self.ceremony || !self.epochs.is_empty() || !self.squashes.is_empty()
    }

    pub(super) fn name(&self) -> String {
        let mut names = Vec::new();
        if !self.epochs.is_empty() {
            names.push("epoch");
        }
        if !self.squashes.is_empty() {
            names.push("squash");
        }
        if self.ceremony {
            names.push("ceremony");
        }
        if names.is_empty() { "ordinary".to_owned() } else { names.join("+") }
    }
}

impl Ledger {
    pub(super) fn kinds<'a>(&self, step: &'a Step) -> Kinds<'a> {
        let mut kinds = Kinds {
            ceremony: step.registry.as_ref().is_some_and(|file| {
                !matches!(file, RegistryFile::File(blob, _) if Some(*blob) == self.in_force.registry)
            }),
            ..Kinds::default()
        };
        for change in &step.manifests {
            let added = change.file.before.is_none() && change.file.after.is_some();
            if !added || !self.is_own(change) {
                continue;
            }
            // Putting the accepted bytes back is a repair, and no gate.
            let accepted = self.manifests.get(&change.file.path).copied();
            if accepted.is_some() && accepted == change.file.after.map(|(_, blob)| blob) {
                continue;
            }
            match &change.name {
                ManifestName::Epoch(_) | ManifestName::NearlyEpoch(_) => kinds.epochs.push(change),
                ManifestName::Squash(_) => kinds.squashes.push(change),
                ManifestName::Dissent { .. } => kinds.dissents.push(change),
                ManifestName::Reattest { .. } => kinds.reattestations.push(change),
            }
        }
        kinds
    }

    /// Whether a path is a manifest by the naming in force. A step carries manifests by every naming
    /// that any registry of the history states, refused and later ones included.
    pub(super) fn is_own(&self, change: &ManifestChange) -> bool {
        self.paths.classify(&change.file.path).as_ref() == Some(&change.name)
    }

    /// Paths of the manifests that a commit adds, by the naming in force. What only lies where one
    /// could lie, and is none, is a change like any other.
    pub(super) fn own_manifests<'s>(&self, step: &'s Step) -> BTreeSet<&'s str> {
        let is_one = |m: &&ManifestChange| {
            manifest_file::not_regular(m).is_none() && manifest_of(m).is_some()
        };
        let own = step.manifests.iter().filter(|m| m.file.before.is_none() && self.is_own(m));
        let added = own.filter(is_one);
        added.map(|m| m.file.path.as_str()).collect()
    }

    /// What people sign off of a commit's tree, by the naming in force.
    pub(super) fn subject_of(&self, step: &Step) -> Option<Subject> {
        step.subjects.get(&self.paths).copied()
    }
}
