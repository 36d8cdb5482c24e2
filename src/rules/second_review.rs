//! Rule: what policy calls dangerous is looked at by further people.

use std::collections::BTreeSet;

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::ReviewerId;
use crate::model::policy::SecondReview;
use crate::model::probe::{Answer, ChangedPath, MAX_PLACES, Probe};
use crate::model::text::{shown, shown_bytes, typed};

use super::Context;
use super::since::{Authors, Since, answer, few, not_asked, whole_file};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::SecondReviewMissing,
    what: "A change needs a second review that too few counted sign-offs cover.",
    why: "Some changes are dangerous enough for further pairs of eyes, of people who did not write them.",
    fix: "Have a reviewer who is no author of the change, and where policy says so of another domain, list the review's name in `reviews` and sign.",
}];

/// Checks every second review of a gate (`at_commit` unset) or of one mainline commit.
#[must_use]
pub fn check(cx: &Context<'_>, since: &Since<'_>, at_commit: bool) -> Vec<Finding> {
    let reviews = cx.registry.policy.second_review.iter();
    reviews
        .filter(|review| review.at_commit == at_commit)
        .filter_map(|review| check_one(cx, since, review))
        .collect()
}

fn check_one(cx: &Context<'_>, since: &Since<'_>, review: &SecondReview) -> Option<Finding> {
    let field = format!("second_review.{}", review.name);
    let changed = match answer(cx, since.answers, &Probe::change(review), &field) {
        Ok(Answer::Changed(changed)) => changed,
        Ok(_) => return Some(not_asked(cx, &field)),
        Err(undecided) => return Some(*undecided),
    };
    let changed: Vec<&ChangedPath> =
        changed.iter().filter(|c| !since.is_record(&c.path, c.blob)).collect();
    if changed.is_empty() {
        return None;
    }
    let paths: BTreeSet<&[u8]> = changed.iter().map(|c| c.path.as_slice()).collect();
    let authors = Authors::of(cx, since.touching(&paths), since.counted);
    let people: BTreeSet<&ReviewerId> =
        authors.covering(review, since.counted).iter().map(|s| &s.reviewer_id).collect();
    let needed = review.reviewers.max(1);
    if people.len() as u64 >= needed {
        return None;
    }
    Some(missing(cx, since, review, &changed, &authors, &people))
}

fn missing(
    cx: &Context<'_>,
    since: &Since<'_>,
    review: &SecondReview,
    changed: &[&ChangedPath],
    authors: &Authors,
    people: &BTreeSet<&ReviewerId>,
) -> Finding {
    let name = shown(&review.name);
    let paths: Vec<String> = changed.iter().map(|c| shown_bytes(&c.path)).collect();
    let what = if review.added_tokens.is_empty() { "changes" } else { "adds what is reviewed in" };
    let (observed, required) = compared(review, authors, people);
    let mut finding = Finding::new(
        Code::SecondReviewMissing,
        format!("the second review {name} is missing: this {what} {}", few(&paths, 5)),
    )
    .compared(observed, required);
    finding.places = changed.iter().flat_map(|c| places(c)).take(MAX_PLACES).collect();
    finding
        .at_some(since.place(|manifest| manifest.spot("manifest"), "these sign-offs"))
        .at_some(cx.policy_place(&format!("second_review.{}", review.name), "asked for here"))
        .help(who_could(cx, review, authors, people))
}

/// Who covers a review, and who should.
#[must_use]
pub fn compared(
    review: &SecondReview,
    authors: &Authors,
    people: &BTreeSet<&ReviewerId>,
) -> (String, String) {
    let seen = people.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(", ");
    let seen = if seen.is_empty() { "nobody" } else { &seen };
    let needed = review.reviewers.max(1);
    let plural = if needed == 1 { "person" } else { "people" };
    let elsewhere = if review.other_domain { ", of another domain than theirs" } else { "" };
    (
        format!("covered by {seen}; {}", authors.told()),
        format!("{needed} {plural} who did not write it{elsewhere}"),
    )
}

/// Who of the others could cover a review, and how.
#[must_use]
pub fn who_could(
    cx: &Context<'_>,
    review: &SecondReview,
    authors: &Authors,
    people: &BTreeSet<&ReviewerId>,
) -> String {
    let mut others = authors.candidates(cx, review);
    others.retain(|candidate| !people.iter().any(|p| candidate.starts_with(&format!("{p} "))));
    if others.is_empty() {
        return "nobody in the registry could give it; enrol another reviewer".to_owned();
    }
    let carrier = if review.at_commit { "in a manifest that this very commit adds, " } else { "" };
    format!(
        "{carrier}have one of them list \"{}\" in `reviews` and sign: {}; gatecheck signoff add --domain DOMAIN --review {}",
        shown(&review.name),
        others.join("; "),
        typed(&review.name)
    )
}

fn places(changed: &ChangedPath) -> Vec<Place> {
    if !changed.places.is_empty() {
        return changed.places.clone();
    }
    let label = match (&changed.opaque, changed.blob) {
        (Some(what), _) => format!("{what}: what it leads to is not looked at"),
        (None, None) => "removed".to_owned(),
        (None, Some(_)) if changed.tokens > 0 => "tokens are added here".to_owned(),
        (None, Some(_)) => "changed".to_owned(),
    };
    vec![whole_file(&changed.path, &label)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::PathPattern;
    use crate::model::manifest::Signoff;
    use crate::model::probe::Answers;
    use crate::rules::self_review::Contribution;
    use crate::rules::testing::{World, brought, id, manifest, signoff};

    fn review(reviewers: u64, other_domain: bool) -> SecondReview {
        SecondReview {
            name: "tcb".into(),
            paths: vec![PathPattern::new("kernel/**").unwrap()],
            added_tokens: vec![],
            reviewers,
            other_domain,
            at_commit: false,
        }
    }

    fn changed(paths: &[&str]) -> Answer {
        let one = |path: &&str| ChangedPath {
            path: path.as_bytes().to_vec(),
            blob: Some(id(5)),
            places: vec![],
            tokens: 0,
            opaque: None,
        };
        Answer::Changed(paths.iter().map(one).collect())
    }

    fn run(
        review: SecondReview,
        answer: Option<Answer>,
        author: &str,
        counted: &[&Signoff],
    ) -> Vec<Finding> {
        let mut world = World::new();
        let probe = Probe::change(&review);
        world.registry.policy.second_review = vec![review];
        let answers: Answers = answer.into_iter().map(|answer| (probe.clone(), answer)).collect();
        let brought = brought(1, author, &["kernel/a"]);
        let contribution = Contribution::of(&brought, 1).unwrap();
        let manifest = manifest(0);
        let since = Since {
            answers: &answers,
            contributions: &[&contribution],
            signoffs: counted,
            counted,
            manifest: Some(&manifest),
            carrier: id(9),
            own: &BTreeSet::from(["kernel/own"]),
            accepted: &BTreeMap::from([("kernel/old".to_owned(), id(5))]),
        };
        check(&world.context(), &since, false)
    }

    fn reviewed(who: &str, domain: &str) -> Signoff {
        Signoff { reviews: vec!["tcb".into()], ..signoff(who, domain) }
    }

    #[test]
    fn enough_people_who_did_not_write_it_are_accepted() {
        let (a, b) = (reviewed("alice", "kernel"), reviewed("bob", "evidence"));
        let hit = || Some(changed(&["kernel/a"]));
        assert_eq!(run(review(2, true), hit(), "dev@example.org", &[&a, &b]), []);
        assert_eq!(run(review(1, true), hit(), "alice@example.org", &[&a, &b]), []);
        assert_eq!(run(review(2, true), Some(changed(&[])), "dev@example.org", &[]), []);
        let records = Some(changed(&["kernel/own", "kernel/old"]));
        assert_eq!(run(review(2, true), records, "dev@example.org", &[]), []);
    }

    #[test]
    fn too_few_people_authors_and_their_domains_are_refused() {
        let codes = |found: Vec<Finding>| found.iter().map(|f| f.code).collect::<Vec<_>>();
        let missing = [Code::SecondReviewMissing];
        let (a, b) = (reviewed("alice", "kernel"), reviewed("bob", "evidence"));
        let hit = || Some(changed(&["kernel/a"]));
        assert_eq!(codes(run(review(2, true), hit(), "dev@example.org", &[&a])), missing);
        assert_eq!(codes(run(review(2, true), hit(), "dev@example.org", &[&a, &a])), missing);
        assert_eq!(codes(run(review(2, false), hit(), "alice@example.org", &[&a, &b])), missing);
        let plain = signoff("bob", "evidence");
        assert_eq!(codes(run(review(1, true), hit(), "alice@example.org", &[&a, &plain])), missing);
        let same_domain = reviewed("bob", "kernel");
        assert_eq!(
            codes(run(review(1, true), hit(), "alice@example.org", &[&same_domain])),
            missing
        );
        assert_eq!(run(review(1, false), hit(), "alice@example.org", &[&same_domain]), []);
        assert_eq!(codes(run(review(0, false), hit(), "dev@example.org", &[])), missing, "0 is 1");
        let other = Signoff { authored_by: "Bob".into(), ..reviewed("alice", "kernel") };
        assert_eq!(codes(run(review(2, false), hit(), "dev@example.org", &[&other, &b])), missing);
    }

    #[test]
    fn the_finding_names_paths_and_people() {
        let found =
            run(review(2, true), Some(changed(&["kernel/a\u{1b}"])), "alice@example.org", &[]);
        assert!(found[0].message.contains("kernel/a\\u{1b}"), "{}", found[0].message);
        let command = "bob (evidence); gatecheck signoff add --domain DOMAIN --review tcb";
        assert!(found[0].help.ends_with(command), "{}", found[0].help);
    }

    #[test]
    fn what_was_not_looked_into_is_undecided() {
        use crate::finding::Severity;
        let found = run(review(2, true), None, "dev@example.org", &[]);
        assert_eq!(found[0].severity, Severity::Undecided);
        let found = run(review(2, true), Some(Answer::Holds(vec![])), "dev@example.org", &[]);
        assert_eq!(found[0].severity, Severity::Undecided);
    }
}
