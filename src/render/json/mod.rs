//! The JSON report. Its shapes are frozen copies: one file a version.

pub mod blast_v1;
pub mod findings_v1;
mod from_blast;
mod from_report;
mod from_status;
mod inert;
pub mod preview_v1;
pub mod outlook;
pub mod status_v1;
pub mod v1;

pub(super) use inert::{to_line, to_pretty};

use super::Style;
use crate::report::Report;

pub(super) fn render(report: &Report, style: &Style) -> Vec<u8> {
    to_pretty(&v1::Report::new(report, &style.tool_version))
}

/// The JSON Schema (draft 2020-12) of every document that is printed, by the name of its file
/// `docs/schema/NAME.schema.json`.
#[must_use]
pub fn schemas() -> [(&'static str, String); 7] {
    [
        ("report", schema_of::<v1::Report>()),
        ("report-line", schema_of::<super::ndjson::Line>()),
        ("findings", schema_of::<findings_v1::Findings>()),
        ("preview", schema_of::<preview_v1::Preview>()),
        ("status", schema_of::<status_v1::Status>()),
        ("blast-radius", schema_of::<blast_v1::BlastRadius>()),
        ("revocations", schema_of::<blast_v1::Revocations>()),
    ]
}

fn schema_of<T: schemars::JsonSchema>() -> String {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = generator.into_generator().into_root_schema_for::<T>();
    String::from_utf8_lossy(&to_pretty(&schema)).into_owned()
}

#[cfg(test)]
mod tests {
    /// Run with `UPDATE_SCHEMA=1` to write the files anew.
    #[test]
    fn the_published_schemas_are_the_ones_that_the_types_make() {
        for (name, schema) in super::schemas() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema");
            let path = format!("{folder}/{name}.schema.json");
            if std::env::var_os("UPDATE_SCHEMA").is_some() {
                std::fs::write(&path, &schema).unwrap();
            }
            let published = std::fs::read_to_string(path).unwrap();
            assert!(
                published == schema,
                "docs/schema/{name}.schema.json is not what the types say; \
                 if gatecheck-{name}/1 may change so, run UPDATE_SCHEMA=1 cargo test schema"
            );
        }
    }
}
