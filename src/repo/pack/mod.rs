//! A whole history in one file, and back: git's own bundle format, which `git clone` reads too.

mod measure;
mod offsets;

use std::collections::HashSet;
use std::io::{BufRead, Read as _, Seek, SeekFrom, Write};
use std::path::Path;

use super::tree::EntryKind;
use super::{ReadFailure, Repository, parse_commit};
use crate::error::{Error, Result};
use crate::model::text::shown;
use crate::model::{Limits, ObjectFormat, Oid};

/// The ref in a file whose tip was named by its id.
pub const NAMELESS: &str = "refs/gatecheck/tip";

/// Bytes of one line of a file's head.
const LINE_BYTES: u64 = 4_096;

/// The refs that a file can be of: `refs/replace/` and its like mean something to git.
const FOLDERS: [&str; 3] = ["refs/heads/", "refs/tags/", "refs/remotes/"];

/// What a file of history was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The commit whose whole history it is.
    pub tip: Oid,
    /// The ref that the commit was named by.
    pub reference: Option<String>,
}

impl Repository {
    /// Writes everything that a commit reaches as a git bundle with this one ref and `HEAD`. What
    /// libgit2 makes of the same objects in the same order is the same, byte for byte; it compresses
    /// in one thread for that. `scratch` is an empty folder for the pack that libgit2 writes first.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where an object is missing or cannot be read; [`Error::File`] where the
    /// disk refuses.
    pub fn write_history(
        &self,
        packed: &Packed,
        scratch: &Path,
        out: &mut dyn Write,
    ) -> Result<()> {
        let reference = packed.reference.as_deref().unwrap_or(NAMELESS);
        if !is_usual(reference) {
            return Err(Error::unusable(
                format!("{} is no ref that a file of history can hold", shown(reference)),
                "name what to judge by its full id: gatecheck bundle COMMIT --output FILE",
            ));
        }
        let git = self.git();
        let mut pack = git.packbuilder().map_err(|error| not_packed(&error))?;
        pack.set_threads(1);
        let mut failed = None;
        self.each_object(packed.tip, &mut |id, name| {
            let Some(git_id) = self.git_id(id) else { return false };
            match pack.insert_object(git_id, name) {
                Ok(()) => true,
                Err(error) => {
                    failed = Some(not_packed(&error));
                    false
                }
            }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        pack.write(scratch, 0o600).map_err(|error| not_packed(&error))?;
        let name = pack.name().ok().flatten().unwrap_or_default();
        let made = scratch.join(format!("pack-{name}.pack"));
        let lost = |source| Error::File { path: "the file of history".into(), source };
        out.write_all(head(self.format(), packed.tip, reference).as_bytes()).map_err(lost)?;
        offsets::write(&made, self.format(), out).map_err(lost)
    }

    /// Whether a file of history keeps to the limits, so that [`Repository::read_history`] takes it.
    ///
    /// # Errors
    /// As there.
    pub fn measure_history(from: &mut dyn BufRead, limits: &Limits) -> Result<()> {
        let (format, _, _) = read_head(from)?;
        measure::measure(from, format, limits)
    }

    /// Makes a repository of a file of history, in an empty folder. It is read twice: what it takes
    /// is found out before anything is unpacked. Each object is hashed when it is read, as ever;
    /// nothing that the file says of itself is trusted.
    ///
    /// # Errors
    /// [`Error::Unusable`] for a file that [`Repository::write_history`] does not write, and for one
    /// beyond the limits; [`Error::File`] where it cannot be read.
    pub fn read_history(
        folder: &Path,
        from: &mut (impl BufRead + Seek),
        limits: &Limits,
    ) -> Result<(Self, Packed)> {
        let (format, packed, length) = read_head(from)?;
        let lost = |source| Error::File { path: "the file of history".into(), source };
        measure::measure(from, format, limits)?;
        from.seek(SeekFrom::Start(length)).map_err(lost)?;
        let name = packed.reference.as_deref().unwrap_or(NAMELESS);
        let head = if name.starts_with("refs/heads/") { name } else { "refs/heads/main" };
        let repo = Self::create(folder, format, head, limits)?;
        let packs = repo.common_dir().join("objects").join("pack");
        let git_format = match format {
            ObjectFormat::Sha1 => git2::ObjectFormat::Sha1,
            ObjectFormat::Sha256 => git2::ObjectFormat::Sha256,
        };
        let bad = |error: &git2::Error| broken(&shown(error.message()));
        let mut indexer = git2::Indexer::new_ext(None, &packs, 0o600, false, git_format)
            .map_err(|error| bad(&error))?;
        let unread = |error: std::io::Error| broken(&shown(&error.to_string()));
        std::io::copy(from, &mut indexer).map_err(unread)?;
        indexer.commit().map_err(|error| bad(&error))?;
        repo.refresh().map_err(|error| bad(&error))?;
        if !repo.is_commit(packed.tip) {
            return Err(broken("it does not hold the commit that it names"));
        }
        repo.set_reference(name, packed.tip)
            .map_err(|_| broken("no ref of the name that it gives can be written"))?;
        Ok((repo, packed))
    }

    /// Every object that a commit reaches, commits first to last as they are met. Submodules stay
    /// out.
    fn each_object(
        &self,
        tip: Oid,
        take: &mut dyn FnMut(Oid, Option<&str>) -> bool,
    ) -> Result<(), ReadFailure> {
        let mut seen = HashSet::from([tip]);
        let mut commits = vec![tip];
        let mut trees = Vec::new();
        while let Some(commit) = commits.pop() {
            let raw = self.read_commit(commit)?;
            let (parents, tree) = match parse_commit(commit, &raw) {
                Ok(commit) => (commit.parents, Some(commit.tree)),
                // A malformed commit is evidence too.
                Err(malformed) => (malformed.parents.unwrap_or_default(), malformed.tree),
            };
            if !take(commit, None) {
                return Ok(());
            }
            commits.extend(parents.into_iter().filter(|parent| seen.insert(*parent)));
            trees.extend(tree.filter(|tree| seen.insert(*tree)));
            while let Some(id) = trees.pop() {
                let tree = self.tree(id)?;
                if !take(id, None) {
                    return Ok(());
                }
                for entry in tree.entries().iter().filter(|entry| seen.insert(entry.id)) {
                    match entry.kind() {
                        EntryKind::Submodule => {}
                        EntryKind::Tree => trees.push(entry.id),
                        EntryKind::File | EntryKind::Symlink => {
                            let name = std::str::from_utf8(&entry.name).ok();
                            if !self.holds(entry.id) {
                                return Err(ReadFailure::Missing(entry.id));
                            }
                            if !take(entry.id, name) {
                                return Ok(());
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a file of history may be of this ref.
fn is_usual(reference: &str) -> bool {
    let known = reference == NAMELESS || FOLDERS.iter().any(|known| reference.starts_with(known));
    known && git2::Reference::is_valid_name(reference)
}

/// The lines before the pack: git's format v2, or for SHA-256 v3.
fn head(format: ObjectFormat, tip: Oid, reference: &str) -> String {
    let version = match format {
        ObjectFormat::Sha1 => "# v2 git bundle\n",
        ObjectFormat::Sha256 => "# v3 git bundle\n@object-format=sha256\n",
    };
    format!("{version}{tip} {reference}\n{tip} HEAD\n\n")
}

/// Reads the head that [`head`] writes, and its length.
fn read_head(from: &mut dyn BufRead) -> Result<(ObjectFormat, Packed, u64)> {
    let mut text = String::new();
    let mut line = || -> Result<String> {
        let mut bytes = Vec::new();
        let mut some = (&mut *from).take(LINE_BYTES);
        some.read_until(b'\n', &mut bytes)
            .map_err(|source| Error::File { path: "the file of history".into(), source })?;
        let line = String::from_utf8(bytes).map_err(|_| broken("its head is no text"))?;
        text.push_str(&line);
        Ok(line.trim_end_matches('\n').to_owned())
    };
    let format = match line()?.as_str() {
        "# v2 git bundle" => ObjectFormat::Sha1,
        "# v3 git bundle" => {
            line()?;
            ObjectFormat::Sha256
        }
        _ => return Err(broken("it does not begin as a git bundle")),
    };
    let named = line()?;
    let (id, reference) = named.split_once(' ').ok_or_else(|| broken("it names no ref"))?;
    let tip = Oid::from_hex(id).ok_or_else(|| broken("it names no commit"))?;
    line()?;
    line()?;
    // Whatever else may stand there, git would read it in its own way.
    if !is_usual(reference) || tip.format() != format || text != head(format, tip, reference) {
        return Err(broken("its head is not one that gatecheck writes"));
    }
    let reference = Some(reference.to_owned()).filter(|name| name != NAMELESS);
    Ok((format, Packed { tip, reference }, text.len() as u64))
}

fn broken(why: &str) -> Error {
    Error::unusable(
        format!("the file of history cannot be used: {why}"),
        "have the bundle made again: gatecheck bundle --output FILE",
    )
}

fn not_packed(error: &git2::Error) -> Error {
    Error::cannot_read(
        format!("the history cannot be packed: {}", shown(error.message())),
        "git fsck names what is damaged; git fetch --refetch --no-filter origin",
    )
}

#[cfg(test)]
mod tests;
