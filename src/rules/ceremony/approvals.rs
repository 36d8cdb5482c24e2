//! Rule: an approval is the statement of its reviewer's own active key, made when it says.
//!
//! Whatever is wrong with one approval refuses the ceremony, even where the others would do: what
//! people read in a record must be true.

use std::collections::BTreeSet;

use super::change::Needs;
use super::{Approved, Proposal};
use crate::finding::{Code, Finding, Severity};
use crate::model::{Approval, ApprovalRole, ReviewerId, SignatureFact, VerifiedSignature};
use crate::rules::authority::authorise;
use crate::rules::clock;

/// Judges every approval; returns those in the role `authorise` that count.
#[must_use]
pub fn check(p: &Proposal<'_>, needs: &Needs, findings: &mut Vec<Finding>) -> Vec<Approved> {
    let mut approved = Vec::new();
    for (index, approval) in p.record.approvals.iter().enumerate() {
        let fact = p.facts.get(index).copied().flatten();
        let before = findings.len();
        match verified(p, approval, fact) {
            Err(finding) => findings.push(*finding),
            Ok(signature) => match approval.role {
                // Whether it proves possession is judged beside the key that it is about.
                ApprovalRole::Possession => findings.extend(times(p, approval, signature)),
                ApprovalRole::Authorise => {
                    approved.extend(authorised(p, needs, approval, signature, index, findings));
                }
                ApprovalRole::Witness => findings.extend(witness(p, approval, signature)),
            },
        }
        for finding in findings.iter_mut().skip(before) {
            finding.reviewer_id.get_or_insert_with(|| approval.reviewer_id.clone());
            finding.fingerprint.get_or_insert(approval.fingerprint);
            finding.places.insert(0, p.place(approval.spot, "this approval"));
        }
    }
    approved
}

/// People behind approvals, each once.
#[must_use]
pub fn people(approved: &[Approved]) -> BTreeSet<ReviewerId> {
    approved.iter().map(|one| one.signer.reviewer_id.clone()).collect()
}

/// The signature, where it verifies over this statement and by the key that the record names.
pub(super) fn verified<'f>(
    p: &Proposal<'_>,
    approval: &Approval,
    fact: Option<&'f SignatureFact>,
) -> Result<&'f VerifiedSignature, Box<Finding>> {
    let wrong = |observed: String| {
        Box::new(
            Finding::new(
                Code::CeremonyMismatch,
                format!(
                    "the approval of {} does not verify over this ceremony's statement",
                    approval.reviewer_id
                ),
            )
            .compared(observed, "the signature of the stated key over this very ceremony")
            .at(p.place(approval.spot("signature"), "this signature"))
            .help(format!(
                "have {} approve the request as it is now: gatecheck ceremony approve",
                approval.reviewer_id
            )),
        )
    };
    match fact {
        Some(SignatureFact::Verified(signature)) => {
            let stated = approval.fingerprint;
            if signature.key == stated || signature.primaries.contains(&stated) {
                Ok(signature)
            } else {
                Err(wrong(format!("signed by {}", signature.key)))
            }
        }
        Some(SignatureFact::Refused { code, observed, .. }) => {
            Err(wrong(format!("{code}: {observed}")))
        }
        Some(SignatureFact::Absent) => Err(wrong("no signature".to_owned())),
        None => Err(wrong("a signature that could not be checked".to_owned())),
    }
}

fn authorised(
    p: &Proposal<'_>,
    needs: &Needs,
    approval: &Approval,
    signature: &VerifiedSignature,
    index: usize,
    findings: &mut Vec<Finding>,
) -> Option<Approved> {
    let good = match authorise(&p.cx, p.index, signature, approval.timestamp) {
        Ok(good) => good,
        Err(no) => {
            let mut finding = *no.finding;
            finding.message = format!(
                "the approval of {} does not count: {}",
                approval.reviewer_id, finding.message
            );
            findings.push(finding.severity(Severity::Error));
            return None;
        }
    };
    let owner = &good.signer.reviewer_id;
    if *owner != approval.reviewer_id {
        findings.push(
            Finding::new(
                Code::CeremonyMismatch,
                format!("the approval of {} is by a key of {owner}", approval.reviewer_id),
            )
            .compared(owner.to_string(), approval.reviewer_id.to_string())
            .help(format!("have {} approve with their own key", approval.reviewer_id)),
        );
        return None;
    }
    if !p.cx.registry.is_human(owner) {
        findings.push(
            Finding::new(Code::NotAHuman, format!("{owner} is no human, and approves nothing"))
                .compared("a key of a bot or forge", "a person's key")
                .help("have a person approve"),
        );
        return None;
    }
    if needs.distrusted.contains(&good.signer.fingerprint)
        || needs.distrusted.contains(&good.signer.primary)
    {
        findings.push(
            Finding::new(
                Code::KeyCompromised,
                format!("{owner} approves with a key that this ceremony retires as compromised"),
            )
            .compared("a compromised key", "another key of the old registry, or nobody's for them")
            .help("take this approval out; the others decide"),
        );
        return None;
    }
    findings.extend(good.warnings.iter().cloned());
    if let Some(finding) = times(p, approval, signature) {
        findings.push(finding);
        return None;
    }
    Some(Approved { index, signer: good.signer, time: good.time })
}

/// A witness need not be in the registry, but has signed with the key that they name.
fn witness(
    p: &Proposal<'_>,
    approval: &Approval,
    signature: &VerifiedSignature,
) -> Option<Finding> {
    let known = |keys: &[crate::model::KeyEntry]| {
        keys.iter().any(|key| {
            key.reviewer == approval.reviewer_id
                && key.fingerprint.is_some_and(|listed| {
                    listed == signature.key || signature.primaries.contains(&listed)
                })
        })
    };
    if !known(&p.cx.registry.keys) && !known(&p.new.keys) {
        return Some(
            Finding::new(
                Code::CeremonyMismatch,
                format!(
                    "the witness {} signed with a key that is not theirs",
                    approval.reviewer_id
                ),
            )
            .compared(signature.key.to_string(), "a key that a registry lists for them")
            .help("name people without a key in `witnesses`, in words"),
        );
    }
    times(p, approval, signature)
}

/// The dates of an approval fit together and do not lie behind the commit.
fn times(p: &Proposal<'_>, approval: &Approval, signature: &VerifiedSignature) -> Option<Finding> {
    let skew = p.cx.registry.policy.max_skew;
    let stated = approval.timestamp;
    let signed = signature.created.unwrap_or(stated);
    let (observed, required) = if clock::apart(signed, stated, skew) {
        (format!("signed {signed}, stated {stated}"), format!("at most {skew} apart"))
    } else if p.committed.plus(skew) < stated.max(signed) {
        (
            format!("approved {}, committed {}", stated.max(signed), p.committed),
            format!("at most {skew} after the commit"),
        )
    } else if let Some(lapsed) = signature.expires.filter(|expires| *expires <= p.committed) {
        (format!("lapsed {lapsed}"), format!("a signature valid at {}", p.committed))
    } else {
        return None;
    };
    Some(
        Finding::new(
            Code::CeremonyMismatch,
            format!("the dates of the approval of {} do not fit", approval.reviewer_id),
        )
        .compared(observed, required)
        .signature_time(Some(signed))
        .at_some(p.cx.policy_place("clock.max_skew", "allowed here"))
        .help("have it approved again, on a machine whose clock is right"),
    )
}
