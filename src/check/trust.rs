//! Where trust starts and what is judged: anchor and tip, before anything is believed.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::model::registry::REGISTRY_PATH;
use crate::model::step::RegistryReading;
use crate::model::text::shown;
use crate::model::{Oid, Registry};
use crate::registry;
use crate::repo::{EntryKind, Repository, parse_commit};
use crate::report::{Anchor, AnchorSource, Tip};

use super::{Request, unusable};

/// What a run rests on.
pub(super) struct Trust {
    pub(super) anchor: Option<Anchor>,
    pub(super) tip: Tip,
    /// The registry at the anchor.
    pub(super) registry: Option<Arc<RegistryReading>>,
    pub(super) findings: Vec<Finding>,
    pub(super) input_unusable: bool,
}

/// Decides anchor and tip.
pub(super) fn decide(repo: &Repository, request: &Request) -> Result<Trust> {
    if let Some((commit, source)) = request.anchor {
        return pinned_anchor(repo, request, Anchor { commit, source });
    }
    let tip = unpinned_tip(repo, request)?;
    if let Some(commit) = configured_anchor(repo, tip.commit)? {
        return pinned_anchor(repo, request, Anchor { commit, source: AnchorSource::Config });
    }
    let first = first_registry(repo, tip.commit)?;
    let mut no_anchor = Finding::new(Code::NoAnchor, "no anchor is pinned, so nobody outside this repository says where trust starts")
        .commit(first.as_ref().map_or(tip.commit, |first| first.commit))
        .compared("no anchor", "a commit id pinned outside of the repository")
        .help(match &first {
            Some(first) => format!(
                "pin it once you have compared it with the project's published value: --anchor {} (or --trust-on-first-use)",
                first.commit
            ),
            None => "pin the commit that brings the registry: --anchor COMMIT".to_owned(),
        });
    if request.trust_on_first_use {
        no_anchor = no_anchor.severity(Severity::Warning);
    }
    let mut findings = vec![no_anchor];
    let Some(first) = first else {
        findings.push(
            Finding::new(Code::RegistryMissing, format!("no mainline commit up to {} holds a registry", tip.commit.short()))
                .commit(tip.commit)
                .compared("no file", REGISTRY_PATH)
                .help("write one with `gatecheck init`, or judge every commit by a registry of your own: --registry FILE"),
        );
        return Ok(Trust { anchor: None, tip, registry: None, findings, input_unusable: false });
    };
    let anchor = Anchor { commit: first.commit, source: AnchorSource::FirstUse };
    let tip = match &request.tip {
        Some(_) => tip,
        None => mainline_tip(repo, first.reading.registry.as_deref(), Some(tip))?,
    };
    let registry = Some(first.reading);
    Ok(Trust { anchor: Some(anchor), tip, registry, findings, input_unusable: false })
}

fn pinned_anchor(repo: &Repository, request: &Request, anchor: Anchor) -> Result<Trust> {
    if anchor.commit.format() != repo.format() {
        return Err(unusable(
            format!("the anchor {} is no {} id", anchor.commit, repo.format().name()),
            "give the full id of the commit in this repository's object format",
        ));
    }
    let reading = registry_at(repo, anchor.commit);
    let registry = match reading {
        Ok(reading) => reading,
        // A shallow or partial clone may leave it out; the walk will say so.
        Err(NoRegistry::NotThere) if is_cut(repo) => None,
        Err(NoRegistry::NotThere) if !repo.is_commit(anchor.commit) => {
            return Err(unusable(
                format!("the anchor {} is not a commit of this repository", anchor.commit),
                format!("check the id, and fetch it: git fetch origin {}", anchor.commit),
            ));
        }
        // The walk will name what cannot be read.
        Err(NoRegistry::NotThere | NoRegistry::Unreadable) => None,
    };
    let tip = match &request.tip {
        Some(name) => named_tip(repo, name)?,
        None => {
            let known = registry.as_ref().and_then(|reading| reading.registry.as_deref());
            let fallback = if known.is_none() { Some(head(repo)?) } else { None };
            match &request.branch {
                Some(branch) => named_tip(repo, branch)?,
                None => mainline_tip(repo, known, fallback)?,
            }
        }
    };
    Ok(Trust { anchor: Some(anchor), tip, registry, findings: Vec::new(), input_unusable: false })
}

fn named_tip(repo: &Repository, name: &str) -> Result<Tip> {
    let resolved = repo.resolve(name)?;
    Ok(Tip { reference: resolved.reference, commit: resolved.commit })
}

fn head(repo: &Repository) -> Result<Tip> {
    let resolved = repo.head()?;
    Ok(Tip { reference: resolved.reference, commit: resolved.commit })
}

fn unpinned_tip(repo: &Repository, request: &Request) -> Result<Tip> {
    match request.tip.as_ref().or(request.branch.as_ref()) {
        Some(name) => named_tip(repo, name),
        None => head(repo),
    }
}

/// The registry's mainline, here or as the remote `origin` has it.
fn mainline_tip(
    repo: &Repository,
    registry: Option<&Registry>,
    fallback: Option<Tip>,
) -> Result<Tip> {
    let Some(registry) = registry else {
        return fallback.map_or_else(|| head(repo), Ok);
    };
    let mainline = registry.mainline.as_str();
    let short = mainline.strip_prefix("refs/heads/").unwrap_or(mainline);
    for name in names(mainline) {
        if let Some(id) = repo.reference(&name)? {
            return Ok(Tip { reference: Some(name), commit: repo.peel(id)? });
        }
    }
    Err(unusable(
        format!("the registry's mainline {} is not a ref of this repository", shown(mainline)),
        format!(
            "name what to judge, for example `gatecheck verify HEAD`, or fetch it: git fetch origin {}",
            shown(short)
        ),
    ))
}

/// Where a branch (full ref name) lies, here and as the remote `origin` has it.
pub(super) fn names(branch: &str) -> [String; 2] {
    let short = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    [branch.to_owned(), format!("refs/remotes/origin/{short}")]
}

/// The user's or system's git configuration, never the repository's. The untrusted tip only says
/// which project's anchor to look up.
fn configured_anchor(repo: &Repository, tip: Oid) -> Result<Option<Oid>> {
    let Ok(Some(reading)) = registry_at(repo, tip) else { return Ok(None) };
    let Some(registry) = reading.registry.as_ref().filter(|r| !r.project.is_empty()) else {
        return Ok(None);
    };
    let key = format!("gatecheck.{}.anchor", registry.project);
    let Some(value) = Repository::user_config(&key)? else { return Ok(None) };
    match Oid::from_hex(value.trim()) {
        Some(anchor) => Ok(Some(anchor)),
        None => Err(unusable(
            format!(
                "your git configuration sets {} to `{}`, which is no full commit id",
                shown(&key),
                shown(&value)
            ),
            format!("git config --global {} COMMIT", shown(&key)),
        )),
    }
}

/// The full name of a branch with gates of its own; `None` for the mainline itself.
pub(super) fn branch(name: &str, registry: &Registry) -> Result<Option<String>> {
    let full =
        if name.starts_with("refs/") { name.to_owned() } else { format!("refs/heads/{name}") };
    if full == registry.mainline {
        return Ok(None);
    }
    if registry.has_own_gates(&full) {
        return Ok(Some(full));
    }
    Err(unusable(
        format!("`[project] branches` of the registry does not list {}", shown(&full)),
        "leave --branch out, or name a branch that has gates of its own",
    ))
}

/// The oldest mainline commit that holds a registry.
#[derive(Clone, Debug)]
pub struct FirstRegistry {
    /// The commit.
    pub commit: Oid,
    /// Its registry.
    pub reading: Arc<RegistryReading>,
}

/// Finds the oldest first-parent ancestor of `tip` (or `tip`) from which on every commit holds a
/// registry. Stops where history ends or cannot be read.
///
/// # Errors
/// [`Error::CannotRead`] where `tip` itself cannot be read.
pub fn first_registry(repo: &Repository, tip: Oid) -> Result<Option<FirstRegistry>> {
    let mut first = None;
    let mut here = tip;
    for _ in 0..repo.limits().commits {
        let commit = match repo.read_commit(here).map(|raw| parse_commit(here, &raw)) {
            Ok(Ok(commit)) => commit,
            _ if here == tip => {
                return Err(Error::cannot_read(
                    format!("the commit {tip} cannot be read"),
                    "git fsck; git fetch --refetch",
                ));
            }
            _ => break,
        };
        match repo.lookup(commit.tree, REGISTRY_PATH) {
            Ok(Some(entry)) if entry.kind() == EntryKind::File => first = Some(here),
            _ => {
                if first.is_some() {
                    break;
                }
            }
        }
        match commit.parents.first() {
            Some(parent) => here = *parent,
            None => break,
        }
    }
    let Some(commit) = first else { return Ok(None) };
    Ok(registry_at(repo, commit).ok().flatten().map(|reading| FirstRegistry { commit, reading }))
}

fn is_cut(repo: &Repository) -> bool {
    let conditions = repo.conditions();
    !conditions.shallow.is_empty() || conditions.promisor.is_some()
}

/// The registry in a commit's tree; `None` where it holds no regular file of that name.
///
/// # Errors
/// [`Error::CannotRead`] where the commit or the file cannot be read.
pub fn registry_of(repo: &Repository, commit: Oid) -> Result<Option<Arc<RegistryReading>>> {
    registry_at(repo, commit).map_err(|_| {
        Error::cannot_read(
            format!("the registry of commit {commit} cannot be read"),
            "git fsck; git fetch --refetch",
        )
    })
}

enum NoRegistry {
    NotThere,
    Unreadable,
}

/// The registry in a commit's tree; `None` where there is no regular file.
fn registry_at(repo: &Repository, commit: Oid) -> Result<Option<Arc<RegistryReading>>, NoRegistry> {
    let raw = repo.read_commit(commit).map_err(|_| NoRegistry::NotThere)?;
    let tree = match parse_commit(commit, &raw) {
        Ok(commit) => commit.tree,
        Err(_) => return Err(NoRegistry::Unreadable),
    };
    let entry = repo.lookup(tree, REGISTRY_PATH).map_err(|_| NoRegistry::Unreadable)?;
    let Some(entry) = entry.filter(|entry| entry.kind() == EntryKind::File) else {
        return Ok(None);
    };
    let bytes = repo.read_blob(entry.id).map_err(|_| NoRegistry::Unreadable)?;
    Ok(Some(Arc::new(registry::read(REGISTRY_PATH, &bytes, repo.limits()))))
}
