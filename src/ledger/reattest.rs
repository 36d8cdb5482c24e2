//! Re-attestations: people vouch once more for an accepted gate, whose signatures came in doubt.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Place};
use crate::model::manifest::{Binding, Manifest, PreviousGate, Signoff};
use crate::model::step::{Head, ManifestChange, Step};
use crate::model::{Domain, DomainId, ManifestName, Oid};
use crate::report::SignoffReport;
use crate::rules::again::Asked;
use crate::rules::self_review::{self, Contribution};
use crate::rules::{Context, binding, dissent, manifest_file};

use super::signoffs::{Around, Judged};
use super::{Ledger, Need};

/// What an accepted epoch gate was about.
#[derive(Clone, Debug)]
pub(super) struct AcceptedEpoch {
    /// The gate.
    pub(super) gate: Oid,
    /// The gate before it.
    pub(super) previous: PreviousGate,
    /// What its sign-offs were bound to: the tree, or the commit itself.
    pub(super) binding: Binding,
    /// The content digest of that tree, where the manifest stated one.
    pub(super) content: Option<[u8; 32]>,
    /// Who touched which domains.
    pub(super) authors: Vec<Contribution>,
    /// What its counted sign-offs covered beside the domains.
    pub(super) covered: Covers,
    /// What policies ask of its change; `None` where the anchor is trusted for that.
    pub(super) asked: Option<Asked>,
}

/// Second reviews, checklist items and attestations that counted sign-offs cover together.
#[derive(Clone, Debug, Default)]
pub(super) struct Covers {
    reviews: BTreeSet<String>,
    checklist: BTreeSet<String>,
    ai_attested: bool,
}

impl Covers {
    pub(super) fn of<'s>(counted: impl IntoIterator<Item = &'s Signoff>) -> Self {
        let mut all = Self::default();
        for signoff in counted {
            all.reviews.extend(signoff.reviews.iter().cloned());
            all.checklist.extend(signoff.checklist.iter().cloned());
            all.ai_attested |= signoff.ai_attestation.as_ref().is_some_and(|ai| ai.understood);
        }
        all
    }

    /// What these cover and the others do not.
    fn lacking(&self, again: &Self) -> Vec<Finding> {
        let missing = |was: &BTreeSet<String>, now: &BTreeSet<String>| {
            let names: Vec<String> =
                was.difference(now).map(|name| crate::model::text::shown(name)).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let finding = |code, what: &str, names: String| {
            Finding::new(
                code,
                format!("the gate was vouched for with {what}, and this time it is not"),
            )
            .compared("not covered again", names)
            .help("have the sign-offs of the re-attestation cover what those of the gate did")
        };
        let reviews = missing(&self.reviews, &again.reviews)
            .map(|names| finding(Code::SecondReviewMissing, "second reviews", names));
        let checklist = missing(&self.checklist, &again.checklist)
            .map(|names| finding(Code::ChecklistIncomplete, "items of the checklist", names));
        let ai = (self.ai_attested && !again.ai_attested).then(|| {
            let what = "an attestation about AI-assisted changes";
            finding(Code::AiAttestationMissing, what, "an ai_attestation".to_owned())
        });
        reviews.into_iter().chain(checklist).chain(ai).collect()
    }
}

/// One contribution for each author and set of domains: all that the rule of self-review asks.
/// Which paths are whose is settled here: later it may be told otherwise. The gate's own manifests
/// are no change here either. One path of each domain stays for those that get another name.
pub(super) fn condensed<'c>(
    cx: &Context<'_>,
    since: impl Iterator<Item = &'c Contribution>,
    manifests: &BTreeSet<&str>,
) -> Vec<Contribution> {
    let mut known: BTreeMap<(String, BTreeMap<DomainId, bool>), Contribution> = BTreeMap::new();
    for one in since {
        let touched = |domain: &Domain| self_review::touching(cx, one, domain, manifests);
        let of_each = cx.registry.domains.values().map(|domain| (domain, touched(domain)));
        let of_each: Vec<(&Domain, Option<&Vec<u8>>)> = of_each.collect();
        let domains: BTreeMap<DomainId, bool> =
            of_each.iter().map(|(domain, path)| (domain.id.clone(), path.is_some())).collect();
        let paths: BTreeSet<&Vec<u8>> = of_each.iter().filter_map(|(_, path)| *path).collect();
        if paths.is_empty() {
            continue;
        }
        known.entry((one.email.to_lowercase(), domains.clone())).or_insert_with(|| Contribution {
            id: one.id,
            position: one.position,
            email: one.email.clone(),
            co_authors: Vec::new(),
            trailers: Vec::new(),
            marks: Vec::new(),
            subject: String::new(),
            paths: paths.into_iter().cloned().collect(),
            domains: Some(domains),
        });
    }
    known.into_values().collect()
}

impl Ledger {
    /// Judges a re-attestation as its gate was judged, with the registry in force where it lands.
    /// It is no gate: it changes nothing but what hindsight may rely on.
    pub(super) fn judge_reattestation(
        &mut self,
        step: &Step,
        head: &Head,
        change: &ManifestChange,
    ) -> Reattested {
        let nothing = |findings| Reattested { findings, signoffs: Vec::new() };
        let ManifestName::Reattest { epoch, .. } = &change.name else {
            return nothing(Vec::new());
        };
        let epoch = *epoch;
        let mut findings: Vec<Finding> = manifest_file::not_regular(change).into_iter().collect();
        let reading = change.reading.as_ref();
        findings.extend(reading.into_iter().flat_map(|r| r.problems.iter().cloned()));
        let Some(manifest) = reading.and_then(|reading| reading.manifest.as_deref()) else {
            return nothing(of_epoch(findings, epoch));
        };
        let Some(accepted) = self.epochs.get(&epoch) else {
            findings.push(
                Finding::new(
                    Code::EpochSequence,
                    format!("epoch {epoch} has no accepted gate after the anchor that could be attested again"),
                )
                .compared(format!("epoch {epoch}"), "the epoch of an accepted gate")
                .help("re-attest a gate that stands between the anchor and here"),
            );
            return nothing(of_epoch(findings, epoch));
        };
        findings.extend(about_another(manifest, accepted, step.id));
        let since: Vec<&Contribution> = accepted.authors.iter().collect();
        let around = Around {
            carrier: step.id,
            committed: head.committer.time,
            signer: None,
            signed: None,
            facts: &step.facts,
            epoch: self.last_gate.map_or(epoch, |gate| gate.epoch),
            is_epoch: true,
            currency_time: None,
            since,
            own_paths: BTreeSet::new(),
            trusted: false,
            corrections: &step.corrections,
        };
        let judged = self.judge_signoffs(manifest, &around);
        findings.extend(judged.findings.iter().cloned());
        if manifest.signoffs.is_empty() || reading.is_none_or(|r| r.problems.is_empty()) {
            findings.extend(self.check_again(manifest, epoch, &judged, step.id));
            let quorum = self.registry.policy.quorum.for_epoch(epoch);
            let asked = accepted.asked.as_ref();
            let asked =
                asked.map(|asked| asked.check(&self.context(), &judged.counted, quorum.per_domain));
            let lacking = accepted.covered.lacking(&Covers::of(judged.counted.iter().copied()));
            let asked = asked.unwrap_or_default();
            let told: BTreeSet<Code> = asked.iter().map(|finding| finding.code).collect();
            findings.extend(lacking.into_iter().filter(|finding| !told.contains(&finding.code)));
            findings.extend(asked);
        }
        let gate = accepted.gate;
        if findings.iter().all(|f| f.severity < crate::finding::Severity::Undecided)
            && let Some((_, blob)) = change.file.after
        {
            let signed = judged
                .signed_by
                .iter()
                .filter_map(|by| Some((manifest.signoffs.get(by.signoff)?, by)));
            let shaken = self.reattestation_in_doubt(step, epoch, gate, signed);
            if let Some(doubt) = self.doubt.as_mut() {
                doubt.keep(shaken);
            }
            self.manifests.insert(change.file.path.clone(), blob);
            let needs = self.needs_of(step, &judged);
            self.reattested.entry(gate).or_default().push(Reattestation { needs });
        }
        Reattested { findings: of_epoch(findings, epoch), signoffs: judged.reports }
    }

    /// Scope and quorum, as at the gate itself.
    fn check_again(
        &self,
        manifest: &Manifest,
        epoch: u64,
        judged: &Judged<'_>,
        carrier: Oid,
    ) -> Vec<Finding> {
        let cx = self.context();
        let mut findings = self.scope_and_quorum(manifest, epoch, judged, carrier);
        findings.extend(dissent::check(&cx, &judged.dissents, &judged.lifting, judged.time));
        findings
    }
}

/// What is said of a re-attestation.
pub(super) struct Reattested {
    pub(super) findings: Vec<Finding>,
    /// Its sign-offs, in order.
    pub(super) signoffs: Vec<SignoffReport>,
}

/// A valid re-attestation, and what it rests on itself.
#[derive(Clone, Debug)]
pub(super) struct Reattestation {
    /// What its sign-offs need.
    pub(super) needs: Vec<Need>,
}

/// Same subject and predecessor as the gate.
fn about_another(manifest: &Manifest, accepted: &AcceptedEpoch, carrier: Oid) -> Vec<Finding> {
    let mut findings = Vec::new();
    let place = |field: &str| {
        Place::new(&manifest.source, Some(carrier), manifest.spot(field), "stated here")
    };
    if manifest.previous_gate != Some(accepted.previous) {
        findings.push(
            Finding::new(
                Code::PreviousGateMismatch,
                "the re-attestation does not name the predecessor of the gate that it is about",
            )
            .compared(
                manifest.previous_gate.map_or("none given".to_owned(), |p| p.to_string()),
                accepted.previous.to_string(),
            )
            .at(place("previous_gate"))
            .help("copy previous_gate from the gate's own manifest"),
        );
    }
    if manifest.binding != accepted.binding {
        findings.push(
            Finding::new(
                Code::SubjectMismatch,
                "the re-attestation is about another subject than its gate",
            )
            .compared(binding::words(&manifest.binding), binding::words(&accepted.binding))
            .at(place("subject_tree"))
            .help("copy subject_tree or gate_commit from the gate's own manifest"),
        );
    }
    if manifest.subject_sha256.is_some() && manifest.subject_sha256 != accepted.content {
        findings.push(
            Finding::new(
                Code::SubjectMismatch,
                "the re-attestation states another content digest than its gate",
            )
            .compared(
                manifest.subject_sha256.map(hex::encode).unwrap_or_default(),
                accepted.content.map_or("none, as in the gate's manifest".to_owned(), hex::encode),
            )
            .at(place("subject_sha256"))
            .help("copy subject_sha256 from the gate's own manifest, or leave it out"),
        );
    }
    findings
}

fn of_epoch(mut findings: Vec<Finding>, epoch: u64) -> Vec<Finding> {
    for finding in &mut findings {
        finding.epoch.get_or_insert(epoch);
    }
    findings
}
