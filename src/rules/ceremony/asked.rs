//! Who is asked: what [`super::threshold`] and [`super::possession`] demand, as values for those
//! who prepare a ceremony. It decides nothing; a test holds it against the rules.

use std::collections::BTreeSet;

use super::approvals::people;
use super::change::Needs;
use super::{Approved, Proposal, possession, standing_people, threshold};
use crate::model::{CeremonyKind, Fingerprint, ReviewerId};
use crate::registry::Change;

/// Who is asked, and who has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whose approval counts.
    pub people: BTreeSet<ReviewerId>,
    /// Those whose approval in the role `authorise` is there and counts.
    pub approved: BTreeSet<ReviewerId>,
    /// How many of `people` must approve.
    pub needed: u64,
    /// How many people must approve, whether they are counted or not.
    pub at_least: u64,
    /// Why everybody is asked; empty where a number of them suffices.
    pub everybody_for: Vec<String>,
    /// People who approve with an old key of their own, or else everybody else approves.
    pub own: BTreeSet<ReviewerId>,
    /// People who lose their keys and have not approved it: they are left out of the count. With
    /// their approval the threshold suffices.
    pub against: BTreeSet<ReviewerId>,
    /// Whether the ceremony changes more than may be changed without them.
    pub against_more: bool,
    /// Owners of keys that are retired as compromised: left out of the count.
    pub compromised: BTreeSet<ReviewerId>,
    /// Keys that must sign the statement, in the role `possession`, and whose they are.
    pub possession: Vec<(ReviewerId, Option<Fingerprint>)>,
}

impl Asked {
    /// People who are asked and have not approved.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<ReviewerId> {
        self.people.difference(&self.approved).cloned().collect()
    }

    /// How many of `people` are still needed, counted by number alone.
    #[must_use]
    pub fn lacking(&self) -> u64 {
        let there = self.people.intersection(&self.approved).count() as u64;
        let people = self.approved.len() as u64;
        self.needed.saturating_sub(there).max(self.at_least.saturating_sub(people))
    }

    /// People whose own approval, or else that of everybody else, is still lacking.
    #[must_use]
    pub fn own_lacking(&self) -> BTreeSet<ReviewerId> {
        let others_approve = |who: &&ReviewerId| {
            let mut others = self.people.iter().filter(|person| person != who).peekable();
            others.peek().is_some() && others.all(|person| self.approved.contains(person))
        };
        let lacking = self.own.iter().filter(|who| !self.approved.contains(*who));
        lacking.filter(|who| !others_approve(who)).cloned().collect()
    }

    /// Whether enough people have approved; possession is another question.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.lacking() == 0
            && self.own_lacking().is_empty()
            && self.against.len() < 2
            && !self.against_more
    }
}

/// Who is asked for the changes of a proposal.
#[must_use]
pub fn asked(p: &Proposal<'_>, needs: &Needs, approved: &[Approved], changes: &[Change]) -> Asked {
    let everybody = standing_people(p.cx.registry);
    let approved = people(approved);
    let against: BTreeSet<ReviewerId> = needs.leaving().difference(&approved).cloned().collect();
    let mut left_out: BTreeSet<ReviewerId> = needs.compromised.union(&against).cloned().collect();
    let overrides = p.record.kind == CeremonyKind::Override;
    if overrides {
        left_out.extend(threshold::dissenters(p).0);
    }
    let asked: BTreeSet<ReviewerId> = everybody.difference(&left_out).cloned().collect();
    let count = asked.len() as u64;
    let mut everybody_for = needs.amendments.clone();
    if overrides {
        everybody_for.push("a dissent is overridden".to_owned());
    }
    everybody_for.extend(
        needs.renewed.iter().map(|who| format!("{who} gets a new key for a compromised one")),
    );
    let mut needed = threshold::threshold_of(p, count).max(1);
    if !everybody_for.is_empty() {
        needed = needed.max(count);
    }
    if !against.is_empty() {
        needed = needed.max((count / 2).saturating_add(1));
    }
    Asked {
        people: asked,
        approved,
        needed,
        at_least: if everybody.len() > 1 { 2 } else { 1 },
        everybody_for,
        own: needs.rotated.clone(),
        against_more: against.first().is_some_and(|who| threshold::more_than_leaving(needs, who)),
        against,
        compromised: needs.compromised.clone(),
        possession: possession::appearing(p, changes)
            .map(|entry| (entry.reviewer.clone(), entry.fingerprint))
            .collect(),
    }
}
