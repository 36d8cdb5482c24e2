//! Certificates and signatures for tests. Tests may hold secret keys; nothing else does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sequoia_openpgp as openpgp;

use openpgp::armor::{Kind, Writer};
use openpgp::cert::{Cert, CertBuilder, CipherSuite};
use openpgp::crypto::KeyPair;
use openpgp::packet::key::{
    Key4, Key6, PrimaryRole, SecretParts, SubordinateRole, UnspecifiedRole,
};
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::{Key, Signature};
use openpgp::serialize::{Marshal as _, MarshalInto as _};
use openpgp::types::{HashAlgorithm, SignatureType};
use openpgp::{Packet, Profile};

pub(super) const BORN: u64 = 1_700_000_000;
pub(super) const PAYLOAD: &[u8] = b"tree 1234\n\nmessage\n";

pub(super) fn at(seconds_after_birth: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(BORN + seconds_after_birth)
}

/// A certificate with a signing primary key and a signing subkey, made at [`BORN`].
pub(super) fn cert(name: &str, suite: CipherSuite, profile: Profile) -> Cert {
    CertBuilder::new()
        .set_profile(profile)
        .unwrap()
        .set_cipher_suite(suite)
        .set_creation_time(at(0))
        .add_userid(name)
        .set_primary_key_flags(openpgp::types::KeyFlags::empty().set_certification().set_signing())
        .add_signing_subkey()
        .generate()
        .unwrap()
        .0
}

pub(super) fn ed25519(name: &str) -> Cert {
    cert(name, CipherSuite::Cv25519, Profile::RFC4880)
}

/// Signers: the primary key, then the subkeys.
pub(super) fn signers(cert: &Cert) -> Vec<KeyPair> {
    cert.keys()
        .map(|key| key.key().clone().parts_into_secret().unwrap().into_keypair().unwrap())
        .collect()
}

pub(super) fn public(cert: &Cert) -> Vec<u8> {
    cert.clone().strip_secret_key_material().armored().to_vec().unwrap()
}

pub(super) fn builder(typ: SignatureType) -> SignatureBuilder {
    SignatureBuilder::new(typ)
        .set_hash_algo(HashAlgorithm::SHA512)
        .set_signature_creation_time(at(1000))
        .unwrap()
}

pub(super) fn sign(signer: &mut KeyPair) -> Signature {
    builder(SignatureType::Binary).sign_message(signer, PAYLOAD).unwrap()
}

pub(super) fn armored(packets: impl IntoIterator<Item = impl Into<Packet>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        packet.into().serialize(&mut bytes).unwrap();
    }
    armor_bytes(&bytes, Kind::Signature)
}

pub(super) fn armor_bytes(bytes: &[u8], kind: Kind) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), kind).unwrap();
    std::io::Write::write_all(&mut writer, bytes).unwrap();
    writer.finalize().unwrap()
}

pub(super) fn packets(packets: Vec<Packet>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        packet.serialize(&mut bytes).unwrap();
    }
    bytes
}

pub(super) type SecretPrimary = Key<SecretParts, PrimaryRole>;
pub(super) type SecretSubkey = Key<SecretParts, SubordinateRole>;

/// A bare key with the wanted time of birth, from one that was generated.
pub(super) fn born(key: Key<SecretParts, UnspecifiedRole>) -> Key<SecretParts, UnspecifiedRole> {
    let mut key = key;
    key.set_creation_time(at(0)).unwrap();
    key
}

pub(super) fn ed25519_key() -> Key<SecretParts, UnspecifiedRole> {
    born(Key4::generate_ecc(true, openpgp::types::Curve::Ed25519).unwrap().into())
}

pub(super) fn ed25519_key_v6() -> Key<SecretParts, UnspecifiedRole> {
    born(Key6::generate_ed25519().unwrap().into())
}

pub(super) fn pair<R: openpgp::packet::key::KeyRole>(key: &Key<SecretParts, R>) -> KeyPair {
    key.clone().role_into_unspecified().into_keypair().unwrap()
}
