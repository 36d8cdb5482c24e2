//! What was committed since a commit, along any parents.

use super::brought::{own_paths, plain, read};
use super::failure::{Failure, commit_gap};
use super::reach::Reach;
use crate::model::Oid;
use crate::model::step::Brought;
use crate::repo::Repository;

/// Commits that are reachable from `tip` and not from `base`, every parent before its children,
/// each with the paths that it changes itself. No facts about signatures are made.
///
/// # Errors
/// [`Failure::Found`] where history ends or cannot be read before that can be told.
pub fn since(repo: &Repository, tip: Oid, base: Oid) -> Result<Vec<Brought>, Failure> {
    let conditions = repo.conditions();
    if tip == base {
        return Ok(Vec::new());
    }
    let found = Reach::new(repo, conditions.clone(), Some(base)).explore(&[tip], None);
    if let Some(gap) = found.gaps.into_iter().next() {
        return Err(gap.into());
    }
    let mut all = Vec::with_capacity(found.order.len());
    for id in found.order {
        let gap = |failure| Failure::from(commit_gap(&failure, Some(id), &conditions));
        let mut brought = plain(id, read(repo, id).map_err(gap)?.commit);
        if let Ok(head) = &brought.commit {
            brought.paths = own_paths(repo, head).map_err(gap)?;
        }
        all.push(brought);
    }
    Ok(all)
}
