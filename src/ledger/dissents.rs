//! Dissents: once attested they stay open, whatever happens to the file that carries them.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use super::step::manifest_of;
use crate::finding::{Code, Finding, Severity};
use crate::model::manifest::{Binding, Signoff};
use crate::model::step::{ManifestChange, Step};
use crate::model::{ManifestName, ReviewerId, Time};
use crate::rules::attestation::Carrier;
use crate::rules::dissent::OpenDissent;
use crate::rules::manifest_file;

impl Ledger {
    /// A dissent file: once attested it stays open, whatever happens to the file.
    pub(super) fn take_dissent(
        &mut self,
        step: &Step,
        committed: Option<Time>,
        change: &ManifestChange,
    ) -> Vec<Finding> {
        let reading = change.reading.as_ref();
        let mut findings: Vec<Finding> =
            reading.into_iter().flat_map(|r| r.problems.iter().cloned()).collect();
        findings.extend(manifest_file::not_regular(change));
        if let Some(manifest) = reading.and_then(|r| r.manifest.as_ref()) {
            let next = self.next_epoch();
            let expected = self.previous_gate();
            let fits = self.concerns_now(manifest);
            let tree = self.subject_of(step).map(|subject| subject.tree);
            let same = matches!(manifest.binding, Binding::Tree(named) if Some(named) == tree);
            for signoff in &manifest.signoffs {
                let carrier = dissent_carrier(step, committed, signoff);
                let named = matches!(
                    self.paths.classify(&change.file.path),
                    Some(ManifestName::Dissent { reviewer, .. }) if reviewer == signoff.reviewer_id
                );
                let attested = self.attest(manifest, signoff, &step.facts, carrier);
                let refused = !attested.findings.is_empty();
                findings.extend(attested.findings);
                if attested.attested && fits && named && signoff.dissents() {
                    // Or else whoever lands it could choose a moment at which it says nothing.
                    findings.extend((!same).then(|| about_another_tree(signoff)));
                    self.open_dissents.push(OpenDissent::of(
                        manifest,
                        signoff,
                        step.id,
                        self.next_epoch(),
                    ));
                } else if attested.attested || !refused {
                    findings.push(
                        Finding::new(
                            Code::SignoffUnattested,
                            format!(
                                "the dissent file of {} does not fit its place",
                                signoff.reviewer_id
                            ),
                        )
                        .reviewer(&signoff.reviewer_id)
                        .compared(
                            "another epoch, predecessor or reviewer",
                            format!("epoch {next}, predecessor {expected}, a dissent"),
                        )
                        .help("state the next epoch and the last accepted gate, and sign again"),
                    );
                }
            }
        }
        for finding in &mut findings {
            finding.severity = finding.severity.min(Severity::Warning);
        }
        findings
    }

    /// Who had an open dissent at a place of the mainline, and against which epochs. What was said
    /// later was before nobody who approved to override it.
    pub(super) fn dissents_at(&self, place: Option<u64>) -> BTreeMap<ReviewerId, BTreeSet<u64>> {
        let mut dissents: BTreeMap<ReviewerId, BTreeSet<u64>> = BTreeMap::new();
        for dissent in self.open_dissents.iter().filter(|d| self.stood_at(d, place)) {
            dissents.entry(dissent.reviewer.clone()).or_default().insert(dissent.epoch);
        }
        dissents
    }

    /// Lifts those of these dissents that stood at a place of the mainline already.
    pub(super) fn lift_dissents(
        &mut self,
        lifts: &BTreeSet<(u64, ReviewerId)>,
        place: Option<u64>,
    ) {
        let mut open = std::mem::take(&mut self.open_dissents);
        open.retain(|dissent| {
            let named = lifts.contains(&(dissent.epoch, dissent.reviewer.clone()));
            !named || !self.stood_at(dissent, place)
        });
        self.open_dissents = open;
    }

    fn stood_at(&self, dissent: &OpenDissent, place: Option<u64>) -> bool {
        let opened = self.mainline.get(&dissent.opened);
        opened.zip(place).is_some_and(|(opened, place)| *opened <= place)
    }

    /// What a reviewer signed against a gate holds, however malformed the commit that carries it.
    pub(super) fn take_dissents_of_refused(
        &mut self,
        step: &Step,
        committed: Option<Time>,
        change: &ManifestChange,
    ) {
        let Some(manifest) = manifest_of(change).filter(|m| self.concerns_now(m)) else { return };
        for signoff in manifest.signoffs.iter().filter(|signoff| signoff.dissents()) {
            let carrier = dissent_carrier(step, committed, signoff);
            if self.attest(manifest, signoff, &step.facts, carrier).attested {
                self.open_dissents.push(OpenDissent::of(
                    manifest,
                    signoff,
                    step.id,
                    self.next_epoch(),
                ));
            }
        }
    }
}

fn about_another_tree(signoff: &Signoff) -> Finding {
    Finding::new(
        Code::SubjectMismatch,
        format!(
            "the dissent of {} was signed before what landed with it; it blocks all the same",
            signoff.reviewer_id
        ),
    )
    .reviewer(&signoff.reviewer_id)
    .compared("the tree of another commit", "the tree of the commit that adds it")
    .help("nothing, if its branch was merged after the mainline had moved on")
}

/// A malformed commit may have no date; then a dissent in it is judged at its own.
fn dissent_carrier(step: &Step, committed: Option<Time>, signoff: &Signoff) -> Carrier<'static> {
    let committed = committed.unwrap_or(signoff.timestamp);
    Carrier { commit: step.id, committed, signer: None, epoch: None }
}
