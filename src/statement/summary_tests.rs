use super::*;
use crate::model::{Limits, Oid, Time};

fn oid(digit: char) -> Oid {
    Oid::from_hex(&digit.to_string().repeat(40)).unwrap()
}

fn summary() -> Summary {
    Summary {
        verifier: "urn:x-gatecheck:verifier".into(),
        version: "0.1.0".into(),
        time: Time::parse("2026-06-11T12:00:00Z").unwrap(),
        resource: project_resource("clan-os"),
        reference: "refs/heads/main".into(),
        project: "clan-os".into(),
        anchor: oid('a'),
        first_use: false,
        tip: oid('b'),
        gate: Some((7, oid('c'))),
        covered: true,
        every_commit: false,
        registry_serial: 4,
        registry_sha256: [0x11; 32],
        registry_commit: oid('d'),
    }
}

/// Written by hand, field by field.
const EXAMPLE: &str = concat!(
    r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"policy":{"digest":{"sha256":"#,
    r#""1111111111111111111111111111111111111111111111111111111111111111"},"uri":"git+urn:"#,
    r#"x-gatecheck:project:clan-os@dddddddddddddddddddddddddddddddddddddddd#keys/reviewer-"#,
    r#"registry.toml"},"resourceUri":"git+urn:x-gatecheck:project:clan-os@refs/heads/main","#,
    r#""timeVerified":"2026-06-11T12:00:00Z","urn:x-gatecheck:summary:v1":{"anchor":"#,
    r#""aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","epoch":7,"project":"clan-os","#,
    r#""registrySerial":4,"trustOnFirstUse":false},"verificationResult":"PASSED","#,
    r#""verifiedLevels":["GATECHECK_GATES_PASSED","GATECHECK_TIP_COVERED"],"verifier":{"id":"#,
    r#""urn:x-gatecheck:verifier","version":{"gatecheck":"0.1.0"}}},"predicateType":"#,
    r#""https://slsa.dev/verification_summary/v1","subject":[{"digest":{"gitCommit":"#,
    r#""bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"},"name":"tip"},{"digest":{"gitCommit":"#,
    r#""cccccccccccccccccccccccccccccccccccccccc"},"name":"gate"}]}"#,
);

#[test]
fn a_verdict_byte_for_byte_and_back() {
    assert_eq!(summary_statement(&summary()).unwrap().json(), EXAMPLE);
    assert_eq!(read_summary(EXAMPLE.as_bytes()), Ok(summary()));
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/evidence.md");
    assert!(std::fs::read_to_string(docs).unwrap().contains(EXAMPLE), "{EXAMPLE}");
}

#[test]
fn every_summary_is_read_as_it_was_written() {
    let all = [
        Summary { gate: None, covered: false, ..summary() },
        Summary { covered: false, every_commit: true, ..summary() },
        Summary { reference: oid('b').to_string(), ..summary() },
        Summary { reference: "refs/heads/a@b".into(), ..summary() },
        Summary { resource: "https://me@example.org/x.git".into(), ..summary() },
        Summary { first_use: true, project: "a\"\u{e9}\n".into(), ..summary() },
    ];
    for one in all {
        let json = summary_statement(&one).unwrap();
        assert_eq!(read_summary(json.json().as_bytes()), Ok(one));
    }
}

#[test]
fn nothing_but_the_canonical_bytes_is_read() {
    let edits: &[(&str, &str)] = &[
        ("{\"_type\"", " {\"_type\""),
        ("{\"_type\"", "{\"_type\":\"https://in-toto.io/Statement/v1\",\"_type\""),
        ("\"epoch\":7", "\"epoch\":7,\"epoch\":7"),
        ("\"epoch\":7", "\"epoch\":7.0"),
        ("\"epoch\":7", "\"epoch\":-7"),
        ("\"epoch\":7", "\"epoch\":\"7\""),
        ("\"epoch\":7", "\"epoch\":null"),
        ("\"epoch\":7", "\"epoch\":18446744073709551615"),
        ("\"epoch\":7", "\"epoch\":7,\"more\":1"),
        ("Statement/v1", "Statement/v0.1"),
        ("verification_summary/v1", "verification_summary/v0.2"),
        ("\"PASSED\"", "\"FAILED\""),
        ("12:00:00Z", "12:00:00+00:00"),
        ("12:00:00Z", "12:00:00.5Z"),
        ("\"gate\"", "\"tip\""),
        ("bbbbb", "BBBBB"),
        ("bbbbb", "bbbb"),
        ("GATECHECK_TIP_COVERED", "SLSA_SOURCE_LEVEL_4"),
        ("\"GATECHECK_GATES_PASSED\",", ""),
        ("refs/heads/main", "refs/heads/m\\u0061in"),
        ("git+urn:x-gatecheck:project:clan-os@refs", "git+urn:x-gatecheck:project:other@refs"),
        ("git+urn:x-gatecheck:project:clan-os@refs", "https://example.org@refs"),
        ("#keys/reviewer-registry.toml", "#keys/other.toml"),
        ("\"trustOnFirstUse\":false", "\"trustOnFirstUse\":0"),
        (
            "\"name\":\"gate\"}]",
            "\"name\":\"gate\"},{\"digest\":{\"gitCommit\":\"cccccccccccccccccccccccccccccccccccccccc\"},\"name\":\"gate\"}]",
        ),
    ];
    for (from, to) in edits {
        let edited = EXAMPLE.replacen(from, to, 1);
        assert_ne!(edited, EXAMPLE, "{from}");
        assert!(read_summary(edited.as_bytes()).is_err(), "{from} -> {to}");
    }
    assert!(read_summary(format!("{EXAMPLE}\n").as_bytes()).is_err());
    for deep in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        assert!(read_summary(deep.as_bytes()).is_err());
    }
}

#[test]
fn what_is_no_uri_is_none() {
    let good =
        ["urn:x:Y", "https://example.org/X.git?Q", "git+ssh://a@b/c", "urn:a%2Fb", "s://h?Q"];
    for good in good {
        assert!(is_uri(good), "{good}");
    }
    let long = format!("urn:{}", "x".repeat(3_000));
    let bad = [
        ["", "x", "urn:", ":x", "1urn:x", "urn:a b", "urn:a#b", "urn:\u{e9}", "urn:\"", &long],
        // Scheme and authority are in lower case, and `%` stands before two digits.
        [
            "URN:x:y",
            "https://Example.org/x",
            "s://H?q",
            "urn:%",
            "urn:a%2",
            "urn:%G0",
            "urn:%%41",
            "git+Https://a/b",
            "s://a:B@c",
            "urn:%0g",
        ],
    ];
    for bad in bad.into_iter().flatten() {
        assert!(!is_uri(bad), "{bad}");
    }
}

fn envelope() -> Envelope {
    let signature = EnvelopeSignature { keyid: "k".into(), signature: b"armor\n".to_vec() };
    Envelope { payload: b"{}".to_vec(), signatures: vec![signature] }
}

#[test]
fn an_envelope_byte_for_byte_and_back() {
    let json = r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"k","sig":"YXJtb3IK"}]}"#;
    assert_eq!(envelope().to_json(), format!("{json}\n"));
    assert_eq!(Envelope::read(json.as_bytes(), &Limits::default()), Ok(envelope()));
    assert_eq!(envelope().signed(), b"DSSEv1 28 application/vnd.in-toto+json 2 {}");
    // keyid may be left out, and space is free outside of the payload.
    let other = r#"{ "signatures": [{"sig":"YXJtb3IK"}], "payloadType":"application/vnd.in-toto+json", "payload":"e30=" }"#;
    assert!(Envelope::read(other.as_bytes(), &Limits::default()).is_ok());
    // Who reads must pass over fields that he does not know.
    let more = r#"{"cert":{"a":[1]},"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"cert":"c","keyid":"k","sig":"YXJtb3IK"}]}"#;
    assert_eq!(Envelope::read(more.as_bytes(), &Limits::default()), Ok(envelope()));
}

#[test]
fn hostile_envelopes_are_refused_within_bounds() {
    let json = envelope().to_json();
    let one = r#"{"keyid":"k","sig":"YXJtb3IK"}"#;
    let limits = Limits { file_bytes: 4_096, signature_bytes: 8, ..Limits::default() };
    assert!(Envelope::read(json.as_bytes(), &limits).is_ok());
    let many = json.replace(one, &[one; 17].join(","));
    assert_eq!(Envelope::read(many.as_bytes(), &limits), Err(NotAnEnvelope::Count(17)));
    let none = json.replace(one, "");
    assert_eq!(Envelope::read(none.as_bytes(), &limits), Err(NotAnEnvelope::Count(0)));
    let long = json.replace("YXJtb3IK", "YXJtb3IKYXJtb3IK");
    assert_eq!(Envelope::read(long.as_bytes(), &limits), Err(NotAnEnvelope::LongSignature(8)));
    let huge = format!("{json}{}", " ".repeat(5_000));
    assert_eq!(Envelope::read(huge.as_bytes(), &limits), Err(NotAnEnvelope::TooLong(4_096)));
    let edits = [
        ("\"payload\":\"e30=\"", "\"payload\":\"e30=\",\"payload\":\"e30=\""),
        ("\"keyid\":\"k\"", "\"keyid\":\"k\",\"keyid\":\"k\""),
        ("\"keyid\":\"k\"", "\"keyid\":1"),
        ("e30=", "e30"),
        ("e30=", "%%%="),
        ("vnd.in-toto+json", "json"),
        ("\"signatures\"", "\"more\":,\"signatures\""),
        ("\"signatures\"", "\"signatures\":[],\"signatures\""),
        ("{\"payload\"", "[{\"payload\""),
    ];
    for (from, to) in edits {
        let edited = json.replacen(from, to, 1);
        assert_ne!(edited, json, "{from}");
        assert!(Envelope::read(edited.as_bytes(), &limits).is_err(), "{from} -> {to}");
    }
}

/// Nobody else takes a list for an object.
#[test]
fn values_without_their_names_are_no_envelope() {
    let limits = Limits::default();
    let lists = [
        r#"["e30=","application/vnd.in-toto+json",[{"keyid":"k","sig":"YXJtb3IK"}]]"#,
        r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[["k","YXJtb3IK"]]}"#,
    ];
    for list in lists {
        let read = Envelope::read(list.as_bytes(), &limits);
        assert!(matches!(read, Err(NotAnEnvelope::Form(_))), "{read:?}");
    }
}
