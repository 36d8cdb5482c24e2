//! Accepted and refused ceremonies, on plain values: alice, bob and carol govern three domains.

use std::sync::Arc;

use super::*;
use crate::finding::{Code, Severity};
use crate::model::policy::QuorumRule;
use crate::model::registry::{KeyState, RetiredReason, Retirement, ReviewerKind};
use crate::model::step::FileChange;
use crate::model::{
    Approval, ApprovalRole, DomainId, RecordedFile, SignatureFormat, VerifiedSignature, Window,
};
use crate::rules::testing::{World, at, fingerprint, id, step};
use crate::source::Source;

mod approvals;
mod changes;
mod records;

use CeremonyKind::{Amend, Compromise, Enroll, Override, Requalify, Retire, Rotate};

const NOW: &str = "2026-06-01T12:00:00Z";

struct Case {
    world: World,
    after: World,
    record: CeremonyRecord,
    step: Step,
    facts: Vec<Option<SignatureFact>>,
    dissents: BTreeMap<ReviewerId, BTreeSet<u64>>,
    stranded: BTreeSet<ReviewerId>,
    parent: bool,
}

fn who(name: &str) -> ReviewerId {
    ReviewerId::new(name).unwrap()
}

fn world() -> World {
    let mut world = World::new();
    world.enrol("carol", "process");
    world.refresh();
    world.registry.sha256 = [1; 32];
    world.registry.policy.quorum.base.distinct_reviewers = 2;
    world
}

impl Case {
    fn new(kind: CeremonyKind, change: impl FnOnce(&mut World)) -> Self {
        let mut after = world();
        after.registry.serial = 2;
        after.registry.sha256 = [2; 32];
        change(&mut after);
        after.refresh();
        let record = CeremonyRecord {
            source: Source::new("keys/ceremonies/0002-x.toml", "[ceremony]\n"),
            serial: 2,
            kind,
            previous_registry_sha256: [1; 32],
            registry_sha256: [2; 32],
            parent: id(1),
            reason: "test".into(),
            charter_ack: String::new(),
            witnesses: vec![],
            concerns: vec![],
            removed: vec![],
            files: vec![],
            approvals: vec![],
            spots: BTreeMap::new(),
        };
        Self {
            world: world(),
            after,
            record,
            step: step(9),
            facts: vec![],
            dissents: BTreeMap::new(),
            stranded: BTreeSet::new(),
            parent: true,
        }
    }

    fn approval(mut self, role: ApprovalRole, name: &str, key: &str, time: &str) -> Self {
        self.record.approvals.push(Approval {
            role,
            reviewer_id: who(name),
            fingerprint: fingerprint(key),
            timestamp: at(time),
            signature: "signature".into(),
            spot: Spot::START,
            spots: BTreeMap::new(),
        });
        let signature = self.world.signature_by(fingerprint(key), key, time);
        self.facts.push(Some(SignatureFact::Verified(signature)));
        self
    }

    fn by(self, names: &[&str]) -> Self {
        names
            .iter()
            .fold(self, |case, name| case.approval(ApprovalRole::Authorise, name, name, NOW))
    }

    fn holds(self, name: &str, key: &str) -> Self {
        self.approval(ApprovalRole::Possession, name, key, NOW)
    }

    fn acknowledged(mut self) -> Self {
        self.record.charter_ack = "DECISION_LOG.md#incident".into();
        let text = Source::new("DECISION_LOG.md", "# Log\n## Incident\n");
        self.step.cited.insert("DECISION_LOG.md".into(), text);
        self
    }

    fn judge(&self) -> Judged {
        let in_force = InForce::default();
        let index = EntryIndex::new(&self.world.registry.keys);
        judge(&Proposal {
            cx: self.world.context(),
            index: &index,
            in_force: &in_force,
            new: &self.after.registry,
            keyring: &self.after.keyring,
            in_tree: &self.after.keyring,
            record: &self.record,
            step: &self.step,
            facts: self.facts.iter().map(Option::as_ref).collect(),
            committed: at(NOW),
            signed: Some(at(NOW)),
            parent_on_mainline: self.parent,
            dissents: self.dissents.clone(),
            stranded: self.stranded.clone(),
        })
    }

    #[track_caller]
    fn passes(&self) {
        let found: Vec<_> = self.judge().findings;
        let errors: Vec<_> = found.iter().filter(|f| f.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }

    #[track_caller]
    fn refused(&self, code: Code) {
        let found = self.judge().findings;
        let errors: Vec<Code> =
            found.iter().filter(|f| f.severity == Severity::Error).map(|f| f.code).collect();
        assert!(errors.contains(&code), "{code} is not in {errors:?}");
    }
}

/// A new key `KEY` for somebody, in a file of its own.
fn add_key(world: &mut World, name: &str, key: &str) {
    world.add_key(name, key, Window { from: at(NOW), until: Some(at("2028-01-01")) });
}

fn retire(world: &mut World, name: &str, reason: RetiredReason) {
    for key in &mut world.registry.keys {
        if key.reviewer.as_str() == name && key.is_standing() && key.window.from < at(NOW) {
            key.window.until = Some(at(NOW));
            key.state = KeyState::Retired(Retirement {
                at: at(NOW),
                reason,
                trusted_until: None,
                acknowledged: vec![],
                charter_ack: String::new(),
            });
        }
    }
}

fn rotate(world: &mut World) {
    retire(world, "alice", RetiredReason::Rotated);
    add_key(world, "alice", "alice-2");
}

fn enroll(world: &mut World) {
    let entry = world.registry.reviewers.get(&who("alice")).unwrap().clone();
    let dave = crate::model::Reviewer { id: who("dave"), emails: vec![], ..entry };
    world.registry.reviewers.insert(who("dave"), dave);
    add_key(world, "dave", "dave");
    world.domain("kernel").reviewers.push(who("dave"));
}

fn compromise(world: &mut World) {
    retire(world, "alice", RetiredReason::Compromised);
    world.domain("kernel").primary = who("bob");
}

fn lower_the_quorum(world: &mut World) {
    world.registry.policy.quorum.base.distinct_reviewers = 1;
}
