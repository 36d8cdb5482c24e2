//! Whole files: what is read, and every problem in the words that people see.

mod document;
mod hostile;
mod problems;
mod views;

use super::read;
use crate::finding::{Code, Finding, Severity};
use crate::model::crypto::{Digest, WeakThing};
use crate::model::policy::{QuorumRule, RequireSignature, UnsignedSignoffs};
use crate::model::registry::{KeyFormat, ReviewerKind, SchemaVersion};
use crate::model::step::RegistryReading;
use crate::model::{Age, DomainId, Limits, Registry, ReviewerId, Time};
use std::sync::Arc;

pub(super) const FULL: &str = include_str!("full.toml");
pub(super) const STUB: &str = include_str!("stub.toml");

pub(super) fn reading(text: &str) -> RegistryReading {
    read("keys/reviewer-registry.toml", text.as_bytes(), &Limits::default())
}

/// The registry of a text that is usable.
pub(super) fn registry(text: &str) -> Arc<Registry> {
    let reading = reading(text);
    reading.registry.unwrap_or_else(|| panic!("{}", told(&reading.problems)))
}

/// Findings as a person could see them.
pub(super) fn told(findings: &[Finding]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for f in findings {
        writeln!(text, "{}[{}]: {}", f.severity.name(), f.code, f.message).unwrap();
        for place in &f.places {
            let spot = place.spot;
            writeln!(text, "  {}:{} {} | {}", spot.line, spot.column, place.label, place.line_text)
                .unwrap();
        }
        if let (Some(seen), Some(needed)) = (&f.observed, &f.required) {
            writeln!(text, "  seen: {seen}; needed: {needed}").unwrap();
        }
        writeln!(text, "  help: {}", f.help).unwrap();
    }
    text
}

/// The full example with one text replaced by another.
pub(super) fn full_with(old: &str, new: &str) -> String {
    assert!(FULL.contains(old), "{old}");
    FULL.replacen(old, new, 1)
}

fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn reviewer(id: &str) -> ReviewerId {
    ReviewerId::new(id).unwrap()
}

#[test]
fn a_full_registry_is_read_as_written() {
    let reading = reading(FULL);
    assert_eq!(told(&reading.problems), "");
    let r = reading.registry.unwrap();
    assert_eq!((r.version, r.serial), (SchemaVersion::V1_1, 4));
    assert_eq!((r.project.as_str(), r.mainline.as_str()), ("clan-os", "refs/heads/main"));
    assert_eq!(r.reviewers[&reviewer("clancy")].emails, ["clancy@example.org"]);
    assert_eq!(r.reviewers[&reviewer("github")].kind, ReviewerKind::Forge);
    assert!(r.domains[&DomainId::new("kernel").unwrap()].lists(b"kernel/a/b.rs"));

    let [clancy, ada, github, old] = r.keys.as_slice() else { panic!() };
    assert_eq!(clancy.fingerprint.unwrap().to_string(), "3c3f1b7c5ad0e1e1e2e3e4e5e6e7e8e9eaebeced");
    assert_eq!(
        (clancy.window.from, clancy.window.until),
        (at("2026-06-11"), Some(at("2028-06-11")))
    );
    assert_eq!((ada.format, ada.public_key.as_str()), (KeyFormat::Ssh, "keys/ada.pub"));
    assert_eq!(ada.window.from, at("2026-06-11T10:00:00Z"));
    assert_eq!((github.public_key.as_str(), github.window.until), ("keys/github.asc", None));
    assert!(old.is_compromised() && !old.is_standing());
    // The retirement came before the planned end.
    assert_eq!(old.window.until, Some(at("2026-06-11")));
    assert_eq!(clancy.spot("fingerprint").line, 49);

    let p = &r.policy;
    assert_eq!(p.mainline.require_signature, RequireSignature::EveryCommit);
    assert_eq!((p.gates.first_epoch, p.gates.bind_tree, p.gates.bind_commit), (1, true, false));
    assert_eq!(p.quorum.base.rule, QuorumRule::Majority);
    assert_eq!(p.quorum.for_epoch(0).rule, QuorumRule::AtLeast(1));
    assert_eq!(p.currency.max_age, Age::Months(12));
    assert!(p.second_review[0].at_commit && !p.second_review[0].other_domain);
    assert!(p.forbidden[0].pattern.is_match("TODO "));
    assert_eq!(p.ceremony.threshold, QuorumRule::AtLeast(2));
    assert_eq!(p.max_skew, Age::Seconds(7_200));
    assert_eq!(p.spot("quorum.rule").unwrap().line, 92);
    assert_eq!(p.spot("second_review.tcb").unwrap().line, p.spot("second_review").unwrap().line);
}

#[test]
fn what_a_registry_refuses_is_added_to_the_defaults() {
    let r = registry(FULL);
    let from = |what: WeakThing| {
        r.policy.crypto.refuse.iter().find(|refusal| refusal.what == what).map(|r| r.from)
    };
    assert_eq!(from(WeakThing::Digest(Digest::Sha1)), Some(Some(at("2023-02-01"))));
    assert_eq!(from(WeakThing::Digest(Digest::Md5)), Some(None));
    assert_eq!(from(WeakThing::Ecdsa), Some(None));
    assert_eq!(from(WeakThing::RsaBelow(2048)), Some(None));
    assert_eq!(r.policy.crypto.refuse.len(), 6);
}

#[test]
fn epochs_take_from_the_base_what_they_do_not_say() {
    let text =
        full_with("epochs.\"0\" = { rule = { at_least = 1 }, per_domain = 1,", "epochs.\"0\" = {");
    let quorum = &registry(&text).policy.quorum;
    assert_eq!(quorum.for_epoch(0).rule, QuorumRule::Majority);
    assert_eq!(quorum.for_epoch(0).distinct_reviewers, 1);
    assert!(quorum.for_epoch(0).allow_multi_domain);
    assert!(!quorum.for_epoch(1).allow_multi_domain);
}

#[test]
fn what_is_absent_has_the_default_that_asks_for_more() {
    let (head, _) = FULL.split_once("[policy.mainline]").unwrap();
    let policy = &registry(head).policy;
    assert_eq!(policy.gates.unsigned_signoffs, UnsignedSignoffs::Refuse);
    assert_eq!(policy.quorum.base.rule, QuorumRule::Unanimous);
    assert_eq!(policy.quorum.base.distinct_reviewers, 2);
    assert!(policy.charter.is_none() && policy.ai_assisted.is_none());
    let bare = format!("{head}[[policy.second_review]]\nname = \"x\"\npaths = [\"**\"]\n");
    let review = &registry(&bare).policy.second_review[0];
    assert!(review.added_tokens.is_empty() && review.other_domain && review.reviewers == 2);
}

#[test]
fn the_stub_is_read_as_it_is() {
    let reading = reading(STUB);
    let r = reading.registry.as_ref().unwrap();
    assert_eq!((r.version, r.serial, r.project.as_str()), (SchemaVersion::V1_0, 0, ""));
    assert_eq!(r.mainline, "refs/heads/main");
    assert_eq!(r.policy.gates.unsigned_signoffs, UnsignedSignoffs::GateSigner);
    assert_eq!(r.policy.quorum.base.distinct_reviewers, 2);
    assert_eq!(r.keys[0].fingerprint, None);
    assert_eq!(r.keys[0].window.from, at("2026-06-11"));
    assert!(r.belongs(&reviewer("clancy"), &DomainId::new("anything").unwrap()));
    insta::assert_snapshot!(told(&reading.problems));
}

#[test]
fn a_retired_key_of_the_stub_authorises_nothing() {
    let text = STUB
        .replace("retired = false", "retired = true")
        .replace("pending-gpg-population", "1111111111111111111111111111111111111111");
    let r = registry(&text);
    let key = &r.keys[0];
    assert!(!key.is_standing() && key.fingerprint.is_some());
    assert!(key.window.is_empty() && !key.window.contains(at("2026-06-11")));
}

#[test]
fn a_key_may_retire_before_it_acts() {
    let text = full_with("retired_at = 2026-06-11", "retired_at = 2024-06-11");
    let r = registry(&text);
    let old = r.keys.last().unwrap();
    assert!(old.window.is_empty());
}

#[test]
fn disjoint_windows_of_one_key_are_fine() {
    let again = "[[retired_keys]]\nreviewer_id = \"clancy\"\n\
        fingerprint = \"3c3f1b7c5ad0e1e1e2e3e4e5e6e7e8e9eaebeced\"\neffective_from = 2024-01-01\n\
        retired_at = 2026-06-11\nreason = \"expired\"\n\n[policy.mainline]";
    let text = full_with("[policy.mainline]", again);
    assert_eq!(told(&reading(&text).problems), "");
    // One second more, and both windows hold that second.
    let text = text.replace(
        "retired_at = 2026-06-11\nreason = \"expired",
        "retired_at = 2026-06-11T00:00:01Z\nreason = \"expired",
    );
    let reading = reading(&text);
    assert!(reading.registry.is_none());
    assert_eq!(reading.problems[0].code, Code::DuplicateFingerprint);
}

#[test]
fn a_placeholder_leaves_the_entry_without_power_and_says_so() {
    let text = full_with("3C3F 1B7C 5AD0 E1E1 E2E3 E4E5 E6E7 E8E9 EAEB ECED", "pending");
    let reading = reading(&text);
    assert_eq!(reading.registry.unwrap().keys[0].fingerprint, None);
    let errors: Vec<Code> =
        reading.problems.iter().filter(|p| p.severity == Severity::Error).map(|p| p.code).collect();
    // Two people were needed for a ceremony; one is left.
    assert_eq!(errors, [Code::PlaceholderFingerprint, Code::InvalidThreshold]);
}
