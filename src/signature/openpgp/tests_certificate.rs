//! Key files: what their owners' self-signatures say, however odd.

use std::time::Duration;

use sequoia_openpgp as openpgp;

use openpgp::armor::Kind;
use openpgp::crypto::KeyPair;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Packet, Signature, UserID};
use openpgp::serialize::{Marshal as _, MarshalInto as _};
use openpgp::types::{HashAlgorithm, KeyFlags, ReasonForRevocation, SignatureType};

use super::testing::{
    BORN, SecretPrimary, SecretSubkey, armor_bytes, at, builder, ed25519, ed25519_key,
    ed25519_key_v6, packets, pair, public, signers,
};
use crate::model::{Certificate, CertificateKey, Digest, KeyFile, Limits};
use crate::signature::KeyPool;
use crate::tables::testing::spent;

fn read(bytes: &[u8]) -> KeyFile {
    KeyPool::new().add_file(bytes, &Limits::default())
}

/// A primary key, a subkey, and their public packets around the given signatures.
struct Maker {
    primary: SecretPrimary,
    subkey: SecretSubkey,
    signer: KeyPair,
}

impl Maker {
    fn new() -> Self {
        Self::from(ed25519_key(), ed25519_key())
    }

    fn from(
        primary: openpgp::packet::Key<
            openpgp::packet::key::SecretParts,
            openpgp::packet::key::UnspecifiedRole,
        >,
        subkey: openpgp::packet::Key<
            openpgp::packet::key::SecretParts,
            openpgp::packet::key::UnspecifiedRole,
        >,
    ) -> Self {
        let (primary, subkey) = (primary.role_into_primary(), subkey.role_into_subordinate());
        let signer = pair(&primary);
        Self { primary, subkey, signer }
    }

    fn file(&self, on_primary: Vec<Signature>, on_subkey: Vec<Signature>) -> Vec<u8> {
        let mut all = vec![Packet::from(self.primary.clone().take_secret().0)];
        all.extend(on_primary.into_iter().map(Packet::from));
        all.push(Packet::from(self.subkey.clone().take_secret().0));
        all.extend(on_subkey.into_iter().map(Packet::from));
        packets(all)
    }

    fn subkey(&self, on_subkey: Vec<Signature>) -> CertificateKey {
        self.certificate(vec![], on_subkey).keys.remove(1)
    }

    fn certificate(&self, on_primary: Vec<Signature>, on_subkey: Vec<Signature>) -> Certificate {
        let mut file = read(&self.file(on_primary, on_subkey));
        assert_eq!(file.problems, [""; 0]);
        assert_eq!(file.certificates.len(), 1);
        file.certificates.remove(0)
    }

    fn back_signature(&self, hash: HashAlgorithm) -> Signature {
        builder(SignatureType::PrimaryKeyBinding)
            .set_hash_algo(hash)
            .sign_primary_key_binding(&mut pair(&self.subkey), &self.primary, &self.subkey)
            .unwrap()
    }

    fn bind(&mut self, builder: SignatureBuilder) -> Signature {
        builder
            .sign_subkey_binding(&mut self.signer, self.primary.parts_as_public(), &self.subkey)
            .unwrap()
    }

    fn signing(&self) -> SignatureBuilder {
        builder(SignatureType::SubkeyBinding)
            .set_key_flags(KeyFlags::empty().set_signing())
            .unwrap()
    }

    fn revoke_primary(&mut self, builder: SignatureBuilder) -> Signature {
        builder.sign_direct_key(&mut self.signer, self.primary.parts_as_public()).unwrap()
    }
}

#[test]
fn an_ordinary_certificate_armored_or_binary_reads_the_same() {
    let cert = ed25519("Alice <a@example.org>\u{1b}[31m");
    let file = read(&public(&cert));
    let binary = read(&cert.clone().strip_secret_key_material().to_vec().unwrap());
    assert_eq!(file, binary);
    let [certificate] = &file.certificates[..] else { panic!() };
    assert_eq!(certificate.user_ids, ["Alice <a@example.org>\u{1b}[31m"]);
    let [primary, subkey] = &certificate.keys[..] else { panic!() };
    assert_eq!(primary.fingerprint, certificate.primary);
    assert!(primary.bindings.iter().all(|b| b.for_signing && b.back_signed));
    assert_eq!(primary.bindings.len(), 1, "direct key and user id say the same");
    let [binding] = &subkey.bindings[..] else { panic!() };
    assert!(binding.for_signing && binding.back_signed);
    assert_eq!(binding.created.unix() as u64, BORN);
    assert_eq!(binding.digest, Digest::Sha512);
}

#[test]
fn a_subkey_without_back_signature_is_listed_as_such() {
    let mut maker = Maker::new();
    let without = maker.signing();
    let without = maker.bind(without);
    assert!(!maker.subkey(vec![without.clone()]).bindings[0].back_signed);
    // The back-signature of another certificate's owner proves nothing here.
    let other = Maker::new().back_signature(HashAlgorithm::SHA512);
    let foreign = maker.signing().set_embedded_signature(other).unwrap();
    let foreign = maker.bind(foreign);
    assert!(!maker.subkey(vec![foreign]).bindings[0].back_signed);
    let back = maker.back_signature(HashAlgorithm::SHA512);
    let with = maker.signing().set_embedded_signature(back).unwrap();
    let with = maker.bind(with);
    let key = maker.subkey(vec![with, without]);
    assert_eq!(key.bindings.iter().filter(|b| b.back_signed).count(), 1);
}

#[test]
fn broken_digests_and_lapsed_bindings_are_listed() {
    let mut maker = Maker::new();
    let sha1 = maker.signing().set_hash_algo(HashAlgorithm::SHA1);
    let sha1 = maker.bind(sha1);
    assert_eq!(maker.subkey(vec![sha1]).bindings[0].digest, Digest::Sha1);
    // A strong binding is no stronger than its back-signature.
    let weak_back = maker.back_signature(HashAlgorithm::MD5);
    let weak_back = maker.signing().set_embedded_signature(weak_back).unwrap();
    let weak_back = maker.bind(weak_back);
    let binding = maker.subkey(vec![weak_back]).bindings.remove(0);
    assert!(binding.back_signed && binding.digest == Digest::Md5);
    let lapsed = maker.signing().set_key_validity_period(Duration::from_secs(1500)).unwrap();
    let lapsed = maker.bind(lapsed);
    let expires = maker.subkey(vec![lapsed]).bindings[0].expires.unwrap();
    assert_eq!(expires.unix() as u64, BORN + 1500);
    let short = maker.signing().set_signature_validity_period(Duration::from_secs(60)).unwrap();
    let short = maker.bind(short);
    let expires = maker.subkey(vec![short]).bindings[0].expires.unwrap();
    assert_eq!(expires.unix() as u64, BORN + 1060);
    let early = maker.signing().set_signature_creation_time(at(0) - Duration::from_secs(5));
    let early = maker.bind(early.unwrap());
    assert_eq!(maker.subkey(vec![early]).bindings.len(), 1);
}

#[test]
fn flags_decide_and_critical_riddles_void_a_binding() {
    let mut maker = Maker::new();
    let none = maker.bind(builder(SignatureType::SubkeyBinding));
    assert!(!maker.subkey(vec![none]).bindings[0].for_signing);
    let flags = KeyFlags::empty().set_transport_encryption();
    let other = builder(SignatureType::SubkeyBinding).set_key_flags(flags).unwrap();
    let other = maker.bind(other);
    assert!(!maker.subkey(vec![other]).bindings[0].for_signing);
    let riddle = maker.signing().set_notation("x@example.org", b"", None, true).unwrap();
    let riddle = maker.bind(riddle);
    assert_eq!(maker.subkey(vec![riddle]).bindings, []);
}

#[test]
fn what_others_signed_does_not_count() {
    let mut maker = Maker::new();
    let mut stranger = Maker::new();
    let forged = builder(SignatureType::SubkeyBinding)
        .set_key_flags(KeyFlags::empty().set_signing())
        .unwrap()
        .sign_subkey_binding(&mut stranger.signer, maker.primary.parts_as_public(), &maker.subkey)
        .unwrap();
    let revocation = builder(SignatureType::KeyRevocation)
        .sign_direct_key(&mut stranger.signer, maker.primary.parts_as_public())
        .unwrap();
    let certificate = maker.certificate(vec![revocation], vec![forged]);
    assert!(certificate.keys.iter().all(|k| k.bindings.is_empty() && k.revocations.is_empty()));
    // Neither does an own signature that was altered.
    let good = maker.signing();
    let mut bytes = Packet::from(maker.bind(good)).to_vec().unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let file = [maker.file(vec![], vec![]), bytes].concat();
    assert_eq!(read(&file).certificates[0].keys[1].bindings, []);
}

#[test]
fn revocations_are_hard_unless_superseded_or_retired() {
    use ReasonForRevocation as Reason;
    let mut maker = Maker::new();
    for (reason, hard) in [
        (None, true),
        (Some(Reason::Unspecified), true),
        (Some(Reason::KeySuperseded), false),
        (Some(Reason::KeyCompromised), true),
        (Some(Reason::KeyRetired), false),
        (Some(Reason::Unknown(77)), true),
        (Some(Reason::UIDRetired), true),
    ] {
        let mut revocation = builder(SignatureType::KeyRevocation);
        if let Some(reason) = reason {
            revocation = revocation.set_reason_for_revocation(reason, b"gone").unwrap();
        }
        // Nothing makes a revocation void: no expiry, no critical riddle.
        revocation = revocation
            .set_signature_validity_period(Duration::from_secs(1))
            .unwrap()
            .set_notation("x@example.org", b"", None, true)
            .unwrap();
        let revocation = maker.revoke_primary(revocation);
        let certificate = maker.certificate(vec![revocation], vec![]);
        let [seen] = &certificate.keys[0].revocations[..] else { panic!("{reason:?}") };
        assert_eq!(seen.hard, hard, "{reason:?}");
        assert_eq!(seen.reason, if reason.is_some() { "gone" } else { "" });
        assert_eq!(seen.created.unix() as u64, BORN + 1000);
        assert_eq!(certificate.keys[1].revocations, []);
    }
}

#[test]
fn a_revocation_cannot_be_hidden_by_moving_it() {
    let mut maker = Maker::new();
    let revocation = builder(SignatureType::SubkeyRevocation)
        .sign_subkey_binding(&mut maker.signer, maker.primary.parts_as_public(), &maker.subkey)
        .unwrap();
    let moved = maker.certificate(vec![revocation], vec![]);
    assert_eq!(moved.keys[1].revocations.len(), 1);
    assert_eq!(moved.keys[0].revocations, []);
    let revocation = maker.revoke_primary(builder(SignatureType::KeyRevocation));
    assert_eq!(maker.certificate(vec![], vec![revocation]).keys[0].revocations.len(), 1);
}

#[test]
fn a_withdrawn_user_id_is_no_key_revocation() {
    let mut maker = Maker::new();
    let user_id = UserID::from("old name");
    let withdrawn = builder(SignatureType::CertificationRevocation)
        .set_reason_for_revocation(ReasonForRevocation::UIDRetired, b"")
        .unwrap()
        .sign_userid_binding(&mut maker.signer, maker.primary.parts_as_public(), &user_id)
        .unwrap();
    let bytes = packets(vec![
        Packet::from(maker.primary.clone().take_secret().0),
        Packet::from(user_id),
        Packet::from(withdrawn),
    ]);
    let file = read(&bytes);
    assert_eq!(file.certificates[0].keys[0].revocations, []);
    assert_eq!(file.certificates[0].user_ids, ["old name"]);
}

#[test]
fn version_6_certificates_are_read() {
    let mut maker = Maker::from(ed25519_key_v6(), ed25519_key_v6());
    let back = maker.back_signature(HashAlgorithm::SHA512);
    let with = maker.signing().set_embedded_signature(back).unwrap();
    let with = maker.bind(with);
    let binding = maker.subkey(vec![with]).bindings.remove(0);
    assert!(binding.for_signing && binding.back_signed);
}

#[test]
fn several_certificates_and_versions_stand_in_one_file() {
    let (a, b) = (ed25519("a"), ed25519("b"));
    let text = [b"# keys\n".to_vec(), public(&a), b"\n".to_vec(), public(&b), public(&a)].concat();
    let file = read(&text);
    assert_eq!(file.certificates.len(), 2);
    assert_eq!(file.problems, [""; 0]);
}

#[test]
fn secret_keys_are_noticed_however_they_are_packed() {
    let cert = ed25519("a");
    let secret = cert.as_tsk().to_vec().unwrap();
    for bytes in [
        secret.clone(),
        cert.as_tsk().armored().to_vec().unwrap(),
        armor_bytes(&secret, Kind::PublicKey),
        armor_bytes(&secret, Kind::Message),
        [public(&ed25519("b")), armor_bytes(&secret, Kind::SecretKey)].concat(),
    ] {
        assert!(read(&bytes).holds_secret);
    }
    let file = read(&secret);
    assert_eq!(file.certificates, read(&public(&cert)).certificates);
    assert!(!read(&public(&cert)).holds_secret);
}

#[test]
fn what_cannot_be_read_is_told() {
    let good = ed25519("a").strip_secret_key_material().to_vec().unwrap();
    let cut = read(&good[..good.len() - 5]);
    assert_eq!(cut.certificates.len(), 1);
    assert_eq!(cut.problems, ["an OpenPGP packet that is truncated; the rest was not read"]);
    let few = Limits { packets: 2, ..Limits::default() };
    let file = KeyPool::new().add_file(&good, &few);
    assert!(file.problems[0].contains("more than 2 OpenPGP packets"), "{:?}", file.problems);
    let small = Limits { file_bytes: 10, ..Limits::default() };
    let file = KeyPool::new().add_file(&good, &small);
    assert!(file.problems[0].contains("at most 10 are read"), "{:?}", file.problems);
    for nothing in [&b""[..], b"\n# none\n"] {
        assert!(read(nothing).problems[0].contains("holds no OpenPGP certificate"));
    }
    let mut pool = KeyPool::new();
    pool.add_file(&public(&ed25519("x")), &Limits::default());
    let _ = pool.primaries(read(&good).certificates[0].primary);
}

#[test]
fn thousands_of_third_party_signatures_cost_little() {
    let mut stranger = signers(&ed25519("stranger")).remove(0);
    let maker = Maker::new();
    let user_id = UserID::from("famous");
    let foreign = builder(SignatureType::PositiveCertification)
        .sign_userid_binding(&mut stranger, maker.primary.parts_as_public(), &user_id)
        .unwrap();
    let mut bytes =
        packets(vec![Packet::from(maker.primary.clone().take_secret().0), Packet::from(user_id)]);
    let mut one = Vec::new();
    Packet::from(foreign).serialize(&mut one).unwrap();
    bytes.extend(one.repeat(5_000));
    let before = spent();
    let file = read(&bytes);
    assert_eq!(file.certificates[0].keys[0].bindings, []);
    let cost = spent() - before;
    assert!(cost < Duration::from_secs(5), "{cost:?}");
}

#[test]
fn nested_embedded_signatures_do_not_overflow_the_stack() {
    // Version 4 signatures within the unhashed areas of signatures, as deep as fits.
    let mut inner = vec![4, 0x19, 22, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    while inner.len() < 60_000 {
        let mut outer = vec![4, 0x19, 22, 8, 0, 0];
        let length = u32::try_from(inner.len() + 1).unwrap().to_be_bytes();
        outer.extend(u16::try_from(inner.len() + 6).unwrap().to_be_bytes());
        outer.push(255);
        outer.extend(length);
        outer.push(32);
        outer.extend(&inner);
        outer.extend([0, 0, 0, 0, 0, 0]);
        inner = outer;
    }
    let mut packet = vec![0xc2, 255];
    packet.extend(u32::try_from(inner.len()).unwrap().to_be_bytes());
    packet.extend(inner);
    let maker = Maker::new();
    let file = read(&[maker.file(vec![], vec![]), packet.clone()].concat());
    assert_eq!(file.certificates.len(), 1);
    let text = armor_bytes(&packet, Kind::Signature);
    let fact =
        KeyPool::new().verify(b"", &text, crate::signature::Namespace::Git, &Limits::default());
    assert!(matches!(fact, crate::model::SignatureFact::Refused { .. }));
}
