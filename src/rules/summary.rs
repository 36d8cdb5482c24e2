//! Rule: an attestation says what the repository itself says, and a reviewer's active key signed it.

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::text::shown;
use crate::model::{Oid, SignatureFact, Signer, Time};
use crate::statement::Summary;

use super::authority::EntryIndex;
use super::commit_signature::{self, Accepts};
use super::{Context, clock};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::AttestationUnsigned,
        what: "The attestation is a bare statement that carries no signature.",
        why: "Anybody can write such a file; without a reviewer's signature nobody vouches for it.",
        fix: "Make it again with a signature: gatecheck attest --sign --output FILE.",
    },
    CodeDoc {
        code: Code::AttestationInvalid,
        what: "The file is no attestation as `gatecheck attest` writes them.",
        why: "A field that is there twice, or another spelling of the same values, is read differently by different programs.",
        fix: "Make it again: gatecheck attest --sign --output FILE.",
    },
    CodeDoc {
        code: Code::AttestationMismatch,
        what: "The attestation says something else than this repository does when it is judged from the verifier's own anchor.",
        why: "A signed statement about another history, registry or anchor proves nothing about this one.",
        fix: "Judge the repository that the attestation is about, from the anchor that both sides pin; or have it made again.",
    },
];

/// How to have it made again.
const AGAIN: &str = "have it made again: gatecheck attest --sign --output FILE";

/// A file that holds no signed attestation.
#[must_use]
pub fn not_one(why: &str) -> Finding {
    Finding::new(Code::AttestationInvalid, "the file holds no attestation that could be judged")
        .compared(shown(why), "a DSSE envelope around the statement of a verdict")
        .help(AGAIN)
}

/// A statement without an envelope.
#[must_use]
pub fn unsigned() -> Finding {
    Finding::new(Code::AttestationUnsigned, "the attestation is not signed")
        .compared("a bare statement", "a DSSE envelope signed by a reviewer's active key")
        .help(AGAIN)
}

/// Judges the fact about an attestation's signature. `said` is the time that the statement gives
/// for the verdict.
#[must_use]
pub fn signature(
    cx: &Context<'_>,
    index: &EntryIndex,
    fact: &SignatureFact,
    said: Time,
) -> (Option<Signer>, Vec<Finding>) {
    if *fact == SignatureFact::Absent {
        return (None, vec![unsigned()]);
    }
    let people = Accepts { forge: false, bot: false };
    let (signer, time, mut found) = match commit_signature::check(cx, index, fact, said, people) {
        Ok(good) => (Some(good.signer), Some(good.time), good.warnings),
        Err(refusal) => (None, None, vec![*refusal]),
    };
    found.extend(clock::check(cx, time, said));
    for finding in &mut found {
        finding.message = in_words_of_attestations(&finding.message);
        finding.help = in_words_of_attestations(&finding.help);
        if let Some(observed) = &mut finding.observed {
            *observed = in_words_of_attestations(observed);
        }
    }
    (signer, found)
}

/// The words of the rules about commits, said of an attestation.
fn in_words_of_attestations(words: &str) -> String {
    words
        .replace("a human reviewer signs the commit", "a human reviewer signs the attestation")
        .replace("have a reviewer make and sign the commit anew", AGAIN)
        .replace("the commit's ", "the attestation's ")
        .replace("the commit", "the attestation")
        .replace("this commit", "this attestation")
        .replace("committer date", "time of the verdict")
        .replace("committed ", "judged ")
        .replace("that it follows", "that it is about")
}

/// What an attestation says otherwise than the repository does.
#[must_use]
pub fn compare(said: &Summary, judged: &Summary) -> Vec<Finding> {
    let gate = |gate: Option<(u64, Oid)>| match gate {
        Some((epoch, commit)) => format!("the gate of epoch {epoch}, {commit}"),
        None => "no epoch gate".to_owned(),
    };
    let registry = |summary: &Summary| {
        let digest = hex::encode(summary.registry_sha256);
        format!("serial {}, sha256 {digest}, {}", summary.registry_serial, summary.registry_commit)
    };
    let covered = |summary: &Summary| if summary.covered { "covered" } else { "not covered" };
    // A commit may be named by its id whatever branch it is on.
    let branch = |summary: &Summary| {
        let named = if said.reference == said.tip.to_string() { said } else { summary };
        shown(&named.reference)
    };
    let pairs = [
        ("project", shown(&said.project), shown(&judged.project)),
        ("anchor", said.anchor.to_string(), judged.anchor.to_string()),
        ("judged commit", said.tip.to_string(), judged.tip.to_string()),
        ("last accepted gate", gate(said.gate), gate(judged.gate)),
        ("registry", registry(said), registry(judged)),
        ("branch", branch(said), branch(judged)),
        ("extent of the gates", covered(said).to_owned(), covered(judged).to_owned()),
    ];
    pairs
        .into_iter()
        .filter(|(_, said, judged)| said != judged)
        .map(|(what, said, judged)| {
            Finding::new(
                Code::AttestationMismatch,
                format!("the attestation names another {what} than was judged here"),
            )
            .compared(said, judged)
            .help(
                "judge the repository that it is about, from the anchor that you pin: \
                 gatecheck verify-attestation FILE --repo FOLDER --anchor COMMIT",
            )
        })
        .collect()
}

/// The resource that the verifier expects.
#[must_use]
pub fn other_resource(said: &str, expected: &str) -> Finding {
    Finding::new(Code::AttestationMismatch, "the attestation is about another resource")
        .compared(shown(said), shown(expected))
        .help("name the resource that you mean: gatecheck verify-attestation FILE --resource URI")
}

/// The repository does not pass any more, or never did.
#[must_use]
pub fn no_pass(verdict: &str, tip: Oid) -> Finding {
    Finding::new(
        Code::AttestationMismatch,
        "the attestation says pass, and the repository does not",
    )
    .commit(tip)
    .compared("pass", verdict)
    .help(format!("gatecheck verify {tip} tells why"))
}

/// The judged commit is not part of the mainline that this repository has.
#[must_use]
pub fn beside_the_mainline(tip: Oid, name: &str, mainline: Oid) -> Finding {
    Finding::new(
        Code::MainlineReplaced,
        "the attested commit is neither on the mainline nor ahead of it",
    )
    .commit(tip)
    .compared(format!("{} at {mainline}", shown(name)), format!("a mainline through {tip}"))
    .help("fetch the mainline again from a source that you trust: git fetch origin")
}

/// A key that the mainline's registry lists as compromised made the attestation. When it did nobody
/// can tell: its time is free text.
#[must_use]
pub fn compromised(signer: &Signer, said: Time) -> Finding {
    Finding::new(
        Code::KeyCompromised,
        "the attestation was signed with a key that the mainline's registry lists as compromised",
    )
    .fingerprint(signer.fingerprint)
    .reviewer(&signer.reviewer_id)
    .signature_time(Some(said))
    .compared(
        "an attestation has no place in the history, so that `trusted_until` cannot speak for it",
        "a key that is not compromised",
    )
    .help(AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, at};

    fn judge(world: &World, fact: &SignatureFact, said: &str) -> (bool, Vec<Finding>) {
        let index = EntryIndex::new(&world.registry.keys);
        let (signer, found) = signature(&world.context(), &index, fact, at(said));
        (signer.is_some(), found)
    }

    #[test]
    fn people_sign_and_strangers_and_lost_keys_do_not() {
        let mut world = World::new();
        let good = SignatureFact::Verified(world.signature("alice", "2026-02-01"));
        assert_eq!(judge(&world, &good, "2026-02-01"), (true, Vec::new()));
        let stranger = SignatureFact::Verified(world.signature("mallory", "2026-02-01"));
        let (signed, found) = judge(&world, &stranger, "2026-02-01");
        assert!(!signed && found.iter().any(|f| f.code == Code::UnknownSigner), "{found:?}");
        world.compromise("alice");
        let (signed, found) = judge(&world, &good, "2026-02-01");
        assert!(!signed && found.iter().any(|f| f.code == Code::KeyCompromised), "{found:?}");
    }

    #[test]
    fn nothing_is_said_of_commits() {
        let world = World::new();
        for fact in [
            SignatureFact::Absent,
            SignatureFact::Verified(world.signature("alice", "2026-02-01")),
            SignatureFact::Refused {
                code: Code::BadSignature,
                format: crate::model::SignatureFormat::OpenPgp,
                observed: String::new(),
                required: String::new(),
                hints: vec![],
            },
        ] {
            for finding in judge(&world, &fact, "2026-05-01").1 {
                let all = format!("{} {}", finding.message, finding.help);
                assert!(!all.contains("commit"), "{all}");
            }
        }
    }
}
