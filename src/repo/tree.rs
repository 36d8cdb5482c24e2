//! Trees from raw bytes, strictly.

use super::ReadFailure;
use crate::model::text::shown_bytes;
use crate::model::{ObjectFormat, Oid};

/// Mode of a regular file.
pub const MODE_FILE: u32 = 0o100_644;
/// Mode of an executable file.
pub const MODE_EXECUTABLE: u32 = 0o100_755;
/// Mode of a symbolic link.
pub const MODE_SYMLINK: u32 = 0o120_000;
/// Mode of a submodule.
pub const MODE_SUBMODULE: u32 = 0o160_000;
/// Mode of a folder.
pub const MODE_TREE: u32 = 0o040_000;

/// What kind of thing an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file, whatever its permission bits.
    File,
    /// A folder.
    Tree,
    /// A symbolic link.
    Symlink,
    /// A submodule: a commit of another repository.
    Submodule,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Mode as stored, as a number (leading zeros of very old trees are not kept).
    pub mode: u32,
    /// Name: never empty, `.`, `..` or `.git`, and without `/` and NUL.
    pub name: Vec<u8>,
    /// Blob, tree, or (for a submodule) commit.
    pub id: Oid,
}

impl Entry {
    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        match self.mode & 0o170_000 {
            0o040_000 => EntryKind::Tree,
            0o120_000 => EntryKind::Symlink,
            0o160_000 => EntryKind::Submodule,
            _ => EntryKind::File,
        }
    }

    /// Whether it is a folder.
    #[must_use]
    pub const fn is_tree(&self) -> bool {
        matches!(self.kind(), EntryKind::Tree)
    }
}

/// A mode in words, where it is not that of a regular file: "a symbolic link".
#[must_use]
pub fn describe_mode(mode: u32) -> String {
    match mode {
        MODE_FILE => "a regular file".to_owned(),
        MODE_EXECUTABLE => "an executable file".to_owned(),
        MODE_SYMLINK => "a symbolic link".to_owned(),
        MODE_SUBMODULE => "a submodule".to_owned(),
        MODE_TREE => "a folder".to_owned(),
        other => format!("a file of mode {other:06o}"),
    }
}

/// A tree object: entries in git's order, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    entries: Vec<Entry>,
}

impl Tree {
    /// Parses a tree's raw bytes.
    ///
    /// # Errors
    /// [`ReadFailure::MalformedTree`] for what git would not write (names that leave the tree,
    /// a name twice, wrong order, an unknown mode), [`ReadFailure::TooLarge`] beyond
    /// `max_entries`.
    pub fn parse(
        id: Oid,
        raw: &[u8],
        format: ObjectFormat,
        max_entries: u64,
    ) -> Result<Self, ReadFailure> {
        let malformed = |why: String| ReadFailure::MalformedTree { id, why };
        let mut entries: Vec<Entry> = Vec::new();
        let mut rest = raw;
        while !rest.is_empty() {
            let observed = u64::try_from(entries.len()).unwrap_or(u64::MAX).saturating_add(1);
            if observed > max_entries {
                return Err(ReadFailure::TooLarge {
                    id,
                    limit: "tree-entries",
                    unit: "entries",
                    observed,
                    allowed: max_entries,
                });
            }
            let (entry, after) = entry(rest, format).map_err(malformed)?;
            if let Some(last) = entries.last()
                && sort_key(last).cmp(sort_key(&entry)).is_ge()
            {
                return Err(malformed(format!("{} is out of order", shown_bytes(&entry.name))));
            }
            entries.push(entry);
            rest = after;
        }
        let tree = Self { entries };
        // Sorted as git sorts, a file and a folder of one name need not be neighbours.
        for folder in tree.entries.iter().filter(|entry| entry.is_tree()) {
            if tree.position(&folder.name, false).is_some() {
                return Err(malformed(format!("{} stands in it twice", shown_bytes(&folder.name))));
            }
        }
        Ok(tree)
    }

    /// From entries in any order; each name must be there once.
    #[must_use]
    pub fn from_entries(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|a, b| sort_key(a).cmp(sort_key(b)));
        Self { entries }
    }

    /// Entries in git's order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of this exact name.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&Entry> {
        if name.contains(&b'/') {
            return None; // it would be found as a folder's sort key
        }
        let at = self.position(name, false).or_else(|| self.position(name, true))?;
        self.entries.get(at)
    }

    /// The raw bytes of the tree object.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut raw = Vec::new();
        for entry in &self.entries {
            raw.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
            raw.extend_from_slice(&entry.name);
            raw.push(0);
            raw.extend_from_slice(entry.id.as_bytes());
        }
        raw
    }

    fn position(&self, name: &[u8], folder: bool) -> Option<usize> {
        let wanted = || name.iter().copied().chain(folder.then_some(b'/'));
        self.entries.binary_search_by(|entry| sort_key(entry).cmp(wanted())).ok()
    }
}

/// Git sorts a folder as if its name ended with a slash.
pub(super) fn sort_key(entry: &Entry) -> impl Iterator<Item = u8> + '_ {
    entry.name.iter().copied().chain(entry.is_tree().then_some(b'/'))
}

fn entry(raw: &[u8], format: ObjectFormat) -> Result<(Entry, &[u8]), String> {
    let cut = |bytes: &'_ [u8], at: u8| bytes.iter().position(|b| *b == at);
    let (mode, rest) = cut(raw, b' ')
        .filter(|at| *at <= 7)
        .and_then(|at| Some((raw.get(..at)?, raw.get(at.checked_add(1)?..)?)))
        .ok_or("an entry without a mode")?;
    let (name, rest) = cut(rest, 0)
        .and_then(|at| Some((rest.get(..at)?, rest.get(at.checked_add(1)?..)?)))
        .ok_or("an entry without an end to its name")?;
    let (id, rest) = rest.split_at_checked(format.raw_len()).ok_or("an entry without an id")?;
    let mode = octal(mode).ok_or_else(|| format!("mode {}", shown_bytes(mode)))?;
    if !matches!(mode, MODE_TREE | MODE_SYMLINK | MODE_SUBMODULE)
        && mode & !0o777 != MODE_FILE & !0o777
    {
        return Err(format!("mode {mode:o}"));
    }
    if !is_name(name) {
        return Err(format!("an entry named \"{}\"", shown_bytes(name)));
    }
    let id = Oid::from_bytes(id).ok_or("an entry without an id")?;
    Ok((Entry { mode, name: name.to_vec(), id }, rest))
}

fn octal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(|b| matches!(b, b'0'..=b'7')) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && !matches!(name, b"." | b"..")
        && !name.eq_ignore_ascii_case(b".git")
        && !name.contains(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut raw = Vec::new();
        for (mode, name) in entries {
            raw.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            raw.extend_from_slice(&[7; 20]);
        }
        raw
    }

    fn parse(raw: &[u8]) -> Result<Tree, ReadFailure> {
        Tree::parse(Oid::from_bytes(&[1; 20]).unwrap(), raw, ObjectFormat::Sha1, 4)
    }

    #[test]
    fn a_tree_round_trips_and_its_entries_are_found() {
        let bytes = raw(&[("100644", "a.b"), ("40000", "a"), ("120000", "a0"), ("160000", "z")]);
        let tree = parse(&bytes).unwrap();
        assert_eq!(tree.to_bytes(), bytes);
        assert_eq!(tree.get(b"a").unwrap().kind(), EntryKind::Tree);
        assert_eq!(tree.get(b"a0").unwrap().kind(), EntryKind::Symlink);
        assert_eq!(tree.get(b"a/"), None);
        assert_eq!(Tree::from_entries(tree.entries.iter().rev().cloned().collect()), tree);
    }

    #[test]
    fn trees_that_git_never_writes_are_refused() {
        for bad in [
            raw(&[("100644", "")]),
            raw(&[("100644", ".")]),
            raw(&[("100644", "..")]),
            raw(&[("40000", ".GIT")]),
            raw(&[("100644", "a/b")]),
            raw(&[("100644", "a"), ("100644", "a")]),
            raw(&[("100644", "a"), ("100644", "a.b"), ("40000", "a")]),
            raw(&[("100644", "b"), ("100644", "a")]),
            raw(&[("644", "a")]),
            raw(&[("", "a")]),
            raw(&[("100648", "a")]),
            raw(&[("1100644", "a")]),
            raw(&[("40755", "a")]),
            b"100644 a".to_vec(),
            raw(&[("100644", "a")])[..20].to_vec(),
        ] {
            assert!(matches!(parse(&bad), Err(ReadFailure::MalformedTree { .. })), "{bad:?}");
        }
    }

    #[test]
    fn the_number_of_entries_is_bounded() {
        let names = ["a", "b", "c", "d", "e"].map(|name| ("100644", name));
        let found = parse(&raw(&names)).unwrap_err();
        assert!(matches!(found, ReadFailure::TooLarge { limit: "tree-entries", .. }), "{found}");
    }
}
