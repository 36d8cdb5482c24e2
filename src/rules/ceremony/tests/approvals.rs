//! Who has to approve, and which approvals count.

use super::*;

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
fn signatures_are_attributed_by_key_and_not_by_word() {
    let mut case = Case::new(Enroll, enroll).by(&["alice", "bob"]).holds("dave", "dave");
    let stranger: VerifiedSignature =
        case.world.signature_by(fingerprint("mallory"), "mallory", NOW);
    case.facts[1] = Some(SignatureFact::Verified(stranger));
    case.refused(Code::CeremonyMismatch);
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
