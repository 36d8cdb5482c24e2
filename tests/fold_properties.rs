//! What must hold of the fold for every history, told in random gates by random people.
//!
//! Half of the gates of a telling would pass by themselves; the others are broken in one or more
//! ways. `PROPTEST_CASES=5000` tells more of them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

mod fold;

use std::collections::{BTreeMap, BTreeSet};

use fold::*;
use gatecheck::finding::{Code, Severity};
use gatecheck::ledger::Outcome;
use gatecheck::model::Oid;
use gatecheck::model::manifest::PreviousGate;
use gatecheck::model::step::Step;
use gatecheck::report::{GateReport, Verdict};
use proptest::prelude::*;

fn signoff() -> impl Strategy<Value = ToldSignoff> {
    let own = (0..PEOPLE.len(), 0..DOMAINS.len());
    let by = prop_oneof![
        12 => Just(None),
        1 => (0..PEOPLE.len()).prop_map(|who| Some(By::Person(who))),
        1 => prop_oneof![Just(By::Stranger), Just(By::Bad), Just(By::Nobody)].prop_map(Some),
    ];
    let rare = || prop::bool::weighted(0.05);
    (own, by, 0..30i64, rare(), rare(), prop::bool::ANY).prop_map(
        |((who, domain), by, early, dissent, withdrawn, roles)| ToldSignoff {
            who,
            domain,
            by: by.unwrap_or(By::Person(who)),
            early,
            dissent,
            withdrawn,
            roles,
        },
    )
}

/// Two people whose sign-offs suffice for every policy of the tellings.
fn enough() -> impl Strategy<Value = Vec<ToldSignoff>> {
    (0..4usize, 1..4usize).prop_map(|(first, more)| {
        [(first, 0), ((first + more) % 4, 1)]
            .map(|(who, domain)| ToldSignoff {
                who,
                domain,
                by: By::Person(who),
                early: 1,
                dissent: false,
                withdrawn: false,
                roles: false,
            })
            .to_vec()
    })
}

fn gate() -> impl Strategy<Value = ToldGate> {
    let signer = prop_oneof![
        12 => (0..4usize).prop_map(By::Person),
        1 => (0..PEOPLE.len()).prop_map(By::Person),
        1 => prop_oneof![Just(By::Stranger), Just(By::Bad), Just(By::Nobody)],
    ];
    let signoffs = prop_oneof![
        2 => enough(),
        1 => (enough(), prop::collection::vec(signoff(), 1..3))
            .prop_map(|(enough, more)| [enough, more].concat()),
        1 => prop::collection::vec(signoff(), 0..5),
    ];
    let off = prop_oneof![12 => Just(0i64), 1 => -1..=1i64];
    let rare = || prop::bool::weighted(0.04);
    (signer, off, rare(), rare(), signoffs).prop_map(
        |(signer, off, wrong_previous, wrong_tree, signoffs)| ToldGate {
            signer,
            off,
            wrong_previous,
            wrong_tree,
            signoffs,
        },
    )
}

fn commit() -> impl Strategy<Value = ToldCommit> {
    let days = prop_oneof![8 => 2..40i64, 1 => Just(190i64), 1 => -3..2i64];
    let gate = prop_oneof![2 => gate().prop_map(Some), 1 => Just(None)];
    (days, 0..PEOPLE.len(), prop::option::of(0..DOMAINS.len()), gate)
        .prop_map(|(days, author, touches, gate)| ToldCommit { days, author, touches, gate })
}

fn told() -> impl Strategy<Value = Told> {
    let rule = prop_oneof![
        Just("\"unanimous\""),
        Just("\"majority\""),
        Just("{ at_least = 1 }"),
        Just("{ at_least = 2 }")
    ];
    (rule, 1..=2u64, prop::collection::vec(commit(), 1..8))
        .prop_map(|(rule, people, commits)| Told { rule, people, commits })
}

/// A gate as far as anybody later builds on it.
type Line = (Oid, Verdict, Vec<(String, String, bool, bool)>);

fn line(gate: &GateReport) -> Line {
    let signoffs = gate.signoffs.iter();
    let rows = signoffs
        .map(|s| (s.reviewer_id.to_string(), s.domain.to_string(), s.attested, s.counted))
        .collect();
    (gate.carrier, gate.verdict, rows)
}

fn lines(outcome: &Outcome) -> Vec<Line> {
    outcome.gates.iter().map(line).collect()
}

/// Places of the accepted gates among the commits of the telling.
fn accepted(outcome: &Outcome) -> Vec<usize> {
    let passed = |at: &usize| judged(outcome, *at).is_some_and(|g| g.verdict == Verdict::Pass);
    (0..outcome.commits.len()).filter(passed).collect()
}

/// What was said of the gate of one commit. `None` where it was no gate: it changed the manifest
/// of an accepted one.
fn judged(outcome: &Outcome, at: usize) -> Option<&GateReport> {
    outcome.gates.iter().find(|gate| gate.carrier == oid(at + 1))
}

/// One of the gates that are told: its place, its telling, and what was said of it.
fn choose<'a>(
    told: &'a Told,
    outcome: &'a Outcome,
    which: usize,
) -> Option<(usize, &'a ToldGate, &'a GateReport)> {
    let gates = told.commits.iter().enumerate();
    let gates = gates.filter_map(|(at, c)| Some((at, c.gate.as_ref()?, judged(outcome, at)?)));
    let gates: Vec<_> = gates.collect();
    gates.get(which % gates.len().max(1)).copied()
}

/// The codes of a commit's errors.
fn errors(outcome: &Outcome, commit: Oid) -> BTreeSet<Code> {
    let all = outcome.findings.iter().filter(|f| f.commit == Some(commit));
    all.filter(|f| f.severity == Severity::Error).map(|f| f.code).collect()
}

/// The steps again, with another telling of one gate; all later steps stay as they were.
fn with_gate(told: &Told, steps: &[Step], at: usize, gate: Option<ToldGate>) -> Vec<Step> {
    let mut other = told.clone();
    other.commits.truncate(at + 1);
    other.commits[at].gate = gate;
    let mut changed = steps.to_vec();
    changed[at] = fold::steps(&other).remove(at);
    changed
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Recomputed from the telling alone, with none of the program's rules.
    #[test]
    fn an_accepted_gate_has_people_enough_and_no_key_that_must_not_count(told in told()) {
        let outcome = fold(&start(&told), &steps(&told), LATE);
        for (at, commit) in told.commits.iter().enumerate() {
            // Whether a changed manifest of an accepted gate is one more gate is only a word.
            let changed = errors(&outcome, oid(at + 1)).contains(&Code::ManifestChanged);
            prop_assert!(changed || judged(&outcome, at).is_some() == commit.gate.is_some());
        }
        for at in accepted(&outcome) {
            let gate = told.commits[at].gate.as_ref().unwrap();
            let honest = |s: &&ToldSignoff| s.by == By::Person(s.who) && s.who < 4 && !s.withdrawn;
            let people: BTreeSet<usize> = gate.signoffs.iter().filter(honest).map(|s| s.who).collect();
            let by_domain: BTreeSet<usize> =
                gate.signoffs.iter().filter(honest).map(|s| s.domain).collect();
            prop_assert!(people.len() as u64 >= told.people);
            let needed = if told.rule == "{ at_least = 1 }" { 1 } else { 2 };
            prop_assert!(by_domain.len() >= needed, "{} domains", by_domain.len());
            prop_assert!(matches!(gate.signer, By::Person(0..4)), "signed by {:?}", gate.signer);
            prop_assert!(!gate.wrong_previous && !gate.wrong_tree && gate.off == 0);
            prop_assert!(gate.signoffs.iter().all(|s| s.by == By::Person(s.who) && s.who < 4));
            for dissent in gate.signoffs.iter().filter(|s| s.dissent) {
                let mut own = gate.signoffs.iter().filter(|s| s.who == dissent.who && !s.dissent);
                prop_assert!(own.any(|s| s.early < dissent.early), "a dissent was overlooked");
            }
        }
    }

    /// Otherwise nothing is said about gates that are accepted.
    #[test]
    fn a_gate_without_fault_is_accepted(gate in enough(), signer in 0..4usize, people in 1..=2u64) {
        let gate = ToldGate {
            signer: By::Person(signer), off: 0, wrong_previous: false, wrong_tree: false,
            signoffs: gate,
        };
        let commit = ToldCommit { days: 3, author: 4, touches: Some(0), gate: Some(gate) };
        let told = Told { rule: "\"unanimous\"", people, commits: vec![commit; 3] };
        let outcome = fold(&start(&told), &steps(&told), LATE);
        prop_assert_eq!(accepted(&outcome), vec![0, 1, 2], "{:#?}", outcome.findings);
    }

    #[test]
    fn commits_that_follow_change_no_verdict(told in told(), more in prop::collection::vec(commit(), 1..4)) {
        let before = fold(&start(&told), &steps(&told), LATE);
        let mut longer = told.clone();
        longer.commits.extend(more.into_iter().map(|commit| ToldCommit { gate: None, ..commit }));
        let after = fold(&start(&longer), &steps(&longer), LATE);
        prop_assert_eq!(lines(&before), lines(&after));
        let told = |outcome: &Outcome| -> Vec<_> {
            let findings = outcome.findings.iter().filter(|f| f.code != Code::NotCovered);
            findings.filter(|f| f.commit.is_some()).cloned().collect()
        };
        // Ordinary commits can bring findings of their own; none goes away.
        for finding in told(&before) {
            prop_assert!(told(&after).contains(&finding), "{:#?} went away", finding);
        }
    }

    #[test]
    fn the_order_of_signoffs_decides_nothing(told in told(), turn in 0..5usize) {
        let steps = steps(&told);
        let before = fold(&start(&told), &steps, LATE);
        let mut other = told.clone();
        for gate in other.commits.iter_mut().filter_map(|commit| commit.gate.as_mut()) {
            let turn = turn % gate.signoffs.len().max(1);
            gate.signoffs.rotate_left(turn);
            if turn % 2 == 1 {
                gate.signoffs.reverse();
            }
        }
        let after = fold(&start(&other), &fold::steps(&other), LATE);
        let sorted = |outcome: &Outcome| -> Vec<Line> {
            let mut lines = lines(outcome);
            lines.iter_mut().for_each(|(_, _, rows)| rows.sort());
            lines
        };
        prop_assert_eq!(sorted(&before), sorted(&after));
    }

    /// "Every error in a sign-off refuses the gate, even where the others would suffice."
    #[test]
    fn one_more_signoff_that_does_not_count_never_helps(
        told in told(), which in 0..8usize, who in 0..PEOPLE.len(), domain in 0..DOMAINS.len(),
        by in prop_oneof![Just(By::Stranger), Just(By::Bad), Just(By::Nobody), Just(By::Person(5)), Just(By::Person(6))],
    ) {
        let steps = steps(&told);
        let before = fold(&start(&told), &steps, LATE);
        let Some((at, gate, seen)) = choose(&told, &before, which) else { return Ok(()) };
        let mut gate = gate.clone();
        let more = ToldSignoff { who, domain, by, early: 1, dissent: false, withdrawn: false, roles: true };
        gate.signoffs.push(more);
        let after = fold(&start(&told), &with_gate(&told, &steps, at, Some(gate)), LATE);
        prop_assert_ne!(seen.verdict, Verdict::Undecided);
        prop_assert_eq!(judged(&after, at).unwrap().verdict, Verdict::Refused);
        for earlier in 0..at {
            prop_assert_eq!(judged(&before, earlier).map(line), judged(&after, earlier).map(line));
        }
    }

    /// Taking away a sign-off that is at fault may help; taking away one that counts never does,
    /// unless that person stood for several domains, or it was the date that made others stale.
    #[test]
    fn one_counted_signoff_less_never_helps(told in told(), which in 0..8usize, row in 0..8usize) {
        let steps = steps(&told);
        let before = fold(&start(&told), &steps, LATE);
        let Some((at, gate, seen)) = choose(&told, &before, which) else { return Ok(()) };
        if seen.verdict != Verdict::Refused || gate.signoffs.is_empty() {
            return Ok(());
        }
        let row = row % gate.signoffs.len();
        let taken = &gate.signoffs[row];
        let several = errors(&before, seen.carrier).contains(&Code::MultiDomainUnjustified);
        if !seen.signoffs[row].counted || taken.dissent || several {
            return Ok(());
        }
        let mut less = gate.clone();
        less.signoffs.remove(row);
        let after = fold(&start(&told), &with_gate(&told, &steps, at, Some(less)), LATE);
        let after = judged(&after, at).unwrap();
        prop_assert_eq!(after.verdict, Verdict::Refused, "{:#?}", before.findings);
    }

    /// What was refused leaves nothing behind but its attested dissents.
    #[test]
    fn a_refused_gate_leaves_the_state_as_an_ordinary_commit_does(told in told(), which in 0..8usize) {
        let steps = steps(&told);
        let before = fold(&start(&told), &steps, LATE);
        let Some((at, gate, seen)) = choose(&told, &before, which) else { return Ok(()) };
        let dissents = gate.signoffs.iter().zip(&seen.signoffs);
        let open = dissents.into_iter().any(|(told, seen)| told.dissent && seen.attested);
        if seen.verdict != Verdict::Refused || open {
            return Ok(());
        }
        let after = fold(&start(&told), &with_gate(&told, &steps, at, None), LATE);
        let mut expected = lines(&before);
        expected.retain(|(carrier, ..)| *carrier != seen.carrier);
        prop_assert_eq!(expected, lines(&after));
        let later = |outcome: &Outcome| -> BTreeMap<Oid, BTreeSet<Code>> {
            let ids = steps[at + 1..].iter().map(|step| step.id);
            ids.map(|id| (id, errors(outcome, id))).collect()
        };
        prop_assert_eq!(later(&before), later(&after));
        prop_assert_eq!(before.covered, after.covered);
    }

    /// A dissent once attested is not forgotten because its gate was refused.
    #[test]
    fn a_refused_dissent_stays_open(who in 0..4usize, next in enough()) {
        let by = |who| ToldSignoff {
            who, domain: 0, by: By::Person(who), early: 1, dissent: true, withdrawn: false, roles: false,
        };
        prop_assume!(next.iter().all(|s| s.who != who));
        let gate = |signoffs| ToldGate {
            signer: By::Person(0), off: 0, wrong_previous: false, wrong_tree: false, signoffs,
        };
        let commit = |signoffs| ToldCommit { days: 3, author: 4, touches: Some(0), gate: Some(gate(signoffs)) };
        let refused = [next.clone(), vec![by(who)]].concat();
        let lifted = ToldSignoff { dissent: false, ..by(who) };
        let told = Told {
            rule: "\"unanimous\"", people: 2,
            commits: vec![commit(refused), commit(next.clone()), commit([next, vec![lifted]].concat())],
        };
        let outcome = fold(&start(&told), &steps(&told), LATE);
        prop_assert_eq!(accepted(&outcome), vec![2]);
        for refused in &outcome.gates[..2] {
            prop_assert!(errors(&outcome, refused.carrier).contains(&Code::UnresolvedDissent));
        }
    }

    /// The clock of the run changes no verdict on what lies behind it, and never makes one better.
    #[test]
    fn the_clock_of_the_run_judges_nothing(told in told(), days in -5..400i64, years in 0..20i64) {
        let (start, steps) = (start(&told), steps(&told));
        let late = fold(&start, &steps, LATE);
        let later = fold(&start, &steps, LATE + years * 366 * DAY);
        prop_assert_eq!(&late.findings, &later.findings);
        prop_assert_eq!(lines(&late), lines(&later));
        let early = fold(&start, &steps, BEGIN + days * DAY);
        prop_assert_eq!(early.gates.len(), late.gates.len());
        for (early_gate, late_gate) in early.gates.iter().zip(&late.gates) {
            let future = early.findings.iter().any(|f| {
                f.code == Code::FutureDated && f.commit == Some(early_gate.carrier)
            });
            if !future {
                prop_assert_eq!(line(early_gate), line(late_gate));
                continue;
            }
            // The same people count, so that the state which later gates meet is the same.
            prop_assert_eq!(line(early_gate).2, line(late_gate).2);
            prop_assert_ne!(early_gate.verdict, Verdict::Pass);
            // No age is judged in the future of the run, and what follows from age is not either.
            if !errors(&late, late_gate.carrier).contains(&Code::ReviewerStale) {
                prop_assert_eq!(early_gate.verdict, late_gate.verdict.max(Verdict::Undecided));
            }
        }
    }
}

/// Of two gates in one commit, hindsight refuses the one that rests on the bad key.
#[test]
fn hindsight_finds_the_right_one_of_two_gates_in_a_commit() {
    let signoff = |who, domain| ToldSignoff {
        who,
        domain,
        by: By::Person(who),
        early: 1,
        dissent: false,
        withdrawn: false,
        roles: false,
    };
    let gate = ToldGate {
        signer: By::Person(0),
        off: 0,
        wrong_previous: false,
        wrong_tree: false,
        signoffs: vec![signoff(0, 0), signoff(3, 1)],
    };
    let commit = ToldCommit { days: 3, author: 4, touches: Some(0), gate: Some(gate) };
    let told = Told { rule: "\"unanimous\"", people: 2, commits: vec![commit] };
    let mut steps = steps(&told);
    add_squash(&mut steps[0], &[1, 2], PreviousGate::None, BEGIN + 3 * DAY);
    let verdicts = |outcome: &Outcome| -> Vec<Verdict> {
        outcome.gates.iter().map(|gate| gate.verdict).collect()
    };
    let start = start(&told);
    let before = fold(&start, &steps, LATE);
    assert_eq!(verdicts(&before), [Verdict::Pass, Verdict::Pass], "{:#?}", before.findings);
    let squash = fold_knowing(&start, &steps, LATE, &[revoked(1)]);
    assert_eq!(verdicts(&squash), [Verdict::Pass, Verdict::Refused]);
    assert!(!squash.gates[1].signoffs[0].counted && squash.gates[1].signoffs[1].counted);
    let epoch = fold_knowing(&start, &steps, LATE, &[revoked(3)]);
    assert_eq!(verdicts(&epoch), [Verdict::Refused, Verdict::Pass]);
    let both = fold_knowing(&start, &steps, LATE, &[revoked(0)]);
    assert_eq!(verdicts(&both), [Verdict::Refused, Verdict::Refused], "it signed the commit");
}
