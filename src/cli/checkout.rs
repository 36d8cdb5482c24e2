//! The work tree of the judged repository, where whoever wrote its content decides what lies at a path
//! and where links lead.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::model::text::shown;
use crate::model::{Limits, Oid};
use crate::repo::{Repository, parse_commit};

/// Why nothing is written there.
pub(super) const BELOW_A_LINK: &str = "lies below a link of the checkout, which may lead anywhere";

/// The work tree that the judged repository is checked out in.
pub(super) struct Checkout {
    repo: Repository,
    root: PathBuf,
    /// What is checked out; `None` where nothing is.
    tree: Option<Oid>,
}

/// What is said of the first path that lies below a link of the checkout.
pub(super) fn outside(path: &Path) -> Error {
    Error::unusable(
        format!("{} {BELOW_A_LINK}", shown(&path.to_string_lossy())),
        "name a file outside of the checkout",
    )
}

impl Checkout {
    /// The work tree of the repository around a folder, where it has one and can be opened.
    pub(super) fn around(folder: &Path, limits: &Limits) -> Option<Self> {
        let repo = Repository::open(folder, limits).ok()?;
        let root = fs::canonicalize(repo.work_dir()?).ok()?;
        let head = repo.head().ok().map(|head| head.commit);
        let tree = head.and_then(|commit| {
            let raw = repo.read_commit(commit).ok()?;
            Some(parse_commit(commit, &raw).ok()?.tree)
        });
        Some(Self { repo, root, tree })
    }

    /// The steps from the work tree down to a path, the path itself first; `None` outside of it.
    fn below<'a>(&self, path: &'a Path) -> Option<Vec<&'a Path>> {
        let mut steps = Vec::new();
        for step in path.ancestors() {
            if fs::canonicalize(step).is_ok_and(|real| real == self.root) {
                return Some(steps);
            }
            steps.push(step);
        }
        None
    }

    /// Whether a folder on the way to a file is a link.
    pub(super) fn links(&self, path: &Path) -> bool {
        let steps = self.below(path).unwrap_or_default();
        let is_link = |step: &&Path| fs::symlink_metadata(step).is_ok_and(|m| m.is_symlink());
        steps.iter().skip(1).any(is_link)
    }

    /// Whether a file is one of the commit that is checked out, or is reached through one: a link.
    pub(super) fn brings(&self, path: &Path) -> bool {
        let Some(tree) = self.tree else { return false };
        let steps = self.below(path).unwrap_or_default();
        let top = steps.last().and_then(|top| top.parent());
        let written = steps.iter().filter_map(|step| step.strip_prefix(top?).ok());
        let real = fs::canonicalize(path).ok();
        let real = real.as_deref().and_then(|real| real.strip_prefix(&self.root).ok());
        written.chain(real).any(|name| {
            let name = name.to_string_lossy().replace('\\', "/");
            match self.repo.lookup(tree, &name) {
                Ok(entry) => entry.is_some_and(|entry| !entry.is_tree()),
                // What cannot be looked up may be there.
                Err(_) => true,
            }
        })
    }
}
