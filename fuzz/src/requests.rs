//! Ceremonies on their way from person to person.

use gatecheck::ceremony::request::{Supplied, add, differences, read, read_supplied, write};
use gatecheck::ceremony::{Request, request};
use gatecheck::check::Carried;
use gatecheck::model::Limits;
use gatecheck::render::ceremony as words;

use super::assert_sound;

/// A request is there or there is a problem that says why; what is written of it is read as it was,
/// whatever was not signed included; it leads to files below `keys/` alone, and what is said of it
/// is inert. As much of it as a mutation leaves alone is bound by digests.
pub fn request(bytes: &[u8]) -> bool {
    // Small, so that the bounds are reached.
    let limits = Limits { file_bytes: 64 << 10, approvals: 4, key_files: 4, ..Limits::default() };
    let supplied = read_supplied("request.toml", bytes, &limits);
    match (read("request.toml", bytes, &limits), supplied) {
        (Ok(one), Ok(Supplied::Request(same))) => {
            assert!(differences(&one, &same).is_empty());
            assert_whole(&one);
            true
        }
        (Err(problems), Ok(Supplied::Approvals { record_path, request_sha256, approvals })) => {
            assert!(!problems.is_empty() && approvals.len() <= 4);
            assert_sound(&problems);
            assert_eq!(request_sha256.len(), 32);
            drop(record_path);
            true
        }
        (Err(problems), Err(others)) => {
            assert!(!problems.is_empty() && !others.is_empty());
            assert_sound(&problems);
            assert_sound(&others);
            false
        }
        (one, other) => panic!("a request for one reader alone: {one:?}, {other:?}"),
    }
}

fn assert_whole(one: &Request) {
    let limits = Limits::default();
    let text = write(one);
    let again = read("again", text.as_bytes(), &limits);
    let again = again.unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    assert_eq!(write(&again), text);
    assert_eq!(again.digest(), one.digest());
    assert!(differences(one, &again).is_empty());
    assert_eq!(again.record.approvals.len(), one.record.approvals.len());
    assert!(one.brings().keys().all(|path| path.starts_with("keys/") && !path.contains("..")));

    // Approvals that are handed in twice, or on their own, change nothing.
    let mut twice = one.clone();
    add(&mut twice, one.record.approvals.clone());
    let mut thrice = twice.clone();
    add(&mut thrice, again.record.approvals.clone());
    assert_eq!(write(&thrice), write(&twice));
    assert_eq!(twice.digest(), one.digest());
    let alone = request::write_approvals(one, &one.record.approvals);
    match read_supplied("alone", alone.as_bytes(), &limits) {
        Ok(Supplied::Approvals { request_sha256, approvals, .. }) => {
            assert_eq!(request_sha256, one.digest());
            assert_eq!(approvals.len(), one.record.approvals.len());
        }
        other => assert!(one.record.approvals.is_empty(), "{other:?}"),
    }

    let carried = Carried::of(one, &limits);
    let said = words::ceremony(one, &carried.words(one, &limits))
        + &words::key_files(one, &carried.brought)
        + &words::registry_diff(one);
    for line in said.lines() {
        super::assert_inert(line);
        assert!(!line.contains("##["), "{line}");
        assert!(!line.trim_start().starts_with("::"), "{line}");
    }
}
