//! Succession: a commit that changes the registry, and what an accepted one changes here.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Code, Finding, Place};
use crate::model::policy::CosignScope;
use crate::model::registry::REGISTRY_PATH;
use crate::model::step::{Head, RegistryFile, Step};
use crate::model::{
    CeremonyRecord, FactTable, Fingerprint, RecordReading, Registry, ReviewerId, SignatureFact,
    Time,
};
use crate::rules::authority::{Authorised, EntryIndex};
use crate::rules::ceremony::asked::Asked;
use crate::rules::ceremony::{self, Approved, Effects, Proposal};
use crate::rules::currency::{Condition, Participation, condition};
use crate::rules::keyring::Keyring;
use crate::rules::registry_change::{InForce, is_record};
use crate::statement::{SignerContext, ceremony_payload, request_id};

use super::doubt::Shaken;
use super::start::epoch_number;
use super::{Ledger, Need};

/// A change of the registry after its rules were asked, before the commit's other findings are
/// known.
pub(super) struct JudgedCeremony {
    pub(super) findings: Vec<Finding>,
    registry: Arc<Registry>,
    in_force: InForce,
    keyring: Keyring,
    approved: Vec<Approved>,
    effects: Effects,
    pub(super) asked: Asked,
    /// T of what follows: nothing is dated back past it.
    time: Time,
    /// What the key in doubt did for it.
    shaken: Option<Shaken>,
    /// The place of the commit that it was prepared on.
    prepared: Option<u64>,
}

impl Ledger {
    /// The record by which a commit changes the registry: the one that it adds for the new serial.
    pub(super) fn record_of<'s>(&self, step: &'s Step) -> Option<&'s RecordReading> {
        let Some(RegistryFile::File(blob, reading)) = &step.registry else { return None };
        if Some(*blob) == self.in_force.registry {
            return None;
        }
        let serial = reading.registry.as_ref()?.serial;
        let mut fitting = step.records.iter().filter(|record| {
            crate::model::RecordName::of(&record.path).is_some_and(|name| name.serial == serial)
                && step.keys.iter().any(|c| c.path == record.path && c.before.is_none())
        });
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first.as_ref())
    }

    /// Judges the commit's change of the registry, where a record comes with it.
    pub(super) fn judge_ceremony(
        &self,
        step: &Step,
        head: &Head,
        signed: Option<Time>,
    ) -> Option<JudgedCeremony> {
        let reading = self.record_of(step)?;
        let Some(RegistryFile::File(blob, registry)) = &step.registry else { return None };
        let new = registry.registry.as_ref()?;
        let mut findings: Vec<Finding> = registry.problems.clone();
        findings.extend(reading.problems.iter().cloned());
        let in_force = self.in_force_after(step, *blob, new);
        let mut keyring = self.keyring.clone();
        let mut in_tree = Keyring::default();
        for (path, (_, file)) in &in_force.key_files {
            keyring.accept(path, file);
            in_tree.accept(path, file);
        }
        let Some(record) = &reading.record else {
            findings.push(unreadable(reading));
            return Some(JudgedCeremony {
                findings,
                registry: Arc::clone(new),
                in_force,
                keyring,
                approved: Vec::new(),
                effects: Effects::default(),
                asked: Asked::default(),
                time: head.committer.time,
                shaken: None,
                prepared: None,
            });
        };
        let prepared = self.mainline.get(&record.parent).copied();
        let proposal = Proposal {
            cx: self.context(),
            index: &self.index,
            in_force: &self.in_force,
            new,
            keyring: &keyring,
            in_tree: &in_tree,
            record,
            step,
            facts: self.approval_facts(record, &step.facts),
            committed: head.committer.time,
            signed,
            parent_on_mainline: self.mainline.contains_key(&record.parent)
                || step.before_anchor.contains(&record.parent),
            dissents: self.dissents_at(prepared),
            stranded: self.stranded(signed.unwrap_or(head.committer.time)),
        };
        let judged = ceremony::judge(&proposal);
        let shaken = self.shake(&proposal, &judged.approved);
        findings.extend(judged.findings);
        findings.extend(future(&proposal, record));
        Some(JudgedCeremony {
            findings,
            registry: Arc::clone(new),
            in_force,
            time: signed.unwrap_or(head.committer.time),
            keyring,
            approved: judged.approved,
            effects: judged.effects,
            asked: judged.asked,
            shaken,
            prepared,
        })
    }

    /// The facts about a record's approvals, as statements of the project and mainline in force.
    pub(super) fn approval_facts<'f>(
        &self,
        record: &CeremonyRecord,
        facts: &'f FactTable,
    ) -> Vec<Option<&'f SignatureFact>> {
        let context =
            SignerContext { project: &self.registry.project, mainline: &self.registry.mainline };
        record
            .approvals
            .iter()
            .map(|approval| {
                let payload = ceremony_payload(&context, record, approval).ok()?;
                facts.get(request_id(&payload, approval.signature.as_bytes()))
            })
            .collect()
    }

    /// What would be in force below `keys/`: what the commit's tree holds at the paths that the
    /// new registry names.
    fn in_force_after(&self, step: &Step, registry: crate::model::Oid, new: &Registry) -> InForce {
        let mut key_files = self.in_force.key_files.clone();
        for change in &step.keys {
            key_files.remove(&change.path);
            if let (Some((0o100_644, _)), Some((blob, file))) =
                (change.after, step.key_files.get(&change.path))
            {
                key_files.insert(change.path.clone(), (*blob, Arc::clone(file)));
            }
        }
        // A file that stood here before without being named was never in force: whoever names it
        // brings it in the same commit, where the record lists it.
        let named = new.key_paths();
        key_files.retain(|path, _| named.contains(path));
        // A file that an earlier refused commit changed is not in the tree as it was in force.
        let changed = changed_paths(step);
        for path in self.unrepaired.keys().filter(|path| !changed.contains(path.as_str())) {
            key_files.remove(path);
        }
        InForce { registry: Some(registry), key_files, ..InForce::default() }
    }

    /// People whom nobody current and qualified could help at the next gate.
    fn stranded(&self, at: Time) -> BTreeSet<ReviewerId> {
        let cx = self.context();
        let epoch = self.next_epoch();
        let at = self.last_time.map_or(at, |last| last.max(at));
        let free = |reviewer: &ReviewerId| {
            self.registry.is_human(reviewer)
                && self.registry.keys.iter().any(|key| {
                    key.is_standing() && key.reviewer == *reviewer && key.window.contains(at)
                })
                && condition(&cx, self.participation.get(reviewer), epoch, at) == Condition::Unaided
        };
        let domains = self.registry.domains.values();
        match self.registry.policy.currency.cosign_scope {
            CosignScope::Domain => domains
                .filter(|domain| !domain.people().any(free))
                .flat_map(|domain| domain.people().cloned())
                .collect(),
            CosignScope::Gate if self.registry.reviewers.keys().any(free) => BTreeSet::new(),
            CosignScope::Gate => self.registry.reviewers.keys().cloned().collect(),
        }
    }

    /// Puts an accepted ceremony in force. `index` is its place among all gates.
    pub(super) fn succeed(
        &mut self,
        judged: JudgedCeremony,
        index: usize,
        step: &Step,
        signer: Option<&Authorised>,
    ) {
        for approved in &judged.approved {
            self.needs.push(Need {
                gate: Some(index),
                signoff: None,
                approval: true,
                carrier: step.id,
                position: step.position,
                key: approved.signer.fingerprint,
                primary: approved.signer.primary,
                reviewer: approved.signer.reviewer_id.clone(),
                signed: approved.time,
                origin: self.origin_of(approved.signer.fingerprint, approved.signer.primary),
            });
        }
        if let Some(signer) = signer {
            let need = self.need_of_signer(step, signer);
            self.needs.push(Need { gate: Some(index), ..need });
        }
        self.note_ceremony(index, judged.shaken);
        self.remember_origins(&judged.registry, index);
        self.last_time = self.last_time.max(Some(judged.time));
        self.welcome(&judged.registry, judged.time);
        self.requalify(&judged.effects, judged.time);
        self.lift_dissents(&judged.effects.lifts, judged.prepared);
        let mut paths = judged.registry.policy.gates.manifest.clone();
        if let Some(branch) = &self.options.branch {
            paths = paths.for_branch(branch);
        }
        self.paths = paths;
        self.index = EntryIndex::new(&judged.registry.keys);
        self.registry = judged.registry;
        self.registry_commit = step.id;
        // The commit is what is in force now, so that nothing of it waits for a repair.
        let changed = changed_paths(step);
        let mut records = std::mem::take(&mut self.in_force.records);
        records.retain(|path, _| !changed.contains(path.as_str()));
        self.in_force = InForce { records, ..judged.in_force };
        self.keyring = judged.keyring;
        let named = self.registry.key_paths();
        self.unrepaired.retain(|path, _| {
            path != REGISTRY_PATH
                && !changed.contains(path.as_str())
                && (named.contains(path) || is_record(path))
        });
    }

    /// The ceremony that brought a key, or else its primary, last: a later window of the same key
    /// says nothing about what it signed before.
    pub(super) fn origin_of(&self, key: Fingerprint, primary: Fingerprint) -> Option<usize> {
        self.origins.get(&key).or_else(|| self.origins.get(&primary)).copied()
    }

    /// Entries that were not there before rest on this ceremony.
    fn remember_origins(&mut self, new: &Registry, index: usize) {
        let known: BTreeSet<_> = self.registry.keys.iter().map(crate::registry::key_name).collect();
        for key in &new.keys {
            if let Some(fingerprint) = key.fingerprint
                && !known.contains(&crate::registry::key_name(key))
            {
                self.origins.insert(fingerprint, index);
            }
            if let Some(fingerprint) = key.fingerprint
                && key.is_compromised()
                && !self.registry.entries(fingerprint).any(|before| before.state == key.state)
            {
                self.governors.entry(fingerprint).or_default().insert(index);
            }
        }
    }

    /// Newcomers' clocks start here.
    fn welcome(&mut self, new: &Registry, time: Time) {
        let first = new.policy.gates.first_epoch;
        let epoch = self
            .last_gate
            .map_or_else(|| epoch_number(first).saturating_sub(1), |gate| epoch_number(gate.epoch));
        for reviewer in new.reviewers.keys() {
            self.participation.entry(reviewer.clone()).or_insert(Participation {
                last_epoch: epoch,
                last_time: time,
                qualified: false,
                cosigned: 0,
            });
        }
    }

    fn requalify(&mut self, effects: &Effects, time: Time) {
        let first = self.registry.policy.gates.first_epoch;
        let epoch = self
            .last_gate
            .map_or_else(|| epoch_number(first).saturating_sub(1), |gate| epoch_number(gate.epoch));
        for reviewer in &effects.requalifies {
            if let Some(known) = self.participation.get_mut(reviewer) {
                known.qualified = true;
                known.last_epoch = known.last_epoch.max(epoch);
                known.last_time = known.last_time.max(time);
            }
        }
    }

    /// A merged branch on which the registry went on, validly, while the mainline kept the old one.
    pub(super) fn check_merged(&self, step: &Step) -> Vec<Finding> {
        let now = self.registry.serial;
        let mut findings = Vec::new();
        for merged in &step.merged_registries {
            let RegistryFile::File(_, reading) = &merged.file else { continue };
            let Some(theirs) = reading.registry.as_ref().filter(|r| r.serial > now) else {
                continue;
            };
            // Its first step beyond what is in force is what the people in force approved.
            let next = merged.records.iter().filter_map(|reading| reading.record.as_ref());
            let approved = next
                .filter(|record| {
                    Some(record.serial) == now.checked_add(1)
                        && record.previous_registry_sha256 == self.registry.sha256
                })
                .any(|record| self.approved_by_enough(record, step));
            if approved {
                findings.push(
                    Finding::new(
                        Code::MainlineReplaced,
                        "a merged branch carries a newer registry that the reviewers approved, and the mainline does not",
                    )
                    .compared(
                        format!("serial {} in {}", theirs.serial, merged.parent),
                        format!("the mainline with the newest registry (serial {now} is in force)"),
                    )
                    .at(Place::new(
                        &theirs.source,
                        Some(merged.parent),
                        crate::source::Spot::START,
                        "the registry on the merged branch",
                    ))
                    .help("the branch with the newer registry is the mainline; merge the other way round"),
                );
            }
        }
        findings
    }

    fn approved_by_enough(&self, record: &CeremonyRecord, step: &Step) -> bool {
        use crate::rules::authority::authorise;
        let cx = self.context();
        let facts = self.approval_facts(record, &step.facts);
        let people: BTreeSet<ReviewerId> = record
            .approvals
            .iter()
            .zip(facts)
            .filter(|(approval, _)| approval.role == crate::model::ApprovalRole::Authorise)
            .filter_map(|(approval, fact)| {
                let Some(SignatureFact::Verified(signature)) = fact else { return None };
                let good = authorise(&cx, &self.index, signature, approval.timestamp).ok()?;
                let id = good.signer.reviewer_id;
                (id == approval.reviewer_id && self.registry.is_human(&id)).then_some(id)
            })
            .collect();
        let all = ceremony::standing_people(&self.registry).len() as u64;
        // One person may have been left out of the count.
        let asked = all.saturating_sub(1).max(1);
        let rule = self.registry.policy.ceremony.threshold;
        people.len() as u64 >= ceremony::threshold::needed(rule, asked).max(all.min(2))
    }
}

fn changed_paths(step: &Step) -> BTreeSet<&str> {
    step.keys.iter().map(|change| change.path.as_str()).collect()
}

fn unreadable(reading: &RecordReading) -> Finding {
    Finding::new(
        Code::CeremonyMismatch,
        "the ceremony's record cannot be read, so that nothing is approved",
    )
    .compared(crate::model::text::shown(&reading.path), "a record that can be read")
    .help("plan the ceremony anew: gatecheck ceremony plan")
}

/// Dates in the future of the run leave it open.
fn future(p: &Proposal<'_>, record: &CeremonyRecord) -> Option<Finding> {
    let latest = record.approvals.iter().map(|approval| approval.timestamp).max()?;
    (latest > p.cx.now).then(|| crate::rules::clock::future(latest, p.cx.now))
}
