//! How things stand at the end of the fold: who could act now and until when, and what the next
//! gate needs. By the rules that will judge it.

mod due;
mod keys;
mod next;

pub use due::{Due, DueKind};
pub use keys::{CutOff, KeyNow, OpenFor, SigningKey};
pub use next::{DomainNow, NextGate};

use crate::model::registry::SchemaVersion;
use crate::model::{DomainId, ReviewerId, Time};
use crate::rules::currency::{self, Condition, Participation};
use crate::rules::dissent::OpenDissent;

use super::Ledger;

/// How things stand.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The run's clock.
    pub now: Time,
    /// The time that the next gate is judged at, were it made now: never before the last one.
    pub at: Time,
    /// Everybody in the registry, by id.
    pub people: Vec<Person>,
    /// What the next gate needs.
    pub next: NextGate,
    /// Who could attest an earlier gate again, domain by domain.
    pub again: Vec<DomainNow>,
    /// Attested dissents that block it.
    pub dissents: Vec<OpenDissent>,
    /// Days after which policy calls a dissent old.
    pub dissent_days: u64,
}

/// A reviewer, bot or forge.
#[derive(Clone, Debug)]
pub struct Person {
    /// Whose.
    pub reviewer: ReviewerId,
    /// Whether a person; only people vouch.
    pub human: bool,
    /// Whether sign-offs of theirs could ever count: a person with a domain.
    pub vouches: bool,
    /// Domains that they may sign off, by id; none in registries of version 1.0.0, where everybody may.
    pub domains: Vec<DomainId>,
    /// Their keys, in the registry's order.
    pub keys: Vec<KeyNow>,
    /// Last participation; `None` for whom the fold never met.
    pub participation: Option<Participation>,
    /// Up to which epoch and moment they are current, both included.
    pub current_until: Option<(i64, Time)>,
    /// What they would be at the next gate, were it made now.
    pub condition: Condition,
    /// Co-signed gates that a newcomer still lacks.
    pub cosigns_lacking: u64,
}

impl Person {
    /// Whether they hold a key that would count now.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.keys.iter().any(KeyNow::is_usable)
    }
}

impl Ledger {
    /// How things stand now. Keys that the run's question puts in doubt count as none.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let now = self.options.now;
        let at = self.time_of_next_gate();
        let people: Vec<Person> =
            self.registry.reviewers.keys().map(|reviewer| self.person(reviewer, at)).collect();
        let charter = self.registry.policy.charter.as_ref();
        Standing {
            now,
            at,
            next: self.next_gate(&people, at),
            again: self.domains_at(&people, self.reattest_epoch(), at),
            people,
            dissents: self.open_dissents.clone(),
            dissent_days: charter.map_or(14, |charter| charter.dissent_days),
        }
    }

    /// The epoch at which the currency of those who attest again is judged.
    fn reattest_epoch(&self) -> u64 {
        self.last_gate.map_or_else(|| self.next_epoch(), |gate| gate.epoch)
    }

    fn person(&self, reviewer: &ReviewerId, at: Time) -> Person {
        let policy = &self.registry.policy.currency;
        let known = self.participation.get(reviewer);
        let keys = self.registry.keys.iter().filter(|key| key.reviewer == *reviewer);
        let domains: Vec<DomainId> = self
            .registry
            .domains
            .keys()
            .filter(|domain| self.registry.belongs(reviewer, domain))
            .cloned()
            .collect();
        let human = self.registry.is_human(reviewer);
        let anywhere = self.registry.version == SchemaVersion::V1_0;
        Person {
            reviewer: reviewer.clone(),
            human,
            vouches: human && (anywhere || !domains.is_empty()),
            domains,
            keys: keys.map(|key| self.key_now(key, at)).collect(),
            participation: known.copied(),
            current_until: known.map(|known| currency::current_until(policy, known)),
            condition: currency::condition(&self.context(), known, self.next_epoch(), at),
            cosigns_lacking: known
                .map_or(policy.newcomer_cosigns, |known| currency::cosigns_lacking(policy, known)),
        }
    }
}
