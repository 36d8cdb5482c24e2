//! The tables and values that edits write.

use toml_edit::{Array, Item, Table, Value};

use super::super::document::Moment;
use super::{Compromise, Enroll, NewKey, Trusted};
use crate::model::registry::RetiredReason;
use crate::model::{ReviewerId, Time};

/// A date where the time is midnight UTC, else a date-time.
fn moment(time: Time) -> Value {
    Moment(time).datetime().map_or_else(|| Value::from(time.to_string()), Value::from)
}

/// Sets a field; what stands around an old value stays.
pub(super) fn set(table: &mut Table, field: &str, new: impl Into<Value>) {
    let mut new = new.into();
    match table.get_mut(field) {
        Some(Item::Value(old)) => {
            std::mem::swap(old.decor_mut(), new.decor_mut());
            *old = new;
        }
        _ => {
            table.insert(field, Item::Value(new));
        }
    }
}

/// As [`set`]; a new field comes behind the last of those named that is there.
pub(super) fn set_behind(table: &mut Table, field: &str, new: impl Into<Value>, behind: &[&str]) {
    let there = table.contains_key(field);
    set(table, field, new);
    if there {
        return;
    }
    let mut order: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    let Some(at) = order.iter().rposition(|key| behind.contains(&key.as_str())) else { return };
    order.retain(|key| key != field);
    order.insert(at.saturating_add(1), field.to_owned());
    let rank = |key: &str| order.iter().position(|known| known == key);
    table.sort_values_by(|a, _, b, _| rank(a.get()).cmp(&rank(b.get())));
}

fn fresh() -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table
}

/// A `[[keys]]` entry.
pub(super) fn key(reviewer: &ReviewerId, key: &NewKey) -> Table {
    let mut table = fresh();
    set(&mut table, "reviewer_id", reviewer.as_str());
    set(&mut table, "format", if key.fingerprint.is_ssh() { "ssh" } else { "openpgp" });
    set(&mut table, "fingerprint", key.fingerprint.to_string());
    set(&mut table, "public_key", key.public_key.as_str());
    set(&mut table, "effective_from", moment(key.window.from));
    if let Some(until) = key.window.until {
        set(&mut table, "effective_until", moment(until));
    }
    table
}

/// A `[[reviewers]]` entry.
pub(super) fn person(order: &Enroll) -> Table {
    let mut table = fresh();
    set(&mut table, "id", order.id.as_str());
    if !order.name.is_empty() {
        set(&mut table, "name", order.name.as_str());
    }
    if !order.emails.is_empty() {
        set(&mut table, "emails", order.emails.iter().collect::<Array>());
    }
    set(&mut table, "kind", order.kind.name());
    table
}

/// Adds what a retired entry has more than a standing one.
pub(super) fn retire(table: &mut Table, at: Time, reason: RetiredReason) {
    set(table, "retired_at", moment(at));
    set(table, "reason", reason.name());
}

/// Marks a retired entry compromised, or says more of one that is.
pub(super) fn compromise(table: &mut Table, order: &Compromise) {
    set(table, "reason", RetiredReason::Compromised.name());
    match order.trusted {
        Trusted::AsItStands => {}
        Trusted::Nothing => {
            table.remove("trusted_until");
        }
        Trusted::Until(commit) => set(table, "trusted_until", commit.to_string()),
    }
    if !order.acknowledged.is_empty() {
        let list = table.entry("acknowledged").or_insert_with(|| Item::from(Array::new()));
        if let Some(list) = list.as_array_mut() {
            for commit in &order.acknowledged {
                super::list::add(list, &commit.to_string());
            }
        }
    }
    let said = table.get("charter_ack").and_then(Item::as_str).is_some_and(|ack| !ack.is_empty());
    if !said {
        set(table, "charter_ack", order.charter_ack.as_str());
    }
}
