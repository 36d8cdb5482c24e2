//! Policies about what changed since the previous gate, and about what the tree holds.

use crate::finding::Finding;
use crate::model::manifest::{Manifest, Signoff};
use crate::model::probe::{Answers, Probed};
use crate::model::step::Step;
use crate::rules::again::Asked;
use crate::rules::binding::Bound;
use crate::rules::self_review::Contribution;
use crate::rules::since::Since;
use crate::rules::{ai_assisted, charter, checklist, forbidden, second_review};

use super::Ledger;
use super::epoch::{JudgedGate, soften};
use super::signoffs::Judged;

impl Ledger {
    /// Judges the change that an epoch gate vouches for. A gate that states another predecessor is
    /// refused for that, and nothing can be said of its change.
    pub(super) fn govern(
        &self,
        step: &Step,
        manifest: &Manifest,
        judged: &Judged<'_>,
        bound: Bound,
        until: u64,
    ) -> (Vec<Finding>, Asked) {
        if manifest.previous_gate != Some(self.previous_gate()) {
            return (Vec::new(), Asked::default());
        }
        let nothing = Answers::new();
        let own = self.own_manifests(step);
        let bound = (bound.gate != step.id).then_some(bound.gate);
        let contributions: Vec<&Contribution> =
            self.contributions.iter().filter(|c| c.position <= until).collect();
        let signoffs: Vec<&Signoff> = manifest.signoffs.iter().collect();
        let since = Since {
            answers: answers(step, manifest, bound).unwrap_or(&nothing),
            contributions: &contributions,
            signoffs: &signoffs,
            counted: &judged.counted,
            manifest: Some(manifest),
            carrier: step.id,
            own: &own,
            accepted: &self.manifests,
        };
        let cx = self.context();
        let quorum = self.registry.policy.quorum.for_epoch(self.next_epoch());
        let mut findings = second_review::check(&cx, &since, false);
        findings.extend(ai_assisted::check(&cx, &since));
        findings.extend(charter::check(&cx, &since, quorum.per_domain));
        findings.extend(checklist::check(&cx, &since));
        soften(judged, &mut findings);
        findings.extend(forbidden::check(&cx, &since));
        let here: Vec<&Contribution> =
            self.contributions.iter().filter(|c| c.position == step.position).collect();
        let landed = Since { answers: &step.landed, contributions: &here, ..since };
        let asked = Asked::of(&cx, &since, bound.is_none().then_some(&landed));
        (findings, asked)
    }

    /// Judges what one mainline commit brings, where policy asks for a second review of each: only
    /// sign-offs that the commit itself carries, and that are bound to it, can cover it.
    pub(super) fn govern_commit(&self, step: &Step, gates: &[JudgedGate]) -> Vec<Finding> {
        if !self.registry.policy.second_review.iter().any(|review| review.at_commit) {
            return Vec::new();
        }
        let own = self.own_manifests(step);
        let here = |c: &&Contribution| c.position == step.position;
        let contributions: Vec<&Contribution> = self.contributions.iter().filter(here).collect();
        let counted: Vec<&Signoff> = gates.iter().flat_map(|gate| &gate.counted).collect();
        let since = Since {
            answers: &step.landed,
            contributions: &contributions,
            signoffs: &[],
            counted: &counted,
            manifest: None,
            carrier: step.id,
            own: &own,
            accepted: &self.manifests,
        };
        second_review::check(&self.context(), &since, true)
    }
}

/// The answers about exactly this change.
fn answers<'s>(
    step: &'s Step,
    manifest: &Manifest,
    bound: Option<crate::model::Oid>,
) -> Option<&'s Answers> {
    let same =
        |probed: &&Probed| Some(probed.previous) == manifest.previous_gate && probed.bound == bound;
    step.probed.iter().find(same).map(|probed| &probed.answers)
}
