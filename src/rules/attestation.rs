//! Rule: a sign-off is the statement of the reviewer's own active key, made when it says.

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::manifest::{Manifest, Signoff};
use crate::model::policy::UnsignedSignoffs;
use crate::model::{
    Fingerprint, KeyAlgorithm, KeyHint, Oid, ReviewerId, SignatureFact, Signer, Time,
};

use super::authority::{EntryIndex, authorise};
use super::{Context, clock};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::SignoffUnattested,
        what: "The sign-off carries no signature by an active key of its reviewer.",
        why: "Whoever writes the manifest can write anybody's name into it.",
        fix: "The reviewer signs: `gatecheck signoff payload` prints the bytes, and gpg or ssh-keygen signs them.",
    },
    CodeDoc {
        code: Code::SignoffForged,
        what: "The sign-off's signature is not the reviewer's at all.",
        why: "Somebody put a signature of their own, or junk, under another person's name.",
        fix: "Ask the reviewer named whether they signed; then have them sign the statement.",
    },
    CodeDoc {
        code: Code::SignoffReplayed,
        what: "The signature names the reviewer's key but does not cover this statement.",
        why: "It was probably made for another epoch, domain, project, branch, subject or predecessor, and moved here, or a field was changed after signing.",
        fix: "Have the reviewer sign the statement as it stands here; `gatecheck signoff payload` prints it.",
    },
    CodeDoc {
        code: Code::SignoffTime,
        what: "The sign-off's date, its signature's date and the gate's date do not fit together.",
        why: "A sign-off made long before its stated date, or after the gate, is not the review that the gate rests on.",
        fix: "Have the reviewer sign again with the right time.",
    },
];

/// A sign-off as far as its signature goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attested {
    /// The reviewer's own active key signed this statement.
    pub attested: bool,
    /// The key that verified the signature, whoever's it is.
    pub fingerprint: Option<Fingerprint>,
    /// Its primary.
    pub primary: Option<Fingerprint>,
    /// That key's algorithm.
    pub algorithm: Option<KeyAlgorithm>,
    /// Refusals and warnings.
    pub findings: Vec<Finding>,
}

/// The commit around a sign-off.
#[derive(Clone, Copy, Debug)]
pub struct Carrier<'a> {
    /// The commit that carries the manifest.
    pub commit: Oid,
    /// Its committer date.
    pub committed: Time,
    /// Who signed it, where an active human key did.
    pub signer: Option<&'a Signer>,
    /// The epoch, for findings.
    pub epoch: Option<u64>,
}

/// Judges the fact about one sign-off's signature.
#[must_use]
pub fn check(
    cx: &Context<'_>,
    index: &EntryIndex,
    manifest: &Manifest,
    signoff: &Signoff,
    fact: Option<&SignatureFact>,
    carrier: Carrier<'_>,
) -> Attested {
    let mut result = judge(cx, index, signoff, fact, carrier);
    for finding in &mut result.findings {
        finding.reviewer_id = Some(signoff.reviewer_id.clone());
        finding.domain = Some(signoff.domain.clone());
        let field = if finding.code == Code::SignoffTime { "timestamp" } else { "signature" };
        finding.places.insert(
            0,
            Place::new(
                &manifest.source,
                Some(carrier.commit),
                signoff.spot(field),
                "this sign-off",
            ),
        );
    }
    result
}

fn judge(
    cx: &Context<'_>,
    index: &EntryIndex,
    signoff: &Signoff,
    fact: Option<&SignatureFact>,
    carrier: Carrier<'_>,
) -> Attested {
    if signoff.signature.is_empty() {
        return unsigned(cx, signoff, carrier);
    }
    let verified = match fact {
        Some(SignatureFact::Verified(verified)) => verified,
        Some(SignatureFact::Refused { code, observed, hints, .. }) => {
            return refused(vec![not_verifying(cx, signoff, *code, observed, hints)]);
        }
        Some(SignatureFact::Absent) | None => {
            let why = "the signature could not be checked";
            return refused(vec![unattested(signoff, why.to_owned())]);
        }
    };
    let known = |findings| Attested {
        attested: false,
        fingerprint: Some(verified.key),
        primary: verified.primaries.first().copied(),
        algorithm: Some(verified.algorithm),
        findings,
    };
    let good = match authorise(cx, index, verified, signoff.timestamp) {
        Ok(good) if good.signer.reviewer_id == signoff.reviewer_id => good,
        Ok(good) => {
            return known(vec![foreign(signoff, verified.key, Some(&good.signer.reviewer_id))]);
        }
        Err(no) if no.owner.as_ref() == Some(&signoff.reviewer_id) => {
            let why = format!("{}: {}", no.finding.code, no.finding.message);
            let mut finding = unattested(signoff, why);
            finding.places.extend(no.finding.places);
            finding.observed = no.finding.observed;
            finding.required = no.finding.required;
            if no.finding.severity == crate::finding::Severity::Undecided {
                finding.severity = crate::finding::Severity::Undecided;
            }
            return known(vec![finding.fingerprint(verified.key).signature_time(verified.created)]);
        }
        Err(no) => return known(vec![foreign(signoff, verified.key, no.owner.as_ref())]),
    };
    let mut result = Attested {
        attested: true,
        fingerprint: Some(good.signer.fingerprint),
        primary: Some(good.signer.primary),
        algorithm: Some(verified.algorithm),
        findings: good.warnings,
    };
    if let Some(finding) = times(cx, signoff, good.time, verified.expires, carrier) {
        result.attested = false;
        result.findings.push(finding.fingerprint(verified.key));
    }
    if good.time.max(signoff.timestamp) > cx.now {
        result.findings.push(clock::future(good.time.max(signoff.timestamp), cx.now));
    }
    result
}

fn refused(findings: Vec<Finding>) -> Attested {
    Attested { findings, ..Attested::default() }
}

fn unattested(signoff: &Signoff, why: String) -> Finding {
    Finding::new(
        Code::SignoffUnattested,
        format!(
            "the sign-off of {} for {} is not attested: {why}",
            signoff.reviewer_id, signoff.domain
        ),
    )
    .help(format!(
        "{} signs the statement with an active key; `gatecheck signoff payload` prints it",
        signoff.reviewer_id
    ))
}

fn unsigned(cx: &Context<'_>, signoff: &Signoff, carrier: Carrier<'_>) -> Attested {
    let gate_signer = cx.registry.policy.gates.unsigned_signoffs == UnsignedSignoffs::GateSigner;
    match carrier.signer {
        Some(signer) if gate_signer && signer.reviewer_id == signoff.reviewer_id => {
            let late = times(cx, signoff, signoff.timestamp, None, carrier);
            let attested = late.is_none();
            let ahead = Some(signoff.timestamp).filter(|stated| *stated > cx.now);
            let ahead = ahead.map(|stated| clock::future(stated, cx.now));
            Attested {
                attested,
                fingerprint: Some(signer.fingerprint),
                primary: Some(signer.primary),
                algorithm: None,
                findings: late.into_iter().chain(ahead).collect(),
            }
        }
        _ => {
            let required = if gate_signer {
                "a signature, or a gate commit signed by this reviewer"
            } else {
                "the reviewer's signature over the statement"
            };
            let finding = unattested(signoff, "it carries no signature".to_owned())
                .compared("no signature", required)
                .at_some(cx.policy_place("gates.unsigned_signoffs", "this policy decided"));
            refused(vec![finding])
        }
    }
}

/// The hint chooses the name of the refusal, nothing else.
fn not_verifying(
    cx: &Context<'_>,
    signoff: &Signoff,
    code: Code,
    observed: &str,
    hints: &[KeyHint],
) -> Finding {
    let theirs = cx.registry.keys.iter().filter(|key| key.reviewer == signoff.reviewer_id);
    let mut fingerprints = theirs.flat_map(|key| {
        let certificate = key
            .fingerprint
            .and_then(|fpr| cx.keyring.certificate_for(&key.public_key, Some(fpr), fpr))
            .map(|c| c.keys.iter().map(|k| k.fingerprint).collect::<Vec<_>>())
            .unwrap_or_default();
        key.fingerprint.into_iter().chain(certificate)
    });
    let named = fingerprints.find(|fpr| hints.iter().any(|hint| hint.matches(*fpr)));
    let (name, message) = if named.is_some() {
        (
            Code::SignoffReplayed,
            "names this reviewer's key but does not cover this statement: it was made for something else, or a field was changed afterwards",
        )
    } else {
        (Code::SignoffForged, "is not by a key of this reviewer")
    };
    let mut finding = Finding::new(
        name,
        format!(
            "the signature under the sign-off of {} for {} {message}",
            signoff.reviewer_id, signoff.domain
        ),
    )
    .compared(format!("{code}: {observed}"), "the reviewer's signature over this statement")
    .help(format!(
        "{} signs the statement as it stands; `gatecheck signoff payload` prints it",
        signoff.reviewer_id
    ));
    finding.fingerprint = named.or_else(|| {
        hints.iter().find_map(|hint| match hint {
            KeyHint::Fingerprint(fingerprint) => Some(*fingerprint),
            KeyHint::KeyId(_) => None,
        })
    });
    finding
}

fn foreign(signoff: &Signoff, key: Fingerprint, owner: Option<&ReviewerId>) -> Finding {
    let observed = match owner {
        Some(owner) => format!("a key of {owner}"),
        None => "a key that the registry does not list".to_owned(),
    };
    Finding::new(
        Code::SignoffForged,
        format!(
            "the sign-off of {} for {} is signed by somebody else",
            signoff.reviewer_id, signoff.domain
        ),
    )
    .compared(observed, format!("a key of {}", signoff.reviewer_id))
    .fingerprint(key)
    .help(format!(
        "ask {} whether they signed; then have them sign the statement",
        signoff.reviewer_id
    ))
}

fn times(
    cx: &Context<'_>,
    signoff: &Signoff,
    signed: Time,
    expires: Option<Time>,
    carrier: Carrier<'_>,
) -> Option<Finding> {
    let skew = cx.registry.policy.max_skew;
    if let Some(expires) = expires.filter(|expires| *expires <= carrier.committed) {
        return Some(
            unattested(signoff, "its signature had lapsed before the gate was made".to_owned())
                .compared(
                    format!("lapsed {expires}"),
                    format!("a signature valid at {}", carrier.committed),
                )
                .signature_time(Some(signed)),
        );
    }
    let latest = carrier.committed.plus(skew);
    let (observed, required) = if clock::apart(signed, signoff.timestamp, skew) {
        (
            format!("timestamp {}, signed {signed}", signoff.timestamp),
            format!("at most {skew} apart"),
        )
    } else if signed.max(signoff.timestamp) > latest {
        (
            format!("timestamp {}, signed {signed}", signoff.timestamp),
            format!("not more than {skew} after the gate's committer date {}", carrier.committed),
        )
    } else {
        return None;
    };
    Some(
        Finding::new(
            Code::SignoffTime,
            format!(
                "the dates around the sign-off of {} for {} do not fit",
                signoff.reviewer_id, signoff.domain
            ),
        )
        .compared(observed, required)
        .signature_time(Some(signed))
        .committer_time(Some(carrier.committed))
        .at_some(cx.policy_place("clock.max_skew", "allowed here"))
        .help(format!("{} signs again with the right time", signoff.reviewer_id)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SignatureFormat;
    use crate::rules::testing::{World, at, id, manifest, signoff};

    fn run(
        world: &World,
        signature: &str,
        fact: Option<&SignatureFact>,
        by: Option<&Signer>,
    ) -> Attested {
        let index = EntryIndex::new(&world.registry.keys);
        let mut signoff = signoff("alice", "kernel");
        signoff.signature = signature.to_owned();
        let carrier = Carrier {
            commit: id(9),
            committed: at("2026-02-01T12:00:00Z"),
            signer: by,
            epoch: Some(0),
        };
        check(&world.context(), &index, &manifest(0), &signoff, fact, carrier)
    }

    fn code(attested: &Attested) -> Code {
        assert!(!attested.attested);
        attested.findings[0].code
    }

    fn failing(hint: Fingerprint) -> SignatureFact {
        SignatureFact::Refused {
            code: Code::BadSignature,
            format: SignatureFormat::OpenPgp,
            observed: "x".into(),
            required: "y".into(),
            hints: vec![KeyHint::Fingerprint(hint)],
        }
    }

    #[test]
    fn the_reviewers_own_signature_attests() {
        let world = World::new();
        let fact = SignatureFact::Verified(world.signature("alice", "2026-02-01"));
        let good = run(&world, "sig", Some(&fact), None);
        assert!(good.attested && good.findings.is_empty(), "{good:?}");
    }

    #[test]
    fn other_peoples_junk_and_moved_signatures_have_their_names() {
        let world = World::new();
        let bob = SignatureFact::Verified(world.signature("bob", "2026-02-01"));
        assert_eq!(code(&run(&world, "sig", Some(&bob), None)), Code::SignoffForged);
        let mallory = SignatureFact::Verified(world.signature("mallory", "2026-02-01"));
        assert_eq!(code(&run(&world, "sig", Some(&mallory), None)), Code::SignoffForged);
        let alice = world.key("alice").fingerprint.unwrap();
        assert_eq!(code(&run(&world, "sig", Some(&failing(alice)), None)), Code::SignoffReplayed);
        let bob = world.key("bob").fingerprint.unwrap();
        assert_eq!(code(&run(&world, "sig", Some(&failing(bob)), None)), Code::SignoffForged);
        assert_eq!(code(&run(&world, "sig", None, None)), Code::SignoffUnattested);
    }

    #[test]
    fn an_unsigned_signoff_counts_for_the_gates_signer_only_and_only_where_policy_says_so() {
        let mut world = World::new();
        let signer = |who: &str| Signer {
            reviewer_id: ReviewerId::new(who).unwrap(),
            fingerprint: world.key(who).fingerprint.unwrap(),
            primary: world.key(who).fingerprint.unwrap(),
        };
        let (alice, bob) = (signer("alice"), signer("bob"));
        assert_eq!(code(&run(&world, "", None, Some(&alice))), Code::SignoffUnattested);
        world.registry.policy.gates.unsigned_signoffs = UnsignedSignoffs::GateSigner;
        assert!(run(&world, "", None, Some(&alice)).attested);
        assert_eq!(code(&run(&world, "", None, Some(&bob))), Code::SignoffUnattested);
        assert_eq!(code(&run(&world, "", None, None)), Code::SignoffUnattested);
    }

    #[test]
    fn inactive_keys_and_wrong_times_do_not_attest() {
        let mut world = World::new();
        let late = SignatureFact::Verified(world.signature("alice", "2026-02-02T00:00:01Z"));
        assert_eq!(code(&run(&world, "sig", Some(&late), None)), Code::SignoffTime);
        world.compromise("alice");
        let fact = SignatureFact::Verified(world.signature("alice", "2026-02-01"));
        let refused = run(&world, "sig", Some(&fact), None);
        assert_eq!(code(&refused), Code::SignoffUnattested);
        assert!(refused.findings[0].message.contains("key-compromised"));
    }
}
