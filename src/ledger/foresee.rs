//! What would be said of a manifest that the next commit brings. Nothing is taken over.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding};
use crate::model::gate::ManifestPaths;
use crate::model::owners::OwnersFile;
use crate::model::policy::UnsignedSignoffs;
use crate::model::step::{ManifestChange, Step};
use crate::model::{KeyFile, ManifestName, Oid, ReviewerId, Signer};
use crate::report::{GateReport, Verdict};
use crate::rules::authority::Authorised;
use crate::rules::ceremony::asked::Asked;

use super::Ledger;
use super::step::gate_report;

/// What would be said.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The gate, or what a re-attestation says of its gate; `None` for a dissent file, and for what
    /// is never accepted.
    pub gate: Option<GateReport>,
    /// What was found about the manifest and its sign-offs.
    pub findings: Vec<Finding>,
    /// Who was taken for the signer of the commit.
    pub assumed_signer: Option<ReviewerId>,
}

/// What would be said of a ceremony.
#[derive(Clone, Debug)]
pub struct ForeseenCeremony {
    /// What was found about it and about the files that it brings.
    pub findings: Vec<Finding>,
    /// Who is asked, and who has answered.
    pub asked: Asked,
}

impl Ledger {
    /// Where the registry in force came from.
    #[must_use]
    pub const fn registry_commit(&self) -> Oid {
        self.registry_commit
    }

    /// The branch that statements name.
    #[must_use]
    pub fn mainline(&self) -> &str {
        self.mainline_name()
    }

    /// Where manifests lie.
    #[must_use]
    pub const fn manifest_paths(&self) -> &ManifestPaths {
        &self.paths
    }

    /// Epoch and id of the last accepted epoch gate.
    #[must_use]
    pub fn last_epoch_gate(&self) -> Option<(u64, Oid)> {
        self.last_gate.map(|gate| (gate.epoch, gate.id))
    }

    /// Id of the last accepted epoch gate, where it lies after the anchor.
    #[must_use]
    pub fn gate_after_anchor(&self) -> Option<Oid> {
        self.last_gate.filter(|gate| gate.position > 0).map(|gate| gate.id)
    }

    /// Takes over what is known of revocations, from wherever in the judged history.
    pub fn learn_revocations<'a>(&mut self, seen: impl IntoIterator<Item = &'a KeyFile>) {
        for file in seen {
            self.keyring.learn_revocations(file);
        }
    }

    /// Judges the one manifest of a commit that does not exist yet: `step.id` names no object,
    /// and findings come without it. Who signs the commit is not known and not judged. Where it
    /// merges into an earlier commit of the mainline, it brings all that came after that.
    #[must_use]
    pub fn foresee(mut self, step: &Step, onto: Option<Oid>) -> Foreseen {
        let step = &Step { position: self.position.saturating_add(1), ..step.clone() };
        if let Some(place) = onto.and_then(|onto| self.position(onto)) {
            self.mainline.retain(|_, position| *position <= place);
            let brought = self.contributions.iter_mut().filter(|c| c.position > place);
            brought.for_each(|contribution| contribution.position = step.position);
        }
        let [change] = step.manifests.as_slice() else { return Foreseen::nothing() };
        let Ok(head) = &step.commit else { return Foreseen::nothing() };
        let mut findings = self.written_once(change);
        let mut gate = None;
        let mut assumed_signer = None;
        match self.paths.classify(&change.file.path) {
            Some(ManifestName::Dissent { .. }) => {
                findings.extend(self.take_dissent(step, Some(head.committer.time), change));
            }
            Some(ManifestName::Reattest { .. }) => {
                let judged = self.judge_reattestation(step, head, change);
                findings.extend(judged.findings);
                let report = gate_report(step, Some(change), None, None);
                let verdict = Verdict::of(findings.iter().map(|finding| finding.severity));
                gate = Some(GateReport { verdict, signoffs: judged.signoffs, ..report });
            }
            None => findings.push(not_judged(change)),
            Some(_) => {
                let signer = self.only_unsigned(change).map(|reviewer| self.as_signer(&reviewer));
                let signer = signer.flatten().map(|signer| Authorised {
                    signer,
                    time: head.committer.time,
                    warnings: Vec::new(),
                });
                assumed_signer = signer.as_ref().map(|s| s.signer.reviewer_id.clone());
                let judged = self.judge_gate(step, head, change, signer.as_ref());
                findings.extend(self.govern_commit(step, std::slice::from_ref(&judged)));
                findings.extend(judged.findings);
                let mut report = judged.report;
                report.verdict = Verdict::of(findings.iter().map(|finding| finding.severity));
                gate = Some(report);
            }
        }
        for finding in &mut findings {
            without_commit(finding, step.id);
        }
        Foreseen { gate, findings, assumed_signer }
    }

    /// CODEOWNERS in force.
    #[must_use]
    pub const fn owners(&self) -> &OwnersFile {
        &self.owners
    }

    /// Blobs of the key files in force, by path.
    #[must_use]
    pub fn key_file_blobs(&self) -> BTreeMap<String, Oid> {
        let files = self.in_force.key_files.iter();
        files.map(|(path, (blob, _))| (path.clone(), *blob)).collect()
    }

    /// Judges the change of the registry that a commit brings which does not exist yet, as
    /// [`Ledger::foresee`] does. `None` where it is no ceremony: the registry is the one in force, or
    /// comes without a record.
    #[must_use]
    pub fn foresee_ceremony(mut self, step: &Step) -> Option<ForeseenCeremony> {
        let step = &Step { position: self.position.saturating_add(1), ..step.clone() };
        let head = step.commit.as_ref().ok()?;
        let record = self.record_of(step)?.path.as_str();
        let mut findings = self.check_files(step, Some(record));
        self.refresh(step);
        let judged = self.judge_ceremony(step, head, None)?;
        findings.extend(judged.findings);
        for finding in &mut findings {
            without_commit(finding, step.id);
        }
        Some(ForeseenCeremony { findings, asked: judged.asked })
    }

    /// The manifest of an accepted gate is never written again.
    fn written_once(&self, change: &ManifestChange) -> Vec<Finding> {
        let accepted = self.manifests.get(&change.file.path).copied();
        let Some(accepted) = accepted else { return Vec::new() };
        if change.file.after.map(|(_, blob)| blob) == Some(accepted) {
            return vec![
                Finding::new(
                    Code::DuplicateEpoch,
                    "this is the manifest of a gate that is accepted already",
                )
                .compared(change.file.path.as_str(), "the manifest of a gate to come")
                .help("gatecheck verify judges it where it was committed"),
            ];
        }
        crate::rules::manifest_file::check_written_once(change, accepted).into_iter().collect()
    }

    /// Where policy lets the commit's signature stand for a sign-off: the one person whose
    /// sign-offs have none of their own. With several, somebody's can never count.
    fn only_unsigned(&self, change: &ManifestChange) -> Option<ReviewerId> {
        if self.registry.policy.gates.unsigned_signoffs != UnsignedSignoffs::GateSigner {
            return None;
        }
        let manifest = change.reading.as_ref()?.manifest.as_ref()?;
        let unsigned: BTreeSet<&ReviewerId> = manifest
            .signoffs
            .iter()
            .filter(|signoff| signoff.signature.is_empty())
            .map(|signoff| &signoff.reviewer_id)
            .collect();
        let mut unsigned = unsigned.into_iter();
        unsigned.next().filter(|_| unsigned.next().is_none()).cloned()
    }

    fn as_signer(&self, reviewer: &ReviewerId) -> Option<Signer> {
        let mut standing = self.registry.keys.iter().filter(|key| key.is_standing());
        let fingerprint = standing.find_map(|key| {
            key.fingerprint
                .filter(|_| key.reviewer == *reviewer && self.registry.is_human(reviewer))
        })?;
        Some(Signer { reviewer_id: reviewer.clone(), fingerprint, primary: fingerprint })
    }
}

impl Foreseen {
    fn nothing() -> Self {
        Self { gate: None, findings: Vec::new(), assumed_signer: None }
    }
}

fn not_judged(change: &ManifestChange) -> Finding {
    Finding::new(
        Code::UnsupportedVersion,
        "this version of gatecheck cannot judge this kind of manifest",
    )
    .compared(
        crate::model::text::shown(&change.file.path),
        "an epoch, a squash, a dissent or a re-attestation",
    )
    .help("use a newer gatecheck")
}

/// The commit has no id yet, so none is shown.
fn without_commit(finding: &mut Finding, id: Oid) {
    finding.commit = finding.commit.filter(|commit| *commit != id);
    for place in &mut finding.places {
        place.commit = place.commit.filter(|commit| *commit != id);
    }
}
