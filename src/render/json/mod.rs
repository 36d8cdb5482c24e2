//! The JSON report. Its shapes are frozen copies: one file a version.

mod from_report;
mod inert;
pub mod preview_v1;
pub mod v1;

pub(super) use inert::{to_line, to_pretty};

use super::Style;
use crate::report::Report;

pub(super) fn render(report: &Report, style: &Style) -> Vec<u8> {
    to_pretty(&v1::Report::new(report, &style.tool_version))
}

/// The JSON Schema (draft 2020-12) of `gatecheck-report/1`, as `docs/schema/report.schema.json`
/// holds it.
#[must_use]
pub fn schema() -> String {
    let generator = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = generator.into_generator().into_root_schema_for::<v1::Report>();
    String::from_utf8_lossy(&to_pretty(&schema)).into_owned()
}

#[cfg(test)]
mod tests {
    /// Run with `UPDATE_SCHEMA=1` to write the file anew.
    #[test]
    fn the_published_schema_is_the_one_that_the_types_make() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/report.schema.json");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, super::schema()).unwrap();
        }
        let published = std::fs::read_to_string(path).unwrap();
        assert!(
            published == super::schema(),
            "docs/schema/report.schema.json is not what the types say; \
             if gatecheck-report/1 may change so, run UPDATE_SCHEMA=1 cargo test schema"
        );
    }
}
