//! The anchor as a gate of its own.

use super::doubt::Retold;
use super::step::gate_report;
use super::{Ledger, Need};
use crate::finding::Severity;
use crate::model::ManifestName;
use crate::model::manifest::Target;
use crate::model::step::{ManifestChange, Start};
use crate::report::{GateReport, Verdict};
use crate::rules::binding::{self, OnMainline};
use crate::rules::commit_signature::{self, Accepts};

impl Ledger {
    /// Whether the anchor is itself a gate that its own registry supports. Its manifests are
    /// trusted as they stand; only signatures and the quorum are asked for.
    pub(super) fn judge_anchor(&mut self, start: &Start) -> bool {
        let step = &start.step;
        let Ok(head) = &step.commit else { return false };
        let added: Vec<&ManifestChange> = step
            .manifests
            .iter()
            .filter(|change| change.file.before.is_none() && change.reading.is_some())
            .filter(|change| {
                self.is_own(change)
                    && matches!(change.name, ManifestName::Epoch(_) | ManifestName::Squash(_))
            })
            .collect();
        let [change] = added.as_slice() else { return false };
        let manifest = change.reading.as_ref().and_then(|r| r.manifest.as_ref());
        let (Some(manifest), Some(fact)) = (manifest, &step.signature) else { return false };
        let cx = self.context();
        let accepts = Accepts { forge: self.accepts_forge(&added), bot: false };
        let time = head.committer.time;
        let Ok(signer) = commit_signature::check(&cx, &self.index, fact, time, accepts) else {
            return false;
        };
        let epoch = match manifest.target {
            Target::Epoch(epoch) => Some(epoch),
            Target::Squash(_) => None,
        };
        let judged = self.judge_people(step, head, manifest, Some(&signer), epoch, 0, true);
        let anywhere = |_| OnMainline::Between;
        let bound = binding::check(&cx, manifest, step, self.subject_of(step), anywhere);
        let mut findings = judged.findings.clone();
        findings.extend(self.check_whole(step, manifest, epoch, &judged));
        let problems = change.reading.as_ref().map_or(&[][..], |r| r.problems.as_slice());
        let holds = findings.iter().chain(problems).all(|f| f.severity < Severity::Undecided);
        let Ok(bound) = bound else { return false };
        if !holds {
            return false;
        }
        self.gates.push(GateReport {
            commit: bound.gate,
            verdict: Verdict::Pass,
            subject: Some(bound.subject),
            signoffs: judged.reports.clone(),
            ..gate_report(step, Some(change), Some(&signer), Some(time))
        });
        let index = self.gates.len().saturating_sub(1);
        let retold =
            Retold { step, head, manifest, signer: Some(&signer), epoch, until: 0, bound: None };
        self.note_without(index, self.judge_without(&retold, &judged, true));
        let mut needs = self.needs_of(step, &judged);
        needs.push(self.need_of_signer(step, &signer));
        self.needs.extend(needs.into_iter().map(|n| Need { gate: Some(index), ..n }));
        true
    }
}
