//! The JSON Schema names what is read.

use std::collections::BTreeSet;

use super::*;
use crate::tables::testing::{self, properties};

#[test]
#[ignore = "writes the schema: cargo test --lib write_manifest_schema -- --ignored"]
fn write_manifest_schema() {
    testing::write_schema(SCHEMA_PATH, &schema());
}

#[test]
fn the_shipped_schema_is_the_current_one() {
    testing::schema_is_shipped(SCHEMA_PATH, &schema(), "write_manifest_schema");
}

fn known(text: &str) -> BTreeSet<String> {
    testing::known(&read_epoch(text).problems)
}

#[test]
fn the_schema_names_the_fields_that_are_read() {
    let schema = schema();
    let line = "unheard_of = 1\n";
    assert_eq!(known(&(line.to_owned() + &head("") + &entry(""))), properties(&schema, ""));
    assert_eq!(known(&(head(line) + &entry(""))), properties(&schema, "Head"));
    assert_eq!(known(&(head("") + &entry(line))), properties(&schema, "Signoff"));
    let nested = entry("ai_attestation = { unheard_of = 1 }");
    assert_eq!(known(&(head("") + &nested)), properties(&schema, "Attestation"));
}
