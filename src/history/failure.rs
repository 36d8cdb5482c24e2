//! What cannot be walked: gaps, and ends of a walk.

use crate::error::Error;
use crate::finding::{Code, Finding};
use crate::model::step::Gap;
use crate::model::{MalformedObject, Oid};
use crate::repo::{Conditions, ReadFailure};

/// Why there is no walk from tip to anchor.
#[derive(Debug)]
pub enum Failure {
    /// Something about the history: undecided or refused, by the finding's severity.
    Found(Box<Finding>),
    /// The program could not do its work.
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Finding> for Failure {
    fn from(finding: Finding) -> Self {
        Self::Found(Box::new(finding))
    }
}

/// A commit that could not be read as the parent of `child`: the boundary of a shallow clone, or
/// a missing object. `.git/shallow` chooses only between these two names.
pub(super) fn commit_gap(
    failure: &ReadFailure,
    child: Option<Oid>,
    conditions: &Conditions,
) -> Finding {
    let at = child.unwrap_or_else(|| failure.id());
    let boundary = child.filter(|child| conditions.shallow.contains(child));
    if let (ReadFailure::Missing(id), Some(boundary)) = (failure, boundary) {
        return Finding::new(
            Code::ShallowHistory,
            format!("the clone is shallow: it ends at commit {}", boundary.short()),
        )
        .help("git fetch --unshallow (in GitHub Actions: actions/checkout with fetch-depth: 0)")
        .commit(boundary)
        .compared(format!("parent {id} is not here"), "every commit between tip and anchor");
    }
    object_gap(failure, at, conditions)
}

/// Anything else that could not be read while judging `commit`.
pub(super) fn object_gap(failure: &ReadFailure, commit: Oid, conditions: &Conditions) -> Finding {
    let finding = failure.finding(commit);
    match (failure, &conditions.promisor) {
        (ReadFailure::Missing(_), Some(remote)) => finding.help(Conditions::refetch(remote)),
        _ => finding,
    }
}

pub(super) fn gap(finding: Finding) -> Gap {
    Gap { finding }
}

/// A malformed commit as a finding.
pub(super) fn malformed(id: Oid, found: &MalformedObject) -> Finding {
    Finding::new(
        found.code,
        format!("commit {} is malformed, and what came before it cannot be told", id.short()),
    )
    .help(format!("git cat-file commit {id} shows it; an honest git never writes such a commit"))
    .commit(id)
    .compared(found.observed.clone(), found.required.clone())
    .committer_time(found.committer_time)
}

/// The limit on commits was hit.
pub(super) fn too_many_commits(at: Oid, allowed: u64) -> Finding {
    Finding::new(
        Code::MissingObject,
        format!("the walk stopped at commit {}: the limit commits allows {allowed}", at.short()),
    )
    .help(format!("--limit commits={}", allowed.saturating_mul(10)))
    .commit(at)
    .compared(format!("more than {allowed} commits"), format!("at most {allowed} commits"))
}
