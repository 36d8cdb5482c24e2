//! Rule: digests and keys are as strong as `[policy.crypto]` asks, at the time of the signature
//! and at the time of the gate before it.

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::policy::Refusal;
use crate::model::{Digest, KeyAlgorithm, Time};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::WeakDigest,
        what: "The signature was made over a digest that policy refuses at its date.",
        why: "With a broken digest, a signature over one text is a signature over another that an attacker prepared.",
        fix: "Sign again with SHA-256 or better: `gpg --digest-algo SHA512`, or for git `git config gpg.program` with a gpg that uses it by default.",
    },
    CodeDoc {
        code: Code::WeakKey,
        what: "The signing key is of an algorithm or size that policy refuses at the signature's date, or it is not post-quantum at an epoch from which policy asks for that.",
        why: "Whoever can compute the private key from the public one can sign as its owner.",
        fix: "Rotate to a stronger key in a ceremony and sign again with it.",
    },
];

/// The refusal of `[policy.crypto]` that applies to `what` at a signature's time.
fn refusal<'a>(
    cx: &Context<'a>,
    signed: Time,
    matches: impl Fn(&Refusal) -> bool,
) -> Option<&'a Refusal> {
    let latest = cx.previous_time.filter(|_| !cx.pinned).map_or(signed, |gate| gate.max(signed));
    let refusals = &cx.registry.policy.crypto.refuse;
    refusals.iter().find(|r| matches(r) && r.from.is_none_or(|from| from <= latest))
}

fn since(refusal: &Refusal) -> String {
    match refusal.from {
        Some(from) => format!("`{}` is refused from {from} on", refusal.what),
        None => format!("`{}` is always refused", refusal.what),
    }
}

/// Whether policy refuses this digest at this time: the words why.
#[must_use]
pub fn refused_digest(cx: &Context<'_>, digest: Digest, signed: Time) -> Option<String> {
    refusal(cx, signed, |r| r.what.is_digest(digest)).map(since)
}

/// Checks the digest of a signature.
#[must_use]
pub fn check_digest(cx: &Context<'_>, digest: Digest, signed: Time) -> Option<Finding> {
    let why = refused_digest(cx, digest, signed)?;
    Some(
        Finding::new(Code::WeakDigest, format!("the signature was made over {digest}"))
            .compared(digest.to_string(), why)
            .at_some(cx.policy_place("crypto.refuse", "refused by this policy"))
            .help("sign again with SHA-256 or SHA-512"),
    )
}

/// Checks the algorithm and size of a signing key.
#[must_use]
pub fn check_key(cx: &Context<'_>, key: KeyAlgorithm, signed: Time) -> Option<Finding> {
    let refused = refusal(cx, signed, |r| r.what.is_key(key))?;
    Some(
        Finding::new(Code::WeakKey, format!("the signing key is {key}"))
            .compared(key.to_string(), since(refused))
            .at_some(cx.policy_place("crypto.refuse", "refused by this policy"))
            .help("rotate to a stronger key and sign again with it"),
    )
}

/// Checks that keys are post-quantum from the epoch that policy names.
#[must_use]
pub fn check_post_quantum(cx: &Context<'_>, key: KeyAlgorithm, epoch: u64) -> Option<Finding> {
    let from = cx.registry.policy.crypto.post_quantum_from_epoch?;
    if epoch < from || key.is_post_quantum() {
        return None;
    }
    Some(
        Finding::new(Code::WeakKey, format!("{key} is no post-quantum key, at epoch {epoch}"))
            .compared(key.to_string(), format!("a post-quantum key from epoch {from} on"))
            .at_some(cx.policy_place("crypto.post_quantum_from_epoch", "asked for here"))
            .help("rotate to an ML-DSA or SLH-DSA key and sign again with it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WeakThing;
    use crate::rules::testing::{World, at};

    #[test]
    fn defaults_refuse_what_is_broken() {
        let world = World::new();
        let cx = world.context();
        assert!(check_digest(&cx, Digest::Sha256, at("2026-02-01")).is_none());
        assert_eq!(
            check_digest(&cx, Digest::Sha1, at("2010-02-01")).unwrap().code,
            Code::WeakDigest
        );
        assert!(check_key(&cx, KeyAlgorithm::Rsa(2048), at("2026-02-01")).is_none());
        assert_eq!(
            check_key(&cx, KeyAlgorithm::Rsa(1024), at("2026-02-01")).unwrap().code,
            Code::WeakKey
        );
    }

    #[test]
    fn a_cut_off_cannot_be_dated_back_past_a_gate() {
        let mut world = World::new();
        let cut = at("2026-06-01");
        world.registry.policy.crypto.refuse =
            vec![Refusal { what: WeakThing::Digest(Digest::Sha1), from: Some(cut) }];
        let mut cx = world.context();
        assert!(check_digest(&cx, Digest::Sha1, at("2026-05-31")).is_none());
        assert!(check_digest(&cx, Digest::Sha1, cut).is_some());
        cx.previous_time = Some(cut);
        assert!(check_digest(&cx, Digest::Sha1, at("2026-05-31")).is_some());
    }

    #[test]
    fn post_quantum_starts_at_its_epoch() {
        let mut world = World::new();
        world.registry.policy.crypto.post_quantum_from_epoch = Some(5);
        let cx = world.context();
        assert!(check_post_quantum(&cx, KeyAlgorithm::Ed25519, 4).is_none());
        assert!(check_post_quantum(&cx, KeyAlgorithm::Ed25519, 5).is_some());
        assert!(check_post_quantum(&cx, KeyAlgorithm::MlDsa65Ed25519, 5).is_none());
    }
}
