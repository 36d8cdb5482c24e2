//! What a Guix channel's repository says about its keys.

use crate::error::Error;
use crate::import::{GuixChannel, GuixVersion, NamedFile};
use crate::model::text::shown;
use crate::model::{Commit, Oid};
use crate::repo::{EntryKind, ReadFailure, Repository, parse_commit};

/// Where a channel lists who may commit.
const AUTHORIZATIONS: &str = ".guix-authorizations";
/// What stands for a file that a commit took away: nobody may commit.
const NOBODY: &str = "(authorizations (version 0) ())";

/// Every version of the list on the mainline, oldest first, from `anchor` (or the first commit
/// that has one) on; and the certificates of the keyring branch.
pub(super) fn channel(
    repo: &Repository,
    keyring: &str,
    anchor: Option<Oid>,
) -> Result<GuixChannel, Error> {
    let versions = versions(repo, repo.head()?.commit, anchor)?;
    if versions.is_empty() {
        return Err(Error::unusable(
            format!("no commit of the mainline holds {AUTHORIZATIONS}"),
            "check out the channel's mainline, or import another kind of list",
        ));
    }
    Ok(GuixChannel { versions, keyring: certificates(repo, keyring)? })
}

fn unreadable(failure: &ReadFailure) -> Error {
    Error::cannot_read(failure.to_string(), failure.help())
}

fn commit(repo: &Repository, id: Oid) -> Result<Commit, Error> {
    let raw = repo.read_commit(id).map_err(|failure| unreadable(&failure))?;
    parse_commit(id, &raw).map_err(|malformed| {
        Error::cannot_read(
            format!("the commit {id} is malformed: {}", malformed.observed),
            "import from a later commit: --anchor COMMIT",
        )
    })
}

fn list_in(repo: &Repository, commit: &Commit) -> Result<Option<Oid>, Error> {
    let entry = repo.lookup(commit.tree, AUTHORIZATIONS).map_err(|failure| unreadable(&failure))?;
    match entry {
        Some(entry) if entry.kind() == EntryKind::File => Ok(Some(entry.id)),
        Some(_) => Err(Error::unusable(
            format!("in commit {} {AUTHORIZATIONS} is no regular file", commit.id),
            "write the registry by hand",
        )),
        None => Ok(None),
    }
}

fn versions(repo: &Repository, tip: Oid, anchor: Option<Oid>) -> Result<Vec<GuixVersion>, Error> {
    let mut newest_first: Vec<(Commit, Option<Oid>)> = Vec::new();
    let mut here = Some(tip);
    let mut reached = false;
    for _ in 0..repo.limits().commits {
        let Some(id) = here else { break };
        let found = commit(repo, id)?;
        let list = list_in(repo, &found)?;
        here = found.parents.first().copied();
        // Of neighbours with the same list the oldest stays.
        match newest_first.last_mut() {
            Some((kept, same)) if *same == list => *kept = found,
            _ => newest_first.push((found, list)),
        }
        if anchor == Some(id) {
            reached = true;
            break;
        }
    }
    if let Some(anchor) = anchor.filter(|_| !reached) {
        return Err(Error::unusable(
            format!("the commit {anchor} is not on the mainline that is checked out"),
            "give the full id of the channel's introduction",
        ));
    }
    let listed = newest_first.into_iter().rev().skip_while(|(_, list)| list.is_none());
    listed
        .map(|(commit, list)| {
            let text = match list {
                Some(blob) => text(repo, blob)?,
                None => NOBODY.to_owned(),
            };
            Ok(GuixVersion { commit: commit.id, time: commit.committer.time, text })
        })
        .collect()
}

fn text(repo: &Repository, blob: Oid) -> Result<String, Error> {
    let bytes = repo.read_blob(blob).map_err(|failure| unreadable(&failure))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The certificates at the tip of the keyring branch, here or as `origin` has it.
fn certificates(repo: &Repository, branch: &str) -> Result<Vec<NamedFile>, Error> {
    let names = [format!("refs/heads/{branch}"), format!("refs/remotes/origin/{branch}")];
    let mut tip = None;
    for name in &names {
        tip = tip.or(repo.reference(name)?);
    }
    let Some(tip) = tip else {
        return Err(Error::unusable(
            format!("there is no branch {} with the channel's certificates", shown(branch)),
            format!("git fetch origin {0}:{0}, or name another: --keyring-branch", shown(branch)),
        ));
    };
    let tree = commit(repo, repo.peel(tip)?)?.tree;
    let tree = repo.tree(tree).map_err(|failure| unreadable(&failure))?;
    let mut files = Vec::new();
    for entry in tree.entries().iter().filter(|entry| entry.kind() == EntryKind::File) {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        if [".key", ".asc", ".gpg", ".pgp"].iter().any(|ending| name.ends_with(ending)) {
            let bytes = repo.read_blob(entry.id).map_err(|failure| unreadable(&failure))?;
            files.push(NamedFile { name, bytes });
        }
    }
    Ok(files)
}
