//! Version 1.0.0: the stub that some projects carry.
//!
//! Read as it is, and as strictly: a field that we do not know (`retird = true`) could have been
//! meant to take a key away. Nothing is weakened on the strength of `solo_maintainer`: it is a
//! statement of fact, and where one person is not enough for the default policy, a warning says so.

use std::collections::BTreeMap;

use super::confusable;
use super::keys::{default_public_key, fingerprint};
use crate::finding::{Code, Finding, Severity};
use crate::model::policy::UnsignedSignoffs;
use crate::model::registry::{KeyFormat, RetiredReason, Retirement, ReviewerKind};
use crate::model::{KeyEntry, KeyState, Policy, Reviewer, ReviewerId, Window};
use crate::source::Spot;
use crate::tables::Table;

pub(super) fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.gates.unsigned_signoffs = UnsignedSignoffs::GateSigner;
    policy
}

/// `[[keys]]`: each person once, and their keys.
pub(super) fn keys(root: &mut Table<'_>) -> (BTreeMap<ReviewerId, Reviewer>, Vec<KeyEntry>) {
    let mut people: BTreeMap<ReviewerId, Reviewer> = BTreeMap::new();
    let mut keys = Vec::new();
    let mut solo: Option<Spot> = None;
    let problems = root.problems();
    for mut table in root.tables("keys") {
        let id = table
            .required("reviewer_id", Table::string)
            .and_then(|read| confusable::id(&table, "reviewer_id", &read, ReviewerId::new));
        let key = entry(&mut table, id.clone());
        if table.boolean("solo_maintainer").is_some_and(|at| at.value) {
            solo = solo.or(Some(table.spot()));
        }
        if let Some(id) = id {
            people.entry(id.clone()).or_insert_with(|| person(id, table.spot()));
        }
        keys.extend(key);
        table.finish();
    }
    let needed = policy().quorum.base.distinct_reviewers;
    let there = u64::try_from(people.len()).unwrap_or(u64::MAX);
    if let Some(spot) = solo.filter(|_| there < needed) {
        let message = "`solo_maintainer` does not lower what a gate needs";
        problems.add(
            Finding::new(Code::InvalidThreshold, message)
                .severity(Severity::Warning)
                .compared(format!("{there} people"), format!("{needed} people in every gate"))
                .help(
                    "enroll a second reviewer, or move to [schema] version \"1.1.0\" and write \
                     `distinct_reviewers = 1` in [policy.quorum]",
                )
                .at(problems.place(spot, "this entry")),
        );
    }
    (people, keys)
}

fn entry(table: &mut Table<'_>, reviewer: Option<ReviewerId>) -> Option<KeyEntry> {
    let fingerprint = table
        .required("fingerprint", Table::string)
        .and_then(|read| fingerprint(table, &read, reviewer.as_ref()));
    let from = table.required("effective_from", Table::time);
    let retired = table.boolean("retired").is_some_and(|at| at.value);
    let (reviewer, from) = (reviewer?, from?.value);
    let ssh = fingerprint.is_some_and(|fingerprint| fingerprint.is_ssh());
    let format = if ssh { KeyFormat::Ssh } else { KeyFormat::OpenPgp };
    // The stub does not say when a key was retired, nor why: it authorises nothing at any time.
    let (state, until) = if retired {
        let retirement = Retirement {
            at: from,
            reason: RetiredReason::Superseded,
            trusted_until: None,
            acknowledged: Vec::new(),
            charter_ack: String::new(),
        };
        (KeyState::Retired(retirement), Some(from))
    } else {
        (KeyState::Standing, None)
    };
    Some(KeyEntry {
        public_key: default_public_key(&reviewer, format),
        reviewer,
        format,
        fingerprint,
        window: Window { from, until },
        state,
        spot: table.spot(),
        spots: table.spots(),
    })
}

fn person(id: ReviewerId, spot: Spot) -> Reviewer {
    Reviewer { name: String::new(), emails: Vec::new(), kind: ReviewerKind::Human, id, spot }
}
