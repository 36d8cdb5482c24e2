//! What a certificate's owner says of its keys: self-signatures that verify, as facts.

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::SignatureType;

use super::certificate::{Gathered, Place};
use super::convert;
use super::digest::{self, Answer, Primary, Subject, Subkey};
use super::subpackets;
use crate::model::{Binding, Certificate, CertificateKey, Digest, Fingerprint, Revocation, Time};

/// How many digests of one certificate are computed to find the subkeys that misplaced
/// signatures belong to.
const SEARCH_BUDGET: u32 = 100_000;

/// Verifies the self-signatures of a certificate. Third-party signatures and designated
/// revokers are ignored.
pub(super) fn judge_cryptography(gathered: &Gathered, problems: &mut Vec<String>) -> Certificate {
    let mut keys = vec![empty_key(&gathered.primary, gathered.fingerprint)];
    keys.extend(gathered.subkeys.iter().map(|(key, fingerprint)| empty_key(key, *fingerprint)));
    let mut judge = Judge { gathered, keys, budget: SEARCH_BUDGET };
    for (place, signature) in &gathered.signatures {
        judge.take(*place, signature);
    }
    if judge.budget == 0 {
        problems.push(format!(
            "too many misplaced signatures in the certificate {}; some were not looked at",
            gathered.fingerprint
        ));
    }
    for key in &mut judge.keys {
        key.bindings.sort_by_key(|binding| binding.created);
        key.revocations.sort_by_key(|revocation| revocation.created);
    }
    Certificate {
        primary: gathered.fingerprint,
        keys: judge.keys,
        user_ids: gathered
            .user_ids
            .iter()
            .map(|id| String::from_utf8_lossy(id.value()).into_owned())
            .collect(),
    }
}

/// The signatures that the owner made over parts of the certificate, each with the part. Revoked user
/// ids are told as well, which judging has no use for.
pub(super) fn own(gathered: &Gathered) -> Vec<(Place, &Signature)> {
    let mut judge = Judge { gathered, keys: Vec::new(), budget: SEARCH_BUDGET };
    let signatures = gathered.signatures.iter();
    signatures
        .filter_map(|(place, signature)| Some((judge.part_of(*place, signature)?, signature)))
        .collect()
}

fn empty_key<R: openpgp::packet::key::KeyRole>(
    key: &openpgp::packet::Key<openpgp::packet::key::PublicParts, R>,
    fingerprint: Fingerprint,
) -> CertificateKey {
    CertificateKey {
        fingerprint,
        algorithm: convert::algorithm(key),
        created: convert::time(key.creation_time()),
        bindings: Vec::new(),
        revocations: Vec::new(),
    }
}

struct Judge<'a> {
    gathered: &'a Gathered,
    /// The primary key, then the subkeys, as in `gathered`.
    keys: Vec<CertificateKey>,
    budget: u32,
}

impl<'a> Judge<'a> {
    fn take(&mut self, place: Place, signature: &Signature) {
        match signature.typ() {
            SignatureType::KeyRevocation => {
                if self.verifies(signature, Subject::Primary(&self.gathered.primary)) {
                    self.revoke(0, signature);
                }
            }
            SignatureType::DirectKey => {
                if self.verifies(signature, Subject::Primary(&self.gathered.primary)) {
                    self.bind(0, signature, None);
                }
            }
            SignatureType::GenericCertification
            | SignatureType::PersonaCertification
            | SignatureType::CasualCertification
            | SignatureType::PositiveCertification => self.user_id(place, signature),
            SignatureType::SubkeyBinding => {
                if let Some((n, subkey)) = self.subkey_of(place, signature) {
                    let back = back_signature(&self.gathered.primary, subkey, signature);
                    self.bind(n.saturating_add(1), signature, Some(back));
                }
            }
            SignatureType::SubkeyRevocation => {
                if let Some((n, _)) = self.subkey_of(place, signature) {
                    self.revoke(n.saturating_add(1), signature);
                }
            }
            _ => {}
        }
    }

    /// The part of the certificate that an own signature is over.
    fn part_of(&mut self, place: Place, signature: &Signature) -> Option<Place> {
        match signature.typ() {
            SignatureType::KeyRevocation | SignatureType::DirectKey => {
                let own = self.verifies(signature, Subject::Primary(&self.gathered.primary));
                own.then_some(Place::Primary)
            }
            SignatureType::GenericCertification
            | SignatureType::PersonaCertification
            | SignatureType::CasualCertification
            | SignatureType::PositiveCertification
            | SignatureType::CertificationRevocation => {
                self.is_over_user_id(place, signature).then_some(place)
            }
            SignatureType::SubkeyBinding | SignatureType::SubkeyRevocation => {
                self.subkey_of(place, signature).map(|(n, _)| Place::Subkey(n))
            }
            _ => None,
        }
    }

    fn user_id(&mut self, place: Place, signature: &Signature) {
        if self.is_over_user_id(place, signature) {
            self.bind(0, signature, None);
        }
    }

    fn is_over_user_id(&self, place: Place, signature: &Signature) -> bool {
        let Place::UserId(n) = place else { return false };
        let Some(user_id) = self.gathered.user_ids.get(n) else { return false };
        // Well-known people have thousands of third-party signatures; those that say so
        // need no arithmetic.
        let hints = subpackets::hints(signature).all();
        let own = self.gathered.fingerprint;
        let may_be_own = hints.is_empty() || hints.iter().any(|hint| hint.matches(own));
        may_be_own && self.verifies(signature, Subject::UserId(&self.gathered.primary, user_id))
    }

    fn verifies(&self, signature: &Signature, subject: Subject<'_>) -> bool {
        digest::compute(signature, subject)
            .is_some_and(|digest| self.primary_made(signature, &digest))
    }

    fn primary_made(&self, signature: &Signature, digest: &[u8]) -> bool {
        let primary = self.gathered.primary.role_as_unspecified();
        digest::ask(primary, signature, digest) == Answer::Good
    }

    /// The subkey that a binding or revocation is about: the one that it follows, else,
    /// because key servers reorder packets, any other whose digest fits.
    fn subkey_of(&mut self, place: Place, signature: &Signature) -> Option<(usize, &'a Subkey)> {
        let gathered = self.gathered;
        if let Place::Subkey(n) = place
            && let Some((subkey, _)) = gathered.subkeys.get(n)
            && self.verifies(signature, Subject::Subkey(&gathered.primary, subkey))
        {
            return Some((n, subkey));
        }
        for (n, (subkey, _)) in gathered.subkeys.iter().enumerate() {
            self.budget = self.budget.checked_sub(1)?;
            let digest = digest::compute(signature, Subject::Subkey(&gathered.primary, subkey))?;
            if digest.starts_with(signature.digest_prefix())
                && self.primary_made(signature, &digest)
            {
                return Some((n, subkey));
            }
        }
        None
    }

    /// Adds a self-signature to a key. `back` is the digest of the valid back-signature,
    /// where there is one; the primary key needs none.
    fn bind(&mut self, key: usize, signature: &Signature, back: Option<Option<Digest>>) {
        // One that says what we do not understand must not be used (RFC 9580, 5.2.3.7).
        if subpackets::unknown_critical(signature).is_some() {
            return;
        }
        let [created] = *subpackets::creation_times(signature) else { return };
        let Some(key) = self.keys.get_mut(key) else { return };
        let ends = [
            subpackets::key_expiry(signature, key.created),
            subpackets::signature_expiry(signature, created),
        ];
        let own = convert::digest(signature.hash_algo());
        let binding = Binding {
            created,
            digest: weaker(own, back.flatten()),
            for_signing: subpackets::allows_signing(signature),
            back_signed: back.is_none_or(|valid| valid.is_some()),
            expires: ends.into_iter().flatten().min(),
        };
        if !key.bindings.contains(&binding) {
            key.bindings.push(binding);
        }
    }

    /// Adds a revocation. Unlike for a binding nothing that it says makes it void: neither
    /// an expiry nor a critical subpacket.
    fn revoke(&mut self, key: usize, signature: &Signature) {
        let Some(key) = self.keys.get_mut(key) else { return };
        let created: Option<Time> = subpackets::creation_times(signature).into_iter().min();
        let (hard, reason) = subpackets::revocation_reason(signature);
        let revocation = Revocation {
            created: created.unwrap_or(key.created),
            hard,
            digest: convert::digest(signature.hash_algo()),
            reason,
        };
        if !key.revocations.contains(&revocation) {
            key.revocations.push(revocation);
        }
    }
}

/// The digest of the strongest valid back-signature (0x19) of a binding.
fn back_signature(primary: &Primary, subkey: &Subkey, binding: &Signature) -> Option<Digest> {
    let valid = subpackets::embedded(binding).filter(|inner| {
        inner.typ() == SignatureType::PrimaryKeyBinding
            && subpackets::unknown_critical(inner).is_none()
            && digest::compute(inner, Subject::BackSignature(primary, subkey)).is_some_and(
                |digest| digest::ask(subkey.role_as_unspecified(), inner, &digest) == Answer::Good,
            )
    });
    valid.map(|inner| convert::digest(inner.hash_algo())).min_by_key(|digest| is_broken(*digest))
}

/// A binding is as strong as the weaker of its two signatures.
fn weaker(own: Digest, back: Option<Digest>) -> Digest {
    back.filter(|back| is_broken(*back) && !is_broken(own)).unwrap_or(own)
}

const fn is_broken(digest: Digest) -> bool {
    matches!(digest, Digest::Md5 | Digest::Sha1 | Digest::Ripemd160)
}
