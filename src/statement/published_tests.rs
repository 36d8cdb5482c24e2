//! What we write against what the published formats ask for: in-toto Statement v1, SLSA
//! Verification Summary v1 (to version 1.2), DSSE 1.0. The tables are ours; a field that is not in
//! them is one that no other reader knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::model::{Limits, Oid, Time};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Any text.
    Text,
    /// This text and no other.
    Exactly(&'static str),
    /// RFC 3986, with scheme and authority in lower case.
    Uri,
    /// RFC 3339, UTC, written with `Z`.
    Timestamp,
    /// Base64 with the usual alphabet and padding.
    Base64,
    /// `PASSED` or `FAILED`.
    Outcome,
    /// A level of SLSA's, or a name of one's own without `SLSA_` in front.
    Level,
    /// An object of names and texts.
    Texts,
    /// An object of algorithms and lower-case hexadecimal digests.
    Digests,
    /// An object with these fields; names that are URIs may be added where the flag is set.
    Object(&'static [Field], bool),
    /// One or more of a kind.
    Some(&'static Kind),
    /// Any number of a kind.
    Any(&'static Kind),
}

/// Name, whether it must be there, and what it holds.
type Field = (&'static str, bool, Kind);

const SUBJECT: &[Field] = &[
    ("name", false, Kind::Text),
    ("uri", false, Kind::Uri),
    ("digest", true, Kind::Digests),
    ("content", false, Kind::Base64),
    ("downloadLocation", false, Kind::Uri),
    ("mediaType", false, Kind::Text),
    ("annotations", false, Kind::Object(&[], true)),
];

const POLICY: &[Field] = &[
    ("name", false, Kind::Text),
    ("uri", true, Kind::Uri),
    // Recommended; ours always says which.
    ("digest", true, Kind::Digests),
];

const INPUT: &[Field] = &[("uri", false, Kind::Uri), ("digest", true, Kind::Digests)];

const VERIFIER: &[Field] = &[("id", true, Kind::Uri), ("version", false, Kind::Texts)];

const SUMMARY: &[Field] = &[
    ("verifier", true, Kind::Object(VERIFIER, false)),
    ("timeVerified", false, Kind::Timestamp),
    ("resourceUri", true, Kind::Uri),
    ("policy", true, Kind::Object(POLICY, false)),
    ("inputAttestations", false, Kind::Any(&Kind::Object(INPUT, false))),
    ("verificationResult", true, Kind::Outcome),
    ("verifiedLevels", true, Kind::Some(&Kind::Level)),
    ("dependencyLevels", false, Kind::Object(&[], false)),
    ("slsaVersion", false, Kind::Text),
];

const STATEMENT: &[Field] = &[
    ("_type", true, Kind::Exactly("https://in-toto.io/Statement/v1")),
    ("subject", true, Kind::Some(&Kind::Object(SUBJECT, false))),
    ("predicateType", true, Kind::Exactly("https://slsa.dev/verification_summary/v1")),
    ("predicate", true, Kind::Object(SUMMARY, true)),
];

const SIGNATURE: &[Field] = &[("sig", true, Kind::Base64), ("keyid", false, Kind::Text)];

const ENVELOPE: &[Field] = &[
    ("payload", true, Kind::Base64),
    ("payloadType", true, Kind::Exactly("application/vnd.in-toto+json")),
    ("signatures", true, Kind::Some(&Kind::Object(SIGNATURE, false))),
];

/// What is wrong with a value, by its place.
fn wrong(at: &str, value: &Value, kind: Kind) -> Vec<String> {
    let all = |list: &Value, kind: Kind| -> Vec<String> {
        let Some(list) = list.as_array() else { return vec![format!("{at}: no list")] };
        list.iter()
            .enumerate()
            .flat_map(|(n, one)| wrong(&format!("{at}[{n}]"), one, kind))
            .collect()
    };
    let text = value.as_str();
    let good = match kind {
        Kind::Object(fields, more) => return object(at, value, fields, more),
        Kind::Any(kind) => return all(value, *kind),
        Kind::Some(kind) if value.as_array().is_some_and(|list| !list.is_empty()) => {
            return all(value, *kind);
        }
        Kind::Some(_) => false,
        Kind::Texts => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
        Kind::Digests => value.as_object().is_some_and(digests),
        Kind::Text => text.is_some(),
        Kind::Exactly(wanted) => text == Some(wanted),
        Kind::Outcome => matches!(text, Some("PASSED" | "FAILED")),
        Kind::Uri => text.is_some_and(uri),
        Kind::Timestamp => text.is_some_and(timestamp),
        Kind::Base64 => text.is_some_and(|text| STANDARD.decode(text).is_ok()),
        Kind::Level => text.is_some_and(level),
    };
    if good { Vec::new() } else { vec![format!("{at}: {value} is not {kind:?}")] }
}

fn object(at: &str, value: &Value, fields: &[Field], more: bool) -> Vec<String> {
    let Some(map) = value.as_object() else { return vec![format!("{at}: no object")] };
    let missing = fields.iter().filter(|(name, required, _)| *required && !map.contains_key(*name));
    let mut found: Vec<String> =
        missing.map(|(name, ..)| format!("{at}.{name} is missing")).collect();
    for (name, value) in map {
        let at = format!("{at}.{name}");
        match fields.iter().find(|(known, ..)| known == name) {
            Some((_, _, kind)) => found.extend(wrong(&at, value, *kind)),
            None if more && uri(name) => {}
            None => found.push(format!("{at} is no field that is known")),
        }
    }
    found
}

fn digests(map: &serde_json::Map<String, Value>) -> bool {
    let hex = |value: &Value, lengths: &[usize]| {
        value.as_str().is_some_and(|text| {
            lengths.contains(&text.len())
                && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    !map.is_empty()
        && map.iter().all(|(name, value)| match name.as_str() {
            "sha256" => hex(value, &[64]),
            "gitCommit" => hex(value, &[40, 64]),
            _ => false,
        })
}

/// RFC 3986 by its grammar, with the help of nothing that the product uses.
fn uri(text: &str) -> bool {
    let pattern = concat!(
        r"^[a-z][a-z0-9+.-]*:",
        r"(//[a-z0-9._~!$&'()*+,;=:@%\[\]-]*)?",
        r"([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*",
        r"(\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
        r"(#([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$",
    );
    // What follows `//` is an authority, and no path.
    let host = text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    regex::Regex::new(pattern).unwrap().is_match(text)
        && !host.unwrap_or_default().contains(|c: char| c.is_ascii_uppercase())
}

fn timestamp(text: &str) -> bool {
    text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

fn level(text: &str) -> bool {
    let of_slsa = regex::Regex::new("^SLSA_[A-Z]+_LEVEL_([0-9]|UNEVALUATED)$").unwrap();
    let own = regex::Regex::new("^[A-Z][A-Z0-9_]*$").unwrap();
    of_slsa.is_match(text) || (own.is_match(text) && !text.starts_with("SLSA_"))
}

fn oid(digit: &str, sha256: bool) -> Oid {
    Oid::from_hex(&digit.repeat(if sha256 { 64 } else { 40 })).unwrap()
}

/// With everything that a statement can have, and with nothing that it need not.
fn summaries() -> Vec<Summary> {
    let references = [
        "refs/heads/main",
        "refs/heads/fix#1",
        "refs/heads/50%",
        "refs/heads/%41",
        "refs/heads/a@b+c",
        "refs/heads/\u{e9}\"<>|{}`'",
        "refs/remotes/origin/main",
    ];
    let mut all = Vec::new();
    for (n, reference) in references.into_iter().enumerate() {
        for sha256 in [false, true] {
            let gate = (n % 2 == 0).then(|| (n as u64, oid("c", sha256)));
            all.push(Summary {
                verifier: "https://example.org/verifier".into(),
                version: "0.1.0".into(),
                time: Time::parse("2026-06-11T12:00:00Z").unwrap(),
                resource: ["https://example.org/x.git".into(), project_resource("clan-os")][n % 2]
                    .clone(),
                reference: reference.into(),
                project: "clan-os".into(),
                anchor: oid("a", sha256),
                first_use: n % 3 == 0,
                tip: oid("b", sha256),
                gate,
                covered: n % 2 == 0,
                every_commit: n % 3 == 0,
                registry_serial: 4,
                registry_sha256: [0x11; 32],
                registry_commit: oid("d", sha256),
            });
        }
    }
    all
}

#[test]
fn statements_have_the_fields_that_are_published_and_come_back() {
    for summary in summaries() {
        let statement = summary_statement(&summary).unwrap();
        let json: Value = serde_json::from_str(statement.json()).unwrap();
        let found = wrong("statement", &json, Kind::Object(STATEMENT, false));
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(read_summary(statement.json().as_bytes()), Ok(summary));
    }
}

#[test]
fn names_of_subjects_are_unique_and_no_level_is_said_twice() {
    for summary in summaries() {
        let json: Value =
            serde_json::from_str(summary_statement(&summary).unwrap().json()).unwrap();
        let lists = [&json["subject"], &json["predicate"]["verifiedLevels"]];
        for list in lists.map(|list| list.as_array().unwrap()) {
            let mut names: Vec<&str> =
                list.iter().map(|one| one["name"].as_str().or(one.as_str()).unwrap()).collect();
            let number = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), number, "{list:?}");
        }
    }
}

#[test]
fn envelopes_have_the_fields_that_are_published() {
    for (n, summary) in summaries().iter().enumerate() {
        let payload = summary_statement(summary).unwrap().json().as_bytes().to_vec();
        // Every remainder of three, so that padding shows.
        let signature =
            EnvelopeSignature { keyid: "k".into(), signature: vec![0xfb; n.saturating_add(1)] };
        let signatures = vec![signature; n % 3 + 1];
        let envelope = Envelope { payload: payload.clone(), signatures };
        let json: Value = serde_json::from_str(&envelope.to_json()).unwrap();
        let found = wrong("envelope", &json, Kind::Object(ENVELOPE, false));
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(STANDARD.decode(json["payload"].as_str().unwrap()).unwrap(), payload);
        let type_name = json["payloadType"].as_str().unwrap();
        let encoding = format!("DSSEv1 {} {type_name} {} ", type_name.len(), payload.len());
        assert_eq!(envelope.signed(), [encoding.as_bytes(), &payload].concat());
        // Of the two alphabets that are allowed, we write one and read both.
        let other = envelope.to_json().replace('+', "-").replace("in-toto-json", "in-toto+json");
        let other = other.replace(['/'], "_").replace("application_vnd", "application/vnd");
        assert_eq!(Envelope::read(other.as_bytes(), &Limits::default()), Ok(envelope));
    }
}

/// The tables tell right from wrong.
#[test]
fn what_is_not_published_is_noticed() {
    let good = summary_statement(&summaries()[0]).unwrap().json().to_owned();
    let edits = [
        ("\"_type\"", "\"type\""),
        ("Statement/v1", "Statement/v0.1"),
        ("\"predicateType\"", "\"predicate_type\""),
        ("verification_summary/v1", "verification_summary/v0.2"),
        ("\"resourceUri\"", "\"resource_uri\""),
        ("\"timeVerified\":\"2026-06-11T12:00:00Z\"", "\"timeVerified\":1781179200"),
        ("12:00:00Z", "12:00:00+00:00"),
        ("\"PASSED\"", "\"PASS\""),
        ("GATECHECK_GATES_PASSED", "SLSA_GATES_PASSED"),
        ("GATECHECK_GATES_PASSED", "SLSA_BUILD_LEVEL_X"),
        ("gitCommit", "commit"),
        ("bbbbb", "BBBBB"),
        ("refs/heads/main", "refs/heads/ma in"),
        ("https://example.org/x.git", "https://Example.org/x.git"),
        ("urn:x-gatecheck:summary:v1", "summary"),
        ("{\"gatecheck\":\"0.1.0\"}", "\"0.1.0\""),
    ];
    for (from, to) in edits {
        let edited = good.replacen(from, to, 1);
        assert_ne!(edited, good, "{from}");
        let json: Value = serde_json::from_str(&edited).unwrap();
        let found = wrong("statement", &json, Kind::Object(STATEMENT, false));
        assert!(!found.is_empty(), "{from} -> {to}");
    }
}
