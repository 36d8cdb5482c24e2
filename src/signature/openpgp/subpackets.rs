//! What the hashed area of a signature says. The unhashed area proves nothing and is read
//! for issuer hints and back-signatures (which prove themselves) alone.

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::{Subpacket, SubpacketTag, SubpacketValue};
use openpgp::types::{KeyFlags, ReasonForRevocation};

use super::convert;
use crate::model::{Fingerprint, KeyHint, Time};

/// Values of the hashed area that `pick` wants, in order.
fn hashed<'a, T>(
    signature: &'a Signature,
    pick: impl Fn(&'a SubpacketValue) -> Option<T> + 'a,
) -> impl Iterator<Item = T> + 'a {
    signature.hashed_area().iter().filter_map(move |subpacket| pick(subpacket.value()))
}

/// All creation times; an honest signature has one.
pub(super) fn creation_times(signature: &Signature) -> Vec<Time> {
    hashed(signature, |value| match value {
        SubpacketValue::SignatureCreationTime(at) => Some(convert::time((*at).into())),
        _ => None,
    })
    .collect()
}

/// When the signature expires: the earliest that it says; `None` for never.
pub(super) fn signature_expiry(signature: &Signature, created: Time) -> Option<Time> {
    hashed(signature, |value| match value {
        SubpacketValue::SignatureExpirationTime(after) => Some(after.as_secs()),
        _ => None,
    })
    .filter(|seconds| *seconds != 0)
    .min()
    .map(|seconds| later(created, seconds))
}

/// When a key expires by this self-signature: the earliest that it says; `None` for never.
pub(super) fn key_expiry(signature: &Signature, key_created: Time) -> Option<Time> {
    hashed(signature, |value| match value {
        SubpacketValue::KeyExpirationTime(after) => Some(after.as_secs()),
        _ => None,
    })
    .filter(|seconds| *seconds != 0)
    .min()
    .map(|seconds| later(key_created, seconds))
}

fn later(from: Time, seconds: u64) -> Time {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Time::from_unix_clamped(from.unix().saturating_add(seconds))
}

/// Whether the key flags are there and allow to sign. Several subpackets must agree.
pub(super) fn allows_signing(signature: &Signature) -> bool {
    let flags: Vec<&KeyFlags> = hashed(signature, |value| match value {
        SubpacketValue::KeyFlags(flags) => Some(flags),
        _ => None,
    })
    .collect();
    !flags.is_empty() && flags.iter().all(|flags| flags.for_signing())
}

/// Whether a revocation is hard, and its owner's words. Only the reasons "superseded" and
/// "retired" are soft (RFC 9580, 5.2.3.31); none, several, or another is hard.
pub(super) fn revocation_reason(signature: &Signature) -> (bool, String) {
    let reasons: Vec<(bool, String)> = hashed(signature, |value| match value {
        SubpacketValue::ReasonForRevocation { code, reason } => {
            let soft = matches!(
                code,
                ReasonForRevocation::KeySuperseded | ReasonForRevocation::KeyRetired
            );
            Some((soft, String::from_utf8_lossy(reason).into_owned()))
        }
        _ => None,
    })
    .collect();
    let hard = reasons.is_empty() || reasons.iter().any(|(soft, _)| !soft);
    (hard, reasons.into_iter().map(|(_, words)| words).next().unwrap_or_default())
}

/// Signatures within the signature, in either area.
pub(super) fn embedded(signature: &Signature) -> impl Iterator<Item = &Signature> {
    signature.hashed_area().iter().chain(signature.unhashed_area().iter()).filter_map(|subpacket| {
        match subpacket.value() {
            SubpacketValue::EmbeddedSignature(inner) => Some(inner),
            _ => None,
        }
    })
}

/// A critical subpacket of the hashed area that we do not understand and must therefore not
/// ignore (RFC 9580, 5.2.3.7): its type, or the critical notation's name.
pub(super) fn unknown_critical(signature: &Signature) -> Option<String> {
    signature.hashed_area().iter().filter(|subpacket| subpacket.critical()).find_map(|subpacket| {
        match subpacket.value() {
            SubpacketValue::NotationData(notation) => {
                Some(format!("the critical notation \"{}\"", notation.name()))
            }
            SubpacketValue::Unknown { .. } => Some(unknown_name(subpacket)),
            _ if is_understood(subpacket.tag()) => None,
            _ => Some(unknown_name(subpacket)),
        }
    })
}

fn unknown_name(subpacket: &Subpacket) -> String {
    format!("a critical subpacket of type {}", u8::from(subpacket.tag()))
}

fn is_understood(tag: SubpacketTag) -> bool {
    use SubpacketTag as Tag;
    matches!(
        tag,
        Tag::SignatureCreationTime
            | Tag::SignatureExpirationTime
            | Tag::ExportableCertification
            | Tag::Revocable
            | Tag::KeyExpirationTime
            | Tag::PreferredSymmetricAlgorithms
            | Tag::Issuer
            | Tag::PreferredHashAlgorithms
            | Tag::PreferredCompressionAlgorithms
            | Tag::KeyServerPreferences
            | Tag::PreferredKeyServer
            | Tag::PrimaryUserID
            | Tag::PolicyURI
            | Tag::KeyFlags
            | Tag::SignersUserID
            | Tag::ReasonForRevocation
            | Tag::Features
            | Tag::EmbeddedSignature
            | Tag::IssuerFingerprint
            | Tag::PreferredAEADCiphersuites
            // These say what others may do with the certificate; we let others do nothing.
            | Tag::RevocationKey
            | Tag::ApprovedCertifications
    )
}

/// Which keys a signature says made it.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    /// From the hashed area: the signer said so. Fingerprints first.
    pub(super) hashed: Vec<KeyHint>,
    /// From the unhashed area: anybody may have written them.
    pub(super) unhashed: Vec<KeyHint>,
}

impl Hints {
    /// All of them, best first, each once.
    pub(super) fn all(&self) -> Vec<KeyHint> {
        let mut all = Vec::new();
        for hint in self.hashed.iter().chain(&self.unhashed) {
            if !all.contains(hint) {
                all.push(*hint);
            }
        }
        all
    }

    /// Fingerprints that the signer stated.
    pub(super) fn hashed_fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.hashed.iter().filter_map(|hint| match hint {
            KeyHint::Fingerprint(fingerprint) => Some(*fingerprint),
            KeyHint::KeyId(_) => None,
        })
    }
}

/// Reads the issuer subpackets of both areas.
pub(super) fn hints(signature: &Signature) -> Hints {
    Hints {
        hashed: area_hints(signature.hashed_area().iter()),
        unhashed: area_hints(signature.unhashed_area().iter()),
    }
}

fn area_hints<'a>(area: impl Iterator<Item = &'a Subpacket>) -> Vec<KeyHint> {
    let mut hints: Vec<KeyHint> = area
        .filter_map(|subpacket| match subpacket.value() {
            SubpacketValue::IssuerFingerprint(fingerprint) => {
                convert::fingerprint(fingerprint).map(KeyHint::Fingerprint)
            }
            SubpacketValue::Issuer(id) => {
                <[u8; 8]>::try_from(id.as_bytes()).ok().map(KeyHint::KeyId)
            }
            _ => None,
        })
        .collect();
    hints.sort_by_key(|hint| matches!(hint, KeyHint::KeyId(_)));
    hints
}
