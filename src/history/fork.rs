//! Where two histories part.

use std::collections::HashSet;

use super::failure::{Failure, commit_gap, too_many_commits};
use super::reach::known_parents;
use crate::model::Oid;
use crate::repo::Repository;

/// Whether `commit` lies on the first-parent chain of `tip`.
///
/// # Errors
/// [`Failure::Found`] where the chain ends or cannot be read before that can be told.
pub fn on_mainline(repo: &Repository, tip: Oid, commit: Oid) -> Result<bool, Failure> {
    let mut here = tip;
    let mut child = None;
    for _ in 0..repo.limits().commits {
        if here == commit {
            return Ok(true);
        }
        let parents = known_parents(repo, here)
            .map_err(|failure| commit_gap(&failure, child, &repo.conditions()))?;
        let Some(first) = parents.first() else { return Ok(false) };
        child = Some(here);
        here = *first;
    }
    Err(too_many_commits(here, repo.limits().commits).into())
}

/// The newest commits that both histories share, in the order of their ids: none where they share
/// nothing, and several where both have merged what the other one had.
///
/// # Errors
/// [`Failure::Found`] where history ends or cannot be read before that can be told.
pub fn fork_points(repo: &Repository, base: Oid, head: Oid) -> Result<Vec<Oid>, Failure> {
    let past = reachable(repo, &[base], |_| false)?;
    let mut shared = HashSet::new();
    reachable(repo, &[head], |id| {
        let known = past.contains(&id);
        if known {
            shared.insert(id);
        }
        known
    })?;
    if shared.len() > 1 {
        let mut parents = Vec::new();
        for id in &shared {
            let of = known_parents(repo, *id)
                .map_err(|failure| commit_gap(&failure, None, &repo.conditions()))?;
            parents.extend(of);
        }
        let older = reachable(repo, &parents, |_| false)?;
        shared.retain(|id| !older.contains(id));
    }
    let mut newest: Vec<Oid> = shared.into_iter().collect();
    newest.sort_unstable();
    Ok(newest)
}

/// Everything reachable; not beyond commits where `stop` says so.
fn reachable(
    repo: &Repository,
    from: &[Oid],
    mut stop: impl FnMut(Oid) -> bool,
) -> Result<HashSet<Oid>, Failure> {
    let mut seen: HashSet<Oid> = from.iter().copied().collect();
    let mut left: Vec<(Oid, Option<Oid>)> = from.iter().map(|id| (*id, None)).collect();
    while let Some((id, child)) = left.pop() {
        if stop(id) {
            continue;
        }
        if u64::try_from(seen.len()).unwrap_or(u64::MAX) > repo.limits().commits {
            return Err(too_many_commits(id, repo.limits().commits).into());
        }
        let parents = known_parents(repo, id)
            .map_err(|failure| commit_gap(&failure, child, &repo.conditions()))?;
        let new = parents.into_iter().filter(|parent| seen.insert(*parent));
        left.extend(new.map(|parent| (parent, Some(id))));
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::testing::Lab;

    #[test]
    fn the_newest_shared_commits_are_found_in_every_shape() {
        let test = Lab::sha1();
        let commit =
            |name: &str, parents: &[Oid]| test.commit(test.files(&[("name", name)]), parents);
        let root = commit("root", &[]);
        let left = commit("left", &[root]);
        let right = commit("right", &[root]);
        let caught_up = commit("caught up", &[right, left]);
        let crossed = commit("crossed", &[left, right]);
        let alone = commit("alone", &[]);
        let repo = test.reopened();
        let fork = |base, head| fork_points(&repo, base, head).unwrap();
        assert_eq!(fork(left, right), [root]);
        assert_eq!(fork(left, caught_up), [left]);
        assert_eq!(fork(caught_up, left), [left]);
        assert_eq!(fork(left, left), [left]);
        assert_eq!(fork(left, alone), []);
        assert_eq!(fork(crossed, caught_up), [left.min(right), left.max(right)]);
        let on = |tip, commit| on_mainline(&repo, tip, commit).unwrap();
        assert!(on(caught_up, right) && on(caught_up, root) && on(left, left));
        assert!(!on(caught_up, left) && !on(left, alone));
        test.lose(root);
        let repo = test.reopened();
        assert!(on_mainline(&repo, left, alone).is_err());
        assert!(fork_points(&repo, left, right).is_err());
    }
}
