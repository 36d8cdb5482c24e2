//! What the key files of the judged history say, up to some commit.
//!
//! Capabilities come from key files that were accepted on the mainline at or before the commit
//! under judgement. Revocations come from every version that was ever seen, wherever it lay, so
//! that none can be hidden by serving an older file.

use std::collections::BTreeMap;

use crate::model::{Certificate, Fingerprint, KeyAlgorithm, KeyFile, Revocation};

/// The union of key files, by path.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    certificates: BTreeMap<String, BTreeMap<Fingerprint, Certificate>>,
    ssh: BTreeMap<String, BTreeMap<Fingerprint, KeyAlgorithm>>,
    /// Every path at which a key file was accepted, even one that holds nothing readable.
    paths: std::collections::BTreeSet<String>,
    revocations: BTreeMap<Fingerprint, Vec<Revocation>>,
}

impl Keyring {
    /// Adds an accepted version of a key file.
    pub fn accept(&mut self, path: &str, file: &KeyFile) {
        self.paths.insert(path.to_owned());
        let here = self.certificates.entry(path.to_owned()).or_default();
        for certificate in &file.certificates {
            here.entry(certificate.primary)
                .and_modify(|known| known.merge(certificate))
                .or_insert_with(|| certificate.clone());
        }
        self.ssh.entry(path.to_owned()).or_default().extend(file.ssh_keys.iter().copied());
        self.learn_revocations(file);
    }

    /// Notes that a key file was accepted that is not needed for the question at hand.
    pub fn accept_unread(&mut self, path: &str) {
        self.paths.insert(path.to_owned());
    }

    /// Takes over the revocations of a key file that need not be accepted.
    pub fn learn_revocations(&mut self, file: &KeyFile) {
        for certificate in &file.certificates {
            for key in &certificate.keys {
                let known = self.revocations.entry(key.fingerprint).or_default();
                for revocation in &key.revocations {
                    if !known.contains(revocation) {
                        known.push(revocation.clone());
                    }
                }
            }
        }
    }

    /// Whether a key file was ever accepted at this path.
    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// The certificate with this primary key in the key file at `path`.
    #[must_use]
    pub fn certificate(&self, path: &str, primary: Fingerprint) -> Option<&Certificate> {
        self.certificates.get(path)?.get(&primary)
    }

    /// The certificate in the key file at `path` that holds this key, primary or not.
    #[must_use]
    pub fn certificate_holding(&self, path: &str, key: Fingerprint) -> Option<&Certificate> {
        let here = self.certificates.get(path)?;
        here.get(&key).or_else(|| here.values().find(|certificate| certificate.key(key).is_some()))
    }

    /// The algorithm of an SSH key in the key file at `path`.
    #[must_use]
    pub fn ssh_key(&self, path: &str, key: Fingerprint) -> Option<KeyAlgorithm> {
        self.ssh.get(path)?.get(&key).copied()
    }

    /// Revocations of exactly this key, from every version ever seen.
    #[must_use]
    pub fn revocations(&self, key: Fingerprint) -> &[Revocation] {
        self.revocations.get(&key).map_or(&[], Vec::as_slice)
    }
}
