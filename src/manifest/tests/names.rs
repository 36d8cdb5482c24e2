//! What the name of the file says of the manifest.

use super::*;

#[test]
fn the_file_name_decides_which_epoch_is_meant() {
    let other = head("").replace("epoch = 7", "epoch = 6") + &entry("");
    let found = problem(&other);
    assert_eq!(found.code, Code::EpochMismatch);
    assert_eq!(found.observed.as_deref(), Some("epoch 6"));
    assert_eq!((found.epoch, found.places[0].spot.line), (Some(7), 2));

    let found = problem(&(head("") + &entry("epoch = 8")));
    assert_eq!(found.code, Code::EpochMismatch);
    assert_eq!(found.reviewer_id, ReviewerId::new("ada"));

    let reading = read_as(
        &ManifestName::NearlyEpoch("e/epoch-07.toml".into()),
        &(head("") + &entry("epoch = 7")),
    );
    assert_eq!(reading.manifest.unwrap().target, Target::Epoch(7));
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].code, Code::EpochMismatch);
}

#[test]
fn a_missing_epoch_is_a_problem_and_the_rest_is_read() {
    let reading = read_epoch(&(head("").replace("epoch = 7\n", "") + &entry("")));
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].code, Code::ManifestInvalid);
    assert_eq!(reading.manifest.unwrap().target, Target::Epoch(7));
}

#[test]
fn a_squash_manifest_has_a_name_for_an_epoch() {
    let squash = ManifestName::Squash("big".into());
    let text = |line: &str| head("").replace("epoch = 7", line) + &entry("");
    let codes = |text: &str| -> Vec<Code> {
        read_as(&squash, text).problems.iter().map(|p| p.code).collect()
    };
    let reading = read_as(&squash, &text("name = \"big\""));
    assert_eq!(reading.problems, []);
    assert_eq!(reading.manifest.unwrap().target, Target::Squash("big".into()));
    assert_eq!(codes(&text("name = \"small\"")), [Code::EpochMismatch]);
    assert_eq!(codes(&text("")), [Code::ManifestInvalid]);
    assert_eq!(codes(&text("name = \"big\"\nepoch = 7")), [Code::ManifestInvalid]);
    assert_eq!(codes(&(text("name = 'big'") + "epoch = 7")), [Code::EpochMismatch]);
    assert_eq!(codes(&(text("name = 'big'") + "name = 'big'")), []);
    assert_eq!(codes(&(text("name = 'big'") + "name = 'small'")), [Code::EpochMismatch]);
    assert_eq!(problem(&(head("name = 'big'") + &entry(""))).code, Code::ManifestInvalid);
    assert_eq!(problem(&(head("") + &entry("name = 'big'"))).code, Code::EpochMismatch);
}

#[test]
fn a_reattestation_takes_its_number_from_the_file_name() {
    let name = ManifestName::Reattest { epoch: 7, number: 3 };
    let reading = read_as(&name, &(head("") + &entry("epoch = 7")));
    assert_eq!(reading.problems, []);
    assert_eq!(reading.manifest.unwrap().reattest, 3);
}

#[test]
fn a_dissent_file_holds_one_persons_dissent() {
    let name = ManifestName::Dissent { epoch: 7, reviewer: ReviewerId::new("ada").unwrap() };
    let messages = |text: &str| -> Vec<String> {
        read_as(&name, text).problems.into_iter().map(|p| p.message).collect()
    };
    let dissent = entry("dissent = 'no'");
    assert_eq!(messages(&(head("") + &dissent)), Vec::<String>::new());
    assert_eq!(
        messages(&(head("") + &dissent.replace("ada", "bob"))),
        ["the dissent is not of the person whom the file's name names"]
    );
    assert_eq!(messages(&(head("") + &entry(""))), ["the dissent file holds no dissent"]);
    assert_eq!(messages(&(head("") + &dissent + &dissent)).len(), 1);
}
