//! The bytes that a reviewer signs, made from section 5 of the documentation alone.
//!
//! This is on purpose a second implementation, which shares nothing with the product.

use serde_json::{Value, json};

use super::story::SignoffSpec;

/// What a sign-off's statement says beside the sign-off's own fields.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) project: String,
    pub(crate) mainline: String,
    /// Epoch, or `None` with a name for a squash gate.
    pub(crate) epoch: Option<u64>,
    pub(crate) name: Option<String>,
    pub(crate) reattest: u64,
    pub(crate) previous_gate: String,
    pub(crate) cures: Vec<String>,
    pub(crate) subject: Subject,
    pub(crate) sha256: Option<String>,
}

/// What the sign-offs are bound to, as hexadecimal digits.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Tree(String),
    Commit(String),
}

/// The whole statement as a value.
pub(crate) fn signoff(context: &Context, s: &SignoffSpec, scope: &[String], time: &str) -> Value {
    let (name, kind, id) = match &context.subject {
        Subject::Tree(id) => ("tree", "gitTree", id),
        Subject::Commit(id) => ("commit", "gitCommit", id),
    };
    let mut digest = json!({ kind: id });
    if let Some(sha256) = &context.sha256 {
        digest["sha256"] = json!(sha256);
    }
    let ai = s.ai.as_ref().map(|ai| {
        json!({ "understood": ai.understood, "invariants": ai.invariants, "statement": ai.statement })
    });
    let mut predicate = json!({
        "project": context.project,
        "mainline": context.mainline,
        "epoch": context.epoch,
        "reattest": context.reattest,
        "previous_gate": context.previous_gate,
        "cures": context.cures,
        "domain": s.domain,
        "reviewer_id": s.by,
        "scope": scope,
        "reviews": s.reviews,
        "checklist": s.checklist,
        "timestamp": time,
        "dissent": s.dissent,
        "authored_by": s.authored_by,
        "multi_domain_roles": s.roles,
        "multi_domain_justification": s.justification,
        "ai_attestation": ai,
    });
    if let Some(name) = &context.name {
        predicate["name"] = json!(name);
    }
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": name, "digest": digest }],
        "predicateType": "urn:x-gatecheck:signoff:v1",
        "predicate": predicate,
    })
}

/// DSSE pre-authentication encoding over the canonical form.
pub(crate) fn to_sign(statement: &Value) -> Vec<u8> {
    let mut body = String::new();
    canonical(statement, &mut body);
    let kind = "application/vnd.in-toto+json";
    format!("DSSEv1 {} {kind} {} {body}", kind.len(), body.len()).into_bytes()
}

/// RFC 8785 for what statements hold: no numbers but small integers.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| key.encode_utf16().collect::<Vec<u16>>());
            out.push('{');
            for (n, key) in keys.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                canonical(&Value::String(key.clone()), out);
                out.push(':');
                canonical(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Number(n) => {
            assert!(n.is_u64(), "statements hold no such number: {n}");
            out.push_str(&n.to_string());
        }
        // Control characters as \b \t \n \f \r or \u00xx, quote and backslash escaped, nothing else.
        Value::String(_) | Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
}

/// The worked example of the documentation, byte by byte.
#[test]
fn the_example_of_the_spec_comes_out() {
    let context = Context {
        project: "clan-os".into(),
        mainline: "refs/heads/main".into(),
        epoch: Some(0),
        name: None,
        reattest: 0,
        previous_gate: "none".into(),
        cures: vec![],
        subject: Subject::Tree("2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52".into()),
        sha256: None,
    };
    let alice =
        SignoffSpec { by: "alice".into(), domain: "kernel".into(), ..SignoffSpec::default() };
    let scope = ["KERNEL_OBJECT_MODEL".to_owned()];
    let bytes = to_sign(&signoff(&context, &alice, &scope, "2026-01-25T11:00:00Z"));
    let expected = concat!(
        r#"DSSEv1 28 application/vnd.in-toto+json 543 {"_type":"https://in-toto.io/Statement/v1","#,
        r#""predicate":{"ai_attestation":null,"authored_by":"","checklist":[],"cures":[],"dissent":"","#,
        r#""domain":"kernel","epoch":0,"mainline":"refs/heads/main","multi_domain_justification":"","#,
        r#""multi_domain_roles":[],"previous_gate":"none","project":"clan-os","reattest":0,"#,
        r#""reviewer_id":"alice","reviews":[],"scope":["KERNEL_OBJECT_MODEL"],"#,
        r#""timestamp":"2026-01-25T11:00:00Z"},"predicateType":"urn:x-gatecheck:signoff:v1","#,
        r#""subject":[{"digest":{"gitTree":"2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52"},"name":"tree"}]}"#,
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}
