//! Rule: enough people of the old registry approve.
//!
//! People are counted, never keys. Asked are those with a standing human key in the registry in
//! force; left out of the count are only owners of keys that the ceremony retires as compromised,
//! the one person whom it retires without their approval, and the dissenters whom an override
//! overrides.

use std::collections::BTreeSet;

use super::approvals::people;
use super::change::Needs;
use super::{Approved, Proposal, concern, listed, some_of, standing_people};
use crate::finding::{Code, Finding};
use crate::model::policy::QuorumRule;
use crate::model::{CeremonyKind, ReviewerId};

/// Whether the approvals suffice for the changes.
#[must_use]
pub fn check(p: &Proposal<'_>, needs: &Needs, approved: &[Approved]) -> Vec<Finding> {
    let mut refusal = Refusal { p, findings: Vec::new() };
    let everybody = standing_people(p.cx.registry);
    let yes = people(approved);
    let unasked: BTreeSet<ReviewerId> = needs.leaving().difference(&yes).cloned().collect();
    let mut left_out: BTreeSet<ReviewerId> = needs.compromised.clone();
    left_out.extend(unasked.iter().cloned());
    if p.record.kind == CeremonyKind::Override {
        left_out.extend(overridden(p, &mut refusal));
    }
    let asked: BTreeSet<ReviewerId> = everybody.difference(&left_out).cloned().collect();
    let for_it: BTreeSet<ReviewerId> = asked.intersection(&yes).cloned().collect();
    let missing: BTreeSet<ReviewerId> = asked.difference(&yes).cloned().collect();

    refusal.threshold(&asked, &for_it, &missing);
    if everybody.len() > 1 && yes.len() < 2 {
        refusal.say(
            "one person alone changes the registry of several",
            format!("approved by {}", listed(&yes)),
            "two people at the least, whatever the threshold".to_owned(),
            &missing,
        );
    }
    let unanimous = asked.is_subset(&yes) && !asked.is_empty();
    if !needs.amendments.is_empty() && !unanimous {
        let what = some_of(&needs.amendments, "; ");
        refusal.say(
            &format!("this is an amendment, which everybody approves: {what}"),
            format!("not by {}", listed(&missing)),
            format!("all of {}", listed(&asked)),
            &missing,
        );
    }
    if p.record.kind == CeremonyKind::Override && !unanimous {
        refusal.say(
            "a dissent is overridden only by everybody else",
            format!("not by {}", listed(&missing)),
            format!("all of {}", listed(&asked)),
            &missing,
        );
    }
    refusal.own_keys(needs, &asked, &yes);
    refusal.against_their_will(needs, &unasked, &asked, &for_it, &missing);
    refusal.findings
}

/// The dissenters whom an override names, and what else it names: each must have an attested
/// dissent on the mainline.
pub(super) fn dissenters(p: &Proposal<'_>) -> (BTreeSet<ReviewerId>, Vec<String>) {
    let mut dissenters = BTreeSet::new();
    let mut unknown = Vec::new();
    for text in &p.record.concerns {
        match concern(text) {
            Some((epoch, who)) if p.dissents.get(&who).is_some_and(|e| e.contains(&epoch)) => {
                dissenters.insert(who);
            }
            _ => unknown.push(crate::model::text::shown(text)),
        }
    }
    (dissenters, unknown)
}

fn overridden(p: &Proposal<'_>, refusal: &mut Refusal<'_>) -> BTreeSet<ReviewerId> {
    let (dissenters, unknown) = dissenters(p);
    if p.record.concerns.is_empty() || !unknown.is_empty() {
        let open: Vec<String> = p
            .dissents
            .iter()
            .flat_map(|(who, epochs)| {
                epochs.iter().map(move |epoch| format!("epoch-{epoch}:{who}"))
            })
            .collect();
        refusal.findings.push(
            Finding::new(
                Code::CeremonyMismatch,
                "an override names dissents that stood open on the mainline when it was prepared",
            )
            .compared(
                if unknown.is_empty() {
                    "nothing named".to_owned()
                } else {
                    some_of(&unknown, ", ")
                },
                if open.is_empty() {
                    "no dissent is open at `parent`".to_owned()
                } else {
                    some_of(&open, ", ")
                },
            )
            .at(p.place(p.record.spot("concerns"), "named here"))
            .help(
                "land the dissent first (epoch-N.dissent-REVIEWER.toml), then plan the override \
                 on top of it: gatecheck ceremony plan override",
            ),
        );
    }
    dissenters
}

struct Refusal<'a> {
    p: &'a Proposal<'a>,
    findings: Vec<Finding>,
}

impl Refusal<'_> {
    fn say(
        &mut self,
        message: &str,
        observed: String,
        required: String,
        missing: &BTreeSet<ReviewerId>,
    ) {
        let help = if missing.is_empty() {
            "no approval is missing; where nobody can approve this any more, the last way out is a new anchor".to_owned()
        } else {
            format!(
                "ask for approvals by {}: gatecheck ceremony approve; where nobody can give them any more, the last way out is a new anchor",
                listed(missing)
            )
        };
        self.findings.push(
            Finding::new(Code::UnauthorisedRegistryChange, message)
                .compared(observed, required)
                .at(self.p.place(self.p.record.spot("kind"), "this ceremony"))
                .at_some(self.p.cx.policy_place("ceremony.threshold", "the threshold stands here"))
                .help(help),
        );
    }

    fn threshold(
        &mut self,
        asked: &BTreeSet<ReviewerId>,
        for_it: &BTreeSet<ReviewerId>,
        missing: &BTreeSet<ReviewerId>,
    ) {
        let (there, needed) = (for_it.len() as u64, threshold_of(self.p, asked.len() as u64));
        if there < needed || there == 0 {
            self.say(
                "too few people approve this change of the registry",
                format!("{there} of {}: {}", asked.len(), listed(for_it)),
                format!("{} of {}", needed.max(1), listed(asked)),
                missing,
            );
        }
    }

    /// Keys change with their owner's approval, by an old key, or else by everybody else's.
    fn own_keys(
        &mut self,
        needs: &Needs,
        asked: &BTreeSet<ReviewerId>,
        yes: &BTreeSet<ReviewerId>,
    ) {
        for who in needs.rotated.iter().filter(|who| !yes.contains(*who)) {
            let mut others = asked.clone();
            others.remove(who);
            let missing: BTreeSet<ReviewerId> = others.difference(yes).cloned().collect();
            if others.is_empty() || !missing.is_empty() {
                self.say(
                    &format!("keys of {who} change without an approval by an old key of theirs"),
                    format!("not by {who}, nor by {}", listed(&missing)),
                    format!("an approval by {who}, or by everybody else"),
                    &missing,
                );
            }
        }
        for who in &needs.renewed {
            let missing: BTreeSet<ReviewerId> = asked.difference(yes).cloned().collect();
            if asked.is_empty() || !missing.is_empty() {
                self.say(
                    &format!(
                        "{who} gets a new key for a compromised one, which everybody else approves"
                    ),
                    format!("not by {}", listed(&missing)),
                    format!("all of {}", listed(asked)),
                    &missing,
                );
            }
        }
    }

    /// At most one person loses their keys without approving, and then nothing else happens.
    fn against_their_will(
        &mut self,
        needs: &Needs,
        unasked: &BTreeSet<ReviewerId>,
        asked: &BTreeSet<ReviewerId>,
        for_it: &BTreeSet<ReviewerId>,
        missing: &BTreeSet<ReviewerId>,
    ) {
        let Some(who) = unasked.first() else { return };
        if unasked.len() > 1 {
            self.say(
                "more than one person would lose their keys without approving it",
                listed(unasked),
                "at most one in a ceremony".to_owned(),
                unasked,
            );
        }
        if for_it.len().saturating_mul(2) <= asked.len() {
            self.say(
                &format!("{who} does not approve this, and too few of the others do"),
                format!("{} of {}", for_it.len(), asked.len()),
                "more than half of the others".to_owned(),
                missing,
            );
        }
        if more_than_leaving(needs, who) {
            self.say(
                &format!("{who} does not approve this, so that it changes nothing but who stands in for them"),
                "other changes beside it".to_owned(),
                "a ceremony of its own for the rest".to_owned(),
                unasked,
            );
        }
    }
}

/// Whether a ceremony does more than let somebody go and name who stands in for them.
pub(super) fn more_than_leaving(needs: &Needs, who: &ReviewerId) -> bool {
    let others = |people: &BTreeSet<ReviewerId>| people.iter().any(|one| one != who);
    !needs.amendments.is_empty()
        || !needs.enrolled.is_empty()
        || others(&needs.rotated)
        || others(&needs.retired)
        || others(&needs.compromised)
        || others(&needs.renewed)
        || others(&needs.concerned)
}

/// How many of so many people the policy in force asks for.
pub(super) fn threshold_of(p: &Proposal<'_>, asked: u64) -> u64 {
    needed(p.cx.registry.policy.ceremony.threshold, asked)
}

/// How many of so many people a rule asks for.
#[must_use]
pub fn needed(rule: QuorumRule, people: u64) -> u64 {
    match rule {
        QuorumRule::Unanimous => people,
        QuorumRule::Majority => (people / 2).saturating_add(1),
        QuorumRule::AtLeast(least) => least,
    }
}
