//! The schema, the document and the canonical form, held to what is read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::document::{Document, schema};
use super::super::fmt::{NotFormatted, ORDER, fmt};
use super::{FULL, STUB, full_with, reading, registry, told};

const SHIPPED: &str = "docs/schema/reviewer-registry.schema.json";

#[test]
fn the_shipped_schema_is_the_one_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(SHIPPED);
    let now = format!("{:#}\n", schema());
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let shipped = std::fs::read_to_string(&path).unwrap();
    assert_eq!(shipped, now, "run the tests with INSTA_UPDATE=always to write {SHIPPED}");
}

/// Field names by table, as the schema lists them: `policy.crypto.refuse` -> {what, from}.
fn schema_fields() -> BTreeMap<String, BTreeSet<String>> {
    fn walk(
        root: &Value,
        node: &Value,
        path: &str,
        found: &mut BTreeMap<String, BTreeSet<String>>,
    ) {
        if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
            let target = root.pointer(reference.strip_prefix('#').unwrap()).unwrap();
            return walk(root, target, path, found);
        }
        for choice in ["anyOf", "oneOf"] {
            for node in node.get(choice).and_then(Value::as_array).into_iter().flatten() {
                walk(root, node, path, found);
            }
        }
        if let Some(items) = node.get("items") {
            walk(root, items, path, found);
        }
        if let Some(map) = node.get("additionalProperties").filter(|v| v.is_object()) {
            walk(root, map, &format!("{path}.*"), found);
        }
        let Some(fields) = node.get("properties").and_then(Value::as_object) else { return };
        assert_eq!(node.get("additionalProperties"), Some(&Value::Bool(false)), "{path}");
        found.insert(path.to_owned(), fields.keys().cloned().collect());
        for (field, node) in fields {
            let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
            walk(root, node, &path, found);
        }
    }
    let (root, mut found) = (schema(), BTreeMap::new());
    walk(&root, &root, "", &mut found);
    found
}

/// Puts an unknown field into every table.
fn spoil(table: &mut toml::Table) {
    for (_, value) in table.iter_mut() {
        match value {
            toml::Value::Table(table) => spoil(table),
            toml::Value::Array(items) => {
                items.iter_mut().filter_map(toml::Value::as_table_mut).for_each(spoil);
            }
            _ => {}
        }
    }
    table.insert("zzz".to_owned(), toml::Value::Boolean(true));
}

/// Field names by table, as the reader lists them when it meets one that it does not know.
fn reader_fields() -> BTreeMap<String, BTreeSet<String>> {
    let text = full_with("rule = \"majority\"", "rule = { at_least = 1 }");
    let mut table: toml::Table = text.parse().unwrap();
    spoil(&mut table);
    let mut found = BTreeMap::new();
    for problem in reading(&toml::to_string(&table).unwrap()).problems {
        let Some(name) = problem.message.strip_prefix("`zzz` is not a field of ") else { continue };
        let name = name.split(" number ").next().unwrap().trim_matches(['[', ']']);
        let name = name.replace("epochs.\"0\"", "epochs.*");
        let name = if name == "the file" { String::new() } else { name };
        let fields = problem.required.unwrap();
        found.insert(name, fields.split(", ").map(str::to_owned).collect());
    }
    found
}

#[test]
fn reader_and_schema_know_the_same_fields() {
    let (reader, schema) = (reader_fields(), schema_fields());
    assert_eq!(reader.len(), 23, "{:?}", reader.keys());
    assert_eq!(reader, schema);
}

#[test]
fn the_canonical_order_names_every_field() {
    for (path, fields) in schema_fields() {
        // The tables inside of `rule = { … }` have one field.
        if path.ends_with(".rule") {
            continue;
        }
        let (_, order) = ORDER.iter().find(|(name, _)| *name == path).expect(&path);
        let missing: Vec<&String> =
            fields.iter().filter(|f| !order.contains(&f.as_str())).collect();
        assert!(missing.is_empty(), "{path}: {missing:?}");
    }
}

#[test]
fn a_written_registry_reads_as_it_was() {
    let before = registry(FULL);
    let text = Document::of(&before).to_toml().unwrap();
    let after = reading(&text);
    assert_eq!(told(&after.problems), "", "{text}");
    assert_eq!(Document::of(&after.registry.unwrap()), Document::of(&before));
    assert!(text.contains("effective_until = 2028-06-11\n"), "{text}");
    insta::assert_snapshot!(fmt(&text).unwrap());
}

#[test]
fn formatting_keeps_comments_and_meaning() {
    let text = include_str!("untidy.toml");
    let formatted = fmt(text).unwrap();
    assert_eq!(fmt(&formatted).unwrap(), formatted);
    let comments = |text: &str| {
        let mut all: Vec<String> = text
            .lines()
            .filter_map(|line| line.split_once('#').map(|(_, comment)| comment.trim().to_owned()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(comments(&formatted), comments(text));
    assert_eq!(Document::of(&registry(&formatted)), Document::of(&registry(text)));
    insta::assert_snapshot!(formatted);
}

#[test]
fn formatting_twice_is_formatting_once() {
    for text in [FULL, STUB] {
        let once = fmt(text).unwrap();
        assert_eq!(fmt(&once).unwrap(), once);
    }
}

#[test]
fn what_cannot_be_used_is_not_formatted() {
    let Err(NotFormatted::Unusable(problems)) = fmt("[schema]\nversion = \"9.0\"\n") else {
        panic!("formatted")
    };
    assert_eq!(problems.len(), 1);
}
