//! Reading trees, and finding paths in them.

use std::collections::HashMap;
use std::sync::Arc;

use super::tree::{Entry, Tree};
use super::{ObjectKind, ReadFailure, Repository};
use crate::model::Oid;

/// How many entries of trees are kept, over all trees: a few megabytes.
const KEPT_ENTRIES: usize = 32_768;

/// Trees that were read.
#[derive(Debug, Default)]
pub(super) struct Trees {
    known: HashMap<Oid, Arc<Tree>>,
    entries: usize,
}

impl Trees {
    fn get(&self, id: Oid) -> Option<Arc<Tree>> {
        self.known.get(&id).map(Arc::clone)
    }

    fn keep(&mut self, id: Oid, tree: &Arc<Tree>) {
        // An empty tree takes up room as well.
        let room = tree.entries().len().saturating_add(1);
        if self.entries.saturating_add(room) > KEPT_ENTRIES {
            self.known.clear();
            self.entries = 0;
        }
        if room <= KEPT_ENTRIES && self.known.insert(id, Arc::clone(tree)).is_none() {
            self.entries = self.entries.saturating_add(room);
        }
    }
}

impl Repository {
    /// Reads and parses a tree. The last ones are kept, hash-checked as they were read: each
    /// commit's tree is asked for several things, and most of it is the one before it.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn tree(&self, id: Oid) -> Result<Arc<Tree>, ReadFailure> {
        if let Some(known) = self.trees().get(id) {
            return Ok(known);
        }
        let raw = self.read_kind(id, ObjectKind::Tree)?;
        let tree = Arc::new(Tree::parse(id, &raw, self.format(), self.limits().tree_entries)?);
        self.trees().keep(id, &tree);
        Ok(tree)
    }

    /// The entry at a path (parts between `/`) below a tree; `None` where there is none.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn lookup(&self, tree: Oid, path: &str) -> Result<Option<Entry>, ReadFailure> {
        let mut here = tree;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(entry) = self.tree(here)?.get(part.as_bytes()).cloned() else {
                return Ok(None);
            };
            if parts.peek().is_none() {
                return Ok(Some(entry));
            }
            if !entry.is_tree() {
                return Ok(None);
            }
            here = entry.id;
        }
        Ok(None)
    }

    /// The tree at a folder's path; the tree itself for `""`; `None` where there is no folder.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn folder(&self, tree: Oid, path: &str) -> Result<Option<Oid>, ReadFailure> {
        if path.is_empty() {
            return Ok(Some(tree));
        }
        Ok(self.lookup(tree, path)?.filter(Entry::is_tree).map(|entry| entry.id))
    }

    /// Everything but folders below a tree: full path and entry, in git's order.
    ///
    /// # Errors
    /// See [`ReadFailure`]; the limits are `tree-depth` and `changed-paths`.
    pub fn list(&self, tree: Oid) -> Result<Vec<(Vec<u8>, Entry)>, ReadFailure> {
        let mut listed = Vec::new();
        self.each_file(tree, |path, entry| {
            listed.push((path, entry));
            Ok(())
        })?;
        Ok(listed)
    }

    /// Calls `each` for everything but folders below a tree, in git's order, which is the byte
    /// order of the full paths. Folders count as paths too: a few trees that hold each other many
    /// times over have more of them than anybody can walk.
    pub(super) fn each_file(
        &self,
        tree: Oid,
        mut each: impl FnMut(Vec<u8>, Entry) -> Result<(), ReadFailure>,
    ) -> Result<(), ReadFailure> {
        // Depth first, with a stack of what is left of each folder.
        let mut stack = vec![(Vec::new(), self.tree(tree)?, 0_usize)];
        let mut visited = 0_usize;
        while let Some((folder, here, next)) = stack.last_mut() {
            let Some(entry) = here.entries().get(*next).cloned() else {
                stack.pop();
                continue;
            };
            *next = next.saturating_add(1);
            visited = visited.saturating_add(1);
            self.count_paths(tree, visited)?;
            let path = joined(folder, &entry.name);
            if entry.is_tree() {
                let below = self.tree(entry.id)?;
                stack.push((path, below, 0));
                self.count_depth(entry.id, stack.len())?;
            } else {
                each(path, entry)?;
            }
        }
        Ok(())
    }

    pub(super) fn count_depth(&self, id: Oid, depth: usize) -> Result<(), ReadFailure> {
        bounded(id, "tree-depth", "folders within folders", depth, self.limits().tree_depth)
    }

    pub(super) fn count_paths(&self, id: Oid, paths: usize) -> Result<(), ReadFailure> {
        bounded(id, "changed-paths", "paths", paths, self.limits().changed_paths)
    }
}

fn bounded(
    id: Oid,
    limit: &'static str,
    unit: &'static str,
    observed: usize,
    allowed: u64,
) -> Result<(), ReadFailure> {
    let observed = u64::try_from(observed).unwrap_or(u64::MAX);
    if observed > allowed {
        return Err(ReadFailure::TooLarge { id, limit, unit, observed, allowed });
    }
    Ok(())
}

pub(super) fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() {
        return name.to_vec();
    }
    [folder, name].join(&b'/')
}
