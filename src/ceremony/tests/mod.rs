use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::finding::{Code, Finding};
use crate::model::gate::MAX_EPOCH;
use crate::model::{
    Approval, ApprovalRole, CeremonyKind, CeremonyRecord, Fingerprint, Limits, Oid, RecordName,
    RecordReading, RecordedFile, ReviewerId, Time,
};
use crate::source::{Source, Spot};
use crate::tables::testing::{self, can_be_shown, properties, told};

mod written;

const OID: &str = "2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52";
const PATH: &str = "keys/ceremonies/0005-rotate-clancy.toml";

fn digest(digit: &str) -> String {
    digit.repeat(64)
}

/// `[ceremony]` that holds, with a line added.
fn head(line: &str) -> String {
    format!(
        "[ceremony]\nserial = 5\nkind = \"rotate\"\nprevious_registry_sha256 = \"{}\"\n\
         registry_sha256 = \"{}\"\nparent = \"{OID}\"\n{line}\n",
        digest("a"),
        digest("b")
    )
}

fn file(path: &str) -> String {
    format!("[[files]]\npath = \"{path}\"\nsha256 = \"{}\"\n", digest("c"))
}

/// An approval that holds, with a line added.
fn entry(line: &str) -> String {
    format!(
        "[[approvals]]\nrole = \"authorise\"\nreviewer_id = \"ada\"\nfingerprint = \"{OID}\"\n\
         timestamp = 2026-06-11T12:00:00Z\n{line}\n"
    )
}

fn read_at(path: &str, text: &str) -> RecordReading {
    read(path, text.as_bytes(), &Limits::default())
}

fn sound(text: &str) -> Arc<CeremonyRecord> {
    let reading = read_at(PATH, text);
    assert_eq!(reading.problems, [], "{text}");
    reading.record.unwrap()
}

/// The one problem that a text has.
fn problem(text: &str) -> Finding {
    let mut reading = read_at(PATH, text);
    assert_eq!(reading.problems.len(), 1, "{text}: {:#?}", reading.problems);
    assert!(reading.record.is_none(), "{text}");
    let problem = reading.problems.remove(0);
    assert_eq!(problem.code, Code::CeremonyMismatch);
    problem
}

#[test]
fn every_field_is_read() {
    let lines = "reason = \"a\\nb\"\ncharter_ack = \"DECISION_LOG.md#x#y\"\n\
                 witnesses = [\"Grace\\r\"]\nconcerns = [\"epoch-7:clancy\"]\n\
                 removed = [\"keys/old.asc\"]";
    let ssh = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let possession = entry("signature = '''\nx'''")
        .replace("authorise", "possession")
        .replace(OID, &format!("{ssh}="));
    let text = head(lines) + &file("keys/clancy.asc") + &entry("") + &possession;
    let record = sound(&text);
    assert_eq!((record.serial, record.kind), (5, CeremonyKind::Rotate));
    assert_eq!(record.previous_registry_sha256, [0xaa; 32]);
    assert_eq!(record.registry_sha256, [0xbb; 32]);
    assert_eq!(record.parent.to_string(), OID);
    assert_eq!(record.reason, "a\nb");
    assert_eq!(record.cited(), Some(("DECISION_LOG.md", "x#y")));
    // Witnesses are not signed.
    assert_eq!(record.witnesses, ["Grace\r"]);
    assert_eq!(record.concerns, ["epoch-7:clancy"]);
    assert_eq!(record.removed, ["keys/old.asc"]);
    let files = [RecordedFile { path: "keys/clancy.asc".into(), sha256: [0xcc; 32] }];
    assert_eq!(record.files, files);
    let [authorise, possession] = record.approvals.as_slice() else { panic!() };
    assert_eq!((authorise.role, possession.role), {
        (ApprovalRole::Authorise, ApprovalRole::Possession)
    });
    assert_eq!(authorise.reviewer_id.as_str(), "ada");
    assert_eq!(authorise.fingerprint.to_string(), OID);
    assert_eq!(possession.fingerprint.to_string(), ssh);
    assert_eq!(authorise.timestamp.to_string(), "2026-06-11T12:00:00Z");
    assert_eq!((authorise.signature.as_str(), possession.signature.as_str()), ("", "x"));
    assert_eq!(record.spot("parent"), Spot { line: 6, column: 1 });
    assert_eq!(record.spot("nothing"), Spot { line: 1, column: 1 });
    assert_eq!((authorise.spot.line, authorise.spot("reviewer_id").line), (15, 17));
    assert_eq!(record.source.path(), PATH);
}

#[test]
fn a_citation_names_a_file_and_a_heading() {
    for (text, cited) in
        [("D.md#x", Some(("D.md", "x"))), ("", None), ("D.md", None), ("#x", None), ("D.md#", None)]
    {
        let record = sound(&head(&format!("charter_ack = \"{text}\"")));
        assert_eq!(record.cited(), cited, "{text}");
    }
}

#[test]
fn the_name_of_the_file_must_hold() {
    for path in [
        "keys/ceremonies/5-rotate.toml",
        "keys/ceremonies/0005-turn.toml",
        "ceremonies/0005-rotate.toml",
        "keys/ceremonies/a/0005-rotate.toml",
    ] {
        let reading = read_at(path, &head(""));
        assert!(reading.record.is_none());
        assert_eq!(reading.problems.len(), 1, "{path}");
        assert!(reading.problems[0].message.contains("not the name"), "{path}");
        assert_eq!(reading.path, path);
    }
    let other = read_at("keys/ceremonies/0006-amend.toml", &head(""));
    let seen: Vec<_> = other.problems.iter().map(|p| p.places[0].spot.line).collect();
    assert_eq!(seen, [2, 3]);
    assert!(read_at("keys/ceremonies/0005-rotate.toml", &head("")).record.is_some());
}

#[test]
fn one_wrong_field_is_one_problem_at_its_line() {
    let with = |from: &str, to: &str| {
        let text = head("removed = ['keys/old.asc']") + &file("keys/a.asc") + &entry("");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let (a, b, c) = (digest("a"), digest("b"), digest("c"));
    for (from, to, line) in [
        ("serial = 5\n", "\n", 1),
        ("serial = 5", "serial = \"5\"", 2),
        ("serial = 5", "serial = -5", 2),
        ("serial = 5", "serial = 9007199254740992", 2),
        ("kind = \"rotate\"\n", "\n", 1),
        ("kind = \"rotate\"", "kind = \"Rotate\"", 3),
        ("kind = \"rotate\"", "kind = 1", 3),
        (&a, "aaaa", 4),
        (&a, &a[..62], 4),
        (&b, &format!("{b}bb"), 5),
        (&b, &b.replacen('b', "g", 1), 5),
        ("parent = \"2e08", "parent = \"", 6),
        ("parent = \"2e08", "parent = \"HEAD", 6),
        ("removed = ['keys/old.asc']", "removed = 'keys/old.asc'", 7),
        ("removed = [", "removed = [1, ", 7),
        ("'keys/old.asc'", "'keys/old.asc', 'keys/old.asc'", 7),
        ("'keys/old.asc'", "'keys/../old.asc'", 7),
        ("'keys/old.asc'", "'old.asc'", 7),
        ("[[files]]", "[[files]]\nunheard_of = 1", 9),
        ("keys/a.asc", "keys/old.asc", 9),
        ("keys/a.asc", "keys/reviewer-registry.toml", 9),
        ("keys/a.asc", "keys/ceremonies/0005-rotate-clancy.toml", 9),
        ("keys/a.asc", "keys/Ceremonies/x", 9),
        ("keys/a.asc", "keys/", 9),
        ("keys/a.asc", "keys//a.asc", 9),
        ("keys/a.asc", "keys/a\\r.asc", 9),
        ("keys/a.asc", "/keys/a.asc", 9),
        ("keys/a.asc", "src/a.asc", 9),
        ("path = \"keys/a.asc\"\n", "\n", 8),
        (&c, "cc", 10),
        (&format!("sha256 = \"{c}\"\n"), "\n", 8),
        ("\"authorise\"", "\"authorize\"", 12),
        ("role = \"authorise\"\n", "\n", 11),
        ("\"ada\"", "\"Ada\"", 13),
        ("reviewer_id = \"ada\"\n", "\n", 11),
        ("fingerprint = \"2e08", "fingerprint = \"", 14),
        (&format!("fingerprint = \"{OID}\""), "fingerprint = \"pending\"", 14),
        (&format!("fingerprint = \"{OID}\"\n"), "\n", 11),
        ("12:00:00Z", "12:00:00.5Z", 15),
        ("12:00:00Z", "12:00:00", 15),
        ("timestamp = 2026-06-11T12:00:00Z\n", "\n", 11),
        ("12:00:00Z", "12:00:00Z\nsignature = 1", 16),
        ("12:00:00Z", "12:00:00Z\nsignatur = ''", 16),
        ("[ceremony]", "other = 1\n[ceremony]", 1),
    ] {
        let found = problem(&with(from, to));
        assert_eq!(found.places[0].spot.line, line, "{to}: {}", found.message);
    }
    for (a, b) in [("keys/a.asc", "keys/a.asc"), ("keys/b.asc", "keys/a.asc")] {
        let text = head("") + &file(a) + &file("keys/a.asc") + &file(b);
        assert!(read_at(PATH, &text).record.is_none(), "{a} {b}");
    }
}

#[test]
fn no_carriage_return_is_ever_signed() {
    for line in [
        "reason = \"a\\rb\"",
        "charter_ack = \"D.md#a\\r\"",
        "concerns = [\"x\", \"\\r\"]",
        "reason = '''\na\r\nb'''",
    ] {
        let text = head(line);
        let reading = read_at(PATH, &text);
        let kept = reading.record.is_some_and(|record| !record.reason.contains('\r'));
        let told = reading.problems.iter().any(|p| p.message.contains("carriage return"));
        assert!(kept || told, "{line}");
    }
    assert!(problem(&head("reason = \"\\r\"")).message.contains("carriage return"));
}

#[test]
fn bounds_are_named() {
    let limits = Limits { approvals: 2, ..Limits::default() };
    let text = head("") + &entry("").repeat(3);
    let reading = read(PATH, text.as_bytes(), &limits);
    assert!(reading.record.is_none());
    assert!(
        reading.problems[0].help.contains("--limit approvals=3"),
        "{}",
        told(&reading.problems)
    );
    let two = head("") + &entry("").repeat(2);
    assert_eq!(read(PATH, two.as_bytes(), &limits).record.unwrap().approvals.len(), 2);

    let limits = Limits { file_bytes: 10, ..Limits::default() };
    let reading = read(PATH, text.as_bytes(), &limits);
    assert!(reading.record.is_none());
    assert!(reading.problems[0].help.contains("--limit file-bytes="));
    assert_eq!(reading.problems[0].code, Code::CeremonyMismatch);
}

#[test]
fn messages() {
    let text = "[ceremony]\nserial = 6\nkind = \"turn\\u001b[31m\"\n\
                previous_registry_sha256 = \"aa\"\nparent = \"HEAD\"\nreason = \"a\\rb\"\n\
                removed = [\"keys/\\u202e.asc\"]\ngpg_signed = true\n\n[[files]]\n\
                path = \"keys/a.asc\"\nsha256 = \"cc\"\n\n[[files]]\npath = \"keys/a.asc\"\n\n\
                [[approvals]]\nrole = \"approve\"\nreviewer_id = \"Ada\"\n\
                fingerprint = \"AAAABBBBCCCCDDDD\"\ntimestamp = 2026-06-11T12:00:00\n\n\
                [[approvals]]\nrole = \"witness\"\nfingerprint = \"pending\"\n";
    let mut all = told(&read_at(PATH, text).problems);
    all += "---\n";
    all += &told(&read_at("keys/ceremonies/5\u{202e}.toml", &head("")).problems);
    insta::assert_snapshot!(all);
}

#[test]
fn messages_about_syntax() {
    let duplicate = head("serial = 5");
    let conflict =
        head("<<<<<<< HEAD\nreason = 'a'\n=======\nreason = 'b'\n>>>>>>> other") + &entry("");
    let not_text = [b"[ceremony]\nserial = ".as_slice(), b"\xff\n"].concat();
    let mut all = String::new();
    for bytes in [duplicate.as_bytes(), conflict.as_bytes(), &not_text, b"[ceremony\n", b""] {
        let reading = read(PATH, bytes, &Limits::default());
        assert!(reading.record.is_none());
        all += &told(&reading.problems);
        all += "---\n";
    }
    insta::assert_snapshot!(all);
}

#[test]
#[ignore = "writes the schema: cargo test --lib write_record_schema -- --ignored"]
fn write_record_schema() {
    testing::write_schema(SCHEMA_PATH, &schema());
}

#[test]
fn the_shipped_schema_is_the_current_one() {
    testing::schema_is_shipped(SCHEMA_PATH, &schema(), "write_record_schema");
}

fn known(text: &str) -> BTreeSet<String> {
    testing::known(&read_at(PATH, text).problems)
}

#[test]
fn the_schema_names_the_fields_and_words_that_are_read() {
    let schema = schema();
    let line = "unheard_of = 1\n";
    let whole = head("") + &file("keys/a.asc") + &entry("");
    assert_eq!(known(&(line.to_owned() + &whole)), properties(&schema, ""));
    assert_eq!(known(&head(line)), properties(&schema, "Ceremony"));
    assert_eq!(known(&(head("") + &file("keys/a.asc") + line)), properties(&schema, "File"));
    assert_eq!(known(&(head("") + &entry(line))), properties(&schema, "Approval"));
    let kinds: Vec<&str> = CeremonyKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(schema["$defs"]["Kind"]["enum"], serde_json::json!(kinds));
    for role in schema["$defs"]["Role"]["oneOf"].as_array().unwrap() {
        assert!(ApprovalRole::parse(role["const"].as_str().unwrap()).is_some(), "{role}");
    }
    // What must be there for the reader must be there for the schema.
    for (name, text) in [
        ("Ceremony", "[ceremony]\n".to_owned()),
        ("File", head("") + "[[files]]\n"),
        ("Approval", head("") + "[[approvals]]\n"),
    ] {
        let missing: BTreeSet<String> = read_at(PATH, &text)
            .problems
            .iter()
            .map(|p| p.required.clone().unwrap().trim_matches('`').to_owned())
            .collect();
        let required = schema["$defs"][name]["required"].as_array().unwrap();
        let required = required.iter().map(|field| field.as_str().unwrap().to_owned());
        assert_eq!(missing, required.collect(), "{name}");
    }
}

/// Pieces of records in any order, so that more than the first byte is read.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(head("")),
        Just(file("keys/a.asc")),
        Just(entry("")),
        "(serial|kind|parent|removed|path|sha256|role|timestamp|fingerprint|signature|zz) = ",
        "(5|'rotate'|\"x\\\\r\"|\\['a', 1\\]|\\{ a = 1 \\}|true|2026-01-01|1e9|[\"'=\\[\\]\\{\\}.]{1,3})\n",
        "\\PC{0,5}\n?",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes())
}

fn check(path: &str, bytes: &[u8]) {
    let reading = read(path, bytes, &Limits::default());
    assert_eq!(reading.record.is_some(), reading.problems.is_empty());
    can_be_shown(&reading.problems);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(PATH, &bytes);
    }

    #[test]
    fn no_pieces_panic(path in prop_oneof![Just(PATH), Just("keys/\u{202e}x.toml")], bytes in pieces()) {
        check(path, &bytes);
    }
}
