//! Domains from a CODEOWNERS file, to read and to paste.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::exit::Exit;
use super::super::super::judge::read_bounded;
use super::super::super::streams::Streams;
use super::super::locate;
use super::RegistryImportArgs;
use crate::cli::Environment;
use crate::error::Error;
use crate::import::{Owners, Proposal, import_codeowners};
use crate::model::registry::REGISTRY_PATH;
use crate::model::text::{shown, shown_bytes};
use crate::model::{Limits, PathPattern, Registry, ReviewerId};
use crate::registry;
use crate::repo::{Repository, parse_commit};

/// How many paths are named one by one.
const NAMED: usize = 20;

pub(super) fn run(
    args: &RegistryImportArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
    limits: &Limits,
) -> Result<Exit, Error> {
    let file = environment.folder.join(super::path(args)?);
    let bytes = read_bounded(&file, limits.file_bytes)?;
    let folder = args.repository.folder(environment);
    let registry = match locate(None, &folder) {
        Ok(found) => {
            let bytes = read_bounded(&found.path, limits.file_bytes)?;
            registry::read(REGISTRY_PATH, &bytes, limits).registry
        }
        Err(_) => None,
    };
    let registry = registry.as_deref();
    let map = owners(&args.map, registry)?;
    let proposal = import_codeowners(&bytes, &Owners { map: &map, registry }, limits)?;
    for note in &proposal.notes {
        streams.say(&format!("note: {note}"));
    }
    streams.print(proposal.text.as_bytes())?;
    let bare = unowned(args, &proposal, &folder, limits, streams)?;
    Ok(if bare { Exit::REFUSED } else { Exit::PASS })
}

fn owners(
    map: &[String],
    registry: Option<&Registry>,
) -> Result<BTreeMap<String, BTreeSet<ReviewerId>>, Error> {
    let mut owners: BTreeMap<String, BTreeSet<ReviewerId>> = BTreeMap::new();
    for one in map {
        let pair = one.split_once('=').and_then(|(owner, id)| Some((owner, ReviewerId::new(id)?)));
        let Some((owner, id)) = pair else {
            return Err(Error::unusable(
                format!("{} maps no owner to a reviewer's id", shown(one)),
                "write --map @user=id; again for each person of a team",
            ));
        };
        if registry.is_some_and(|registry| !registry.reviewers.contains_key(&id)) {
            return Err(Error::unusable(
                format!("the registry lists no reviewer {id}"),
                "name one that it lists: --map @user=id",
            ));
        }
        owners.entry(owner.to_lowercase()).or_default().insert(id);
    }
    Ok(owners)
}

/// Reports sensitive files that no line gives to a person. Tells whether there are any.
fn unowned(
    args: &RegistryImportArgs,
    proposal: &Proposal,
    folder: &std::path::Path,
    limits: &Limits,
    streams: &mut Streams<'_>,
) -> Result<bool, Error> {
    if args.sensitive.is_empty() {
        return Ok(false);
    }
    let repo = Repository::open(folder, limits)?;
    let head = repo.head()?.commit;
    let unreadable =
        |failure: crate::repo::ReadFailure| Error::cannot_read(failure.to_string(), failure.help());
    let raw = repo.read_commit(head).map_err(unreadable)?;
    let tree = parse_commit(head, &raw).map_err(|malformed| {
        Error::cannot_read(format!("HEAD is malformed: {}", malformed.observed), "git fsck")
    })?;
    let files = repo.list(tree.tree).map_err(unreadable)?;
    let mut found = 0_usize;
    for glob in &args.sensitive {
        let pattern = PathPattern::new(glob).map_err(|why| {
            Error::unusable(format!("{}: {why}", shown(glob)), "for example --sensitive 'keys/**'")
        })?;
        let mut sensitive = files.iter().filter(|(path, _)| pattern.matches(path)).peekable();
        if sensitive.peek().is_none() {
            streams.say(&format!("note: HEAD holds no file that matches {}", shown(glob)));
        }
        for (path, _) in sensitive {
            let why = match proposal.owner_of(path) {
                Some((_, people)) if !people.is_empty() => continue,
                Some((line, _)) => {
                    format!("line {line} decides, and names no reviewer who is human")
                }
                None => "no line names it".to_owned(),
            };
            found = found.saturating_add(1);
            if found <= NAMED {
                streams.say(&format!("error: {} is sensitive: {why}", shown_bytes(path)));
            }
        }
    }
    if found > NAMED {
        streams.say(&format!("error: and {} more", found.saturating_sub(NAMED)));
    }
    Ok(found > 0)
}
