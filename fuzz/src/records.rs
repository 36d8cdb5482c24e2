//! Ceremony records.

use gatecheck::ceremony;
use gatecheck::model::{Approval, CeremonyRecord, Limits};
use gatecheck::statement::{SignerContext, ceremony_payload, ceremony_statement};
use serde_json::{Value, json};

use super::assert_sound;

const PATH: &str = "keys/ceremonies/0005-rotate-clancy.toml";

/// A record is there or there is a problem that says why, never both; what is written of it is
/// read as it was; each approval signs what the record says.
pub fn record(bytes: &[u8]) -> bool {
    // Small, so that the bounds are reached.
    let limits = Limits { file_bytes: 64 << 10, approvals: 4, ..Limits::default() };
    let reading = ceremony::read(PATH, bytes, &limits);
    assert_sound(&reading.problems);
    assert_eq!(reading.record.is_some(), reading.problems.is_empty());
    let Some(record) = reading.record else { return false };
    let text = ceremony::write(&record);
    let again = ceremony::read(PATH, text.as_bytes(), &Limits::default());
    let again = again.record.unwrap_or_else(|| panic!("{text}: {:?}", again.problems));
    assert_eq!(ceremony::write(&again), text);
    assert_eq!(record.approvals.len(), again.approvals.len());
    for (approval, same) in record.approvals.iter().zip(&again.approvals) {
        assert_eq!(approval.signature, same.signature);
        assert_statement(&record, approval, &again, same);
    }
    assert!(record.files.iter().all(|file| file.path.starts_with("keys/")));
    true
}

fn assert_statement(
    record: &CeremonyRecord,
    approval: &Approval,
    again: &CeremonyRecord,
    same: &Approval,
) {
    let context = SignerContext { project: "clan-os", mainline: "refs/heads/main" };
    let elsewhere = SignerContext { project: "clan-os", mainline: "refs/heads/release/1" };
    let statement = ceremony_statement(&context, record, approval).expect("a sound record");
    let payload = ceremony_payload(&context, record, approval).unwrap();
    assert_eq!(ceremony_payload(&context, again, same).as_ref(), Ok(&payload));
    assert_ne!(ceremony_payload(&elsewhere, record, approval).unwrap(), payload);
    assert!(!statement.json().contains('\n') && !statement.json().contains('\r'));
    let said: Value = serde_json::from_str(statement.json()).expect("canonical JSON is JSON");
    for (field, value) in [
        ("kind", json!(record.kind.name())),
        ("serial", json!(record.serial)),
        ("parent", json!(record.parent.to_string())),
        ("reason", json!(record.reason)),
        ("charter_ack", json!(record.charter_ack)),
        ("concerns", json!(record.concerns)),
        ("role", json!(approval.role.name())),
        ("reviewer_id", json!(approval.reviewer_id.as_str())),
        ("fingerprint", json!(approval.fingerprint.to_string())),
        ("timestamp", json!(approval.timestamp.to_string())),
    ] {
        assert_eq!(said["predicate"][field], value, "{field}");
    }
    let names = said["subject"].as_array().expect("a list").iter();
    let names: Vec<&str> = names.filter_map(|subject| subject["name"].as_str()).collect();
    assert_eq!(names.len(), record.files.len() + 1);
    assert!(names.is_sorted(), "{names:?}");
}
