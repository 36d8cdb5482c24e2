//! One mainline commit.

use crate::finding::{Code, Finding, Severity};
use crate::model::step::{Head, ManifestChange, Step};
use crate::model::{GateKind, MalformedObject, Manifest, ManifestName, Oid, SignatureFact, Time};
use crate::report::{GateReport, JudgedCommit, Verdict};
use crate::rules::authority::Authorised;
use crate::rules::commit_signature::{self, Accepts};
use crate::rules::self_review::Contribution;
use crate::rules::{clock, merges, sequence};

use super::Ledger;
use super::ceremony::JudgedCeremony;
use super::epoch::JudgedGate;
use super::kinds::Kinds;

/// A ceremony that holds and is put in force once the commit is judged to its end.
struct Pending {
    judged: JudgedCeremony,
    /// Its place among all gates.
    index: usize,
    signer: Option<Authorised>,
}

impl Ledger {
    /// Judges the next mainline commit. `step` must be the child of the one before it.
    pub fn step(&mut self, step: &Step) {
        self.position = step.position;
        let before = self.last_time;
        self.counts.commits = self.counts.commits.saturating_add(1);
        let mut findings: Vec<Finding> = step.gaps.iter().map(|gap| gap.finding.clone()).collect();
        match &step.commit {
            Err(malformed) => {
                findings.extend(self.malformed(step, malformed));
                self.judge_brought(step, before);
            }
            Ok(head) => {
                let (found, pending) = self.judge(step, head);
                findings.extend(found);
                // What it brought is judged by the registry in force where it was merged.
                self.judge_brought(step, before);
                if let Some(pending) = pending {
                    self.succeed(pending.judged, pending.index, step, pending.signer.as_ref());
                }
            }
        }
        self.mainline.insert(step.id, step.position);
        self.findings
            .extend(findings.into_iter().map(|finding| (step.position, place(finding, step))));
    }

    fn contribute(&mut self, step: &Step) {
        let brought = step.brought.iter();
        self.contributions.extend(brought.filter_map(|b| Contribution::of(b, step.position)));
    }

    /// A malformed commit is never accepted; what it would have been is named all the same.
    fn malformed(&mut self, step: &Step, malformed: &MalformedObject) -> Vec<Finding> {
        // What it merged was written by somebody all the same.
        self.contribute(step);
        let mut findings = vec![malformed_finding(malformed)];
        findings.extend(merges::check(malformed.parents.as_deref().unwrap_or_default()));
        findings.extend(self.check_files(step, None));
        self.note_repairs(step);
        let kinds = self.kinds(step);
        for change in kinds.epochs.iter().chain(&kinds.squashes) {
            let report = gate_report(step, Some(change), None, malformed.committer_time);
            if let Some(epoch) = report.epoch {
                self.refused_before.get_or_insert((epoch, step.id));
            }
            self.gates.push(report);
            self.take_dissents_of_refused(step, malformed.committer_time, change);
        }
        for change in &kinds.dissents {
            findings.extend(self.take_dissent(step, malformed.committer_time, change));
        }
        if kinds.ceremony {
            self.gates.push(gate_report(step, None, None, malformed.committer_time));
        }
        self.record(step, &kinds.name(), None, &findings);
        findings
    }

    fn judge(&mut self, step: &Step, head: &Head) -> (Vec<Finding>, Option<Pending>) {
        self.contribute(step);
        let record = self.record_of(step).map(|record| record.path.as_str());
        let mut findings = self.check_files(step, record);
        self.note_repairs(step);
        self.refresh(step);
        findings.extend(merges::check(&head.parents));
        findings.extend(self.check_merged(step));
        let kinds = self.kinds(step);
        let signed = self.check_signature(step, head, &kinds, &mut findings);
        findings.extend(self.check_dates(step, head, signed.as_ref(), &kinds));
        if kinds.epochs.len() > 1 {
            let paths: Vec<&str> = kinds.epochs.iter().map(|m| m.file.path.as_str()).collect();
            findings.push(sequence::several(&paths));
        }
        let ceremony = self.judge_ceremony(step, head, signed.as_ref().map(|s| s.time));
        if let Some(ceremony) = &ceremony {
            findings.extend(ceremony.findings.iter().cloned());
        }
        for change in &kinds.reattestations {
            findings.extend(self.judge_reattestation(step, head, change).findings);
        }
        // A dissent that lands together with the gate that it speaks against is not too late.
        let (now, later): (Vec<&ManifestChange>, Vec<&ManifestChange>) = kinds
            .dissents
            .iter()
            .partition(|change| manifest_of(change).is_some_and(|m| self.concerns_now(m)));
        let committed = Some(head.committer.time);
        for change in now {
            findings.extend(self.take_dissent(step, committed, change));
        }
        let mut gates: Vec<JudgedGate> = kinds
            .epochs
            .iter()
            .chain(&kinds.squashes)
            .map(|change| self.judge_gate(step, head, change, signed.as_ref()))
            .collect();
        findings.extend(self.govern_commit(step, &gates));
        let index = self.gates.len();
        let holds = self.settle(step, head, &kinds, signed.as_ref(), &findings, &mut gates);
        for change in later {
            findings.extend(self.take_dissent(step, committed, change));
        }
        for gate in gates {
            let epoch = gate.report.epoch;
            self.gates.push(gate.report);
            findings.extend(gate.findings.into_iter().map(|mut finding| {
                finding.epoch = finding.epoch.or(epoch);
                finding
            }));
        }
        self.record(step, &kinds.name(), signed.as_ref(), &findings);
        let pending =
            ceremony.filter(|_| holds).map(|judged| Pending { judged, index, signer: signed });
        (findings, pending)
    }

    /// Accepts the gates of a commit if nothing at all speaks against it.
    fn settle(
        &mut self,
        step: &Step,
        head: &Head,
        kinds: &Kinds<'_>,
        signed: Option<&Authorised>,
        common: &[Finding],
        gates: &mut [JudgedGate],
    ) -> bool {
        let all = common.iter().chain(gates.iter().flat_map(|gate| &gate.findings));
        // A date in the future leaves the verdict open but must not change the state, or else the
        // machine's clock would.
        let holds =
            all.filter(|f| f.code != Code::FutureDated).all(|f| f.severity < Severity::Undecided);
        let worst = Verdict::of(common.iter().map(|f| f.severity));
        let siblings: Vec<Verdict> =
            gates.iter().map(|g| Verdict::of(g.findings.iter().map(|f| f.severity))).collect();
        let together = siblings.into_iter().fold(worst, Verdict::max);
        if kinds.ceremony {
            let report = gate_report(step, None, signed, Some(head.committer.time));
            self.gates.push(GateReport { verdict: together, ..report });
        }
        // They are listed after this, in the same order.
        for (index, gate) in (self.gates.len()..).zip(gates) {
            if holds {
                self.accept(gate, index, step, signed);
            } else {
                self.refuse(gate, step);
            }
            gate.report.verdict = gate.report.verdict.max(together);
        }
        holds
    }

    fn check_signature(
        &mut self,
        step: &Step,
        head: &Head,
        kinds: &Kinds<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<Authorised> {
        let is_gate = kinds.is_gate();
        if !is_gate && !self.requires_every_signature() {
            return None;
        }
        self.counts.signatures = self.counts.signatures.saturating_add(1);
        let manifests: Vec<&ManifestChange> =
            kinds.epochs.iter().chain(&kinds.squashes).copied().collect();
        let forge = if is_gate {
            self.accepts_forge(&manifests)
        } else {
            self.registry.policy.mainline.accept_forge
        };
        if let Some(header) = head.other_signature {
            findings.push(other_signature(header));
        }
        let fact = step.signature.as_ref().unwrap_or(&SignatureFact::Absent);
        let accepts = Accepts { forge, bot: false };
        match commit_signature::check(
            &self.context(),
            &self.index,
            fact,
            head.committer.time,
            accepts,
        ) {
            Ok(mut good) => {
                findings.append(&mut good.warnings);
                for change in &manifests {
                    if let (ManifestName::Epoch(epoch), SignatureFact::Verified(v)) =
                        (&change.name, fact)
                    {
                        findings.extend(crate::rules::strength::check_post_quantum(
                            &self.context(),
                            v.algorithm,
                            *epoch,
                        ));
                    }
                }
                Some(good)
            }
            Err(finding) => {
                findings.push(*finding);
                None
            }
        }
    }

    fn check_dates(
        &mut self,
        step: &Step,
        head: &Head,
        signed: Option<&Authorised>,
        kinds: &Kinds<'_>,
    ) -> Vec<Finding> {
        let committed = head.committer.time;
        let findings = if kinds.is_gate() || signed.is_some() {
            clock::check(&self.context(), signed.map(|s| s.time), committed)
        } else {
            Vec::new()
        };
        self.dates.push((step.id, step.position, committed));
        findings
    }

    pub(super) fn record(
        &mut self,
        step: &Step,
        kind: &str,
        signed: Option<&Authorised>,
        findings: &[Finding],
    ) {
        if !self.options.record_commits {
            return;
        }
        let worst = findings.iter().max_by_key(|f| f.severity);
        self.commits.push(JudgedCommit {
            commit: step.id,
            kind: kind.to_owned(),
            verdict: Verdict::of(findings.iter().map(|f| f.severity)),
            code: worst.map(|f| f.code),
            signer: signed.map(|s| s.signer.clone()),
            fingerprint: key_of(step.signature.as_ref()),
            signature_time: time_of(step.signature.as_ref()),
            committer_time: committed(step),
        });
    }
}

pub(super) fn manifest_of(change: &ManifestChange) -> Option<&Manifest> {
    change.reading.as_ref()?.manifest.as_deref()
}

/// A gate as it stands before it is judged: refused. Without a manifest it is a ceremony.
pub(super) fn gate_report(
    step: &Step,
    manifest: Option<&ManifestChange>,
    signed: Option<&Authorised>,
    committer_time: Option<Time>,
) -> GateReport {
    let (kind, epoch, name) = match manifest.map(|change| &change.name) {
        None => (GateKind::Ceremony, None, None),
        Some(ManifestName::Squash(name)) => (GateKind::Squash, None, Some(name.clone())),
        Some(ManifestName::Epoch(epoch)) => (GateKind::Epoch, Some(*epoch), None),
        Some(_) => (GateKind::Epoch, None, None),
    };
    GateReport {
        kind,
        epoch,
        name,
        commit: step.id,
        carrier: step.id,
        verdict: Verdict::Refused,
        subject: None,
        signer: signed.map(|s| s.signer.clone()),
        signature_time: signed.map(|s| s.time),
        committer_time,
        signoffs: Vec::new(),
    }
}

/// The key that verified a signature, registered or not.
pub(super) fn key_of(fact: Option<&SignatureFact>) -> Option<crate::model::Fingerprint> {
    match fact {
        Some(SignatureFact::Verified(verified)) => Some(verified.key),
        _ => None,
    }
}

pub(super) fn time_of(fact: Option<&SignatureFact>) -> Option<Time> {
    match fact {
        Some(SignatureFact::Verified(verified)) => verified.created,
        _ => None,
    }
}

pub(super) fn committed(step: &Step) -> Option<Time> {
    match &step.commit {
        Ok(head) => Some(head.committer.time),
        Err(malformed) => malformed.committer_time,
    }
}

/// The finding for a malformed object.
pub(super) fn malformed_finding(malformed: &MalformedObject) -> Finding {
    let message = match malformed.code {
        Code::MultipleSignatures => "the commit carries more than one signature header",
        Code::UnsignedHeader => "the commit carries a header that no signature covers",
        _ => "the object is not a commit as git writes them",
    };
    Finding::new(malformed.code, message)
        .compared(malformed.observed.clone(), malformed.required.clone())
        .committer_time(malformed.committer_time)
        .help("make the commit again with git; `git cat-file commit COMMIT` shows what is there")
}

pub(super) fn other_signature(header: &str) -> Finding {
    Finding::new(
        Code::OtherSignatureIgnored,
        format!("the header {header} belongs to the other object format and was not judged"),
    )
    .help("nothing, if the repository was converted between object formats")
}

fn place(mut finding: Finding, step: &Step) -> Finding {
    let id: Oid = step.id;
    finding.commit.get_or_insert(id);
    finding.committer_time = finding.committer_time.or(committed(step));
    for place in &mut finding.places {
        place.commit.get_or_insert(id);
    }
    finding
}
