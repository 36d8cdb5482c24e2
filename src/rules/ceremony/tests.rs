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

use CeremonyKind::{Amend, Compromise, Enroll, Override, Requalify, Retire, Rotate};

#[test]
fn a_rotation_needs_the_owner_or_everybody_else() {
    Case::new(Rotate, rotate).by(&["alice", "bob"]).holds("alice", "alice-2").passes();
    let others = Case::new(Rotate, rotate).by(&["bob", "carol"]).holds("alice", "alice-2");
    others.passes();
    let mut four = Case::new(Rotate, rotate).by(&["bob", "carol"]).holds("alice", "alice-2");
    for world in [&mut four.world, &mut four.after] {
        world.enrol("erin", "drivers");
        world.refresh();
    }
    four.refused(Code::UnauthorisedRegistryChange);
}

#[test]
fn the_new_key_must_be_held_and_cannot_authorise() {
    Case::new(Rotate, rotate).by(&["alice", "bob"]).refused(Code::PossessionMissing);
    let foreign = Case::new(Rotate, rotate).by(&["alice", "bob"]).holds("bob", "alice-2");
    foreign.refused(Code::PossessionMissing);
    let new_only = Case::new(Rotate, rotate)
        .approval(ApprovalRole::Authorise, "alice", "alice-2", NOW)
        .by(&["bob"])
        .holds("alice", "alice-2");
    new_only.refused(Code::UnknownSigner);
    let unneeded = Case::new(Rotate, rotate)
        .by(&["alice", "bob"])
        .holds("alice", "alice-2")
        .holds("bob", "bob");
    unneeded.refused(Code::CeremonyMismatch);
}

#[test]
fn people_count_once_and_one_person_is_never_enough() {
    Case::new(Enroll, enroll).by(&["alice", "bob"]).holds("dave", "dave").passes();
    let twice = Case::new(Enroll, enroll).by(&["alice", "alice"]).holds("dave", "dave");
    twice.refused(Code::UnauthorisedRegistryChange);
    let mut one = Case::new(Enroll, enroll).by(&["alice"]).holds("dave", "dave");
    one.world.registry.policy.ceremony.threshold = QuorumRule::AtLeast(1);
    one.refused(Code::UnauthorisedRegistryChange);
}

#[test]
fn thresholds_are_those_of_the_old_registry() {
    let mut all = Case::new(Enroll, |w| {
        enroll(w);
        w.registry.policy.ceremony.threshold = QuorumRule::AtLeast(1);
    });
    all.world.registry.policy.ceremony.threshold = QuorumRule::Unanimous;
    let mut all = all.by(&["alice", "bob"]).holds("dave", "dave");
    all.refused(Code::UnauthorisedRegistryChange);
    all = all.by(&["carol"]);
    all.passes();
}

#[test]
fn an_amendment_is_unanimous_whatever_it_is_called() {
    for kind in [Amend, Enroll, Rotate] {
        Case::new(kind, lower_the_quorum)
            .by(&["alice", "bob"])
            .refused(Code::UnauthorisedRegistryChange);
        Case::new(kind, lower_the_quorum).by(&["alice", "bob", "carol"]).passes();
    }
    // Hidden in an enrolment, it is one all the same.
    let hidden = Case::new(Enroll, |w| {
        enroll(w);
        lower_the_quorum(w);
    });
    hidden.by(&["alice", "bob"]).holds("dave", "dave").refused(Code::UnauthorisedRegistryChange);
    let nothing = Case::new(Amend, |_| {});
    nothing.by(&["alice", "bob"]).refused(Code::UnauthorisedRegistryChange);
}

#[test]
fn bots_and_retired_keys_approve_nothing() {
    let mut bot = Case::new(Enroll, enroll).by(&["alice", "bob"]).holds("dave", "dave");
    bot.world.set_kind("bob", ReviewerKind::Bot);
    bot.refused(Code::NotAHuman);
    let mut retired = Case::new(Enroll, enroll).by(&["alice", "bob"]).holds("dave", "dave");
    let gone = retired.world.retired("bob");
    retired.world.registry.keys.retain(|key| key.reviewer.as_str() != "bob");
    retired.world.registry.keys.push(gone);
    retired.refused(Code::KeyRetired);
}

#[test]
fn somebody_elses_key_approves_for_nobody() {
    let case = Case::new(Enroll, enroll)
        .by(&["alice"])
        .approval(ApprovalRole::Authorise, "carol", "bob", NOW)
        .holds("dave", "dave");
    case.refused(Code::CeremonyMismatch);
}

#[test]
fn an_approval_over_other_bytes_refuses_the_ceremony() {
    let mut case = Case::new(Enroll, enroll).by(&["alice", "bob", "carol"]).holds("dave", "dave");
    case.passes();
    case.facts[2] = None;
    case.refused(Code::CeremonyMismatch);
    case.facts[2] = Some(SignatureFact::Refused {
        code: Code::BadSignature,
        format: SignatureFormat::OpenPgp,
        observed: "x".into(),
        required: "y".into(),
        hints: vec![],
    });
    case.refused(Code::CeremonyMismatch);
}

#[test]
fn dates_of_approvals_fit() {
    let late = Case::new(Enroll, enroll)
        .by(&["alice"])
        .approval(ApprovalRole::Authorise, "bob", "bob", "2026-06-02T12:00:01Z")
        .holds("dave", "dave");
    late.refused(Code::CeremonyMismatch);
    let mut apart = Case::new(Enroll, enroll).by(&["alice", "bob"]).holds("dave", "dave");
    apart.record.approvals[1].timestamp = at("2026-05-01");
    apart.refused(Code::CeremonyMismatch);
}

#[test]
fn retiring_somebody_who_does_not_approve_changes_nothing_else() {
    let gone = |w: &mut World| {
        retire(w, "alice", RetiredReason::Departed);
        w.domain("kernel").primary = who("bob");
    };
    Case::new(Retire, gone).by(&["bob", "carol"]).passes();
    Case::new(Retire, gone).by(&["bob"]).refused(Code::UnauthorisedRegistryChange);
    let with_more = |w: &mut World| {
        gone(w);
        enroll(w);
    };
    let more = Case::new(Retire, with_more).by(&["bob", "carol"]).holds("dave", "dave");
    more.refused(Code::UnauthorisedRegistryChange);
    // With the consent of whoever leaves, it may.
    let consent = Case::new(Retire, with_more).by(&["alice", "bob"]).holds("dave", "dave");
    consent.passes();
    let two = |w: &mut World| {
        retire(w, "alice", RetiredReason::Departed);
        retire(w, "bob", RetiredReason::Departed);
        w.domain("kernel").primary = who("carol");
        w.domain("evidence").primary = who("carol");
        lower_the_quorum(w);
    };
    Case::new(Retire, two).by(&["carol"]).refused(Code::UnauthorisedRegistryChange);
}

#[test]
fn a_domain_that_nobody_can_sign_off_refuses_the_ceremony() {
    let gap = |w: &mut World| retire(w, "alice", RetiredReason::Departed);
    Case::new(Retire, gap).by(&["alice", "bob", "carol"]).refused(Code::CoverageGap);
    let later = |w: &mut World| {
        retire(w, "alice", RetiredReason::Rotated);
        let window = Window { from: at("2026-07-01"), until: Some(at("2028-01-01")) };
        w.add_key("alice", "alice-2", window);
    };
    let case = Case::new(Rotate, later).by(&["alice", "bob", "carol"]).holds("alice", "alice-2");
    case.refused(Code::CoverageGap);
}

#[test]
fn a_compromise_is_acknowledged_and_never_approved_by_the_bad_key() {
    Case::new(Compromise, compromise).acknowledged().by(&["bob", "carol"]).passes();
    Case::new(Compromise, compromise).by(&["bob", "carol"]).refused(Code::CharterAckMissing);
    let thief = Case::new(Compromise, compromise).acknowledged().by(&["alice", "bob", "carol"]);
    thief.refused(Code::KeyCompromised);
    let mut elsewhere = Case::new(Compromise, compromise).acknowledged().by(&["bob", "carol"]);
    elsewhere.record.charter_ack = "README.md#incident".into();
    elsewhere.refused(Code::CharterAckMissing);
    elsewhere.record.charter_ack = "DECISION_LOG.md#other".into();
    elsewhere.refused(Code::CharterAckMissing);
}

#[test]
fn a_compromised_key_is_replaced_only_by_everybody_else() {
    let renew = |w: &mut World| {
        retire(w, "alice", RetiredReason::Compromised);
        add_key(w, "alice", "alice-2");
    };
    let all = Case::new(Compromise, renew).acknowledged().by(&["bob", "carol"]);
    all.holds("alice", "alice-2").passes();
    let mut four = Case::new(Compromise, renew).acknowledged().by(&["bob", "carol"]);
    for world in [&mut four.world, &mut four.after] {
        world.enrol("erin", "drivers");
        world.refresh();
    }
    four.holds("alice", "alice-2").refused(Code::UnauthorisedRegistryChange);
}

#[test]
fn one_of_two_never_takes_over() {
    let two = |w: &mut World| {
        w.registry.reviewers.remove(&who("carol"));
        w.registry.domains.remove(&DomainId::new("process").unwrap());
        w.registry.keys.retain(|key| key.reviewer.as_str() != "carol");
    };
    let mut case = Case::new(Compromise, |w| {
        two(w);
        retire(w, "alice", RetiredReason::Compromised);
        add_key(w, "alice", "alice-2");
    });
    two(&mut case.world);
    let case = case.acknowledged().by(&["bob"]).holds("alice", "alice-2");
    case.refused(Code::UnauthorisedRegistryChange);
}

#[test]
fn entries_and_windows_stay() {
    let drop_key = |w: &mut World| w.registry.keys.retain(|k| k.reviewer.as_str() != "alice");
    let everybody = ["alice", "bob", "carol"];
    Case::new(Amend, drop_key).by(&everybody).refused(Code::RegistryEntryRemoved);
    let drop_person = |w: &mut World| {
        w.registry.reviewers.remove(&who("alice"));
    };
    Case::new(Amend, drop_person).by(&everybody).refused(Code::RegistryEntryRemoved);
    let window = |from: &'static str, until: &'static str| {
        move |w: &mut World| {
            w.registry.keys[0].window = Window { from: at(from), until: Some(at(until)) };
        }
    };
    for (from, until, fine) in [
        ("2025-12-31", "2028-01-01", false),
        ("2026-01-02", "2028-01-01", false),
        ("2026-01-01", "2026-05-31", false),
        ("2026-01-01", "2026-06-01", true),
        ("2026-01-01", "2029-01-01", true),
    ] {
        let case = Case::new(Amend, window(from, until)).by(&everybody);
        if fine && until != "2026-06-01" {
            case.passes();
        } else if !fine {
            case.refused(Code::RetroactiveWindow);
        }
    }
}

#[test]
fn whoever_is_retired_unasked_takes_nobody_elses_past_along() {
    let old = |w: &mut World, trusted: Option<crate::model::Oid>| {
        let mut old = w.retired("bob");
        old.fingerprint = Some(fingerprint("bob-0"));
        if let KeyState::Retired(retirement) = &mut old.state {
            retirement.reason = RetiredReason::Compromised;
            retirement.trusted_until = trusted;
        }
        w.registry.keys.push(old);
        w.hold("keys/bob.asc", "bob-0");
    };
    let case = |trusted| {
        let mut case = Case::new(Retire, |w| {
            old(w, trusted);
            retire(w, "alice", RetiredReason::Departed);
            w.domain("kernel").primary = who("bob");
        });
        old(&mut case.world, None);
        case.world.refresh();
        case.acknowledged().by(&["bob", "carol"])
    };
    case(None).passes();
    case(Some(id(3))).refused(Code::UnauthorisedRegistryChange);
}

#[test]
fn retired_entries_change_only_by_compromise() {
    let with_old = |w: &mut World, edit: &dyn Fn(&mut Retirement)| {
        let mut old = w.retired("alice");
        old.fingerprint = Some(fingerprint("alice-0"));
        if let KeyState::Retired(retirement) = &mut old.state {
            edit(retirement);
        }
        w.registry.keys.push(old);
        w.hold("keys/alice.asc", "alice-0");
    };
    let case = |edit: &dyn Fn(&mut Retirement)| {
        let mut case = Case::new(Compromise, |w| with_old(w, edit));
        with_old(&mut case.world, &|_| {});
        case.world.refresh();
        case.acknowledged().by(&["alice", "bob", "carol"])
    };
    case(&|r| r.reason = RetiredReason::Compromised).passes();
    case(&|r| {
        r.reason = RetiredReason::Compromised;
        r.trusted_until = Some(id(3));
    })
    .passes();
    case(&|r| r.at = at("2026-02-01")).refused(Code::RetroactiveWindow);
    case(&|r| r.reason = RetiredReason::Departed).refused(Code::RegistryEntryRemoved);
    case(&|r| r.charter_ack = "x".into()).refused(Code::RegistryEntryRemoved);
}

#[test]
fn the_record_describes_this_very_change() {
    let good = || Case::new(Enroll, enroll).by(&["alice", "bob"]).holds("dave", "dave");
    let wrong = |edit: &dyn Fn(&mut Case), code: Code| {
        let mut case = good();
        edit(&mut case);
        case.refused(code);
    };
    wrong(&|c| c.record.previous_registry_sha256 = [9; 32], Code::CeremonyMismatch);
    wrong(&|c| c.record.registry_sha256 = [9; 32], Code::CeremonyMismatch);
    wrong(&|c| c.parent = false, Code::CeremonyMismatch);
    wrong(&|c| c.record.kind = CeremonyKind::Genesis, Code::CeremonyMismatch);
    wrong(&|c| c.record.removed = vec!["keys/alice.asc".into()], Code::CeremonyMismatch);
    wrong(
        &|c| {
            c.record.files = vec![RecordedFile { path: "keys/dave.asc".into(), sha256: [7; 32] }];
        },
        Code::CeremonyMismatch,
    );
    for serial in [0, 1, 3] {
        wrong(
            &|c| {
                c.after.registry.serial = serial;
                c.record.serial = serial;
            },
            Code::RegistryRollback,
        );
    }
    let with_file = |stated: Option<u8>| {
        let mut case = good();
        let path = "keys/dave.asc".to_owned();
        case.step.keys =
            vec![FileChange { path: path.clone(), before: None, after: Some((0o100_644, id(5))) }];
        case.step.sha256.insert(path.clone(), [7; 32]);
        case.step.key_files.insert(path.clone(), (id(5), Arc::new(case.after.key_file("dave"))));
        case.record.files = stated
            .map(|n| RecordedFile { path: path.clone(), sha256: [n; 32] })
            .into_iter()
            .collect();
        case
    };
    with_file(Some(7)).passes();
    with_file(Some(8)).refused(Code::CeremonyMismatch);
    with_file(None).refused(Code::CeremonyMismatch);
}

#[test]
fn an_override_is_unanimous_but_for_real_dissenters() {
    let case = |concerns: &[&str]| {
        let mut case = Case::new(Override, |_| {}).acknowledged();
        case.record.concerns = concerns.iter().map(|c| (*c).to_owned()).collect();
        case.dissents.insert(who("carol"), BTreeSet::from([7]));
        case
    };
    let good = case(&["epoch-7:carol"]).by(&["alice", "bob"]);
    good.passes();
    assert_eq!(good.judge().effects.lifts, BTreeSet::from([(7, who("carol"))]));
    case(&["epoch-7:carol"]).by(&["alice"]).refused(Code::UnauthorisedRegistryChange);
    case(&["epoch-7:bob"]).by(&["alice", "carol"]).refused(Code::CeremonyMismatch);
    case(&["epoch-8:carol"]).by(&["alice", "bob"]).refused(Code::CeremonyMismatch);
    case(&[]).by(&["alice", "bob", "carol"]).refused(Code::CeremonyMismatch);
    let mut silent = case(&["epoch-7:carol"]).by(&["alice", "bob"]);
    silent.record.charter_ack.clear();
    silent.refused(Code::OverrideUnrecorded);
    let more = |w: &mut World| lower_the_quorum(w);
    let mut hidden = Case::new(Override, more).acknowledged().by(&["alice", "bob", "carol"]);
    hidden.record.concerns = vec!["epoch-7:carol".into()];
    hidden.dissents.insert(who("carol"), BTreeSet::from([7]));
    hidden.refused(Code::CeremonyMismatch);
}

#[test]
fn requalifying_is_open_only_for_the_stranded() {
    let case = |concerns: &[&str], stranded: &[&str]| {
        let mut case = Case::new(Requalify, |_| {}).acknowledged().by(&["alice", "bob"]);
        case.record.concerns = concerns.iter().map(|c| (*c).to_owned()).collect();
        case.stranded = stranded.iter().map(|name| who(name)).collect();
        case
    };
    let good = case(&["alice"], &["alice", "bob"]);
    good.passes();
    assert_eq!(good.judge().effects.requalifies, BTreeSet::from([who("alice")]));
    case(&["carol"], &["alice"]).refused(Code::CeremonyMismatch);
    case(&["alice", "carol"], &["alice"]).refused(Code::CeremonyMismatch);
    case(&[], &["alice"]).refused(Code::CeremonyMismatch);
    let mut silent = case(&["alice"], &["alice"]);
    silent.record.charter_ack.clear();
    silent.refused(Code::CharterAckMissing);
}

#[test]
fn concerns_are_read_as_they_are_written() {
    assert_eq!(concern("epoch-7:carol"), Some((7, who("carol"))));
    for bad in ["epoch-07:carol", "epoch-7", "7:carol", "epoch-+7:carol", "epoch-7:Carol"] {
        assert_eq!(concern(bad), None, "{bad}");
    }
}

#[test]
fn signatures_are_attributed_by_key_and_not_by_word() {
    let mut case = Case::new(Enroll, enroll).by(&["alice", "bob"]).holds("dave", "dave");
    let stranger: VerifiedSignature =
        case.world.signature_by(fingerprint("mallory"), "mallory", NOW);
    case.facts[1] = Some(SignatureFact::Verified(stranger));
    case.refused(Code::CeremonyMismatch);
}

#[test]
fn a_large_change_is_told_in_few_words() {
    let many = |world: &mut World| {
        for n in 0..1_000 {
            add_key(world, "alice", &format!("alice-{n}"));
        }
    };
    let told = |case: &Case| {
        let judged = case.judge();
        let errors = judged.findings.iter().filter(|f| f.severity == Severity::Error).count();
        assert!(errors > 0 && judged.findings.len() <= MAX_FINDINGS + 1, "{errors}");
        let last = judged.findings.last().unwrap();
        assert!(last.message.ends_with("more findings about this ceremony"), "{}", last.message);
    };
    let mut case = Case::new(Rotate, many).by(&["alice", "bob"]);
    told(&case);
    std::mem::swap(&mut case.world, &mut case.after);
    told(&case);
    let people: Vec<ReviewerId> = (0..1_000).map(|n| who(&format!("p{n}"))).collect();
    assert!(listed(&people).ends_with("p19, and 980 more"));
}

/// Whoever approves: what people are told is missing is what the rules find missing.
#[test]
fn who_is_asked_is_who_the_rules_need() {
    let retire_bob: fn(&mut World) = |w| {
        retire(w, "bob", RetiredReason::Departed);
        w.domain("evidence").primary = who("carol");
    };
    let renew: fn(&mut World) = |w| {
        compromise(w);
        add_key(w, "alice", "alice-2");
    };
    let two: fn(&mut World) = |w| {
        retire(w, "bob", RetiredReason::Departed);
        retire(w, "carol", RetiredReason::Departed);
    };
    let cases: [(CeremonyKind, fn(&mut World)); 8] = [
        (Rotate, rotate),
        (Enroll, enroll),
        (Retire, retire_bob),
        (Retire, two),
        (Compromise, compromise),
        (Compromise, renew),
        (Amend, lower_the_quorum),
        (Override, |_| {}),
    ];
    let people = ["alice", "bob", "carol"];
    let rules = [QuorumRule::Majority, QuorumRule::Unanimous, QuorumRule::AtLeast(1)];
    let mut met = [0, 0];
    for (kind, change) in cases {
        for rule in rules {
            for subset in 0..8 {
                let mut case = Case::new(kind, change).acknowledged();
                for world in [&mut case.world, &mut case.after] {
                    world.registry.policy.ceremony.threshold = rule;
                }
                if kind == Override {
                    case.record.concerns = vec!["epoch-7:carol".into()];
                    case.dissents.insert(who("carol"), BTreeSet::from([7]));
                }
                let names: Vec<&str> = people
                    .iter()
                    .enumerate()
                    .filter(|(n, _)| subset & (1 << n) != 0)
                    .map(|(_, name)| *name)
                    .collect();
                let judged = case.by(&names).judge();
                let refused =
                    judged.findings.iter().any(|f| f.code == Code::UnauthorisedRegistryChange);
                assert_eq!(
                    judged.asked.is_met(),
                    !refused,
                    "{kind} {rule:?} {names:?}: {judged:#?}"
                );
                met[usize::from(refused)] += 1;
            }
        }
    }
    assert!(met.iter().all(|count| *count > 20), "{met:?}");
    let held = Case::new(Enroll, enroll).judge().asked.possession;
    assert_eq!(held, [(who("dave"), Some(fingerprint("dave")))]);
}
