//! Tags at the end of a fold of plain values: whose key may have signed one.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

#[allow(dead_code, reason = "the tellings of the properties, of which this needs a part")]
mod fold;

use fold::{BEGIN, By, DAY, LATE, PEOPLE, Told, fact, revoked, start, time};
use gatecheck::finding::Code;
use gatecheck::ledger::{Ledger, Options};
use gatecheck::model::Signer;

fn ledger() -> Ledger {
    let told = Told { rule: "\"unanimous\"", people: 2, commits: vec![] };
    let options = Options {
        now: time(LATE),
        every_commit: false,
        record_commits: false,
        branch: None,
        doubt: None,
        anchor_signer: None,
        require_covered: true,
    };
    Ledger::start(&start(&told), options).unwrap_or_else(|no| panic!("{:#?}", no.0))
}

fn judged(ledger: &Ledger, by: By, days: i64) -> (Option<String>, Vec<Code>) {
    let at = BEGIN + days * DAY;
    let (signer, found) = ledger.judge_tag("refs/tags/v1", &fact(by, at), time(at));
    assert!(found.iter().all(|finding| finding.tag.as_deref() == Some("v1")), "{found:#?}");
    (
        signer.map(|signer| signer.reviewer_id.to_string()),
        found.iter().map(|finding| finding.code).collect(),
    )
}

fn person(name: &str) -> usize {
    PEOPLE.iter().position(|who| *who == name).unwrap()
}

#[test]
fn only_an_active_key_of_a_person_counts() {
    let ledger = ledger();
    assert_eq!(judged(&ledger, By::Person(person("ada")), 1), (Some("ada".into()), vec![]));
    for (by, code) in [
        (By::Person(person("robot")), Code::NotAHuman),
        // Whatever date it claims.
        (By::Person(person("gone")), Code::KeyRetired),
        (By::Person(person("stolen")), Code::KeyCompromised),
        (By::Stranger, Code::UnknownSigner),
        (By::Bad, Code::BadSignature),
        (By::Nobody, Code::TagUnsigned),
    ] {
        assert_eq!(judged(&ledger, by, 1), (None, vec![code]), "{by:?}");
    }
    let (_, later) = judged(&ledger, By::Person(person("ada")), 4_000);
    assert!(
        later.contains(&Code::FutureDated) || later.contains(&Code::KeyWindowClosed),
        "{later:?}"
    );
}

#[test]
fn what_is_known_of_a_key_counts_whenever_it_was_learnt() {
    let mut ledger = ledger();
    let ada = person("ada");
    ledger.learn_revocations(&[revoked(ada)]);
    assert_eq!(judged(&ledger, By::Person(ada), 1), (None, vec![Code::KeyCompromised]));

    let lists = |who: &str| {
        let entry = ledger.registry().keys.iter().find(|key| key.reviewer.as_str() == who).unwrap();
        let fingerprint = entry.fingerprint.unwrap();
        let reviewer_id = entry.reviewer.clone();
        let signer = Signer { reviewer_id, fingerprint, primary: fingerprint };
        ledger.lists_as_compromised(&signer)
    };
    assert!(lists("stolen"));
    assert!(!lists("gone") && !lists("grace"));
}
