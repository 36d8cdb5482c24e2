//! Small repositories for tests, made of raw objects, with the real git beside them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::object::ObjectKind;
use super::tree::{Entry, MODE_FILE, MODE_TREE, Tree};
use super::{Repository, object::hash_object};
use crate::model::{Limits, ObjectFormat, Oid};

#[path = "../../tests/cli_support/program.rs"]
mod programs;
pub(crate) use programs::program;

pub(crate) struct Lab {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) repo: Repository,
    clock: std::cell::Cell<i64>,
}

impl Lab {
    pub(crate) fn new(format: ObjectFormat) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("repo");
        let repo =
            Repository::create(&path, format, "refs/heads/main", &Limits::default()).unwrap();
        Self { dir, repo, clock: std::cell::Cell::new(1_700_000_000) }
    }

    pub(crate) fn sha1() -> Self {
        Self::new(ObjectFormat::Sha1)
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("repo")
    }

    pub(crate) fn put(&self, kind: ObjectKind, data: &[u8]) -> Oid {
        let id = hash_object(kind, data, self.repo.format()).unwrap();
        self.repo.unpack([(kind, data, id)]).unwrap();
        id
    }

    pub(crate) fn blob(&self, text: &str) -> Oid {
        self.put(ObjectKind::Blob, text.as_bytes())
    }

    /// A tree of regular files.
    pub(crate) fn files(&self, files: &[(&str, &str)]) -> Oid {
        let files = files.iter().map(|(path, text)| (*path, (MODE_FILE, self.blob(text))));
        self.tree(&files.collect::<Vec<_>>())
    }

    /// A tree of anything.
    pub(crate) fn tree(&self, files: &[(&str, (u32, Oid))]) -> Oid {
        let mut folders: BTreeMap<&str, Vec<(&str, (u32, Oid))>> = BTreeMap::new();
        let mut entries = Vec::new();
        for (path, (mode, id)) in files {
            match path.split_once('/') {
                Some((folder, rest)) => {
                    folders.entry(folder).or_default().push((rest, (*mode, *id)))
                }
                None => {
                    entries.push(Entry { mode: *mode, name: path.as_bytes().to_vec(), id: *id })
                }
            }
        }
        for (folder, below) in folders {
            let id = self.tree(&below);
            entries.push(Entry { mode: MODE_TREE, name: folder.as_bytes().to_vec(), id });
        }
        self.put(ObjectKind::Tree, &Tree::from_entries(entries).to_bytes())
    }

    pub(crate) fn commit(&self, tree: Oid, parents: &[Oid]) -> Oid {
        self.commit_with(tree, parents, "", "message\n")
    }

    pub(crate) fn commit_with(&self, tree: Oid, parents: &[Oid], extra: &str, msg: &str) -> Oid {
        let time = self.clock.get();
        self.clock.set(time + 60);
        let parents: String = parents.iter().map(|p| format!("parent {p}\n")).collect();
        let who = format!("A U Thor <author@example.org> {time} +0000");
        let raw = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n{extra}\n{msg}");
        self.put(ObjectKind::Commit, raw.as_bytes())
    }

    /// Points the mainline at a commit, so that clones bring it.
    pub(crate) fn main(&self, id: Oid) {
        self.repo.set_reference("refs/heads/main", id).unwrap();
    }

    /// Runs git in the repository; fails the test where git fails.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        git_in(&self.path(), args)
    }

    /// Removes a loose object.
    pub(crate) fn lose(&self, id: Oid) {
        let hex = id.to_string();
        let (folder, file) = hex.split_at(2);
        std::fs::remove_file(self.path().join(".git/objects").join(folder).join(file)).unwrap();
    }

    /// The same repository opened anew.
    pub(crate) fn reopened(&self) -> Repository {
        Repository::open(&self.path(), &Limits::default()).unwrap()
    }
}

/// git with nothing of the environment but the path.
pub(crate) fn command_in(dir: &Path, args: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(args)
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_ADVICE", "0")
        .env("GIT_DEFAULT_HASH", "sha1")
        .env("GIT_DEFAULT_REF_FORMAT", "files")
        .envs(["AUTHOR", "COMMITTER"].into_iter().flat_map(|who| {
            [(format!("GIT_{who}_NAME"), "T"), (format!("GIT_{who}_EMAIL"), "t@example.org")]
        }));
    git
}

/// Runs git, which must succeed; what it prints.
pub(crate) fn git_in(dir: &Path, args: &[&str]) -> String {
    let output = command_in(dir, args).output().expect("git must be installed to run the tests");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {err}");
    String::from_utf8(output.stdout).unwrap()
}
