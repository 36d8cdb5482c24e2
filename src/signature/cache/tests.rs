use std::fs;

use super::record::{RECORD, Record, Seal};
use super::*;
use crate::model::crypto::SlhDsaSet;
use crate::model::{Digest, Fingerprint, KeyAlgorithm, SignatureFormat, Time};

fn fact(n: u8) -> VerifiedSignature {
    VerifiedSignature {
        format: SignatureFormat::OpenPgp,
        key: Fingerprint::OpenPgpV4([n; 20]),
        primaries: Vec::new(),
        created: Time::from_unix(1_700_000_000 + i64::from(n)),
        expires: None,
        digest: Digest::Sha512,
        algorithm: KeyAlgorithm::Rsa(4096),
        key_created: Time::from_unix(1),
    }
}

fn id(n: u8) -> RequestId {
    RequestId([n; 32])
}

fn put(cache: &mut FactCache, id: RequestId, fact: &VerifiedSignature) {
    let sealed = cache.seal(id, fact);
    assert!(sealed.is_some());
    cache.keep(sealed);
}

/// A saved cache with ten facts.
fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = FactCache::open(folder.path()).unwrap();
    for n in 0..10 {
        put(&mut cache, id(n), &fact(n));
    }
    cache.save().unwrap();
    folder
}

#[test]
fn facts_come_back_in_another_run() {
    let folder = filled();
    let mut cache = FactCache::open(folder.path()).unwrap();
    for n in 0..10 {
        assert_eq!(cache.get(id(n)), Some(fact(n)));
    }
    assert_eq!(cache.get(id(99)), None);
    assert_eq!(cache.len(), 10);
    let before = fs::metadata(folder.path().join("facts")).unwrap().modified().unwrap();
    cache.save().unwrap();
    assert_eq!(fs::metadata(folder.path().join("facts")).unwrap().modified().unwrap(), before);
}

#[test]
fn every_kind_of_fact_survives_the_layout() {
    let keys = [
        Fingerprint::OpenPgpV4([1; 20]),
        Fingerprint::OpenPgpV6([2; 32]),
        Fingerprint::Ssh([3; 32]),
    ];
    let algorithms = [
        KeyAlgorithm::Rsa(3072),
        KeyAlgorithm::Dsa(1024),
        KeyAlgorithm::ElGamal,
        KeyAlgorithm::Ecdsa(521),
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Ed448,
        KeyAlgorithm::MlDsa65Ed25519,
        KeyAlgorithm::MlDsa87Ed448,
        KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128s),
        KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128f),
        KeyAlgorithm::SlhDsa(SlhDsaSet::Shake256s),
        KeyAlgorithm::SkEd25519,
        KeyAlgorithm::SkEcdsaP256,
        KeyAlgorithm::Other(99),
    ];
    let digests = [
        Digest::Md5,
        Digest::Sha1,
        Digest::Ripemd160,
        Digest::Sha224,
        Digest::Sha256,
        Digest::Sha384,
        Digest::Sha512,
        Digest::Sha3_256,
        Digest::Sha3_512,
        Digest::Other(77),
    ];
    for (n, algorithm) in algorithms.into_iter().enumerate() {
        let fact = VerifiedSignature {
            format: if n % 2 == 0 { SignatureFormat::Ssh } else { SignatureFormat::OpenPgp },
            key: keys[n % keys.len()],
            digest: digests[n % digests.len()],
            algorithm,
            created: (n % 3 == 0).then(|| Time::from_unix(-1).unwrap()),
            ..fact(1)
        };
        let record = Record::seal(id(1), &fact, &Seal::new(&[7; 32]).unwrap()).unwrap();
        assert_eq!(record.open(&Seal::new(&[7; 32]).unwrap()), Some(fact));
        assert_eq!(record.open(&Seal::new(&[8; 32]).unwrap()), None, "another key");
    }
}

#[test]
fn no_altered_byte_is_believed() {
    let record = Record::seal(id(1), &fact(1), &Seal::new(&[7; 32]).unwrap()).unwrap();
    for n in 0..RECORD {
        let mut raw = *record.as_bytes();
        raw[n] ^= 1;
        assert_eq!(Record::from_bytes(raw).open(&Seal::new(&[7; 32]).unwrap()), None, "byte {n}");
    }
}

#[test]
fn a_record_under_another_request_is_not_found() {
    let folder = filled();
    let path = folder.path().join("facts");
    let mut bytes = fs::read(&path).unwrap();
    bytes[..32].fill(77);
    fs::write(&path, bytes).unwrap();
    assert_eq!(FactCache::open(folder.path()).unwrap().get(id(77)), None);
}

#[test]
fn hostile_and_broken_files_are_as_if_empty() {
    let folder = filled();
    let path = folder.path().join("facts");
    let good = fs::read(&path).unwrap();
    fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert_eq!(FactCache::open(folder.path()).unwrap().get(id(8)), Some(fact(8)));
    assert_eq!(FactCache::open(folder.path()).unwrap().get(id(9)), None);
    for bytes in [vec![], vec![0; 5], vec![0xff; RECORD * 3], [b"x", &good[..]].concat()] {
        fs::write(&path, bytes).unwrap();
        let mut cache = FactCache::open(folder.path()).unwrap();
        assert!((0..10).all(|n| cache.get(id(n)).is_none()));
        put(&mut cache, id(1), &fact(1));
        cache.save().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), RECORD as u64, "mended");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(FactCache::open(folder.path()).unwrap().is_empty());
}

#[test]
fn two_runs_at_once_keep_each_others_facts() {
    let folder = tempfile::tempdir().unwrap();
    let mut one = FactCache::open(folder.path()).unwrap();
    let mut two = FactCache::open(folder.path()).unwrap();
    put(&mut one, id(1), &fact(1));
    put(&mut two, id(2), &fact(2));
    one.save().unwrap();
    two.save().unwrap();
    let after = FactCache::open(folder.path()).unwrap();
    assert_eq!((after.get(id(1)), after.get(id(2))), (Some(fact(1)), Some(fact(2))));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_replaced() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = filled();
    let key = folder.path().join("key");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&key), 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let cache = FactCache::open(folder.path()).unwrap();
    assert_eq!(cache.get(id(1)), None);
    assert_eq!(mode(&key), 0o600);
    fs::write(&key, b"short").unwrap();
    assert!(FactCache::open(folder.path()).is_ok());
    assert_eq!(fs::read(&key).unwrap().len(), 32);
}

#[test]
fn records_out_of_order_or_twice_are_put_right() {
    let folder = filled();
    let path = folder.path().join("facts");
    let good = fs::read(&path).unwrap();
    let records: Vec<&[u8]> = good.chunks(RECORD).collect();
    assert!(records.is_sorted());
    let forged = [&id(4).0[..], &[0; RECORD - 32]].concat();
    let mut mixed: Vec<&[u8]> = records.iter().rev().copied().collect();
    mixed.extend([records[3], forged.as_slice()]);
    fs::write(&path, mixed.concat()).unwrap();
    let mut cache = FactCache::open(folder.path()).unwrap();
    for n in (0..10).filter(|n| *n != 4) {
        assert_eq!(cache.get(id(n)), Some(fact(n)));
    }
    assert!(cache.get(id(4)).is_none_or(|found| found == fact(4)));
    put(&mut cache, id(4), &fact(4));
    put(&mut cache, id(20), &fact(20));
    put(&mut cache, id(20), &fact(20));
    cache.save().unwrap();
    let cache = FactCache::open(folder.path()).unwrap();
    assert!((0..10).chain([20]).all(|n| cache.get(id(n)) == Some(fact(n))));
    let mended = fs::read(&path).unwrap();
    assert!(mended.chunks(RECORD).is_sorted());
    assert!(mended.len() <= 12 * RECORD && !mended.windows(forged.len()).any(|w| w == forged));
}

#[test]
fn a_record_that_does_not_count_is_replaced_by_the_fact() {
    let folder = filled();
    let path = folder.path().join("facts");
    let mut bytes = fs::read(&path).unwrap();
    bytes[5 * RECORD + 40] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut cache = FactCache::open(folder.path()).unwrap();
    assert_eq!(cache.get(id(5)), None);
    put(&mut cache, id(5), &fact(5));
    cache.save().unwrap();
    assert_eq!(cache.get(id(5)), Some(fact(5)));
    assert_eq!(FactCache::open(folder.path()).unwrap().get(id(5)), Some(fact(5)));
    assert_eq!(fs::metadata(&path).unwrap().len(), 10 * RECORD as u64);
}
