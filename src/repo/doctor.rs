//! What ails a repository, and what mends it.

use super::{Conditions, ObjectKind, ReadFailure, Repository};
use crate::error::Result;
use crate::model::Oid;
use crate::model::text::shown;

/// Something about the repository that keeps a verdict from being reached, or surprises people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ailment {
    /// What is the matter, in plain English.
    pub what: String,
    /// The command that mends it.
    pub command: String,
    /// Whether it keeps a verdict from being reached (`undecided`); else it only surprises people.
    pub undecides: bool,
}

impl Ailment {
    fn new(what: impl Into<String>, command: impl Into<String>) -> Self {
        Self { what: what.into(), command: command.into(), undecides: false }
    }

    fn undecides(self) -> Self {
        Self { undecides: true, ..self }
    }
}

/// Looks a repository over. `tip` is where the walk for missing objects begins; `None` leaves
/// that walk out. Only the first missing object is told.
///
/// # Errors
/// [`crate::Error::CannotRead`] where refs cannot be listed.
pub fn doctor(repo: &Repository, tip: Option<Oid>) -> Result<Vec<Ailment>> {
    let conditions = repo.conditions();
    let mut ailments = of_conditions(&conditions);
    ailments.extend(lightweight_tags(repo)?);
    if let Some(tip) = tip {
        ailments.extend(missing_commit(repo, tip, &conditions));
    }
    Ok(ailments)
}

fn of_conditions(conditions: &Conditions) -> Vec<Ailment> {
    let mut found = Vec::new();
    if !conditions.shallow.is_empty() {
        found.push(
            Ailment::new(
                match conditions.shallow.len() {
                    1 => "the clone is shallow: history ends at 1 commit".to_owned(),
                    n => format!("the clone is shallow: history ends at {n} commits"),
                },
                "git fetch --unshallow --tags --force (in GitHub Actions: fetch-depth: 0)",
            )
            .undecides(),
        );
    }
    if let Some(remote) = &conditions.promisor {
        found.push(
            Ailment::new(
                "the clone is partial: objects that the verdict needs may be absent",
                Conditions::refetch(remote),
            )
            .undecides(),
        );
    }
    if !conditions.replaced.is_empty() {
        found.push(Ailment::new(
            format!(
                "{} objects are replaced under refs/replace: git shows others in their place, \
                 gatecheck judges the real ones",
                conditions.replaced.len()
            ),
            "git replace --list; git replace --delete OBJECT",
        ));
    }
    if conditions.grafts {
        found.push(Ailment::new(
            "info/grafts changes the parents that git shows; gatecheck judges the real ones",
            "rm \"$(git rev-parse --git-common-dir)/info/grafts\"",
        ));
    }
    for alternate in &conditions.alternates {
        found.push(Ailment::new(
            format!("objects are borrowed from {}", shown(alternate)),
            "git repack -a -d && rm \"$(git rev-parse --git-path objects/info/alternates)\"",
        ));
    }
    found
}

/// `actions/checkout` fetches the commit that a tag names and makes a lightweight tag of it:
/// the signature of the annotated tag is then not there.
fn lightweight_tags(repo: &Repository) -> Result<Vec<Ailment>> {
    let mut light = Vec::new();
    for (name, id) in repo.references()? {
        if name.starts_with("refs/tags/") && repo.is_commit(id) {
            light.push(name);
        }
    }
    let Some(first) = light.first().map(|name| shown(name)) else { return Ok(Vec::new()) };
    Ok(vec![Ailment::new(
        format!(
            "{} tags are lightweight ({first}, for one): they name a commit and carry no \
             signature. Where the remote's are annotated, the checkout has dropped that",
            light.len()
        ),
        "git fetch --tags --force",
    )])
}

/// Walks all parents from the tip; the first commit or root tree that is not there.
fn missing_commit(repo: &Repository, tip: Oid, conditions: &Conditions) -> Option<Ailment> {
    let mut seen = std::collections::HashSet::from([tip]);
    let mut left = vec![(tip, None)];
    while let Some((id, child)) = left.pop() {
        let raw = match repo.read_kind(id, ObjectKind::Commit) {
            Ok(raw) => raw,
            // That a shallow clone ends here was said already.
            Err(ReadFailure::Missing(_))
                if child.is_some_and(|child| conditions.shallow.contains(&child)) =>
            {
                continue;
            }
            Err(failure) => {
                return Some(Ailment::new(failure.to_string(), failure.help()).undecides());
            }
        };
        for parent in super::parents_of(&raw, repo.format()).unwrap_or_default() {
            if seen.insert(parent) {
                left.push((parent, Some(id)));
            }
        }
    }
    None
}
