//! Attestations of a verdict. Like a tag, one has no place on the mainline: its signer must be
//! somebody whom the registry in force at the judged tip lets act, and what the mainline learnt
//! later of compromised keys is held against it.

use std::cell::RefCell;
use std::sync::Arc;

use super::{Judge, histories, hold_against};
use crate::check::facts::Facts;
use crate::check::{Draft, Request, trust};
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::history::{Failure, Purpose, SignatureRequest, Verifier as _};
use crate::model::{Registry, Signer, Time};
use crate::progress::Progress;
use crate::repo::Repository;
use crate::report::{AnchorSource, Report, Verdict};
use crate::rules::summary as rule;
use crate::signature::FactCache;
use crate::statement::{Envelope, Summary};

/// A history that was judged, and signatures over what an attestation says of it.
#[derive(Clone, Debug)]
pub struct Attested {
    /// The history up to the tip.
    pub report: Report,
    /// The registry in force at the tip; `None` where the fold did not arrive.
    pub registry: Option<Arc<Registry>>,
    /// The full name of the branch whose gates were judged.
    pub mainline: String,
    /// Whose signatures they are.
    pub signers: Vec<Signer>,
    /// What is to be said of the attestation itself. Without an error every signature counts.
    pub findings: Vec<Finding>,
}

/// Judges the history up to the request's tip, and an envelope's signatures. `signed` comes with
/// the time that its statement gives for the verdict. No checkpoint moves on.
///
/// # Errors
/// As [`crate::check::verify`]; [`crate::Error::Unusable`] for a pinned registry.
pub fn judge_attestation(
    repo: &Repository,
    request: &Request,
    signed: Option<(&Envelope, Time)>,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Attested> {
    if request.pinned.is_some() {
        return Err(crate::check::unusable(
            "--registry pins a registry for commits, and an attestation is about gates",
            "leave --registry out",
        ));
    }
    let facts = Facts::new(request.limits, request.jobs, cache);
    let judge = Judge { repo, request, facts, progress, walked: RefCell::default() };
    let attested = judge.attested(signed)?;
    judge.facts.save();
    Ok(attested)
}

impl Judge<'_> {
    fn attested(&self, signed: Option<(&Envelope, Time)>) -> Result<Attested> {
        let trust = trust::decide(self.repo, self.request)?;
        let mut draft = Draft::new(self.repo, self.request, &trust);
        let attested = |draft: Draft, registry| Attested {
            report: draft.finish(),
            registry,
            mainline: String::new(),
            signers: Vec::new(),
            findings: Vec::new(),
        };
        let Some(anchor) = trust.anchor.clone() else { return Ok(attested(draft, None)) };
        let tip = trust.tip.commit;
        let (mut further, beside) = self.mainlines(&trust, anchor.commit, tip)?;
        further.retain(|walked| walked.ledger.holds(tip));
        let request = Request {
            // Where the mainline goes on beyond the tip it has to pass through the checkpoint.
            checkpoint: self.request.checkpoint.filter(|_| further.is_empty()),
            ..self.request.clone()
        };
        let run = self.run(&request, &trust);
        let (mut ledger, seen) = match run.walk(anchor.commit, &mut draft) {
            Ok(Some(walked)) => walked,
            Ok(None) => return Ok(attested(draft, None)),
            Err(Failure::Found(finding)) => {
                draft.findings.push(*finding);
                return Ok(attested(draft, None));
            }
            Err(Failure::Error(error)) => return Err(error),
        };
        let known = further.iter().flat_map(|walked| histories::later(walked, &ledger)).collect();
        run.conclude(ledger.clone(), &seen, &mut draft);
        hold_against(&mut draft, known);
        let mut done = attested(draft, Some(Arc::clone(ledger.registry())));
        ledger.mainline().clone_into(&mut done.mainline);
        ledger.learn_revocations(seen.values());
        for walked in &further {
            ledger.learn_revocations(walked.seen.values());
        }
        if further.is_empty() {
            let lost: Vec<Finding> = beside
                .iter()
                .filter(|(_, mainline)| !ledger.holds(*mainline))
                .map(|(name, mainline)| rule::beside_the_mainline(tip, name, *mainline))
                .collect();
            // One of them that it is ahead of is enough.
            if lost.len() == beside.len() {
                done.findings.extend(lost);
            }
        }
        let Some((envelope, said)) = signed else { return Ok(done) };
        for signature in &envelope.signatures {
            let asked = SignatureRequest {
                purpose: Purpose::Statement,
                payload: envelope.signed(),
                signature: signature.signature.clone(),
            };
            let Some(fact) = self.facts.verify(&[asked]).pop() else {
                done.findings.push(rule::not_one("a signature that could not be looked at"));
                continue;
            };
            let (signer, found) = ledger.judge_summary(&fact, said);
            done.findings.extend(found);
            let Some(signer) = signer else { continue };
            if further.iter().any(|walked| walked.ledger.lists_as_compromised(&signer)) {
                done.findings.push(rule::compromised(&signer, said));
            }
            done.signers.push(signer);
        }
        if done.findings.iter().any(|finding| finding.severity == Severity::Error) {
            done.signers.clear();
        }
        Ok(done)
    }
}

impl Attested {
    /// What an attestation of this verdict says; `None` for every verdict but `pass`. It names the
    /// mainline where the tip was named by it, and the commit's id otherwise.
    #[must_use]
    pub fn summary(&self, request: &Request, words: &Words<'_>) -> Option<Summary> {
        let report = &self.report;
        if report.verdict != Verdict::Pass || report.input_unusable || report.commits_only {
            return None;
        }
        let anchor = report.anchor.as_ref()?;
        let registry = report.registry.as_ref().filter(|registry| !registry.pinned)?;
        let by_mainline = report
            .tip
            .reference
            .as_ref()
            .is_some_and(|named| trust::names(&self.mainline).contains(named));
        let tip = report.tip.commit;
        Some(Summary {
            verifier: words.verifier.to_owned(),
            version: words.version.to_owned(),
            time: request.now,
            resource: words.resource.to_owned(),
            reference: if by_mainline { self.mainline.clone() } else { tip.to_string() },
            project: report.project.clone(),
            anchor: anchor.commit,
            first_use: anchor.source == AnchorSource::FirstUse,
            tip,
            gate: report.covered.map(|covered| (covered.epoch, covered.commit)),
            covered: report.covered.is_some_and(|covered| covered.behind == 0),
            every_commit: request.every_commit,
            registry_serial: registry.serial,
            registry_sha256: registry.sha256,
            registry_commit: registry.commit?,
        })
    }
}

/// What the verifier says of himself.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Who verifies: a URI.
    pub verifier: &'a str,
    /// What was judged: a URI.
    pub resource: &'a str,
    /// The version of gatecheck.
    pub version: &'a str,
}
