//! Which trees a step's probes are about.

use std::collections::BTreeSet;

use super::brought::tree_of;
use super::probes::{After, Between};
use super::steps::Steps;
use crate::model::gate::ManifestName;
use crate::model::manifest::{Binding, PreviousGate};
use crate::model::probe::Probed;
use crate::model::step::Step;
use crate::model::{Manifest, Oid};
use crate::repo::ReadFailure;

/// How many gates of one commit are answered; only one of them can ever be accepted.
pub(super) const MAX_GATES: usize = 4;

/// The epoch manifests that a commit adds, as far as they can be read.
pub(super) fn epoch_manifests(step: &Step) -> impl Iterator<Item = &Manifest> {
    let added = step.manifests.iter().filter(|change| {
        let added = change.file.before.is_none() && change.file.after.is_some();
        added && matches!(change.name, ManifestName::Epoch(_))
    });
    added.filter_map(|change| change.reading.as_ref()?.manifest.as_deref())
}

impl Steps<'_> {
    /// Answers what policies ask at this commit. `before` and `after` are the trees of the
    /// mainline before it and of itself.
    pub(super) fn probe(&mut self, step: &mut Step, before: Option<Oid>, after: Oid) {
        if self.survey.questions.is_empty() {
            return;
        }
        let own =
            Between { before, after: After::Tree(after), charter_before: before, commit: None };
        step.landed = self.prober.answers(&own, step.id, true);
        let mut gates: BTreeSet<(Option<Oid>, Option<Oid>)> = BTreeSet::new();
        for manifest in epoch_manifests(step) {
            let previous = match manifest.previous_gate {
                Some(PreviousGate::Gate(gate)) => Some(gate),
                Some(PreviousGate::None) => None,
                None => continue,
            };
            let bound = match manifest.binding {
                Binding::Commit(commit) => Some(commit),
                _ => None,
            };
            gates.insert((previous, bound));
        }
        for (previous, bound) in gates.into_iter().take(MAX_GATES) {
            let answers = match self.trees_of_gate(previous, bound, after) {
                Ok(Some(between)) => self.prober.answers(&between, step.id, false),
                // No such commit: the gate is refused for that.
                Ok(None) => continue,
                Err(failure) => self.prober.unknown(&failure, step.id),
            };
            let previous = previous.map_or(PreviousGate::None, PreviousGate::Gate);
            step.probed.push(Probed { previous, bound, answers });
        }
    }

    fn trees_of_gate(
        &self,
        previous: Option<Oid>,
        bound: Option<Oid>,
        own: Oid,
    ) -> Result<Option<Between<'static>>, ReadFailure> {
        let after = match bound {
            None => Some(own),
            Some(commit) if self.repo.is_commit(commit) => tree_of(self.repo, commit)?,
            Some(_) => None,
        };
        let Some(after) = after else { return Ok(None) };
        let before = match previous {
            None => None,
            Some(gate) => Some(tree_of(self.repo, gate)?),
        };
        if before == Some(None) {
            return Ok(None);
        }
        let anchor = self.survey.anchor();
        let later = previous.filter(|gate| self.prober.mainline.contains(gate));
        let charter_before = match later.or(anchor) {
            Some(commit) => tree_of(self.repo, commit)?,
            None => None,
        };
        Ok(Some(Between {
            before: before.flatten(),
            after: After::Tree(after),
            charter_before,
            commit: bound,
        }))
    }
}
