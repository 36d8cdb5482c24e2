//! What the next gate meets, and what it would hold: the change since the last one, by domain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Request;
use super::facts::Facts;
use super::foresee::{InForce, judged, tree_of, unreadable};
use crate::error::{Error, Result};
use crate::history::{self, Failure};
use crate::ledger;
use crate::model::owners::OwnersFile;
use crate::model::policy::{AiAssisted, SecondReview};
use crate::model::step::{Brought, Head};
use crate::model::text::{shown, shown_bytes};
use crate::model::{Domain, Oid, Registry};
use crate::progress::Progress;
use crate::repo::tree::{MODE_FILE, describe_mode};
use crate::repo::{Entry, EntryKind, ReadFailure, Repository, Staged};
use crate::signature::FactCache;
use crate::tokens::Sought;

/// The next gate, before anybody signed it off.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The registry that judges it.
    pub in_force: InForce,
    /// What the fold says of it.
    pub next: ledger::Outlook,
    /// The last accepted epoch gate.
    pub last_gate: Option<(u64, Oid)>,
    /// What changed since the last gate; since the anchor, before the first.
    pub change: Change,
}

/// What changed between two commits, manifests aside.
#[derive(Clone, Debug)]
pub struct Change {
    /// The older commit.
    pub base: Oid,
    /// All of the content counts as changed, as at the gate that has none before it.
    pub from_nothing: bool,
    /// The commit whose content is looked at.
    pub content: Oid,
    /// Paths in which their trees differ, in byte order.
    pub paths: Vec<Vec<u8>>,
    /// Commits that lead from one to the other, oldest first.
    pub commits: Vec<Brought>,
    /// What became of a path, where it is more than new text: it is gone, is no plain file, or has
    /// another mode.
    pub odd: BTreeMap<Vec<u8>, String>,
    /// What is looked at instead of that commit's tree: what is staged on top of it.
    pub staged: Option<Staged>,
    registry: Arc<Registry>,
    owners: OwnersFile,
}

/// Looks at the next gate. `request.tip` is what it stands on, and `content` the commit whose tree
/// it would have.
///
/// # Errors
/// As [`super::in_force`].
pub fn outlook(
    repo: &Repository,
    request: &Request,
    content: Option<Oid>,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Outlook> {
    let facts = Facts::new(request.limits, request.jobs, cache);
    let (in_force, mut ledger, seen) = judged(repo, request, &facts, progress)?;
    facts.save();
    ledger.learn_revocations(seen.values());
    let last_gate = ledger.last_epoch_gate();
    let base = last_gate.map_or(in_force.anchor.commit, |(_, gate)| gate);
    let change = change(repo, &in_force, base, content.unwrap_or(in_force.tip))?;
    Ok(Outlook { next: ledger.outlook(), in_force, last_gate, change })
}

/// Looks at what changed between two commits.
///
/// # Errors
/// [`Error::CannotRead`] where the history between them cannot be read.
pub fn change(repo: &Repository, in_force: &InForce, base: Oid, content: Oid) -> Result<Change> {
    let (before, after) = (tree_of(repo, base), tree_of(repo, content));
    let (before, after) = (before.map_err(unreadable)?, after.map_err(unreadable)?);
    let is_content = |path: &Vec<u8>| is_content(in_force, path);
    let changes = repo.diff(Some(before), Some(after)).map_err(unreadable)?;
    let modes = |file: Option<(u32, Oid)>| file.map(|(mode, _)| mode);
    let odd = changes.iter().filter_map(|change| {
        Some((change.path.clone(), odd(modes(change.before), modes(change.after))?))
    });
    let odd = odd.collect();
    let paths = changes.into_iter().map(|change| change.path).filter(is_content).collect();
    let mut commits = match history::since(repo, content, base) {
        Ok(commits) => commits,
        Err(Failure::Found(finding)) => {
            return Err(Error::cannot_read(finding.message, finding.help));
        }
        Err(Failure::Error(error)) => return Err(error),
    };
    for commit in &mut commits {
        commit.paths.retain(is_content);
    }
    commits.retain(|commit| !commit.paths.is_empty());
    Ok(Change {
        base,
        from_nothing: false,
        content,
        paths,
        commits,
        odd,
        staged: None,
        registry: Arc::clone(&in_force.registry),
        owners: in_force.owners.clone(),
    })
}

/// Looks at a change with what is staged on top of it. The second list holds the paths of which no
/// commit tells yet.
///
/// # Errors
/// [`Error::CannotRead`] where a tree cannot be read.
pub fn with_staged(
    repo: &Repository,
    in_force: &InForce,
    change: Change,
    staged: Staged,
) -> Result<(Change, Vec<Vec<u8>>)> {
    let differences = |commit: Oid| -> Result<(Vec<Vec<u8>>, BTreeMap<Vec<u8>, (u32, Oid)>)> {
        let tree = tree_of(repo, commit).map_err(unreadable)?;
        let before = repo.list(tree).map_err(unreadable)?.into_iter();
        let before = before.map(|(path, entry)| (path, (entry.mode, entry.id))).collect();
        let mut paths = staged.differences(&before);
        paths.retain(|path| is_content(in_force, path));
        paths.sort();
        Ok((paths, before))
    };
    let (uncommitted, _) = differences(change.content)?;
    let (paths, before) = differences(change.base)?;
    let modes = |file: Option<(u32, Oid)>| file.map(|(mode, _)| mode);
    let odd = paths.iter().filter_map(|path| {
        Some((path.clone(), odd(modes(before.get(path).copied()), modes(staged.get(path)))?))
    });
    let odd = odd.collect();
    Ok((Change { paths, odd, staged: Some(staged), ..change }, uncommitted))
}

/// What is to be said of a path beside its name.
fn odd(before: Option<u32>, after: Option<u32>) -> Option<String> {
    match (before, after) {
        (_, None) => Some("removed".to_owned()),
        (Some(before), Some(after)) if before == after && after & 0o170_000 == 0o100_000 => None,
        (None, Some(MODE_FILE)) => None,
        (_, Some(after)) => Some(describe_mode(after)),
    }
}

/// Whether a path is no manifest.
fn is_content(in_force: &InForce, path: &[u8]) -> bool {
    !std::str::from_utf8(path).is_ok_and(|path| in_force.paths.classify(path).is_some())
}

impl Change {
    /// Whether a path is for a domain's people to look at; one that says nothing of paths has them
    /// all.
    fn concerns(&self, domain: &Domain, path: &[u8]) -> bool {
        !domain.declares_paths() || self.owners.gives(&self.registry, domain, path)
    }

    /// Changed paths that belong to a domain.
    pub fn paths_in<'a>(&'a self, domain: &'a Domain) -> impl Iterator<Item = &'a [u8]> {
        self.paths.iter().map(Vec::as_slice).filter(|path| self.concerns(domain, path))
    }

    /// Changed paths that belong to no domain.
    pub fn paths_elsewhere(&self) -> impl Iterator<Item = &[u8]> {
        let owned =
            |path: &&[u8]| self.registry.domains.values().any(|domain| self.concerns(domain, path));
        self.paths.iter().map(Vec::as_slice).filter(move |path| !owned(path))
    }

    /// Commits that touch a domain.
    pub fn commits_in<'a>(&'a self, domain: &'a Domain) -> impl Iterator<Item = (Oid, &'a Head)> {
        let touch = |commit: &&Brought| commit.paths.iter().any(|path| self.concerns(domain, path));
        let touching = self.commits.iter().filter(touch);
        touching.filter_map(|commit| Some((commit.id, commit.commit.as_ref().ok()?)))
    }

    /// What a second review looks at: the changed files of its paths, and the commits that touch
    /// them. Before the first gate that is everything there is.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where a tree cannot be read.
    pub fn of_review(
        &self,
        repo: &Repository,
        in_force: &InForce,
        review: &SecondReview,
        first: bool,
    ) -> Result<Self> {
        let mut seen = self.clone();
        if first && !review.at_commit {
            seen.from_nothing = true;
            seen.paths = match &self.staged {
                Some(staged) => staged.differences(&BTreeMap::new()),
                None => {
                    let tree = tree_of(repo, self.content).map_err(unreadable)?;
                    let all = repo.list(tree).map_err(unreadable)?;
                    all.into_iter().map(|(path, _)| path).collect()
                }
            };
            seen.paths.retain(|path| is_content(in_force, path));
            seen.paths.sort();
        }
        let looks = |path: &Vec<u8>| review.paths.iter().any(|pattern| pattern.matches(path));
        seen.paths.retain(looks);
        seen.commits.retain(|commit| commit.paths.iter().any(looks));
        Ok(seen)
    }

    /// Where tokens were added in a domain's files: `unsafe`, and those that second reviews ask
    /// about, as `path:line token`. The second list names files that could not be looked into.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where an object is missing.
    pub fn added_tokens(
        &self,
        repo: &Repository,
        registry: &Registry,
        domain: Option<&Domain>,
    ) -> Result<(Vec<String>, Vec<String>)> {
        let (before, after) = (tree_of(repo, self.base), tree_of(repo, self.content));
        let (before, after) = (before.map_err(unreadable)?, after.map_err(unreadable)?);
        let before_at = |name: &str| match self.from_nothing {
            true => Ok(Text::None),
            false => text_at(repo, before, name),
        };
        let (mut places, mut closed) = (Vec::new(), Vec::new());
        for path in self.paths.iter().filter(|path| domain.is_none_or(|d| self.concerns(d, path))) {
            let reviews = registry.policy.second_review.iter();
            let reviews = reviews.filter(|review| review.paths.iter().any(|p| p.matches(path)));
            let asked = reviews.flat_map(|review| review.added_tokens.iter().cloned());
            let care = path.ends_with(b".rs").then(|| "unsafe".to_owned());
            let sought: BTreeSet<String> = asked.chain(care).collect();
            let sought: Vec<String> = sought.into_iter().collect();
            if sought.is_empty() {
                continue;
            }
            let Ok(name) = std::str::from_utf8(path) else {
                closed.push(shown_bytes(path));
                continue;
            };
            let new = match &self.staged {
                Some(staged) => text_of(repo, staged.get(path)),
                None => text_at(repo, after, name),
            };
            match (before_at(name)?, new?) {
                (_, Text::None) => {}
                (Text::Closed, _) | (_, Text::Closed | Text::Elsewhere) => {
                    closed.push(shown(name));
                }
                (old, Text::Some(new)) => {
                    let old = if let Text::Some(old) = old { old } else { String::new() };
                    for added in Sought::new(&sought).added(path, &old, &new) {
                        let line = new.get(..added.at).map_or(0, |text| text.matches('\n').count());
                        let token = sought.get(added.which).map_or("", String::as_str);
                        let line = line.saturating_add(1);
                        places.push(format!("{}:{line} {}", shown(name), shown(token)));
                    }
                }
            }
        }
        Ok((places, closed))
    }

    /// Ids of commits that say they were made with an AI's assistance, as policy recognises them.
    #[must_use]
    pub fn ai_assisted(&self, registry: &Registry) -> BTreeSet<Oid> {
        let Some(policy) = &registry.policy.ai_assisted else { return BTreeSet::new() };
        let marked = self
            .commits
            .iter()
            .filter(|commit| commit.commit.as_ref().is_ok_and(|head| is_ai_assisted(policy, head)));
        marked.map(|commit| commit.id).collect()
    }
}

enum Text {
    None,
    Some(String),
    /// Too long, or no text.
    Closed,
    /// A link or a submodule, which leads to something else.
    Elsewhere,
}

fn text_at(repo: &Repository, tree: Oid, path: &str) -> Result<Text> {
    let entry = repo.lookup(tree, path).map_err(unreadable)?;
    text_of(repo, entry.map(|entry| (entry.mode, entry.id)))
}

fn text_of(repo: &Repository, file: Option<(u32, Oid)>) -> Result<Text> {
    let Some((mode, id)) = file else { return Ok(Text::None) };
    match (Entry { mode, name: Vec::new(), id }).kind() {
        EntryKind::File => {}
        EntryKind::Tree => return Ok(Text::None),
        EntryKind::Symlink | EntryKind::Submodule => return Ok(Text::Elsewhere),
    }
    match repo.read_blob(id) {
        Ok(bytes) => Ok(String::from_utf8(bytes).map_or(Text::Closed, Text::Some)),
        Err(ReadFailure::TooLarge { .. }) => Ok(Text::Closed),
        Err(failure) => Err(unreadable(failure)),
    }
}

fn is_ai_assisted(policy: &AiAssisted, head: &Head) -> bool {
    head.trailers.iter().any(|trailer| {
        policy.trailers.iter().any(|token| trailer.token.eq_ignore_ascii_case(token.trim()))
            || (trailer.token.eq_ignore_ascii_case("co-authored-by")
                && policy.co_authors.iter().any(|pattern| pattern.is_match(&trailer.value)))
    })
}
