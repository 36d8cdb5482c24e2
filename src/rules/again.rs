//! Rule: who vouches for a gate once more meets what policy asks of the gate's change. Of that
//! change only what decides is kept: who wrote what is reviewed.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding};
use crate::model::ReviewerId;
use crate::model::manifest::Signoff;
use crate::model::policy::SecondReview;
use crate::model::probe::{Answer, Probe};
use crate::model::text::shown;

use super::Context;
use super::since::{Authors, Since, addresses, not_asked};
use super::{ai_assisted, charter, second_review};

/// Addresses of authors and co-authors, in lower case. Unproven.
type Addresses = BTreeSet<String>;

/// What policies ask of the change that an accepted gate vouches for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// By probe of a second review: who wrote what it is about.
    reviews: BTreeMap<Probe, Wrote>,
    /// Who wrote the AI-assisted commits that somebody had to attest; `None` where there were none.
    assisted: Option<Addresses>,
    /// The charter was amended.
    amended: bool,
    /// Whom the gate's sign-offs named as authors, in lower case.
    named: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrote {
    Nothing,
    These(Addresses),
    CannotTell,
}

impl Asked {
    /// Of a gate that is judged; `landed` is what its commit itself brings, where the gate's
    /// sign-offs speak for that as well.
    #[must_use]
    pub fn of(cx: &Context<'_>, since: &Since<'_>, landed: Option<&Since<'_>>) -> Self {
        let of = |since: &Since<'_>, commit: bool| {
            let asked = since.answers.iter().filter(|(probe, _)| {
                matches!(probe, Probe::Change { at_commit, .. } if *at_commit == commit)
            });
            asked.map(|(probe, answer)| (probe.clone(), wrote(since, answer))).collect::<Vec<_>>()
        };
        let mut reviews: BTreeMap<Probe, Wrote> = of(since, false).into_iter().collect();
        reviews.extend(landed.into_iter().flat_map(|landed| of(landed, true)));
        Self {
            reviews,
            assisted: ai_assisted::assisted(cx, since)
                .map(|commits| addresses(commits.iter().copied())),
            amended: charter::is_amended(cx, since),
            named: since.counted.iter().map(|s| s.authored_by.to_lowercase()).collect(),
        }
    }

    /// Checks the counted sign-offs of a re-attestation, by the policy in force where it lands.
    #[must_use]
    pub fn check(&self, cx: &Context<'_>, counted: &[&Signoff], per_domain: u64) -> Vec<Finding> {
        let policy = &cx.registry.policy;
        let mut findings: Vec<Finding> = policy
            .second_review
            .iter()
            .filter_map(|review| self.review(cx, review, counted))
            .collect();
        if let (Some(policy), Some(addresses)) = (&policy.ai_assisted, &self.assisted) {
            let covering = ai_assisted::review_of(cx, policy).map_or_else(
                || counted.to_vec(),
                |review| self.authors(cx, addresses, counted).covering(review, counted),
            );
            if covering.iter().all(|signoff| ai_assisted::lacking(policy, signoff).is_some()) {
                findings.push(
                    Finding::new(
                        Code::AiAttestationMissing,
                        "nobody attests once more having understood the gate's AI-assisted commits",
                    )
                    .compared(
                        "no such sign-off",
                        "a counted sign-off that covers the second review, with `ai_attestation`",
                    )
                    .at_some(cx.policy_place("ai_assisted", "asked for here"))
                    .help(format!(
                        "have a reviewer who did not write them attest it: {}",
                        ai_assisted::how_to_attest(policy, ai_assisted::review_of(cx, policy))
                    )),
                );
            }
        }
        if policy.charter.is_some() && self.amended {
            findings.extend(charter::unsigned_domains(cx, counted, per_domain).map(|(observed, required, _)| {
                Finding::new(
                    Code::CharterAmendmentInvalid,
                    "the gate amends the charter, and not every domain signs it off once more",
                )
                .compared(observed, required)
                .at_some(cx.policy_place("charter", "asked for here"))
                .help("have reviewers of these domains sign the re-attestation: gatecheck signoff add --domain DOMAIN")
            }));
        }
        findings
    }

    fn authors(&self, cx: &Context<'_>, wrote: &Addresses, counted: &[&Signoff]) -> Authors {
        let named = counted.iter().map(|signoff| signoff.authored_by.to_lowercase());
        let named: Vec<String> = named.chain(self.named.iter().cloned()).collect();
        Authors::who_are(cx, wrote, &named)
    }

    fn review(
        &self,
        cx: &Context<'_>,
        review: &SecondReview,
        counted: &[&Signoff],
    ) -> Option<Finding> {
        let addresses = match self.reviews.get(&Probe::change(review)) {
            Some(Wrote::Nothing) => return None,
            Some(Wrote::These(addresses)) => addresses,
            // The commit of a gate may bring nothing that its sign-offs speak for.
            None if review.at_commit => return None,
            Some(Wrote::CannotTell) | None => {
                return Some(not_asked(cx, &format!("second_review.{}", review.name)));
            }
        };
        let authors = self.authors(cx, addresses, counted);
        let people: BTreeSet<&ReviewerId> =
            authors.covering(review, counted).iter().map(|s| &s.reviewer_id).collect();
        if people.len() as u64 >= review.reviewers.max(1) {
            return None;
        }
        let name = shown(&review.name);
        let (observed, required) = second_review::compared(review, &authors, &people);
        Some(
            Finding::new(
                Code::SecondReviewMissing,
                format!("the second review {name} of the gate's change is missing this time"),
            )
            .compared(observed, required)
            .at_some(cx.policy_place(&format!("second_review.{}", review.name), "asked for here"))
            .help(second_review::who_could(cx, review, &authors, &people)),
        )
    }
}

fn wrote(since: &Since<'_>, answer: &Answer) -> Wrote {
    let Answer::Changed(changed) = answer else { return Wrote::CannotTell };
    let changed = changed.iter().filter(|c| !since.is_record(&c.path, c.blob));
    let paths: BTreeSet<&[u8]> = changed.map(|c| c.path.as_slice()).collect();
    if paths.is_empty() {
        return Wrote::Nothing;
    }
    Wrote::These(addresses(since.touching(&paths)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::commit::Trailer;
    use crate::model::manifest::AiAttestation;
    use crate::model::policy::{AiAssisted, CharterPolicy};
    use crate::model::probe::{Answers, ChangedPath, CharterChange, Content};
    use crate::model::{Oid, PathPattern};
    use crate::rules::self_review::Contribution;
    use crate::rules::testing::{World, brought, id, signoff};

    fn world() -> World {
        let mut world = World::new();
        let policy = &mut world.registry.policy;
        policy.second_review = vec![SecondReview {
            name: "tcb".into(),
            paths: vec![PathPattern::new("kernel/**").unwrap()],
            added_tokens: vec![],
            reviewers: 1,
            other_domain: false,
            at_commit: false,
        }];
        policy.ai_assisted = Some(AiAssisted {
            trailers: vec!["Assisted-by".into()],
            co_authors: vec![],
            second_review: "tcb".into(),
            invariants: vec![],
        });
        policy.charter = Some(CharterPolicy {
            path: "CHARTER.md".into(),
            decision_log: "LOG.md".into(),
            marker: "charter-amendment".into(),
            dissent_days: 14,
        });
        world
    }

    /// What is kept of a gate that alice's change in the kernel went into.
    fn kept(world: &World, marked: bool, amended: bool) -> Asked {
        let mut brought = brought(1, "Alice@example.org", &["kernel/a"]);
        if marked {
            let token = Trailer { token: "Assisted-by".into(), value: "a tool".into() };
            brought.commit.as_mut().unwrap().trailers = vec![token];
        }
        let contribution = Contribution::of(&brought, 1).unwrap();
        let changed = ChangedPath {
            path: b"kernel/a".to_vec(),
            blob: Some(id(5)),
            places: vec![],
            tokens: 0,
            opaque: None,
        };
        let policy = &world.registry.policy;
        let charter = CharterChange {
            changed: amended,
            opaque: None,
            log_before: Content::Missing,
            log_after: Content::Missing,
        };
        let answers = Answers::from([
            (Probe::change(&policy.second_review[0]), Answer::Changed(vec![changed])),
            (Probe::charter(policy.charter.as_ref().unwrap()), Answer::Charter(charter)),
        ]);
        let accepted: BTreeMap<String, Oid> = BTreeMap::new();
        let since = Since {
            answers: &answers,
            contributions: &[&contribution],
            signoffs: &[],
            counted: &[],
            manifest: None,
            carrier: id(9),
            own: &BTreeSet::new(),
            accepted: &accepted,
        };
        Asked::of(&world.context(), &since, None)
    }

    fn found(world: &World, asked: &Asked, counted: &[&Signoff]) -> Vec<Code> {
        let findings = asked.check(&world.context(), counted, 1);
        findings.iter().map(|finding| finding.code).collect()
    }

    fn covering(who: &str, domain: &str) -> Signoff {
        Signoff { reviews: vec!["tcb".into()], ..signoff(who, domain) }
    }

    #[test]
    fn a_second_review_is_asked_of_others_than_the_author_once_more() {
        let world = world();
        let asked = kept(&world, false, false);
        assert_eq!(found(&world, &asked, &[&covering("bob", "evidence")]), []);
        let missing = [Code::SecondReviewMissing];
        assert_eq!(found(&world, &asked, &[&signoff("bob", "evidence")]), missing);
        assert_eq!(found(&world, &asked, &[&covering("alice", "kernel")]), missing, "the author");
        let named = Signoff { authored_by: "Bob".into(), ..covering("bob", "evidence") };
        assert_eq!(found(&world, &asked, &[&named]), missing, "named as an author");
    }

    #[test]
    fn what_nobody_looked_for_at_the_gate_is_undecided() {
        let mut world = world();
        let asked = kept(&world, false, false);
        world.registry.policy.second_review[0].added_tokens = vec!["unsafe".into()];
        let said = found(&world, &asked, &[&covering("bob", "evidence")]);
        assert_eq!(said, [Code::UnsupportedVersion]);
        world.registry.policy.second_review[0].at_commit = true;
        assert_eq!(found(&world, &asked, &[]), [], "the commit brought nothing of its own");
    }

    #[test]
    fn ai_assisted_commits_are_attested_once_more_by_whom_the_review_leaves() {
        let world = world();
        let attested = |who: &str, domain: &str| Signoff {
            ai_attestation: Some(AiAttestation {
                understood: true,
                invariants: vec![],
                statement: "read line by line".into(),
            }),
            ..covering(who, domain)
        };
        let bob = attested("bob", "evidence");
        let asked = kept(&world, true, false);
        assert_eq!(found(&world, &asked, &[&bob]), []);
        let missing = [Code::AiAttestationMissing];
        let alice = attested("alice", "kernel");
        assert_eq!(found(&world, &asked, &[&covering("bob", "evidence"), &alice]), missing);
        assert_eq!(found(&world, &kept(&world, false, false), &[&covering("bob", "evidence")]), []);
    }

    #[test]
    fn an_amendment_of_the_charter_asks_for_every_domain_once_more() {
        let world = world();
        let all: Vec<Signoff> =
            world.registry.domains.keys().map(|d| covering("bob", d.as_str())).collect();
        let all: Vec<&Signoff> = all.iter().collect();
        let asked = kept(&world, false, true);
        assert!(all.len() > 1);
        assert_eq!(found(&world, &asked, &all), []);
        assert_eq!(found(&world, &asked, &all[1..]), [Code::CharterAmendmentInvalid]);
        assert_eq!(found(&world, &kept(&world, false, false), &all[1..]), []);
    }
}
