//! A whole history in one file, and back: git's own bundle format, which `git clone` reads too.

use std::collections::HashSet;
use std::io::{BufRead, Read as _, Write};
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

/// The least that an object takes in a pack: a head of one byte, and deflated nothing.
const LEAST_OBJECT: u64 = 9;

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
    /// in one thread for that.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where an object is missing or cannot be read; [`Error::File`] where the
    /// disk refuses.
    pub fn write_history(&self, packed: &Packed, out: &mut dyn Write) -> Result<()> {
        let reference = packed.reference.as_deref().unwrap_or(NAMELESS);
        if !git2::Reference::is_valid_name(reference) || !reference.starts_with("refs/") {
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
        let lost = |source| Error::File { path: "the file of history".into(), source };
        out.write_all(head(self.format(), packed.tip, reference).as_bytes()).map_err(lost)?;
        let mut refused = None;
        let written = pack.foreach(|bytes| match out.write_all(bytes) {
            Ok(()) => true,
            Err(error) => {
                refused = Some(error);
                false
            }
        });
        match (written, refused) {
            (_, Some(error)) => Err(lost(error)),
            (Err(error), None) => Err(not_packed(&error)),
            (Ok(()), None) => Ok(()),
        }
    }

    /// Makes a repository of a file of history, in an empty folder. Each object is hashed when it is
    /// read, as ever; nothing that the file says of itself is trusted.
    ///
    /// # Errors
    /// [`Error::Unusable`] for a file that [`Repository::write_history`] does not write;
    /// [`Error::File`] where it cannot be read.
    pub fn read_history(
        folder: &Path,
        bytes: u64,
        from: &mut dyn BufRead,
        limits: &Limits,
    ) -> Result<(Self, Packed)> {
        let (format, packed, length) = read_head(from)?;
        let lost = |source| Error::File { path: "the file of history".into(), source };
        // "PACK", the version, the number of objects: libgit2 makes room for as many at once.
        let mut start = [0; 12];
        from.read_exact(&mut start).map_err(lost)?;
        let number = start.last_chunk::<4>().map_or(u32::MAX, |n| u32::from_be_bytes(*n));
        let room = bytes.saturating_sub(length);
        if !start.starts_with(b"PACK\0\0\0\x02")
            || u64::from(number).saturating_mul(LEAST_OBJECT) > room
        {
            return Err(broken("its pack is none"));
        }
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
        indexer.write_all(&start).map_err(unread)?;
        std::io::copy(from, &mut indexer).map_err(unread)?;
        indexer.commit().map_err(|error| bad(&error))?;
        repo.refresh().map_err(|error| bad(&error))?;
        if !repo.is_commit(packed.tip) {
            return Err(broken("it does not hold the commit that it names"));
        }
        repo.set_reference(name, packed.tip)?;
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
    let usual = reference.starts_with("refs/") && git2::Reference::is_valid_name(reference);
    // Whatever else may stand there, git would read it in its own way.
    if !usual || tip.format() != format || text != head(format, tip, reference) {
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
mod tests {
    use super::*;
    use crate::repo::testing::Lab;

    fn write(lab: &Lab, packed: &Packed) -> Vec<u8> {
        let mut bytes = Vec::new();
        lab.repo.write_history(packed, &mut bytes).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(tempfile::TempDir, Repository, Packed)> {
        let folder = tempfile::tempdir().unwrap();
        let mut from = bytes;
        let path = folder.path().join("repo");
        Repository::read_history(&path, bytes.len() as u64, &mut from, &Limits::default())
            .map(|(repo, packed)| (folder, repo, packed))
    }

    fn two_commits(lab: &Lab) -> (Oid, Oid) {
        let first = lab.commit(lab.files(&[("a", "1"), ("b/c", "2")]), &[]);
        let second = lab.commit(lab.files(&[("a", "3"), ("b/c", "2")]), &[first]);
        (first, second)
    }

    #[test]
    fn a_history_comes_back_whole_in_both_formats_and_the_same_each_time() {
        for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
            let lab = Lab::new(format);
            let (first, second) = two_commits(&lab);
            for reference in [Some("refs/heads/release".to_owned()), None] {
                let packed = Packed { tip: second, reference };
                let bytes = write(&lab, &packed);
                assert_eq!(bytes, write(&lab, &packed));
                let (_folder, repo, read) = read(&bytes).unwrap();
                assert_eq!((read, repo.format()), (packed.clone(), format));
                for commit in [first, second] {
                    let raw = repo.read_commit(commit).unwrap();
                    assert_eq!(raw, lab.repo.read_commit(commit).unwrap());
                    let tree = parse_commit(commit, &raw).unwrap().tree;
                    for (_, entry) in repo.list(tree).unwrap() {
                        assert!(repo.read_blob(entry.id).is_ok());
                    }
                }
                let name = packed.reference.as_deref().unwrap_or(NAMELESS);
                assert_eq!(repo.reference(name).unwrap(), Some(second));
            }
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let lab = Lab::sha1();
        let ghost = Oid::from_hex(&"1".repeat(40)).unwrap();
        let tree = lab.tree(&[("gone", (crate::repo::tree::MODE_FILE, ghost))]);
        let tip = lab.commit(tree, &[]);
        let packed = Packed { tip, reference: None };
        let error = lab.repo.write_history(&packed, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, Error::CannotRead { .. }), "{error}");
        assert!(error.to_string().contains(&ghost.to_string()), "{error}");
    }

    #[test]
    fn other_heads_and_packs_are_refused() {
        let lab = Lab::sha1();
        let (first, second) = two_commits(&lab);
        let good = write(&lab, &Packed { tip: second, reference: Some("refs/heads/main".into()) });
        let length = head(ObjectFormat::Sha1, second, "refs/heads/main").len();
        let (start, pack) = good.split_at(length);
        let start = String::from_utf8(start.to_vec()).unwrap();
        let edits = [
            start.replace("v2", "v4"),
            start.replace("v2 git bundle", "v3 git bundle\n@object-format=sha256"),
            start.replace("# v2 git bundle\n", "# v3 git bundle\n@filter=blob:none\n"),
            start.replacen(&format!("{second} refs"), &format!("-{first} x\n{second} refs"), 1),
            start.replace("refs/heads/main", "refs/heads/../x"),
            start.replace("refs/heads/main", "HEAD"),
            start.replace("refs/heads/main", &"x".repeat(10_000)),
            start.replace(" HEAD", " refs/heads/other"),
            start.replace(&second.to_string(), &"1".repeat(40)),
            start.replace("\n\n", "\n"),
            String::new(),
        ];
        for edited in edits {
            assert_ne!(edited, start);
            assert!(read(&[edited.as_bytes(), pack].concat()).is_err(), "{edited}");
        }
        for at in [0, 4, 7, 8, 11, 12, 40, pack.len() - 1] {
            let mut bad = pack.to_vec();
            bad[at] ^= 1;
            assert!(read(&[start.as_bytes(), &bad].concat()).is_err(), "byte {at}");
        }
        for short in [0, 11, 12, pack.len() - 1] {
            assert!(read(&[start.as_bytes(), &pack[..short]].concat()).is_err(), "{short}");
        }
    }
}
