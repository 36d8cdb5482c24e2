//! Commits in the form that rules see them.

use std::collections::BTreeSet;

use super::traits::{Purpose, SignatureRequest};
use crate::model::step::{Brought, Head};
use crate::model::{Commit, MalformedObject, Oid, SignatureFact};
use crate::repo::{ReadFailure, Repository, parse_commit};

/// A commit that was read, and the question about its signature.
pub(super) struct Read {
    pub(super) commit: Result<Head, MalformedObject>,
    /// `None` where there is no signature, or the commit is malformed.
    pub(super) request: Option<SignatureRequest>,
}

impl Read {
    /// The fact that needs no cryptography.
    pub(super) fn plain_fact(&self) -> Option<SignatureFact> {
        (self.commit.is_ok() && self.request.is_none()).then_some(SignatureFact::Absent)
    }
}

/// Reads a commit.
pub(super) fn read(repo: &Repository, id: Oid) -> Result<Read, ReadFailure> {
    take_apart(repo, id, &repo.read_commit(id)?)
}

/// As [`read`], for bytes that were read before.
pub(super) fn take_apart(repo: &Repository, id: Oid, raw: &[u8]) -> Result<Read, ReadFailure> {
    let parsed = parse_commit(id, raw).map(|mut commit| {
        // Enough of an oversized signature to be refused as one; the rest is not kept.
        let kept = usize::try_from(repo.limits().signature_bytes).unwrap_or(usize::MAX);
        if let Some(signature) = &mut commit.signature {
            signature.truncate(kept.saturating_add(1));
            signature.shrink_to_fit();
        }
        commit
    });
    let allowed = repo.limits().object_bytes;
    if let Ok(commit) = &parsed
        && commit.payload.len() as u64 > allowed
    {
        return Err(ReadFailure::TooLarge {
            id,
            limit: "object-bytes",
            unit: "bytes",
            observed: commit.payload.len() as u64,
            allowed,
        });
    }
    Ok(taken_apart(parsed))
}

fn taken_apart(parsed: Result<Commit, MalformedObject>) -> Read {
    match parsed {
        Err(malformed) => Read { commit: Err(malformed), request: None },
        Ok(commit) => {
            let payload = commit.payload;
            let request = commit.signature.map(|signature| SignatureRequest {
                purpose: Purpose::Git,
                payload,
                signature,
            });
            let head = Head {
                tree: commit.tree,
                parents: commit.parents,
                author: commit.author,
                committer: commit.committer,
                subject: commit.subject,
                co_authors: commit.co_authors,
                trailers: commit.trailers,
                marks: commit.marks,
                other_signature: commit.other_signature.map(|other| other.header),
            };
            Read { commit: Ok(head), request }
        }
    }
}

/// The tree of a commit, as far as it can be told.
pub(super) fn tree_of(repo: &Repository, id: Oid) -> Result<Option<Oid>, ReadFailure> {
    Ok(match parse_commit(id, &repo.read_commit(id)?) {
        Ok(commit) => Some(commit.tree),
        Err(malformed) => malformed.tree,
    })
}

/// A brought commit without a fact about its signature.
pub(super) fn plain(id: Oid, commit: Result<Head, MalformedObject>) -> Brought {
    Brought { id, commit, signature: None, paths: Vec::new() }
}

/// Paths that a commit changes against its only parent, or against *every* parent of a merge;
/// all of its files for a root.
pub(super) fn own_paths(repo: &Repository, head: &Head) -> Result<Vec<Vec<u8>>, ReadFailure> {
    let mut common: Option<BTreeSet<Vec<u8>>> = None;
    for parent in &head.parents {
        if common.as_ref().is_some_and(BTreeSet::is_empty) {
            break;
        }
        let before = tree_of(repo, *parent)?;
        let changed = paths(repo, before, head.tree)?;
        common = Some(match common {
            None => changed.into_iter().collect(),
            Some(so_far) => changed.into_iter().filter(|path| so_far.contains(path)).collect(),
        });
    }
    match common {
        Some(paths) => Ok(paths.into_iter().collect()),
        None => paths(repo, None, head.tree),
    }
}

fn paths(repo: &Repository, before: Option<Oid>, after: Oid) -> Result<Vec<Vec<u8>>, ReadFailure> {
    Ok(repo.diff(before, Some(after))?.into_iter().map(|change| change.path).collect())
}
