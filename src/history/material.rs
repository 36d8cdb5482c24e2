//! Files read from trees: registries, manifests, records, key files. Each blob is parsed once.

use std::collections::HashMap;
use std::sync::Arc;

use super::probes::After;
use super::traits::Readers;
use crate::finding::{Code, Finding};
use crate::model::owners::{CODEOWNERS_PATHS, OwnersFile, OwnersReading};
use crate::model::registry::{KEYS_FOLDER, REGISTRY_PATH};
use crate::model::step::{ManifestReading, RegistryFile, RegistryReading};
use crate::model::{KeyFile, ManifestName, Oid, RecordReading};
use crate::repo::tree::{MODE_FILE, MODE_SUBMODULE, MODE_SYMLINK, describe_mode};
use crate::repo::{ReadFailure, Repository};
use crate::source::Source;

/// How many registries are kept: neighbours on the mainline ask for the same few.
const KEPT_REGISTRIES: usize = 32;
/// How many CODEOWNERS files are kept.
const KEPT_OWNERS: usize = 8;
/// How many ceremony records are kept: one branch can be merged many times over.
const KEPT_RECORDS: usize = 128;
/// How many key files are kept parsed.
const KEPT_KEY_FILES: usize = 4_096;

/// Reads files and remembers them.
pub(super) struct Material<'a> {
    pub(super) repo: &'a Repository,
    readers: &'a dyn Readers,
    registries: HashMap<Oid, Arc<RegistryReading>>,
    records: HashMap<(String, Oid), Arc<RecordReading>>,
    key_files: HashMap<Oid, Arc<KeyFile>>,
    owners: HashMap<(&'static str, Oid), Arc<OwnersReading>>,
}

impl<'a> Material<'a> {
    pub(super) fn new(repo: &'a Repository, readers: &'a dyn Readers) -> Self {
        Self {
            repo,
            readers,
            registries: HashMap::new(),
            records: HashMap::new(),
            key_files: HashMap::new(),
            owners: HashMap::new(),
        }
    }

    /// What stands at the registry's path in a tree.
    pub(super) fn registry(&mut self, tree: Oid) -> Result<RegistryFile, ReadFailure> {
        if let Some(folder) = self.repo.lookup(tree, KEYS_FOLDER)?
            && !folder.is_tree()
        {
            return Ok(RegistryFile::NotRegular(format!(
                "below {KEYS_FOLDER}, which is {}, not a folder",
                describe_mode(folder.mode)
            )));
        }
        let Some(entry) = self.repo.lookup(tree, REGISTRY_PATH)? else {
            return Ok(RegistryFile::Missing);
        };
        if entry.mode != MODE_FILE {
            return Ok(RegistryFile::NotRegular(describe_mode(entry.mode)));
        }
        Ok(RegistryFile::File(entry.id, self.registry_blob(entry.id)?))
    }

    fn registry_blob(&mut self, blob: Oid) -> Result<Arc<RegistryReading>, ReadFailure> {
        if let Some(known) = self.registries.get(&blob) {
            return Ok(Arc::clone(known));
        }
        let reading = match text(self.repo, REGISTRY_PATH, blob)? {
            Ok(source) => self.readers.registry(&source),
            Err(unreadable) => RegistryReading {
                registry: None,
                problems: vec![unreadable.finding(Code::RegistryInvalid)],
            },
        };
        if self.registries.len() >= KEPT_REGISTRIES {
            self.registries.clear();
        }
        let reading = Arc::new(reading);
        self.registries.insert(blob, Arc::clone(&reading));
        Ok(reading)
    }

    /// CODEOWNERS in a tree: the first of the places where forges look.
    pub(super) fn owners(&mut self, within: After<'_>) -> Result<OwnersFile, ReadFailure> {
        for path in CODEOWNERS_PATHS {
            let at = |path: &str| match within {
                After::Tree(tree) => {
                    Ok(self.repo.lookup(tree, path)?.map(|entry| (entry.mode, entry.id)))
                }
                After::Staged(staged) => Ok(staged.get(path.as_bytes())),
            };
            // What a folder's link or submodule leads to is not looked into, and may hold one.
            if let Some((folder, _)) = path.split_once('/')
                && let Some((mode, _)) = at(folder)?
                && matches!(mode, MODE_SYMLINK | MODE_SUBMODULE)
            {
                return Ok(in_its_place(folder, "a folder", "commit it as a folder", mode));
            }
            let Some((mode, blob)) = at(path)? else { continue };
            if mode != MODE_FILE {
                let help = "commit it as a plain file";
                return Ok(in_its_place(path, "a regular file (mode 100644)", help, mode));
            }
            return Ok(OwnersFile::File(self.owners_blob(path, blob)?));
        }
        Ok(OwnersFile::Missing)
    }

    fn owners_blob(
        &mut self,
        path: &'static str,
        blob: Oid,
    ) -> Result<Arc<OwnersReading>, ReadFailure> {
        if let Some(known) = self.owners.get(&(path, blob)) {
            return Ok(Arc::clone(known));
        }
        let reading = match text(self.repo, path, blob)? {
            Ok(source) => self.readers.owners(&source),
            Err(unreadable) => OwnersReading {
                owners: None,
                problems: vec![unreadable.finding(Code::UnsupportedVersion)],
                bytes: 0,
            },
        };
        if self.owners.len() >= KEPT_OWNERS {
            self.owners.clear();
        }
        let reading = Arc::new(reading);
        self.owners.insert((path, blob), Arc::clone(&reading));
        Ok(reading)
    }

    /// A manifest's content.
    pub(super) fn manifest(
        &self,
        name: &ManifestName,
        path: &str,
        blob: Oid,
    ) -> Result<Arc<ManifestReading>, ReadFailure> {
        Ok(Arc::new(match text(self.repo, path, blob)? {
            Ok(source) => self.readers.manifest(name, &source),
            Err(unreadable) => ManifestReading {
                manifest: None,
                problems: vec![unreadable.finding(Code::ManifestInvalid)],
            },
        }))
    }

    /// A ceremony record's content. Its path is part of what it says.
    pub(super) fn record(
        &mut self,
        path: &str,
        blob: Oid,
    ) -> Result<Arc<RecordReading>, ReadFailure> {
        let name = (path.to_owned(), blob);
        if let Some(known) = self.records.get(&name) {
            return Ok(Arc::clone(known));
        }
        let reading = match text(self.repo, path, blob)? {
            Ok(source) => self.readers.record(&source),
            Err(unreadable) => RecordReading {
                path: path.to_owned(),
                record: None,
                problems: vec![unreadable.finding(Code::CeremonyMismatch)],
            },
        };
        if self.records.len() >= KEPT_RECORDS {
            self.records.clear();
        }
        let reading = Arc::new(reading);
        self.records.insert(name, Arc::clone(&reading));
        Ok(reading)
    }

    /// A key file's content, parsed.
    pub(super) fn key_file(&mut self, blob: Oid, bytes: &[u8]) -> Arc<KeyFile> {
        if let Some(known) = self.key_files.get(&blob) {
            return Arc::clone(known);
        }
        if self.key_files.len() >= KEPT_KEY_FILES {
            self.key_files.clear();
        }
        let file = Arc::new(self.readers.key_file(bytes));
        self.key_files.insert(blob, Arc::clone(&file));
        file
    }
}

/// Something else where CODEOWNERS, or its folder, is looked for.
fn in_its_place(path: &str, required: &'static str, help: &str, mode: u32) -> OwnersFile {
    let what = required.split(" (").next().unwrap_or(required);
    let finding = Finding::new(Code::UnsupportedVersion, format!("{path} is not {what}"))
        .compared(describe_mode(mode), required)
        .help(help);
    OwnersFile::File(Arc::new(OwnersReading { owners: None, problems: vec![finding], bytes: 0 }))
}

/// Why a blob that is there is no text.
pub(super) struct Unreadable {
    path: String,
    observed: String,
    required: &'static str,
    help: String,
}

impl Unreadable {
    /// What was seen instead of text.
    pub(super) fn observed(&self) -> &str {
        &self.observed
    }

    fn finding(&self, code: Code) -> Finding {
        Finding::new(
            code,
            format!("{} cannot be read as text", crate::model::text::shown(&self.path)),
        )
        .help(self.help.clone())
        .compared(self.observed.clone(), self.required)
    }
}

/// A blob as text; the inner error is what is wrong with the file itself.
pub(super) fn text(
    repo: &Repository,
    path: &str,
    blob: Oid,
) -> Result<Result<Arc<Source>, Unreadable>, ReadFailure> {
    let unreadable = |observed: String, required, help: String| Unreadable {
        path: path.to_owned(),
        observed,
        required,
        help,
    };
    let bytes = match repo.read_blob(blob) {
        Ok(bytes) => bytes,
        Err(failure @ ReadFailure::TooLarge { .. }) => {
            return Ok(Err(unreadable(
                failure.to_string(),
                "a file within the limit",
                failure.help(),
            )));
        }
        Err(failure) => return Err(failure),
    };
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(error) => Err(unreadable(
            format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()),
            "UTF-8 text",
            "save the file as UTF-8 and commit it anew".to_owned(),
        )),
    })
}
