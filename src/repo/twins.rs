//! Paths that some file systems take for another one.

use super::{Entry, ReadFailure, Repository};
use crate::model::Oid;

impl Repository {
    /// Paths in a tree that differ from `path` in letter case only: on macOS and Windows a
    /// checkout puts one in the other's place. Full paths, sorted.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn twins(&self, tree: Oid, path: &str) -> Result<Vec<Vec<u8>>, ReadFailure> {
        let mut here: Vec<(Vec<u8>, Oid)> = vec![(Vec::new(), tree)];
        let mut parts = path.split('/').peekable();
        let mut found = Vec::new();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let mut below = Vec::new();
            for (folder, id) in here {
                for entry in self.tree(id)?.entries().iter().filter(|e| same(e, part)) {
                    let full = super::trees::joined(&folder, &entry.name);
                    if last {
                        found.push(full);
                    } else if entry.is_tree() {
                        below.push((full, entry.id));
                    }
                }
            }
            here = below;
        }
        found.retain(|twin| twin != path.as_bytes());
        found.sort();
        Ok(found)
    }
}

fn same(entry: &Entry, part: &str) -> bool {
    if entry.name.is_ascii() && part.is_ascii() {
        return entry.name.eq_ignore_ascii_case(part.as_bytes());
    }
    match std::str::from_utf8(&entry.name) {
        Ok(name) => name.to_lowercase() == part.to_lowercase(),
        Err(_) => false,
    }
}
