//! A ceremony before it is committed: judged as if the next commit brought it; and ceremonies that
//! were committed, as they were carried.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Request;
use super::facts::Facts;
use super::foresee::{InForce, judged, tree_of, unreadable};
use crate::ceremony::Request as Ceremony;
use crate::error::Result;
use crate::finding::Finding;
use crate::history::{Readers as _, Verifier as _};
use crate::model::registry::REGISTRY_PATH;
use crate::model::step::{FileChange, Head, RegistryFile, Step};
use crate::model::{ApprovalRole, KeyFile, Limits, Oid, SignatureFact};
use crate::progress::Progress;
use crate::repo::tree::MODE_FILE;
use crate::repo::{ObjectKind, ReadFailure, Repository, Staged};
use crate::rules::ceremony::asked::Asked;
use crate::signature::{KeyPool, Namespace};
use crate::source::Source;
use crate::statement::{SignerContext, ceremony_payload};

/// What would be said of a ceremony.
#[derive(Clone, Debug)]
pub struct ForeseenCeremony {
    /// The registry that judges it.
    pub in_force: InForce,
    /// What was found. Who signs the commit is not known and not judged.
    pub findings: Vec<Finding>,
    /// Who is asked, and who has answered.
    pub asked: Asked,
}

/// Judges a ceremony as if the next commit brought it, and what it cites as it is staged; `None` for
/// `staged` takes the tip's tree.
///
/// # Errors
/// As [`super::in_force`]; [`crate::Error::Defect`] where the request makes no ceremony at all.
pub fn foresee_ceremony(
    repo: &Repository,
    request: &Request,
    ceremony: &Ceremony,
    staged: Option<&Staged>,
    progress: &dyn Progress,
) -> Result<ForeseenCeremony> {
    let facts = Facts::new(request.limits, request.jobs, None);
    let (in_force, mut ledger, seen) = judged(repo, request, &facts, progress)?;
    ledger.learn_revocations(seen.values());
    let mut step = next(repo, request, &in_force, ceremony, &facts)?;
    cite(repo, &mut step, ceremony, staged).map_err(unreadable)?;
    let (ids, requests): (Vec<_>, Vec<_>) = facts.statements(&step).into_iter().unzip();
    for (id, fact) in ids.into_iter().zip(facts.verify(&requests)) {
        step.facts.insert(id, fact);
    }
    let foreseen = ledger.foresee_ceremony(&step).ok_or_else(|| {
        crate::Error::unusable(
            "the request leads to the registry that is in force already",
            "gatecheck ceremony log tells whether it was accepted",
        )
    })?;
    Ok(ForeseenCeremony { in_force, findings: foreseen.findings, asked: foreseen.asked })
}

/// The next commit, as far as it is known.
fn next(
    repo: &Repository,
    request: &Request,
    in_force: &InForce,
    ceremony: &Ceremony,
    facts: &Facts,
) -> Result<Step> {
    let tree = tree_of(repo, in_force.tip).map_err(unreadable)?;
    let head = Head::unmade(tree, in_force.tip, request.now);
    let mut step = Step::empty(Oid::zero(repo.format()), Ok(head));
    let before = |path: &str| -> Result<Option<(u32, Oid)>> {
        let entry = repo.lookup(tree, path).map_err(unreadable)?;
        Ok(entry.map(|entry| (entry.mode, entry.id)))
    };
    for (path, bytes) in ceremony.brings() {
        let blob = repo.hash(ObjectKind::Blob, &bytes)?;
        let change = FileChange {
            before: before(&path)?,
            after: Some((MODE_FILE, blob)),
            path: path.clone(),
        };
        if change.before == change.after {
            continue;
        }
        step.sha256.insert(path.clone(), crate::repo::digest::sha256(&bytes));
        if path == REGISTRY_PATH {
            let reading = facts.registry(&ceremony.next.source);
            step.registry = Some(RegistryFile::File(blob, Arc::new(reading)));
        } else if path == ceremony.path() {
            let text = String::from_utf8_lossy(&bytes);
            step.records.push(Arc::new(facts.record(&Source::new(path, text))));
        } else {
            step.key_files.insert(path, (blob, Arc::new(facts.learn(&bytes))));
        }
        step.keys.push(change);
    }
    for path in &ceremony.record.removed {
        if let Some(held) = before(path)? {
            step.keys.push(FileChange { path: path.clone(), before: Some(held), after: None });
        }
    }
    step.keys.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(step)
}

/// The file that the record cites.
fn cite(
    repo: &Repository,
    step: &mut Step,
    ceremony: &Ceremony,
    staged: Option<&Staged>,
) -> Result<(), ReadFailure> {
    let Some((path, _)) = ceremony.record.cited() else { return Ok(()) };
    let held = match (staged, &step.commit) {
        (Some(staged), _) => staged.get(path.as_bytes()),
        (None, Ok(head)) => repo.lookup(head.tree, path)?.map(|entry| (entry.mode, entry.id)),
        (None, Err(_)) => None,
    };
    let Some((MODE_FILE, blob)) = held else { return Ok(()) };
    if let Ok(text) = String::from_utf8(repo.read_blob(blob)?) {
        step.cited.insert(path.to_owned(), Source::new(path, text));
    }
    Ok(())
}

/// Contents of the key files in force, by path.
///
/// # Errors
/// [`crate::Error::CannotRead`] where one cannot be read.
pub fn key_files_in_force(
    repo: &Repository,
    in_force: &InForce,
) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for (path, blob) in &in_force.key_files {
        all.insert(path.clone(), repo.read_blob(*blob).map_err(unreadable)?);
    }
    Ok(all)
}

/// The key material that a ceremony carries.
#[derive(Debug)]
pub struct Carried {
    pool: KeyPool,
    /// What the key files in force say, by path.
    pub known: BTreeMap<String, KeyFile>,
    /// What the key files that it brings say, by path.
    pub brought: BTreeMap<String, KeyFile>,
}

impl Carried {
    /// Reads it.
    #[must_use]
    pub fn of(ceremony: &Ceremony, limits: &Limits) -> Self {
        let mut pool = KeyPool::new();
        let mut read = |files: &BTreeMap<String, Vec<u8>>| {
            let all = files.iter();
            all.map(|(path, bytes)| (path.clone(), pool.add_file(bytes, limits))).collect()
        };
        let (known, brought) = (read(&ceremony.known), read(&ceremony.files));
        Self { pool, known, brought }
    }

    /// The fact about the signature of an approval, over the statement of this very ceremony.
    #[must_use]
    pub fn fact(
        &self,
        ceremony: &Ceremony,
        approval: &crate::model::Approval,
        limits: &Limits,
    ) -> SignatureFact {
        if approval.signature.is_empty() {
            return SignatureFact::Absent;
        }
        let registry = &ceremony.previous;
        let context = SignerContext { project: &registry.project, mainline: &registry.mainline };
        match ceremony_payload(&context, &ceremony.record, approval) {
            Ok(payload) => {
                let signature = approval.signature.as_bytes();
                self.pool.verify(&payload, signature, Namespace::Statement, limits)
            }
            Err(_) => SignatureFact::Absent,
        }
    }

    /// Whether an approval's signature verifies and is by the key that it names, which a registry
    /// lists for the person: the one before, or for what that one cannot say the one after.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn verified(
        &self,
        ceremony: &Ceremony,
        approval: &crate::model::Approval,
        limits: &Limits,
    ) -> Result<crate::model::VerifiedSignature, String> {
        match self.fact(ceremony, approval, limits) {
            SignatureFact::Verified(signature)
                if signature.key != approval.fingerprint
                    && !signature.primaries.contains(&approval.fingerprint) =>
            {
                Err(format!("it is by another key, {}", signature.key))
            }
            // Anybody can sign with a key of their own and write somebody else's name above it.
            SignatureFact::Verified(signature) if !lists(ceremony, approval, &signature) => Err(
                format!("no registry of this ceremony lists the key for {}", approval.reviewer_id),
            ),
            SignatureFact::Verified(signature) => Ok(signature),
            SignatureFact::Refused { code, observed, .. } => Err(format!("{code}: {observed}")),
            SignatureFact::Absent => Err("there is no signature".to_owned()),
        }
    }

    /// For each approval, whether its signature verifies, for people.
    #[must_use]
    pub fn words(&self, ceremony: &Ceremony, limits: &Limits) -> Vec<String> {
        let all = ceremony.record.approvals.iter();
        all.map(|approval| match self.verified(ceremony, approval, limits) {
            Ok(_) => "the signature verifies".to_owned(),
            Err(why) => format!("DOES NOT VERIFY: {why}"),
        })
        .collect()
    }
}

/// Whether the registry that the role is about lists the key for whom the approval names.
fn lists(
    ceremony: &Ceremony,
    approval: &crate::model::Approval,
    signature: &crate::model::VerifiedSignature,
) -> bool {
    let theirs = |registry: &crate::model::Registry| {
        registry.keys.iter().filter(|entry| entry.reviewer == approval.reviewer_id).any(|entry| {
            entry.fingerprint.is_some_and(|listed| {
                listed == signature.key || signature.primaries.contains(&listed)
            })
        })
    };
    match approval.role {
        ApprovalRole::Authorise => theirs(&ceremony.previous),
        ApprovalRole::Possession => theirs(&ceremony.next),
        ApprovalRole::Witness => theirs(&ceremony.previous) || theirs(&ceremony.next),
    }
}
