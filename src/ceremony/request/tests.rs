//! Requests there and back, changed on the way, and put together again.

use super::*;
use crate::ceremony;
use crate::finding::Finding;
use crate::model::{ApprovalRole, Fingerprint, Limits, ReviewerId, Time};
use crate::source::Spot;

const OLD: &str = r#"[schema]
version = "1.1.0"
serial = 1

[project]
id = "clan-os"
mainline = "refs/heads/main"

[[reviewers]]
id = "ada"
name = "Ada"
kind = "human"

[[domains]]
id = "kernel"
primary = "ada"

[[keys]]
reviewer_id = "ada"
format = "openpgp"
fingerprint = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
effective_from = 2026-01-01
"#;

/// What a planner writes: a new docs list, with a key file that is no text.
fn request(reason: &str) -> Request {
    let next = OLD
        .replace("serial = 1", "serial = 2")
        .replace("\"ada\"\n\n[[keys]]", "\"ada\"\ndocs = [\"it's '''quoted'''\"]\n\n[[keys]]");
    let files = BTreeMap::from([("keys/ada.asc".to_owned(), vec![0xff, 0, b'\''])]);
    let record = format!(
        "[ceremony]\nserial = 2\nkind = \"amend\"\nprevious_registry_sha256 = \"{}\"\n\
         registry_sha256 = \"{}\"\nparent = \"{}\"\nreason = \"{reason}\"\n\n\
         [[files]]\npath = \"keys/ada.asc\"\nsha256 = \"{}\"\n",
        hex::encode(sha256(OLD.as_bytes())),
        hex::encode(sha256(next.as_bytes())),
        "b".repeat(40),
        hex::encode(sha256(&files["keys/ada.asc"])),
    );
    let limits = Limits::default();
    let read = |text: &str| {
        let path = "keys/reviewer-registry.toml";
        let reading = crate::registry::read(path, text.as_bytes(), &limits);
        Some(reading.registry.unwrap_or_else(|| panic!("{:?}", reading.problems)))
    };
    let record = ceremony::read("keys/ceremonies/0002-amend.toml", record.as_bytes(), &limits);
    Request {
        record: record.record.expect("a record").as_ref().clone(),
        previous: read(OLD).unwrap(),
        next: read(&next).unwrap(),
        files,
        known: BTreeMap::from([("keys/ada.asc".to_owned(), b"armor\r\n'".to_vec())]),
    }
}

fn approval(role: ApprovalRole, digit: &str, time: &str) -> Approval {
    Approval {
        role,
        reviewer_id: ReviewerId::new("ada").unwrap(),
        fingerprint: Fingerprint::parse(&digit.repeat(40)).unwrap(),
        timestamp: Time::parse(time).unwrap(),
        signature: format!("-----BEGIN X-----\n{digit}{time}\n-----END X-----\n"),
        spot: Spot::START,
        spots: BTreeMap::new(),
    }
}

fn back(text: &str) -> Result<Request, Vec<Finding>> {
    read("request.toml", text.as_bytes(), &Limits::default())
}

#[test]
fn what_was_written_is_read_again() {
    let mut request = request("why \\\" not");
    add(&mut request, [approval(ApprovalRole::Authorise, "a", "2026-06-01")]);
    let text = write(&request);
    let again = back(&text).unwrap();
    assert_eq!(write(&again), text);
    assert_eq!((&again.files, &again.known), (&request.files, &request.known));
    assert_eq!(again.digest(), request.digest());
    assert!(text.contains("\nregistry = \"\"\"\n[schema]") && text.contains("= '''\n[schema]"));
    let changes: Vec<String> = again.changes().iter().map(ToString::to_string).collect();
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(
        again.brings().keys().collect::<Vec<_>>(),
        ["keys/ada.asc", "keys/ceremonies/0002-amend.toml", "keys/reviewer-registry.toml"]
    );
}

#[test]
fn a_changed_request_is_refused() {
    let text = write(&request("why"));
    for (from, to) in [
        ("primary = \"ada\"\n", "primary = \"eve\"\n"),
        ("id = \"clan-os\"", "id = \"other\""),
        ("serial = 2\nkind", "serial = 3\nkind"),
        ("base64 = \"", "base64 = \"AAAA"),
        ("version = \"1.0.0\"\n", "version = \"2.0.0\"\n"),
        ("path = \"keys/ada.asc\"\nbase64", "path = \"keys/eve.asc\"\nbase64"),
        ("[[known_key_files]]\npath = \"keys/", "[[known_key_files]]\npath = \"../"),
        ("[request]\n", "[request]\nextra = 1\n"),
    ] {
        assert!(text.contains(from), "{from} is not in {text}");
        assert!(back(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
    assert!(back("").is_err() && back("[approval]\n").is_err());
    let small = Limits { request_bytes: 100, ..Limits::default() };
    let problems = read("x", text.as_bytes(), &small).unwrap_err();
    assert!(problems[0].help.contains("--limit request-bytes="), "{problems:?}");
}

#[test]
fn approvals_come_together_in_any_order() {
    let (authorise, possession) = (ApprovalRole::Authorise, ApprovalRole::Possession);
    let all = [
        approval(authorise, "a", "2026-06-01"),
        approval(authorise, "a", "2026-06-02"),
        approval(possession, "b", "2026-06-01"),
        approval(authorise, "b", "2026-06-01"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for turn in 0..all.len() {
        let mut request = request("why");
        for n in 0..all.len() {
            add(&mut request, [all[(n + turn) % all.len()].clone()]);
        }
        assert_eq!(request.record.approvals.len(), 3);
        assert_eq!(request.record.approvals[0].timestamp, all[1].timestamp, "the later one");
        seen.insert(write(&request));
    }
    assert_eq!(seen.len(), 1);
}

#[test]
fn copies_that_differ_are_told_apart() {
    let ours = request("why");
    let mut signed = ours.clone();
    add(&mut signed, [approval(ApprovalRole::Authorise, "a", "2026-06-01")]);
    assert_eq!(differences(&ours, &signed), Vec::<String>::new());
    assert_eq!(differences(&ours, &request("other")), ["reason: why, not other"]);
    let mut poorer = ours.clone();
    poorer.known.clear();
    assert_eq!(differences(&ours, &poorer).len(), 1);
    assert_ne!(ours.digest(), poorer.digest());
}

#[test]
fn approvals_travel_alone_too() {
    let request = request("why");
    let one = approval(ApprovalRole::Possession, "c", "2026-06-01");
    let text = write_approvals(&request, std::slice::from_ref(&one));
    let read = |text: &str| read_supplied("x.toml", text.as_bytes(), &Limits::default());
    match read(&text).unwrap() {
        Supplied::Approvals { record_path, request_sha256, approvals } => {
            assert_eq!((record_path.as_str(), request_sha256), (request.path(), request.digest()));
            assert_eq!(approvals[0].signature, one.signature);
        }
        Supplied::Request(_) => panic!("{text}"),
    }
    assert!(matches!(read(&write(&request)).unwrap(), Supplied::Request(_)));
    assert!(read(&text.replace("possession", "approver")).is_err());
    assert!(read("[approval").is_err());
}

#[test]
fn half_a_request_is_none() {
    let mut request = request("why");
    add(&mut request, [approval(ApprovalRole::Authorise, "a", "2026-06-01")]);
    let whole = write(&request);
    let ends: Vec<usize> = whole.char_indices().map(|(at, _)| at).step_by(7).collect();
    for end in ends {
        // What is not signed may be cut off: key files that only help to look.
        let read = back(&whole[..end]);
        let unsigned = read.as_ref().is_ok_and(|read| {
            read.known.is_empty()
                && read.files == request.files
                && ceremony::write(&read.record) == ceremony::write(&request.record)
        });
        assert!(read.is_err() || unsigned, "{end} of {}", whole.len());
    }
}
