//! Rule: nobody is the only author of what they sign off.
//!
//! Authors are unproven words of a commit, so this is a guard against carelessness, not a proof.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, CodeDoc, Finding, Place, Severity};
use crate::model::commit::Trailer;
use crate::model::manifest::{Manifest, Signoff};
use crate::model::registry::{Domain, Reviewer};
use crate::model::step::Brought;
use crate::model::text::{is_unsafe, shown};
use crate::model::{DomainId, Oid};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::SelfReview,
    what: "The reviewer wrote every commit since the previous gate that touches the domain.",
    why: "A review by the only author is none. Author names are unproven, so this is a guard and not a proof.",
    fix: "Have another person of the domain sign off; where somebody else wrote the change, say so in `authored_by`, which is signed.",
}];

/// Who changed what since the previous gate, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The commit.
    pub id: Oid,
    /// The place on the mainline of the commit that brought it.
    pub position: u64,
    /// The author's address, unproven.
    pub email: String,
    /// Addresses of `Co-authored-by`, unproven.
    pub co_authors: Vec<String>,
    /// Lines `Token: value` of the message.
    pub trailers: Vec<Trailer>,
    /// Lines of the message that are one word alone.
    pub marks: Vec<String>,
    /// First line of the message.
    pub subject: String,
    /// Changed paths.
    pub paths: Vec<Vec<u8>>,
    /// Which of the domains of its time it touched, where that was settled at an earlier gate. For
    /// others its paths still tell.
    pub domains: Option<BTreeMap<DomainId, bool>>,
}

impl Contribution {
    /// From a brought commit; `None` where it changes nothing that rules ask about.
    #[must_use]
    pub fn of(brought: &Brought, position: u64) -> Option<Self> {
        let head = brought.commit.as_ref().ok()?;
        (!brought.paths.is_empty()).then(|| Self {
            id: brought.id,
            position,
            email: head.author.email.clone(),
            co_authors: head.co_authors.clone(),
            trailers: head.trailers.clone(),
            marks: head.marks.clone(),
            subject: head.subject.clone(),
            paths: brought.paths.clone(),
            domains: None,
        })
    }
}

/// Checks one attested sign-off. `since` are the commits since the previous gate, and `manifests`
/// the paths of the gate's own manifests, which do not count as change.
#[must_use]
pub fn check(
    cx: &Context<'_>,
    manifest: &Manifest,
    signoff: &Signoff,
    since: &[&Contribution],
    manifests: &BTreeSet<&str>,
    carrier: Oid,
) -> Option<Finding> {
    let domain = cx.registry.domains.get(&signoff.domain)?;
    let reviewer = cx.registry.reviewers.get(&signoff.reviewer_id)?;
    if !is_only_author(cx, domain, reviewer, since, manifests) {
        return None;
    }
    let finding = Finding::new(
        Code::SelfReview,
        format!("{} wrote every change to {} since the previous gate", reviewer.id, domain.id),
    )
    .reviewer(&reviewer.id)
    .domain(&domain.id)
    .compared(
        format!("author of all changes: {}", shown(&reviewer.emails.join(", "))),
        "at least one change by somebody else, or a review by another person",
    )
    .at(Place::new(&manifest.source, Some(carrier), signoff.spot, "signed off here"))
    .at(cx.registry_place(domain.spot, "the domain's paths stand here"))
    .help(format!("have another person of {} sign off", domain.id));
    if names_somebody_else(signoff, reviewer) {
        return Some(finding.severity(Severity::Warning).help(format!(
            "the sign-off says it was written by {}; nobody can prove that",
            shown(&signoff.authored_by)
        )));
    }
    Some(finding)
}

/// Whether something touches a domain, and this person wrote all of it.
#[must_use]
pub fn is_only_author(
    cx: &Context<'_>,
    domain: &Domain,
    reviewer: &Reviewer,
    since: &[&Contribution],
    manifests: &BTreeSet<&str>,
) -> bool {
    let mut touching = since.iter().filter(|b| touches(cx, b, domain, manifests)).peekable();
    touching.peek().is_some() && touching.all(|brought| is_author(brought, reviewer))
}

fn touches(
    cx: &Context<'_>,
    brought: &Contribution,
    domain: &Domain,
    manifests: &BTreeSet<&str>,
) -> bool {
    let settled = brought.domains.as_ref().and_then(|settled| settled.get(&domain.id));
    settled.copied().unwrap_or_else(|| touching(cx, brought, domain, manifests).is_some())
}

/// A path of a contribution that belongs to a domain.
#[must_use]
pub fn touching<'c>(
    cx: &Context<'_>,
    brought: &'c Contribution,
    domain: &Domain,
    manifests: &BTreeSet<&str>,
) -> Option<&'c Vec<u8>> {
    brought.paths.iter().find(|path| {
        !std::str::from_utf8(path).is_ok_and(|path| manifests.contains(path))
            && cx.owns(domain, path)
    })
}

fn is_author(brought: &Contribution, reviewer: &Reviewer) -> bool {
    let email = brought.email.to_lowercase();
    reviewer.emails.iter().any(|known| known.to_lowercase() == email)
}

fn names_somebody_else(signoff: &Signoff, reviewer: &Reviewer) -> bool {
    let visible = |c: char| !c.is_whitespace() && !is_unsafe(c);
    if !signoff.authored_by.chars().any(visible) {
        return false;
    }
    let named = signoff.authored_by.trim().to_lowercase();
    let own = std::iter::once(reviewer.id.as_str().to_owned())
        .chain([reviewer.name.to_lowercase()])
        .chain(reviewer.emails.iter().map(|email| email.to_lowercase()));
    own.filter(|own| !own.is_empty()).all(|own| !named.contains(&own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, brought, id, manifest, signoff};

    fn run(since: &[Brought], authored_by: &str) -> Option<Severity> {
        let world = World::new();
        let mut signoff = signoff("alice", "kernel");
        signoff.authored_by = authored_by.to_owned();
        let own = BTreeSet::from(["kernel/manifest.toml"]);
        let since: Vec<Contribution> =
            since.iter().filter_map(|b| Contribution::of(b, 1)).collect();
        let since: Vec<&Contribution> = since.iter().collect();
        check(&world.context(), &manifest(0), &signoff, &since, &own, id(9)).map(|f| f.severity)
    }

    #[test]
    fn somebody_elses_change_is_accepted() {
        assert_eq!(run(&[], ""), None);
        assert_eq!(run(&[brought(1, "bob@example.org", &["kernel/a"])], ""), None);
        let mixed = [
            brought(1, "alice@example.org", &["kernel/a"]),
            brought(2, "bob@example.org", &["kernel/b"]),
        ];
        assert_eq!(run(&mixed, ""), None);
        assert_eq!(run(&[brought(1, "alice@example.org", &["docs/a"])], ""), None);
        assert_eq!(run(&[brought(1, "alice@example.org", &["kernel/manifest.toml"])], ""), None);
    }

    #[test]
    fn the_only_author_is_refused_unless_somebody_else_is_named() {
        let own = [brought(1, "Alice@Example.org", &["kernel/a"])];
        assert_eq!(run(&own, ""), Some(Severity::Error));
        assert_eq!(run(&own, " alice "), Some(Severity::Error));
        assert_eq!(run(&own, "\u{200b} "), Some(Severity::Error), "invisible names name nobody");
        assert_eq!(run(&own, "Bob Builder <bob@example.org>"), Some(Severity::Warning));
    }
}
