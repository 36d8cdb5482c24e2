//! `gatecheck-preview/1`: what a gate to come has and lacks. Frozen: a change of meaning, name or
//! order needs a `preview_v2`.
//!
//! The conventions are those of `gatecheck-report/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::v1::Finding;

/// The document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck-preview/1")]
pub struct Preview {
    /// Always `gatecheck-preview/1`.
    #[schemars(extend("const" = "gatecheck-preview/1"))]
    pub schema: &'static str,
    /// `pass` where nothing is missing, else `refused` or `undecided`.
    #[schemars(extend("enum" = ["pass", "refused", "undecided"]))]
    pub verdict: &'static str,
    /// The project's id; empty in registries of version 1.0.0.
    pub project: String,
    /// The epoch of the gate to come.
    pub epoch: u64,
    /// The commit whose content it would hold, in full.
    pub commit: String,
    /// The branch that was looked at, as a full ref name.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Since when changes are counted: the last gate, or the anchor.
    pub since: Since,
    /// The serial of the registry in force.
    pub registry_serial: u64,
    /// The manifest.
    pub manifest: Manifest,
    /// Files that changed.
    pub files: usize,
    /// Files among them that belong to no domain.
    pub files_in_no_domain: usize,
    /// Full ids of commits that say they were made with an AI's assistance.
    pub ai_assisted: Vec<String>,
    /// What each domain has and lacks, by id.
    pub domains: Vec<Domain>,
    /// What is missing and who could fill it, in plain English.
    pub missing: Vec<String>,
    /// What the judge found, as in `gatecheck-report/1`.
    pub findings: Vec<Finding>,
}

/// Since when changes are counted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Since {
    /// The commit, in full.
    pub commit: String,
    /// The epoch of its gate; null for the anchor before the first gate.
    pub epoch: Option<u64>,
}

/// The manifest of the gate to come.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Manifest {
    /// Its path.
    pub path: String,
    /// `none`, `draft` (in the work tree) or `committed` (on a branch of its own).
    #[schemars(extend("enum" = ["none", "draft", "committed"]))]
    pub state: &'static str,
}

/// What a domain has and lacks.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Domain {
    /// Its id.
    pub domain: String,
    /// Files that changed in it.
    pub files: usize,
    /// The first of them.
    pub paths: Vec<String>,
    /// People it needs.
    pub needed: u64,
    /// Who counts.
    pub counted: Vec<String>,
    /// Who signed and does not count.
    pub not_counted: Vec<Why>,
    /// Who could sign, alone.
    pub could_sign: Vec<String>,
    /// Who could sign beside somebody current.
    pub could_sign_beside: Vec<Why>,
    /// Who cannot.
    pub cannot_sign: Vec<Why>,
    /// Documents that no counted scope lists.
    pub docs_missing: Vec<String>,
}

/// A person, and why.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Why {
    /// Whose id.
    pub reviewer_id: String,
    /// In plain English.
    pub why: String,
}

impl Preview {
    /// Indented, with a line end; inert in logs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        super::to_pretty(self)
    }
}
