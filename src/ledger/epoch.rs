//! Epoch and squash gates: one manifest, judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Severity};
use crate::model::manifest::{Binding, Manifest, Signoff, Target};
use crate::model::policy::{CommitSignature, RequireSignature};
use crate::model::step::{Head, ManifestChange, Step};
use crate::model::{DomainId, Oid};
use crate::report::{GateReport, Verdict};
use crate::rules::again::Asked;
use crate::rules::authority::Authorised;
use crate::rules::binding::{self, Bound, OnMainline};
use crate::rules::{dissent, manifest_file, quorum, scope, sequence};

use super::accept::Acceptance;
use super::doubt::Retold;
use super::reattest::Covers;
use super::signoffs::{Around, Judged};
use super::step::gate_report;
use super::{Ledger, Need};

/// A gate after its rules were asked, before the commit's other findings are known.
pub(super) struct JudgedGate {
    pub(super) report: GateReport,
    pub(super) findings: Vec<Finding>,
    pub(super) accept: Option<Acceptance>,
    /// Attested dissents that speak against this epoch, whatever else is wrong with the gate.
    pub(super) dissents: Vec<dissent::OpenDissent>,
    /// Sign-offs that count for the commit's own content.
    pub(super) counted: Vec<Signoff>,
    /// What would be found without what the key in doubt signed off.
    pub(super) without: Option<Vec<Finding>>,
}

impl Ledger {
    /// Whether a forge's key will do for this gate commit. Approvals of ceremonies always carry
    /// signatures of their own.
    pub(super) fn accepts_forge(&self, gates: &[&ManifestChange]) -> bool {
        let signed = |signoffs: &[Signoff]| signoffs.iter().all(|s| !s.signature.is_empty());
        self.registry.policy.gates.commit_signature == CommitSignature::Forge
            && gates.iter().all(|change| {
                let manifest = change.reading.as_ref().and_then(|r| r.manifest.as_ref());
                manifest.is_some_and(|m| signed(&m.signoffs))
            })
    }

    /// Judges one added manifest.
    pub(super) fn judge_gate(
        &self,
        step: &Step,
        head: &Head,
        change: &ManifestChange,
        signer: Option<&Authorised>,
    ) -> JudgedGate {
        let mut report = gate_report(step, Some(change), signer, Some(head.committer.time));
        let mut findings: Vec<Finding> = manifest_file::not_regular(change).into_iter().collect();
        let reading = change.reading.as_ref();
        findings.extend(reading.into_iter().flat_map(|r| r.problems.iter().cloned()));
        let manifest = reading.and_then(|reading| reading.manifest.as_ref());
        let Some(manifest) = manifest else {
            return JudgedGate {
                report,
                findings,
                accept: None,
                dissents: Vec::new(),
                counted: Vec::new(),
                without: None,
            };
        };
        let bound = self.check_place(step, manifest, report.epoch, &mut findings);
        if let Some(bound) = bound {
            report.commit = bound.gate;
            report.subject = Some(bound.subject);
        }
        let until = bound.and_then(|b| self.position_of(b.gate, step)).unwrap_or(step.position);
        let judged = self.judge_people(step, head, manifest, signer, report.epoch, until, false);
        report.signoffs.clone_from(&judged.reports);
        findings.extend(judged.findings.iter().cloned());
        // A sign-off that could not be read is missing here; what follows from that is an echo.
        let mut asked = Asked::default();
        if manifest.signoffs.is_empty() || reading.is_none_or(|r| r.problems.is_empty()) {
            findings.extend(self.check_whole(step, manifest, report.epoch, &judged));
            if let Some(bound) = bound.filter(|_| report.epoch.is_some()) {
                let governed = self.govern(step, manifest, &judged, bound, until);
                findings.extend(governed.0);
                asked = governed.1;
            }
        }
        let accept = bound.zip(change.file.after).map(|(bound, (_, blob))| Acceptance {
            path: change.file.path.clone(),
            blob,
            bound,
            binding: manifest.binding.clone(),
            content: manifest.subject_sha256,
            asked,
            covers: Covers::of(judged.counted.iter().copied()),
            epoch: report.epoch,
            time: judged.time,
            people: judged.counted.iter().map(|s| s.reviewer_id.clone()).collect(),
            cures: manifest.cures.clone(),
            needs: self.needs_of(step, &judged),
            only_manifests: self.only_manifests(step),
        });
        // For what policy asks of this very commit.
        let here = bound.is_some_and(|bound| bound.gate == step.id);
        let counted = judged.counted.iter().filter(|_| here).map(|s| Signoff::clone(s)).collect();
        let retold = Retold { step, head, manifest, signer, epoch: report.epoch, until, bound };
        let without = self.judge_without(&retold, &judged, false);
        let dissents = if self.concerns_now(manifest) { judged.dissents } else { Vec::new() };
        JudgedGate { report, findings, accept, dissents, counted, without }
    }

    /// Whether a manifest is about what comes after the last accepted gate: a dissent that was made
    /// for another epoch blocks nothing now.
    pub(super) fn concerns_now(&self, manifest: &Manifest) -> bool {
        let epoch = match manifest.target {
            Target::Epoch(epoch) => epoch == self.next_epoch(),
            Target::Squash(_) => true,
        };
        epoch && manifest.previous_gate == Some(self.previous_gate())
    }

    /// The epoch of the next gate.
    pub(super) fn next_epoch(&self) -> u64 {
        let first = self.registry.policy.gates.first_epoch;
        self.last_gate.map_or(first, |gate| gate.epoch.saturating_add(1))
    }

    pub(super) fn position_of(&self, commit: Oid, step: &Step) -> Option<u64> {
        if commit == step.id { Some(step.position) } else { self.mainline.get(&commit).copied() }
    }

    /// Sequence, predecessor and binding.
    fn check_place(
        &self,
        step: &Step,
        manifest: &Manifest,
        epoch: Option<u64>,
        findings: &mut Vec<Finding>,
    ) -> Option<Bound> {
        let cx = self.context();
        if let Some(epoch) = epoch {
            let last = self.last_gate.map(|gate| gate.epoch);
            findings.extend(sequence::check_epoch(&cx, epoch, last, self.refused_before));
        }
        findings.extend(sequence::check_previous(manifest, step.id, self.previous_gate()));
        let after = self.last_gate.map_or(0, |gate| gate.position);
        let find = |commit: Oid| match self.mainline.get(&commit) {
            Some(position) if *position > after && *position < step.position => OnMainline::Between,
            Some(_) => OnMainline::Elsewhere,
            None => OnMainline::Absent,
        };
        match binding::check(&cx, manifest, step, self.subject_of(step), find) {
            Ok(bound) => Some(bound),
            Err(finding) => {
                findings.push(*finding);
                None
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call, each argument a different fact")]
    pub(super) fn judge_people<'m>(
        &self,
        step: &Step,
        head: &Head,
        manifest: &'m Manifest,
        signer: Option<&Authorised>,
        epoch: Option<u64>,
        until: u64,
        trusted: bool,
    ) -> Judged<'m> {
        let last = self.last_gate.map(|gate| gate.epoch);
        let around = Around {
            carrier: step.id,
            committed: head.committer.time,
            signer: signer.map(|s| &s.signer),
            signed: signer.map(|s| s.time),
            facts: &step.facts,
            corrections: &step.corrections,
            epoch: epoch.or(last).unwrap_or(self.registry.policy.gates.first_epoch),
            is_epoch: epoch.is_some(),
            currency_time: epoch.is_none().then_some(self.last_time).flatten(),
            since: self.contributions.iter().filter(|c| c.position <= until).collect(),
            own_paths: self.own_manifests(step),
            trusted,
        };
        self.judge_signoffs(manifest, &around)
    }

    /// Scope, quorum and dissent.
    pub(super) fn check_whole(
        &self,
        step: &Step,
        manifest: &Manifest,
        epoch: Option<u64>,
        judged: &Judged<'_>,
    ) -> Vec<Finding> {
        let cx = self.context();
        let mut findings = Vec::new();
        if let Some(epoch) = epoch {
            findings.extend(self.scope_and_quorum(manifest, epoch, judged, step.id));
        } else {
            let touched = self.touched(step, manifest);
            let theirs =
                |signoff: &&Signoff| touched.is_empty() || touched.contains(&signoff.domain);
            let counted: Vec<&Signoff> = judged.counted.iter().copied().filter(theirs).collect();
            findings.extend(quorum::check_squash(&cx, manifest, &counted, &touched, step.id));
        }
        findings.extend(self.owners_unread(step, manifest));
        soften(judged, &mut findings);
        let open: Vec<_> = self.open_dissents.iter().chain(&judged.dissents).cloned().collect();
        findings.extend(dissent::check(&cx, &open, &judged.lifting, judged.time));
        findings
    }

    /// What the counted sign-offs of an epoch are together, in the manifest that `carrier` brought.
    pub(super) fn scope_and_quorum(
        &self,
        manifest: &Manifest,
        epoch: u64,
        judged: &Judged<'_>,
        carrier: Oid,
    ) -> Vec<Finding> {
        let cx = self.context();
        let mut findings = Vec::new();
        let mut scopes: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for signoff in &judged.counted {
            let scope = signoff.scope.iter().map(String::as_str);
            scopes.entry(&signoff.domain).or_default().extend(scope);
        }
        for (domain, scopes) in &scopes {
            let domain = self.registry.domains.get(*domain);
            findings.extend(domain.and_then(|domain| scope::check(&cx, domain, scopes)));
        }
        findings.extend(quorum::check_epoch(&cx, manifest, epoch, &judged.counted, carrier));
        findings
    }

    /// A squash gate counts people of the domains that it touches; of any, where none declares
    /// paths or none is touched.
    fn touched(&self, step: &Step, manifest: &Manifest) -> BTreeSet<&DomainId> {
        // Where the commit was made first and signed off later, that commit is the gate.
        let earlier = match manifest.binding {
            Binding::Commit(commit) => step.named.get(&commit).map(|named| named.paths.as_slice()),
            _ => None,
        };
        let changed = earlier.or(step.changed.as_deref()).unwrap_or_default();
        let own: BTreeSet<&[u8]> =
            self.own_manifests(step).into_iter().map(str::as_bytes).collect();
        let cx = self.context();
        self.registry
            .domains
            .values()
            .filter(|domain| {
                changed.iter().any(|path| !own.contains(path.as_slice()) && cx.owns(domain, path))
            })
            .map(|domain| &domain.id)
            .collect()
    }

    /// Whether a commit changes nothing but the manifests that it adds.
    fn only_manifests(&self, step: &Step) -> bool {
        let own: BTreeSet<&[u8]> =
            self.own_manifests(step).into_iter().map(str::as_bytes).collect();
        let changed = step.changed.as_ref();
        changed.is_some_and(|changed| changed.iter().all(|p| own.contains(p.as_slice())))
    }

    /// Whether policy asks for a signature on every mainline commit.
    pub(super) fn requires_every_signature(&self) -> bool {
        self.registry.policy.mainline.require_signature == RequireSignature::EveryCommit
    }
}

/// What is missing because a sign-off could not be judged is itself undecided.
pub(super) fn soften(judged: &Judged<'_>, findings: &mut [Finding]) {
    let unclocked = judged.findings.iter().filter(|f| f.code != Code::FutureDated);
    if Verdict::of(unclocked.map(|f| f.severity)) == Verdict::Undecided {
        for finding in findings {
            finding.severity = finding.severity.min(Severity::Undecided);
        }
    }
}

impl Ledger {
    /// The commit's own signature.
    pub(super) fn need_of_signer(&self, step: &Step, signer: &Authorised) -> Need {
        let (key, primary) = (signer.signer.fingerprint, signer.signer.primary);
        Need {
            gate: None,
            signoff: None,
            approval: false,
            carrier: step.id,
            position: step.position,
            key,
            primary,
            reviewer: signer.signer.reviewer_id.clone(),
            signed: signer.time,
            origin: self.origin_of(key, primary),
        }
    }

    /// The signatures of sign-offs.
    pub(super) fn needs_of(&self, step: &Step, judged: &Judged<'_>) -> Vec<Need> {
        judged
            .signed_by
            .iter()
            .filter_map(|by| {
                let reviewer = judged.reports.get(by.signoff)?.reviewer_id.clone();
                Some(Need {
                    gate: None,
                    signoff: Some(by.signoff),
                    approval: false,
                    carrier: step.id,
                    position: step.position,
                    key: by.key,
                    primary: by.primary,
                    reviewer,
                    signed: by.at,
                    origin: self.origin_of(by.key, by.primary),
                })
            })
            .collect()
    }
}
