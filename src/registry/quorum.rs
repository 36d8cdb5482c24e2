//! `[policy.quorum]`, and the rule words that it shares with ceremonies.

use super::words::{chosen, people, refuse};
use crate::model::gate::MAX_EPOCH;
use crate::model::policy::{Quorum, QuorumPolicy, QuorumRule};
use crate::source::Spot;
use crate::tables::{Kind, Table};

use super::policy::Spots;

pub(super) fn quorum(policy: &mut Table<'_>, spots: &mut Spots) -> QuorumPolicy {
    let mut quorum = QuorumPolicy::default();
    let Some(mut table) = policy.table("quorum") else { return quorum };
    spots.note("quorum", &table);
    read_into(&mut table, &mut quorum.base);
    quorum.squash_people = people(&mut table, "squash_people").map(|at| at.value);
    for (key, mut entry) in table.map("epochs") {
        spots.note(&format!("quorum.epochs.{}", key.value), &entry);
        // What an override does not say, the base does.
        let mut one = quorum.base;
        read_into(&mut entry, &mut one);
        match epoch(&key.value) {
            Some(epoch) => {
                quorum.epochs.insert(epoch, one);
            }
            None => not_an_epoch(&entry, key.spot),
        }
        entry.finish();
    }
    table.finish();
    quorum
}

fn read_into(table: &mut Table<'_>, quorum: &mut Quorum) {
    if let Some(rule) = rule(table) {
        quorum.rule = rule;
    }
    if let Some(number) = people(table, "per_domain") {
        quorum.per_domain = number.value;
    }
    if let Some(number) = people(table, "distinct_reviewers") {
        quorum.distinct_reviewers = number.value;
    }
    if let Some(allow) = table.boolean("allow_multi_domain") {
        quorum.allow_multi_domain = allow.value;
    }
}

fn rule(table: &mut Table<'_>) -> Option<QuorumRule> {
    match table.kind("rule")? {
        Kind::String => {
            let read = table.string("rule")?;
            chosen(table, "rule", &read, &WORDS)
        }
        Kind::Table => {
            let mut below = table.table("rule")?;
            let least = below.required("at_least", people);
            below.finish();
            least.map(|at| QuorumRule::AtLeast(at.value))
        }
        _ => {
            let form = "\"unanimous\", \"majority\" or { at_least = 2 }";
            table.refuse_value("rule", form, "\"unanimous\"");
            None
        }
    }
}

const WORDS: [(&str, QuorumRule); 2] =
    [("unanimous", QuorumRule::Unanimous), ("majority", QuorumRule::Majority)];

/// `threshold` of `[policy.ceremony]`: a word, or a number of people.
pub(super) fn threshold(table: &mut Table<'_>) -> Option<QuorumRule> {
    match table.kind("threshold")? {
        Kind::String => {
            let read = table.string("threshold")?;
            chosen(table, "threshold", &read, &WORDS)
        }
        Kind::Integer => people(table, "threshold").map(|number| QuorumRule::AtLeast(number.value)),
        _ => {
            let form = "\"majority\", \"unanimous\" or a number of people";
            table.refuse_value("threshold", form, "\"majority\"");
            None
        }
    }
}

/// An epoch's number as the file names write it: no sign, no leading zeros.
fn epoch(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number <= MAX_EPOCH && number.to_string() == text).then_some(number)
}

fn not_an_epoch(entry: &Table<'_>, spot: Spot) {
    let help = "write `epochs.\"0\" = { … }`, without leading zeros";
    refuse(entry, "epochs", spot, "is for no epoch", "another key", "an epoch's number", help);
}
