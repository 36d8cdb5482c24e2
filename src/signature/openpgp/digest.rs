//! The digest that a signature is over, and the arithmetic of one key.

use sequoia_openpgp as openpgp;

use openpgp::crypto::hash::{Context, Hash as _};
use openpgp::packet::{Key, Signature, UserID, key};
use openpgp::types::{HashAlgorithm, PublicKeyAlgorithm};

/// Bits of the largest RSA modulus that the backend takes.
#[cfg(feature = "crypto-rust")]
pub(super) const LARGEST_RSA: usize = 4_096;
#[cfg(not(feature = "crypto-rust"))]
pub(super) const LARGEST_RSA: usize = 16_384;

/// A primary key without its secrets.
pub(super) type Primary = Key<key::PublicParts, key::PrimaryRole>;
/// A subkey without its secrets.
pub(super) type Subkey = Key<key::PublicParts, key::SubordinateRole>;
/// A key of either role.
pub(super) type AnyKey = Key<key::PublicParts, key::UnspecifiedRole>;

/// What a signature is over.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// Bytes (type 0x00).
    Payload(&'a [u8]),
    /// The primary key (0x1F, 0x20).
    Primary(&'a Primary),
    /// The primary key and a subkey (0x18, 0x28).
    Subkey(&'a Primary, &'a Subkey),
    /// The same, as the subkey signs it (0x19).
    BackSignature(&'a Primary, &'a Subkey),
    /// The primary key and a user id (0x10 to 0x13).
    UserId(&'a Primary, &'a UserID),
}

/// Computes the digest. `None` where the signature's type does not fit the subject, or
/// where the backend refuses the digest (an unknown one, or SHA-1 input that was built to
/// collide).
pub(super) fn compute(signature: &Signature, subject: Subject<'_>) -> Option<Vec<u8>> {
    let mut hash: Context =
        signature.hash_algo().context().ok()?.for_signature(signature.version());
    match subject {
        Subject::Payload(payload) => {
            if let Some(salt) = salt(signature) {
                hash.update(salt);
            }
            hash.update(payload);
            signature.hash(&mut hash).ok()?;
        }
        Subject::Primary(key) => signature.hash_direct_key(&mut hash, key).ok()?,
        Subject::Subkey(key, subkey) => {
            signature.hash_subkey_binding(&mut hash, key, subkey).ok()?;
        }
        Subject::BackSignature(key, subkey) => {
            signature.hash_primary_key_binding(&mut hash, key, subkey).ok()?;
        }
        Subject::UserId(key, id) => signature.hash_userid_binding(&mut hash, key, id).ok()?,
    }
    hash.into_digest().ok()
}

/// The salt of a version 6 signature.
pub(super) fn salt(signature: &Signature) -> Option<&[u8]> {
    match signature {
        Signature::V6(v6) => Some(v6.salt()),
        _ => None,
    }
}

/// Whether a version 6 signature has a salt of the size that its digest asks for
/// (RFC 9580, 5.2.3). True for other versions.
pub(super) fn salt_fits(signature: &Signature) -> bool {
    match salt(signature) {
        None => true,
        Some(salt) => signature.hash_algo().salt_size().is_ok_and(|size| size == salt.len()),
    }
}

/// What one key says of one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It verifies.
    Good,
    /// It does not.
    Bad,
    /// The backend cannot tell; why.
    Unsupported(String),
}

/// Asks one key. Unlike Sequoia's own `verify_*` this does not compare times: a signature
/// that predates its key is a fact, which rules refuse.
pub(super) fn ask(key: &AnyKey, signature: &Signature, digest: &[u8]) -> Answer {
    // Only version 6 keys make version 6 signatures (RFC 9580, 5.2).
    if (signature.version() == 6) != (key.version() == 6) || !salt_fits(signature) {
        return Answer::Bad;
    }
    if !same_family(key.pk_algo(), signature.pk_algo()) {
        return Answer::Bad;
    }
    if is_rsa(key.pk_algo()) && key.mpis().bits().is_some_and(|bits| bits > LARGEST_RSA) {
        let bits = key.mpis().bits().unwrap_or(0);
        return Answer::Unsupported(format!("an RSA key of {bits} bits (at most {LARGEST_RSA})"));
    }
    match key.verify(signature.mpis(), signature.hash_algo(), digest) {
        Ok(()) => Answer::Good,
        Err(error) => match error.downcast_ref::<openpgp::Error>() {
            Some(openpgp::Error::UnsupportedEllipticCurve(curve)) => {
                Answer::Unsupported(format!("the elliptic curve {curve}"))
            }
            Some(openpgp::Error::UnsupportedPublicKeyAlgorithm(algorithm)) => {
                Answer::Unsupported(format!("the public-key algorithm {algorithm}"))
            }
            Some(openpgp::Error::UnsupportedHashAlgorithm(hash)) => {
                Answer::Unsupported(format!("the digest {hash}"))
            }
            Some(openpgp::Error::InvalidArgument(_)) if is_rsa(key.pk_algo()) => {
                Answer::Unsupported(format!("RSA over the digest {}", signature.hash_algo()))
            }
            _ => Answer::Bad,
        },
    }
}

/// Whether the signature's algorithm is one that this kind of key makes.
pub(super) fn same_family(key: PublicKeyAlgorithm, signature: PublicKeyAlgorithm) -> bool {
    key == signature || (is_rsa(key) && is_rsa(signature))
}

#[expect(deprecated, reason = "old keys have these algorithm numbers")]
pub(super) fn is_rsa(algorithm: PublicKeyAlgorithm) -> bool {
    use PublicKeyAlgorithm as Algorithm;
    matches!(algorithm, Algorithm::RSAEncryptSign | Algorithm::RSASign | Algorithm::RSAEncrypt)
}

/// Whether the backend can compute the digest.
pub(super) fn can_hash(hash: HashAlgorithm) -> bool {
    hash.is_supported()
}
