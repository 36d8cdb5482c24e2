use super::*;
use crate::rules::testing::{World, at, id};

const GOOD: Annotated<'_> = Annotated {
    reference: "refs/tags/v1",
    own_name: b"v1",
    target: Oid::zero(crate::model::ObjectFormat::Sha1),
    said_kind: "commit",
    real_kind: Some("commit"),
    has_tagger: true,
    other_signature: None,
};

fn codes(found: &[Finding]) -> Vec<Code> {
    assert!(found.iter().all(|finding| finding.tag.as_deref() == Some("v1")), "{found:?}");
    found.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_tag_under_its_own_name_on_a_commit_says_nothing() {
    assert_eq!(shape(&GOOD), vec![]);
}

#[test]
fn another_name_kind_or_no_date_is_refused() {
    for name in [&b"v2"[..], b"refs/tags/v1", b"V1", b"v1 ", b""] {
        assert_eq!(codes(&shape(&Annotated { own_name: name, ..GOOD })), [Code::TagMismatch]);
    }
    let lying = Annotated { real_kind: Some("tree"), ..GOOD };
    assert_eq!(codes(&shape(&lying)), [Code::TagMismatch]);
    let nested = Annotated { said_kind: "tag", real_kind: Some("tag"), ..GOOD };
    assert_eq!(codes(&shape(&nested)), [Code::TagNotAGate]);
    let undated = Annotated { has_tagger: false, ..GOOD };
    assert_eq!(codes(&shape(&undated)), [Code::MalformedObject]);
    let light = lightweight("refs/tags/v1", id(1), "commit");
    assert_eq!(codes(&light), [Code::TagUnsigned]);
    let light = lightweight("refs/tags/v1", id(1), "blob");
    assert_eq!(codes(&light), [Code::TagUnsigned, Code::TagNotAGate]);
}

#[test]
fn messages() {
    let nested = Annotated {
        own_name: b"v2\x1b[31m",
        said_kind: "tag",
        real_kind: Some("tag"),
        has_tagger: false,
        other_signature: Some("gpgsig-sha256"),
        ..GOOD
    };
    let lying = Annotated { real_kind: Some("tree"), ..GOOD };
    let malformed_object = MalformedObject {
        code: Code::MalformedObject,
        observed: "a NUL".into(),
        required: "a tag without NUL".into(),
        parents: None,
        tree: None,
        committer_time: None,
    };
    let signer = Signer {
        reviewer_id: crate::model::ReviewerId::new("alice").unwrap(),
        fingerprint: crate::rules::testing::fingerprint("alice"),
        primary: crate::rules::testing::fingerprint("alice"),
    };
    let reference = "refs/tags/v1";
    let mut all = lightweight(reference, id(1), "blob");
    all.extend(shape(&nested));
    all.extend(shape(&lying));
    all.extend([
        malformed(reference, &malformed_object),
        gate(reference, id(1), &[]).unwrap(),
        compromised(reference, &signer, at("2026-02-01")),
        beside_the_mainline(reference, id(1), "refs/heads/main", id(2)),
        exists(reference, id(1), "moved"),
        no_key(reference),
    ]);
    let text: String = all
        .iter()
        .map(|f| {
            let (observed, required) = (f.observed.as_deref(), f.required.as_deref());
            format!(
                "{}: {}\n  observed: {}\n  required: {}\n  help: {}\n",
                f.code,
                f.message,
                observed.unwrap_or("-"),
                required.unwrap_or("-"),
                f.help
            )
        })
        .collect();
    assert!(!text.contains('\u{1b}'));
    insta::assert_snapshot!(text);
}

#[test]
fn the_signature_is_judged_as_that_of_a_gate() {
    let mut world = World::new();
    let judge = |world: &World, fact: &SignatureFact| {
        let index = EntryIndex::new(&world.registry.keys);
        signature(&world.context(), &index, "refs/tags/v1", fact, at("2026-02-01"))
    };
    let fact = SignatureFact::Verified(world.signature("alice", "2026-02-01"));
    let (signer, found) = judge(&world, &fact);
    assert_eq!((signer.unwrap().reviewer_id.as_str(), found), ("alice", vec![]));
    let (signer, found) = judge(&world, &SignatureFact::Absent);
    assert_eq!((signer, codes(&found)), (None, vec![Code::TagUnsigned]));
    let bad = SignatureFact::Refused {
        code: Code::BadSignature,
        format: crate::model::SignatureFormat::OpenPgp,
        observed: String::new(),
        required: String::new(),
        hints: vec![],
    };
    let (_, found) = judge(&world, &bad);
    assert_eq!(codes(&found), [Code::BadSignature]);
    assert!(found.iter().all(|f| !f.message.contains("commit") && !f.help.contains("commit")));
    let stranger = SignatureFact::Verified(world.signature("mallory", "2026-02-01"));
    assert_eq!(codes(&judge(&world, &stranger).1), [Code::UnknownSigner]);
    world.set_kind("alice", crate::model::registry::ReviewerKind::Bot);
    let (signer, found) = judge(&world, &fact);
    assert_eq!((signer, codes(&found)), (None, vec![Code::NotAHuman]));
}
