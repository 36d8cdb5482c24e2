//! What the record says, and whom it concerns.

use super::*;

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
