//! Shapes that `gatecheck-status/1` and `gatecheck-blast-radius/1` share: frozen with them.

use schemars::JsonSchema;
use serde::Serialize;

use super::v1;
use crate::finding;
use crate::ledger;
use crate::render::escape::visible;

/// Something that is wrong or missing, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Problem {
    /// The finding's code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: v1::Severity,
    /// What is wrong.
    pub message: String,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// What was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// What to do.
    pub help: String,
}

impl From<&finding::Finding> for Problem {
    fn from(finding: &finding::Finding) -> Self {
        Self {
            code: finding.code.name(),
            severity: finding.severity.into(),
            message: visible(&finding.message),
            observed: finding.observed.as_deref().map(visible),
            required: finding.required.as_deref().map(visible),
            help: visible(&finding.help),
        }
    }
}

/// A domain, seen from now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Domain {
    /// Its id.
    pub id: String,
    /// Who answers for it.
    pub primary: String,
    /// Who stands in; null for nobody.
    pub backup: Option<String>,
    /// What a full scope lists.
    pub docs: Vec<String>,
    /// Who could sign it off now.
    pub able: Vec<String>,
    /// Of those: who counts only beside somebody who counts alone.
    pub with_help: Vec<String>,
    /// Without each of these people it could not be signed off now.
    pub hangs_on: Vec<String>,
}

impl From<&ledger::DomainNow> for Domain {
    fn from(domain: &ledger::DomainNow) -> Self {
        let names = |people: &[crate::model::ReviewerId]| -> Vec<String> {
            people.iter().map(ToString::to_string).collect()
        };
        Self {
            id: domain.id.to_string(),
            primary: domain.primary.to_string(),
            backup: domain.backup.as_ref().map(ToString::to_string),
            docs: domain.docs.iter().map(|doc| visible(doc)).collect(),
            able: names(&domain.able),
            with_help: names(&domain.with_help),
            hangs_on: names(&domain.hangs_on),
        }
    }
}
