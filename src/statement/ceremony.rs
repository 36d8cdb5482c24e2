//! The statement of a ceremony approval: who agrees that which registry follows which.

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::{Document, NoStatement, STATEMENT_TYPE, SignerContext, Statement, exact};
use crate::model::registry::REGISTRY_PATH;
use crate::model::{Approval, CeremonyRecord};

/// `predicateType` of a ceremony approval.
pub const CEREMONY_PREDICATE_TYPE: &str = "urn:x-gatecheck:ceremony:v1";

/// The statement of one approval. `context` is that of the registry *before* the ceremony: its
/// project, and its mainline whatever the branch of the run.
///
/// What decides is all in it, in an order of its own: the files by path, `removed` sorted. Not in
/// it are the record's witnesses and the approval's signature.
///
/// # Errors
/// Says why no statement exists. An approval without a statement can never be attested.
pub fn ceremony_statement(
    context: &SignerContext<'_>,
    record: &CeremonyRecord,
    approval: &Approval,
) -> Result<Statement, NoStatement> {
    let mut removed: Vec<&str> = record.removed.iter().map(String::as_str).collect();
    removed.sort_unstable();
    Statement::of(&Document {
        statement_type: STATEMENT_TYPE,
        subject: subject(record)?,
        predicate_type: CEREMONY_PREDICATE_TYPE,
        predicate: Predicate {
            project: context.project,
            mainline: context.mainline,
            kind: record.kind.name(),
            serial: exact(record.serial)?,
            previous_registry_sha256: hex::encode(record.previous_registry_sha256),
            parent: record.parent.to_string(),
            role: approval.role.name(),
            reviewer_id: approval.reviewer_id.as_str(),
            fingerprint: approval.fingerprint.to_string(),
            reason: &record.reason,
            charter_ack: &record.charter_ack,
            concerns: &record.concerns,
            removed,
            timestamp: approval.timestamp.to_string(),
        },
    })
}

/// The bytes to sign: the DSSE pre-authentication encoding of [`ceremony_statement`].
///
/// # Errors
/// As [`ceremony_statement`].
pub fn ceremony_payload(
    context: &SignerContext<'_>,
    record: &CeremonyRecord,
    approval: &Approval,
) -> Result<Vec<u8>, NoStatement> {
    Ok(ceremony_statement(context, record, approval)?.payload())
}

/// The new registry and every recorded key file, in the byte order of their paths.
fn subject(record: &CeremonyRecord) -> Result<Vec<Subject<'_>>, NoStatement> {
    let mut digests = BTreeMap::from([(REGISTRY_PATH, &record.registry_sha256)]);
    for file in &record.files {
        // Of two digests for one path nobody could say which one was approved.
        if digests.insert(&file.path, &file.sha256).is_some() {
            return Err(NoStatement::RepeatedPath);
        }
    }
    let subject = |(name, sha256)| Subject { name, digest: Sha256 { sha256: hex::encode(sha256) } };
    Ok(digests.into_iter().map(subject).collect())
}

#[derive(Serialize)]
struct Subject<'a> {
    name: &'a str,
    digest: Sha256,
}

#[derive(Serialize)]
struct Sha256 {
    sha256: String,
}

/// Every field is always present.
#[derive(Serialize)]
struct Predicate<'a> {
    project: &'a str,
    mainline: &'a str,
    kind: &'static str,
    serial: u64,
    previous_registry_sha256: String,
    parent: String,
    role: &'static str,
    reviewer_id: &'a str,
    fingerprint: String,
    reason: &'a str,
    charter_ack: &'a str,
    concerns: &'a [String],
    removed: Vec<&'a str>,
    timestamp: String,
}
