//! What one commit changes below `keys/` and among manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::material::Material;
use super::survey::{is_key_file, is_record};
use crate::model::gate::ManifestPaths;
use crate::model::registry::{KEYS_FOLDER, REGISTRY_PATH};
use crate::model::step::{FileChange, ManifestChange};
use crate::model::{KeyFile, ManifestName, Oid, RecordReading};
use crate::repo::digest::sha256;
use crate::repo::tree::{MODE_FILE, describe_mode};
use crate::repo::{ReadFailure, TreeChange};

/// Two trees: the first parent's and the commit's own. `None` stands for the empty tree.
#[derive(Clone, Copy)]
pub(super) struct Trees {
    pub(super) before: Option<Oid>,
    pub(super) after: Option<Oid>,
}

/// What stands in changed files below `keys/`.
#[derive(Default)]
pub(super) struct KeyContents {
    pub(super) changes: Vec<FileChange>,
    pub(super) key_files: BTreeMap<String, (Oid, Arc<KeyFile>)>,
    pub(super) sha256: BTreeMap<String, [u8; 32]>,
    pub(super) records: Vec<Arc<RecordReading>>,
    /// Files that could not be read.
    pub(super) failures: Vec<ReadFailure>,
}

impl KeyContents {
    /// Whether the registry's path is among the changes.
    pub(super) fn registry_changed(&self) -> bool {
        self.changes.iter().any(|change| change.path == REGISTRY_PATH)
    }
}

impl Material<'_> {
    /// Everything below `keys/` that differs, and what changed files hold.
    pub(super) fn keys(&mut self, trees: Trees) -> Result<KeyContents, ReadFailure> {
        let mut contents = KeyContents::default();
        for change in self.repo.diff_folder(trees.before, trees.after, KEYS_FOLDER, true)? {
            let change = file_change(change);
            if let Some((mode, id)) = change.after
                && mode & 0o170_000 == 0o100_000
                && let Err(failure) = self.key_content(&change.path, mode, id, &mut contents)
            {
                contents.failures.push(failure);
            }
            contents.changes.push(change);
        }
        Ok(contents)
    }

    fn key_content(
        &mut self,
        path: &str,
        mode: u32,
        id: Oid,
        contents: &mut KeyContents,
    ) -> Result<(), ReadFailure> {
        let regular = mode == MODE_FILE;
        if regular && is_record(path) {
            contents.records.push(self.record(path, id)?);
        }
        // A registry or record that is too large is told where it is read as such.
        let bytes = match self.repo.read_blob(id) {
            Err(ReadFailure::TooLarge { .. }) if !is_key_file(path) => return Ok(()),
            other => other?,
        };
        let file = self.key_file(id, &bytes);
        if regular {
            contents.sha256.insert(path.to_owned(), sha256(&bytes));
        }
        if regular && is_key_file(path) {
            contents.key_files.insert(path.to_owned(), (id, file));
        } else if file.holds_secret {
            // A secret counts wherever it stands; keys in other places do not.
            let secret = KeyFile {
                holds_secret: true,
                problems: vec![format!("no key is read from {} here", describe_mode(mode))],
                ..KeyFile::default()
            };
            contents.key_files.insert(path.to_owned(), (id, Arc::new(secret)));
        }
        Ok(())
    }

    /// Manifests that differ, by every naming.
    pub(super) fn manifests(
        &self,
        trees: Trees,
        namings: &[ManifestPaths],
    ) -> Result<Vec<ManifestChange>, ReadFailure> {
        let mut found: Vec<ManifestChange> = Vec::new();
        let mut seen: BTreeSet<(String, ManifestName)> = BTreeSet::new();
        for naming in namings {
            let folder = naming.folder();
            for change in self.repo.diff_folder(trees.before, trees.after, folder, false)? {
                let Ok(path) = std::str::from_utf8(&change.path) else { continue };
                let Some(name) = naming.classify(path) else { continue };
                if !seen.insert((path.to_owned(), name.clone())) {
                    continue;
                }
                found.push(self.manifest_change(name, file_change(change))?);
            }
        }
        found.sort_by(|a, b| (&a.file.path, &a.name).cmp(&(&b.file.path, &b.name)));
        Ok(found)
    }

    fn manifest_change(
        &self,
        name: ManifestName,
        file: FileChange,
    ) -> Result<ManifestChange, ReadFailure> {
        let reading = match file.after {
            Some((MODE_FILE, blob)) => Some(self.manifest(&name, &file.path, blob)?),
            _ => None,
        };
        Ok(ManifestChange { name, file, reading })
    }

    /// Paths that the commit brings and that a careless file system takes for the registry's.
    pub(super) fn new_twins(&self, trees: Trees) -> Result<Vec<String>, ReadFailure> {
        if trees.before == trees.after {
            return Ok(Vec::new());
        }
        let all = |tree: Option<Oid>| -> Result<Vec<Vec<u8>>, ReadFailure> {
            let Some(tree) = tree else { return Ok(Vec::new()) };
            let mut twins = self.repo.twins(tree, KEYS_FOLDER)?;
            twins.extend(self.repo.twins(tree, REGISTRY_PATH)?);
            Ok(twins)
        };
        let after = all(trees.after)?;
        if after.is_empty() {
            return Ok(Vec::new());
        }
        let before = all(trees.before)?;
        let new = after.into_iter().filter(|twin| !before.contains(twin));
        Ok(new.map(|twin| String::from_utf8_lossy(&twin).into_owned()).collect())
    }
}

/// Paths that are not UTF-8 are shown with replacements; none of them is a path that a registry
/// could name.
fn file_change(change: TreeChange) -> FileChange {
    FileChange {
        path: String::from_utf8_lossy(&change.path).into_owned(),
        before: change.before,
        after: change.after,
    }
}
