//! `gatecheck-findings/1`: findings without a report around them. Frozen with `gatecheck-report/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::v1::Finding;

/// The document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck-findings/1")]
pub struct Findings {
    /// Always `gatecheck-findings/1`.
    #[schemars(extend("const" = "gatecheck-findings/1"))]
    pub schema: &'static str,
    /// As in `gatecheck-report/1`.
    pub findings: Vec<Finding>,
}
