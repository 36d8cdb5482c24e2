//! Rule: dates are plausible. They never decide who may act, except that a date in the future of
//! the run leaves the verdict open.

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::{Age, Time};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::FutureDated,
        what: "A date lies in the future of this run.",
        why: "Either the date or this machine's clock is wrong, and nobody can tell which from here.",
        fix: "Check this machine's clock, or give the time to judge at with `--at`; else have the commit made again.",
    },
    CodeDoc {
        code: Code::ClockSkew,
        what: "The signature's own date and the committer date are further apart than `[policy.clock] max_skew`.",
        why: "Both dates are free text; a large difference hints at a commit that was rewritten after signing, or at a wrong clock.",
        fix: "Check the clock of the machine that signed.",
    },
    CodeDoc {
        code: Code::NonMonotonicTime,
        what: "A mainline commit is dated after a later gate, or before an earlier one.",
        why: "Ages of reviews are measured by these dates, so they should run forward.",
        fix: "Check the clocks of the machines that made these commits.",
    },
];

/// Checks the dates of one judged commit.
#[must_use]
pub fn check(cx: &Context<'_>, signed: Option<Time>, committed: Time) -> Vec<Finding> {
    let mut findings = Vec::new();
    let latest = signed.map_or(committed, |signed| signed.max(committed));
    if latest > cx.now {
        findings.push(future(latest, cx.now));
    }
    let skew = cx.registry.policy.max_skew;
    if let Some(signed) = signed.filter(|signed| apart(*signed, committed, skew)) {
        findings.push(
            Finding::new(Code::ClockSkew, "signature date and committer date are far apart")
                .compared(
                    format!("signed {signed}, committed {committed}"),
                    format!("at most {skew} apart"),
                )
                .at_some(cx.policy_place("clock.max_skew", "allowed here"))
                .help("check the clock of the machine that signed"),
        );
    }
    if let Some(gate) =
        cx.previous_time.filter(|gate| committed < *gate && apart(*gate, committed, skew))
    {
        findings.push(
            Finding::new(
                Code::NonMonotonicTime,
                "the commit is dated before the gate that it follows",
            )
            .compared(format!("committed {committed}"), format!("not long before {gate}"))
            .help("check the clocks of the machines that made these commits"),
        );
    }
    findings
}

/// A date in the future of the run.
#[must_use]
pub fn future(date: Time, now: Time) -> Finding {
    Finding::new(Code::FutureDated, "a date lies in the future of this run")
        .compared(date.to_string(), format!("a time up to {now}"))
        .help("check this machine's clock, or give the time to judge at with `--at`")
}

/// Whether two times are further apart than an age, whichever is first.
#[must_use]
pub fn apart(a: Time, b: Time, age: Age) -> bool {
    let (early, late) = if a <= b { (a, b) } else { (b, a) };
    early.plus(age) < late
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, at};

    #[test]
    fn plausible_dates_say_nothing() {
        let world = World::new();
        assert_eq!(check(&world.context(), Some(at("2026-02-01")), at("2026-02-02")), vec![]);
    }

    #[test]
    fn implausible_dates_are_named() {
        let world = World::new();
        let mut cx = world.context();
        let codes = |cx: &Context<'_>, s, c| {
            check(cx, Some(at(s)), at(c)).iter().map(|f| f.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&cx, "2026-02-01", "2026-02-02T00:00:01Z"), vec![Code::ClockSkew]);
        cx.now = at("2026-01-15");
        assert_eq!(codes(&cx, "2026-02-01", "2026-02-01"), vec![Code::FutureDated]);
        cx.now = at("2026-12-01");
        cx.previous_time = Some(at("2026-03-01"));
        assert_eq!(codes(&cx, "2026-02-01", "2026-02-01"), vec![Code::NonMonotonicTime]);
    }
}
