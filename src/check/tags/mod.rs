//! Tags: each with the history up to the commit that it names.
//!
//! A tag has no place on the mainline. Its signer must be somebody whom the registry in force at the
//! tagged gate lets act, so that a release of old stays verifiable; and what the mainline learnt
//! later, here or as `origin` has it, of compromised keys is held against gate and tag alike.

mod histories;
mod merge;
mod signature;
mod summary;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use self::histories::{Histories, Walked};
use super::facts::Facts;
use super::{Draft, Request, Run, passed_over, trust};
use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::history::{Failure, Purpose, SignatureRequest, Verifier as _};
use crate::model::text::shown;
use crate::model::{KeyFile, Oid, SignatureFact, Signer};
use crate::progress::Progress;
use crate::repo::{ObjectKind, ReadFailure, Repository, Tag, parse_tag};
use crate::report::{Report, Tip, Verdict};
use crate::rules::tag as rule;
use crate::signature::FactCache;
pub use summary::{Attested, Words, judge_attestation};

/// A tag to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRef {
    /// The full name of its ref, which need not exist yet.
    pub reference: String,
    /// What the ref stands for, tags not peeled.
    pub id: Oid,
    /// It is being made or brought now. Then its signer must still be one whom the mainline's newest
    /// registry lets act: who holds a retired key makes no new releases of old gates with it.
    pub fresh: bool,
}

/// Whether a commit could be tagged now.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// The history up to the commit, judged.
    pub report: Report,
    /// Whose signature it would be.
    pub signer: Option<Signer>,
}

/// Judges tags. `request.tip` is not looked at, and no checkpoint moves on.
///
/// # Errors
/// As [`super::verify`].
pub fn verify_tags(
    repo: &Repository,
    request: &Request,
    tags: &[TagRef],
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Report> {
    let judge = Judge::new(repo, request, cache, progress)?;
    let mut reports = Vec::new();
    for tag in tags {
        reports.push(judge.tag(tag)?);
    }
    judge.facts.save();
    merge::merged(reports).ok_or_else(|| Error::Defect("no tag was named".to_owned()))
}

/// Judges a commit as [`verify_tags`] would one that is tagged now with a key of `keys`, the
/// public half of what git signs with. `None` leaves the question of the key out.
///
/// # Errors
/// As [`super::verify`].
pub fn ready_to_tag(
    repo: &Repository,
    request: &Request,
    reference: &str,
    commit: Oid,
    keys: Option<&KeyFile>,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Readiness> {
    let judge = Judge::new(repo, request, cache, progress)?;
    let mut whose = None;
    let report = judge.commit(reference, commit, |histories, found| {
        let Some(keys) = keys else { return };
        let (signer, findings) = signature::would_sign(reference, keys, histories, request.now);
        whose = signer;
        found.extend(findings);
    })?;
    judge.facts.save();
    Ok(Readiness { report, signer: whose })
}

struct Judge<'a> {
    repo: &'a Repository,
    request: &'a Request,
    facts: Facts,
    progress: &'a dyn Progress,
    /// Mainlines that were walked already, by anchor and tip.
    walked: RefCell<BTreeMap<(Oid, Oid), Option<Rc<Walked>>>>,
}

impl<'a> Judge<'a> {
    fn new(
        repo: &'a Repository,
        request: &'a Request,
        cache: Option<FactCache>,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        if request.pinned.is_some() {
            return Err(super::unusable(
                "--registry pins a registry for commits, and a tag is judged by the gate that it names",
                "leave --registry out",
            ));
        }
        if request.every_commit {
            return Err(passed_over("--every-commit"));
        }
        let facts = Facts::new(request.limits, request.jobs, cache);
        Ok(Self { repo, request, facts, progress, walked: RefCell::default() })
    }

    fn tag(&self, tag: &TagRef) -> Result<Report> {
        let mut found = Vec::new();
        let mut annotated: Option<Tag> = None;
        let mut commit = None;
        match self.repo.read(tag.id) {
            Err(failure) => found.push(unreadable(&tag.reference, tag.id, &failure)),
            Ok(object) if object.kind == ObjectKind::Tag => match parse_tag(tag.id, &object.data) {
                Err(why) => found.push(rule::malformed(&tag.reference, &why)),
                Ok(parsed) => {
                    let real = self.repo.read(parsed.target);
                    if let Err(failure) = &real {
                        found.push(unreadable(&tag.reference, parsed.target, failure));
                    }
                    let real_kind = real.ok().map(|object| object.kind.name());
                    found.extend(rule::shape(&rule::Annotated {
                        reference: &tag.reference,
                        own_name: &parsed.name,
                        target: parsed.target,
                        said_kind: parsed.target_kind.name(),
                        real_kind,
                        has_tagger: parsed.tagger.is_some(),
                        other_signature: parsed.other_signature,
                    }));
                    commit = self.repo.peel(parsed.target).ok();
                    annotated = Some(parsed);
                }
            },
            Ok(object) => {
                found.extend(rule::lightweight(&tag.reference, tag.id, object.kind.name()));
                commit = (object.kind == ObjectKind::Commit).then_some(tag.id);
            }
        }
        let Some(commit) = commit else {
            // Nothing to judge the history up to; the refusal stands beside the mainline's verdict.
            let request = Request { tip: None, ..self.request.clone() };
            let mut report = super::verify(self.repo, &request, None, self.progress)?;
            merge::add(&mut report, found);
            return Ok(report);
        };
        let mut report = self.commit(&tag.reference, commit, |histories, all| {
            if let Some(parsed) = &annotated {
                all.extend(self.signature(tag, parsed, histories));
            }
        })?;
        let signed = annotated.is_some_and(|tag| tag.signature.is_some());
        report.counts.signatures = report.counts.signatures.saturating_add(u64::from(signed));
        merge::add(&mut report, found);
        Ok(report)
    }

    /// Judges the signature of a tag in every history that bears on it.
    fn signature(&self, tag: &TagRef, parsed: &Tag, histories: &Histories<'_>) -> Vec<Finding> {
        // A tag without a date was refused already; any time names what is wrong with its key.
        let tagged = parsed.tagger.as_ref().map_or(self.request.now, |tagger| tagger.time);
        let fact = match &parsed.signature {
            None => SignatureFact::Absent,
            Some(signature) => {
                let asked = SignatureRequest {
                    purpose: Purpose::Git,
                    payload: parsed.payload.clone(),
                    signature: signature.clone(),
                };
                let Some(fact) = self.facts.verify(&[asked]).pop() else {
                    // Never made, never passed.
                    return vec![rule::no_key(&tag.reference)];
                };
                fact
            }
        };
        signature::held_against(&tag.reference, &fact, tagged, tag.fresh, histories).1
    }

    /// Judges the history up to a commit, and then, by `more`, what is about the tag alone.
    fn commit(
        &self,
        reference: &str,
        commit: Oid,
        more: impl FnOnce(&Histories<'_>, &mut Vec<Finding>),
    ) -> Result<Report> {
        let request = Request { tip: Some(commit.to_string()), ..self.request.clone() };
        let mut trust = trust::decide(self.repo, &request)?;
        trust.tip = Tip { reference: Some(reference.to_owned()), commit };
        let Some(anchor) = trust.anchor.clone() else {
            return Ok(Draft::new(self.repo, &request, &trust).finish());
        };
        let (mut further, beside) = self.mainlines(&trust, anchor.commit, commit)?;
        further.retain(|walked| walked.ledger.holds(commit));
        // A commit that was signed off later is judged up to the commit that carries its manifest.
        let end =
            further.iter().find_map(|walked| histories::carrier(walked, commit)).unwrap_or(commit);
        let request = Request {
            // Where the mainline goes on beyond the tag it has to pass through the checkpoint.
            checkpoint: request.checkpoint.filter(|_| further.is_empty()),
            require_covered: true,
            ..request
        };
        let mut draft = Draft::new(self.repo, &request, &trust);
        trust.tip.commit = end;
        let run = self.run(&request, &trust);
        let mut about_tag = Vec::new();
        match run.walk(anchor.commit, &mut draft) {
            Ok(Some((mut ledger, seen))) => {
                ledger.learn_revocations(seen.values());
                for walked in &further {
                    ledger.learn_revocations(walked.seen.values());
                }
                if further.is_empty() {
                    about_tag.extend(beside.iter().filter(|(_, tip)| !ledger.holds(*tip)).map(
                        |(name, tip)| rule::beside_the_mainline(reference, commit, name, *tip),
                    ));
                    // One of them that it is ahead of is enough.
                    if about_tag.len() < beside.len() {
                        about_tag.clear();
                    }
                }
                let histories = Histories { own: &ledger, further };
                more(&histories, &mut about_tag);
                let known: Vec<Finding> =
                    histories.further.iter().flat_map(|w| histories::later(w, &ledger)).collect();
                run.conclude(ledger, &seen, &mut draft);
                hold_against(&mut draft, known);
                draft.findings.retain(|f| {
                    f.code != Code::NotCovered || covered(&draft.covered) != Some(commit)
                });
                for finding in draft.findings.iter_mut().filter(|f| f.code == Code::NotCovered) {
                    finding.tag = Some(shown(rule::short(reference)));
                }
                about_tag.extend(rule::gate(reference, commit, &draft.gates));
            }
            Ok(None) => {}
            Err(Failure::Found(finding)) => draft.findings.push(*finding),
            Err(Failure::Error(error)) => return Err(error),
        }
        draft.findings.extend(about_tag);
        Ok(draft.finish())
    }

    fn run<'r>(&'r self, request: &'r Request, trust: &'r trust::Trust) -> Run<'r> {
        Run { repo: self.repo, request, facts: &self.facts, progress: self.progress, trust }
    }
}

fn covered(covered: &Option<crate::report::Covered>) -> Option<Oid> {
    covered.as_ref().map(|covered| covered.commit)
}

/// Adds what a history that goes further knows.
fn hold_against(draft: &mut Draft, known: Vec<Finding>) {
    for finding in known {
        if !draft.findings.contains(&finding) {
            refuse_gate(draft, &finding);
            draft.findings.push(finding);
        }
    }
}

/// A gate that rests on what hindsight refuses is none.
fn refuse_gate(draft: &mut Draft, finding: &Finding) {
    if !matches!(finding.code, Code::KeyCompromised | Code::KeyRevoked)
        || finding.severity != Severity::Error
    {
        return;
    }
    let resting = draft.gates.iter_mut().filter(|gate| finding.commit == Some(gate.carrier));
    for gate in resting {
        gate.verdict = Verdict::Refused;
    }
    let refused = draft.gates.iter().filter(|gate| gate.verdict == Verdict::Refused).count();
    draft.counts.refused = refused as u64;
}

fn unreadable(reference: &str, id: Oid, failure: &ReadFailure) -> Finding {
    let mut finding = failure.finding(id);
    finding.message = failure.to_string();
    finding.commit = None;
    finding.tag = Some(shown(rule::short(reference)));
    finding
}
