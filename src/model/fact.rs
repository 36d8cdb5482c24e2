//! Facts about signatures: what depends on bytes alone.

use std::collections::HashMap;

use super::crypto::{Digest, KeyAlgorithm};
use super::fingerprint::Fingerprint;
use super::id::ReviewerId;
use super::time::Time;
use crate::finding::Code;

/// Which kind of signature the bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureFormat {
    /// `-----BEGIN PGP SIGNATURE-----` (or `PGP MESSAGE`).
    OpenPgp,
    /// `-----BEGIN SSH SIGNATURE-----`.
    Ssh,
    /// `-----BEGIN SIGNED MESSAGE-----`: X.509 by gpgsm or S/MIME.
    X509,
    /// An X.509 signature whose certificate comes from Sigstore (gitsign).
    Gitsign,
    /// None of them.
    Unknown,
}

impl SignatureFormat {
    /// A name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenPgp => "OpenPGP",
            Self::Ssh => "SSH",
            Self::X509 => "X.509",
            Self::Gitsign => "gitsign",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known about one signature over one payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureFact {
    /// There is no signature.
    Absent,
    /// The signature verifies under a key.
    Verified(VerifiedSignature),
    /// It does not, or it is of a kind that never counts.
    Refused {
        /// `bad-signature`, `malformed-signature`, `multiple-signatures`, `signature-type`,
        /// `unsupported-signature`, `ssh-namespace`, `ssh-algorithm`, `ssh-no-presence`,
        /// `weak-digest`, or `unknown-signer` when no key file holds the key that it names.
        code: Code,
        /// Which kind of signature it looks like.
        format: SignatureFormat,
        /// What was seen, in plain English, already escaped.
        observed: String,
        /// What would have been accepted.
        required: String,
        /// Which keys the signature *says* made it: unproven, best first. They choose
        /// between names of refusals, never between pass and refusal.
        hints: Vec<KeyHint>,
    },
}

/// A signature that verifies, and all that its bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature {
    /// OpenPGP or SSH.
    pub format: SignatureFormat,
    /// The key that verified it.
    pub key: Fingerprint,
    /// Every primary key whose certificate, in some version of some key file, holds `key`
    /// (the key itself when it is a primary or SSH key). Whether the certificate's
    /// self-signatures really bind `key` is judged later.
    pub primaries: Vec<Fingerprint>,
    /// When it claims to have been made. SSH signatures do not say.
    pub created: Option<Time>,
    /// When it says that it expires.
    pub expires: Option<Time>,
    /// Digest of the signature.
    pub digest: Digest,
    /// Algorithm and size of the key that verified it.
    pub algorithm: KeyAlgorithm,
    /// When the key that verified it says it was created. `None` for SSH.
    pub key_created: Option<Time>,
}

/// Whose signature a judged one is, by the registry in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The reviewer, bot or forge.
    pub reviewer_id: ReviewerId,
    /// The key that verified the signature.
    pub fingerprint: Fingerprint,
    /// The primary key that it belongs to.
    pub primary: Fingerprint,
}

/// Which key a signature says made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyHint {
    /// A full fingerprint.
    Fingerprint(Fingerprint),
    /// An OpenPGP key id, 8 bytes.
    KeyId([u8; 8]),
}

impl KeyHint {
    /// Whether the hint could mean this key.
    #[must_use]
    pub fn matches(&self, key: Fingerprint) -> bool {
        match (self, key) {
            (Self::Fingerprint(hint), _) => *hint == key,
            (Self::KeyId(id), Fingerprint::OpenPgpV4(raw)) => raw.ends_with(id),
            (Self::KeyId(id), Fingerprint::OpenPgpV6(raw)) => raw.starts_with(id),
            (Self::KeyId(_), Fingerprint::Ssh(_)) => false,
        }
    }
}

/// Names one question "does this signature cover these bytes?" by its content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct RequestId(pub [u8; 32]);

/// Facts about signatures of statements, by what was asked.
#[derive(Clone, Debug, Default)]
pub struct FactTable {
    facts: HashMap<RequestId, SignatureFact>,
}

impl FactTable {
    /// Remembers a fact.
    pub fn insert(&mut self, id: RequestId, fact: SignatureFact) {
        self.facts.insert(id, fact);
    }

    /// The fact, or `None` where it was never made: the caller must not pass anything then.
    #[must_use]
    pub fn get(&self, id: RequestId) -> Option<&SignatureFact> {
        self.facts.get(&id)
    }

    /// Takes over all facts of another table.
    pub fn extend(&mut self, other: Self) {
        self.facts.extend(other.facts);
    }

    /// How many facts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}
