//! What differs between two trees.

use std::cmp::Ordering;
use std::sync::Arc;

use super::tree::sort_key;
use super::trees::joined;
use super::{Entry, ReadFailure, Repository, Tree};
use crate::model::Oid;

/// A path that differs between two trees. Folders never stand here themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeChange {
    /// The path as git stores it.
    pub path: Vec<u8>,
    /// Mode and id before.
    pub before: Option<(u32, Oid)>,
    /// Mode and id after.
    pub after: Option<(u32, Oid)>,
}

/// Two folders still to be compared; `None` where a side has no such folder.
struct Pair {
    folder: Vec<u8>,
    before: Option<Oid>,
    after: Option<Oid>,
    depth: usize,
}

impl Repository {
    /// Everything that differs between two trees, in the byte order of paths. `None` stands for
    /// the empty tree. Equal folders are not opened.
    ///
    /// # Errors
    /// See [`ReadFailure`]; the limits are `tree-depth` and `changed-paths`.
    pub fn diff(
        &self,
        before: Option<Oid>,
        after: Option<Oid>,
    ) -> Result<Vec<TreeChange>, ReadFailure> {
        self.diff_below(String::new(), before, after, true)
    }

    /// As [`Repository::diff`], for what stands in one folder (`""`: the root) of two trees.
    /// Paths stay those from the root. With `deep` unset only the folder's own files count.
    ///
    /// # Errors
    /// As [`Repository::diff`].
    pub fn diff_folder(
        &self,
        before: Option<Oid>,
        after: Option<Oid>,
        folder: &str,
        deep: bool,
    ) -> Result<Vec<TreeChange>, ReadFailure> {
        let find = |root: Option<Oid>| root.map_or(Ok(None), |root| self.folder(root, folder));
        self.diff_below(folder.to_owned(), find(before)?, find(after)?, deep)
    }

    fn diff_below(
        &self,
        folder: String,
        before: Option<Oid>,
        after: Option<Oid>,
        deep: bool,
    ) -> Result<Vec<TreeChange>, ReadFailure> {
        let mut changes = Vec::new();
        let mut opened = 0_usize;
        let mut left = vec![Pair { folder: folder.into_bytes(), before, after, depth: 1 }];
        while let Some(pair) = left.pop() {
            if pair.before == pair.after {
                continue;
            }
            let Some(at) = pair.after.or(pair.before) else { continue };
            self.count_depth(at, pair.depth)?;
            let open = |id: Option<Oid>| {
                id.map_or_else(|| Ok(Arc::new(Tree::default())), |id| self.tree(id))
            };
            let (old, new) = (open(pair.before)?, open(pair.after)?);
            for (old, new) in merged(old.entries(), new.entries()) {
                compare(&pair, old, new, deep, &mut changes, &mut left);
            }
            // Folders count as paths too: a few trees that hold each other many times over have
            // more of them than anybody can walk, and need not hold a single file.
            opened = opened.saturating_add(1);
            self.count_paths(at, changes.len().saturating_add(opened).saturating_add(left.len()))?;
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }
}

fn compare(
    pair: &Pair,
    old: Option<&Entry>,
    new: Option<&Entry>,
    deep: bool,
    changes: &mut Vec<TreeChange>,
    left: &mut Vec<Pair>,
) {
    let Some(either) = new.or(old) else { return };
    if old.map(|e| (e.mode, e.id)) == new.map(|e| (e.mode, e.id)) {
        return;
    }
    let path = joined(&pair.folder, &either.name);
    if !either.is_tree() {
        let plain = |entry: &Entry| (entry.mode, entry.id);
        changes.push(TreeChange { path, before: old.map(plain), after: new.map(plain) });
    } else if deep {
        left.push(Pair {
            folder: path,
            before: old.map(|entry| entry.id),
            after: new.map(|entry| entry.id),
            depth: pair.depth.saturating_add(1),
        });
    }
}

/// Entries of both sides side by side. A file and a folder of one name are two things.
fn merged<'a>(old: &'a [Entry], new: &'a [Entry]) -> Vec<(Option<&'a Entry>, Option<&'a Entry>)> {
    let mut pairs = Vec::new();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => sort_key(a).cmp(sort_key(b)),
        };
        pairs.push(match order {
            Ordering::Less => (old.next(), None),
            Ordering::Equal => (old.next(), new.next()),
            Ordering::Greater => (None, new.next()),
        });
    }
}
