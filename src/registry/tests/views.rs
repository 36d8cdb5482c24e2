//! What people are shown of a registry: what changed, lanes of keys, what to know today.

use super::super::{Change, diff, lint, timeline};
use super::{FULL, STUB, at, full_with, reading, registry, told};
use crate::finding::Code;

fn lines(old: &str, new: &str) -> String {
    let changes = diff(&registry(old), &registry(new));
    changes.iter().map(|change| format!("{change}\n")).collect()
}

#[test]
fn the_same_registry_has_no_differences_however_it_is_written() {
    assert_eq!(lines(FULL, FULL), "");
    assert_eq!(lines(FULL, &super::super::fmt(FULL).unwrap()), "");
    assert_eq!(lines(STUB, STUB), "");
    // A default that is written out changes nothing.
    let text = full_with("max_epochs = 3\n", "");
    assert_eq!(lines(&text, &full_with("max_epochs = 3", "max_epochs = 2")), "");
}

#[test]
fn a_rotation_is_told_in_words() {
    let new = FULL
        .replace("serial = 4", "serial = 5")
        .replace("[[keys]]\nreviewer_id = \"clancy\"", "[[retired_keys]]\nretired_at = 2027-01-01\nreason = \"rotated\"\nreviewer_id = \"clancy\"")
        .replace("[[keys]]\nreviewer_id = \"ada\"", "[[keys]]\nreviewer_id = \"clancy\"\nfingerprint = \"4444444444444444444444444444444444444444\"\npublic_key = \"keys/clancy-2027.asc\"\neffective_from = 2027-01-01\neffective_until = 2029-01-01\n\n[[keys]]\nreviewer_id = \"ada\"");
    insta::assert_snapshot!(lines(FULL, &new), @"
    serial: 4 → 5
    key 3c3f1b7c5ad0e1e1e2e3e4e5e6e7e8e9eaebeced of clancy retired (rotated) at 2027-01-01
    key 4444444444444444444444444444444444444444 of clancy added: 2027-01-01 to 2029-01-01 (keys/clancy-2027.asc)
    ");
}

#[test]
fn every_kind_of_change_has_words() {
    let new = FULL
        .replace("id = \"clan-os\"", "id = \"clan\"")
        .replace("refs/heads/main", "refs/heads/trunk")
        .replace("branches = [\"release/*\"]", "branches = []")
        .replace("name = \"Ada\"", "name = \"Ada\\u202e\"")
        .replace("ada@example.com", "ada@example.net")
        .replace("id = \"github\"\nkind = \"forge\"", "id = \"github\"\nkind = \"bot\"")
        .replace("primary = \"clancy\"\nbackup = \"ada\"\nreviewers = []", "primary = \"ada\"\nreviewers = [\"clancy\"]")
        .replace("paths = [\"kernel/**\"]", "paths = [\"kernel/**\", \"boot/**\"]")
        .replace("docs = [\"KERNEL_OBJECT_MODEL\"]", "docs = []")
        .replace("codeowners = true", "codeowners = false")
        .replace("effective_until = \"2028-01-01\"", "effective_until = \"2027-01-01T12:00:00Z\"")
        .replace("keys/clancy.asc", "keys/c.asc")
        .replace("retired_at = 2026-06-11", "retired_at = 2026-05-01")
        .replace("trusted_until = \"2222222222222222222222222222222222222222\"\n", "")
        .replace("acknowledged = [\"3333333333333333333333333333333333333333\"]", "acknowledged = [\"5555555555555555555555555555555555555555\"]")
        .replace("#2026-06-11-key-compromise", "#other")
        .replace("rule = \"majority\"", "rule = { at_least = 2 }")
        .replace("distinct_reviewers = 1", "distinct_reviewers = 2")
        .replace("{ what = \"sha1\", from = 2023-02-01 }", "{ what = \"sha1\", from = 2024-02-01 }")
        .replace("name = \"todo\"", "name = \"fixme\"")
        .replace("[policy.charter]\npath = \"CHARTER.md\"\ndecision_log = \"DECISION_LOG.md\"\nmarker = \"charter-amendment\"\ndissent_days = 14\n", "");
    insta::assert_snapshot!(lines(FULL, &new));
    insta::assert_snapshot!("every_kind_of_change_back", lines(&new, FULL));
}

#[test]
fn what_comes_and_goes_is_told() {
    let person = "[[reviewers]]\nid = \"bea\"\nkind = \"human\"\n\n[[domains]]\nid = \"docs\"\nprimary = \"bea\"\nbackup = \"ada\"\n\n[[domains]]";
    let with = full_with("[[domains]]", person);
    insta::assert_snapshot!(lines(FULL, &with), @"
    human bea added
    domain docs added: primary bea, backup ada
    ");
    insta::assert_snapshot!(lines(&with, FULL), @"
    human bea removed
    domain docs removed: primary bea, backup ada
    ");
}

#[test]
fn a_key_cannot_vanish_move_or_return_unseen() {
    let compromised = FULL.split("[[retired_keys]]").nth(1).unwrap();
    let (entry, _) = compromised.split_once("[policy.mainline]").unwrap();
    let without = FULL.replace(&format!("[[retired_keys]]{entry}"), "");
    let changes = diff(&registry(FULL), &registry(&without));
    assert!(matches!(changes.as_slice(), [Change::KeyRemoved { standing: false, .. }]));

    let moved = full_with("effective_from = 2026-06-11\n", "effective_from = 2025-06-11\n");
    let changes = diff(&registry(FULL), &registry(&moved));
    let [Change::WindowMoved { old, new, .. }] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((old.from, new.from), (at("2026-06-11"), at("2025-06-11")));

    let rotated = FULL.replace("reason = \"compromised\"", "reason = \"rotated\"")
        .replace("trusted_until = \"2222222222222222222222222222222222222222\"\nacknowledged = [\"3333333333333333333333333333333333333333\"]\n", "");
    let back = rotated
        .replace("[[retired_keys]]", "[[keys]]")
        .replace("retired_at = 2026-06-11\nreason = \"rotated\"\n", "")
        .replace("charter_ack = \"DECISION_LOG.md#2026-06-11-key-compromise\"\n", "");
    let changes = diff(&registry(&rotated), &registry(&back));
    assert!(changes.iter().any(|c| matches!(c, Change::KeyReinstated { .. })), "{changes:?}");
    assert!(changes.iter().any(|c| matches!(c, Change::WindowMoved { .. })), "{changes:?}");

    let changes = diff(&registry(&rotated), &registry(FULL));
    assert!(changes.iter().any(|c| matches!(c, Change::ReasonChanged { .. })));
    assert!(changes.iter().any(|c| matches!(c, Change::TrustedUntil { old: None, .. })));
    assert!(changes.iter().any(|c| matches!(c, Change::Acknowledged { .. })));
}

#[test]
fn lanes_show_windows_gates_and_today() {
    let gates = [(0, at("2026-07-01")), (1, at("2026-12-01")), (2, at("2026-12-03"))];
    let registry = registry(FULL);
    let picture = timeline(&registry, &gates, 100, Some(at("2027-06-11")));
    insta::assert_snapshot!(picture);
    let without = timeline(&registry, &[], 0, None);
    assert!(!without.contains("now") && !without.contains("gates"));
    // A lane is never narrower than this, and never as wide as somebody asks.
    assert_eq!(without.lines().nth(2).unwrap().chars().count(), 52);
    assert!(timeline(&registry, &[], usize::MAX, None).lines().all(|line| line.len() <= 432));
}

#[test]
fn lanes_of_extreme_times_are_drawn() {
    let text = full_with("effective_from = 2024-01-16", "effective_from = 0001-01-01");
    let text = text.replace("effective_until = 2028-06-11", "effective_until = 9999-12-31");
    let picture = timeline(&registry(&text), &[(u64::MAX, at("9999-12-31"))], 80, None);
    assert!(picture.contains("0001-01-01"), "{picture}");
}

#[test]
fn lint_tells_what_ends_soon_by_the_given_time_alone() {
    let reading = reading(FULL);
    let codes = |now: Option<&str>| -> Vec<Code> {
        lint(&reading, now.map(at)).iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(None), []);
    assert_eq!(codes(Some("2027-01-01")), []);
    // 42 days before the end of ada's key: exactly then, and not a second earlier.
    assert_eq!(codes(Some("2027-11-19T23:59:59Z")), []);
    assert_eq!(codes(Some("2027-11-20")), [Code::ExpiringSoon]);
    assert_eq!(codes(Some("2028-01-01")), [Code::KeyWindowClosed]);
    insta::assert_snapshot!(told(&lint(&reading, Some(at("2028-07-01")))));
}

#[test]
fn lint_tells_who_cannot_vouch() {
    let text = full_with("reviewers = [\"clancy\"]", "reviewers = [\"github\", \"bea\"]");
    let text = text.replacen(
        "[[domains]]",
        "[[reviewers]]\nid = \"bea\"\nkind = \"human\"\n\n[[domains]]",
        1,
    );
    insta::assert_snapshot!(told(&lint(&reading(&text), None)));
}
