//! The tree that sign-offs are bound to: a gate's tree before its manifests were added.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, ObjectKind, ReadFailure, Repository, Tree};
use crate::model::Oid;

/// Paths that are taken out.
pub(super) struct Without<'a>(BTreeSet<&'a [u8]>);

impl<'a> Without<'a> {
    pub(super) fn new(paths: &[&'a str]) -> Self {
        Self(paths.iter().map(|path| path.as_bytes()).collect())
    }

    pub(super) fn names(&self, path: &[u8]) -> bool {
        self.0.contains(path)
    }
}

impl Repository {
    /// The id of the tree that is left when files are taken out of `tree`, and with them each
    /// folder that this, and nothing else, leaves empty. Nothing is written.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn tree_without(&self, tree: Oid, paths: &[&str]) -> Result<Oid, ReadFailure> {
        let parts: Vec<Vec<&[u8]>> =
            paths.iter().map(|path| path.as_bytes().split(|b| *b == b'/').collect()).collect();
        let left = self.without(tree, &parts, 1)?;
        match left {
            Some(left) => Ok(left),
            None => self.tree_id(tree, &[]),
        }
    }

    /// `None` where nothing is left. The depth is bounded by the limit `tree-depth`.
    fn without(
        &self,
        id: Oid,
        paths: &[Vec<&[u8]>],
        depth: usize,
    ) -> Result<Option<Oid>, ReadFailure> {
        self.count_depth(id, depth)?;
        let tree = self.tree(id)?;
        let mut by_name: BTreeMap<&[u8], Vec<Vec<&[u8]>>> = BTreeMap::new();
        for path in paths {
            if let Some((first, rest)) = path.split_first() {
                by_name.entry(first).or_default().push(rest.to_vec());
            }
        }
        let mut kept: Vec<Entry> = Vec::with_capacity(tree.entries().len());
        let mut changed = false;
        for entry in tree.entries() {
            let below = by_name.get(entry.name.as_slice()).map_or(&[][..], Vec::as_slice);
            let new = self.entry_without(entry, below, depth)?;
            changed |= new.as_ref() != Some(entry);
            kept.extend(new);
        }
        if !changed {
            return Ok(Some(id));
        }
        if kept.is_empty() {
            return Ok(None);
        }
        self.tree_id(id, &Tree::from_entries(kept).to_bytes()).map(Some)
    }

    fn tree_id(&self, from: Oid, raw: &[u8]) -> Result<Oid, ReadFailure> {
        // Only a SHA-1 collision attack makes a hash fail.
        self.hash(ObjectKind::Tree, raw)
            .map_err(|error| ReadFailure::Corrupt { id: from, why: error.to_string() })
    }

    fn entry_without(
        &self,
        entry: &Entry,
        below: &[Vec<&[u8]>],
        depth: usize,
    ) -> Result<Option<Entry>, ReadFailure> {
        if below.is_empty() {
            return Ok(Some(entry.clone()));
        }
        if !entry.is_tree() {
            let named = below.iter().any(Vec::is_empty);
            return Ok((!named).then(|| entry.clone()));
        }
        let id = self.without(entry.id, below, depth.saturating_add(1))?;
        Ok(id.map(|id| Entry { id, ..entry.clone() }))
    }
}
