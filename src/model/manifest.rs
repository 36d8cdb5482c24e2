//! Manifests and sign-offs as values. Read in `manifest`, judged in `rules`.

use std::sync::Arc;

use super::id::{DomainId, ReviewerId};
use super::oid::Oid;
use super::time::Time;
use crate::source::{Source, Spot};

/// What a manifest is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An epoch (`epoch-N.toml`, `epoch-N.reattest-K.toml`, `epoch-N.dissent-X.toml`).
    Epoch(u64),
    /// A squash gate, by name.
    Squash(String),
}

/// `previous_gate` of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviousGate {
    /// `"none"`: before the first gate.
    None,
    /// The last accepted epoch gate's id.
    Gate(Oid),
}

impl std::fmt::Display for PreviousGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Gate(id) => id.fmt(f),
        }
    }
}

/// What the sign-offs of a manifest are bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `subject_tree`: the gate commit's tree without the manifests that it adds.
    Tree(Oid),
    /// `gate_commit`: a commit that was made first and signed off later.
    Commit(Oid),
    /// `gate_commit` as it was written, where it is no full object id.
    UnresolvableCommit(String),
    /// Neither was given.
    Missing,
}

/// One manifest file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The file.
    pub source: Arc<Source>,
    /// What it says it is for (`epoch` or `name`).
    pub target: Target,
    /// K of a re-attestation (from the file's name), else 0.
    pub reattest: u64,
    /// `previous_gate`; `None` where the field is missing.
    pub previous_gate: Option<PreviousGate>,
    /// `subject_tree` or `gate_commit`.
    pub binding: Binding,
    /// `subject_sha256`: the content digest, where stated.
    pub subject_sha256: Option<[u8; 32]>,
    /// `mv_team_justification`.
    pub mv_team_justification: String,
    /// `cures`: refused commits that this gate has looked into, in order.
    pub cures: Vec<Oid>,
    /// The sign-offs in order.
    pub signoffs: Vec<Signoff>,
    /// Where the `[manifest]` table's fields stand, by name; the table itself under `"manifest"`.
    pub spots: std::collections::BTreeMap<String, Spot>,
}

impl Manifest {
    /// Where a field of `[manifest]` stands, else the table, else the file's beginning.
    #[must_use]
    pub fn spot(&self, field: &str) -> Spot {
        self.spots.get(field).or_else(|| self.spots.get("manifest")).copied().unwrap_or(Spot::START)
    }
}

/// One reviewer's statement for one domain. Strings are unescaped and unproven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signoff {
    /// Whose it says it is.
    pub reviewer_id: ReviewerId,
    /// For which domain.
    pub domain: DomainId,
    /// What was looked at; one string was split at commas and trimmed.
    pub scope: Vec<String>,
    /// Second reviews that this covers.
    pub reviews: Vec<String>,
    /// Items of the checklist seen done.
    pub checklist: Vec<String>,
    /// The sign-off's own `epoch` field, where it has one.
    pub epoch: Option<u64>,
    /// When the reviewer says the sign-off was made.
    pub timestamp: Time,
    /// Anything but blank blocks the gate.
    pub dissent: String,
    /// Not counted. Not part of what is signed.
    pub withdrawn: bool,
    /// Full id of a correction commit, or `""`. Not part of what is signed.
    pub superseded_by: String,
    /// Who wrote the change, where that is not the commits' author.
    pub authored_by: String,
    /// The domains this person signs off together.
    pub multi_domain_roles: Vec<String>,
    /// Why one person does.
    pub multi_domain_justification: String,
    /// What the reviewer attests of AI-assisted changes.
    pub ai_attestation: Option<AiAttestation>,
    /// The armored signature over the statement, or `""`.
    pub signature: String,
    /// Where `[[signoffs]]` stands.
    pub spot: Spot,
    /// Where its fields stand, by name.
    pub spots: std::collections::BTreeMap<String, Spot>,
}

impl Signoff {
    /// Where a field stands, else the entry.
    #[must_use]
    pub fn spot(&self, field: &str) -> Spot {
        self.spots.get(field).copied().unwrap_or(self.spot)
    }

    /// Whether this sign-off dissents.
    #[must_use]
    pub fn dissents(&self) -> bool {
        !super::text::is_blank(&self.dissent)
    }
}

/// `ai_attestation` of a sign-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiAttestation {
    /// The reviewer understood the output.
    pub understood: bool,
    /// Invariants that it was checked against.
    pub invariants: Vec<String>,
    /// In the reviewer's words.
    pub statement: String,
}
