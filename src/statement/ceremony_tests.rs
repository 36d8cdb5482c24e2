use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::gate::MAX_EPOCH;
use crate::model::{
    Approval, ApprovalRole, CeremonyKind, CeremonyRecord, Fingerprint, Limits, Oid, RecordedFile,
    ReviewerId, Time,
};
use crate::source::{Source, Spot};

const CONTEXT: SignerContext<'static> =
    SignerContext { project: "clan-os", mainline: "refs/heads/main" };

fn record() -> CeremonyRecord {
    CeremonyRecord {
        source: Source::new("keys/ceremonies/0005-rotate-clancy.toml", ""),
        serial: 5,
        kind: CeremonyKind::Rotate,
        previous_registry_sha256: [0x11; 32],
        registry_sha256: [0x22; 32],
        parent: Oid::from_hex("2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52").unwrap(),
        reason: "a new laptop".into(),
        charter_ack: String::new(),
        witnesses: Vec::new(),
        concerns: Vec::new(),
        removed: vec!["keys/clancy-2025.asc".into()],
        files: vec![RecordedFile { path: "keys/clancy.asc".into(), sha256: [0x33; 32] }],
        approvals: Vec::new(),
        spots: BTreeMap::new(),
    }
}

fn approval() -> Approval {
    Approval {
        role: ApprovalRole::Authorise,
        reviewer_id: ReviewerId::new("ada").unwrap(),
        fingerprint: Fingerprint::parse("D186 7DFC 3F17 A6B9 6C7B 6E33 9AF6 A4C9 BD13 4B50")
            .unwrap(),
        timestamp: Time::parse("2026-06-11T14:00:00+02:00").unwrap(),
        signature: String::new(),
        spot: Spot::START,
        spots: BTreeMap::new(),
    }
}

fn json_of(record: &CeremonyRecord, approval: &Approval) -> String {
    ceremony_statement(&CONTEXT, record, approval).unwrap().json().to_owned()
}

/// Written by hand, field by field.
const EXAMPLE: &str = concat!(
    r#"DSSEv1 28 application/vnd.in-toto+json 798 {"_type":"https://in-toto.io/Statement/v1","#,
    r#""predicate":{"charter_ack":"","concerns":[],"#,
    r#""fingerprint":"d1867dfc3f17a6b96c7b6e339af6a4c9bd134b50","kind":"rotate","#,
    r#""mainline":"refs/heads/main","parent":"2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52","#,
    r#""previous_registry_sha256":"1111111111111111111111111111111111111111111111111111111111111111","#,
    r#""project":"clan-os","reason":"a new laptop","removed":["keys/clancy-2025.asc"],"#,
    r#""reviewer_id":"ada","role":"authorise","serial":5,"timestamp":"2026-06-11T12:00:00Z"},"#,
    r#""predicateType":"urn:x-gatecheck:ceremony:v1","subject":[{"digest":{"sha256":"#,
    r#""3333333333333333333333333333333333333333333333333333333333333333"},"name":"keys/clancy.asc"},"#,
    r#"{"digest":{"sha256":"2222222222222222222222222222222222222222222222222222222222222222"},"#,
    r#""name":"keys/reviewer-registry.toml"}]}"#,
);

#[test]
fn an_approval_byte_for_byte() {
    let payload = ceremony_payload(&CONTEXT, &record(), &approval()).unwrap();
    assert_eq!(String::from_utf8(payload).unwrap(), EXAMPLE);
}

/// The reference shows a record and its bytes; they are those that the program makes of it.
#[test]
fn the_documented_record_has_the_documented_bytes() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/statements.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    assert!(docs.contains(EXAMPLE), "{EXAMPLE}");
    let toml = docs.split("```toml\n").find(|part| part.starts_with("[ceremony]")).unwrap();
    let toml = toml.split("```").next().unwrap();
    let path = "keys/ceremonies/0005-rotate-clancy.toml";
    let reading = crate::ceremony::read(path, toml.as_bytes(), &Limits::default());
    assert_eq!(reading.problems, []);
    let record = reading.record.unwrap();
    let payload = ceremony_payload(&CONTEXT, &record, &record.approvals[0]).unwrap();
    assert_eq!(String::from_utf8(payload).unwrap(), EXAMPLE);
}

#[test]
fn files_and_removed_paths_are_signed_in_their_own_order() {
    let mut one = record();
    one.files.push(RecordedFile { path: "keys/z.asc".into(), sha256: [4; 32] });
    one.removed.push("keys/Z.asc".into());
    let mut other = one.clone();
    other.files.reverse();
    other.removed.reverse();
    let json = json_of(&one, &approval());
    assert_eq!(json, json_of(&other, &approval()));
    assert!(json.contains(r#""removed":["keys/Z.asc","keys/clancy-2025.asc"]"#), "{json}");
    assert!(json.ends_with(r#""name":"keys/z.asc"}]}"#), "{json}");
}

#[test]
fn what_could_mean_two_things_has_no_statement() {
    for path in ["keys/clancy.asc", "keys/reviewer-registry.toml"] {
        let mut record = record();
        record.files.push(RecordedFile { path: path.into(), sha256: [5; 32] });
        let result = ceremony_payload(&CONTEXT, &record, &approval());
        assert_eq!(result, Err(NoStatement::RepeatedPath), "{path}");
    }
    let result = |serial| {
        let record = CeremonyRecord { serial, ..record() };
        ceremony_payload(&CONTEXT, &record, &approval()).map(drop)
    };
    assert_eq!(result(MAX_EPOCH), Ok(()));
    assert_eq!(result(MAX_EPOCH + 1), Err(NoStatement::NumberTooLarge));
}

#[test]
fn witnesses_and_signatures_are_not_signed() {
    let mut record = record();
    record.witnesses = vec!["grace".into()];
    record.approvals = vec![approval()];
    let approval = Approval { signature: "x".into(), ..approval() };
    let payload = ceremony_payload(&CONTEXT, &record, &approval).unwrap();
    assert_eq!(payload, EXAMPLE.as_bytes());
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-b]{0,2}",
        "[\"\\\\,\\[\\]{}: \n\t\u{0}\u{1f}\u{7f}\u{e9}\u{202e}]{0,4}",
        ".{0,6}"
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 0..3)
}

fn any_record() -> impl Strategy<Value = CeremonyRecord> {
    let digests = (prop::array::uniform32(0u8..2), prop::array::uniform32(0u8..2));
    let serial = prop_oneof![0u64..3, 0..=MAX_EPOCH];
    let kind = prop::sample::select(CeremonyKind::ALL.to_vec());
    let parent = prop_oneof![
        prop::collection::vec(0u8..2, 20).prop_map(|raw| Oid::from_bytes(&raw).unwrap()),
        prop::collection::vec(0u8..2, 32).prop_map(|raw| Oid::from_bytes(&raw).unwrap()),
    ];
    // In the order that is signed.
    let removed = texts().prop_map(|mut removed| {
        removed.sort();
        removed
    });
    let files = prop::collection::btree_map(text(), prop::array::uniform32(0u8..2), 0..3);
    (serial, kind, digests, parent, (text(), text(), texts()), removed, files).prop_map(
        |(serial, kind, digests, parent, words, removed, files)| CeremonyRecord {
            serial,
            kind,
            previous_registry_sha256: digests.0,
            registry_sha256: digests.1,
            parent,
            reason: words.0,
            charter_ack: words.1,
            concerns: words.2,
            removed,
            files: files.into_iter().map(|(path, sha256)| RecordedFile { path, sha256 }).collect(),
            ..record()
        },
    )
}

fn any_approval() -> impl Strategy<Value = Approval> {
    let role = prop::sample::select(vec![
        ApprovalRole::Authorise,
        ApprovalRole::Possession,
        ApprovalRole::Witness,
    ]);
    let raw = || prop::array::uniform32(0u8..2);
    let fingerprint = prop_oneof![
        prop::array::uniform20(0u8..2).prop_map(Fingerprint::OpenPgpV4),
        raw().prop_map(Fingerprint::OpenPgpV6),
        raw().prop_map(Fingerprint::Ssh),
    ];
    let time = prop_oneof![0i64..3, any::<i64>()];
    (role, "[a-c]{1,2}", fingerprint, time).prop_map(|(role, reviewer, fingerprint, time)| {
        Approval {
            role,
            reviewer_id: ReviewerId::new(&reviewer).unwrap(),
            fingerprint,
            timestamp: Time::from_unix_clamped(time),
            ..approval()
        }
    })
}

/// The parts that are signed, one by one, as values.
fn signed_parts(project: &str, mainline: &str, r: &CeremonyRecord, a: &Approval) -> Value {
    let mut subject: BTreeMap<&str, String> =
        r.files.iter().map(|f| (f.path.as_str(), hex::encode(f.sha256))).collect();
    subject.insert("keys/reviewer-registry.toml", hex::encode(r.registry_sha256));
    json!([
        project,
        mainline,
        r.kind.name(),
        r.serial,
        hex::encode(r.previous_registry_sha256),
        r.parent.to_string(),
        a.role.name(),
        a.reviewer_id.as_str(),
        a.fingerprint.to_string(),
        r.reason,
        r.charter_ack,
        r.concerns,
        r.removed,
        a.timestamp.to_string(),
        subject.into_iter().collect::<Vec<_>>(),
    ])
}

/// The same parts, read back from the canonical JSON by another reader.
fn read_back(json: &str) -> Value {
    let document: Value = serde_json::from_str(json).unwrap();
    let mut parts: Vec<Value> = [
        "project",
        "mainline",
        "kind",
        "serial",
        "previous_registry_sha256",
        "parent",
        "role",
        "reviewer_id",
        "fingerprint",
        "reason",
        "charter_ack",
        "concerns",
        "removed",
        "timestamp",
    ]
    .map(|field| document["predicate"][field].clone())
    .into();
    assert_eq!(document["predicate"].as_object().unwrap().len(), parts.len());
    let subject = document["subject"].as_array().unwrap().iter();
    parts.push(subject.map(|s| json!([s["name"], s["digest"]["sha256"]])).collect());
    Value::Array(parts)
}

/// Takes one signed field of `from` over into `to`.
fn take_over(
    field: usize,
    r: &mut CeremonyRecord,
    a: &mut Approval,
    from: (CeremonyRecord, Approval),
) {
    match field {
        0 => r.serial = from.0.serial,
        1 => r.kind = from.0.kind,
        2 => r.previous_registry_sha256 = from.0.previous_registry_sha256,
        3 => r.registry_sha256 = from.0.registry_sha256,
        4 => r.parent = from.0.parent,
        5 => r.reason = from.0.reason,
        6 => r.charter_ack = from.0.charter_ack,
        7 => r.concerns = from.0.concerns,
        8 => r.removed = from.0.removed,
        9 => r.files = from.0.files,
        10 => a.role = from.1.role,
        11 => a.reviewer_id = from.1.reviewer_id,
        12 => a.fingerprint = from.1.fingerprint,
        _ => a.timestamp = from.1.timestamp,
    }
}

proptest! {
    #[test]
    fn everything_that_is_signed_can_be_read_back(
        project in text(), mainline in text(), r in any_record(), a in any_approval(),
    ) {
        let context = SignerContext { project: &project, mainline: &mainline };
        let statement = ceremony_statement(&context, &r, &a).unwrap();
        prop_assert_eq!(read_back(statement.json()), signed_parts(&project, &mainline, &r, &a));
    }

    #[test]
    fn another_value_in_one_field_makes_other_bytes(
        r in any_record(), a in any_approval(),
        other in (any_record(), any_approval()), field in 0usize..14,
    ) {
        let (mut changed_r, mut changed_a) = (r.clone(), a.clone());
        take_over(field, &mut changed_r, &mut changed_a, other);
        let same = signed_parts("", "", &r, &a) == signed_parts("", "", &changed_r, &changed_a);
        prop_assert_eq!(json_of(&r, &a) == json_of(&changed_r, &changed_a), same);
    }

    /// A key's approval of a ceremony is never its sign-off, whatever stands in either.
    #[test]
    fn an_approval_is_no_signoff(r in any_record(), a in any_approval()) {
        let document: Value = serde_json::from_str(&json_of(&r, &a)).unwrap();
        prop_assert_eq!(&document["predicateType"], CEREMONY_PREDICATE_TYPE);
        prop_assert_ne!(CEREMONY_PREDICATE_TYPE, SIGNOFF_PREDICATE_TYPE);
    }

    #[test]
    fn project_and_mainline_are_bound(a in (text(), text()), b in (text(), text())) {
        let bytes = |pair: &(String, String)| {
            let context = SignerContext { project: &pair.0, mainline: &pair.1 };
            ceremony_payload(&context, &record(), &approval()).unwrap()
        };
        prop_assert_eq!(bytes(&a) == bytes(&b), a == b);
    }
}
