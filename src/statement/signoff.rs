//! The statement of a sign-off: who vouches for which content, where, and after what.

use serde::Serialize;

use super::document::{Document, NoStatement, STATEMENT_TYPE, SignerContext, Statement, exact};
use crate::model::manifest::{AiAttestation, Binding, Target};
use crate::model::{Manifest, Oid, Signoff};

/// `predicateType` of a sign-off.
pub const SIGNOFF_PREDICATE_TYPE: &str = "urn:x-gatecheck:signoff:v1";

/// The statement of one sign-off.
///
/// # Errors
/// Says why no statement exists. A sign-off without a statement can never be attested.
pub fn signoff_statement(
    context: &SignerContext<'_>,
    manifest: &Manifest,
    signoff: &Signoff,
) -> Result<Statement, NoStatement> {
    Statement::of(&Document {
        statement_type: STATEMENT_TYPE,
        subject: [subject(manifest)?],
        predicate_type: SIGNOFF_PREDICATE_TYPE,
        predicate: predicate(context, manifest, signoff)?,
    })
}

/// The bytes to sign: the DSSE pre-authentication encoding of [`signoff_statement`].
///
/// # Errors
/// As [`signoff_statement`].
pub fn signoff_payload(
    context: &SignerContext<'_>,
    manifest: &Manifest,
    signoff: &Signoff,
) -> Result<Vec<u8>, NoStatement> {
    Ok(signoff_statement(context, manifest, signoff)?.payload())
}

/// The statement as canonical JSON, on one line without a line end: what stands inside the
/// signed bytes, for people and for other tools.
///
/// # Errors
/// As [`signoff_statement`].
pub fn statement_json(
    context: &SignerContext<'_>,
    manifest: &Manifest,
    signoff: &Signoff,
) -> Result<String, NoStatement> {
    Ok(signoff_statement(context, manifest, signoff)?.json().to_owned())
}

#[derive(Serialize)]
struct Subject {
    name: &'static str,
    digest: SubjectDigest,
}

/// An absent digest is left out here, for that is what in-toto's DigestSet means by absence.
#[derive(Serialize)]
struct SubjectDigest {
    #[serde(rename = "gitTree", skip_serializing_if = "Option::is_none")]
    git_tree: Option<String>,
    #[serde(rename = "gitCommit", skip_serializing_if = "Option::is_none")]
    git_commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// Every field is always present, but for `name`, which comes with `"epoch": null` only.
#[derive(Serialize)]
struct Predicate<'a> {
    project: &'a str,
    mainline: &'a str,
    epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    reattest: u64,
    previous_gate: String,
    cures: Vec<String>,
    domain: &'a str,
    reviewer_id: &'a str,
    scope: &'a [String],
    reviews: &'a [String],
    checklist: &'a [String],
    timestamp: String,
    dissent: &'a str,
    authored_by: &'a str,
    multi_domain_roles: &'a [String],
    multi_domain_justification: &'a str,
    ai_attestation: Option<Attestation<'a>>,
}

#[derive(Serialize)]
struct Attestation<'a> {
    understood: bool,
    invariants: &'a [String],
    statement: &'a str,
}

impl<'a> From<&'a AiAttestation> for Attestation<'a> {
    fn from(from: &'a AiAttestation) -> Self {
        Self {
            understood: from.understood,
            invariants: &from.invariants,
            statement: &from.statement,
        }
    }
}

fn subject(manifest: &Manifest) -> Result<Subject, NoStatement> {
    let sha256 = manifest.subject_sha256.map(hex::encode);
    let digest = |git_tree: Option<&Oid>, git_commit: Option<&Oid>| SubjectDigest {
        git_tree: git_tree.map(Oid::to_string),
        git_commit: git_commit.map(Oid::to_string),
        sha256,
    };
    match &manifest.binding {
        Binding::Tree(id) => Ok(Subject { name: "tree", digest: digest(Some(id), None) }),
        Binding::Commit(id) => Ok(Subject { name: "commit", digest: digest(None, Some(id)) }),
        Binding::UnresolvableCommit(_) => Err(NoStatement::UnresolvableCommit),
        Binding::Missing => Err(NoStatement::NoSubject),
    }
}

fn predicate<'a>(
    context: &SignerContext<'a>,
    manifest: &'a Manifest,
    signoff: &'a Signoff,
) -> Result<Predicate<'a>, NoStatement> {
    let (epoch, name) = match &manifest.target {
        Target::Epoch(epoch) => (Some(exact(*epoch)?), None),
        Target::Squash(name) => (None, Some(name.as_str())),
    };
    Ok(Predicate {
        project: context.project,
        mainline: context.mainline,
        epoch,
        name,
        reattest: exact(manifest.reattest)?,
        previous_gate: manifest.previous_gate.ok_or(NoStatement::NoPreviousGate)?.to_string(),
        cures: manifest.cures.iter().map(Oid::to_string).collect(),
        domain: signoff.domain.as_str(),
        reviewer_id: signoff.reviewer_id.as_str(),
        scope: &signoff.scope,
        reviews: &signoff.reviews,
        checklist: &signoff.checklist,
        timestamp: signoff.timestamp.to_string(),
        dissent: &signoff.dissent,
        authored_by: &signoff.authored_by,
        multi_domain_roles: &signoff.multi_domain_roles,
        multi_domain_justification: &signoff.multi_domain_justification,
        ai_attestation: signoff.ai_attestation.as_ref().map(Attestation::from),
    })
}
