//! Staging files for the next commit, and what else is not committed below a folder.

use std::path::Path;

use super::Repository;
use super::object::from_git;
use super::tree::MODE_FILE;
use crate::error::{Error, Result};
use crate::model::Oid;
use crate::model::text::shown;

/// What the index is to hold at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// A regular file with this content, as it is: no filter of a configuration has a say.
    Content(&'a [u8]),
    /// An object that is there already, with its mode.
    Object(u32, Oid),
    /// Nothing.
    Nothing,
}

impl Repository {
    /// Changes the index at some paths. It is written once: it has all of it or nothing.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the index or an object cannot be written, another program that
    /// holds its lock included.
    pub fn stage(&self, files: &[(&str, Wanted<'_>)]) -> Result<()> {
        let git = self.git();
        let staged = || -> std::result::Result<(), git2::Error> {
            let mut index = git.index()?;
            index.read(true)?;
            for (path, wanted) in files {
                let (mode, id, size) = match wanted {
                    Wanted::Content(bytes) => (MODE_FILE, Some(git.blob(bytes)?), bytes.len()),
                    Wanted::Object(mode, id) => (*mode, self.git_id(*id), 0),
                    Wanted::Nothing => (0, None, 0),
                };
                match id {
                    Some(id) => index.add(&entry(path, mode, id, size))?,
                    None if index.get_path(Path::new(path), 0).is_some() => {
                        index.remove(Path::new(path), 0)?;
                    }
                    None => {}
                }
            }
            index.write()
        };
        staged().map_err(|error| not_staged(&error))
    }

    /// What is staged at a path: its mode and id.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the index cannot be read.
    pub fn staged_at(&self, path: &str) -> Result<Option<(u32, Oid)>> {
        let git = self.git();
        let mut index = git.index().map_err(|error| not_staged(&error))?;
        index.read(true).map_err(|error| not_staged(&error))?;
        let entry = index.get_path(Path::new(path), 0);
        Ok(entry.and_then(|entry| Some((entry.mode, from_git(entry.id)?))))
    }

    /// Paths below a folder that differ from HEAD, in the index or in the work tree, or that git
    /// does not know; ignored ones are not among them.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the work tree cannot be looked at.
    pub fn changed_below(&self, folder: &str) -> Result<Vec<String>> {
        let git = self.git();
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).disable_pathspec_match(true);
        options.pathspec(folder);
        let statuses = git.statuses(Some(&mut options)).map_err(|error| not_staged(&error))?;
        let paths = statuses.iter().map(|entry| entry.path_bytes().to_vec());
        let mut all: Vec<String> =
            paths.map(|path| String::from_utf8_lossy(&path).into_owned()).collect();
        all.sort();
        Ok(all)
    }
}

fn entry(path: &str, mode: u32, id: git2::Oid, size: usize) -> git2::IndexEntry {
    // No times: git looks at the file itself the next time.
    let never = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: u32::try_from(size).unwrap_or(u32::MAX),
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

fn not_staged(error: &git2::Error) -> Error {
    Error::unusable(
        format!("the index cannot be used: {}", shown(error.message())),
        "end what else uses it, then run the command again; git status tells how it stands",
    )
}
