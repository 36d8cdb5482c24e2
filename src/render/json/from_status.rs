//! From how things stand to the frozen shapes of [`super::status_v1`].

use super::status_v1 as v1;
use super::v1 as report;
use crate::check::Status;
use crate::finding::Code;
use crate::ledger::{self, DueKind, OpenFor};
use crate::model::policy::QuorumRule;
use crate::model::registry::{KeyFormat, ReviewerKind};
use crate::model::{KeyState, Registry};
use crate::render::escape::visible;
use crate::render::outlook::strength;
use crate::rules::currency::Condition;
use crate::rules::dissent::OpenDissent;

impl v1::Status {
    /// How things stand, as this version of the program says it.
    #[must_use]
    pub fn new(status: &Status, tool_version: &str) -> Self {
        let standing = &status.standing;
        Self {
            schema: "gatecheck-status/1",
            tool: report::Tool { name: "gatecheck", version: visible(tool_version) },
            project: visible(&status.registry.project),
            anchor: (&status.anchor).into(),
            tip: (&status.tip).into(),
            registry: (&status.in_force).into(),
            now: standing.now.to_string(),
            open: status.open.iter().map(Into::into).collect(),
            next: (&standing.next).into(),
            people: standing.people.iter().map(|one| person(one, &status.registry)).collect(),
            dissents: standing.dissents.iter().map(|one| dissent(one, standing)).collect(),
            due: status.due_days.map(|days| v1::DueWithin {
                days,
                items: status.due.iter().map(Into::into).collect(),
            }),
        }
    }
}

impl From<&ledger::NextGate> for v1::Next {
    fn from(next: &ledger::NextGate) -> Self {
        let (rule, at_least) = match next.quorum.rule {
            QuorumRule::Unanimous => ("unanimous", None),
            QuorumRule::Majority => ("majority", None),
            QuorumRule::AtLeast(least) => ("at_least", Some(least)),
        };
        Self {
            epoch: next.epoch,
            previous_gate: next.previous.to_string(),
            manifest: visible(&next.path),
            rule,
            at_least,
            per_domain: next.quorum.per_domain,
            distinct_reviewers: next.quorum.distinct_reviewers,
            possible_now: next.blocked.is_empty(),
            missing: next.blocked.iter().map(Into::into).collect(),
            domains: next.domains.iter().map(Into::into).collect(),
        }
    }
}

fn person(person: &ledger::Person, registry: &Registry) -> v1::Person {
    let kind = registry.reviewers.get(&person.reviewer).map_or(ReviewerKind::Bot, |r| r.kind);
    let (condition, why) = match &person.condition {
        Condition::Unaided => (v1::Condition::Current, None),
        Condition::NeedsHelp { code, observed, required, .. } => {
            let stale = *code == Code::ReviewerStale;
            let condition = if stale { v1::Condition::Stale } else { v1::Condition::Newcomer };
            (condition, Some(visible(&format!("{observed}; {required}"))))
        }
    };
    let known = person.participation;
    v1::Person {
        reviewer_id: person.reviewer.to_string(),
        kind: kind.name(),
        domains: person.domains.iter().map(ToString::to_string).collect(),
        has_usable_key: person.has_key(),
        condition,
        why,
        last_epoch: known.map(|known| known.last_epoch),
        last_time: known.map(|known| known.last_time.to_string()),
        current_through_epoch: person.current_until.map(|(epoch, _)| epoch),
        current_until: person.current_until.map(|(_, time)| time.to_string()),
        cosigns_lacking: person.cosigns_lacking,
        keys: person.keys.iter().map(Into::into).collect(),
    }
}

impl From<&ledger::KeyNow> for v1::Key {
    fn from(key: &ledger::KeyNow) -> Self {
        Self {
            fingerprint: key.fingerprint.map(|fingerprint| fingerprint.to_string()),
            format: match key.format {
                KeyFormat::OpenPgp => "openpgp",
                KeyFormat::Ssh => "ssh",
            },
            state: match &key.state {
                KeyState::Standing => "standing",
                KeyState::Retired(retirement) => retirement.reason.name(),
            },
            from: key.window.from.to_string(),
            until: key.window.until.map(|until| until.to_string()),
            usable: key.is_usable(),
            why: key.refused.as_deref().map(Into::into),
            signing: key.signing.iter().map(Into::into).collect(),
        }
    }
}

impl From<&ledger::SigningKey> for v1::SigningKey {
    fn from(key: &ledger::SigningKey) -> Self {
        Self {
            fingerprint: key.fingerprint.to_string(),
            algorithm: key.algorithm.to_string(),
            strength: strength(key.algorithm),
            post_quantum: key.algorithm.is_post_quantum(),
            expires: key.expires.map(|expires| expires.to_string()),
            cut_offs: key.cut_offs.iter().map(Into::into).collect(),
        }
    }
}

impl From<&ledger::CutOff> for v1::CutOff {
    fn from(cut_off: &ledger::CutOff) -> Self {
        let (from, from_epoch) = match cut_off.from {
            OpenFor::Always => (None, None),
            OpenFor::Time(from) => (Some(from.to_string()), None),
            OpenFor::Epoch(epoch) => (None, Some(epoch)),
        };
        Self { what: visible(&cut_off.what), from, from_epoch, counts: cut_off.counts }
    }
}

fn dissent(dissent: &OpenDissent, standing: &ledger::Standing) -> v1::Dissent {
    v1::Dissent {
        reviewer_id: dissent.reviewer.to_string(),
        epoch: dissent.epoch,
        since: dissent.at.to_string(),
        days: crate::render::outlook::days_since(dissent.at, standing.now),
        dissent_days: standing.dissent_days,
        words: visible(&dissent.words),
        commit: dissent.place.commit.map(|commit| commit.to_string()),
    }
}

impl From<&ledger::Due> for v1::Due {
    fn from(due: &ledger::Due) -> Self {
        Self {
            kind: match due.kind {
                DueKind::Window => "window",
                DueKind::Certificate => "certificate",
                DueKind::CutOff => "cut-off",
                DueKind::Refused => "refused",
                DueKind::Currency => "currency",
                DueKind::Epochs => "epochs",
            },
            reviewer_id: due.reviewer.to_string(),
            fingerprint: due.fingerprint.map(|fingerprint| fingerprint.to_string()),
            at: due.at.map(|at| at.to_string()),
        }
    }
}
