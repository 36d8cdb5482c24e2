//! Signatures over payloads: what verifies, and what each other one is called.

use sequoia_openpgp as openpgp;

use openpgp::armor::Kind;
use openpgp::cert::CipherSuite;
use openpgp::crypto::KeyPair;
use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketTag, SubpacketValue};
use openpgp::serialize::MarshalInto as _;
use openpgp::types::{HashAlgorithm, SignatureType};
use openpgp::{Cert, Packet, Profile};

use super::testing::{
    BORN, PAYLOAD, armor_bytes, armored, at, born, builder, cert, ed25519, public, sign, signers,
};
use crate::finding::Code;
use crate::model::crypto::SlhDsaSet;
use crate::model::{Digest, Fingerprint, KeyAlgorithm, Limits, SignatureFact, VerifiedSignature};
use crate::signature::{KeyPool, Namespace};
use crate::tables::testing::spent;

fn pool(certs: &[&Cert]) -> KeyPool {
    let mut pool = KeyPool::new();
    for cert in certs {
        let file = pool.add_file(&public(cert), &Limits::default());
        assert_eq!(file.problems, [""; 0]);
        assert!(!file.holds_secret);
    }
    pool
}

fn fact(pool: &KeyPool, signature: &[u8]) -> SignatureFact {
    pool.verify(PAYLOAD, signature, Namespace::Git, &Limits::default())
}

fn verified(pool: &KeyPool, signature: Signature) -> VerifiedSignature {
    match fact(pool, &armored([signature])) {
        SignatureFact::Verified(verified) => verified,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(fact: SignatureFact, code: Code, words: &str) {
    match fact {
        SignatureFact::Refused { code: seen, observed, .. } => {
            assert_eq!(seen, code, "{observed}");
            assert!(observed.contains(words), "{observed}");
        }
        other => panic!("{other:?}"),
    }
}

fn print(cert: &Cert) -> Fingerprint {
    Fingerprint::from_openpgp_bytes(cert.fingerprint().as_bytes()).unwrap()
}

#[test]
fn every_algorithm_verifies_and_is_named() {
    use CipherSuite as Suite;
    let cases = [
        (Suite::Cv25519, Profile::RFC4880, KeyAlgorithm::Ed25519),
        (Suite::Cv25519, Profile::RFC9580, KeyAlgorithm::Ed25519),
        (Suite::Cv448, Profile::RFC9580, KeyAlgorithm::Ed448),
        (Suite::P256, Profile::RFC4880, KeyAlgorithm::Ecdsa(256)),
        (Suite::P384, Profile::RFC4880, KeyAlgorithm::Ecdsa(384)),
        (Suite::P521, Profile::RFC9580, KeyAlgorithm::Ecdsa(521)),
        (Suite::RSA2k, Profile::RFC4880, KeyAlgorithm::Rsa(2048)),
        (Suite::RSA4k, Profile::RFC9580, KeyAlgorithm::Rsa(4096)),
        (Suite::MLDSA65_Ed25519, Profile::RFC9580, KeyAlgorithm::MlDsa65Ed25519),
        (Suite::MLDSA87_Ed448, Profile::RFC9580, KeyAlgorithm::MlDsa87Ed448),
    ];
    for (suite, profile, algorithm) in cases {
        let cert = cert("a", suite, profile);
        let pool = pool(&[&cert]);
        for (n, mut signer) in signers(&cert).into_iter().enumerate() {
            let seen = verified(&pool, sign(&mut signer));
            assert_eq!(seen.algorithm, algorithm, "{algorithm} key {n}");
            assert_eq!(seen.primaries, [print(&cert)]);
            assert_eq!(seen.key == print(&cert), n == 0);
            assert_eq!(seen.digest, Digest::Sha512);
            assert_eq!(seen.created.unwrap().unix() as u64, BORN + 1000);
            assert_eq!(seen.key_created.unwrap().unix() as u64, BORN);
            assert_eq!(seen.expires, None);
            let altered = armored([sign(&mut signer)]);
            let fact = pool.verify(b"other", &altered, Namespace::Git, &Limits::default());
            refused(fact, Code::BadSignature, "payload or signature were altered");
        }
    }
}

/// As some forges write it: the number's length in whole octets, whatever its first bit is.
#[test]
fn a_number_that_states_too_many_bits_is_read_in_version_4() {
    let cert = cert("a", CipherSuite::RSA2k, Profile::RFC4880);
    let pool = pool(&[&cert]);
    let mut overstated = 0;
    for _ in 0..64 {
        let signature = sign(&mut signers(&cert)[0]);
        let mut packet = super::testing::packets(vec![Packet::from(signature)]);
        let number = packet.len() - 2 - 256;
        let bits = u16::from_be_bytes([packet[number], packet[number + 1]]);
        if !(2041..2048).contains(&bits) {
            continue;
        }
        overstated += 1;
        packet[number..number + 2].copy_from_slice(&2048_u16.to_be_bytes());
        let armored = armor_bytes(&packet, Kind::Signature);
        let fact = pool.verify(PAYLOAD, &armored, Namespace::Git, &Limits::default());
        assert!(matches!(fact, SignatureFact::Verified(_)), "{fact:?}");
        packet[number + 200] ^= 1;
        let fact = pool.verify(
            PAYLOAD,
            &armor_bytes(&packet, Kind::Signature),
            Namespace::Git,
            &Limits::default(),
        );
        refused(fact, Code::BadSignature, "payload or signature were altered");
        break;
    }
    assert_eq!(overstated, 1, "half of all signatures begin with a zero bit");
}

#[test]
fn slh_dsa_verifies_too() {
    use openpgp::packet::prelude::*;
    let key: Key<key::SecretParts, key::PrimaryRole> =
        born(Key6::generate_slhdsa128f().unwrap().into()).role_into_primary();
    let mut signer = super::testing::pair(&key);
    let signature = sign(&mut signer);
    let bytes = super::testing::packets(vec![Packet::from(key.take_secret().0)]);
    let mut pool = KeyPool::new();
    let file = pool.add_file(&bytes, &Limits::default());
    assert_eq!(file.certificates[0].keys[0].bindings, []);
    let seen = verified(&pool, signature);
    assert_eq!(seen.algorithm, KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128f));
}

#[test]
fn a_rewritten_unhashed_issuer_blames_nobody_else() {
    let (victim, stranger) = (ed25519("victim"), ed25519("stranger"));
    let mut signature = sign(&mut signers(&stranger)[0]);
    let forged = Subpacket::new(SubpacketValue::Issuer(victim.keyid()), false).unwrap();
    signature.unhashed_area_mut().replace(forged).unwrap();
    let fact = fact(&pool(&[&victim]), &armored([signature.clone()]));
    refused(fact, Code::UnknownSigner, &print(&stranger).to_string());
    // Where the stranger is known, the stranger signed.
    assert_eq!(verified(&pool(&[&victim, &stranger]), signature).key, print(&stranger));
}

/// The fact of a signature over what it does not cover. Its two octets of the digest fit one other
/// payload in 65,536, which is often enough to be seen: hardly ever two of them.
fn over_another_payload(pool: &KeyPool, armored: &[u8]) -> SignatureFact {
    let over = |payload| pool.verify(payload, armored, Namespace::Git, &Limits::default());
    match over(b"other") {
        SignatureFact::Refused { code: Code::UnknownSigner, .. } => over(b"and another"),
        fact => fact,
    }
}

/// A signature whose only issuer stands in the unhashed area.
fn unhashed_only(signer: &mut KeyPair, claimed: &Cert) -> Signature {
    let issuer = Subpacket::new(SubpacketValue::Issuer(claimed.keyid()), false).unwrap();
    builder(SignatureType::Binary)
        .modify_unhashed_area(|mut area| {
            area.replace(issuer)?;
            Ok(area)
        })
        .unwrap()
        .sign_message(signer, PAYLOAD)
        .unwrap()
}

#[test]
fn unhashed_hints_are_only_hints() {
    let (victim, stranger) = (ed25519("victim"), ed25519("stranger"));
    let mut own = signers(&victim).remove(0);
    let mut theirs = signers(&stranger).remove(0);
    let known = pool(&[&victim]);
    assert_eq!(verified(&known, unhashed_only(&mut own, &victim)).key, print(&victim));
    let lie = armored([unhashed_only(&mut theirs, &victim)]);
    refused(fact(&known, &lie), Code::UnknownSigner, "claims without proof");
    refused(over_another_payload(&known, &lie), Code::BadSignature, "altered");
    let unknown = armored([unhashed_only(&mut theirs, &stranger)]);
    refused(fact(&known, &unknown), Code::UnknownSigner, "which no key file holds");
}

#[test]
fn without_hints_keys_of_the_algorithm_are_tried_within_the_limit() {
    let certs: Vec<Cert> = (0..4).map(|n| ed25519(&format!("{n}"))).collect();
    let pool = pool(&certs.iter().collect::<Vec<_>>());
    let signature = |cert: &Cert| {
        let mut signature = unhashed_only(&mut signers(cert).remove(0), cert);
        signature.unhashed_area_mut().clear();
        signature
    };
    assert_eq!(verified(&pool, signature(&certs[2])).key, print(&certs[2]));
    // Whom to ask depends on the pool then, so such a fact is not for a cache.
    let folder = tempfile::tempdir().unwrap();
    let mut cache = crate::signature::FactCache::open(folder.path()).unwrap();
    let nameless = armored([signature(&certs[2])]);
    let request = crate::signature::SignatureRequest {
        payload: PAYLOAD,
        signature: &nameless,
        namespace: Namespace::Git,
    };
    let facts = pool.verify_many_cached(&[request], &Limits::default(), 1, &mut cache);
    assert!(matches!(facts[..], [SignatureFact::Verified(_)]));
    assert!(cache.is_empty());
    let few = Limits { key_attempts: 0, ..Limits::default() };
    let fact = pool.verify(PAYLOAD, &armored([signature(&certs[2])]), Namespace::Git, &few);
    refused(fact, Code::UnknownSigner, "none of 0 known keys");
    let stranger = armored([signature(&ed25519("x"))]);
    refused(super::tests_verify::fact(&pool, &stranger), Code::UnknownSigner, "names no key");
    refused(over_another_payload(&pool, &stranger), Code::BadSignature, "names no key");
}

#[test]
fn other_types_versions_and_critical_subpackets_are_refused() {
    let cert = ed25519("a");
    let pool = pool(&[&cert]);
    let mut signer = signers(&cert).remove(0);
    for typ in [SignatureType::Text, SignatureType::Standalone] {
        let signature = match typ {
            SignatureType::Text => builder(typ).sign_message(&mut signer, PAYLOAD),
            _ => builder(typ).sign_standalone(&mut signer),
        };
        let words = if typ == SignatureType::Text { "0x01 (text" } else { "0x02" };
        refused(fact(&pool, &armored([signature.unwrap()])), Code::SignatureType, words);
    }
    let critical = builder(SignatureType::Binary)
        .set_notation("strange@example.org", b"1", None, true)
        .unwrap()
        .sign_message(&mut signer, PAYLOAD)
        .unwrap();
    let words = "the critical notation \"strange@example.org\"";
    refused(fact(&pool, &armored([critical])), Code::UnsupportedSignature, words);
    let value = SubpacketValue::Unknown { tag: SubpacketTag::from(99), body: vec![1] };
    let critical = builder(SignatureType::Binary)
        .modify_hashed_area(|mut area| {
            area.add(Subpacket::new(value, true)?)?;
            Ok(area)
        })
        .unwrap()
        .sign_message(&mut signer, PAYLOAD)
        .unwrap();
    let words = "a critical subpacket of type 99";
    refused(fact(&pool, &armored([critical])), Code::UnsupportedSignature, words);
}

#[test]
fn what_the_backend_lacks_is_said_exactly() {
    let cert = ed25519("a");
    let pool = pool(&[&cert]);
    let bytes = Packet::from(sign(&mut signers(&cert)[0])).to_vec().unwrap();
    // Behind a header of two bytes: version, type, public-key algorithm, digest.
    let cases =
        [(2, 5, "version 5"), (4, 99, "public-key algorithm 99"), (5, 77, "digest algorithm 77")];
    for (index, value, words) in cases {
        let mut bytes = bytes.clone();
        bytes[index] = value;
        let fact = fact(&pool, &armor_bytes(&bytes, Kind::Signature));
        let SignatureFact::Refused { code: seen, observed, .. } = fact else { panic!() };
        assert_eq!(seen, Code::UnsupportedSignature, "{observed}");
        assert!(observed.contains(words), "{observed}");
    }
}

#[test]
fn one_packet_in_one_armor_and_nothing_else() {
    let cert = ed25519("a");
    let pool = pool(&[&cert]);
    let good = sign(&mut signers(&cert)[0]);
    let stranger = sign(&mut signers(&ed25519("b"))[0]);
    let once = armored([good.clone()]);
    for pair in [[good.clone(), stranger.clone()], [stranger, good.clone()]] {
        refused(fact(&pool, &armored(pair)), Code::MultipleSignatures, "two signature packets");
    }
    let twice = [once.clone(), once.clone()].concat();
    refused(fact(&pool, &twice), Code::MultipleSignatures, "2 armored signatures");
    let raw = Packet::from(good).to_vec().unwrap();
    refused(fact(&pool, &raw), Code::MalformedSignature, "no armored signature");
    let message = armor_bytes(&raw, Kind::Message);
    refused(fact(&pool, &message), Code::MalformedSignature, "first line");
    let mut literal = openpgp::packet::Literal::new(openpgp::types::DataFormat::Binary);
    literal.set_body(b"x".to_vec());
    let literal = armored([Packet::from(literal)]);
    refused(fact(&pool, &literal), Code::MalformedSignature, "packet of type 11");
    let junk = armor_bytes(&[raw.clone(), b"junk".to_vec()].concat(), Kind::Signature);
    refused(fact(&pool, &junk), Code::MalformedSignature, "junk");
    let compressed = armor_bytes(&[0xc8, 2, 1, 0], Kind::Signature);
    refused(fact(&pool, &compressed), Code::MalformedSignature, "compressed");
    refused(fact(&pool, b""), Code::MalformedSignature, "an empty signature");
    for cut in 1..raw.len() {
        let fact = fact(&pool, &armor_bytes(&raw[..cut], Kind::Signature));
        let SignatureFact::Refused { code, .. } = fact else { panic!("{cut}") };
        assert_eq!(code, Code::MalformedSignature, "{cut}");
    }
    let text = String::from_utf8(once).unwrap();
    let after = format!("{text}\nand more");
    refused(fact(&pool, after.as_bytes()), Code::MalformedSignature, "text follows");
}

#[test]
fn fifty_megabytes_are_refused_at_once() {
    let mut huge = b"-----BEGIN PGP SIGNATURE-----\n\n".to_vec();
    huge.resize(50 << 20, b'A');
    let before = spent();
    refused(fact(&KeyPool::new(), &huge), Code::MalformedSignature, "52428800 bytes");
    let cost = spent() - before;
    assert!(cost.as_millis() < 500, "{cost:?}");
}

#[test]
fn broken_digests_and_dates_are_facts_for_the_rules() {
    let cert = cert("a", CipherSuite::RSA2k, Profile::RFC4880);
    let pool = pool(&[&cert]);
    let mut signer = signers(&cert).remove(0);
    for (hash, digest) in [
        (HashAlgorithm::SHA1, Digest::Sha1),
        (HashAlgorithm::MD5, Digest::Md5),
        (HashAlgorithm::RipeMD, Digest::Ripemd160),
        (HashAlgorithm::SHA224, Digest::Sha224),
    ] {
        let weak = builder(SignatureType::Binary).set_hash_algo(hash);
        let seen = verified(&pool, weak.sign_message(&mut signer, PAYLOAD).unwrap());
        assert_eq!(seen.digest, digest);
    }
    let early = builder(SignatureType::Binary)
        .set_signature_creation_time(at(0) - std::time::Duration::from_secs(9))
        .unwrap()
        .set_signature_validity_period(std::time::Duration::from_secs(5))
        .unwrap()
        .sign_message(&mut signer, PAYLOAD)
        .unwrap();
    let seen = verified(&pool, early);
    assert!(seen.created < seen.key_created);
    assert_eq!(seen.expires.unwrap().unix() as u64, BORN - 4);
}

#[test]
fn an_rsa_encryption_key_that_signs_is_a_fact_too() {
    use openpgp::packet::prelude::*;
    let primary: Key<key::SecretParts, key::PrimaryRole> =
        super::testing::ed25519_key().role_into_primary();
    let subkey: Key<key::SecretParts, key::SubordinateRole> =
        born(Key4::generate_rsa(2048).unwrap().into()).role_into_subordinate();
    let bytes = super::testing::packets(vec![
        Packet::from(primary.clone().take_secret().0),
        Packet::from(subkey.clone().take_secret().0),
    ]);
    let mut pool = KeyPool::new();
    pool.add_file(&bytes, &Limits::default());
    let seen = verified(&pool, sign(&mut super::testing::pair(&subkey)));
    assert_eq!(seen.algorithm, KeyAlgorithm::Rsa(2048));
    assert_eq!(
        seen.primaries,
        [Fingerprint::from_openpgp_bytes(primary.fingerprint().as_bytes()).unwrap()]
    );
}
