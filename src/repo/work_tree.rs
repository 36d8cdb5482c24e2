//! Whether the work tree holds what HEAD holds.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use git2::IndexEntry;

use super::Repository;
use crate::error::{Error, Result};
use crate::model::text::{shown, shown_bytes};

/// `git update-index --assume-unchanged`, in the flags of an entry of the index.
const ASSUME_UNCHANGED: u16 = 1 << 15;
/// `git update-index --skip-worktree`, in its extended flags.
const SKIP_WORKTREE: u16 = 1 << 14;

fn looks_away(entry: &IndexEntry) -> bool {
    entry.flags & ASSUME_UNCHANGED != 0 || entry.flags_extended & SKIP_WORKTREE != 0
}

#[cfg(unix)]
fn to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn to_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Whether a checked out submodule holds anything but the commit that is recorded for it. One that
/// cannot be looked at counts as such.
fn is_dirty(git: &git2::Repository, path: &[u8]) -> bool {
    let Some(top) = git.workdir() else { return false };
    if top.join(to_path(path)).join(".git").symlink_metadata().is_err() {
        return false;
    }
    let name = String::from_utf8_lossy(path);
    let clean = git2::SubmoduleStatus::IN_HEAD
        | git2::SubmoduleStatus::IN_INDEX
        | git2::SubmoduleStatus::IN_CONFIG
        | git2::SubmoduleStatus::IN_WD;
    git.submodule_status(&name, git2::SubmoduleIgnore::None)
        .map_or(true, |status| !clean.contains(status))
}

impl Repository {
    /// Paths that `git status` would name, made inert, at most `limit` of them: changed, staged, in
    /// conflict or new. None for a clean work tree and for a bare repository.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where the work tree or the index cannot be read.
    pub fn uncommitted(&self, limit: usize) -> Result<Vec<String>> {
        if self.work_dir().is_none() {
            return Ok(Vec::new());
        }
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true).include_ignored(false).no_refresh(true);
        let git = self.git();
        let unreadable = |error: git2::Error| {
            Error::cannot_read(
                format!("the work tree cannot be read: {}", shown(error.message())),
                "git status",
            )
        };
        // Marks in the index that have git look away; what a sparse checkout left out is not there.
        let mut index = git.index().map_err(unreadable)?;
        let marked: Vec<IndexEntry> = index.iter().filter(looks_away).collect();
        let mut left_out: HashSet<Vec<u8>> = HashSet::new();
        for mut entry in marked {
            let file = self.work_dir().map(|top| top.join(to_path(&entry.path)));
            let there = file.is_some_and(|file| file.symlink_metadata().is_ok());
            if !there && entry.flags_extended & SKIP_WORKTREE != 0 {
                left_out.insert(entry.path);
                continue;
            }
            entry.flags &= !ASSUME_UNCHANGED;
            entry.flags_extended &= !SKIP_WORKTREE;
            index.add(&entry).map_err(unreadable)?;
        }
        let found = git.statuses(Some(&mut options)).map_err(unreadable)?;
        let changed = found.iter().filter(|entry| {
            entry.status() != git2::Status::WT_DELETED || !left_out.contains(entry.path_bytes())
        });
        let mut paths: BTreeSet<Vec<u8>> =
            changed.map(|entry| entry.path_bytes().to_vec()).collect();
        // `submodule.*.ignore` of a configuration or of .gitmodules has git look away.
        let submodules = index.iter().filter(|entry| entry.mode == super::tree::MODE_SUBMODULE);
        paths.extend(submodules.map(|entry| entry.path).filter(|path| is_dirty(&git, path)));
        Ok(paths.iter().take(limit).map(|path| shown_bytes(path)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Lab;
    use crate::model::{Limits, ObjectFormat};
    use crate::repo::Repository;

    #[test]
    fn no_setting_hides_a_submodule() {
        let lab = Lab::sha1();
        let git = |args: &[&str]| {
            let user = ["-c", "user.name=x", "-c", "user.email=x@x"];
            let more = ["-c", "protocol.file.allow=always"];
            lab.git(&[&user[..], &more[..], args].concat())
        };
        git(&["init", "-q", "other"]);
        std::fs::write(lab.path().join("other/a"), "1").unwrap();
        git(&["-C", "other", "add", "a"]);
        git(&["-C", "other", "commit", "-q", "-m", "x"]);
        git(&["submodule", "--quiet", "add", "./other/.git", "sub"]);
        std::fs::rename(lab.path().join("other"), lab.path().join(".git/other")).unwrap();
        git(&["commit", "-q", "-m", "x"]);
        let seen = || {
            let repo = Repository::open(&lab.path(), &Limits::default()).unwrap();
            repo.uncommitted(9).unwrap()
        };
        assert_eq!(seen(), Vec::<String>::new());
        git(&["config", "submodule.sub.ignore", "all"]);
        std::fs::write(lab.path().join("sub/a"), "2").unwrap();
        assert_eq!(seen(), ["sub"]);
        git(&["-C", "sub", "commit", "-q", "-a", "-m", "y"]);
        assert_eq!(seen(), ["sub"]);
        git(&["submodule", "--quiet", "deinit", "-f", "sub"]);
        assert_eq!(seen(), Vec::<String>::new());
    }

    #[test]
    fn changed_staged_and_new_files_are_named() {
        for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
            let lab = Lab::new(format);
            let git = |args: &[&str]| lab.git(args);
            let file = |name: &str| lab.path().join(name);
            std::fs::write(file("a"), "1").unwrap();
            git(&["add", "a"]);
            git(&["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "x"]);
            let seen = |limit| {
                let repo = Repository::open(&lab.path(), &Limits::default()).unwrap();
                repo.uncommitted(limit).unwrap()
            };
            assert_eq!(seen(9), Vec::<String>::new());
            std::fs::write(file("b\n"), "2").unwrap();
            assert_eq!(seen(9), ["b\\n"]);
            std::fs::write(file("a"), "22").unwrap();
            git(&["add", "a"]);
            assert_eq!(seen(9), ["a", "b\\n"]);
            assert_eq!(seen(1), ["a"]);
            // Neither mark hides a change; what is not checked out is none.
            std::fs::remove_file(file("b\n")).unwrap();
            git(&["reset", "-q", "--hard"]);
            for (mark, unmark) in [
                ("--assume-unchanged", "--no-assume-unchanged"),
                ("--skip-worktree", "--no-skip-worktree"),
            ] {
                git(&["update-index", mark, "a"]);
                assert_eq!(seen(9), Vec::<String>::new(), "{mark}");
                std::fs::write(file("a"), "other").unwrap();
                assert_eq!(seen(9), ["a"], "{mark}");
                git(&["update-index", unmark, "a"]);
                git(&["checkout", "-q", "a"]);
            }
            git(&["update-index", "--skip-worktree", "a"]);
            std::fs::remove_file(file("a")).unwrap();
            assert_eq!(seen(9), Vec::<String>::new());
        }
    }
}
