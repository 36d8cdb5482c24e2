//! Histories for the fold, told by bytes: whatever is told, no gate passes without the people it needs.

use std::collections::BTreeSet;

use gatecheck::ledger::Outcome;
use gatecheck::report::Verdict;

use super::fold::{
    By, DAY, DOMAINS, LATE, PEOPLE, Told, ToldCommit, ToldGate, ToldSignoff, fold, fold_knowing,
    oid, revoked, start, steps,
};

const RULES: [&str; 4] = ["\"unanimous\"", "\"majority\"", "{ at_least = 1 }", "{ at_least = 2 }"];

/// Bytes that run out say nothing.
pub(super) struct Teller<'a>(pub(super) std::slice::Iter<'a, u8>);

impl Teller<'_> {
    pub(super) fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    /// Mostly who is meant, seldom somebody else.
    pub(super) fn by(&mut self, meant: usize) -> By {
        match self.byte() {
            n @ 0xe0..=0xe6 => By::Person(usize::from(n - 0xe0)),
            0xe7 => By::Stranger,
            0xe8 => By::Bad,
            0xe9 => By::Nobody,
            _ => By::Person(meant),
        }
    }

    fn signoff(&mut self) -> ToldSignoff {
        let (who, domain) = (self.below(PEOPLE.len()), self.below(DOMAINS.len()));
        let (by, flags) = (self.by(who), self.byte());
        ToldSignoff {
            who,
            domain,
            by,
            early: i64::from(self.byte() % 30),
            dissent: flags & 7 == 7,
            withdrawn: flags & 0x38 == 0x38,
            roles: flags & 0x40 != 0,
        }
    }

    fn gate(&mut self) -> ToldGate {
        let signer = self.below(5);
        let (signer, flags) = (self.by(signer), self.byte());
        let count = self.below(5);
        ToldGate {
            signer,
            off: match flags & 0x1f {
                0x1f => 1,
                0x1e => -1,
                _ => 0,
            },
            wrong_previous: flags & 0x60 == 0x60,
            wrong_tree: flags & 0x90 == 0x90,
            signoffs: (0..count).map(|_| self.signoff()).collect(),
        }
    }

    fn told(&mut self) -> Told {
        let (rule, people, count) = (self.below(4), self.below(3), self.below(7));
        let commit = |teller: &mut Self| {
            let (days, touches) = (teller.byte(), teller.below(3));
            ToldCommit {
                days: i64::from(days) - 3,
                author: teller.below(PEOPLE.len()),
                touches: (touches < 2).then_some(touches),
                gate: (teller.byte() % 3 != 2).then(|| teller.gate()),
            }
        };
        let commits = (0..=count).map(|_| commit(self)).collect();
        Told { rule: RULES[rule], people: people as u64, commits }
    }
}

/// One history, its beginnings, with another clock, with a key found bad: recomputed from the telling
/// with none of the program's rules.
pub fn history(bytes: &[u8]) -> bool {
    let mut teller = Teller(bytes.iter());
    let told = teller.told();
    // At least one person, else nobody is asked for.
    let told = Told { people: told.people.max(1), ..told };
    let (start, steps) = (start(&told), steps(&told));
    let whole = fold(&start, &steps, LATE);
    let accepted = accepted(&whole);
    for at in &accepted {
        assert_deserved(&told, told.commits[*at].gate.as_ref().expect("a gate that was told"));
    }
    // What follows changes nothing.
    let cut = teller.below(steps.len() + 1);
    let shorter = fold(&start, &steps[..cut], LATE);
    assert_eq!(lines(&shorter), lines(&whole)[..shorter.gates.len()], "what follows decided");
    // Nor does the clock make anything better.
    let now =
        steps.first().and_then(|step| step.commit.as_ref().ok().map(|head| head.committer.time));
    let now = now.map_or(LATE, |time| time.unix()) + i64::from(teller.byte()) * 4 * DAY;
    for gate in fold(&start, &steps, now).gates {
        let later = whole.gates.iter().find(|later| later.carrier == gate.carrier);
        let later = later.expect("the same gates");
        assert!(gate.verdict != Verdict::Pass || later.verdict == Verdict::Pass, "by the clock");
    }
    // A key that turns out bad takes away, and never gives.
    let bad = teller.below(4);
    let hindsight = fold_knowing(&start, &steps, LATE, &[revoked(bad)]);
    for at in self::accepted(&hindsight) {
        assert!(accepted.contains(&at), "hindsight helped");
        let gate = told.commits[at].gate.as_ref().expect("a gate");
        assert_ne!(gate.signer, By::Person(bad), "signed by the bad key");
        assert!(gate.signoffs.iter().all(|signoff| signoff.by != By::Person(bad)));
    }
    !accepted.is_empty()
}

fn assert_deserved(told: &Told, gate: &ToldGate) {
    let honest = |s: &&ToldSignoff| s.by == By::Person(s.who) && s.who < 4 && !s.withdrawn;
    let people: BTreeSet<usize> = gate.signoffs.iter().filter(honest).map(|s| s.who).collect();
    let domains: BTreeSet<usize> = gate.signoffs.iter().filter(honest).map(|s| s.domain).collect();
    assert!(people.len() as u64 >= told.people, "too few people");
    let needed = if told.rule == RULES[2] { 1 } else { 2 };
    assert!(domains.len() >= needed, "too few domains");
    assert!(matches!(gate.signer, By::Person(0..4)), "signed by {:?}", gate.signer);
    assert!(!gate.wrong_previous && !gate.wrong_tree && gate.off == 0, "another gate");
    assert!(gate.signoffs.iter().all(|s| s.by == By::Person(s.who) && s.who < 4), "a bad sign-off");
    for dissent in gate.signoffs.iter().filter(|s| s.dissent) {
        let mut own = gate.signoffs.iter().filter(|s| s.who == dissent.who && !s.dissent);
        assert!(own.any(|s| s.early < dissent.early), "a dissent was overlooked");
    }
}

/// Places of the accepted gates among the commits of the telling.
fn accepted(outcome: &Outcome) -> Vec<usize> {
    let gates = outcome.gates.iter().filter(|gate| gate.verdict == Verdict::Pass);
    gates.filter_map(|gate| (0..16).find(|at| oid(at + 1) == gate.carrier)).collect()
}

fn lines(outcome: &Outcome) -> Vec<(String, Verdict, Vec<(bool, bool)>)> {
    let rows = |gate: &gatecheck::report::GateReport| {
        gate.signoffs.iter().map(|s| (s.attested, s.counted)).collect()
    };
    outcome.gates.iter().map(|g| (g.carrier.to_string(), g.verdict, rows(g))).collect()
}
