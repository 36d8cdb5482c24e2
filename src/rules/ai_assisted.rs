//! Rule: who signs off AI-assisted changes says that they understood them.

use std::collections::BTreeSet;

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::manifest::Signoff;
use crate::model::policy::{AiAssisted, SecondReview};
use crate::model::text::{shown, shown_bytes, typed};

use super::Context;
use super::self_review::Contribution;
use super::since::{Authors, Since, few, says_something};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::AiAttestationMissing,
    what: "An AI-assisted change touches paths for which policy asks that a reviewer attests having understood it.",
    why: "Generated code reads well even where it is wrong.",
    fix: "Somebody who covers the second review fills in `ai_attestation` (understood, every invariant of the policy, a statement) and signs.",
}];

/// Checks the commits of a gate. Nothing proves that a commit was made without an AI; what says
/// that it was made with one is taken at its word.
#[must_use]
pub fn check(cx: &Context<'_>, since: &Since<'_>) -> Option<Finding> {
    let policy = cx.registry.policy.ai_assisted.as_ref()?;
    let review = review_of(cx, policy);
    let assisted = assisted(cx, since)?;
    let covering: Vec<&Signoff> = match review {
        Some(review) => {
            let authors = Authors::of(cx, assisted.iter().copied(), since.counted);
            authors.covering(review, since.counted)
        }
        // Without a second review anybody whose sign-off counts may attest it.
        None => since.counted.to_vec(),
    };
    let mut lacks: Vec<String> = Vec::new();
    for signoff in &covering {
        match lacking(policy, signoff) {
            None => return None,
            Some(why) => lacks.push(format!("{}: {why}", signoff.reviewer_id)),
        }
    }
    Some(missing(cx, since, policy, review, &assisted, &lacks))
}

/// The second review whose people attest.
#[must_use]
pub fn review_of<'r>(cx: &Context<'r>, policy: &AiAssisted) -> Option<&'r SecondReview> {
    cx.registry.policy.second_review.iter().find(|review| review.name == policy.second_review)
}

/// The AI-assisted commits that somebody has to attest; `None` where there are none.
#[must_use]
pub fn assisted<'s>(cx: &Context<'_>, since: &Since<'s>) -> Option<Vec<&'s Contribution>> {
    let policy = cx.registry.policy.ai_assisted.as_ref()?;
    let review = review_of(cx, policy);
    let touches = |path: &Vec<u8>| {
        !since.is_record(path, None)
            && review.is_none_or(|review| review.paths.iter().any(|p| p.matches(path)))
    };
    let assisted: Vec<&'s Contribution> = since
        .contributions
        .iter()
        .copied()
        .filter(|commit| is_assisted(policy, commit) && commit.paths.iter().any(touches))
        .collect();
    (!assisted.is_empty()).then_some(assisted)
}

fn missing(
    cx: &Context<'_>,
    since: &Since<'_>,
    policy: &AiAssisted,
    review: Option<&SecondReview>,
    assisted: &[&Contribution],
    lacks: &[String],
) -> Finding {
    let commits: Vec<String> = assisted.iter().map(|c| c.id.short().to_string()).collect();
    let paths: BTreeSet<String> =
        assisted.iter().flat_map(|c| &c.paths).map(|path| shown_bytes(path)).collect();
    let paths: Vec<String> = paths.into_iter().collect();
    let invariants: Vec<String> = policy.invariants.iter().map(|i| shown(i)).collect();
    let whose = review.map_or_else(
        || "a counted sign-off".to_owned(),
        |review| {
            format!("a counted sign-off that covers the second review {}", shown(&review.name))
        },
    );
    Finding::new(
        Code::AiAttestationMissing,
        format!(
            "nobody attests having understood the AI-assisted commits {} ({})",
            few(&commits, 5),
            few(&paths, 5)
        ),
    )
    .compared(
        if lacks.is_empty() { "no such sign-off".to_owned() } else { few(lacks, 5) },
        format!(
            "{whose} with `ai_attestation`: understood, a statement{}",
            if invariants.is_empty() {
                String::new()
            } else {
                format!(", and the invariants {}", few(&invariants, 20))
            }
        ),
    )
    .at_some(since.place(|manifest| manifest.spot("manifest"), "these sign-offs"))
    .at_some(cx.policy_place("ai_assisted", "asked for here"))
    .help(format!(
        "look at a commit with git show, and sign with an attestation: {}",
        how_to_attest(policy, review)
    ))
}

/// The command that attests, for somebody whom the review leaves.
#[must_use]
pub fn how_to_attest(policy: &AiAssisted, review: Option<&SecondReview>) -> String {
    let review = review.map_or(String::new(), |r| format!(" --review {}", typed(&r.name)));
    let invariants = policy.invariants.iter().take(20);
    let invariants = invariants.map(|name| format!(" --ai-invariant {}", typed(name)));
    format!(
        "gatecheck signoff add --domain DOMAIN{review} --ai-understood{} --ai-statement TEXT",
        invariants.collect::<String>()
    )
}

/// Whether a commit says that an AI had a part in it.
fn is_assisted(policy: &AiAssisted, commit: &Contribution) -> bool {
    commit.trailers.iter().any(|trailer| {
        let named = policy.trailers.iter().any(|t| t.trim().eq_ignore_ascii_case(&trailer.token));
        let co_author = trailer.token.eq_ignore_ascii_case("co-authored-by")
            && policy.co_authors.iter().any(|pattern| pattern.is_match(&trailer.value));
        named || co_author
    })
}

/// What is lacking in a sign-off; `None` where it attests everything.
#[must_use]
pub fn lacking(policy: &AiAssisted, signoff: &Signoff) -> Option<String> {
    let Some(attestation) = &signoff.ai_attestation else {
        return Some("no `ai_attestation`".to_owned());
    };
    if !attestation.understood {
        return Some("`understood` is not true".to_owned());
    }
    if !says_something(&attestation.statement) {
        return Some("`statement` is blank".to_owned());
    }
    let left: Vec<String> = policy
        .invariants
        .iter()
        .filter(|needed| !attestation.invariants.contains(needed))
        .map(|needed| shown(needed))
        .collect();
    (!left.is_empty()).then(|| format!("without the invariants {}", few(&left, 20)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::PathPattern;
    use crate::model::commit::Trailer;
    use crate::model::manifest::AiAttestation;
    use crate::model::probe::Answers;
    use crate::rules::testing::{World, brought, id, signoff};

    fn world(second_review: &str) -> World {
        let mut world = World::new();
        world.registry.policy.second_review = vec![SecondReview {
            name: "tcb".into(),
            paths: vec![PathPattern::new("kernel/**").unwrap()],
            added_tokens: vec!["unsafe".into()],
            reviewers: 2,
            other_domain: true,
            at_commit: false,
        }];
        world.registry.policy.ai_assisted = Some(AiAssisted {
            trailers: vec!["Assisted-by".into()],
            co_authors: vec![regex::Regex::new("(?i)model").unwrap()],
            second_review: second_review.into(),
            invariants: vec!["KOM-1".into()],
        });
        world
    }

    fn run(
        world: &World,
        trailer: (&str, &str),
        path: &str,
        counted: &[&Signoff],
    ) -> Option<Finding> {
        let mut brought = brought(1, "alice@example.org", &[path]);
        let token = Trailer { token: trailer.0.into(), value: trailer.1.into() };
        brought.commit.as_mut().unwrap().trailers = vec![token];
        let contribution = Contribution::of(&brought, 1).unwrap();
        let since = Since {
            answers: &Answers::new(),
            contributions: &[&contribution],
            signoffs: counted,
            counted,
            manifest: None,
            carrier: id(9),
            own: &BTreeSet::new(),
            accepted: &BTreeMap::new(),
        };
        check(&world.context(), &since)
    }

    fn attested(who: &str) -> Signoff {
        let domain = if who == "alice" { "kernel" } else { "evidence" };
        Signoff {
            reviews: vec!["tcb".into()],
            ai_attestation: Some(AiAttestation {
                understood: true,
                invariants: vec!["KOM-0".into(), "KOM-1".into()],
                statement: "read line by line".into(),
            }),
            ..signoff(who, domain)
        }
    }

    const MARK: (&str, &str) = ("ASSISTED-BY", "some tool");

    #[test]
    fn an_attestation_by_who_covers_the_review_is_accepted() {
        let world = world("tcb");
        assert_eq!(run(&world, MARK, "kernel/a", &[&attested("bob")]), None);
        assert_eq!(run(&world, MARK, "docs/a", &[]), None, "elsewhere");
        assert_eq!(run(&world, ("Reviewed-by", "x"), "kernel/a", &[]), None, "no mark");
        assert_eq!(run(&world, ("Co-authored-by", "Bob <b@x>"), "kernel/a", &[]), None);
    }

    #[test]
    fn anything_less_is_refused() {
        let world = world("tcb");
        let lacks = |counted: &[&Signoff]| {
            run(&world, MARK, "kernel/a", counted).map(|f| (f.code, f.observed.unwrap()))
        };
        let refused = |observed: &str| Some((Code::AiAttestationMissing, observed.to_owned()));
        assert_eq!(lacks(&[]), refused("no such sign-off"));
        assert_eq!(lacks(&[&attested("alice")]), refused("no such sign-off"), "the author");
        let unlisted = Signoff { reviews: vec![], ..attested("bob") };
        assert_eq!(lacks(&[&unlisted]), refused("no such sign-off"));
        let with = |change: &dyn Fn(&mut AiAttestation)| {
            let mut signoff = attested("bob");
            change(signoff.ai_attestation.as_mut().unwrap());
            signoff
        };
        let none = Signoff { ai_attestation: None, ..attested("bob") };
        assert_eq!(lacks(&[&none]), refused("bob: no `ai_attestation`"));
        assert_eq!(
            lacks(&[&with(&|a| a.understood = false)]),
            refused("bob: `understood` is not true")
        );
        assert_eq!(
            lacks(&[&with(&|a| a.statement = " \u{200b}".into())]),
            refused("bob: `statement` is blank")
        );
        assert_eq!(
            lacks(&[&with(&|a| a.invariants.clear())]),
            refused("bob: without the invariants KOM-1")
        );
        let co_author = run(&world, ("Co-Authored-By", "A Model <m@x>"), "kernel/a", &[]);
        assert!(co_author.is_some());
    }

    #[test]
    fn without_a_second_review_every_path_and_every_counted_signoff_is_meant() {
        let world = world("");
        assert!(run(&world, MARK, "docs/a", &[&signoff("bob", "evidence")]).is_some());
        assert_eq!(run(&world, MARK, "docs/a", &[&attested("alice")]), None);
    }
}
