//! What rules over a change look at: what it brought, and who signs it off.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Place};
use crate::model::manifest::{Manifest, Signoff};
use crate::model::policy::SecondReview;
use crate::model::probe::{Answer, Answers, Probe};
use crate::model::registry::{Reviewer, ReviewerKind};
use crate::model::text::{is_unsafe, shown};
use crate::model::{DomainId, Oid, ReviewerId};
use crate::source::Spot;

use super::Context;
use super::self_review::Contribution;

/// A change, and the sign-offs that were counted for it.
#[derive(Clone, Copy)]
pub struct Since<'a> {
    /// What contents say of it.
    pub answers: &'a Answers,
    /// Who wrote what.
    pub contributions: &'a [&'a Contribution],
    /// Every sign-off of the gate; empty where no manifest is there.
    pub signoffs: &'a [&'a Signoff],
    /// Those that count.
    pub counted: &'a [&'a Signoff],
    /// The manifest that carries them.
    pub manifest: Option<&'a Manifest>,
    /// The commit that carries the manifest.
    pub carrier: Oid,
    /// Paths of the manifests that the carrier adds: they do not count as change.
    pub own: &'a BTreeSet<&'a str>,
    /// Nor do the manifests of accepted gates, as they were accepted: by path, with the blob.
    pub accepted: &'a BTreeMap<String, Oid>,
}

impl Since<'_> {
    /// Whether a path is only the record of a gate.
    #[must_use]
    pub fn is_record(&self, path: &[u8], blob: Option<Oid>) -> bool {
        let Ok(path) = std::str::from_utf8(path) else { return false };
        self.own.contains(path) || (blob.is_some() && self.accepted.get(path).copied() == blob)
    }

    /// The commits that touch one of these paths.
    pub fn touching<'s>(
        &'s self,
        paths: &'s BTreeSet<&[u8]>,
    ) -> impl Iterator<Item = &'s Contribution> {
        let touch = |path: &Vec<u8>| paths.contains(path.as_slice());
        self.contributions.iter().copied().filter(move |c| c.paths.iter().any(touch))
    }

    /// A place in the manifest.
    #[must_use]
    pub fn place(&self, spot: impl Fn(&Manifest) -> Spot, label: &str) -> Option<Place> {
        let manifest = self.manifest?;
        Some(Place::new(&manifest.source, Some(self.carrier), spot(manifest), label))
    }
}

/// The answer to a probe, or why a rule cannot tell.
///
/// # Errors
/// An undecided finding.
pub fn answer<'a>(
    cx: &Context<'_>,
    answers: &'a Answers,
    probe: &Probe,
    field: &str,
) -> Result<&'a Answer, Box<Finding>> {
    match answers.get(probe) {
        Some(Answer::Unknown(finding)) => {
            let finding = Finding::clone(finding);
            Err(Box::new(finding.at_some(cx.policy_place(field, "asked for here"))))
        }
        Some(answer) => Ok(answer),
        None => Err(Box::new(not_asked(cx, field))),
    }
}

/// The answer is of another kind than the question: a defect that never becomes a pass.
#[must_use]
pub fn not_asked(cx: &Context<'_>, field: &str) -> Finding {
    Finding::new(
        Code::UnsupportedVersion,
        format!("[policy] {} was not looked into at this commit", shown(field)),
    )
    .compared(
        "a question that was not asked of the contents",
        format!(
            "one of the first {} of this history's registries",
            crate::model::probe::MAX_PROBES
        ),
    )
    .at_some(cx.policy_place(field, "asked for here"))
    .help("keep fewer second reviews and forbidden texts, and start from a later anchor")
}

/// A path in which no particular line is meant.
#[must_use]
pub fn whole_file(path: &[u8], label: &str) -> Place {
    Place {
        path: String::from_utf8_lossy(path).into_owned(),
        commit: None,
        spot: Spot::START,
        label: label.to_owned(),
        line_text: String::new(),
    }
}

/// Who wrote a change, as far as reviewers are concerned. Unproven, like every author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors {
    /// Reviewers among them.
    pub reviewers: BTreeSet<ReviewerId>,
    /// The domains of these.
    pub domains: BTreeSet<DomainId>,
}

impl Authors {
    /// Authors and co-authors of commits, and whom a sign-off names in `authored_by`.
    #[must_use]
    pub fn of<'c>(
        cx: &Context<'_>,
        commits: impl Iterator<Item = &'c Contribution>,
        signoffs: &[&Signoff],
    ) -> Self {
        let named: Vec<String> =
            signoffs.iter().map(|signoff| signoff.authored_by.to_lowercase()).collect();
        Self::who_are(cx, &addresses(commits), &named)
    }

    /// The reviewers who go by these addresses, or are named in these texts; all in lower case.
    #[must_use]
    pub fn who_are(cx: &Context<'_>, addresses: &BTreeSet<String>, named: &[String]) -> Self {
        let wrote = |reviewer: &&Reviewer| {
            reviewer.emails.iter().any(|email| addresses.contains(&email.to_lowercase()))
                || named.iter().any(|named| names(named, reviewer))
        };
        let reviewers: BTreeSet<ReviewerId> =
            cx.registry.reviewers.values().filter(wrote).map(|r| r.id.clone()).collect();
        let theirs = cx
            .registry
            .domains
            .values()
            .filter(|domain| domain.people().any(|person| reviewers.contains(person)));
        Self { domains: theirs.map(|domain| domain.id.clone()).collect(), reviewers }
    }

    /// Whether somebody may review what these people wrote, for a domain.
    fn leave(&self, review: &SecondReview, person: &ReviewerId, domain: &DomainId) -> bool {
        let own_domain = review.other_domain && self.domains.contains(domain);
        !own_domain && !self.reviewers.contains(person)
    }

    /// The counted sign-offs that cover a second review of what these people wrote.
    #[must_use]
    pub fn covering<'s>(&self, review: &SecondReview, counted: &[&'s Signoff]) -> Vec<&'s Signoff> {
        let covers = |signoff: &&&Signoff| {
            signoff.reviews.contains(&review.name)
                && self.leave(review, &signoff.reviewer_id, &signoff.domain)
        };
        counted.iter().filter(covers).copied().collect()
    }

    /// Who could cover it, with the domains for which they could.
    #[must_use]
    pub fn candidates(&self, cx: &Context<'_>, review: &SecondReview) -> Vec<String> {
        let humans = cx.registry.reviewers.values().filter(|r| r.kind == ReviewerKind::Human);
        let could = |reviewer: &Reviewer| {
            let domains: Vec<&str> = cx
                .registry
                .domains
                .values()
                .filter(|domain| domain.people().any(|person| *person == reviewer.id))
                .filter(|domain| self.leave(review, &reviewer.id, &domain.id))
                .map(|domain| domain.id.as_str())
                .collect();
            (!domains.is_empty()).then(|| format!("{} ({})", reviewer.id, domains.join(", ")))
        };
        humans.filter_map(could).collect()
    }

    /// In words.
    #[must_use]
    pub fn told(&self) -> String {
        if self.reviewers.is_empty() {
            return "written by no reviewer".to_owned();
        }
        let names: Vec<&str> = self.reviewers.iter().map(ReviewerId::as_str).collect();
        format!("written by {}", names.join(", "))
    }
}

/// Addresses of authors and co-authors, in lower case.
#[must_use]
pub fn addresses<'c>(commits: impl Iterator<Item = &'c Contribution>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for commit in commits {
        all.insert(commit.email.to_lowercase());
        all.extend(commit.co_authors.iter().map(|address| address.to_lowercase()));
    }
    all
}

/// Whether a text, in lower case, names a reviewer: by id, name or address.
fn names(text: &str, reviewer: &Reviewer) -> bool {
    let apart = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let name = reviewer.name.to_lowercase();
    text.split(apart).any(|word| word == reviewer.id.as_str())
        || (!name.is_empty() && text.contains(&name))
        || reviewer.emails.iter().any(|email| text.contains(&email.to_lowercase()))
}

/// Whether a text says anything that can be seen.
#[must_use]
pub fn says_something(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_unsafe(c))
}

/// The first few of a list, and how many more there are.
#[must_use]
pub fn few(items: &[String], kept: usize) -> String {
    let more = items.len().saturating_sub(kept);
    let told = items.iter().take(kept).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { told } else { format!("{told} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, brought, signoff};

    #[test]
    fn authors_are_found_by_every_name_they_go_by() {
        let world = World::new();
        let cx = world.context();
        let mut brought = brought(1, "Alice@Example.org", &["kernel/a"]);
        let of = |brought: &_, signoffs: &[&Signoff]| {
            let contribution = Contribution::of(brought, 1).unwrap();
            let authors = Authors::of(&cx, std::iter::once(&contribution), signoffs);
            authors.reviewers.iter().map(ReviewerId::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of(&brought, &[]), "alice");
        brought.commit.as_mut().unwrap().author.email = "dev@example.org".into();
        assert_eq!(of(&brought, &[]), "");
        brought.commit.as_mut().unwrap().co_authors = vec!["BOB@example.org".into()];
        assert_eq!(of(&brought, &[]), "bob");
        let mut named = signoff("bob", "evidence");
        for (text, expected) in [
            ("Alice", "alice bob"),
            ("dev, alice and others", "alice bob"),
            ("<alice@example.org>", "alice bob"),
            ("carol", "bob"),
        ] {
            named.authored_by = text.into();
            assert_eq!(of(&brought, &[&named]), expected, "{text}");
        }
    }
}
