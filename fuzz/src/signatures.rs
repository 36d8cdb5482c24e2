//! Key files, signatures, and the cache of facts about them.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use base64::Engine as _;
use gatecheck::model::{
    Digest, Fingerprint, KeyAlgorithm, Limits, RequestId, SignatureFact, SignatureFormat, Time,
    VerifiedSignature,
};
use gatecheck::signature::{FactCache, KeyPool, Namespace};

use super::assert_inert;

/// What the signatures among the seeds sign.
const PAYLOAD: &[u8] = include_bytes!("../fixed/payload");
const KEYS: &[u8] = include_bytes!("../fixed/keys.asc");

fn limits() -> Limits {
    Limits { file_bytes: 64 << 10, signature_bytes: 32 << 10, packets: 100, ..Limits::default() }
}

/// Whatever the file holds, it is described, and the same each time.
pub fn key_file(bytes: &[u8]) -> bool {
    let mut pool = KeyPool::new();
    let file = pool.add_file(bytes, &limits());
    assert_eq!(KeyPool::new().add_file(bytes, &limits()), file);
    let empty = file.certificates.is_empty() && file.ssh_keys.is_empty();
    assert!(!empty || !file.problems.is_empty(), "nothing was found, and nothing is said");
    for problem in &file.problems {
        assert_inert(problem);
        assert!(!problem.starts_with("the OpenPGP library failed"), "a panic: {problem}");
    }
    for certificate in &file.certificates {
        let first = certificate.keys.first().expect("a certificate without a key");
        assert_eq!(first.fingerprint, certificate.primary);
        for key in &certificate.keys {
            let holders = pool.primaries(key.fingerprint);
            assert!(holders.contains(&certificate.primary), "{}", key.fingerprint);
        }
    }
    !empty
}

/// A signature by nobody else than the keys of the pool, over nothing else than the payload.
fn signature(pool: &KeyPool, bytes: &[u8], format: SignatureFormat) -> bool {
    let limits = limits();
    match pool.verify(PAYLOAD, bytes, Namespace::Git, &limits) {
        SignatureFact::Absent => panic!("bytes are never no signature"),
        SignatureFact::Refused { observed, required, .. } => {
            assert_inert(&observed);
            assert!(!observed.is_empty() && !required.is_empty());
            assert!(!observed.starts_with("a signature on which the "), "a panic: {observed}");
            false
        }
        SignatureFact::Verified(verified) => {
            assert_eq!(verified.format, format);
            assert!(!verified.primaries.is_empty());
            assert_eq!(pool.primaries(verified.key), verified.primaries);
            let other = [PAYLOAD, b"\n"].concat();
            let elsewhere = pool.verify(&other, bytes, Namespace::Git, &limits);
            assert!(!matches!(elsewhere, SignatureFact::Verified(_)), "it signs anything");
            let stranger = KeyPool::new().verify(PAYLOAD, bytes, Namespace::Git, &limits);
            if format == SignatureFormat::OpenPgp {
                assert!(!matches!(stranger, SignatureFact::Verified(_)), "without its key");
            } else {
                let statement = pool.verify(PAYLOAD, bytes, Namespace::Statement, &limits);
                assert!(!matches!(statement, SignatureFact::Verified(_)), "in another namespace");
            }
            true
        }
    }
}

/// The bytes in armor, where they are not: a mutation of armor is mostly none, and the packets in it
/// would never be looked at.
fn armored(bytes: &[u8], what: &str) -> Vec<u8> {
    if bytes.starts_with(b"-") {
        return bytes.to_vec();
    }
    let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    let blank = if what.starts_with("PGP") { "\n" } else { "" };
    let mut text = format!("-----BEGIN {what}-----\n{blank}");
    for line in base64.as_bytes().chunks(64) {
        text += &String::from_utf8_lossy(line);
        text.push('\n');
    }
    text += &format!("-----END {what}-----\n");
    text.into_bytes()
}

/// An OpenPGP signature.
pub fn openpgp(bytes: &[u8]) -> bool {
    static POOL: OnceLock<KeyPool> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        let mut pool = KeyPool::new();
        pool.add_file(KEYS, &limits());
        pool
    });
    signature(pool, &armored(bytes, "PGP SIGNATURE"), SignatureFormat::OpenPgp)
}

/// An SSH signature, which brings its key along.
pub fn ssh(bytes: &[u8]) -> bool {
    signature(&KeyPool::new(), &armored(bytes, "SSH SIGNATURE"), SignatureFormat::Ssh)
}

fn known(n: u8) -> (RequestId, VerifiedSignature) {
    let raw = [n; 32];
    let key = match n {
        0 => Fingerprint::OpenPgpV4([n; 20]),
        1 => Fingerprint::OpenPgpV6(raw),
        _ => Fingerprint::Ssh(raw),
    };
    let at = Time::from_unix_clamped(1_700_000_000);
    let fact = VerifiedSignature {
        format: if n == 2 { SignatureFormat::Ssh } else { SignatureFormat::OpenPgp },
        key,
        primaries: vec![],
        created: (n != 2).then_some(at),
        expires: (n == 1).then_some(at),
        digest: Digest::Sha512,
        algorithm: if n == 0 { KeyAlgorithm::Rsa(3072) } else { KeyAlgorithm::Ed25519 },
        key_created: (n != 2).then_some(at),
    };
    (RequestId(raw), fact)
}

/// The first byte is how many facts an honest run put down; the rest is a list of edits
/// (place, place, byte) of that file, and what is left over is put at its end.
pub fn facts(bytes: &[u8]) -> bool {
    static FOLDER: OnceLock<Mutex<(tempfile::TempDir, Vec<u8>)>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = FactCache::open(folder.path()).unwrap();
        for n in 0..3 {
            let (id, fact) = known(n);
            let sealed = cache.seal(id, &fact);
            cache.keep(sealed);
        }
        cache.save().unwrap();
        let honest = std::fs::read(facts_of(&folder)).unwrap();
        Mutex::new((folder, honest))
    });
    let guard = folder.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (folder, honest) = &*guard;
    let mut file = honest.clone();
    let (count, rest) = bytes.split_first().map_or((0, bytes), |(n, rest)| (*n % 8, rest));
    let (edits, tail) = rest.split_at(rest.len().min(usize::from(count) * 3));
    let mut touched = [false; 3];
    let record = honest.len() / 3;
    for edit in edits.chunks_exact(3) {
        let place = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % file.len();
        touched[place / record] |= file[place] != edit[2];
        file[place] = edit[2];
    }
    file.extend_from_slice(tail);
    std::fs::write(facts_of(folder), &file).unwrap();
    let mut cache = FactCache::open(folder.path()).unwrap();
    for n in 0..3 {
        let (id, fact) = known(n);
        match cache.get(id) {
            Some(read) => assert_eq!(read, fact, "a tampered record was believed"),
            // An edit may have been taken back by a later one.
            None => assert!(touched.contains(&true) || !tail.is_empty(), "an honest fact is lost"),
        }
    }
    for id in file.chunks(record).filter_map(|raw| raw.first_chunk::<32>()) {
        if (0..3).all(|n| known(n).0.0 != *id) {
            assert_eq!(cache.get(RequestId(*id)), None, "a record that nobody sealed");
        }
    }
    let (id, fact) = known(0);
    let sealed = cache.seal(id, &fact);
    cache.keep(sealed);
    cache.save().unwrap();
    let again = FactCache::open(folder.path()).unwrap();
    assert_eq!(again.get(id), Some(fact), "what is put down is found again");
    !touched.contains(&true)
}

fn facts_of(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("facts")
}
