use super::*;
use crate::model::certificate::Binding;
use crate::model::{CertificateKey, Digest, KeyAlgorithm, KeyFile, Limits};

fn fingerprint(byte: u8) -> Fingerprint {
    Fingerprint::OpenPgpV4([byte; 20])
}

fn key(byte: u8) -> CertificateKey {
    let created = Time::parse("2019-01-01T01:02:03Z").unwrap();
    CertificateKey {
        fingerprint: fingerprint(byte),
        algorithm: KeyAlgorithm::Ed25519,
        created,
        bindings: vec![Binding {
            created,
            digest: Digest::Sha256,
            for_signing: true,
            back_signed: true,
            expires: None,
        }],
        revocations: Vec::new(),
    }
}

/// Reads made-up files: bytes are fingerprints, the first the primary key's.
fn read(bytes: &[u8]) -> KeyFile {
    let certificate = bytes.first().map(|first| Certificate {
        primary: fingerprint(*first),
        keys: bytes.iter().map(|byte| key(*byte)).collect(),
        user_ids: vec![format!("Person {first} <p{first}@example.org>")],
    });
    KeyFile { certificates: certificate.into_iter().collect(), ..KeyFile::default() }
}

/// `(byte, name)` for each key of a version.
fn version(time: &str, keys: &[(u8, &str)]) -> GuixVersion {
    let mut text = String::from(";; keys\n(authorizations\n (version 0)\n (");
    for (byte, name) in keys {
        let hex = format!("{byte:02X}").repeat(2);
        let groups = [hex.as_str(); 10].join(" ");
        text += &format!("(;; primary: \"AB\"\n   \"{groups}\"\n   (name \"{name}\"))\n");
    }
    text += "))\n";
    let commit = Oid::from_bytes(&[7; 20]).unwrap();
    GuixVersion { commit, time: Time::parse(time).unwrap(), text }
}

fn import(versions: Vec<GuixVersion>, keyring: &[&[u8]]) -> Result<Imported> {
    let limits = Limits::default();
    let options = ImportOptions { project: "p", mainline: "refs/heads/main", limits: &limits };
    let keyring = (1..)
        .zip(keyring)
        .map(|(n, bytes)| NamedFile { name: format!("file{n}.key"), bytes: bytes.to_vec() })
        .collect();
    import_guix_channel(&GuixChannel { versions, keyring }, &read, &options)
}

#[test]
fn the_registry_and_its_notes() {
    let versions = vec![
        version("2020-01-01T12:00:00Z", &[(1, "ada"), (2, "bob"), (9, "ghost")]),
        version("2021-01-01T12:00:00Z", &[(1, "ada"), (3, "carol")]),
        version("2022-01-01T12:00:00Z", &[(4, "ada"), (3, "carol"), (2, "bob")]),
        version("2022-01-01T11:00:00Z", &[(4, "ada"), (3, "carol"), (2, "bob"), (5, "dave")]),
    ];
    let imported = import(versions, &[&[1], &[2], &[30, 3], &[4], &[5, 6]]).unwrap();
    assert_eq!(imported.key_files.len(), 5);
    assert_eq!(imported.key_files["keys/file3.pgp"], [30, 3]);
    insta::assert_snapshot!(imported.registry);
    insta::assert_snapshot!("notes", imported.notes.join("\n"));
}

#[test]
fn a_key_that_comes_and_goes_has_disjoint_windows() {
    let on = |time: &str| version(time, &[(1, "ada"), (2, "bob")]);
    let off = |time: &str| version(time, &[(2, "bob")]);
    let mut history = History::default();
    for version in [on("2020-01-01"), off("2021-01-01"), on("2022-01-01"), off("2022-01-01")] {
        history.take(&version, parse(&version.text).unwrap(), &mut Vec::new());
    }
    let keys = history.finish();
    assert_eq!(keys[0].spans.len(), 2);
    assert_eq!(keys[1].spans.len(), 1);
    assert!(keys[1].spans[0].end.is_none());
    let mut notes = Vec::new();
    let mut files = vec![CertificateFile {
        path: "keys/a.asc".into(),
        stem: None,
        bytes: Vec::new(),
        certificates: Vec::new(),
    }];
    let drafts = draft_keys(&keys[0], &files.remove(0), None, &mut notes);
    assert_eq!(drafts.len(), 1);
    assert!(notes[0].contains("at the same moment"));
}

#[test]
fn versions_that_cannot_be_read_are_errors() {
    let good = version("2020-01-01", &[(1, "ada")]);
    for (from, to, why) in [
        ("version 0", "version 1", "only (version 0)"),
        ("authorizations", "channel", "it is not (authorizations"),
        ("0)\n (", "0)\n (x", "an entry is not"),
        ("0101 0101\"", "\"", "no full OpenPGP fingerprint"),
        ("))\n))", "))\n)", "never closed"),
        ("(name", "#;(name", "`#` is not expected"),
    ] {
        let mut bad = good.clone();
        bad.text = good.text.replace(from, to);
        assert_ne!(bad.text, good.text, "{from}");
        let error = import(vec![good.clone(), bad], &[&[1]]).unwrap_err().to_string();
        assert!(error.contains(why), "{from}: {error}");
        assert!(error.contains("commit 0707"), "{error}");
    }
}

#[test]
fn nothing_known_is_an_error() {
    let version = version("2020-01-01", &[(1, "ada")]);
    let error = import(vec![version], &[]).unwrap_err().to_string();
    assert!(error.contains("no certificate of the keyring holds 0101"), "{error}");
    assert!(import(Vec::new(), &[&[1]]).is_err());
}
