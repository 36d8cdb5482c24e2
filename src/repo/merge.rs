//! A merge that nobody has made: what a change would be on top of its target.
//!
//! It is written to a repository of its own, which the caller throws away.

use super::object::from_git;
use super::{Repository, parse_commit};
use crate::error::{Error, Result};
use crate::model::text::{shown, shown_bytes};
use crate::model::{Oid, Time};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// A commit with the parents base and head, unsigned.
    Commit(Oid),
    /// Paths that both sides changed, the first ten, made inert.
    Conflict(Vec<String>),
}

/// The most paths of a conflict that are named.
const PATHS: usize = 10;

impl Repository {
    /// Merges `head` into `base` here, with the objects of `other`. `fork` is a commit that both
    /// share; without one everything counts as added by both. Nobody's attributes or configuration
    /// choose how files are merged.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where one of the trees cannot be read.
    pub fn merge_from(
        &self,
        other: &Self,
        (base, head, fork): (Oid, Oid, Option<Oid>),
        at: Time,
    ) -> Result<Merge> {
        let git = self.git();
        let failed = |error: &git2::Error| {
            Error::cannot_read(
                format!("{head} cannot be merged into {base}: {}", shown(error.message())),
                "git fsck; git fetch --refetch",
            )
        };
        let odb = git.odb().map_err(|e| failed(&e))?;
        for folder in other.object_folders() {
            odb.add_disk_alternate(folder).map_err(|e| failed(&e))?;
        }
        let tree = |id: Oid| -> Result<git2::Tree<'_>> {
            let raw = other
                .read_commit(id)
                .map_err(|failure| Error::cannot_read(failure.to_string(), failure.help()))?;
            let parsed = parse_commit(id, &raw).map_err(|bad| {
                Error::cannot_read(
                    format!("the commit {id} is malformed: {}", bad.observed),
                    "propose a branch without it",
                )
            })?;
            let tree = self
                .git_id(parsed.tree)
                .ok_or_else(|| Error::Defect("a tree without an id".to_owned()))?;
            git.find_tree(tree).map_err(|e| failed(&e))
        };
        // Where one side holds all of the other, its tree is the result.
        let merged = if fork == Some(base) {
            from_git(tree(head)?.id())
        } else {
            let ours = tree(base)?;
            let theirs = tree(head)?;
            let common = match fork {
                Some(fork) => tree(fork)?,
                None => {
                    let empty = git.treebuilder(None).and_then(|empty| empty.write());
                    empty.and_then(|id| git.find_tree(id)).map_err(|e| failed(&e))?
                }
            };
            let mut options = git2::MergeOptions::new();
            options.find_renames(true);
            let mut index =
                git.merge_trees(&common, &ours, &theirs, Some(&options)).map_err(|e| failed(&e))?;
            if index.has_conflicts() {
                return Ok(Merge::Conflict(conflicts(&index)));
            }
            from_git(index.write_tree_to(&git).map_err(|e| failed(&e))?)
        };
        let tree = merged.ok_or_else(|| Error::Defect("a tree without an id".to_owned()))?;
        let who = format!("gatecheck <gatecheck@localhost> {} +0000", at.unix().max(0));
        let raw = format!(
            "tree {tree}\nparent {base}\nparent {head}\nauthor {who}\ncommitter {who}\n\n\
             What would land\n"
        );
        let id = odb.write(git2::ObjectType::Commit, raw.as_bytes()).map_err(|e| failed(&e))?;
        from_git(id)
            .map(Merge::Commit)
            .ok_or_else(|| Error::Defect("a commit without an id".to_owned()))
    }
}

fn conflicts(index: &git2::Index) -> Vec<String> {
    let Ok(all) = index.conflicts() else { return Vec::new() };
    all.flatten()
        .filter_map(|conflict| conflict.our.or(conflict.their).or(conflict.ancestor))
        .map(|entry| shown_bytes(&entry.path))
        .take(PATHS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Limits, ObjectFormat};
    use crate::repo::testing::Lab;

    #[test]
    fn a_merge_is_made_elsewhere_and_read_with_lent_objects() {
        for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
            let lab = Lab::new(format);
            let commit =
                |files: &[(&str, &str)], parents: &[Oid]| lab.commit(lab.files(files), parents);
            let fork = commit(&[("a", "1\n")], &[]);
            let base = commit(&[("a", "1\n"), ("b", "1\n")], &[fork]);
            let head = commit(&[("a", "2\n")], &[fork]);
            let other = commit(&[("a", "3\n")], &[fork]);
            let repo = lab.reopened();
            let at = Time::parse("2026-06-11").unwrap();
            let folder = tempfile::tempdir().unwrap();
            let limits = Limits::default();
            let made = Repository::create(folder.path(), format, "refs/heads/main", &limits);
            let made = made.unwrap();
            let merged = made.merge_from(&repo, (base, head, Some(fork)), at).unwrap();
            let Merge::Commit(id) = merged else { panic!("{merged:?}") };
            assert!(!repo.holds(id), "nothing is written to the judged repository");
            let lent = Repository::open_with_objects(&lab.path(), &limits, &[made.objects_dir()]);
            let lent = lent.unwrap();
            let read = parse_commit(id, &lent.read_commit(id).unwrap()).unwrap();
            assert_eq!(read.parents, [base, head]);
            assert_eq!(read.committer.time, at);
            let expected = lab.files(&[("a", "2\n"), ("b", "1\n")]);
            assert_eq!(read.tree, expected);
            let conflict = made.merge_from(&repo, (head, other, Some(fork)), at).unwrap();
            assert_eq!(conflict, Merge::Conflict(vec!["a".to_owned()]));
            // What holds its target already is its own result.
            let ahead = commit(&[("c", "1\n")], &[base]);
            let repo = lab.reopened();
            let merged = made.merge_from(&repo, (base, ahead, Some(base)), at).unwrap();
            let Merge::Commit(id) = merged else { panic!("{merged:?}") };
            let lent = Repository::open_with_objects(&lab.path(), &limits, &[made.objects_dir()]);
            let read = parse_commit(id, &lent.unwrap().read_commit(id).unwrap()).unwrap();
            assert_eq!(read.tree, lab.files(&[("c", "1\n")]));
            // Two histories that share nothing, with a file of one name.
            let unrelated = made.merge_from(&repo, (base, head, None), at).unwrap();
            assert_eq!(unrelated, Merge::Conflict(vec!["a".to_owned()]));
        }
    }
}
