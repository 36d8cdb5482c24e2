//! Sequoia's names to ours.

use std::time::{SystemTime, UNIX_EPOCH};

use sequoia_openpgp::crypto::mpi::PublicKey;
use sequoia_openpgp::packet::{Key, key};
use sequoia_openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm};

use crate::model::crypto::SlhDsaSet;
use crate::model::{Digest, Fingerprint, KeyAlgorithm, Time};

/// A digest's name.
pub(super) fn digest(hash: HashAlgorithm) -> Digest {
    match hash {
        HashAlgorithm::MD5 => Digest::Md5,
        HashAlgorithm::SHA1 => Digest::Sha1,
        HashAlgorithm::RipeMD => Digest::Ripemd160,
        HashAlgorithm::SHA224 => Digest::Sha224,
        HashAlgorithm::SHA256 => Digest::Sha256,
        HashAlgorithm::SHA384 => Digest::Sha384,
        HashAlgorithm::SHA512 => Digest::Sha512,
        HashAlgorithm::SHA3_256 => Digest::Sha3_256,
        HashAlgorithm::SHA3_512 => Digest::Sha3_512,
        other => Digest::Other(other.into()),
    }
}

/// A key's algorithm and size.
#[expect(deprecated, reason = "old keys must be named as well")]
pub(super) fn algorithm<P, R>(key: &Key<P, R>) -> KeyAlgorithm
where
    P: key::KeyParts,
    R: key::KeyRole,
{
    use PublicKeyAlgorithm as Algorithm;
    let bits = || {
        let bits = key.mpis().bits().unwrap_or(0);
        u32::try_from(bits).unwrap_or(u32::MAX)
    };
    match key.pk_algo() {
        Algorithm::RSAEncryptSign | Algorithm::RSAEncrypt | Algorithm::RSASign => {
            KeyAlgorithm::Rsa(bits())
        }
        Algorithm::DSA => KeyAlgorithm::Dsa(bits()),
        Algorithm::ElGamalEncrypt | Algorithm::ElGamalEncryptSign => KeyAlgorithm::ElGamal,
        Algorithm::ECDSA => KeyAlgorithm::Ecdsa(match key.mpis() {
            PublicKey::ECDSA { curve: Curve::NistP256, .. } => 256,
            PublicKey::ECDSA { curve: Curve::NistP384, .. } => 384,
            PublicKey::ECDSA { curve: Curve::NistP521, .. } => 521,
            _ => 0,
        }),
        Algorithm::EdDSA => match key.mpis() {
            PublicKey::EdDSA { curve: Curve::Ed25519, .. } => KeyAlgorithm::Ed25519,
            _ => KeyAlgorithm::Other(Algorithm::EdDSA.into()),
        },
        Algorithm::Ed25519 => KeyAlgorithm::Ed25519,
        Algorithm::Ed448 => KeyAlgorithm::Ed448,
        Algorithm::MLDSA65_Ed25519 => KeyAlgorithm::MlDsa65Ed25519,
        Algorithm::MLDSA87_Ed448 => KeyAlgorithm::MlDsa87Ed448,
        Algorithm::SLHDSA128s => KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128s),
        Algorithm::SLHDSA128f => KeyAlgorithm::SlhDsa(SlhDsaSet::Shake128f),
        Algorithm::SLHDSA256s => KeyAlgorithm::SlhDsa(SlhDsaSet::Shake256s),
        other => KeyAlgorithm::Other(other.into()),
    }
}

/// A fingerprint; `None` for versions that we do not know.
pub(super) fn fingerprint(fingerprint: &sequoia_openpgp::Fingerprint) -> Option<Fingerprint> {
    use sequoia_openpgp::Fingerprint as Theirs;
    match fingerprint {
        Theirs::V4(raw) => Some(Fingerprint::OpenPgpV4(*raw)),
        Theirs::V6(raw) => Some(Fingerprint::OpenPgpV6(*raw)),
        _ => None,
    }
}

/// A time of OpenPGP, which counts seconds from 1970 in 32 bits.
pub(super) fn time(at: SystemTime) -> Time {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Time::from_unix_clamped(i64::try_from(seconds).unwrap_or(i64::MAX))
}
