//! What is staged: the tree that the next commit would have. Nothing is written.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::object::from_git;
use super::subject::Without;
use super::tree::{MODE_SUBMODULE, MODE_TREE};
use super::{Entry, ObjectKind, ReadFailure, Repository, Tree};
use crate::error::{Error, Result};
use crate::model::Oid;
use crate::model::text::shown;

/// Bits of an entry's flags that say which side of a conflict it is.
const STAGE: u16 = 0x3000;
/// Set where `git add --intent-to-add` announced a file without its content.
const INTENT_TO_ADD: u16 = 1 << 13;

/// A path with mode and id.
type File<'a> = (&'a [u8], (u32, Oid));

/// The files of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    files: BTreeMap<Vec<u8>, (u32, Oid)>,
}

impl Staged {
    /// Every path.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.files.keys().map(Vec::as_slice)
    }

    /// Every path with its mode and id.
    pub fn files(&self) -> impl Iterator<Item = (&[u8], (u32, Oid))> {
        self.files.iter().map(|(path, file)| (path.as_slice(), *file))
    }

    /// What stands at a path; `None` where no file does.
    #[must_use]
    pub fn get(&self, path: &[u8]) -> Option<(u32, Oid)> {
        self.files.get(path).copied()
    }

    /// Paths that are not what they were before.
    #[must_use]
    pub fn differences(&self, before: &BTreeMap<Vec<u8>, (u32, Oid)>) -> Vec<Vec<u8>> {
        let changed = self.files.iter().filter(|(path, file)| before.get(*path) != Some(file));
        let gone = before.keys().filter(|path| !self.files.contains_key(*path));
        changed.map(|(path, _)| path).chain(gone).cloned().collect()
    }
}

impl Repository {
    /// What is staged; `None` in a bare repository.
    ///
    /// # Errors
    /// [`Error::Unusable`] in the middle of a conflict, [`Error::CannotRead`] for an index that
    /// cannot be read, [`Error::Unusable`] beyond the limit `changed-paths`.
    pub fn staged(&self) -> Result<Option<Staged>> {
        if self.work_dir().is_none() {
            return Ok(None);
        }
        let unreadable = |error: git2::Error| {
            Error::cannot_read(
                format!("the index cannot be read: {}", shown(error.message())),
                "git status; git read-tree HEAD",
            )
        };
        let index = self.git().index().map_err(unreadable)?;
        let mut staged = Staged::default();
        for entry in index.iter() {
            if entry.flags & STAGE != 0 {
                return Err(Error::unusable(
                    format!("{} is in conflict", shown(&String::from_utf8_lossy(&entry.path))),
                    "resolve it and stage the result: git add",
                ));
            }
            if entry.flags_extended & INTENT_TO_ADD != 0 {
                continue;
            }
            if let Some(id) = from_git(entry.id) {
                staged.files.insert(entry.path, (entry.mode, id));
            }
            if staged.files.len() as u64 > self.limits().changed_paths {
                return Err(Error::unusable(
                    "the index holds more files than the bound changed-paths allows",
                    "raise it with --limit changed-paths=N",
                ));
            }
        }
        Ok(Some(staged))
    }

    /// The files of a tree, as if they were what is staged.
    ///
    /// # Errors
    /// See [`ReadFailure`]; the limits are `tree-depth` and `changed-paths`.
    pub fn staged_of(&self, tree: Oid) -> Result<Staged, ReadFailure> {
        let files = self.list(tree)?.into_iter();
        Ok(Staged { files: files.map(|(path, entry)| (path, (entry.mode, entry.id))).collect() })
    }

    /// The id of the tree that is staged, with files taken out, and with them each folder that
    /// this leaves empty.
    ///
    /// # Errors
    /// See [`ReadFailure`]; the limit is `tree-depth`.
    pub fn staged_tree(&self, staged: &Staged, without: &[&str]) -> Result<Oid, ReadFailure> {
        let without = Without::new(without);
        let files: Vec<File<'_>> = staged
            .files
            .iter()
            .filter(|(path, _)| !without.names(path))
            .map(|(path, file)| (path.as_slice(), *file))
            .collect();
        self.tree_of_files(&files, 1)
    }

    /// `files` by path, those of one folder side by side.
    fn tree_of_files(&self, files: &[File<'_>], depth: usize) -> Result<Oid, ReadFailure> {
        let nowhere = Oid::zero(self.format());
        self.count_depth(nowhere, depth)?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut folders: BTreeMap<&[u8], Vec<File<'_>>> = BTreeMap::new();
        for (path, (mode, id)) in files {
            let slash = path.iter().position(|byte| *byte == b'/');
            match slash.and_then(|at| Some((path.get(..at)?, path.get(at.checked_add(1)?..)?))) {
                Some((folder, below)) => {
                    folders.entry(folder).or_default().push((below, (*mode, *id)));
                }
                None => entries.push(Entry { mode: *mode, name: path.to_vec(), id: *id }),
            }
        }
        for (name, below) in folders {
            let id = self.tree_of_files(&below, depth.saturating_add(1))?;
            entries.push(Entry { mode: MODE_TREE, name: name.to_vec(), id });
        }
        let raw = Tree::from_entries(entries).to_bytes();
        // Only a SHA-1 collision attack makes a hash fail; no object is at hand to name.
        self.hash(ObjectKind::Tree, &raw)
            .map_err(|error| ReadFailure::Corrupt { id: nowhere, why: error.to_string() })
    }

    /// The content digest of what is staged, as [`Repository::content_digest`] makes it.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn staged_content(
        &self,
        staged: &Staged,
        without: &[&str],
    ) -> Result<[u8; 32], ReadFailure> {
        let without = Without::new(without);
        let mut digest = Sha256::new();
        for (path, (mode, id)) in &staged.files {
            if without.names(path) {
                continue;
            }
            let content = if *mode == MODE_SUBMODULE {
                id.to_string()
            } else {
                hex::encode(self.with_large_blob(*id, super::digest::sha256)?)
            };
            digest.update(format!("{mode:o} {content} "));
            digest.update(path);
            digest.update([0]);
        }
        Ok(digest.finalize().into())
    }
}
