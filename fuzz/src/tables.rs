//! Files of text: registry, manifest, patterns, words, and what registries are imported from.

use std::sync::Arc;

use gatecheck::import::{
    GuixChannel, GuixVersion, ImportOptions, NamedFile, import_allowed_signers,
    import_certificates, import_guix_channel,
};
use gatecheck::model::gate::{ManifestPaths, is_squash_name};
use gatecheck::model::manifest::Target as Subject;
use gatecheck::model::{
    Fingerprint, Limits, Manifest, ManifestName, Oid, Registry, ReviewerId, Time,
};
use gatecheck::signature::KeyPool;
use gatecheck::statement::{SignerContext, signoff_payload, statement_json};
use gatecheck::{cli, registry as registry_file};
use serde_json::{Value, json};

use super::assert_sound;

/// Small, so that the bounds are reached.
fn limits() -> Limits {
    Limits { file_bytes: 64 << 10, signoffs: 16, ..Limits::default() }
}

/// A registry is usable or there is an error that says why; canonical form is a fixed point.
pub fn registry(bytes: &[u8]) -> bool {
    let reading = registry_file::read("keys/reviewer-registry.toml", bytes, &limits());
    assert_sound(&reading.problems);
    let now = Time::parse("2026-06-11");
    assert_sound(&registry_file::lint(&reading, now.ok()));
    let Some(registry) = reading.registry else {
        assert!(!reading.problems.is_empty(), "unusable without a reason");
        return false;
    };
    assert_holds_together(&registry);
    let text = std::str::from_utf8(bytes).expect("a registry is text");
    let canonical = registry_file::fmt(text).unwrap_or_else(|why| panic!("{why:?}"));
    assert_eq!(registry_file::fmt(&canonical).as_ref(), Ok(&canonical));
    let again = registry_file::read("r.toml", canonical.as_bytes(), &Limits::default());
    let again = again.registry.expect("its own canonical form");
    assert_eq!(registry_file::diff(&registry, &again), []);
    let _ = registry_file::timeline(&registry, &[], 80, now.ok());
    true
}

/// What every rule takes for granted.
fn assert_holds_together(registry: &Arc<Registry>) {
    assert_eq!(registry_file::diff(registry, registry), []);
    for key in &registry.keys {
        assert!(registry.reviewers.contains_key(&key.reviewer), "a key of nobody");
        assert!(key.public_key.starts_with("keys/") && !key.public_key.contains(".."));
        // A key that was retired before it became effective never acted.
        assert!(!key.window.is_empty() || !key.is_standing(), "an empty window");
    }
    for domain in registry.domains.values() {
        for person in domain.people() {
            assert!(registry.reviewers.contains_key(person), "a domain of nobody");
        }
    }
    let keys = registry.keys.iter();
    for (n, one) in keys.clone().enumerate().filter(|(_, key)| key.fingerprint.is_some()) {
        for other in keys.clone().skip(n + 1).filter(|key| key.fingerprint == one.fingerprint) {
            assert_eq!(one.reviewer, other.reviewer, "one key of two people");
            assert!(!one.window.overlaps(&other.window), "two windows at one time");
        }
    }
}

/// The first byte chooses the name that the manifest's path has.
pub fn manifest(bytes: &[u8]) -> bool {
    let paths = ManifestPaths::default();
    let (kind, text) = bytes.split_first().map_or((0, bytes), |(kind, text)| (*kind, text));
    let reviewer = ReviewerId::new("clancy").unwrap();
    let (name, path) = match kind % 4 {
        0 => (ManifestName::Epoch(7), paths.epoch(7)),
        1 => (ManifestName::Squash("a".into()), paths.squash("a")),
        2 => (
            ManifestName::Reattest { epoch: 7, number: 2 },
            "epoch_signoffs/epoch-7.reattest-2.toml".into(),
        ),
        _ => {
            let path = paths.dissent(7, &reviewer);
            (ManifestName::Dissent { epoch: 7, reviewer }, path)
        }
    };
    assert_eq!(paths.classify(&path).as_ref(), Some(&name));
    let reading = gatecheck::manifest::read(&name, &path, text, &limits());
    assert_sound(&reading.problems);
    match &reading.manifest {
        None => assert!(!reading.problems.is_empty(), "unusable without a reason"),
        Some(manifest) => assert_statements(manifest),
    }
    reading.problems.is_empty()
}

/// What is signed says what the manifest says, field by field, and no two sign-offs share bytes
/// that differ in what they say.
fn assert_statements(manifest: &Manifest) {
    let context = SignerContext { project: "clan-os", mainline: "refs/heads/main" };
    let elsewhere = SignerContext { project: "clan-os", mainline: "refs/heads/release/1" };
    for (n, signoff) in manifest.signoffs.iter().enumerate() {
        let Ok(text) = statement_json(&context, manifest, signoff) else { continue };
        let said: Value = serde_json::from_str(&text).expect("canonical JSON is JSON");
        let p = &said["predicate"];
        let (epoch, name) = match &manifest.target {
            Subject::Epoch(epoch) => (json!(epoch), Value::Null),
            Subject::Squash(name) => (Value::Null, json!(name)),
        };
        assert_eq!((&p["epoch"], &p["name"]), (&epoch, &name));
        for (field, value) in [
            ("project", json!("clan-os")),
            ("mainline", json!("refs/heads/main")),
            ("domain", json!(signoff.domain.as_str())),
            ("reviewer_id", json!(signoff.reviewer_id.as_str())),
            ("scope", json!(signoff.scope)),
            ("reviews", json!(signoff.reviews)),
            ("checklist", json!(signoff.checklist)),
            ("timestamp", json!(signoff.timestamp.to_string())),
            ("dissent", json!(signoff.dissent)),
            ("authored_by", json!(signoff.authored_by)),
            ("multi_domain_roles", json!(signoff.multi_domain_roles)),
            ("multi_domain_justification", json!(signoff.multi_domain_justification)),
        ] {
            assert_eq!(p[field], value, "{field}");
        }
        assert!(!text.contains('\n') && !text.contains('\r'));
        let payload = signoff_payload(&context, manifest, signoff).unwrap();
        assert!(payload.ends_with(text.as_bytes()));
        assert_ne!(signoff_payload(&elsewhere, manifest, signoff).unwrap(), payload);
        for other in manifest.signoffs.iter().skip(n + 1) {
            let same = signoff_payload(&context, manifest, other).unwrap() == payload;
            let mut twin = other.clone();
            // What is not part of the statement.
            twin.signature.clone_from(&signoff.signature);
            twin.superseded_by.clone_from(&signoff.superseded_by);
            (twin.withdrawn, twin.epoch) = (signoff.withdrawn, signoff.epoch);
            (twin.spot, twin.spots) = (signoff.spot, signoff.spots.clone());
            assert_eq!(same, twin == *signoff, "{text}");
        }
    }
}

/// Arbitrary words through TOML and back: parts of the input, cut at NUL, become the fields.
pub fn statement(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut words = text.split('\0').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    let signoff = json!({
        "reviewer_id": "clancy", "domain": "kernel", "timestamp": "2026-06-11T12:00:00Z",
        "scope": [word(), word()], "reviews": [word()], "checklist": [word()],
        "dissent": word(), "authored_by": word(), "multi_domain_roles": [word()],
        "multi_domain_justification": word(), "signature": "x",
        "ai_attestation": { "understood": true, "invariants": [word()], "statement": word() },
    });
    let mut other = signoff.clone();
    other["domain"] = json!("process");
    let written = toml::to_string(&json!({
        "manifest": { "epoch": 7, "previous_gate": "none", "subject_tree": "1".repeat(40) },
        "signoffs": [signoff, other],
    }));
    let written = written.expect("words make TOML");
    let path = "epoch_signoffs/epoch-7.toml";
    let reading =
        gatecheck::manifest::read(&ManifestName::Epoch(7), path, written.as_bytes(), &limits());
    assert_sound(&reading.problems);
    let Some(manifest) = reading.manifest else { return false };
    for (read, meant) in manifest.signoffs.iter().zip([&signoff, &other]) {
        assert_eq!(json!(read.dissent), meant["dissent"]);
        assert_eq!(json!(read.scope), meant["scope"]);
        assert_eq!(json!(read.multi_domain_roles), meant["multi_domain_roles"]);
        let ai = read.ai_attestation.as_ref().expect("an attestation");
        assert_eq!(json!(ai.statement), meant["ai_attestation"]["statement"]);
    }
    assert_statements(&manifest);
    true
}

/// Words that stand in registries, manifests and arguments: what is read is shown in one way.
pub fn words(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut read = false;
    if let Ok(fingerprint) = Fingerprint::parse(text) {
        read = true;
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Ok(fingerprint));
    }
    if let Ok(time) = Time::parse(text) {
        assert_eq!(Time::parse(&time.to_string()), Ok(time));
    }
    if let Some(id) = Oid::from_hex(text) {
        assert_eq!(Oid::from_canonical_hex(id.to_string().as_bytes()), Some(id));
    }
    if let Some(paths) = ManifestPaths::new(text) {
        assert_eq!(paths.classify(&paths.epoch(7)), Some(ManifestName::Epoch(7)), "{text}");
        let reviewer = ReviewerId::new("clancy").unwrap();
        let dissent = paths.classify(&paths.dissent(7, &reviewer));
        assert_eq!(dissent, Some(ManifestName::Dissent { epoch: 7, reviewer }), "{text}");
        let squash = paths.classify(&paths.squash("x"));
        assert_eq!(squash, Some(ManifestName::Squash("x".into())), "{text}");
    }
    match ManifestPaths::default().classify(text) {
        Some(ManifestName::Epoch(epoch)) => {
            assert_eq!(ManifestPaths::default().epoch(epoch), text);
        }
        Some(ManifestName::Squash(name)) => assert!(is_squash_name(&name)),
        _ => {}
    }
    read
}

/// A checkpoint is read as it was written, or refused.
pub fn checkpoint(bytes: &[u8]) -> bool {
    match cli::checkpoint::parse(bytes) {
        Err(why) => {
            super::assert_inert(&why);
            assert!(!why.is_empty());
            false
        }
        Ok(read) => {
            let written = cli::checkpoint::write(&read).expect("a checkpoint can be written");
            assert_eq!(cli::checkpoint::parse(written.as_bytes()), Ok(read));
            true
        }
    }
}

fn options(limits: &Limits) -> ImportOptions<'_> {
    ImportOptions { project: "p", mainline: "refs/heads/main", limits }
}

fn assert_imported(result: gatecheck::Result<gatecheck::import::Imported>) -> bool {
    let Ok(imported) = result else { return false };
    let bytes = imported.registry.as_bytes();
    let reading = registry_file::read("keys/reviewer-registry.toml", bytes, &Limits::default());
    let registry = reading.registry.unwrap_or_else(|| {
        panic!("an imported registry is unusable: {:#?}\n{}", reading.problems, imported.registry)
    });
    for path in registry.key_paths() {
        assert!(imported.key_files.contains_key(&path), "no key file {path}");
    }
    imported.notes.iter().for_each(|note| super::assert_inert(note));
    true
}

/// What is built from an allowed_signers file is a registry that can be used.
pub fn allowed_signers(bytes: &[u8]) -> bool {
    let limits = limits();
    assert_imported(import_allowed_signers(bytes, &options(&limits)))
}

/// The same for a folder of certificates, beside one that is there already.
pub fn certificates(bytes: &[u8]) -> bool {
    let limits = limits();
    let read = |bytes: &[u8]| KeyPool::new().add_file(bytes, &Limits::default());
    let file = |name: &str, bytes: &[u8]| NamedFile { name: name.into(), bytes: bytes.to_vec() };
    let known = file("known.asc", include_bytes!("../fixed/keys.asc"));
    let alone = import_certificates(&[file("a.asc", bytes)], &read, &options(&limits));
    // A file more takes nobody away.
    let both = [file("\u{202e}a.asc", bytes), known];
    assert!(assert_imported(import_certificates(&both, &read, &options(&limits))));
    assert_imported(alone)
}

/// The same for two versions of `.guix-authorizations` and a keyring, cut at NUL.
pub fn guix(bytes: &[u8]) -> bool {
    let limits = limits();
    let mut parts = bytes.split(|b| *b == 0);
    let mut version = |day: &str| GuixVersion {
        commit: Oid::from_bytes(&[7; 20]).unwrap(),
        time: Time::parse(day).unwrap(),
        text: String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned(),
    };
    let versions = vec![version("2026-03-01"), version("2026-04-01")];
    let versions = versions.into_iter().filter(|version| !version.text.is_empty()).collect();
    let keyring = vec![NamedFile {
        name: "keys.asc".into(),
        bytes: include_bytes!("../fixed/keys.asc").to_vec(),
    }];
    let read = |bytes: &[u8]| KeyPool::new().add_file(bytes, &Limits::default());
    assert_imported(import_guix_channel(
        &GuixChannel { versions, keyring },
        &read,
        &options(&limits),
    ))
}
