//! What key files say, as plain facts. Made in `signature`, judged in `rules`.

use super::crypto::{Digest, KeyAlgorithm};
use super::fingerprint::Fingerprint;
use super::time::Time;

/// Everything that one version of one key file (a blob) holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFile {
    /// OpenPGP certificates in file order.
    pub certificates: Vec<Certificate>,
    /// SSH public keys in file order.
    pub ssh_keys: Vec<(Fingerprint, KeyAlgorithm)>,
    /// The file holds an OpenPGP or SSH *private* key.
    pub holds_secret: bool,
    /// Why (part of) the file could not be read, in plain English; empty when all was read.
    pub problems: Vec<String>,
}

/// One OpenPGP certificate. Third-party signatures were dropped; every
/// self-signature listed here verified cryptographically.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Fingerprint of the primary key.
    pub primary: Fingerprint,
    /// The primary key first, then subkeys in file order.
    pub keys: Vec<CertificateKey>,
    /// User ids, unescaped: for display only, they decide nothing.
    pub user_ids: Vec<String>,
}

/// A key of a certificate, with what its owner's self-signatures say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateKey {
    /// The key's own fingerprint.
    pub fingerprint: Fingerprint,
    /// Algorithm and size.
    pub algorithm: KeyAlgorithm,
    /// When the key says it was created.
    pub created: Time,
    /// Valid self-signatures that give this key its flags: subkey bindings, or for the
    /// primary key its direct-key and user-id self-signatures. In order of time.
    pub bindings: Vec<Binding>,
    /// Valid revocations of this key by the certificate's own primary key.
    pub revocations: Vec<Revocation>,
}

/// One self-signature that gives a key its capabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// When the self-signature says it was made.
    pub created: Time,
    /// Digest of the self-signature.
    pub digest: Digest,
    /// The key may sign data.
    pub for_signing: bool,
    /// For a signing subkey: it carries a valid back-signature (0x19). Always true for the primary key.
    pub back_signed: bool,
    /// When the key expires by this self-signature.
    pub expires: Option<Time>,
}

/// A revocation made by the certificate's own primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When it says it was made.
    pub created: Time,
    /// Hard: compromised, or no reason given. Soft: superseded or retired.
    pub hard: bool,
    /// Digest of the revocation signature.
    pub digest: Digest,
    /// The owner's words, unescaped.
    pub reason: String,
}

impl Certificate {
    /// The key with this fingerprint, primary or subkey.
    #[must_use]
    pub fn key(&self, fingerprint: Fingerprint) -> Option<&CertificateKey> {
        self.keys.iter().find(|key| key.fingerprint == fingerprint)
    }

    /// Adds what another version of the same certificate knows: the union of keys,
    /// bindings and revocations. Does nothing for a certificate of another primary key.
    pub fn merge(&mut self, other: &Self) {
        if self.primary != other.primary {
            return;
        }
        for theirs in &other.keys {
            match self.keys.iter_mut().find(|key| key.fingerprint == theirs.fingerprint) {
                None => self.keys.push(theirs.clone()),
                Some(ours) => {
                    for binding in &theirs.bindings {
                        if !ours.bindings.contains(binding) {
                            ours.bindings.push(binding.clone());
                        }
                    }
                    ours.bindings.sort_by_key(|binding| binding.created);
                    for revocation in &theirs.revocations {
                        if !ours.revocations.contains(revocation) {
                            ours.revocations.push(revocation.clone());
                        }
                    }
                }
            }
        }
        for user_id in &other.user_ids {
            if !self.user_ids.contains(user_id) {
                self.user_ids.push(user_id.clone());
            }
        }
    }
}
