//! Rule: whoever vouches has taken part recently, and has been introduced.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, CodeDoc, Finding, Severity};
use crate::model::policy::{CosignScope, CurrencyPolicy};
use crate::model::{DomainId, ReviewerId, Time};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::ReviewerStale,
        what: "The reviewer has missed more epochs, or more time, than `[policy.currency]` allows, and nobody current signed beside them.",
        why: "Somebody who has not looked at the project for long does not know what they vouch for; and a key that nobody uses is a key whose theft nobody notices.",
        fix: "Have a current reviewer sign off beside them. When nobody in the needed scope is current, a ceremony of kind `requalify` is the way out.",
    },
    CodeDoc {
        code: Code::ReviewerNotQualified,
        what: "The reviewer is new, and nobody current and qualified signed beside them.",
        why: "A newcomer's first sign-offs are countersigned, so that enrolling one person never hands over a domain at once.",
        fix: "Have a current, qualified reviewer sign off in the same scope.",
    },
];

const MAX_AGE: &str = "currency.max_age";

/// What the fold knows about a reviewer's participation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participation {
    /// The last epoch taken part in; −1 and below stand for "before the first".
    pub last_epoch: i64,
    /// The time of it.
    pub last_time: Time,
    /// Needs no co-sign for being new.
    pub qualified: bool,
    /// Accepted gates with a counted sign-off since being enrolled.
    pub cosigned: u64,
}

/// What a reviewer is at one gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Current and qualified: counts alone, and can help others.
    Unaided,
    /// Counts only beside somebody who counts alone.
    NeedsHelp {
        /// `reviewer-stale` or `reviewer-not-qualified`.
        code: Code,
        /// What was seen.
        observed: String,
        /// What policy asks.
        required: String,
        /// Which field of the policy decided.
        field: &'static str,
    },
}

/// Up to which epoch and up to which moment somebody stays current, both included. −1 and below
/// stand for epochs before the first.
#[must_use]
pub fn current_until(policy: &CurrencyPolicy, known: &Participation) -> (i64, Time) {
    let epochs = i64::try_from(policy.max_epochs).unwrap_or(i64::MAX);
    (known.last_epoch.saturating_add(epochs), known.last_time.plus(policy.max_age))
}

/// How many co-signed gates a newcomer still lacks; 0 for everybody else.
#[must_use]
pub fn cosigns_lacking(policy: &CurrencyPolicy, known: &Participation) -> u64 {
    if known.qualified { 0 } else { policy.newcomer_cosigns.saturating_sub(known.cosigned) }
}

/// Judges one reviewer at epoch `epoch`, time `at`.
#[must_use]
pub fn condition(
    cx: &Context<'_>,
    known: Option<&Participation>,
    epoch: u64,
    at: Time,
) -> Condition {
    let policy = &cx.registry.policy.currency;
    let Some(known) = known else {
        return Condition::NeedsHelp {
            code: Code::ReviewerNotQualified,
            observed: "never seen before".to_owned(),
            required: format!("{} co-signed gates", policy.newcomer_cosigns),
            field: "currency.newcomer_cosigns",
        };
    };
    let epoch = i64::try_from(epoch).unwrap_or(i64::MAX);
    let (last_epoch, last_time) = current_until(policy, known);
    if epoch > last_epoch {
        let missed = epoch.saturating_sub(known.last_epoch);
        return Condition::NeedsHelp {
            code: Code::ReviewerStale,
            observed: format!(
                "{missed} epochs since the last participation (epoch {})",
                known.last_epoch
            ),
            required: format!("at most {} epochs", policy.max_epochs),
            field: "currency.max_epochs",
        };
    }
    if last_time < at {
        return Condition::NeedsHelp {
            code: Code::ReviewerStale,
            observed: format!("last participation {}, judged at {at}", known.last_time),
            required: format!("at most {} apart", policy.max_age),
            field: MAX_AGE,
        };
    }
    if cosigns_lacking(policy, known) > 0 {
        return Condition::NeedsHelp {
            code: Code::ReviewerNotQualified,
            observed: format!(
                "{} of {} co-signed gates so far",
                known.cosigned, policy.newcomer_cosigns
            ),
            required: format!("{} co-signed gates", policy.newcomer_cosigns),
            field: "currency.newcomer_cosigns",
        };
    }
    Condition::Unaided
}

/// One attested, otherwise eligible sign-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Whose.
    pub reviewer: &'a ReviewerId,
    /// For which domain.
    pub domain: &'a DomainId,
}

/// Judges all candidates of a gate together: `None` for one that counts, else the refusal.
/// Nobody requalifies in a circle: help comes only from people who need none.
#[must_use]
pub fn check(
    cx: &Context<'_>,
    candidates: &[Candidate<'_>],
    participation: &BTreeMap<ReviewerId, Participation>,
    epoch: u64,
    at: Time,
) -> Vec<Option<Finding>> {
    let conditions: Vec<Condition> = candidates
        .iter()
        .map(|c| condition(cx, participation.get(c.reviewer), epoch, at))
        .collect();
    let scope = cx.registry.policy.currency.cosign_scope;
    let within = |one: &Candidate<'_>| match scope {
        CosignScope::Gate => None,
        CosignScope::Domain => Some(one.domain.clone()),
    };
    let mut helpers: BTreeMap<Option<DomainId>, BTreeSet<&ReviewerId>> = BTreeMap::new();
    for (one, condition) in candidates.iter().zip(&conditions) {
        if *condition == Condition::Unaided {
            helpers.entry(within(one)).or_default().insert(one.reviewer);
        }
    }
    let helped = |me: &Candidate<'_>| {
        let helpers = helpers.get(&within(me));
        helpers.is_some_and(|helpers| helpers.iter().any(|other| *other != me.reviewer))
    };
    candidates
        .iter()
        .zip(&conditions)
        .map(|(me, condition)| match condition {
            Condition::Unaided => None,
            Condition::NeedsHelp { .. } if helped(me) => None,
            Condition::NeedsHelp { code, observed, required, field } => {
                let refusal = refusal(cx, me, *code, observed, required, field);
                // No age is judged at a date in the future of the run. The sign-off does not
                // count all the same: else the clock would choose the state that later gates meet.
                let open = *field == MAX_AGE && at > cx.now;
                Some(if open { refusal.severity(Severity::Undecided) } else { refusal })
            }
        })
        .collect()
}

fn refusal(
    cx: &Context<'_>,
    me: &Candidate<'_>,
    code: Code,
    observed: &str,
    required: &str,
    field: &str,
) -> Finding {
    let scope = match cx.registry.policy.currency.cosign_scope {
        CosignScope::Domain => format!("in {}", me.domain),
        CosignScope::Gate => "in this gate".to_owned(),
    };
    let what = if code == Code::ReviewerStale { "is stale" } else { "is not yet qualified" };
    Finding::new(
        code,
        format!("{} {what}, and nobody current and qualified signed beside them {scope}", me.reviewer),
    )
    .reviewer(me.reviewer)
    .domain(me.domain)
    .compared(observed, required)
    .at_some(cx.policy_place(field, "asked for here"))
    .help(format!(
        "have a current, qualified reviewer sign off {scope} too; when nobody is, a ceremony of kind `requalify` with a charter acknowledgment is the way out"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Age;
    use crate::rules::testing::{World, at};

    fn seen(last_epoch: i64, time: &str, qualified: bool, cosigned: u64) -> Participation {
        Participation { last_epoch, last_time: at(time), qualified, cosigned }
    }

    fn code(known: Participation, epoch: u64, t: &str) -> Option<Code> {
        let world = World::new();
        match condition(&world.context(), Some(&known), epoch, at(t)) {
            Condition::Unaided => None,
            Condition::NeedsHelp { code, .. } => Some(code),
        }
    }

    #[test]
    fn both_limits_hold_to_the_day() {
        assert_eq!(code(seen(5, "2026-01-15", true, 0), 7, "2026-07-15"), None);
        assert_eq!(
            code(seen(4, "2026-01-15", true, 0), 7, "2026-07-15"),
            Some(Code::ReviewerStale)
        );
        assert_eq!(
            code(seen(6, "2026-01-15", true, 0), 7, "2026-07-15T00:00:01Z"),
            Some(Code::ReviewerStale)
        );
        assert_eq!(code(seen(-1, "2026-01-15", true, 0), 1, "2026-01-16"), None);
    }

    #[test]
    fn an_age_in_the_future_of_the_run_is_left_open_and_does_not_count() {
        let world = World::new();
        let mut cx = world.context();
        cx.now = at("2026-02-01");
        let (name, kernel) = (ReviewerId::new("alice").unwrap(), DomainId::new("kernel").unwrap());
        let severity = |known: Participation| {
            let people = BTreeMap::from([(name.clone(), known)]);
            let me = [Candidate { reviewer: &name, domain: &kernel }];
            check(&cx, &me, &people, 7, at("2030-01-01")).remove(0).unwrap().severity
        };
        assert_eq!(severity(seen(6, "2026-01-15", true, 0)), Severity::Undecided);
        assert_eq!(
            severity(seen(4, "2026-01-15", true, 0)),
            Severity::Error,
            "epochs have no clock"
        );
    }

    #[test]
    fn newcomers_need_help_until_they_have_had_it() {
        assert_eq!(
            code(seen(5, "2026-01-15", false, 1), 6, "2026-02-01"),
            Some(Code::ReviewerNotQualified)
        );
        assert_eq!(code(seen(5, "2026-01-15", false, 2), 6, "2026-02-01"), None);
    }

    #[test]
    fn help_comes_only_from_those_who_need_none() {
        let mut world = World::new();
        world.registry.policy.currency.max_age = Age::Months(6);
        let cx = world.context();
        let name = |n: &str| ReviewerId::new(n).unwrap();
        let (alice, bob) = (name("alice"), name("bob"));
        let (kernel, docs) = (DomainId::new("kernel").unwrap(), DomainId::new("docs").unwrap());
        let stale = seen(0, "2026-01-15", true, 0);
        let fresh = seen(6, "2026-01-15", true, 0);
        let run = |b: Participation, domain: &DomainId| {
            let people = BTreeMap::from([(alice.clone(), stale), (bob.clone(), b)]);
            let candidates = [
                Candidate { reviewer: &alice, domain: &kernel },
                Candidate { reviewer: &bob, domain },
            ];
            check(&cx, &candidates, &people, 7, at("2026-02-01"))
                .iter()
                .map(Option::is_none)
                .collect::<Vec<_>>()
        };
        assert_eq!(run(fresh, &kernel), [true, true]);
        assert_eq!(run(fresh, &docs), [false, true], "help stands in the same domain");
        assert_eq!(run(stale, &kernel), [false, false], "nobody requalifies in a circle");
    }
}
