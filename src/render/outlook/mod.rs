//! What people look up about authority over time: how things stand, and what rests on a key.

mod blast;
mod commands;
mod status;

pub(super) use self::commands::commands;

use super::json::{blast_v1, status_v1};
use super::{Style, escape, json};
use crate::check::{BlastRadius, Status};
use crate::finding::Finding;
use crate::ledger::DomainNow;
use crate::model::{KeyAlgorithm, ReviewerId, Time};

/// How things stand, for people; with `crypto`, also how strong the keys are.
#[must_use]
pub fn status(status: &Status, crypto: bool) -> Vec<u8> {
    self::status::render(status, crypto).into_bytes()
}

/// How things stand, as `gatecheck-status/1`.
#[must_use]
pub fn status_json(status: &Status, style: &Style) -> Vec<u8> {
    json::to_pretty(&status_v1::Status::new(status, &style.tool_version))
}

/// What rests on a key, for people.
#[must_use]
pub fn blast_radius(radius: &BlastRadius) -> Vec<u8> {
    blast::render(radius).into_bytes()
}

/// What rests on a key, as `gatecheck-blast-radius/1`.
#[must_use]
pub fn blast_radius_json(radius: &BlastRadius, style: &Style) -> Vec<u8> {
    json::to_pretty(&blast_v1::BlastRadius::new(radius, &style.tool_version))
}

/// What nobody should rely on for now, as `gatecheck-revocations/1`.
#[must_use]
pub fn revocations_json(radius: &BlastRadius) -> Vec<u8> {
    json::to_pretty(&blast_v1::Revocations::new(radius))
}

/// Whole days from one time to a later one; 0 where it is not later.
pub(super) fn days_since(then: Time, now: Time) -> u64 {
    if now < then { 0 } else { then.distance(now) / 86_400 }
}

/// `in 5 days`, `today`, `5 days ago`.
fn when(at: Time, now: Time) -> String {
    let days = at.distance(now) / 86_400;
    let unit = if days == 1 { "day" } else { "days" };
    match days {
        0 if at <= now => "within the last day".to_owned(),
        0 => "within a day".to_owned(),
        n if at <= now => format!("{n} {unit} ago"),
        n => format!("in {n} {unit}"),
    }
}

/// How strong a key is, in words: symmetric bits as NIST SP 800-57 part 1 compares them.
pub(super) const fn strength(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::Rsa(0..2048) | KeyAlgorithm::Dsa(0..2048) => {
            "broken: less than 112 bits; not against quantum computers"
        }
        KeyAlgorithm::Rsa(2048..3072) | KeyAlgorithm::Dsa(_) => {
            "fading: about 112 bits; not against quantum computers"
        }
        KeyAlgorithm::Rsa(_)
        | KeyAlgorithm::Ed25519
        | KeyAlgorithm::SkEd25519
        | KeyAlgorithm::SkEcdsaP256
        | KeyAlgorithm::Ecdsa(256) => "strong: about 128 bits; not against quantum computers",
        KeyAlgorithm::Ecdsa(384) => "strong: about 192 bits; not against quantum computers",
        KeyAlgorithm::Ed448 | KeyAlgorithm::Ecdsa(521) => {
            "strong: more than 192 bits; not against quantum computers"
        }
        KeyAlgorithm::MlDsa65Ed25519 | KeyAlgorithm::MlDsa87Ed448 | KeyAlgorithm::SlhDsa(_) => {
            "strong, against quantum computers as well"
        }
        KeyAlgorithm::ElGamal | KeyAlgorithm::Ecdsa(_) | KeyAlgorithm::Other(_) => "not known",
    }
}

/// `ada, grace`; `nobody`.
fn names(people: &[ReviewerId]) -> String {
    let names: Vec<&str> = people.iter().map(ReviewerId::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// `ada, grace (beside somebody who counts alone)`
fn able(domain: &DomainNow) -> String {
    let alone: Vec<ReviewerId> =
        domain.able.iter().filter(|who| !domain.with_help.contains(who)).cloned().collect();
    if domain.with_help.is_empty() {
        return names(&alone);
    }
    format!("{}; with their help: {}", names(&alone), names(&domain.with_help))
}

/// Why the answer may be otherwise in truth.
fn open(findings: &[Finding]) -> String {
    let mut text = String::new();
    if !findings.is_empty() {
        text.push_str("\nthis may be otherwise in truth\n");
    }
    for finding in findings {
        let (message, help) = (escape::line(&finding.message), escape::line(&finding.help));
        text.push_str(&format!(
            "  {}[{}]: {message}\n    help: {help}\n",
            finding.severity.name(),
            finding.code
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_from_now() {
        let at = |seconds| Time::from_unix_clamped(seconds);
        let now = at(1_000_000);
        assert_eq!(when(at(1_000_000 + 86_400), now), "in 1 day");
        assert_eq!(when(at(1_000_000 - 3 * 86_400), now), "3 days ago");
        assert_eq!(when(at(1_000_001), now), "within a day");
        assert_eq!(when(now, now), "within the last day");
        assert_eq!((days_since(at(0), now), days_since(now, at(0))), (11, 0));
    }

    #[test]
    fn only_post_quantum_keys_are_called_so() {
        use crate::model::crypto::SlhDsaSet;
        let all = [
            KeyAlgorithm::Rsa(1024),
            KeyAlgorithm::Rsa(2048),
            KeyAlgorithm::Rsa(4096),
            KeyAlgorithm::Dsa(3072),
            KeyAlgorithm::Ecdsa(256),
            KeyAlgorithm::Ecdsa(384),
            KeyAlgorithm::Ecdsa(521),
            KeyAlgorithm::Ed25519,
            KeyAlgorithm::Ed448,
            KeyAlgorithm::SkEd25519,
            KeyAlgorithm::SkEcdsaP256,
            KeyAlgorithm::MlDsa65Ed25519,
            KeyAlgorithm::MlDsa87Ed448,
            KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128s),
        ];
        for algorithm in all {
            let words = strength(algorithm);
            assert_eq!(words.contains("not against"), !algorithm.is_post_quantum(), "{algorithm}");
        }
        assert!(strength(KeyAlgorithm::Rsa(1024)).starts_with("broken"));
        assert!(strength(KeyAlgorithm::Rsa(2048)).starts_with("fading"));
        assert!(strength(KeyAlgorithm::Rsa(3072)).starts_with("strong"));
    }
}
