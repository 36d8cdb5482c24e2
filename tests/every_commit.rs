//! Every commit by a pinned registry: what the key files, the cache and the threads may change,
//! and what they may not.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sequoia_openpgp as openpgp;

use openpgp::cert::{CertBuilder, CertRevocationBuilder, CipherSuite};
use openpgp::crypto::KeyPair;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::serialize::{Serialize as _, SerializeInto as _};
use openpgp::types::{KeyFlags, ReasonForRevocation, SignatureType};
use openpgp::{Cert, Packet};

/// 2024-01-01.
const BEGIN: u64 = 1_704_067_200;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(BEGIN + seconds)
}

/// Somebody with a throw-away key.
struct Person {
    cert: Cert,
    primary: KeyPair,
    signer: KeyPair,
}

impl Person {
    /// With a signing subkey, or a primary key that signs.
    fn new(name: &str, subkey: bool) -> Self {
        let flags = KeyFlags::empty().set_certification();
        let builder = CertBuilder::new()
            .set_creation_time(at(0))
            .add_userid(format!("{name} (THROW-AWAY TEST KEY) <{name}@example.org>"))
            .set_cipher_suite(CipherSuite::Cv25519);
        let builder = if subkey {
            builder.set_primary_key_flags(flags).add_signing_subkey()
        } else {
            builder.set_primary_key_flags(flags.set_signing())
        };
        let (cert, _) = builder.generate().unwrap();
        let pair = |key: openpgp::packet::Key<_, openpgp::packet::key::UnspecifiedRole>| {
            key.parts_into_secret().unwrap().into_keypair().unwrap()
        };
        let primary = pair(cert.primary_key().key().clone().role_into_unspecified());
        let signer = match cert.keys().subkeys().next() {
            Some(subkey) => pair(subkey.key().clone().role_into_unspecified()),
            None => primary.clone(),
        };
        Self { cert: cert.strip_secret_key_material(), primary, signer }
    }

    fn sign(&mut self, payload: &str, seconds: u64) -> String {
        let signature = SignatureBuilder::new(SignatureType::Binary)
            .set_signature_creation_time(at(seconds))
            .unwrap()
            .sign_message(&mut self.signer, payload)
            .unwrap();
        let mut out =
            openpgp::armor::Writer::new(Vec::new(), openpgp::armor::Kind::Signature).unwrap();
        Packet::from(signature).serialize(&mut out).unwrap();
        String::from_utf8(out.finalize().unwrap()).unwrap().trim_end().to_owned()
    }

    /// The certificate, revoked as compromised.
    fn revoked(&mut self) -> Cert {
        let revocation = CertRevocationBuilder::new()
            .set_signature_creation_time(at(90))
            .unwrap()
            .set_reason_for_revocation(ReasonForRevocation::KeyCompromised, b"a test")
            .unwrap()
            .build(&mut self.primary, &self.cert, None)
            .unwrap();
        self.cert.clone().insert_packets(vec![Packet::from(revocation)]).unwrap().0
    }
}

/// A repository, and a registry beside it.
struct World {
    folder: tempfile::TempDir,
    people: BTreeMap<&'static str, Person>,
}

impl World {
    /// `p0` signs with a subkey, `p1` with a primary key.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(folder.path().join("repo.git")).unwrap();
        let people =
            BTreeMap::from([("p0", Person::new("p0", true)), ("p1", Person::new("p1", false))]);
        let world = Self { folder, people };
        world.registry();
        for (name, person) in &world.people {
            world.key_file(name, &[&person.cert]);
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn registry(&self) {
        let mut text = String::from(
            "[schema]\nversion = \"1.1.0\"\nserial = 1\n[project]\nid = \"x\"\n\
             mainline = \"refs/heads/main\"\n[[domains]]\nid = \"all\"\nprimary = \"p0\"\n\
             backup = \"p1\"\n",
        );
        for (name, person) in &self.people {
            text += &format!(
                "[[reviewers]]\nid = \"{name}\"\nname = \"{name}\"\n\
                 emails = [\"{name}@example.org\"]\nkind = \"human\"\n[[keys]]\n\
                 reviewer_id = \"{name}\"\nformat = \"openpgp\"\nfingerprint = \"{}\"\n\
                 public_key = \"keys/{name}.asc\"\neffective_from = 2024-01-01\n\
                 effective_until = 2026-01-01\n",
                person.cert.fingerprint().to_hex()
            );
        }
        std::fs::create_dir_all(self.path("keys")).unwrap();
        std::fs::write(self.path("keys/registry.toml"), text).unwrap();
    }

    fn key_file(&self, name: &str, certs: &[&Cert]) {
        let armored: Vec<Vec<u8>> = certs.iter().map(|c| c.armored().to_vec().unwrap()).collect();
        std::fs::write(self.path(&format!("keys/{name}.asc")), armored.concat()).unwrap();
    }

    /// A commit, signed by somebody or by nobody.
    fn commit(&mut self, n: u64, parents: &[git2::Oid], signer: Option<&str>) -> git2::Oid {
        let repo = git2::Repository::open_bare(self.path("repo.git")).unwrap();
        let odb = repo.odb().unwrap();
        let tree = odb.write(git2::ObjectType::Tree, b"").unwrap();
        let mut head = format!("tree {tree}\n");
        for parent in parents {
            head += &format!("parent {parent}\n");
        }
        let who = format!("a <a@example.org> {} +0000", BEGIN + n);
        head += &format!("author {who}\ncommitter {who}\n");
        let message = format!("\ncommit {n}\n");
        let signed = signer
            .map(|name| self.people.get_mut(name).unwrap().sign(&format!("{head}{message}"), n));
        let header = signed
            .map_or_else(String::new, |armor| format!("gpgsig {}\n", armor.replace('\n', "\n ")));
        let raw = format!("{head}{header}{message}");
        let id = odb.write(git2::ObjectType::Commit, raw.as_bytes()).unwrap();
        repo.reference("refs/heads/main", id, true, "x").unwrap();
        repo.set_head("refs/heads/main").unwrap();
        id
    }

    /// A line with a merge in it, all signed.
    fn history(&mut self) -> git2::Oid {
        let root = self.commit(100, &[], Some("p0"));
        let mut main = root;
        for n in 101..110 {
            main = self.commit(n, &[main], Some(if n % 2 == 0 { "p0" } else { "p1" }));
        }
        let side = self.commit(110, &[root], Some("p1"));
        self.commit(111, &[main, side], Some("p0"))
    }

    fn verify(&self, jobs: u32, cache: Option<&Path>) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatecheck"));
        command.env_clear().env("HOME", self.folder.path());
        command.args(["verify", "--every-commit", "--format", "ndjson", "--at", "2025-01-01"]);
        command.args(["--jobs", &jobs.to_string(), "--repo"]).arg(self.path("repo.git"));
        command.arg("--registry").arg(self.path("keys/registry.toml"));
        match cache {
            Some(folder) => command.arg("--cache").arg(folder),
            None => command.arg("--no-cache"),
        };
        command.output().unwrap()
    }

    /// One answer, whatever the threads and the cache.
    fn judged(&self) -> (i32, String) {
        let cache = self.path("cache");
        let plain = self.verify(1, None);
        for (jobs, cache) in
            [(3, None), (1, Some(cache.as_path())), (1, Some(&cache)), (3, Some(&cache))]
        {
            let other = self.verify(jobs, cache);
            assert_eq!((other.status, &other.stdout), (plain.status, &plain.stdout));
        }
        (plain.status.code().unwrap(), String::from_utf8(plain.stdout).unwrap())
    }
}

#[test]
fn threads_and_cache_change_nothing_and_parents_come_first() {
    let mut world = World::new();
    let tip = world.history();
    let (status, lines) = world.judged();
    assert_eq!(status, 0, "{lines}");
    let ids: Vec<&str> =
        lines.lines().filter_map(|line| line.split("\"commit\":\"").nth(1)?.get(..40)).collect();
    assert_eq!(ids.len(), 12, "{lines}");
    assert_eq!(ids.last(), Some(&tip.to_string().as_str()));
    let repo = git2::Repository::open_bare(world.path("repo.git")).unwrap();
    for (n, id) in ids.iter().enumerate() {
        let commit = repo.find_commit(git2::Oid::from_str(id).unwrap()).unwrap();
        for parent in commit.parent_ids() {
            assert!(ids[..n].contains(&parent.to_string().as_str()), "{id} before a parent");
        }
    }
}

#[test]
fn a_revocation_counts_wherever_the_certificate_stands() {
    let mut world = World::new();
    world.history();
    for name in ["p0", "p1"] {
        let revoked = world.people.get_mut(name).unwrap().revoked();
        let other = if name == "p0" { "p1" } else { "p0" };
        // The person's own file is the old one; the other person's file brings the revocation.
        world.key_file(other, &[&world.people[other].cert, &revoked]);
        let (status, lines) = world.judged();
        assert_eq!(status, 1, "{lines}");
        for line in lines.lines() {
            let own = line.contains(&format!("\"reviewer_id\":\"{name}\""));
            let refused = line.contains("key-compromised");
            let by_other = line.contains(&format!("\"reviewer_id\":\"{other}\""));
            assert!((refused || !own) && refused != by_other, "{name}: {line}");
        }
        world.key_file(other, &[&world.people[other].cert]);
    }
    assert_eq!(world.judged().0, 0);
}

#[test]
fn a_key_that_no_file_holds_is_refused_although_the_cache_knows_it() {
    let mut world = World::new();
    world.history();
    assert_eq!(world.judged().0, 0);
    std::fs::remove_file(world.path("keys/p1.asc")).unwrap();
    let (status, lines) = world.judged();
    assert_eq!((status, lines.matches("cert-mismatch").count()), (1, 6), "{lines}");
}

#[test]
fn one_bad_commit_is_refused_also_where_all_others_are_known() {
    let mut world = World::new();
    let tip = world.history();
    assert_eq!(world.judged().0, 0);
    let unsigned = world.commit(200, &[tip], None);
    let (status, lines) = world.judged();
    assert_eq!((status, lines.matches("refused").count()), (1, 1), "{lines}");
    assert!(lines.contains(&unsigned.to_string()) && lines.contains("unsigned"), "{lines}");
}

#[test]
fn a_cache_that_was_tampered_with_changes_nothing() {
    let mut world = World::new();
    let tip = world.history();
    world.commit(200, &[tip], None);
    let expected = world.judged();
    assert_eq!(expected.0, 1);
    let facts = world.path("cache/facts");
    let good = std::fs::read(&facts).unwrap();
    let forge = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        std::fs::write(&facts, bytes).unwrap();
        assert_eq!(world.judged(), expected);
    };
    forge(&|bytes| bytes.iter_mut().for_each(|b| *b ^= 0x55));
    forge(&|bytes| bytes.rotate_left(1));
    forge(&|bytes| bytes.reverse());
    forge(&|bytes| bytes.extend_from_within(..));
    forge(&|bytes| bytes.truncate(bytes.len() / 2 + 7));
    // Each record under the name of the next one.
    forge(&|bytes| {
        let names: Vec<Vec<u8>> = bytes.chunks(144).map(|record| record[..32].to_vec()).collect();
        for (record, name) in bytes.chunks_mut(144).zip(names.iter().cycle().skip(1)) {
            record[..32].copy_from_slice(name);
        }
    });
}
