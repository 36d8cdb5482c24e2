//! An edit, read again, changed what was asked for and nothing else.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::registry::{KeyName, diff, read};

fn name(person: &str, text: &str, from: Time) -> KeyName {
    KeyName { reviewer: id(person), fingerprint: Some(fingerprint(text)), from }
}

/// Every line with a comment that is in the old text is in the new one.
fn keeps_comments(text: &str) {
    let comments = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("charter_ack"));
        let lines = lines.filter_map(|line| Some(line.split_once('#')?.1.to_owned()));
        lines.collect::<Vec<_>>()
    };
    let mut new = comments(text);
    for comment in comments(COMMENTED) {
        let at = new.iter().position(|known| *known == comment);
        new.swap_remove(at.unwrap_or_else(|| panic!("lost: {comment}\n{text}")));
    }
    assert!(new.is_empty(), "{new:?}");
}

fn check(edited: &Edited, expected: Vec<Change>) {
    let reading = |text: &str| {
        read("keys/reviewer-registry.toml", text.as_bytes(), &limits()).registry.unwrap()
    };
    let all = [vec![Change::Serial { old: 4, new: 5 }], expected].concat();
    assert_eq!(diff(&reading(COMMENTED), &reading(&edited.text)), all);
    assert_eq!(edited.changes, all);
    keeps_comments(&edited.text);
}

fn time() -> impl Strategy<Value = Time> {
    // Midnights and other times, from 2020 to 2035.
    prop_oneof![
        (18_262_i64..23_742).prop_map(|day| Time::from_unix_clamped(day * 86_400)),
        (1_577_836_800_i64..2_051_222_400).prop_map(Time::from_unix_clamped),
    ]
}

fn fresh_key() -> impl Strategy<Value = NewKey> {
    let some = prop_oneof![
        any::<[u8; 20]>().prop_map(Fingerprint::OpenPgpV4),
        any::<[u8; 32]>().prop_map(Fingerprint::OpenPgpV6),
        any::<[u8; 32]>().prop_map(Fingerprint::Ssh),
    ];
    (some, time(), proptest::option::of(1_i64..100_000_000)).prop_map(
        |(fingerprint, from, length)| {
            let until = length.map(|length| Time::from_unix_clamped(from.unix() + length));
            let public_key = "keys/somebody/new.asc".to_owned();
            NewKey { fingerprint, public_key, window: Window { from, until } }
        },
    )
}

fn added(person: &str, key: &NewKey) -> Change {
    Change::KeyAdded {
        key: KeyName {
            reviewer: id(person),
            fingerprint: Some(key.fingerprint),
            from: key.window.from,
        },
        window: key.window,
        public_key: key.public_key.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn enrolling_adds_what_it_says(
        key in fresh_key(),
        label in "[^\\p{C}#]{0,12}",
        chosen in proptest::sample::subsequence(vec!["docs", "kernel", "process"], 0..=3),
    ) {
        let order = Enroll {
            name: label,
            keys: vec![key.clone()],
            domains: chosen.iter().map(|name| domain(name)).collect(),
            ..enrolling("dora")
        };
        let edited = enroll(COMMENTED, &order, &limits()).unwrap();
        let mut expected =
            vec![Change::ReviewerAdded { id: id("dora"), kind: ReviewerKind::Human }];
        for name in chosen {
            expected.push(Change::DomainReviewers {
                id: domain(name),
                added: BTreeSet::from([id("dora")]),
                removed: BTreeSet::new(),
            });
        }
        expected.push(added("dora", &key));
        check(&edited, expected);
        let dora = &edited.registry.reviewers[&id("dora")];
        prop_assert_eq!((&dora.name, &dora.emails), (&order.name, &order.emails));
    }

    #[test]
    fn rotating_retires_and_adds_what_it_says(key in fresh_key(), when in time(), first in any::<bool>()) {
        let (person, old) = if first { ("clancy", CLANCY) } else { ("ada", ADA) };
        let order = Rotate {
            reviewer: id(person),
            keys: vec![key.clone()],
            retire: vec![fingerprint(old)],
            at: when,
            reason: RetiredReason::Superseded,
        };
        let edited = rotate(COMMENTED, &order, &limits()).unwrap();
        let old = name(person, old, at("2026-06-11"));
        let gone = Change::KeyRetired { key: old, at: when, reason: RetiredReason::Superseded };
        check(&edited, vec![gone, added(person, &key)]);
    }

    #[test]
    fn compromising_marks_what_it_says(
        keys in proptest::sample::subsequence(vec![CLANCY, CLANCY_OLD], 1..=2),
        when in time(),
        until in proptest::option::of(any::<[u8; 20]>()),
        gates in proptest::collection::btree_set(any::<[u8; 20]>(), 0..3),
    ) {
        let until = until.map(|raw| Oid::from_bytes(&raw).unwrap());
        let gates: BTreeSet<Oid> = gates.iter().map(|raw| Oid::from_bytes(raw).unwrap()).collect();
        let order = Compromise {
            at: when,
            trusted: until.map_or(Trusted::Nothing, Trusted::Until),
            acknowledged: gates.iter().copied().collect(),
            ..compromising(&keys)
        };
        let edited = compromise(COMMENTED, &order, &limits()).unwrap();
        let mut expected = Vec::new();
        for text in [CLANCY, CLANCY_OLD].into_iter().filter(|text| keys.contains(text)) {
            let key = name("clancy", text, at(if text == CLANCY { "2026-06-11" } else { "2025-01-01" }));
            expected.push(if text == CLANCY {
                Change::KeyRetired { key: key.clone(), at: when, reason: RetiredReason::Compromised }
            } else {
                let (old, new) = (RetiredReason::Rotated, RetiredReason::Compromised);
                Change::ReasonChanged { key: key.clone(), old, new }
            });
            if until.is_some() {
                expected.push(Change::TrustedUntil { key: key.clone(), old: None, new: until });
            }
            if !gates.is_empty() {
                let (added, removed) = (gates.clone(), BTreeSet::new());
                expected.push(Change::Acknowledged { key: key.clone(), added, removed });
            }
            let (old, new) = (String::new(), order.charter_ack.clone());
            expected.push(Change::CharterAck { key, old, new });
        }
        check(&edited, expected);
    }
}

#[test]
fn retiring_changes_keys_and_places_only() {
    // The comment beside the entry for clancy in a list would go with it; there is none.
    let edited = retire(COMMENTED, &retiring(), &limits()).unwrap();
    let (kernel, clancy) = (domain("kernel"), id("clancy"));
    check(
        &edited,
        vec![
            Change::DomainPrimary { id: kernel.clone(), old: clancy.clone(), new: id("ada") },
            Change::DomainBackup { id: kernel.clone(), old: Some(id("ada")), new: Some(id("bea")) },
            Change::DomainReviewers {
                id: kernel,
                added: BTreeSet::new(),
                removed: BTreeSet::from([clancy]),
            },
            Change::KeyRetired {
                key: name("clancy", CLANCY, at("2026-06-11")),
                at: at("2026-11-02"),
                reason: RetiredReason::Departed,
            },
        ],
    );
}
