//! Event files of build services, and what they ask to judge.

use gatecheck::ci::{Change, ChangeKind, Given, Plan, payload, plan};
use gatecheck::model::Oid;
use serde_json::Value;

const EVENTS: [&str; 8] = [
    "push",
    "pull_request",
    "pull_request_target",
    "merge_group",
    "release",
    "schedule",
    "workflow_dispatch",
    "whatever\u{1b}",
];
const HEAD: &str = "2222222222222222222222222222222222222222";

/// The first byte is the event's name and whether flags come with it; the rest is the file. Every
/// event leads to branches and tags by their full names and to commits that are there, or nowhere;
/// what is said of it is inert.
pub fn event(bytes: &[u8]) -> bool {
    let (choice, text) = bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest));
    let file = match payload(text) {
        Ok(file) => file,
        Err(why) => {
            why.to_string().lines().for_each(super::assert_inert);
            return false;
        }
    };
    assert!(file.is_object());
    let given = Given {
        name: EVENTS[usize::from(choice % 8)],
        payload: Some(&file),
        head: (choice & 0x10 != 0).then_some(HEAD),
        reference: (choice & 0x20 != 0).then_some("main"),
        default_branch: (choice & 0x40 != 0).then_some("refs/heads/main"),
        ..Given::default()
    };
    let planned = plan(&given);
    let mut read = false;
    match &planned {
        Err(why) => why.to_string().lines().for_each(super::assert_inert),
        Ok(Plan::Change(change)) => {
            read = true;
            assert_change(&given, change);
        }
        Ok(Plan::Tag { reference, new, .. }) => {
            read = true;
            assert!(reference.starts_with("refs/tags/"), "{reference:?}");
            assert!(matches!(given.name, "push" | "release"));
            assert_eq!(new.is_some(), given.name == "push");
        }
        Ok(Plan::DeletedBranch { reference, default_branch, .. }) => {
            read = true;
            [Some(reference), default_branch.as_ref()]
                .into_iter()
                .flatten()
                .for_each(assert_branch);
        }
        Ok(Plan::Mainline { branch }) => branch.iter().for_each(assert_branch),
        Ok(Plan::Nothing(why)) => {
            super::assert_inert(why);
            assert!(matches!(given.name, "push" | "merge_group" | "release"), "nothing is judged");
        }
    }
    // Fields that nobody asks for decide nothing.
    let mut more = file.clone();
    more["sender"] = Value::from("somebody");
    let again = plan(&Given { payload: Some(&more), ..given });
    assert_eq!(again.ok(), planned.ok());
    read
}

fn assert_change(given: &Given<'_>, change: &Change) {
    assert_branch(&change.target);
    change.default_branch.iter().for_each(assert_branch);
    for id in [Some(change.head), change.base].into_iter().flatten() {
        assert_ne!(id, Oid::zero(id.format()), "zeros are no commit");
    }
    if let Some(head) = given.head {
        assert_eq!(change.head.to_string(), head, "the flag goes before the file");
    }
    if change.kind != ChangeKind::Push {
        assert!(change.base.is_some() && !change.forced);
    }
    for mainline in [None, Some("refs/heads/main")] {
        match change.distrust(mainline) {
            Some(why) => super::assert_inert(&why),
            // The past of another branch is anybody's.
            None => assert_eq!(
                Some(change.target.as_str()),
                change.default_branch.as_deref().or(mainline)
            ),
        }
    }
}

fn assert_branch(name: &String) {
    let short = name.strip_prefix("refs/heads/").unwrap_or_else(|| panic!("{name:?}"));
    assert!(!short.is_empty() && !short.ends_with('/'), "{name:?}");
    assert!(!name.chars().any(|c| c.is_control() || c.is_whitespace()), "{name:?}");
}
