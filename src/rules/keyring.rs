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
    /// By the primary key that made them, and the key that they are about: anybody can put another
    /// person's key into a certificate of their own and revoke it there.
    revocations: BTreeMap<(Fingerprint, Fingerprint), Revoked>,
}

/// The revocations of one key by one primary key, as far as rules ask: of each kind the earliest.
#[derive(Clone, Debug, Default)]
struct Revoked {
    hard: Option<Revocation>,
    soft: Option<Revocation>,
}

impl Revoked {
    fn learn(&mut self, revocation: &Revocation) {
        let known = if revocation.hard { &mut self.hard } else { &mut self.soft };
        let rank = |r: &Revocation| (r.created, r.reason.clone());
        if known.as_ref().is_none_or(|known| rank(revocation) < rank(known)) {
            *known = Some(revocation.clone());
        }
    }
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
            for key in certificate.keys.iter().filter(|key| !key.revocations.is_empty()) {
                let known =
                    self.revocations.entry((certificate.primary, key.fingerprint)).or_default();
                for revocation in &key.revocations {
                    known.learn(revocation);
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

    /// The certificate with this primary key, in every key file that holds it.
    pub fn certificates(&self, primary: Fingerprint) -> impl Iterator<Item = &Certificate> {
        self.certificates.values().filter_map(move |here| here.get(&primary))
    }

    /// The certificate in the key file at `path` by which an entry for `listed` covers `key`: the
    /// listed certificate, or, for an entry that lists the key itself, the one that holds it (that
    /// binds it for signing, where a file has several).
    #[must_use]
    pub fn certificate_for(
        &self,
        path: &str,
        listed: Option<Fingerprint>,
        key: Fingerprint,
    ) -> Option<&Certificate> {
        let here = self.certificates.get(path)?;
        let own = listed.and_then(|listed| here.get(&listed));
        own.filter(|certificate| certificate.key(key).is_some()).or_else(|| {
            let mut holding = here
                .values()
                .filter(|certificate| listed == Some(key) && certificate.key(key).is_some());
            let first = holding.clone().next();
            holding.find(|certificate| binds(certificate, key)).or(first)
        })
    }

    /// Whether the certificate with this primary key in the key file at `path` binds the key for
    /// signing, with the key's own consent. That it merely holds the key says nothing.
    #[must_use]
    pub fn binds(&self, path: &str, primary: Fingerprint, key: Fingerprint) -> bool {
        self.certificate(path, primary).is_some_and(|certificate| binds(certificate, key))
    }

    /// The algorithm of an SSH key in the key file at `path`.
    #[must_use]
    pub fn ssh_key(&self, path: &str, key: Fingerprint) -> Option<KeyAlgorithm> {
        self.ssh.get(path)?.get(&key).copied()
    }

    /// Revocations that concern a key in the certificate of a primary key, from every version ever
    /// seen, each with the key that was revoked: the primary's own, and the key's, by that primary
    /// or by itself. What other certificates say of either proves nothing.
    pub fn revocations(
        &self,
        primary: Fingerprint,
        key: Fingerprint,
    ) -> impl Iterator<Item = (Fingerprint, &Revocation)> {
        [(primary, key), (key, key), (primary, primary)].into_iter().flat_map(move |pair| {
            let known = self.revocations.get(&pair);
            let both = known.map(|known| known.hard.iter().chain(&known.soft));
            both.into_iter().flatten().map(move |revocation| (pair.1, revocation))
        })
    }
}

fn binds(certificate: &Certificate, key: Fingerprint) -> bool {
    let bindings = certificate.key(key).map_or(&[][..], |key| key.bindings.as_slice());
    bindings.iter().any(|binding| binding.for_signing && binding.back_signed)
}
