//! What changed in the policy, field by field. Compared in the form in which it is written, so that
//! no field can be forgotten here: a new one comes with the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Change;
use super::write;
use crate::model::Policy;

pub(super) fn policy(old: &Policy, new: &Policy, changes: &mut Vec<Change>) {
    let (old, new) = (fields(old), fields(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for field in names {
        let (old, new) = (old.get(field), new.get(field));
        if old != new {
            changes.push(Change::Policy {
                field: field.clone(),
                old: old.cloned(),
                new: new.cloned(),
            });
        }
    }
}

/// Fields by dotted name, with their values as text.
fn fields(policy: &Policy) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    // Only a defect in the document could make this fail; then the comparison says so, and does
    // not say that nothing changed.
    match serde_json::to_value(write::policy(policy)) {
        Ok(value) => flatten("", &value, &mut fields),
        Err(error) => {
            fields.insert("(defect)".to_owned(), format!("{error}: {policy:?}"));
        }
    }
    fields
}

fn flatten(path: &str, value: &Value, fields: &mut BTreeMap<String, String>) {
    let below = |field: &str| {
        if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
    };
    match value {
        // How the toml crate hands a date to others.
        Value::Object(map) if map.keys().all(|key| key.starts_with("$__toml")) => {
            let text = map.values().find_map(Value::as_str).unwrap_or_default();
            fields.insert(path.to_owned(), text.to_owned());
        }
        // A rule's value is small and is told whole.
        Value::Object(map) if !path.ends_with("rule") => {
            for (field, value) in map {
                flatten(&below(field), value, fields);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                let name = ["name", "what"].iter().find_map(|name| item.get(name)?.as_str());
                match name {
                    Some(name) => flatten(&below(name), item, fields),
                    None => {
                        fields.insert(below(&item.to_string()), item.to_string());
                    }
                }
            }
        }
        Value::String(text) => {
            fields.insert(path.to_owned(), text.clone());
        }
        other => {
            fields.insert(path.to_owned(), other.to_string());
        }
    }
}
