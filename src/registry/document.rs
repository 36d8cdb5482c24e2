//! The registry file as serde sees it: for writing, and for the JSON Schema that editors use.
//!
//! Reading goes through [`super::read()`], which knows the line of everything. A test holds the
//! field names of both equal.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::model::Time;

/// A point in time as the file writes it: a date where it is midnight UTC, else a date-time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub Time);

impl Moment {
    /// TOML's own type: `2026-06-11` or `2026-06-11T12:00:00Z`. `None` cannot happen for times
    /// that [`Time`] holds.
    pub(super) fn datetime(self) -> Option<toml::value::Datetime> {
        let text = self.0.to_string();
        let date = text.strip_suffix("T00:00:00Z").unwrap_or(&text);
        date.parse().ok()
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.datetime() {
            Some(at) => at.serialize(serializer),
            None => self.0.to_string().serialize(serializer),
        }
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        // Editors hand TOML's dates to a JSON Schema as strings.
        schemars::json_schema!({
            "description": "A date (00:00:00Z) or a date-time with an offset; no fractions.",
            "type": "string",
            "pattern": "^\\d{4}-\\d{2}-\\d{2}([Tt ]\\d{2}:\\d{2}:\\d{2}([Zz]|[+-]\\d{2}:\\d{2}))?$"
        })
    }
}

/// Reviewer registry of gatecheck, version 1.1.0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "reviewer-registry.toml")]
pub struct Document {
    /// The format.
    pub schema: SchemaTable,
    /// The project.
    pub project: ProjectTable,
    /// People, bots and forges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<ReviewerTable>,
    /// Review domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<DomainTable>,
    /// Standing keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyTable>,
    /// Keys that stood once. They stay for ever: history is verified with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired_keys: Vec<RetiredKeyTable>,
    /// What gates, ceremonies and keys must meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<super::document_policy::PolicyTable>,
}

/// `[schema]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaTable {
    /// Format version.
    #[schemars(extend("const" = "1.1.0"))]
    pub version: String,
    /// One more with every change; never reused.
    pub serial: u64,
}

/// `[project]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectTable {
    /// Bound into every statement.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$"))]
    pub id: String,
    /// The judged branch, a full ref name.
    #[schemars(regex(pattern = "^refs/heads/."))]
    pub mainline: String,
    /// Further branches with gates of their own: `"release/*"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
}

/// `[[reviewers]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewerTable {
    /// Stable id.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$"))]
    pub id: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Author identities that are this person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Only humans vouch.
    pub kind: Kind,
}

/// `kind` of a reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the registry")]
pub enum Kind {
    Human,
    Bot,
    Forge,
}

/// `[[domains]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainTable {
    /// Stable id.
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$"))]
    pub id: String,
    /// Who answers for it.
    pub primary: String,
    /// Who stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// Further people who may sign it off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// Paths that belong to it: `*`, `**` and `?`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// What a full scope must list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docs: Vec<String>,
    /// Paths also come from CODEOWNERS lines that name this domain's people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub codeowners: bool,
}

/// `format` of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the registry")]
pub enum Format {
    #[default]
    OpenPgp,
    Ssh,
}

/// `[[keys]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyTable {
    /// Whose key it is.
    pub reviewer_id: String,
    /// OpenPGP or SSH.
    #[serde(default)]
    pub format: Format,
    /// 40 or 64 hexadecimal digits, or `SHA256:<base64>` for SSH.
    pub fingerprint: String,
    /// The key file, below `keys/`; by default `keys/<reviewer_id>.asc` or `.pub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^keys/."))]
    pub public_key: Option<String>,
    /// First moment inside the window.
    pub effective_from: Moment,
    /// First moment outside again: the planned end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Moment>,
}

/// `[[retired_keys]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetiredKeyTable {
    /// Whose key it was.
    pub reviewer_id: String,
    /// OpenPGP or SSH.
    #[serde(default)]
    pub format: Format,
    /// 40 or 64 hexadecimal digits, or `SHA256:<base64>` for SSH.
    pub fingerprint: String,
    /// The key file, below `keys/`; by default `keys/<reviewer_id>.asc` or `.pub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^keys/."))]
    pub public_key: Option<String>,
    /// First moment inside the window.
    pub effective_from: Moment,
    /// What had been the planned end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Moment>,
    /// When it was retired.
    pub retired_at: Moment,
    /// Why.
    pub reason: Reason,
    /// Compromised: last mainline commit known good. Absent: none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$"))]
    pub trusted_until: Option<String>,
    /// Compromised: gates re-attested since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged: Vec<String>,
    /// Heading in the decision log.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub charter_ack: String,
}

/// `reason` of a retirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the registry")]
pub enum Reason {
    Rotated,
    Expired,
    Departed,
    Superseded,
    Compromised,
}

/// The JSON Schema (draft 2020-12) of the registry file.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}
