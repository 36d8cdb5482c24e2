//! Rule: a gate is signed by an active human key of the registry in force; so is every other
//! commit, where policy or the verifier asks for that.

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::registry::ReviewerKind;
use crate::model::{KeyHint, SignatureFact, Time};

use super::Context;
use super::authority::{Authorised, EntryIndex, authorise};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::Unsigned,
        what: "The commit carries no signature in its header.",
        why: "Names and dates of a commit are free text. Without a signature anybody who can push could have made it. Text in the message that looks like a signature is none.",
        fix: "Make the commit again with `git commit -S`, signed by a reviewer.",
    },
    CodeDoc {
        code: Code::BadSignature,
        what: "The signature does not verify over the bytes of this commit.",
        why: "Either the commit or the signature was changed after signing.",
        fix: "Find out who changed it; then a reviewer makes and signs the commit anew.",
    },
    CodeDoc {
        code: Code::MalformedObject,
        what: "The object is not a commit as git writes them: a header comes twice, a NUL stands in the message, or an identity or date cannot be read.",
        why: "Two programs can read a malformed object in two ways, so a signature over it proves different things to different people.",
        fix: "Make the commit again with git; do not rewrite its raw bytes.",
    },
    CodeDoc {
        code: Code::MalformedSignature,
        what: "What stands in the place of the signature cannot be read as one.",
        why: "Truncated, padded or wrapped signatures are read differently by different programs.",
        fix: "Sign again; `git cat-file commit COMMIT` shows what is there.",
    },
    CodeDoc {
        code: Code::MultipleSignatures,
        what: "There is more than one signature where exactly one may stand.",
        why: "One program could check the first and another the second, so that a bad signature hides behind a good one.",
        fix: "Make the commit again with exactly one signature.",
    },
    CodeDoc {
        code: Code::UnsignedHeader,
        what: "The commit carries a header whose name begins with `gpgsig` and that nobody knows.",
        why: "git leaves such headers out of what is signed, so they change the commit's id without breaking the signature: the same signature would vouch for two commits.",
        fix: "Make the commit again without the header.",
    },
    CodeDoc {
        code: Code::SignatureType,
        what: "The OpenPGP signature is not of type binary (0x00).",
        why: "A text signature covers different bytes with different line ends: one signature, several commits.",
        fix: "Sign with git's own `gpg` call, without `--textmode`.",
    },
    CodeDoc {
        code: Code::UnsupportedSignature,
        what: "The signature is of a kind or algorithm that cannot be judged: X.509, gitsign, or an algorithm that this build lacks.",
        why: "What cannot be verified vouches for nothing.",
        fix: "Sign with OpenPGP or SSH; for a missing algorithm use a build with another OpenPGP backend.",
    },
    CodeDoc {
        code: Code::SignatureExpired,
        what: "By its own expiration date the signature had lapsed before the commit was made.",
        why: "The signer limited how long the signature stands.",
        fix: "Sign again, without an expiration (`--no-ask-sig-expire`).",
    },
    CodeDoc {
        code: Code::SshNamespace,
        what: "The SSH signature was made for another purpose than the one it is used for.",
        why: "The namespace keeps a signature over a file or a login from being passed off as one over a commit.",
        fix: "Sign commits with `git commit -S` (namespace `git`), statements with `ssh-keygen -Y sign -n gatecheck`.",
    },
    CodeDoc {
        code: Code::SshAlgorithm,
        what: "The SSH signature uses an algorithm that is not accepted.",
        why: "Accepted are Ed25519, ECDSA P-256, P-384 and P-521, RSA of 2048 bits or more with SHA-2, and security keys.",
        fix: "Sign with an accepted key, for example `ssh-keygen -t ed25519`.",
    },
    CodeDoc {
        code: Code::SshNoPresence,
        what: "The security key signed without anybody touching it.",
        why: "The touch is what tells a person from a program that has the key at hand.",
        fix: "Sign again with a key that was made without `no-touch-required`.",
    },
    CodeDoc {
        code: Code::ForgeSignature,
        what: "The commit is signed by a forge's key where policy asks for a person.",
        why: "A hosting service signs whatever its users click; it cannot vouch for the content.",
        fix: "A reviewer signs the commit, or policy sets `commit_signature = \"forge\"` (gates) or `accept_forge = true` (ordinary commits).",
    },
    CodeDoc {
        code: Code::NotAHuman,
        what: "The signature is by a key of a bot.",
        why: "Only people vouch for content.",
        fix: "A human reviewer signs.",
    },
];

/// Which keys will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepts {
    /// A forge's key.
    pub forge: bool,
    /// A bot's key.
    pub bot: bool,
}

/// Judges the fact about a commit's signature. `committer_time` is when the commit says it was
/// made.
pub fn check(
    cx: &Context<'_>,
    index: &EntryIndex,
    fact: &SignatureFact,
    committer_time: Time,
    accepts: Accepts,
) -> Result<Authorised, Box<Finding>> {
    let verified = match fact {
        SignatureFact::Verified(verified) => verified,
        SignatureFact::Absent => return Err(Box::new(unsigned())),
        SignatureFact::Refused { code, observed, required, hints, .. } => {
            return Err(Box::new(refused(cx, *code, observed, required, hints)));
        }
    };
    let good = authorise(cx, index, verified, committer_time).map_err(|no| no.finding)?;
    if let Some(expires) = verified.expires.filter(|expires| *expires <= committer_time) {
        return Err(Box::new(
            Finding::new(
                Code::SignatureExpired,
                "the signature had lapsed before the commit was made",
            )
            .compared(format!("lapsed {expires}"), format!("a signature valid at {committer_time}"))
            .fingerprint(verified.key)
            .reviewer(&good.signer.reviewer_id)
            .signature_time(Some(good.time))
            .help("sign again, without an expiration date"),
        ));
    }
    kind(cx, &good, accepts).map_or(Ok(good), Err)
}

fn kind(cx: &Context<'_>, good: &Authorised, accepts: Accepts) -> Option<Box<Finding>> {
    let reviewer = cx.registry.reviewers.get(&good.signer.reviewer_id);
    let kind = reviewer.map_or(ReviewerKind::Bot, |r| r.kind);
    let (code, message) = match kind {
        ReviewerKind::Human => return None,
        ReviewerKind::Forge if accepts.forge => return None,
        ReviewerKind::Bot if accepts.bot => return None,
        ReviewerKind::Forge => (Code::ForgeSignature, "the commit is signed by a forge's key"),
        ReviewerKind::Bot => (Code::NotAHuman, "the commit is signed by a bot's key"),
    };
    Some(Box::new(
        Finding::new(code, message)
            .compared(kind.name(), "an active key of a human reviewer")
            .fingerprint(good.signer.fingerprint)
            .reviewer(&good.signer.reviewer_id)
            .signature_time(Some(good.time))
            .at_some(reviewer.map(|r| cx.registry_place(r.spot, "its kind stands here")))
            .at_some(cx.policy_place("gates.commit_signature", "this policy decided"))
            .help("a human reviewer signs the commit"),
    ))
}

fn unsigned() -> Finding {
    Finding::new(Code::Unsigned, "the commit is not signed")
        .compared("no signature header", "a signature by a reviewer's active key")
        .help("make the commit again with `git commit -S`, signed by a reviewer")
}

fn refused(
    cx: &Context<'_>,
    code: Code,
    observed: &str,
    required: &str,
    hints: &[KeyHint],
) -> Finding {
    let claimed = hints.iter().find_map(|hint| match hint {
        KeyHint::Fingerprint(fingerprint) => Some(*fingerprint),
        KeyHint::KeyId(_) => None,
    });
    // A key that the registry lists but whose key file does not hold it cannot be verified with.
    let listed = claimed.and_then(|key| cx.registry.entries(key).next());
    if let (Code::UnknownSigner, Some(entry)) = (code, listed) {
        return super::certificate::missing_key(cx, entry).reviewer(&entry.reviewer);
    }
    let mut finding = Finding::new(code, message(code))
        .compared(observed, required)
        .help("have a reviewer make and sign the commit anew");
    finding.fingerprint = claimed;
    finding
}

fn message(code: Code) -> &'static str {
    match code {
        Code::BadSignature => "the signature does not verify over this commit",
        Code::UnknownSigner => "the signature is by a key that no key file of the registry holds",
        Code::MultipleSignatures => "there is more than one signature",
        Code::SignatureType => "the signature is not of type binary",
        Code::UnsupportedSignature => "the signature is of a kind that cannot be judged",
        Code::SshNamespace => "the SSH signature was made for another purpose",
        Code::SshAlgorithm => "the SSH signature uses an algorithm that is not accepted",
        Code::SshNoPresence => "the security key signed without a touch",
        Code::WeakDigest => "the signature was made over a broken digest",
        _ => "what stands in the place of the signature is none",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, at};

    const PEOPLE: Accepts = Accepts { forge: false, bot: false };

    fn run(world: &World, fact: &SignatureFact, accepts: Accepts) -> Result<Authorised, Code> {
        let index = EntryIndex::new(&world.registry.keys);
        check(&world.context(), &index, fact, at("2026-02-01"), accepts).map_err(|f| f.code)
    }

    #[test]
    fn a_reviewers_signature_is_accepted() {
        let world = World::new();
        let fact = SignatureFact::Verified(world.signature("alice", "2026-02-01"));
        assert!(run(&world, &fact, PEOPLE).is_ok());
    }

    #[test]
    fn no_signature_and_bad_ones_are_refused() {
        let world = World::new();
        assert_eq!(run(&world, &SignatureFact::Absent, PEOPLE), Err(Code::Unsigned));
        for code in [Code::BadSignature, Code::UnknownSigner, Code::SshNamespace] {
            let fact = SignatureFact::Refused {
                code,
                format: crate::model::SignatureFormat::OpenPgp,
                observed: String::new(),
                required: String::new(),
                hints: vec![],
            };
            assert_eq!(run(&world, &fact, PEOPLE), Err(code));
        }
    }

    #[test]
    fn forges_and_bots_sign_only_where_policy_lets_them() {
        let mut world = World::new();
        let fact = SignatureFact::Verified(world.signature("alice", "2026-02-01"));
        for (kind, code, accepts) in [
            (ReviewerKind::Forge, Code::ForgeSignature, Accepts { forge: true, bot: false }),
            (ReviewerKind::Bot, Code::NotAHuman, Accepts { forge: false, bot: true }),
        ] {
            world.set_kind("alice", kind);
            assert_eq!(run(&world, &fact, PEOPLE), Err(code));
            assert!(run(&world, &fact, accepts).is_ok());
        }
    }

    #[test]
    fn a_lapsed_signature_is_refused() {
        let world = World::new();
        let mut signature = world.signature("alice", "2026-01-20");
        signature.expires = Some(at("2026-02-01"));
        let fact = SignatureFact::Verified(signature);
        assert_eq!(run(&world, &fact, PEOPLE), Err(Code::SignatureExpired));
    }
}
