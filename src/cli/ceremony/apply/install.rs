//! Writing a ceremony: key files and record, then the registry, then the index. Each file is
//! written beside its place and moved there, so that a crash leaves the old one or the new one.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::super::streams::Streams;
use super::journal;
use crate::ceremony::Request;
use crate::error::Error;
use crate::model::Oid;
use crate::model::registry::{CEREMONIES_FOLDER, REGISTRY_PATH};
use crate::model::text::shown;
use crate::repo::stage::Wanted;
use crate::repo::{ObjectKind, Repository, parse_commit};

/// The name of a file that is being written, in the folder where it goes. A run that comes after
/// knows it.
pub(super) const UNFINISHED: &str = ".gatecheck-ceremony-unfinished";
/// How long a halted program waits to be ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a test ends the program.
pub(super) struct Halt<'a, 's> {
    left: Option<u32>,
    streams: &'a mut Streams<'s>,
}

impl<'a, 's> Halt<'a, 's> {
    pub(super) fn new(left: Option<u32>, streams: &'a mut Streams<'s>) -> Self {
        Self { left, streams }
    }

    /// Comes before each write.
    fn point(&mut self) {
        let Some(left) = self.left else { return };
        if left == 0 {
            self.streams.say("halted");
            std::thread::sleep(PATIENCE);
        }
        self.left = Some(left.saturating_sub(1));
    }
}

/// One ceremony and where it goes.
#[derive(Clone, Copy)]
pub(super) struct Install<'a> {
    pub(super) repo: &'a Repository,
    pub(super) top: &'a Path,
    pub(super) request: &'a Request,
}

impl Install<'_> {
    /// Every path that it concerns: the new content, or `None` where the file goes. In the order in
    /// which they are written.
    pub(super) fn targets(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut all: Vec<(String, Option<Vec<u8>>)> = Vec::new();
        let mut registry = None;
        for (path, bytes) in self.request.brings() {
            if path == REGISTRY_PATH {
                registry = Some((path, Some(bytes)));
            } else {
                all.push((path, Some(bytes)));
            }
        }
        all.extend(self.request.record.removed.iter().map(|path| (path.clone(), None)));
        all.extend(registry);
        all
    }

    /// What HEAD's tree holds at the targets.
    pub(super) fn before(&self) -> Result<BTreeMap<String, (u32, Oid)>, Error> {
        let head = self.repo.head()?.commit;
        let unreadable = super::super::super::judge::unreadable;
        let raw = self.repo.read_commit(head).map_err(unreadable)?;
        let tree = parse_commit(head, &raw)
            .map_err(|bad| Error::cannot_read(bad.observed, "git fsck"))?
            .tree;
        let mut all = BTreeMap::new();
        for (path, _) in self.targets() {
            if let Some(entry) = self.repo.lookup(tree, &path).map_err(unreadable)? {
                all.insert(path, (entry.mode, entry.id));
            }
        }
        Ok(all)
    }

    /// What is written, for people.
    pub(super) fn words(&self) -> Result<Vec<String>, Error> {
        let before = self.before()?;
        let one = |(path, content): &(String, Option<Vec<u8>>)| match (before.get(path), content) {
            (_, None) => format!("removed  {}", shown(path)),
            (None, Some(_)) => format!("new      {}", shown(path)),
            (Some(_), Some(_)) => format!("changed  {}", shown(path)),
        };
        Ok(self.targets().iter().map(one).collect())
    }

    /// Writes everything. Run again after a crash, it goes on.
    pub(super) fn run(&self, halt: &mut Halt<'_, '_>) -> Result<(), Error> {
        halt.point();
        journal::write(self.repo, self.request)?;
        let targets = self.targets();
        for (path, content) in &targets {
            halt.point();
            self.put(path, content.as_deref(), || halt.point())?;
        }
        halt.point();
        let wanted: Vec<(&str, Wanted<'_>)> = targets
            .iter()
            .map(|(path, content)| {
                (path.as_str(), content.as_deref().map_or(Wanted::Nothing, Wanted::Content))
            })
            .collect();
        self.repo.stage(&wanted)?;
        halt.point();
        journal::remove(self.repo)
    }

    /// Puts everything back as HEAD has it; returns paths that hold what neither HEAD nor the
    /// ceremony says.
    pub(super) fn undo(&self) -> Result<Vec<String>, Error> {
        let before = self.before()?;
        let mut left = Vec::new();
        let mut unstaged: Vec<(String, Wanted<'_>)> = Vec::new();
        // The registry first: without it nothing else means anything.
        for (path, content) in self.targets().into_iter().rev() {
            let old = before.get(&path).copied();
            let new = self.hash(content.as_deref())?;
            let file = self.place(&path)?;
            self.clear(&file)?;
            let here = self.read(&file)?;
            let here_id = self.hash(here.as_deref())?;
            if here_id == new && new != old.map(|(_, id)| id) {
                let bytes = old.map(|(_, id)| self.repo.read_blob(id)).transpose();
                let bytes = bytes.map_err(super::super::super::judge::unreadable)?;
                self.put(&path, bytes.as_deref(), || {})?;
            } else if here_id != old.map(|(_, id)| id) {
                left.push(path.clone());
            }
            if self.repo.staged_at(&path)?.map(|(_, id)| id) == new {
                let wanted = old.map_or(Wanted::Nothing, |(mode, id)| Wanted::Object(mode, id));
                unstaged.push((path, wanted));
            }
        }
        let unstaged: Vec<(&str, Wanted<'_>)> =
            unstaged.iter().map(|(path, wanted)| (path.as_str(), *wanted)).collect();
        self.repo.stage(&unstaged)?;
        // Only where it is empty.
        let _ = std::fs::remove_dir(self.top.join(CEREMONIES_FOLDER));
        journal::remove(self.repo)?;
        Ok(left)
    }

    fn hash(&self, content: Option<&[u8]>) -> Result<Option<Oid>, Error> {
        content.map(|bytes| self.repo.hash(ObjectKind::Blob, bytes)).transpose()
    }

    /// The file at a path. No folder on the way may lead elsewhere.
    pub(super) fn place(&self, path: &str) -> Result<PathBuf, Error> {
        let mut here = self.top.to_path_buf();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            here.push(part);
            if parts.peek().is_some()
                && std::fs::symlink_metadata(&here).is_ok_and(|found| !found.is_dir())
            {
                return Err(Error::unusable(
                    format!("{} is no folder, and nothing is written through it", here.display()),
                    "put the folder back as the repository has it: git restore keys",
                ));
            }
        }
        Ok(here)
    }

    /// What a file of the work tree holds.
    pub(super) fn read(&self, file: &Path) -> Result<Option<Vec<u8>>, Error> {
        read(file, self.repo.limits().request_bytes)
    }

    fn clear(&self, file: &Path) -> Result<(), Error> {
        remove(&file.with_file_name(UNFINISHED))
    }

    /// Puts one file in its place, or takes it away.
    fn put(
        &self,
        path: &str,
        content: Option<&[u8]>,
        mut halfway: impl FnMut(),
    ) -> Result<(), Error> {
        let file = self.place(path)?;
        let Some(bytes) = content else { return remove(&file) };
        if self.read(&file)?.as_deref() == Some(bytes) {
            return self.clear(&file);
        }
        let unfinished = file.with_file_name(UNFINISHED);
        let failed = |source| Error::File { path: file.clone(), source };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        remove(&unfinished)?;
        let write = || -> io::Result<()> {
            let mut new =
                std::fs::OpenOptions::new().write(true).create_new(true).open(&unfinished)?;
            new.write_all(bytes)?;
            new.sync_all()
        };
        let written = write();
        halfway();
        let moved = written.and_then(|()| std::fs::rename(&unfinished, &file));
        moved.map_err(|source| {
            let _ = remove(&unfinished);
            failed(source)
        })?;
        sync_folder(&file);
        Ok(())
    }
}

/// The move itself is on the disk before the next one begins, where the system can do that.
fn sync_folder(file: &Path) {
    if let Some(Ok(folder)) = file.parent().map(std::fs::File::open) {
        let _ = folder.sync_all();
    }
}

/// A file that must not be followed anywhere; `None` where there is none. Of what is no regular
/// file nothing is read, nor of one that is longer than any request.
fn read(file: &Path, most: u64) -> Result<Option<Vec<u8>>, Error> {
    let failed = |source| Error::File { path: file.to_owned(), source };
    match std::fs::symlink_metadata(file) {
        Ok(found) if found.is_file() && found.len() <= most => {
            std::fs::read(file).map(Some).map_err(failed)
        }
        Ok(_) => Ok(Some(Vec::new())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn remove(file: &Path) -> Result<(), Error> {
    match std::fs::remove_file(file) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(Error::File { path: file.to_owned(), source })
        }
        _ => Ok(()),
    }
}
