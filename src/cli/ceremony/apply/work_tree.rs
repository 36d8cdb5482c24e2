//! Whether anything else is under way below `keys/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::install::{Install, UNFINISHED};
use crate::ceremony::Request;
use crate::error::Error;
use crate::model::Oid;
use crate::model::registry::KEYS_FOLDER;
use crate::model::text::{shown, shown_bytes};
use crate::repo::{ObjectKind, Repository, Staged, parse_commit};

/// How many paths are named.
const NAMED: usize = 8;

/// Refuses where the commit would bring something below `keys/` that nobody approved, or where
/// somebody's own work would be lost.
pub(super) fn check(repo: &Repository, top: &Path, request: &Request) -> Result<(), Error> {
    let install = Install { repo, top, request };
    let before = install.before()?;
    let targets: BTreeMap<String, Option<Vec<u8>>> = install.targets().into_iter().collect();
    possible(&install, &targets)?;
    let mut strange = Vec::new();
    // What git ignores is somebody's own as well.
    let new = targets.keys().filter(|path| !before.contains_key(*path));
    let mut changed: BTreeSet<String> = new.cloned().collect();
    changed.extend(repo.changed_below(KEYS_FOLDER)?);
    for path in changed {
        if path.rsplit('/').next() == Some(UNFINISHED) {
            continue;
        }
        let Some(target) = targets.get(&path) else {
            strange.push(path);
            continue;
        };
        let old = before.get(&path).map(|(_, id)| *id);
        let new = match target {
            Some(bytes) => Some(repo.hash(ObjectKind::Blob, bytes)?),
            None => None,
        };
        let expected = |id: Option<Oid>| id == old || id == new;
        let staged = repo.staged_at(&path)?.map(|(_, id)| id);
        // Never through a link, and from no pipe or device.
        let here = match install.read(&install.place(&path)?)? {
            Some(bytes) => Some(repo.hash(ObjectKind::Blob, &bytes)?),
            None => None,
        };
        if !expected(staged) || !expected(here) {
            strange.push(path);
        }
    }
    if strange.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = strange.iter().take(NAMED).map(|path| shown(path)).collect();
    let more = if strange.len() > names.len() { " and more" } else { "" };
    Err(Error::unusable(
        format!(
            "below {KEYS_FOLDER}/ there are changes that belong to no ceremony: {}{more}; nothing was written",
            names.join(", ")
        ),
        "put them away first: git restore --staged --worktree keys; move away files that git does not know",
    ))
}

/// What the commit would take along: staged, and neither of the ceremony, nor the file that its record cites. Inert, and
/// not all of it where it is much.
pub(super) fn besides(
    repo: &Repository,
    request: &Request,
    staged: Option<&Staged>,
) -> Result<Vec<String>, Error> {
    let Some(staged) = staged else { return Ok(Vec::new()) };
    let unreadable = super::super::super::judge::unreadable;
    let head = repo.head()?.commit;
    let raw = repo.read_commit(head).map_err(unreadable)?;
    let tree =
        parse_commit(head, &raw).map_err(|bad| Error::cannot_read(bad.observed, "git fsck"))?.tree;
    let before = repo.staged_of(tree).map_err(unreadable)?;
    let before = before.files().map(|(path, file)| (path.to_vec(), file)).collect();
    let cited = request.record.cited().map(|(path, _)| path.as_bytes());
    let own = request.brings();
    let removed = &request.record.removed;
    let is_own = |path: &[u8]| {
        cited == Some(path) || own.keys().chain(removed).any(|known| known.as_bytes() == path)
    };
    let all: Vec<Vec<u8>> =
        staged.differences(&before).into_iter().filter(|path| !is_own(path)).collect();
    let mut names: Vec<String> = all.iter().take(NAMED).map(|path| shown_bytes(path)).collect();
    if all.len() > NAMED {
        names.push(format!("and {} more", all.len().saturating_sub(NAMED)));
    }
    if repo.git_dir().join("MERGE_HEAD").symlink_metadata().is_ok() {
        names.push("a branch that is being merged".to_owned());
    }
    Ok(names)
}

/// Refuses paths that could not all be written, before the first one is.
fn possible(
    install: &Install<'_>,
    targets: &BTreeMap<String, Option<Vec<u8>>>,
) -> Result<(), Error> {
    for path in targets.keys() {
        let there = std::fs::symlink_metadata(install.place(path)?);
        let folder = there.is_ok_and(|found| found.is_dir());
        let folder_of = |other: &String| {
            other.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let unfinished = path.rsplit('/').next() == Some(UNFINISHED);
        if folder || unfinished || targets.keys().any(folder_of) {
            let help = if folder {
                "move the folder away that stands there, and run the command again"
            } else {
                "plan the ceremony with another path for the key file: gatecheck ceremony plan"
            };
            return Err(Error::unusable(
                format!("{} cannot be written as a file; nothing was written", shown(path)),
                help,
            ));
        }
    }
    Ok(())
}
