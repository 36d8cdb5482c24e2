//! A small made-up world for the tests of rules: two throw-away reviewers, two domains.

use std::collections::BTreeMap;

use crate::model::manifest::{Binding as Subject, PreviousGate, Target};
use crate::model::owners::OwnersFile;
use crate::model::registry::{KeyFormat, RetiredReason, Retirement, ReviewerKind, SchemaVersion};
use crate::model::step::{Brought, Head, Step};
use crate::model::*;
use crate::source::{Source, Spot};

use super::Context;
use super::keyring::Keyring;

pub(crate) fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

pub(crate) fn id(n: u8) -> Oid {
    Oid::from_bytes(&[n; 20]).unwrap()
}

pub(crate) fn fingerprint(who: &str) -> Fingerprint {
    let mut raw = [0; 20];
    for (to, from) in raw.iter_mut().zip(who.bytes()) {
        *to = from;
    }
    Fingerprint::OpenPgpV4(raw)
}

pub(crate) fn signoff(who: &str, domain: &str) -> Signoff {
    Signoff {
        reviewer_id: ReviewerId::new(who).unwrap(),
        domain: DomainId::new(domain).unwrap(),
        scope: vec![],
        reviews: vec![],
        checklist: vec![],
        epoch: None,
        timestamp: at("2026-02-01"),
        dissent: String::new(),
        withdrawn: false,
        superseded_by: String::new(),
        authored_by: String::new(),
        multi_domain_roles: vec![],
        multi_domain_justification: String::new(),
        ai_attestation: None,
        signature: "signature".into(),
        spot: Spot::START,
        spots: BTreeMap::new(),
    }
}

pub(crate) fn manifest(epoch: u64) -> Manifest {
    Manifest {
        source: Source::new(format!("epoch_signoffs/epoch-{epoch}.toml"), "[manifest]\n"),
        target: Target::Epoch(epoch),
        reattest: 0,
        previous_gate: Some(PreviousGate::None),
        binding: Subject::Tree(id(7)),
        subject_sha256: None,
        mv_team_justification: String::new(),
        cures: vec![],
        signoffs: vec![],
        spots: BTreeMap::new(),
    }
}

pub(crate) fn head(email: &str, t: &str) -> Head {
    let identity = Identity { name: String::new(), email: email.into(), time: at(t) };
    Head {
        tree: id(7),
        parents: vec![],
        author: identity.clone(),
        committer: identity,
        subject: String::new(),
        co_authors: vec![],
        trailers: vec![],
        marks: vec![],
        other_signature: None,
    }
}

pub(crate) fn brought(n: u8, email: &str, paths: &[&str]) -> Brought {
    Brought {
        id: id(n),
        commit: Ok(head(email, "2026-02-01")),
        signature: None,
        paths: paths.iter().map(|p| p.as_bytes().to_vec()).collect(),
    }
}

pub(crate) fn step(n: u8) -> Step {
    Step {
        id: id(n),
        position: 1,
        commit: Ok(head("alice@example.org", "2026-02-01")),
        signature: None,
        registry: None,
        keys: vec![],
        key_files: BTreeMap::new(),
        manifests: vec![],
        subjects: BTreeMap::new(),
        subject_differences: BTreeMap::new(),
        changed: None,
        brought: vec![],
        merged_registries: vec![],
        gaps: vec![],
        facts: FactTable::default(),
        sha256: BTreeMap::new(),
        records: vec![],
        cited: BTreeMap::new(),
        before_anchor: std::collections::BTreeSet::new(),
        bound_content: BTreeMap::new(),
        named: BTreeMap::new(),
        corrections: BTreeMap::new(),
        twins: vec![],
        probed: vec![],
        landed: BTreeMap::new(),
        owners: BTreeMap::new(),
    }
}

pub(crate) struct World {
    pub(crate) registry: Registry,
    pub(crate) keyring: Keyring,
    pub(crate) owners: OwnersFile,
    files: BTreeMap<String, KeyFile>,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self {
            registry: Registry {
                source: Source::new("keys/reviewer-registry.toml", "[schema]\n"),
                sha256: [0; 32],
                version: SchemaVersion::V1_1,
                serial: 1,
                project: "test".into(),
                mainline: "refs/heads/main".into(),
                branches: vec![],
                reviewers: BTreeMap::new(),
                domains: BTreeMap::new(),
                keys: vec![],
                policy: Policy::default(),
            },
            owners: OwnersFile::Missing,
            keyring: Keyring::default(),
            files: BTreeMap::new(),
        };
        for (who, domain) in [("alice", "kernel"), ("bob", "evidence")] {
            world.enrol(who, domain);
        }
        world.refresh();
        world
    }

    pub(crate) fn enrol(&mut self, who: &str, domain: &str) {
        let reviewer = ReviewerId::new(who).unwrap();
        self.registry.reviewers.insert(
            reviewer.clone(),
            Reviewer {
                id: reviewer.clone(),
                name: who.into(),
                emails: vec![format!("{who}@example.org")],
                kind: ReviewerKind::Human,
                spot: Spot::START,
            },
        );
        let domain = DomainId::new(domain).unwrap();
        self.registry.domains.insert(
            domain.clone(),
            Domain {
                id: domain.clone(),
                primary: reviewer.clone(),
                backup: None,
                reviewers: vec![],
                paths: vec![PathPattern::new(&format!("{domain}/**")).unwrap()],
                docs: vec![],
                codeowners: false,
                spot: Spot::START,
            },
        );
        self.registry.keys.push(KeyEntry {
            reviewer,
            format: KeyFormat::OpenPgp,
            fingerprint: Some(fingerprint(who)),
            public_key: format!("keys/{who}.asc"),
            window: Window { from: at("2026-01-01"), until: Some(at("2028-01-01")) },
            state: KeyState::Standing,
            spot: Spot::START,
            spots: BTreeMap::new(),
        });
        let key = self.certificate_key(fingerprint(who));
        self.files.insert(
            format!("keys/{who}.asc"),
            KeyFile {
                certificates: vec![Certificate {
                    primary: fingerprint(who),
                    keys: vec![key],
                    user_ids: vec![],
                }],
                ..KeyFile::default()
            },
        );
    }

    /// A further standing key for somebody, in a file of its own.
    pub(crate) fn add_key(&mut self, who: &str, key: &str, window: Window) {
        let path = format!("keys/{key}.asc");
        self.registry.keys.push(KeyEntry {
            reviewer: ReviewerId::new(who).unwrap(),
            format: KeyFormat::OpenPgp,
            fingerprint: Some(fingerprint(key)),
            public_key: path.clone(),
            window,
            state: KeyState::Standing,
            spot: Spot::START,
            spots: BTreeMap::new(),
        });
        self.hold(&path, key);
    }

    /// A key file holds one more certificate.
    pub(crate) fn hold(&mut self, path: &str, key: &str) {
        let primary = fingerprint(key);
        let keys = vec![self.certificate_key(primary)];
        let file = self.files.entry(path.to_owned()).or_default();
        file.certificates.push(Certificate { primary, keys, user_ids: vec![] });
    }

    fn certificate_key(&self, fingerprint: Fingerprint) -> CertificateKey {
        CertificateKey {
            fingerprint,
            algorithm: KeyAlgorithm::Ed25519,
            created: at("2020-01-01"),
            bindings: vec![Binding {
                created: at("2020-01-01"),
                digest: Digest::Sha512,
                for_signing: true,
                back_signed: true,
                expires: None,
            }],
            revocations: vec![],
        }
    }

    pub(crate) fn refresh(&mut self) {
        self.keyring = Keyring::default();
        for (path, file) in &self.files {
            self.keyring.accept(path, file);
        }
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            registry: &self.registry,
            registry_commit: Some(id(1)),
            keyring: &self.keyring,
            owners: &self.owners,
            previous_time: None,
            now: at("2040-01-01"),
            pinned: false,
        }
    }

    pub(crate) fn key(&self, who: &str) -> &KeyEntry {
        self.registry.keys.iter().find(|k| k.reviewer.as_str() == who).unwrap()
    }

    pub(crate) fn key_file(&self, who: &str) -> KeyFile {
        self.files.get(&format!("keys/{who}.asc")).unwrap().clone()
    }

    pub(crate) fn retired(&self, who: &str) -> KeyEntry {
        let mut entry = self.key(who).clone();
        entry.window = Window { from: at("2025-01-01"), until: Some(at("2026-01-01")) };
        entry.state = KeyState::Retired(Retirement {
            at: at("2026-01-01"),
            reason: RetiredReason::Rotated,
            trusted_until: None,
            acknowledged: vec![],
            charter_ack: String::new(),
        });
        entry
    }

    pub(crate) fn compromise(&mut self, who: &str) {
        let mut entry = self.retired(who);
        if let KeyState::Retired(retirement) = &mut entry.state {
            retirement.reason = RetiredReason::Compromised;
        }
        self.registry.keys.retain(|key| key.reviewer.as_str() != who);
        self.registry.keys.push(entry);
    }

    pub(crate) fn set_kind(&mut self, who: &str, kind: ReviewerKind) {
        self.registry.reviewers.get_mut(&ReviewerId::new(who).unwrap()).unwrap().kind = kind;
    }

    pub(crate) fn domain(&mut self, name: &str) -> &mut Domain {
        self.registry.domains.get_mut(&DomainId::new(name).unwrap()).unwrap()
    }

    pub(crate) fn edit_key(&mut self, who: &str, edit: impl FnOnce(&mut CertificateKey)) {
        let file = self.files.get_mut(&format!("keys/{who}.asc")).unwrap();
        edit(&mut file.certificates[0].keys[0]);
        self.refresh();
    }

    pub(crate) fn add_subkey(&mut self, who: &str) -> Fingerprint {
        let subkey = fingerprint(&format!("{who}-sub"));
        let key = self.certificate_key(subkey);
        self.files.get_mut(&format!("keys/{who}.asc")).unwrap().certificates[0].keys.push(key);
        self.refresh();
        subkey
    }

    pub(crate) fn signature(&self, who: &str, t: &str) -> VerifiedSignature {
        self.signature_by(fingerprint(who), who, t)
    }

    pub(crate) fn signature_by(&self, key: Fingerprint, who: &str, t: &str) -> VerifiedSignature {
        VerifiedSignature {
            format: SignatureFormat::OpenPgp,
            key,
            primaries: vec![fingerprint(who)],
            created: Some(at(t)),
            expires: None,
            digest: Digest::Sha512,
            algorithm: KeyAlgorithm::Ed25519,
            key_created: Some(at("2020-01-01")),
        }
    }
}
