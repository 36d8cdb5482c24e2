//! Rule: an attested dissent blocks until the dissenter lifts it.

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::manifest::{Manifest, Signoff, Target};
use crate::model::text::shown;
use crate::model::{Oid, ReviewerId, Time};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::UnresolvedDissent,
    what: "A reviewer dissents, signed with their own key, and has not lifted it.",
    why: "A dissent that can be left out of the manifest is worth nothing, so it stays open until its author signs off without one.",
    fix: "Settle it with the dissenter, who then signs off without dissent; else an `override` ceremony, unanimous but for the dissenters, lifts it.",
}];

/// An attested dissent that nobody has lifted.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenDissent {
    /// Who dissents.
    pub reviewer: ReviewerId,
    /// The epoch whose gate it blocks.
    pub epoch: u64,
    /// In their words, unescaped.
    pub words: String,
    /// When they say they signed it.
    pub at: Time,
    /// The commit of the mainline that opened it.
    pub opened: Oid,
    /// Where it stands.
    pub place: Place,
}

impl OpenDissent {
    /// An attested sign-off that dissents. `next` is the epoch of the next gate: that of a
    /// dissent at a squash gate. `carrier` holds the manifest, and opens the dissent.
    #[must_use]
    pub fn of(manifest: &Manifest, signoff: &Signoff, carrier: Oid, next: u64) -> Self {
        Self {
            reviewer: signoff.reviewer_id.clone(),
            epoch: match manifest.target {
                Target::Epoch(epoch) => epoch,
                Target::Squash(_) => next,
            },
            words: signoff.dissent.clone(),
            at: signoff.timestamp,
            opened: carrier,
            place: Place::new(
                &manifest.source,
                Some(carrier),
                signoff.spot("dissent"),
                "the dissent stands here",
            ),
        }
    }
}

/// An attested sign-off without dissent, which lifts its author's older ones.
#[derive(Clone, Copy, Debug)]
pub struct Lifting<'a> {
    /// Whose.
    pub reviewer: &'a ReviewerId,
    /// When they say they signed it.
    pub at: Time,
}

/// Names every dissent that is still open at a gate of time `at`.
#[must_use]
pub fn check(
    cx: &Context<'_>,
    open: &[OpenDissent],
    lifting: &[Lifting<'_>],
    at: Time,
) -> Vec<Finding> {
    let days = cx.registry.policy.charter.as_ref().map_or(14, |charter| charter.dissent_days);
    open.iter()
        .filter(|dissent| {
            !lifting.iter().any(|l| *l.reviewer == dissent.reviewer && l.at > dissent.at)
        })
        .map(|dissent| {
            let age = at.unix().saturating_sub(dissent.at.unix()).max(0) / 86_400;
            Finding::new(
                Code::UnresolvedDissent,
                format!("{} dissents: \"{}\"", dissent.reviewer, shown(&dissent.words)),
            )
            .reviewer(&dissent.reviewer)
            .compared(
                format!("open for {age} days at this gate"),
                format!("no open dissent; {days} days are given to settle one"),
            )
            .signature_time(Some(dissent.at))
            .at(dissent.place.clone())
            .at_some(cx.policy_place("charter.dissent_days", "days are counted by this"))
            .help(format!(
                "settle it with {}, who then signs off without dissent, later than {}",
                dissent.reviewer, dissent.at
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, at, id, manifest};

    #[test]
    fn only_the_dissenters_own_later_signoff_lifts() {
        let world = World::new();
        let name = |n: &str| ReviewerId::new(n).unwrap();
        let (alice, bob) = (name("alice"), name("bob"));
        let open = [OpenDissent {
            epoch: 0,
            reviewer: alice.clone(),
            words: "no".into(),
            at: at("2026-02-01"),
            opened: id(1),
            place: Place::new(&manifest(0).source, Some(id(1)), crate::source::Spot::START, "here"),
        }];
        let run = |reviewer: &ReviewerId, t: &str| {
            let lifting = [Lifting { reviewer, at: at(t) }];
            check(&world.context(), &open, &lifting, at("2026-02-10")).len()
        };
        assert_eq!(run(&alice, "2026-02-02"), 0);
        assert_eq!(run(&alice, "2026-02-01"), 1, "signed before the dissent");
        assert_eq!(run(&bob, "2026-02-02"), 1);
        let found = check(&world.context(), &open, &[], at("2026-02-10"));
        assert_eq!(found[0].observed.as_deref(), Some("open for 9 days at this gate"));
    }
}
