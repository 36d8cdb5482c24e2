use super::*;
use crate::model::certificate::Binding;
use crate::model::{CertificateKey, Digest, KeyAlgorithm, KeyFile, Limits};

/// A key with the fingerprint `byte` throughout; `signs` as its own self-signature says.
fn key(byte: u8, created: &str, signs: bool) -> CertificateKey {
    let created = Time::parse(created).unwrap();
    CertificateKey {
        fingerprint: Fingerprint::OpenPgpV4([byte; 20]),
        algorithm: KeyAlgorithm::Ed25519,
        created,
        bindings: vec![Binding {
            created,
            digest: Digest::Sha256,
            for_signing: signs,
            back_signed: true,
            expires: None,
        }],
        revocations: Vec::new(),
    }
}

/// Reads made-up files: each line `BYTE CREATED SIGNS USER-ID` is a certificate.
fn read(bytes: &[u8]) -> KeyFile {
    let text = std::str::from_utf8(bytes).unwrap();
    let certificates = text.lines().filter_map(|line| {
        let mut words = line.splitn(4, ' ');
        let byte: u8 = words.next()?.parse().ok()?;
        let (created, signs) = (words.next()?, words.next()? == "signs");
        Some(Certificate {
            primary: Fingerprint::OpenPgpV4([byte; 20]),
            keys: vec![key(byte, created, signs)],
            user_ids: words.next().map(str::to_owned).into_iter().collect(),
        })
    });
    KeyFile {
        certificates: certificates.collect(),
        ssh_keys: Vec::new(),
        holds_secret: text.contains("secret"),
        problems: text.lines().filter(|l| *l == "junk").map(str::to_owned).collect(),
    }
}

fn import(files: &[(&str, &str)]) -> Result<Imported> {
    let limits = Limits { file_bytes: 1_000, key_files: 6, ..Limits::default() };
    let options = ImportOptions { project: "p", mainline: "refs/heads/main", limits: &limits };
    let files: Vec<NamedFile> = files
        .iter()
        .map(|(name, text)| NamedFile { name: (*name).into(), bytes: text.as_bytes().into() })
        .collect();
    import_certificates(&files, &read, &options)
}

#[test]
fn the_registry_and_its_notes() {
    let imported = import(&[
        ("Grace Hopper.asc", "1 2020-05-06T07:08:09Z signs Grace \"G\" Hopper <Grace@example.org>"),
        ("0123456789ABCDEF.gpg", "2 2021-01-01 signs Ada (work) <ada@example.org>\njunk"),
        (
            "team.asc",
            "3 2022-01-01 signs <ada@example.org>\n4 2022-01-01 no nobody\n1 2020-05-06 signs G",
        ),
        ("private.asc", "5 2022-01-01 signs x secret"),
        ("README", "hello"),
    ])
    .unwrap();
    let files: Vec<&String> = imported.key_files.keys().collect();
    assert_eq!(files, ["keys/0123456789abcdef.pgp", "keys/grace-hopper.pgp", "keys/team.pgp"]);
    insta::assert_snapshot!(imported.registry);
    insta::assert_snapshot!("notes", imported.notes.join("\n"));
}

#[test]
fn nothing_that_can_sign_is_an_error() {
    let error = import(&[("a.asc", "4 2022-01-01 no nobody")]).unwrap_err().to_string();
    assert!(error.contains("has no key that can sign"), "{error}");
    assert!(import(&[]).is_err());
}

#[test]
fn armored_files_keep_an_ending_that_says_so() {
    let text = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n1 2020-01-01 signs A <a@b>\n";
    let imported = import(&[("a.key", text)]).unwrap();
    assert_eq!(imported.key_files["keys/a.asc"], text.as_bytes());
}

#[test]
fn a_subkey_without_back_signature_cannot_sign() {
    let mut subkey = key(2, "2020-01-01", true);
    subkey.bindings[0].back_signed = false;
    let mut certificate = Certificate {
        primary: Fingerprint::OpenPgpV4([1; 20]),
        keys: vec![key(1, "2020-01-01", false), subkey],
        user_ids: Vec::new(),
    };
    assert!(!can_sign(&certificate));
    certificate.keys[1].bindings[0].back_signed = true;
    assert!(can_sign(&certificate));
}

#[test]
fn user_ids_are_taken_apart() {
    for (text, name, email) in [
        ("Ada L (x) <a@b>", "Ada L", Some("a@b")),
        ("<a@b>", "", Some("a@b")),
        ("a@b", "a@b", Some("a@b")),
        ("Ada", "Ada", None),
        ("Ada <nothing>", "Ada", None),
        ("Ada <a@b", "Ada", Some("a@b")),
        ("", "", None),
    ] {
        let id = UserId::parse(text);
        assert_eq!((id.name.as_str(), id.email.as_deref()), (name, email), "{text}");
    }
}

#[test]
fn bounds_are_named() {
    let error = import(&[("a", &"x".repeat(1_001))]).unwrap_err().to_string();
    assert!(error.contains("--limit file-bytes=1001"), "{error}");
    let error = import(&[("a", "x"); 7]).unwrap_err().to_string();
    assert!(error.contains("--limit key-files=7"), "{error}");
}
