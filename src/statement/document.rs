//! What every statement has: its frame, its canonical bytes, and what it is bound to.

use serde::Serialize;

use super::dsse::{PAYLOAD_TYPE, pre_authentication_encoding};
use crate::model::gate::MAX_EPOCH;

/// `_type` of every statement (in-toto attestation framework, Statement v1).
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// What statements under one registry and branch are bound to besides their own file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignerContext<'a> {
    /// `[project] id` of the registry in force.
    pub project: &'a str,
    /// Full name of the judged ref: the registry's mainline, or (for sign-offs) the branch of the
    /// run.
    pub mainline: &'a str,
}

/// Why there is nothing to sign: it is left open what the statement would be about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStatement {
    /// Neither `subject_tree` nor `gate_commit`.
    #[error("the manifest names neither subject_tree nor gate_commit")]
    NoSubject,
    /// `gate_commit` is no full object id.
    #[error("gate_commit is not a full object id")]
    UnresolvableCommit,
    /// `previous_gate` is missing.
    #[error("the manifest does not name previous_gate")]
    NoPreviousGate,
    /// A number that JSON does not carry exactly (RFC 8785, 3.2.2.3; RFC 7493, 2.2).
    #[error("a number is larger than {MAX_EPOCH}, the largest that JSON carries exactly")]
    NumberTooLarge,
    /// A ceremony record that lists one key file twice, or the registry as a key file.
    #[error("the record lists one path twice")]
    RepeatedPath,
    /// The canonical form could not be made; nothing that a file holds leads here.
    #[error("no canonical JSON: {0}")]
    NotCanonical(String),
}

/// One statement, ready to be signed or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The in-toto Statement as RFC 8785 canonical JSON: UTF-8, one line, no line end.
    json: String,
}

impl Statement {
    /// Makes the canonical form.
    pub(super) fn of(document: &impl Serialize) -> Result<Self, NoStatement> {
        let bytes = serde_json_canonicalizer::to_vec(document)
            .map_err(|error| NoStatement::NotCanonical(error.to_string()))?;
        let json = String::from_utf8(bytes)
            .map_err(|error| NoStatement::NotCanonical(error.to_string()))?;
        Ok(Self { json })
    }

    /// The canonical JSON. Strings in it are foreign; canonical JSON escapes control characters
    /// below U+0020 and nothing else.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// What is signed: the DSSE pre-authentication encoding of the canonical JSON.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        pre_authentication_encoding(PAYLOAD_TYPE, self.json.as_bytes())
    }
}

/// An in-toto Statement.
#[derive(Serialize)]
pub(super) struct Document<S, P> {
    #[serde(rename = "_type")]
    pub(super) statement_type: &'static str,
    pub(super) subject: S,
    #[serde(rename = "predicateType")]
    pub(super) predicate_type: &'static str,
    pub(super) predicate: P,
}

/// Canonical JSON rounds numbers to doubles: beyond this bound two numbers would share their bytes.
pub(super) fn exact(number: u64) -> Result<u64, NoStatement> {
    if number > MAX_EPOCH { Err(NoStatement::NumberTooLarge) } else { Ok(number) }
}
