//! Every problem, as people see it. A change of wording shows here.

use super::{FULL, full_with, reading, told};
use crate::finding::Severity;
use crate::model::Limits;

/// The full example with a replacement; its problems in words, and whether it can be used.
fn with(old: &str, new: &str) -> String {
    of(&full_with(old, new))
}

fn of(text: &str) -> String {
    let reading = reading(text);
    let usable = if reading.registry.is_some() { "usable" } else { "unusable" };
    let errors = reading.problems.iter().any(|p| p.severity >= Severity::Undecided);
    assert!(reading.registry.is_some() || errors, "unusable without an error");
    format!("{usable}\n{}", told(&reading.problems))
}

macro_rules! told {
    ($($name:ident: $text:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), $text);
        })*
    };
}

told! {
    syntax: with("serial = 4", "serial = = 4");
    duplicate_key: with("serial = 4", "serial = 4\nserial = 5");
    duplicate_table: with("[project]", "[schema]\nversion = \"1.0.0\"\n[project]");
    unknown_field: with("effective_from = 2026-06-11\n", "effective_from = 2026-06-11\nretird = true\n");
    unknown_table: with("[policy.clock]", "[policy.clocks]");
    unknown_field_in_stub: of(&super::STUB.replace("retired =", "retird ="));
    unknown_version: with("version = \"1.1.0\"", "version = \"9.0\"");
    missing_version: with("version = \"1.1.0\"\n", "");
    wrong_types: of(&full_with("serial = 4", "serial = \"4\"").replace("per_domain = 1\n", "per_domain = \"one\"\n").replace("emails = [\"Clancy@example.org\"]", "emails = \"Clancy@example.org\""));
    missing_kind: with("kind = \"human\"\n", "");
    local_date_time: with("effective_from = 2026-06-11\n", "effective_from = 2026-06-11T12:00:00\n");
    fraction: with("effective_from = 2026-06-11\n", "effective_from = 2026-06-11T12:00:00.5Z\n");
    key_path_outside: with("public_key = \"keys/clancy.asc\"", "public_key = \"../../etc/passwd\"");
    domain_without_person: with("primary = \"clancy\"", "primary = \"clancey\"");
    key_without_person: with("reviewer_id = \"clancy\"\n", "reviewer_id = \"mallory\"\n");
    inverted_window: with("effective_until = 2028-06-11", "effective_until = 2026-06-11");
    short_fingerprint: with("3C3F 1B7C 5AD0 E1E1 E2E3 E4E5 E6E7 E8E9 EAEB ECED", "E6E7E8E9EAEBECED");
    placeholder_fingerprint: with("3C3F 1B7C 5AD0 E1E1 E2E3 E4E5 E6E7 E8E9 EAEB ECED", "pending-gpg-population");
    wrong_format: with("format = \"ssh\"", "format = \"openpgp\"");
    one_key_of_two_people: with("968479a1aff927e37d1a566bb5690eeebb952194", "3C3F1B7C5AD0E1E1E2E3E4E5E6E7E8E9EAEBECED");
    overlapping_windows: with("[[retired_keys]]", "[[keys]]\nreviewer_id = \"clancy\"\nfingerprint = \"3c3f1b7c5ad0e1e1e2e3e4e5e6e7e8e9eaebeced\"\neffective_from = 2027-01-01\neffective_until = 2027-02-01\n\n[[retired_keys]]");
    compromised_key_returns: with("3C3F 1B7C 5AD0 E1E1 E2E3 E4E5 E6E7 E8E9 EAEB ECED", "1111111111111111111111111111111111111111");
    cyrillic_id: with("id = \"clancy\"", "id = \"cl\u{430}ncy\"");
    upper_case_id: with("id = \"clancy\"", "id = \"Clancy\"");
    look_alike_reviewers: with("[[domains]]", "[[reviewers]]\nid = \"c1ancy\"\nkind = \"human\"\n\n[[domains]]");
    reviewer_twice: with("[[domains]]", "[[reviewers]]\nid = \"ada\"\nkind = \"bot\"\n\n[[domains]]");
    address_of_two: with("ada@example.com", "clancy@EXAMPLE.org");
    zero_people: of(&full_with("distinct_reviewers = 2", "distinct_reviewers = 0").replace("threshold = 2", "threshold = 0").replace("at_least = 1", "at_least = 0"));
    too_many_people: of(&full_with("distinct_reviewers = 2", "distinct_reviewers = 3").replace("threshold = 2", "threshold = 3").replace("at_least = 1", "at_least = 3"));
    unknown_rule: with("rule = \"majority\"", "rule = \"most\"");
    rule_of_wrong_type: with("rule = \"majority\"", "rule = 2");
    epoch_with_zeros: with("epochs.\"0\"", "epochs.\"00\"");
    missing_backup: with("backup = \"ada\"\n", "");
    own_backup: with("backup = \"ada\"", "backup = \"clancy\"");
    coverage_gap: with("reviewers = []", "reviewers = []\n[[domains]]\nid = \"ci\"\nprimary = \"github\"\nbackup = \"github\"");
    no_domains: of(&format!("{}{}", FULL.split_once("[[domains]]").unwrap().0, "[[keys]]\nreviewer_id = \"ada\"\nfingerprint = \"3C3F1B7C5AD0E1E1E2E3E4E5E6E7E8E9EAEBECED\"\neffective_from = 2026-06-11\neffective_until = 2027-01-01"));
    key_too_long_lived: with("effective_until = 2028-06-11", "effective_until = 2036-06-11");
    key_without_end: with("effective_until = 2028-06-11\n", "");
    unknown_algorithm: with("what = \"ecdsa\"", "what = \"rot13\"");
    algorithm_twice: with("what = \"ecdsa\"", "what = \"sha1\"");
    bad_pattern: with("kernel/**", "/kernel/**");
    empty_paths: with("paths = [\"kernel/core/**\"]", "paths = []");
    bad_regex: with("(?i)claude", "(?i");
    large_regex: with("(?i)claude", "(\\\\w{1000}){1000}");
    unknown_second_review: with("second_review = \"tcb\"", "second_review = \"tbc\"");
    bad_age: with("1 year", "a while");
    bad_mainline: with("refs/heads/main", "main");
    full_ref_branches: with("release/*", "refs/heads/release/*");
    bad_manifest: with("epoch-{epoch}.toml", "epoch.toml");
    no_binding: with("binding = [\"tree\"]", "binding = []");
    trusted_until_without_compromise: with("reason = \"compromised\"", "reason = \"rotated\"");
    short_commit_id: with("2222222222222222222222222222222222222222", "22222222");
    hostile_text: with("id = \"clancy\"", "id = \"\\u001b[31m\u{202e}::error::x\"");
    empty_file: of("");
}

#[test]
fn bytes_that_are_no_text_and_files_that_are_too_large() {
    let limits = Limits { file_bytes: 8, ..Limits::default() };
    let large = super::super::read("r.toml", b"123456789", &limits);
    assert!(large.registry.is_none());
    let bad = super::super::read("r.toml", b"[schema]\n\xff", &Limits::default());
    assert!(bad.registry.is_none());
    insta::assert_snapshot!(told(&[large.problems, bad.problems].concat()));
}
