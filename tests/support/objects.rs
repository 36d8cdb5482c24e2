//! Raw git objects: nothing here checks what it writes, so that broken ones can be made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::ObjectType;
use sha2::{Digest as _, Sha256};

/// A flat tree: path -> mode and object id.
pub(crate) type Files = BTreeMap<String, (u32, String)>;

/// A repository that objects are written to.
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) sha256: bool,
    repo: git2::Repository,
}

impl Store {
    pub(crate) fn new(path: &Path, sha256: bool, bare: bool) -> Self {
        let mut init = Command::new("git");
        init.env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_DEFAULT_REF_FORMAT", "files")
            .args(["init", "--quiet", "--initial-branch=main", "--template="])
            .arg(if sha256 { "--object-format=sha256" } else { "--object-format=sha1" });
        if bare {
            init.arg("--bare");
        }
        super::sign::piped(
            {
                init.arg(path);
                init
            },
            b"",
        );
        let repo = git2::Repository::open(path).unwrap();
        Self { path: path.to_owned(), sha256, repo }
    }

    /// The folder `.git`, or the bare repository itself.
    pub(crate) fn git_dir(&self) -> &Path {
        self.repo.path()
    }

    fn write(&self, kind: ObjectType, bytes: &[u8]) -> String {
        // Loose, so that single objects can be taken away.
        self.repo.odb().unwrap().write(kind, bytes).unwrap().to_string()
    }

    pub(crate) fn blob(&self, bytes: &[u8]) -> String {
        self.write(ObjectType::Blob, bytes)
    }

    pub(crate) fn commit(&self, bytes: &[u8]) -> String {
        self.write(ObjectType::Commit, bytes)
    }

    pub(crate) fn read(&self, id: &str) -> Vec<u8> {
        let id = git2::Oid::from_str_ext(id, self.repo.object_format()).unwrap();
        self.repo.odb().unwrap().read(id).unwrap().data().to_vec()
    }

    /// Where a loose object lies.
    pub(crate) fn loose(&self, id: &str) -> PathBuf {
        self.git_dir().join("objects").join(&id[..2]).join(&id[2..])
    }

    /// Writes the tree objects of a flat tree. Folders without files do not come into being.
    pub(crate) fn tree(&self, files: &Files) -> String {
        let mut entries: Vec<(Vec<u8>, String, u32, String)> = Vec::new();
        let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
        for (path, entry) in files {
            if let Some((folder, rest)) = path.split_once('/') {
                folders.entry(folder).or_default().insert(rest.to_owned(), entry.clone());
            } else {
                entries.push((path.clone().into(), path.clone(), entry.0, entry.1.clone()));
            }
        }
        for (name, inner) in folders {
            // gitformat: a folder sorts as if its name ended with a slash.
            let key = format!("{name}/").into_bytes();
            entries.push((key, name.to_owned(), 0o40000, self.tree(&inner)));
        }
        entries.sort();
        let mut bytes = Vec::new();
        for (_, name, mode, id) in entries {
            bytes.extend(format!("{mode:o} {name}\0").as_bytes());
            bytes.extend(hex::decode(id).unwrap());
        }
        self.write(ObjectType::Tree, &bytes)
    }

    /// The content digest of section 5 of the rules.
    pub(crate) fn content_digest(&self, files: &Files) -> String {
        let mut all = Sha256::new();
        for (path, (mode, id)) in files {
            let content = if *mode == 0o160000 {
                id.clone()
            } else {
                hex::encode(Sha256::digest(self.read(id)))
            };
            all.update(format!("{mode:o} {content} {path}\0"));
        }
        hex::encode(all.finalize())
    }
}
