//! The bare cost: read each object, hash it, take out the signature, verify it with the known
//! key. No registry, no windows, no report. What a verifier adds to this is its own.

use std::collections::HashMap;
use std::path::Path;

use sequoia_openpgp as openpgp;

use openpgp::packet::{Packet, Signature};
use openpgp::parse::Parse as _;
use openpgp::{Cert, Fingerprint};

/// The first argument of the process that does this work.
pub(crate) const WORD: &str = "bare-cost";

/// `bare-cost WHAT REPOSITORY CERTIFICATE…`, WHAT being `read` or `verify`.
pub(crate) fn main(arguments: &[String]) {
    let [what, repository, certs @ ..] = arguments else {
        panic!("{WORD} WHAT REPOSITORY CERT…")
    };
    let certs: HashMap<Fingerprint, Cert> = certs
        .iter()
        .map(|path| Cert::from_file(path).expect("a certificate of the benchmark"))
        .map(|cert| (cert.fingerprint(), cert))
        .collect();
    git2::opts::strict_hash_verification(true);
    git2::opts::enable_caching(false);
    let repo = git2::Repository::open_bare(Path::new(repository)).expect("a repository");
    let odb = repo.odb().expect("an object database");
    let mut left = vec![repo.head().and_then(|head| head.peel_to_commit()).expect("a tip").id()];
    let mut seen: std::collections::HashSet<git2::Oid> = left.iter().copied().collect();
    while let Some(id) = left.pop() {
        let object = odb.read(id).expect("an object");
        if what == "verify" {
            verify(object.data(), &certs);
        }
        left.extend(parents(object.data()).filter(|parent| seen.insert(*parent)));
    }
}

fn parents(raw: &[u8]) -> impl Iterator<Item = git2::Oid> {
    raw.split(|b| *b == b'\n')
        .take_while(|line| !line.starts_with(b"author "))
        .filter_map(|line| line.strip_prefix(b"parent "))
        .filter_map(|hex| git2::Oid::from_str(std::str::from_utf8(hex).ok()?).ok())
}

fn verify(raw: &[u8], certs: &HashMap<Fingerprint, Cert>) {
    let text = std::str::from_utf8(raw).expect("commits of the benchmark are text");
    let (head, behind) = text.split_once("gpgsig ").expect("every commit is signed");
    let (armor, message) = behind.split_once("\n\npart ").expect("the benchmark's own message");
    let armor = armor.replace("\n ", "\n");
    let payload = format!("{head}\npart {message}");
    let packet = Packet::from_bytes(&armor).expect("a signature");
    let Packet::Signature(signature) = packet else { panic!("a signature") };
    let signature: Signature = signature;
    let issuer = signature.issuer_fingerprints().next().expect("it names its key");
    let key = certs.get(issuer).expect("a person of the benchmark").primary_key();
    signature.verify_message(key.key(), payload).expect("a good signature");
}
