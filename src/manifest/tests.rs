use std::sync::Arc;

use super::*;
use crate::finding::{Code, Finding};
use crate::model::manifest::{Binding, PreviousGate, Target};
use crate::model::step::ManifestReading;
use crate::model::{Limits, Manifest, ManifestName, Oid, ReviewerId, Time};
use crate::source::Spot;
use crate::tables::testing::told;

mod hostile;
mod names;
mod schema;

const OID: &str = "2e086bf534b0c47b92aa98b2fc0040d7ddd8ef52";
const PATH: &str = "epoch_signoffs/epoch-7.toml";

/// The head of a manifest that holds, with a line added.
fn head(line: &str) -> String {
    format!("[manifest]\nepoch = 7\nprevious_gate = \"none\"\nsubject_tree = \"{OID}\"\n{line}\n")
}

/// A sign-off that holds, with a line added.
fn entry(line: &str) -> String {
    format!(
        "[[signoffs]]\nreviewer_id = \"ada\"\ndomain = \"kernel\"\n\
         timestamp = 2026-06-11T12:00:00Z\n{line}\n"
    )
}

fn read_as(name: &ManifestName, text: &str) -> ManifestReading {
    read(name, PATH, text.as_bytes(), &Limits::default())
}

fn read_epoch(text: &str) -> ManifestReading {
    read_as(&ManifestName::Epoch(7), text)
}

fn sound(text: &str) -> Arc<Manifest> {
    let reading = read_epoch(text);
    assert_eq!(reading.problems, [], "{text}");
    reading.manifest.unwrap()
}

/// The one problem that a text has.
fn problem(text: &str) -> Finding {
    let mut problems = read_epoch(text).problems;
    assert_eq!(problems.len(), 1, "{text}: {problems:#?}");
    problems.remove(0)
}

#[test]
fn a_manifest_with_every_field() {
    let text = format!(
        r#"
[manifest]
epoch = 7
previous_gate = "{OID}"
subject_tree = "{OID}"
subject_sha256 = "{digest}"
mv_team_justification = "two of us"
cures = ["{OID}"]

[[signoffs]]
reviewer_id = "clancy"
domain = "kernel"
scope = ["KERNEL_OBJECT_MODEL"]
reviews = ["tcb"]
checklist = ["cross_doc_review"]
epoch = 7
timestamp = 2026-06-11T14:00:00+02:00
dissent = "no"
withdrawn = true
superseded_by = "{OID}"
authored_by = "ada"
multi_domain_roles = ["kernel", "process"]
multi_domain_justification = "both mine"
ai_attestation = {{ understood = true, invariants = ["KOM-1"], statement = "read it" }}
signature = """
-----BEGIN PGP SIGNATURE-----
"""
"#,
        digest = "0f".repeat(32)
    );
    let manifest = sound(&text);
    let id = Oid::from_hex(OID).unwrap();
    assert_eq!(manifest.target, Target::Epoch(7));
    assert_eq!(manifest.previous_gate, Some(PreviousGate::Gate(id)));
    assert_eq!(manifest.binding, Binding::Tree(id));
    assert_eq!(manifest.subject_sha256, Some([0x0f; 32]));
    assert_eq!(manifest.cures, [id]);
    assert_eq!(manifest.reattest, 0);
    assert_eq!(manifest.mv_team_justification, "two of us");
    assert_eq!(manifest.spot("cures"), Spot { line: 8, column: 1 });
    assert_eq!(manifest.spot("absent"), Spot { line: 2, column: 1 });
    let signoff = &manifest.signoffs[0];
    assert_eq!(signoff.reviewer_id.as_str(), "clancy");
    assert_eq!(signoff.domain.as_str(), "kernel");
    assert_eq!(signoff.scope, ["KERNEL_OBJECT_MODEL"]);
    assert_eq!(signoff.reviews, ["tcb"]);
    assert_eq!(signoff.checklist, ["cross_doc_review"]);
    assert_eq!(signoff.epoch, Some(7));
    assert_eq!(signoff.timestamp, Time::parse("2026-06-11T12:00:00Z").unwrap());
    assert_eq!((signoff.dissent.as_str(), signoff.withdrawn), ("no", true));
    assert_eq!(signoff.superseded_by, OID);
    assert_eq!(signoff.authored_by, "ada");
    assert_eq!(signoff.multi_domain_roles, ["kernel", "process"]);
    assert_eq!(signoff.multi_domain_justification, "both mine");
    let attestation = signoff.ai_attestation.as_ref().unwrap();
    assert!(attestation.understood);
    assert_eq!(attestation.invariants, ["KOM-1"]);
    assert_eq!(attestation.statement, "read it");
    assert!(signoff.signature.starts_with("-----BEGIN"));
    assert_eq!(signoff.spot, Spot { line: 10, column: 1 });
    assert_eq!(signoff.spot("epoch"), Spot { line: 16, column: 1 });
}

#[test]
fn what_is_absent_is_empty() {
    let manifest = sound(&(head("") + &entry("")));
    let signoff = &manifest.signoffs[0];
    assert_eq!((&signoff.scope, &signoff.ai_attestation), (&Vec::new(), &None));
    assert_eq!((signoff.epoch, signoff.withdrawn), (None, false));
    assert_eq!(sound(&(head("") + &entry("ai_attestation = {}"))).signoffs[0].ai_attestation, {
        let empty = crate::model::AiAttestation {
            understood: false,
            invariants: Vec::new(),
            statement: String::new(),
        };
        Some(empty)
    });
}

#[test]
fn a_scope_is_a_list_or_one_string_with_commas() {
    let scope = |line: &str| sound(&(head("") + &entry(line))).signoffs[0].scope.clone();
    assert_eq!(scope("scope = ' a,b  b ,\tc '"), ["a", "b  b", "c"]);
    assert_eq!(scope("scope = ''"), Vec::<String>::new());
    assert_eq!(scope("scope = ['a,b', ' c ']"), ["a,b", " c "]);
    let wrong = problem(&(head("") + &entry("scope = 7")));
    assert_eq!(wrong.code, Code::ManifestInvalid);
}

#[test]
fn only_moments_to_the_second_are_timestamps() {
    let with = |time: &str| head("") + &entry("").replace("2026-06-11T12:00:00Z", time);
    for good in ["2026-06-11 12:00:00Z", "'2026-06-11T12:00:00Z'", "'2026-06-12T02:00:00+14:00'"] {
        let time = sound(&with(good)).signoffs[0].timestamp;
        assert_eq!(time.to_string(), "2026-06-11T12:00:00Z", "{good}");
    }
    for bad in ["2026-06-11T12:00:00", "2026-06-11T12:00:00.5Z", "'2026-06-11T12:00:00.0Z'", "7"] {
        let found = problem(&with(bad));
        assert_eq!((found.code, found.places[0].spot.line), (Code::ManifestInvalid, 9), "{bad}");
    }
}

#[test]
fn exactly_one_binding() {
    let without = head("").replace("subject_tree", "#");
    let binding = |line: &str| {
        let text = format!("{without}\n{line}\n{}", entry(""));
        let reading = read_epoch(&text);
        (reading.manifest.unwrap().binding.clone(), reading.problems.len())
    };
    let id = Oid::from_hex(OID).unwrap();
    assert_eq!(binding(&format!("gate_commit = '{OID}'")), (Binding::Commit(id), 0));
    assert_eq!(
        binding("gate_commit = 'd3093eb'"),
        (Binding::UnresolvableCommit("d3093eb".into()), 0)
    );
    assert_eq!(binding(""), (Binding::Missing, 1));
    assert_eq!(
        binding(&format!("gate_commit = '{OID}'\nsubject_tree = '{OID}'")),
        (Binding::Missing, 1)
    );
    assert_eq!(binding("subject_tree = 'd3093eb'"), (Binding::Missing, 1));
    assert_eq!(binding("gate_commit = 7"), (Binding::Missing, 1));
    // A wrong type is no absence: the other field does not step in for it.
    assert_eq!(binding(&format!("gate_commit = '{OID}'\nsubject_tree = 7")), (Binding::Missing, 2));
}

#[test]
fn a_missing_previous_gate_is_for_a_rule_to_judge() {
    let text = |line: &str| head("").replace("previous_gate = \"none\"", line) + &entry("");
    assert_eq!(sound(&text("")).previous_gate, None);
    assert_eq!(problem(&text("previous_gate = 'd3093eb'")).code, Code::ManifestInvalid);
    assert_eq!(problem(&text("previous_gate = ''")).code, Code::ManifestInvalid);
    assert_eq!(problem(&text("previous_gate = 'None'")).code, Code::ManifestInvalid);
}

#[test]
fn ids_and_digests_are_given_in_full() {
    for line in ["cures = ['d3093eb']", "cures = 7", "subject_sha256 = 'ab'"] {
        assert_eq!(problem(&(head(line) + &entry(""))).code, Code::ManifestInvalid, "{line}");
    }
    for bad in ["Ada", "", "a b", "cl\u{430}ncy"] {
        let reading = read_epoch(&(head("") + &entry("").replace("ada", bad)));
        assert_eq!(reading.problems.len(), 1, "{bad}");
        assert_eq!(reading.manifest.unwrap().signoffs.len(), 0);
    }
}

#[test]
fn no_carriage_return_is_ever_signed() {
    for line in [
        "scope = ['a', \"b\\r\"]",
        "scope = \"a,\\r\\nb\"",
        "reviews = [\"\\r\"]",
        "checklist = [\"\\r\"]",
        "dissent = \"no\\r\\n\"",
        "authored_by = \"\\r\"",
        "multi_domain_roles = [\"\\r\"]",
        "multi_domain_justification = \"\\r\"",
        "ai_attestation = { invariants = [\"\\r\"] }",
        "ai_attestation = { statement = \"\\r\" }",
    ] {
        let found = problem(&(head("") + &entry(line)));
        assert!(found.message.contains("carriage return"), "{line}: {}", found.message);
        assert_eq!(found.places[0].spot.line, 10, "{line}");
    }
    // A multi-line string of a file with Windows line ends either holds none, or is refused.
    let crlf = (head("") + &entry("dissent = '''a\nb'''")).replace('\n', "\r\n");
    let reading = read_epoch(&crlf);
    let dissent = reading.manifest.unwrap().signoffs[0].dissent.clone();
    assert_eq!(dissent.contains('\r'), !reading.problems.is_empty(), "{dissent:?}");
}

#[test]
fn a_manifest_without_signoffs_is_refused() {
    assert_eq!(problem(&head("")).message, "the manifest holds no sign-off");
    assert_eq!(read_epoch("").problems.len(), 2);
    assert!(read_epoch("signoffs = 7\n").problems.len() >= 2);
}

#[test]
fn bounds_are_named() {
    let limits = Limits { signoffs: 2, ..Limits::default() };
    let text = head("") + &entry("").repeat(3);
    let reading = read(&ManifestName::Epoch(7), PATH, text.as_bytes(), &limits);
    assert!(reading.manifest.is_none());
    assert!(reading.problems[0].help.contains("--limit signoffs=3"), "{}", told(&reading.problems));

    let limits = Limits { file_bytes: 10, ..Limits::default() };
    let reading = read(&ManifestName::Epoch(7), PATH, text.as_bytes(), &limits);
    assert!(reading.manifest.is_none());
    assert!(reading.problems[0].help.contains("--limit file-bytes="));
    assert_eq!(reading.problems[0].code, Code::ManifestInvalid);
}

#[test]
fn messages() {
    let text = "[manifest]\nepoch = 6\ngpg_signed = false\nsubject_tree = 'd3093eb'\n\
                cures = [\"x\\u001b[31m\"]\n\n[[signoffs]]\nreviewer_id = \"Ada\"\nepoc = 7\n\
                timestamp = 2026-06-11T12:00:00\n\n[[signoffs]]\nreviewer_id = \"bob\"\n\
                domain = \"kernel\"\nepoch = 5\ntimestamp = 2026-06-11T12:00:00Z\n\
                dissent = \"a\\rb\"\n";
    insta::assert_snapshot!(told(&read_epoch(text).problems));
}

#[test]
fn messages_about_syntax() {
    let duplicate = head("epoch = 7") + &entry("");
    let conflict = format!(
        "{}<<<<<<< HEAD\nmv_team_justification = 'a'\n=======\nmv_team_justification = 'b'\n\
         >>>>>>> other\n{}",
        head(""),
        entry("")
    );
    let not_text = [b"[manifest]\nepoch = ".as_slice(), b"\xff\n"].concat();
    let mut all = String::new();
    for bytes in [duplicate.as_bytes(), conflict.as_bytes(), &not_text, b"[manifest\n"] {
        let reading = read(&ManifestName::Epoch(7), PATH, bytes, &Limits::default());
        assert!(reading.manifest.is_none());
        all += &told(&reading.problems);
        all += "---\n";
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_conflict_marker_in_a_text_is_no_conflict() {
    let text = head("mv_team_justification = '''\n<<<<<<< quoted\n'''") + &entry("");
    sound(&text);
}

/// The form that some projects' first manifests have.
const LEGACY: &str = r#"
[manifest]
epoch = 7
gate_commit = "d3093eb"
gpg_signed = false
solo_maintainer = true
mv_team_justification = "One maintainer holds all domains."

[[signoffs]]
reviewer_id = "clancy"
domain = "kernel"
scope = "KERNEL_OBJECT_MODEL, FAULT_ESCALATION"
timestamp = "2026-06-11T12:00:00Z"
epoch = 7
multi_domain_roles = ["kernel", "evidence", "process"]
"#;

#[test]
fn legacy_manifests_are_read_as_far_as_they_go() {
    let reading = read_epoch(LEGACY);
    let messages: Vec<&str> = reading.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`gpg_signed` is not a field of [manifest]",
            "`solo_maintainer` is not a field of [manifest]"
        ]
    );
    let manifest = reading.manifest.unwrap();
    assert_eq!(manifest.binding, Binding::UnresolvableCommit("d3093eb".into()));
    assert_eq!(manifest.previous_gate, None);
    assert_eq!(manifest.signoffs[0].scope, ["KERNEL_OBJECT_MODEL", "FAULT_ESCALATION"]);
}
