//! One signature over one payload, against the keys of the pool.

use std::collections::{BTreeMap, BTreeSet};

use sequoia_openpgp as openpgp;

use openpgp::packet::Signature;
use openpgp::types::SignatureType;

use super::certificate::PoolKey;
use super::convert;
use super::digest::{self, Answer, Subject};
use super::read::{REQUIRED, decode, malformed, one_packet, parse, refuse, supported, undigested};
use super::subpackets::{self, Hints};
use crate::finding::Code;
use crate::model::text::shown;
use crate::model::{
    Fingerprint, KeyHint, Limits, SignatureFact, SignatureFormat, Time, VerifiedSignature,
};
use crate::signature::refused_with;

/// Keys of all versions of all key files.
#[derive(Clone, Debug, Default)]
pub(in crate::signature) struct Keys {
    /// Material by fingerprint. More than one only where somebody found a collision of SHA-1.
    keys: BTreeMap<Fingerprint, Vec<PoolKey>>,
    by_id: BTreeMap<[u8; 8], BTreeSet<Fingerprint>>,
    primaries: BTreeMap<Fingerprint, BTreeSet<Fingerprint>>,
    subkeys: BTreeMap<Fingerprint, BTreeSet<Fingerprint>>,
}

impl Keys {
    /// Takes up a key.
    pub(in crate::signature) fn add(&mut self, key: PoolKey) {
        let fingerprint = key.fingerprint;
        self.primaries.entry(fingerprint).or_default().insert(key.primary);
        if fingerprint != key.primary {
            self.subkeys.entry(key.primary).or_default().insert(fingerprint);
        }
        if let Some(id) = key_id(fingerprint) {
            self.by_id.entry(id).or_default().insert(fingerprint);
        }
        let same = self.keys.entry(fingerprint).or_default();
        if !same.iter().any(|known| known.key == key.key) {
            same.push(key);
        }
    }

    /// Primaries in whose certificates the key stands; empty for a key that no file holds.
    pub(in crate::signature) fn primaries(&self, key: Fingerprint) -> Vec<Fingerprint> {
        self.primaries.get(&key).map(|all| all.iter().copied().collect()).unwrap_or_default()
    }

    fn hinted(&self, hints: &[KeyHint]) -> Vec<&PoolKey> {
        let mut wanted: Vec<Fingerprint> = Vec::new();
        for hint in hints {
            let named: Vec<Fingerprint> = match hint {
                KeyHint::Fingerprint(fingerprint) => vec![*fingerprint],
                KeyHint::KeyId(id) => self.by_id.get(id).into_iter().flatten().copied().collect(),
            };
            // Some programs name the primary key where they mean its subkey.
            let subkeys = named.iter().filter_map(|primary| self.subkeys.get(primary)).flatten();
            wanted.extend(named.iter().chain(subkeys));
        }
        let mut seen = BTreeSet::new();
        wanted.retain(|fingerprint| seen.insert(*fingerprint));
        wanted.iter().filter_map(|fingerprint| self.keys.get(fingerprint)).flatten().collect()
    }
}

fn key_id(fingerprint: Fingerprint) -> Option<[u8; 8]> {
    match fingerprint {
        Fingerprint::OpenPgpV4(raw) => raw.last_chunk::<8>().copied(),
        Fingerprint::OpenPgpV6(raw) => raw.first_chunk::<8>().copied(),
        Fingerprint::Ssh(_) => None,
    }
}

/// Verifies an armored signature. The caller has checked its length.
pub(in crate::signature) fn verify(
    keys: &Keys,
    payload: &[u8],
    signature: &[u8],
    limits: &Limits,
) -> SignatureFact {
    match Claim::read(payload, signature) {
        Ok(claim) => claim.settle(keys, limits),
        Err(refusal) => *refusal,
    }
}

/// Whether a well-formed signature names a key at all. Where it does not, which key is asked
/// first depends on what else the pool holds.
pub(in crate::signature) fn names_a_key(signature: &[u8]) -> bool {
    let Ok(data) = decode(signature) else { return false };
    one_packet(&data)
        .and_then(parse)
        .is_ok_and(|signature| !subpackets::hints(&signature).all().is_empty())
}

/// A well-formed signature, its digest computed, before any key was asked.
struct Claim {
    signature: Signature,
    /// What of the packet's own body is signed with the payload.
    #[cfg(feature = "fast-rsa")]
    message: Option<super::fast_rsa::Message>,
    digest: Vec<u8>,
    created: Time,
    hints: Hints,
}

impl Claim {
    fn read(payload: &[u8], text: &[u8]) -> Result<Self, Box<SignatureFact>> {
        let data = decode(text)?;
        let raw = one_packet(&data)?;
        let signature = parse(raw)?;
        if signature.version() == 3 {
            return Err(refuse(
                Code::UnsupportedSignature,
                "an OpenPGP signature of version 3, which cannot state its issuer or time reliably",
            ));
        }
        if signature.typ() != SignatureType::Binary {
            let number = u8::from(signature.typ());
            let name = match signature.typ() {
                SignatureType::Text => " (text: line ends are not covered)".to_owned(),
                other => format!(" ({other})"),
            };
            return Err(refuse(
                Code::SignatureType,
                format!("an OpenPGP signature of type 0x{number:02x}{name}"),
            ));
        }
        if let Some(critical) = subpackets::unknown_critical(&signature) {
            return Err(refuse(
                Code::UnsupportedSignature,
                format!("an OpenPGP signature with {}", shown(&critical)),
            ));
        }
        let created = match *subpackets::creation_times(&signature) {
            [created] => created,
            [] => return Err(malformed("it has no creation time in its hashed area")),
            _ => return Err(malformed("it has several creation times in its hashed area")),
        };
        supported(&signature)?;
        let Some(digest) = digest::compute(&signature, Subject::Payload(payload)) else {
            return Err(undigested(&signature));
        };
        let hints = subpackets::hints(&signature);
        Ok(Self {
            #[cfg(feature = "fast-rsa")]
            message: super::fast_rsa::Message::new(&signature, raw.body, payload, &digest),
            signature,
            digest,
            created,
            hints,
        })
    }

    /// Asks the keys that the signature names.
    fn settle(&self, keys: &Keys, limits: &Limits) -> SignatureFact {
        let attempts = usize::try_from(limits.key_attempts).unwrap_or(usize::MAX);
        let hashed = keys.hinted(&self.hints.hashed);
        let stranger = self.hints.hashed_fingerprints().next();
        let (candidates, signer_said) = if stranger.is_some() || !hashed.is_empty() {
            (hashed, true)
        } else if self.hints.all().is_empty() {
            (keys.keys.values().flatten().collect(), false)
        } else {
            (keys.hinted(&self.hints.all()), false)
        };
        // What stands outside of the signed area may be anybody's: where it leads nowhere and the
        // payload fits, every other key is asked as well.
        let others = !signer_said && self.digest.starts_with(self.signature.digest_prefix());
        let others = keys.keys.values().flatten().filter(|_| others);
        let mut seen = BTreeSet::new();
        let candidates: Vec<&PoolKey> = candidates
            .into_iter()
            .chain(others)
            .filter(|key| seen.insert((key.fingerprint, key.primary)))
            .filter(|key| digest::same_family(key.key.pk_algo(), self.signature.pk_algo()))
            .take(attempts)
            .collect();
        let mut unsupported = None;
        for candidate in &candidates {
            match self.ask(candidate) {
                Answer::Good => return SignatureFact::Verified(self.verified(candidate, keys)),
                Answer::Bad => {}
                Answer::Unsupported(what) => unsupported = Some((what, candidate.fingerprint)),
            }
        }
        if let Some((what, key)) = unsupported {
            return self.refuse(
                Code::UnsupportedSignature,
                format!("a signature by the key {key} with {what}, which this build cannot verify"),
            );
        }
        self.unverified(keys, candidates.len(), signer_said)
    }

    /// Asks one key: ring first where it can, whose yes is enough; the backend has the last
    /// word on everything else.
    fn ask(&self, candidate: &PoolKey) -> Answer {
        #[cfg(feature = "fast-rsa")]
        if let Some(message) = &self.message
            && message.verifies(&candidate.key, &self.signature)
        {
            return Answer::Good;
        }
        digest::ask(&candidate.key, &self.signature, &self.digest)
    }

    /// No key verified it: whose fault is it?
    fn unverified(&self, keys: &Keys, tried: usize, signer_said: bool) -> SignatureFact {
        let named = || describe(&self.hints.all());
        // Known under its name, though perhaps with another algorithm.
        let known = !keys.hinted(&self.hints.all()).is_empty();
        if signer_said {
            if keys.hinted(&self.hints.hashed).is_empty() {
                let signer = describe(&self.hints.hashed);
                return self.unknown(format!("a signature by {signer}, which no key file holds"));
            }
            return self.bad(format!(
                "the signature does not verify under {}: payload or signature were altered",
                describe(&self.hints.hashed)
            ));
        }
        let intact = self.digest.starts_with(self.signature.digest_prefix());
        match (self.hints.all().is_empty(), known, intact) {
            (true, _, true) => self.unknown(format!(
                "a signature that names no key, and that none of {tried} known keys of its algorithm verifies"
            )),
            (true, _, false) => self.bad(format!(
                "a signature that names no key and does not fit the payload ({tried} known keys tried)"
            )),
            (false, false, _) => {
                self.unknown(format!("a signature by {}, which no key file holds", named()))
            }
            (false, true, true) => self.unknown(format!(
                "a signature that fits the payload but was not made by the key that it claims without proof: {}",
                named()
            )),
            (false, true, false) => self.bad(format!(
                "the signature does not verify under {}: payload or signature were altered",
                named()
            )),
        }
    }

    fn unknown(&self, observed: String) -> SignatureFact {
        refused_with(
            Code::UnknownSigner,
            SignatureFormat::OpenPgp,
            observed,
            "a signature by a key of a registered key file",
            self.hints.all(),
        )
    }

    fn bad(&self, observed: String) -> SignatureFact {
        self.refuse(Code::BadSignature, observed)
    }

    fn refuse(&self, code: Code, observed: String) -> SignatureFact {
        refused_with(code, SignatureFormat::OpenPgp, observed, REQUIRED, self.hints.all())
    }

    fn verified(&self, by: &PoolKey, keys: &Keys) -> VerifiedSignature {
        VerifiedSignature {
            format: SignatureFormat::OpenPgp,
            key: by.fingerprint,
            primaries: keys.primaries(by.fingerprint),
            created: Some(self.created),
            expires: subpackets::signature_expiry(&self.signature, self.created),
            digest: convert::digest(self.signature.hash_algo()),
            algorithm: convert::algorithm(&by.key),
            key_created: Some(convert::time(by.key.creation_time())),
        }
    }
}

/// The keys that hints name, for people.
fn describe(hints: &[KeyHint]) -> String {
    let names: Vec<String> = hints
        .iter()
        .map(|hint| match hint {
            KeyHint::Fingerprint(fingerprint) => format!("the key {fingerprint}"),
            KeyHint::KeyId(id) => format!("the key id {}", hex::encode(id)),
        })
        .take(4)
        .collect();
    names.join(", ")
}
