//! The one text that gatecheck writes for a record.

use std::fmt::Write as _;

use crate::model::{Approval, CeremonyRecord, RecordedFile};

/// A record's file: fields in the order of the reference, all of them, without comments. Reading
/// it gives the same record where this one can be read at all.
#[must_use]
pub fn write(record: &CeremonyRecord) -> String {
    let mut text = String::from("[ceremony]\n");
    line(&mut text, "serial", &record.serial.to_string());
    line(&mut text, "kind", &string(record.kind.name()));
    let previous = hex::encode(record.previous_registry_sha256);
    line(&mut text, "previous_registry_sha256", &string(&previous));
    line(&mut text, "registry_sha256", &string(&hex::encode(record.registry_sha256)));
    line(&mut text, "parent", &string(&record.parent.to_string()));
    line(&mut text, "reason", &string(&record.reason));
    line(&mut text, "charter_ack", &string(&record.charter_ack));
    line(&mut text, "witnesses", &list(&record.witnesses));
    line(&mut text, "concerns", &list(&record.concerns));
    line(&mut text, "removed", &list(&record.removed));
    for file in &record.files {
        recorded(&mut text, file);
    }
    for approval in &record.approvals {
        approved(&mut text, approval);
    }
    text
}

fn recorded(text: &mut String, file: &RecordedFile) {
    text.push_str("\n[[files]]\n");
    line(text, "path", &string(&file.path));
    line(text, "sha256", &string(&hex::encode(file.sha256)));
}

pub(super) fn approved(text: &mut String, approval: &Approval) {
    text.push_str("\n[[approvals]]\n");
    line(text, "role", &string(approval.role.name()));
    line(text, "reviewer_id", &string(approval.reviewer_id.as_str()));
    line(text, "fingerprint", &string(&approval.fingerprint.to_string()));
    line(text, "timestamp", &approval.timestamp.to_string());
    line(text, "signature", &lines(&approval.signature));
}

pub(super) fn line(text: &mut String, field: &str, value: &str) {
    text.push_str(field);
    text.push_str(" = ");
    text.push_str(value);
    text.push('\n');
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| string(item)).collect();
    format!("[{}]", items.join(", "))
}

/// A TOML basic string.
pub(super) fn string(text: &str) -> String {
    format!("\"{}\"", escaped(text, false))
}

/// A text of several lines as a multi-line basic string, whose first line end is no part of it.
fn lines(text: &str) -> String {
    if text.contains('\n') {
        format!("\"\"\"\n{}\"\"\"", escaped(text, true))
    } else {
        string(text)
    }
}

/// TOML 1.0, "String": quotes, backslashes and control characters are escaped.
pub(super) fn escaped(text: &str, keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' if keep_lines => out.push(c),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
