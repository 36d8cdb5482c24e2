use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::gate::MAX_EPOCH;
use crate::model::manifest::{AiAttestation, Binding, PreviousGate, Target};
use crate::model::{DomainId, Manifest, Oid, ReviewerId, Signoff, Time};
use crate::source::{Source, Spot};

const CONTEXT: SignerContext<'static> =
    SignerContext { project: "clan-os", mainline: "refs/heads/main" };

fn oid(hex: &str) -> Oid {
    Oid::from_hex(hex).unwrap()
}

/// The manifest of the example in the reference.
fn manifest() -> Manifest {
    Manifest {
        source: Source::new("epoch_signoffs/epoch-0.toml", ""),
        target: Target::Epoch(0),
        reattest: 0,
        previous_gate: Some(PreviousGate::None),
        binding: Binding::Tree(oid("2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52")),
        subject_sha256: None,
        mv_team_justification: String::new(),
        cures: Vec::new(),
        signoffs: Vec::new(),
        spots: BTreeMap::new(),
    }
}

fn signoff() -> Signoff {
    Signoff {
        reviewer_id: ReviewerId::new("alice").unwrap(),
        domain: DomainId::new("kernel").unwrap(),
        scope: vec!["KERNEL_OBJECT_MODEL".into()],
        reviews: Vec::new(),
        checklist: Vec::new(),
        epoch: Some(0),
        timestamp: Time::parse("2026-01-25T11:00:00Z").unwrap(),
        dissent: String::new(),
        withdrawn: false,
        superseded_by: String::new(),
        authored_by: String::new(),
        multi_domain_roles: Vec::new(),
        multi_domain_justification: String::new(),
        ai_attestation: None,
        signature: String::new(),
        spot: Spot::START,
        spots: BTreeMap::new(),
    }
}

fn payload(manifest: &Manifest, signoff: &Signoff) -> Vec<u8> {
    signoff_payload(&CONTEXT, manifest, signoff).unwrap()
}

#[test]
fn the_example_of_the_reference_byte_for_byte() {
    let expected = concat!(
        r#"DSSEv1 28 application/vnd.in-toto+json 543 {"_type":"https://in-toto.io/Statement/v1","#,
        r#""predicate":{"ai_attestation":null,"authored_by":"","checklist":[],"cures":[],"#,
        r#""dissent":"","domain":"kernel","epoch":0,"mainline":"refs/heads/main","#,
        r#""multi_domain_justification":"","multi_domain_roles":[],"previous_gate":"none","#,
        r#""project":"clan-os","reattest":0,"reviewer_id":"alice","reviews":[],"#,
        r#""scope":["KERNEL_OBJECT_MODEL"],"timestamp":"2026-01-25T11:00:00Z"},"#,
        r#""predicateType":"urn:x-gatecheck:signoff:v1","subject":[{"digest":{"gitTree":"#,
        r#""2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52"},"name":"tree"}]}"#,
    );
    assert_eq!(String::from_utf8(payload(&manifest(), &signoff())).unwrap(), expected);
}

#[test]
fn a_squash_gate_has_a_null_epoch_and_a_name() {
    let mut manifest = manifest();
    manifest.target = Target::Squash("big".into());
    let json = statement_json(&CONTEXT, &manifest, &signoff()).unwrap();
    assert!(json.contains(r#""epoch":null,"mainline""#), "{json}");
    assert!(json.contains(r#","name":"big","previous_gate""#), "{json}");
}

#[test]
fn commit_binding_and_content_digest_are_signed() {
    let mut manifest = manifest();
    manifest.binding = Binding::Commit(oid(&"ab".repeat(32)));
    manifest.subject_sha256 = Some([0x0f; 32]);
    let json = statement_json(&CONTEXT, &manifest, &signoff()).unwrap();
    let expected = format!(
        r#""subject":[{{"digest":{{"gitCommit":"{}","sha256":"{}"}},"name":"commit"}}]}}"#,
        "ab".repeat(32),
        "0f".repeat(32)
    );
    assert!(json.ends_with(&expected), "{json}");
}

#[test]
fn what_is_open_has_no_statement() {
    let result = |change: fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        signoff_payload(&CONTEXT, &manifest, &signoff())
    };
    assert_eq!(result(|m| m.binding = Binding::Missing), Err(NoStatement::NoSubject));
    assert_eq!(
        result(|m| m.binding = Binding::UnresolvableCommit("d3093eb".into())),
        Err(NoStatement::UnresolvableCommit)
    );
    assert_eq!(result(|m| m.previous_gate = None), Err(NoStatement::NoPreviousGate));
    assert_eq!(
        result(|m| m.target = Target::Epoch(MAX_EPOCH + 1)),
        Err(NoStatement::NumberTooLarge)
    );
    assert_eq!(result(|m| m.reattest = u64::MAX), Err(NoStatement::NumberTooLarge));
}

#[test]
fn the_largest_numbers_keep_their_digits() {
    let mut manifest = manifest();
    manifest.target = Target::Epoch(MAX_EPOCH);
    manifest.reattest = MAX_EPOCH - 1;
    let json = statement_json(&CONTEXT, &manifest, &signoff()).unwrap();
    assert!(json.contains(r#""epoch":9007199254740991,"#), "{json}");
    assert!(json.contains(r#""reattest":9007199254740990,"#), "{json}");
}

#[test]
fn withdrawal_and_supersession_are_not_signed() {
    let mut changed = signoff();
    changed.withdrawn = true;
    changed.superseded_by = "ab".repeat(20);
    changed.signature = "x".into();
    assert_eq!(payload(&manifest(), &changed), payload(&manifest(), &signoff()));
}

/// RFC 8785, 3.2.2.2, written out once more.
fn canonical_string(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[test]
fn the_string_of_rfc_8785() {
    let mut signoff = signoff();
    signoff.dissent = "\u{20ac}$\u{f}\nA'B\"\\\\\"/".into();
    let json = statement_json(&CONTEXT, &manifest(), &signoff).unwrap();
    assert!(json.contains("\"dissent\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\","), "{json}");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-b]{0,2}",
        "[\"\\\\,\\[\\]{}: \n\t\u{0}\u{1f}\u{7f}\u{e9}\u{202e}\u{1f600}]{0,4}",
        ".{0,6}"
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 0..3)
}

fn any_oid() -> impl Strategy<Value = Oid> {
    prop_oneof![
        prop::collection::vec(0u8..2, 20).prop_map(|raw| Oid::from_bytes(&raw).unwrap()),
        prop::collection::vec(0u8..2, 32).prop_map(|raw| Oid::from_bytes(&raw).unwrap()),
    ]
}

fn any_manifest() -> impl Strategy<Value = Manifest> {
    let target = prop_oneof![
        (0..=MAX_EPOCH).prop_map(Target::Epoch),
        (0u64..3).prop_map(Target::Epoch),
        "[a-z0-9]{1,2}".prop_map(Target::Squash)
    ];
    let previous = prop_oneof![Just(PreviousGate::None), any_oid().prop_map(PreviousGate::Gate)];
    let binding =
        prop_oneof![any_oid().prop_map(Binding::Tree), any_oid().prop_map(Binding::Commit)];
    let sha256 = prop::option::of(prop::array::uniform32(0u8..2));
    let cures = prop::collection::vec(any_oid(), 0..3);
    (target, 0u64..3, previous, binding, sha256, cures).prop_map(
        |(target, reattest, previous_gate, binding, subject_sha256, cures)| Manifest {
            target,
            reattest,
            previous_gate: Some(previous_gate),
            binding,
            subject_sha256,
            cures,
            ..manifest()
        },
    )
}

fn any_signoff() -> impl Strategy<Value = Signoff> {
    let attestation =
        (any::<bool>(), texts(), text()).prop_map(|(understood, invariants, statement)| {
            AiAttestation { understood, invariants, statement }
        });
    let people = ("[a-c]{1,2}", "[a-c]{1,2}", text(), texts(), text());
    let lists = (texts(), texts(), texts());
    let time = prop_oneof![0i64..3, any::<i64>()];
    (people, lists, time, text(), prop::option::of(attestation)).prop_map(
        |((reviewer, domain, author, roles, why), lists, time, dissent, ai_attestation)| Signoff {
            reviewer_id: ReviewerId::new(&reviewer).unwrap(),
            domain: DomainId::new(&domain).unwrap(),
            scope: lists.0,
            reviews: lists.1,
            checklist: lists.2,
            timestamp: Time::from_unix_clamped(time),
            dissent,
            authored_by: author,
            multi_domain_roles: roles,
            multi_domain_justification: why,
            ai_attestation,
            ..signoff()
        },
    )
}

/// The parts that are signed, one by one, as values.
fn signed_parts(project: &str, mainline: &str, m: &Manifest, s: &Signoff) -> Vec<Value> {
    let (epoch, name) = match &m.target {
        Target::Epoch(n) => (json!(n), Value::Null),
        Target::Squash(name) => (Value::Null, json!(name)),
    };
    let (kind, id) = match &m.binding {
        Binding::Tree(id) => ("gitTree", id),
        Binding::Commit(id) => ("gitCommit", id),
        other => panic!("{other:?}"),
    };
    let attestation = s.ai_attestation.as_ref().map(|a| {
        json!({ "understood": a.understood, "invariants": a.invariants, "statement": a.statement })
    });
    vec![
        json!(project),
        json!(mainline),
        epoch,
        name,
        json!(m.reattest),
        json!(m.previous_gate.unwrap().to_string()),
        json!(m.cures.iter().map(Oid::to_string).collect::<Vec<_>>()),
        json!({ kind: id.to_string(), "sha256": m.subject_sha256.map(hex::encode) }),
        json!(s.reviewer_id.as_str()),
        json!(s.domain.as_str()),
        json!(s.scope),
        json!(s.reviews),
        json!(s.checklist),
        json!(s.timestamp.to_string()),
        json!(s.dissent),
        json!(s.authored_by),
        json!(s.multi_domain_roles),
        json!(s.multi_domain_justification),
        json!(attestation),
    ]
}

/// The same parts, read back from the canonical JSON by another reader.
fn read_back(json: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(json).unwrap();
    let predicate = &document["predicate"];
    let digest = &document["subject"][0]["digest"];
    let kind = if digest["gitTree"].is_null() { "gitCommit" } else { "gitTree" };
    let mut parts: Vec<Value> =
        ["project", "mainline", "epoch", "name", "reattest", "previous_gate", "cures"]
            .map(|field| predicate[field].clone())
            .into();
    parts.push(json!({ kind: digest[kind], "sha256": digest["sha256"] }));
    parts.extend(
        [
            "reviewer_id",
            "domain",
            "scope",
            "reviews",
            "checklist",
            "timestamp",
            "dissent",
            "authored_by",
            "multi_domain_roles",
            "multi_domain_justification",
            "ai_attestation",
        ]
        .map(|field| predicate[field].clone()),
    );
    parts
}

/// Takes one signed field of `from` over into `to`.
fn take_over(field: usize, to: (&mut Manifest, &mut Signoff), from: (&Manifest, &Signoff)) {
    let (m, s) = to;
    let (from_m, from_s) = (from.0.clone(), from.1.clone());
    match field {
        0 => m.target = from_m.target,
        1 => m.reattest = from_m.reattest,
        2 => m.previous_gate = from_m.previous_gate,
        3 => m.binding = from_m.binding,
        4 => m.subject_sha256 = from_m.subject_sha256,
        5 => m.cures = from_m.cures,
        6 => s.reviewer_id = from_s.reviewer_id,
        7 => s.domain = from_s.domain,
        8 => s.scope = from_s.scope,
        9 => s.reviews = from_s.reviews,
        10 => s.checklist = from_s.checklist,
        11 => s.timestamp = from_s.timestamp,
        12 => s.dissent = from_s.dissent,
        13 => s.authored_by = from_s.authored_by,
        14 => s.multi_domain_roles = from_s.multi_domain_roles,
        15 => s.multi_domain_justification = from_s.multi_domain_justification,
        _ => s.ai_attestation = from_s.ai_attestation,
    }
}

proptest! {
    #[test]
    fn everything_that_is_signed_can_be_read_back(
        project in text(), mainline in text(), m in any_manifest(), s in any_signoff(),
    ) {
        let context = SignerContext { project: &project, mainline: &mainline };
        let json = statement_json(&context, &m, &s).unwrap();
        prop_assert_eq!(read_back(&json), signed_parts(&project, &mainline, &m, &s));
    }

    #[test]
    fn another_value_in_one_field_makes_other_bytes(
        m in any_manifest(), s in any_signoff(),
        other in (any_manifest(), any_signoff()), field in 0usize..17,
    ) {
        let (mut changed_m, mut changed_s) = (m.clone(), s.clone());
        take_over(field, (&mut changed_m, &mut changed_s), (&other.0, &other.1));
        let same = signed_parts("", "", &m, &s) == signed_parts("", "", &changed_m, &changed_s);
        prop_assert_eq!(payload(&m, &s) == payload(&changed_m, &changed_s), same);
    }

    #[test]
    fn strings_are_canonical(dissent in any::<String>()) {
        let mut signoff = signoff();
        signoff.dissent.clone_from(&dissent);
        let json = statement_json(&CONTEXT, &manifest(), &signoff).unwrap();
        let expected = format!("\"dissent\":{},\"domain\"", canonical_string(&dissent));
        prop_assert!(json.contains(&expected), "{} lacks {}", json, expected);
    }

    #[test]
    fn project_and_mainline_are_bound(a in (text(), text()), b in (text(), text())) {
        let bytes = |pair: &(String, String)| {
            let context = SignerContext { project: &pair.0, mainline: &pair.1 };
            signoff_payload(&context, &manifest(), &signoff()).unwrap()
        };
        prop_assert_eq!(bytes(&a) == bytes(&b), a == b);
    }
}
