//! Whether anything else is under way below `keys/`.

use std::collections::BTreeMap;
use std::path::Path;

use super::install::{Install, UNFINISHED, read};
use crate::ceremony::Request;
use crate::error::Error;
use crate::model::Oid;
use crate::model::registry::KEYS_FOLDER;
use crate::model::text::shown;
use crate::repo::{ObjectKind, Repository};

/// Refuses where the commit would bring something below `keys/` that nobody approved, or where
/// somebody's own work would be lost.
pub(super) fn check(repo: &Repository, top: &Path, request: &Request) -> Result<(), Error> {
    let install = Install { repo, top, request };
    let before = install.before()?;
    let targets: BTreeMap<String, Option<Vec<u8>>> = install.targets().into_iter().collect();
    possible(&install, &targets)?;
    let mut strange = Vec::new();
    for path in repo.changed_below(KEYS_FOLDER)? {
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
        let here = match read(&install.place(&path)?)? {
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
    let names: Vec<String> = strange.iter().take(8).map(|path| shown(path)).collect();
    let more = if strange.len() > names.len() { " and more" } else { "" };
    Err(Error::unusable(
        format!(
            "below {KEYS_FOLDER}/ there are changes that belong to no ceremony: {}{more}; nothing was written",
            names.join(", ")
        ),
        "put them away first: git restore --staged --worktree keys; move away files that git does not know",
    ))
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
