//! Ceremonies in the history, as they were carried.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::foresee::{tree_of, unreadable};
use crate::ceremony::{self, Request as Ceremony};
use crate::error::{Error, Result};
use crate::model::registry::{CEREMONIES_FOLDER, REGISTRY_PATH};
use crate::model::text::shown;
use crate::model::{CeremonyRecord, Oid, RecordName, Registry};
use crate::registry;
use crate::repo::tree::MODE_FILE;
use crate::repo::{Repository, parse_commit};

/// A record that a commit added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedRecord {
    /// The commit.
    pub commit: Oid,
    /// The record's path.
    pub path: String,
}

/// Records that a commit has and its first parent has not, in the order of their paths.
///
/// # Errors
/// [`Error::CannotRead`] where a tree cannot be read.
pub fn records_added(repo: &Repository, commit: Oid) -> Result<Vec<AddedRecord>> {
    let before = match first_parent(repo, commit)? {
        Some(parent) => records(repo, parent)?,
        None => BTreeMap::new(),
    };
    let added = records(repo, commit)?.into_keys().filter(|path| !before.contains_key(path));
    Ok(added.map(|path| AddedRecord { commit, path }).collect())
}

/// The records of a serial that `tip` has, in the order of their paths: each with the first-parent
/// ancestor of `tip` (or `tip`) that added it. There can be several where somebody added what is no
/// ceremony.
///
/// # Errors
/// [`Error::CannotRead`] where the history cannot be read that far.
pub fn records_of_serial(repo: &Repository, tip: Oid, serial: u64) -> Result<Vec<AddedRecord>> {
    let named = |commit| -> Result<BTreeSet<String>> {
        let all = records(repo, commit)?.into_keys();
        let of = |path: &String| RecordName::of(path).is_some_and(|name| name.serial == serial);
        Ok(all.filter(of).collect())
    };
    let mut here = tip;
    let mut left = named(tip)?;
    let mut found = Vec::new();
    for _ in 0..repo.limits().commits {
        if left.is_empty() {
            break;
        }
        let parent = first_parent(repo, here)?;
        let earlier = parent.map_or_else(|| Ok(BTreeSet::new()), named)?;
        let added = left.difference(&earlier);
        found.extend(added.map(|path| AddedRecord { commit: here, path: path.clone() }));
        left.retain(|path| earlier.contains(path));
        let Some(parent) = parent else { break };
        here = parent;
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// A committed ceremony, and what does not fit it in the commit, in words.
///
/// # Errors
/// [`Error::Unusable`] where the record or a registry cannot be read as one.
pub fn recorded(repo: &Repository, added: &AddedRecord) -> Result<(Ceremony, Vec<String>)> {
    let limits = repo.limits();
    let bytes = content(repo, added.commit, &added.path)?
        .ok_or_else(|| Error::Defect(format!("{} is not there", added.path)))?;
    let reading = ceremony::read(&added.path, &bytes, limits);
    let Some(record) = reading.record else {
        let why = reading.problems.first();
        return Err(Error::unusable(
            format!(
                "{} cannot be read: {}",
                shown(&added.path),
                why.map_or("", |problem| problem.message.as_str())
            ),
            "gatecheck verify judges the commit that brought it",
        ));
    };
    let mut problems = Vec::new();
    let next = registry_in(repo, added.commit)?.ok_or_else(|| no_registry(added.commit))?;
    if next.sha256 != record.registry_sha256 {
        problems.push("the registry of that commit is not the one that was approved".to_owned());
    }
    if next.serial != record.serial {
        problems.push(format!("the registry of that commit is of serial {}", next.serial));
    }
    let (source, previous) = previous(repo, added.commit, &record)?;
    let mut files = BTreeMap::new();
    for file in &record.files {
        match content(repo, added.commit, &file.path)? {
            Some(bytes) => {
                if crate::repo::digest::sha256(&bytes) != file.sha256 {
                    problems.push(format!("{} is not what was approved", shown(&file.path)));
                }
                files.insert(file.path.clone(), bytes);
            }
            None => problems.push(format!("{} is not in that commit", shown(&file.path))),
        }
    }
    let mut known = BTreeMap::new();
    for path in previous.key_paths() {
        if let Some(bytes) = content(repo, source, &path)? {
            known.insert(path, bytes);
        }
    }
    let record = record.as_ref().clone();
    Ok((Ceremony { record, previous, next, files, known }, problems))
}

/// The registry that the record names as the one before, and a commit that holds it.
fn previous(
    repo: &Repository,
    commit: Oid,
    record: &CeremonyRecord,
) -> Result<(Oid, Arc<Registry>)> {
    let parent = first_parent(repo, commit)?;
    let stated = Some(record.parent).filter(|stated| repo.is_commit(*stated));
    for candidate in [parent, stated].into_iter().flatten() {
        if let Some(registry) = registry_in(repo, candidate)?
            && registry.sha256 == record.previous_registry_sha256
        {
            return Ok((candidate, registry));
        }
    }
    Err(Error::unusable(
        format!(
            "the registry before {} is in no parent of its commit",
            shown(record.source.path())
        ),
        "gatecheck verify judges the commit that brought it",
    ))
}

fn no_registry(commit: Oid) -> Error {
    Error::unusable(
        format!("commit {commit} holds no usable {REGISTRY_PATH}"),
        "gatecheck registry lint tells what is wrong with one",
    )
}

fn registry_in(repo: &Repository, commit: Oid) -> Result<Option<Arc<Registry>>> {
    let Some(bytes) = content(repo, commit, REGISTRY_PATH)? else { return Ok(None) };
    Ok(registry::read(REGISTRY_PATH, &bytes, repo.limits()).registry)
}

fn content(repo: &Repository, commit: Oid, path: &str) -> Result<Option<Vec<u8>>> {
    let tree = tree_of(repo, commit).map_err(unreadable)?;
    let entry = repo.lookup(tree, path).map_err(unreadable)?;
    let Some(entry) = entry.filter(|entry| entry.mode == MODE_FILE) else { return Ok(None) };
    repo.read_blob(entry.id).map(Some).map_err(unreadable)
}

fn records(repo: &Repository, commit: Oid) -> Result<BTreeMap<String, Oid>> {
    let tree = tree_of(repo, commit).map_err(unreadable)?;
    let Some(folder) = repo.folder(tree, CEREMONIES_FOLDER).map_err(unreadable)? else {
        return Ok(BTreeMap::new());
    };
    let folder = repo.tree(folder).map_err(unreadable)?;
    let named =
        folder.entries().iter().filter(|entry| entry.mode == MODE_FILE).filter_map(|entry| {
            let name = std::str::from_utf8(&entry.name).ok()?;
            let path = format!("{CEREMONIES_FOLDER}/{name}");
            RecordName::of(&path).map(|_| (path, entry.id))
        });
    Ok(named.collect())
}

fn first_parent(repo: &Repository, commit: Oid) -> Result<Option<Oid>> {
    let raw = repo.read_commit(commit).map_err(unreadable)?;
    let parsed = parse_commit(commit, &raw).map_err(|bad| {
        Error::cannot_read(format!("commit {commit} is malformed: {}", bad.observed), "git fsck")
    })?;
    Ok(parsed.parents.first().copied())
}
