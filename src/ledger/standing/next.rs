//! What the next epoch gate needs, and who could give it now.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding};
use crate::model::manifest::{Binding, PreviousGate, Target};
use crate::model::policy::{CosignScope, Quorum};
use crate::model::{DomainId, Manifest, Oid, ReviewerId, Signoff, Time};
use crate::rules::currency::{self, Candidate, Condition};
use crate::rules::quorum;
use crate::source::{Source, Spot};

use super::super::Ledger;
use super::Person;

/// The next epoch gate.
#[derive(Clone, Debug)]
pub struct NextGate {
    /// Its epoch.
    pub epoch: u64,
    /// What its manifest and every sign-off name as the gate before it.
    pub previous: PreviousGate,
    /// Where its manifest lies.
    pub path: String,
    /// What policy asks of it.
    pub quorum: Quorum,
    /// Domains, by id. None in registries of version 1.0.0, where manifests name them.
    pub domains: Vec<DomainNow>,
    /// Why it could not be made now, were everybody who can to sign off; empty where it could.
    pub blocked: Vec<Finding>,
}

/// A domain, seen from now.
#[derive(Clone, Debug)]
pub struct DomainNow {
    /// Which.
    pub id: DomainId,
    /// Who answers for it.
    pub primary: ReviewerId,
    /// Who stands in.
    pub backup: Option<ReviewerId>,
    /// What a full scope lists.
    pub docs: Vec<String>,
    /// Who could sign it off now, each by id.
    pub able: Vec<ReviewerId>,
    /// Of those: who counts only beside somebody who counts alone.
    pub with_help: Vec<ReviewerId>,
    /// Without each of these people it could not be signed off now.
    pub hangs_on: Vec<ReviewerId>,
}

impl Ledger {
    pub(super) fn next_gate(&self, people: &[Person], at: Time) -> NextGate {
        let epoch = self.next_epoch();
        let quorum = self.registry.policy.quorum.for_epoch(epoch);
        let able = able(people);
        let counted = self.counting(&able, epoch, at);
        NextGate {
            epoch,
            previous: self.previous_gate(),
            path: self.paths.epoch(epoch),
            quorum,
            domains: self.domains_at(people, epoch, at),
            blocked: self.blocked(&counted, epoch, at),
        }
    }

    /// Who could sign off which domain, with currency judged at this epoch.
    pub(super) fn domains_at(&self, people: &[Person], epoch: u64, at: Time) -> Vec<DomainNow> {
        let per_domain = self.registry.policy.quorum.for_epoch(epoch).per_domain;
        let able = able(people);
        let counted = self.counting(&able, epoch, at);
        let cx = self.context();
        let unaided = |who: &ReviewerId| {
            let known = self.participation.get(who);
            currency::condition(&cx, known, epoch, at) == Condition::Unaided
        };
        self.registry
            .domains
            .values()
            .map(|domain| DomainNow {
                id: domain.id.clone(),
                primary: domain.primary.clone(),
                backup: domain.backup.clone(),
                docs: domain.docs.clone(),
                able: in_domain(&counted, &domain.id),
                with_help: in_domain(&counted, &domain.id)
                    .into_iter()
                    .filter(|who| !unaided(who))
                    .collect(),
                hangs_on: self.hangs_on(&able, &counted, &domain.id, per_domain, epoch, at),
            })
            .collect()
    }

    /// Who would count, were all of these to sign off.
    fn counting<'a>(
        &self,
        able: &[(&'a ReviewerId, &'a DomainId)],
        epoch: u64,
        at: Time,
    ) -> Vec<(&'a ReviewerId, &'a DomainId)> {
        let candidates: Vec<Candidate<'_>> =
            able.iter().map(|(reviewer, domain)| Candidate { reviewer, domain }).collect();
        let refusals =
            currency::check(&self.context(), &candidates, &self.participation, epoch, at);
        able.iter().zip(refusals).filter(|(_, no)| no.is_none()).map(|(who, _)| *who).collect()
    }

    fn hangs_on(
        &self,
        able: &[(&ReviewerId, &DomainId)],
        counted: &[(&ReviewerId, &DomainId)],
        domain: &DomainId,
        per_domain: u64,
        epoch: u64,
        at: Time,
    ) -> Vec<ReviewerId> {
        let needed = usize::try_from(per_domain.max(1)).unwrap_or(usize::MAX);
        let there = in_domain(counted, domain);
        if there.len() < needed {
            return Vec::new();
        }
        let everywhere = self.registry.policy.currency.cosign_scope == CosignScope::Gate;
        let here: Vec<_> =
            able.iter().filter(|(_, id)| everywhere || *id == domain).copied().collect();
        let cx = self.context();
        let unaided = here.iter().map(|(who, _)| *who).filter(|who| {
            currency::condition(&cx, self.participation.get(who), epoch, at) == Condition::Unaided
        });
        let unaided: BTreeSet<&ReviewerId> = unaided.collect();
        let mut needed_people: BTreeSet<ReviewerId> = BTreeSet::new();
        if there.len() == needed {
            needed_people.extend(there);
        }
        // With three who help, two are left whoever leaves: then nobody takes others with them.
        for gone in unaided.iter().filter(|_| unaided.len() < 3) {
            let left: Vec<_> = here.iter().filter(|(who, _)| who != gone).copied().collect();
            if in_domain(&self.counting(&left, epoch, at), domain).len() < needed {
                needed_people.insert((*gone).clone());
            }
        }
        needed_people.into_iter().collect()
    }

    /// Asks the rule of the quorum about a manifest that does not exist.
    fn blocked(&self, counted: &[(&ReviewerId, &DomainId)], epoch: u64, at: Time) -> Vec<Finding> {
        let mut roles: BTreeMap<&ReviewerId, Vec<String>> = BTreeMap::new();
        for (who, domain) in counted {
            roles.entry(who).or_default().push(domain.to_string());
        }
        let signoffs: Vec<Signoff> = counted
            .iter()
            .map(|(who, domain)| {
                let roles = roles.get(who).filter(|roles| roles.len() > 1);
                imagined(who, domain, roles.cloned().unwrap_or_default(), epoch, at)
            })
            .collect();
        let manifest = Manifest {
            source: Source::new(self.paths.epoch(epoch), ""),
            target: Target::Epoch(epoch),
            reattest: 0,
            previous_gate: Some(self.previous_gate()),
            binding: Binding::Missing,
            subject_sha256: None,
            mv_team_justification: String::new(),
            cures: Vec::new(),
            signoffs,
            spots: BTreeMap::new(),
        };
        let carrier = Oid::zero(self.anchor.format());
        let all: Vec<&Signoff> = manifest.signoffs.iter().collect();
        let mut found = quorum::check_epoch(&self.context(), &manifest, epoch, &all, carrier);
        // Who takes which domain, where nobody may take two, is for them to settle.
        found.retain(|f| matches!(f.code, Code::QuorumNotMet | Code::TooFewPeople));
        for finding in &mut found {
            finding.places.retain(|place| place.commit != Some(carrier));
            finding.commit = None;
        }
        found
    }
}

/// People with a key that counts, for each of their domains.
fn able(people: &[Person]) -> Vec<(&ReviewerId, &DomainId)> {
    people
        .iter()
        .filter(|person| person.human && person.has_key())
        .flat_map(|person| person.domains.iter().map(|domain| (&person.reviewer, domain)))
        .collect()
}

/// People of one domain, each once, by id.
fn in_domain(counted: &[(&ReviewerId, &DomainId)], domain: &DomainId) -> Vec<ReviewerId> {
    let people: BTreeSet<&ReviewerId> =
        counted.iter().filter(|(_, id)| *id == domain).map(|(who, _)| *who).collect();
    people.into_iter().cloned().collect()
}

fn imagined(
    who: &ReviewerId,
    domain: &DomainId,
    roles: Vec<String>,
    epoch: u64,
    at: Time,
) -> Signoff {
    Signoff {
        reviewer_id: who.clone(),
        domain: domain.clone(),
        scope: Vec::new(),
        reviews: Vec::new(),
        checklist: Vec::new(),
        epoch: Some(epoch),
        timestamp: at,
        dissent: String::new(),
        withdrawn: false,
        superseded_by: String::new(),
        authored_by: String::new(),
        multi_domain_justification: if roles.is_empty() { "" } else { "imagined" }.to_owned(),
        multi_domain_roles: roles,
        ai_attestation: None,
        signature: String::new(),
        spot: Spot::START,
        spots: BTreeMap::new(),
    }
}
