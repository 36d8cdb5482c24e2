//! What a ceremony may do to people, keys and domains.

use super::*;

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
