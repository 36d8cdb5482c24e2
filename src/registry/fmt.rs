//! The canonical form of a registry file: the order of its reference, one way to write each value,
//! every comment kept.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::document::Document;
use super::document::Moment;
use super::fmt_comments as comments;
use super::read;
use crate::finding::Finding;
use crate::model::{Fingerprint, Limits, Time};

/// Why a text has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFormatted {
    /// The registry is unusable; these are its problems.
    Unusable(Vec<Finding>),
    /// The formatted text would say something else: a defect, and nothing must be written.
    Defect(String),
}

/// The fields of each table in the order of the reference.
pub(super) const ORDER: &[(&str, &[&str])] = &[
    ("", &["schema", "project", "reviewers", "domains", "keys", "retired_keys", "policy"]),
    ("schema", &["version", "serial"]),
    ("project", &["id", "mainline", "branches"]),
    ("reviewers", &["id", "name", "emails", "kind"]),
    ("domains", &["id", "primary", "backup", "reviewers", "paths", "docs", "codeowners"]),
    ("keys", KEY),
    ("retired_keys", KEY),
    (
        "policy",
        &[
            "mainline",
            "gates",
            "quorum",
            "currency",
            "second_review",
            "ai_assisted",
            "forbidden",
            "charter",
            "ceremony",
            "crypto",
            "clock",
        ],
    ),
    ("policy.mainline", &["require_signature", "accept_forge"]),
    (
        "policy.gates",
        &[
            "manifest",
            "first_epoch",
            "binding",
            "unsigned_signoffs",
            "commit_signature",
            "checklist",
        ],
    ),
    ("policy.quorum", QUORUM),
    ("policy.quorum.epochs.*", QUORUM),
    ("policy.currency", &["max_epochs", "max_age", "newcomer_cosigns", "cosign_scope"]),
    ("policy.second_review", &["name", "paths", "added_tokens", "reviewers", "other_domain", "at"]),
    ("policy.ai_assisted", &["trailers", "co_authors", "second_review", "invariants"]),
    ("policy.forbidden", &["name", "pattern", "paths"]),
    ("policy.charter", &["path", "decision_log", "marker", "dissent_days"]),
    ("policy.ceremony", &["threshold", "max_key_days", "warn_days"]),
    ("policy.crypto", &["refuse", "cert_expiry", "post_quantum_from_epoch"]),
    ("policy.crypto.refuse", &["what", "from"]),
    ("policy.clock", &["max_skew"]),
];

/// Of both kinds of key, and of the stub.
const KEY: &[&str] = &[
    "reviewer_id",
    "format",
    "fingerprint",
    "public_key",
    "effective_from",
    "effective_until",
    "retired_at",
    "reason",
    "trusted_until",
    "acknowledged",
    "charter_ack",
    "retired",
    "solo_maintainer",
];
const QUORUM: &[&str] =
    &["rule", "per_domain", "distinct_reviewers", "allow_multi_domain", "squash_people", "epochs"];

/// Widest line that a list is kept on, in characters.
const WIDTH: usize = 100;

/// Writes a registry in its canonical form. Doing it again changes nothing, and the registry says
/// the same before and after: that is checked each time, before the text is handed out.
///
/// Errors: a registry that cannot be used has no canonical form.
pub fn fmt(text: &str) -> Result<String, NotFormatted> {
    let before = meaning(text)?;
    let mut document: DocumentMut =
        text.parse().map_err(|error| NotFormatted::Defect(format!("{error}")))?;
    let header = comments::take_header(&mut document);
    let trailing = comments::tidy(document.trailing().as_str().unwrap_or_default());
    let root = document.as_table_mut();
    let mut position = 0;
    table(root, "");
    arrange(root, "", &mut position);
    comments::give_header(&mut document, &header);
    document.set_trailing(if trailing.is_empty() { trailing } else { format!("\n{trailing}") });
    let formatted = document.to_string();
    match meaning(&formatted) {
        Ok(after) if after == before => Ok(formatted),
        _ => Err(NotFormatted::Defect(
            "the formatted registry would not say what the file says".to_owned(),
        )),
    }
}

/// What a registry says, in a form that can be compared.
fn meaning(text: &str) -> Result<Document, NotFormatted> {
    let limits = Limits { file_bytes: u64::MAX, ..Limits::default() };
    let reading = read(crate::model::registry::REGISTRY_PATH, text.as_bytes(), &limits);
    match reading.registry {
        Some(registry) => Ok(Document::of(&registry)),
        None => Err(NotFormatted::Unusable(reading.problems)),
    }
}

fn order(path: &str) -> &'static [&'static str] {
    let path = match path.strip_prefix("policy.quorum.epochs.") {
        Some(epoch) if !epoch.contains('.') => "policy.quorum.epochs.*",
        _ => path,
    };
    ORDER.iter().find(|(name, _)| *name == path).map_or(&[], |(_, fields)| fields)
}

fn rank(path: &str, field: &str) -> usize {
    order(path).iter().position(|known| *known == field).unwrap_or(usize::MAX)
}

fn below(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// Sorts and tidies a table's values, and the tables below it.
fn table(table: &mut Table, path: &str) {
    table.sort_values_by(|a, _, b, _| rank(path, a.get()).cmp(&rank(path, b.get())));
    for (mut key, item) in table.iter_mut() {
        let path = below(path, key.get());
        key.dotted_decor_mut().clear();
        if !item.is_value() {
            // The comments of a table stand at its header, not at its name.
            key.leaf_decor_mut().clear();
        }
        match item {
            Item::Value(read) => {
                comments::tidy_key(key.leaf_decor_mut());
                top_value(read, &path, key.get());
            }
            Item::Table(child) => self::table(child, &path),
            Item::ArrayOfTables(tables) => {
                for child in tables.iter_mut() {
                    self::table(child, &path);
                }
            }
            Item::None => {}
        }
    }
}

/// Gives tables with a header their place in the file, one blank line before each.
fn arrange(table: &mut Table, path: &str, position: &mut isize) {
    let mut fields: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    fields.sort_by_key(|field| rank(path, field));
    for field in fields {
        let path = below(path, &field);
        match table.get_mut(&field) {
            Some(Item::Table(child)) => {
                place(child, position);
                arrange(child, &path, position);
            }
            Some(Item::ArrayOfTables(tables)) => arrange_all(tables, &path, position),
            _ => {}
        }
    }
}

fn arrange_all(tables: &mut ArrayOfTables, path: &str, position: &mut isize) {
    for child in tables.iter_mut() {
        place(child, position);
        arrange(child, path, position);
    }
}

fn place(table: &mut Table, position: &mut isize) {
    if table.is_dotted() {
        return;
    }
    *position = position.saturating_add(1);
    table.set_position(Some(*position));
    comments::tidy_header(table.decor_mut());
}

/// A value after `field = `.
fn top_value(value: &mut Value, path: &str, field: &str) {
    let comment = value.decor().suffix().and_then(|raw| raw.as_str()).unwrap_or_default();
    let comment = comment.trim().to_owned();
    normalise(value, path, field);
    let suffix = if comment.is_empty() { comment } else { format!(" {comment}") };
    *value.decor_mut() = toml_edit::Decor::new(" ", suffix);
}

/// One way to write each value. Leaves the space around it to the caller.
fn normalise(value: &mut Value, path: &str, field: &str) {
    match value {
        Value::Array(array) => list(array, path, field),
        Value::InlineTable(table) => inline(table, path),
        Value::String(text) if field == "fingerprint" => {
            if let Ok(fingerprint) = Fingerprint::parse(text.value()) {
                *value = Value::from(fingerprint.to_string());
            }
        }
        Value::String(text) if is_time(field) => {
            if let Some(at) = Time::parse(text.value()).ok().and_then(|at| Moment(at).datetime()) {
                *value = Value::from(at);
            }
        }
        Value::Datetime(at) => {
            let written = at.value().to_string();
            if let Some(at) = Time::parse(&written).ok().and_then(|at| Moment(at).datetime()) {
                *value = Value::from(at);
            }
        }
        _ => {}
    }
}

fn is_time(field: &str) -> bool {
    matches!(field, "effective_from" | "effective_until" | "retired_at" | "from")
}

/// A list on one line where it fits and holds no comment, else an entry a line.
fn list(array: &mut Array, path: &str, field: &str) {
    // A list with comments is its author's work; only its values are normalised.
    let commented = array.to_string().lines().count() > 1 && has_comment(array);
    for value in array.iter_mut() {
        let decor = value.decor().clone();
        normalise(value, path, field);
        if commented {
            *value.decor_mut() = decor;
        }
    }
    if commented {
        return;
    }
    array.fmt();
    array.set_trailing("");
    array.set_trailing_comma(false);
    let width =
        array.to_string().trim().chars().count().saturating_add(field.len()).saturating_add(3);
    if width > WIDTH && array.len() > 1 {
        for value in array.iter_mut() {
            *value.decor_mut() = toml_edit::Decor::new("\n    ", "");
        }
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
}

fn has_comment(array: &Array) -> bool {
    let raw = |raw: Option<&toml_edit::RawString>| {
        raw.and_then(|raw| raw.as_str()).is_some_and(|text| text.contains('#'))
    };
    raw(Some(array.trailing()))
        || array.iter().any(|value| {
            raw(value.decor().prefix()) || raw(value.decor().suffix()) || holds_comment(value)
        })
}

fn holds_comment(value: &Value) -> bool {
    match value {
        Value::Array(array) => has_comment(array),
        Value::InlineTable(table) => inline_has_comment(table),
        _ => false,
    }
}

fn inline_has_comment(table: &InlineTable) -> bool {
    // TOML 1.1 lets comments stand inside.
    let text = table.to_string();
    text.contains('\n')
}

fn inline(table: &mut InlineTable, path: &str) {
    if inline_has_comment(table) {
        return;
    }
    table.sort_values_by(|a, _, b, _| rank(path, a.get()).cmp(&rank(path, b.get())));
    for (key, value) in table.iter_mut() {
        let field = key.get().to_owned();
        normalise(value, &below(path, &field), &field);
    }
    table.fmt();
    table.set_trailing_comma(false);
}
