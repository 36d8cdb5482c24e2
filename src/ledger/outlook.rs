//! What the next gate meets: its epoch and predecessor, who could sign it off, what stands against
//! it. By the rules that will judge it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::manifest::{Binding, PreviousGate};
use crate::model::registry::SchemaVersion;
use crate::model::{DomainId, KeyEntry, Oid, ReviewerId, Time};
use crate::rules::currency::{self, Condition};
use crate::rules::dissent::OpenDissent;
use crate::rules::self_review::{self, Contribution};

use super::Ledger;

/// What the next gate meets.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// The epoch of the next gate.
    pub next_epoch: u64,
    /// What its manifest must name.
    pub previous: PreviousGate,
    /// Everybody in the registry who is human.
    pub people: BTreeMap<ReviewerId, Candidate>,
    /// By domain: who wrote every change since the last gate that touches it.
    pub only_authors: BTreeMap<DomainId, BTreeSet<ReviewerId>>,
    /// Attested dissents that nobody has lifted.
    pub dissents: Vec<OpenDissent>,
    /// Accepted epoch gates after the anchor, which could be attested again.
    pub accepted: BTreeMap<u64, Accepted>,
}

/// What a person would be at the next gate, were it made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Current and qualified, or not.
    pub condition: Condition,
    /// Whether a key of theirs stands, in a window that is open.
    pub has_key: bool,
}

/// An accepted epoch gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub gate: Oid,
    /// The gate before it.
    pub previous: PreviousGate,
    /// What its sign-offs are bound to.
    pub binding: Binding,
    /// The content digest that its manifest stated.
    pub content: Option<[u8; 32]>,
    /// By domain: who wrote every change that it was about and that touches the domain.
    pub only_authors: BTreeMap<DomainId, BTreeSet<ReviewerId>>,
}

impl Ledger {
    /// What the next gate meets, were it made now.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        let cx = self.context();
        let epoch = self.next_epoch();
        let at = self.time_of_next_gate();
        let humans = self.registry.reviewers.keys().filter(|id| self.registry.is_human(id));
        let people = humans.map(|id| {
            let known = self.participation.get(id);
            let condition = currency::condition(&cx, known, epoch, at);
            (id.clone(), Candidate { condition, has_key: self.has_key(id, at) })
        });
        let accepted = self.epochs.iter().map(|(epoch, accepted)| {
            let accepted = Accepted {
                gate: accepted.gate,
                previous: accepted.previous,
                binding: accepted.binding.clone(),
                content: accepted.content,
                only_authors: self.only_authors(&accepted.authors),
            };
            (*epoch, accepted)
        });
        Outlook {
            next_epoch: epoch,
            previous: self.previous_gate(),
            people: people.collect(),
            only_authors: self.only_authors(&self.contributions),
            dissents: self.open_dissents.clone(),
            accepted: accepted.collect(),
        }
    }

    fn has_key(&self, reviewer: &ReviewerId, at: Time) -> bool {
        let open = |key: &&KeyEntry| key.is_standing() && key.window.contains(at);
        let theirs = self.registry.keys.iter().filter(|key| key.reviewer == *reviewer);
        theirs.filter(open).any(|key| key.fingerprint.is_some())
    }

    fn only_authors<'c>(
        &self,
        since: impl IntoIterator<Item = &'c Contribution>,
    ) -> BTreeMap<DomainId, BTreeSet<ReviewerId>> {
        if self.registry.version == SchemaVersion::V1_0 {
            return BTreeMap::new();
        }
        let cx = self.context();
        let since: Vec<&Contribution> = since.into_iter().collect();
        let none = BTreeSet::new();
        let of = |domain| {
            let people = self.registry.reviewers.values();
            let only = people.filter(|reviewer| {
                self_review::is_only_author(&cx, domain, reviewer, &since, &none)
            });
            only.map(|reviewer| reviewer.id.clone()).collect()
        };
        self.registry.domains.values().map(|domain| (domain.id.clone(), of(domain))).collect()
    }
}
