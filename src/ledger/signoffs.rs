//! The sign-offs of one manifest: attested, eligible, counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Severity};
use crate::model::manifest::{Manifest, Signoff};
use crate::model::step::Correction;
use crate::model::{FactTable, Fingerprint, Oid, Signer, Time};
use crate::report::SignoffReport;
use crate::rules::attestation::{self, Attested, Carrier};
use crate::rules::currency::{self, Candidate};
use crate::rules::dissent::{Lifting, OpenDissent};
use crate::rules::self_review::{self, Contribution};
use crate::rules::{membership, strength};
use crate::statement::{NoStatement, SignerContext, request_id, signoff_payload};

use super::Ledger;

/// What the judge of a manifest needs to know of the commit that carries it.
pub(super) struct Around<'a> {
    pub(super) carrier: Oid,
    pub(super) committed: Time,
    /// The commit's signer, where an active human key signed.
    pub(super) signer: Option<&'a Signer>,
    /// The commit's signature time, where it has one.
    pub(super) signed: Option<Time>,
    pub(super) facts: &'a FactTable,
    /// Commits that `superseded_by` leads to.
    pub(super) corrections: &'a BTreeMap<Oid, Correction>,
    /// The epoch at which currency is judged.
    pub(super) epoch: u64,
    /// Sign-offs are by epoch: post-quantum cut-offs apply.
    pub(super) is_epoch: bool,
    /// The gate is not a participation: it is judged at this time rather than at its own.
    pub(super) currency_time: Option<Time>,
    /// Changes since the previous gate.
    pub(super) since: Vec<&'a Contribution>,
    /// Paths of the manifests that the commit adds.
    pub(super) own_paths: BTreeSet<&'a str>,
    /// The anchor's own gate: currency and authorship are trusted as they stand.
    pub(super) trusted: bool,
}

/// A verified signature under a sign-off.
pub(super) struct SignedBy {
    pub(super) signoff: usize,
    pub(super) key: Fingerprint,
    pub(super) primary: Fingerprint,
    pub(super) at: Time,
}

/// A judged manifest.
pub(super) struct Judged<'m> {
    pub(super) reports: Vec<SignoffReport>,
    pub(super) findings: Vec<Finding>,
    pub(super) counted: Vec<&'m Signoff>,
    pub(super) lifting: Vec<Lifting<'m>>,
    pub(super) dissents: Vec<OpenDissent>,
    pub(super) signed_by: Vec<SignedBy>,
    /// T: the gate's time.
    pub(super) time: Time,
}

impl Ledger {
    /// The branch that statements name: the run's, or the registry's mainline.
    pub(super) fn mainline_name(&self) -> &str {
        self.options.branch.as_deref().unwrap_or(&self.registry.mainline)
    }

    pub(super) fn attest(
        &self,
        manifest: &Manifest,
        signoff: &Signoff,
        facts: &FactTable,
        carrier: Carrier<'_>,
    ) -> Attested {
        let context =
            SignerContext { project: &self.registry.project, mainline: self.mainline_name() };
        let payload = match signoff_payload(&context, manifest, signoff) {
            Ok(payload) => payload,
            // What is missing in the manifest has a finding of its own; nothing can be signed.
            Err(
                NoStatement::NoSubject
                | NoStatement::UnresolvableCommit
                | NoStatement::NoPreviousGate,
            ) if !signoff.signature.is_empty() => {
                return Attested::default();
            }
            // No fact is ever made for the empty payload, so this is refused.
            Err(_) => Vec::new(),
        };
        let fact = facts.get(request_id(&payload, signoff.signature.as_bytes()));
        attestation::check(&self.context(), &self.index, manifest, signoff, fact, carrier)
    }

    pub(super) fn judge_signoffs<'m>(
        &self,
        manifest: &'m Manifest,
        around: &Around<'_>,
    ) -> Judged<'m> {
        let cx = self.context();
        let carrier = Carrier {
            commit: around.carrier,
            committed: around.committed,
            signer: around.signer,
            epoch: around.is_epoch.then_some(around.epoch),
        };
        let mut rows: Vec<Row<'m>> = manifest
            .signoffs
            .iter()
            .enumerate()
            .map(|(index, signoff)| {
                let attested = self.attest(manifest, signoff, around.facts, carrier);
                let mut findings = attested.findings.clone();
                findings.extend(membership::check(&cx, manifest, signoff, around.carrier));
                if around.is_epoch
                    && let Some(algorithm) = attested.algorithm
                {
                    findings.extend(strength::check_post_quantum(&cx, algorithm, around.epoch));
                }
                let correction = self.supersession(manifest, signoff, around);
                let dissent = match correction {
                    Some(Ok(dissent)) => dissent,
                    Some(Err(finding)) => {
                        findings.push(*finding);
                        None
                    }
                    None => None,
                };
                Row { index, signoff, attested, findings, dissent }
            })
            .collect();
        if !around.trusted {
            for row in rows.iter_mut().filter(|row| row.stands()) {
                row.findings.extend(self_review::check(
                    &cx,
                    manifest,
                    row.signoff,
                    &around.since,
                    &around.own_paths,
                    around.carrier,
                ));
            }
        }
        let time = self.gate_time(&rows, around);
        if !around.trusted {
            self.check_currency(&mut rows, around, time);
        }
        collect(manifest, rows, around, time, self.next_epoch())
    }

    /// T: the latest of the eligible timestamps, the commit's dates, and the previous gate's T.
    fn gate_time(&self, rows: &[Row<'_>], around: &Around<'_>) -> Time {
        rows.iter()
            .filter(|row| row.stands())
            .map(|row| row.signoff.timestamp)
            .chain(around.signed)
            .chain(self.last_time)
            .fold(around.committed, Time::max)
    }

    fn check_currency(&self, rows: &mut [Row<'_>], around: &Around<'_>, time: Time) {
        let cx = self.context();
        let at = around.currency_time.unwrap_or(time);
        let standing: Vec<usize> =
            rows.iter().filter(|row| row.stands()).map(|row| row.index).collect();
        let candidates: Vec<Candidate<'_>> = rows
            .iter()
            .filter(|row| standing.contains(&row.index))
            .map(|row| Candidate {
                reviewer: &row.signoff.reviewer_id,
                domain: &row.signoff.domain,
            })
            .collect();
        let refusals = currency::check(&cx, &candidates, &self.participation, around.epoch, at);
        for (index, refusal) in standing.into_iter().zip(refusals) {
            if let (Some(row), Some(finding)) = (rows.get_mut(index), refusal) {
                row.findings.push(finding);
            }
        }
    }
}

struct Row<'m> {
    index: usize,
    signoff: &'m Signoff,
    attested: Attested,
    findings: Vec<Finding>,
    /// A dissent in which the correction of this sign-off ends.
    dissent: Option<OpenDissent>,
}

impl Row<'_> {
    /// Attested, not taken back, and without anything that refuses it.
    fn stands(&self) -> bool {
        self.attested.attested
            && !self.signoff.withdrawn
            && self.signoff.superseded_by.is_empty()
            && self.blocking().is_none()
    }

    fn blocking(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .filter(|f| f.severity >= Severity::Undecided && f.code != Code::FutureDated)
            .max_by_key(|f| f.severity)
    }

    fn why(&self) -> Option<String> {
        if let Some(finding) = self.blocking() {
            return Some(format!("{}: {}", finding.code, finding.message));
        }
        if self.signoff.withdrawn {
            return Some("withdrawn".to_owned());
        }
        if !self.signoff.superseded_by.is_empty() {
            return Some("superseded".to_owned());
        }
        (!self.attested.attested).then(|| "the manifest does not say what was signed".to_owned())
    }
}

fn collect<'m>(
    manifest: &'m Manifest,
    rows: Vec<Row<'m>>,
    around: &Around<'_>,
    time: Time,
    next: u64,
) -> Judged<'m> {
    let mut judged = Judged {
        reports: Vec::new(),
        findings: Vec::new(),
        counted: Vec::new(),
        lifting: Vec::new(),
        dissents: Vec::new(),
        signed_by: Vec::new(),
        time,
    };
    for row in rows {
        let stands = row.stands();
        judged.dissents.extend(row.dissent.clone());
        let signoff = row.signoff;
        judged.reports.push(SignoffReport {
            reviewer_id: signoff.reviewer_id.clone(),
            domain: signoff.domain.clone(),
            attested: row.attested.attested,
            counted: stands,
            why: row.why(),
            fingerprint: row.attested.fingerprint,
            timestamp: signoff.timestamp,
        });
        if row.attested.attested {
            if signoff.dissents() {
                judged.dissents.push(OpenDissent::of(manifest, signoff, around.carrier, next));
            } else if stands {
                judged
                    .lifting
                    .push(Lifting { reviewer: &signoff.reviewer_id, at: signoff.timestamp });
            }
            if let (Some(key), Some(primary)) = (row.attested.fingerprint, row.attested.primary) {
                judged.signed_by.push(SignedBy {
                    signoff: row.index,
                    key,
                    primary,
                    at: signoff.timestamp,
                });
            }
        }
        if stands {
            judged.counted.push(signoff);
        }
        judged.findings.extend(row.findings);
    }
    judged
}
