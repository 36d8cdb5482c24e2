//! One sign-off as text.

use toml_edit::{Array, Value};

use crate::model::Signoff;
use crate::model::manifest::Target;

/// `[[signoffs]]` and its fields; what says nothing is left out.
pub(super) fn written(target: &Target, signoff: &Signoff) -> String {
    let mut text = String::from("[[signoffs]]\n");
    let mut field = |name: &str, value: String| text.push_str(&format!("{name} = {value}\n"));
    field("reviewer_id", quoted(signoff.reviewer_id.as_str()));
    field("domain", quoted(signoff.domain.as_str()));
    list(&mut field, "scope", &signoff.scope);
    list(&mut field, "reviews", &signoff.reviews);
    list(&mut field, "checklist", &signoff.checklist);
    if let (Target::Epoch(_), Some(epoch)) = (target, signoff.epoch) {
        field("epoch", epoch.to_string());
    }
    field("timestamp", signoff.timestamp.to_string());
    string(&mut field, "dissent", &signoff.dissent);
    if signoff.withdrawn {
        field("withdrawn", "true".to_owned());
    }
    string(&mut field, "superseded_by", &signoff.superseded_by);
    string(&mut field, "authored_by", &signoff.authored_by);
    list(&mut field, "multi_domain_roles", &signoff.multi_domain_roles);
    string(&mut field, "multi_domain_justification", &signoff.multi_domain_justification);
    if let Some(ai) = &signoff.ai_attestation {
        let value = format!(
            "{{ understood = {}, invariants = {}, statement = {} }}",
            ai.understood,
            array(&ai.invariants),
            quoted(&ai.statement)
        );
        field("ai_attestation", value);
    }
    if !signoff.signature.is_empty() {
        field("signature", signature(&signoff.signature));
    }
    text
}

/// An armored signature as people are used to see it: each line on its own.
pub(super) fn signature(armor: &str) -> String {
    let plain = |c: char| (!c.is_control() || c == '\n') && !matches!(c, '"' | '\\');
    if armor.ends_with('\n') && armor.chars().all(plain) {
        return format!("\"\"\"\n{armor}\"\"\"");
    }
    quoted(armor)
}

fn string(field: &mut impl FnMut(&str, String), name: &str, text: &str) {
    if !text.is_empty() {
        field(name, quoted(text));
    }
}

fn list(field: &mut impl FnMut(&str, String), name: &str, texts: &[String]) {
    if !texts.is_empty() {
        field(name, array(texts));
    }
}

fn array(texts: &[String]) -> String {
    let list: Array = texts.iter().map(String::as_str).collect();
    Value::from(list).to_string().trim().to_owned()
}

/// A string as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string().trim().to_owned()
}
