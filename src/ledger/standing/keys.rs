//! Whether a signature that a key made now would count, and what policy will say of it later.

use crate::finding::{Code, Finding};
use crate::model::registry::KeyFormat;
use crate::model::{
    Digest, Fingerprint, KeyAlgorithm, KeyEntry, KeyState, SignatureFormat, Time,
    VerifiedSignature, Window,
};
use crate::rules::authority::authorise;
use crate::rules::{Context, certificate, strength};

use super::super::Ledger;

/// One entry of the registry, seen from now.
#[derive(Clone, Debug)]
pub struct KeyNow {
    /// The key; `None` for a placeholder.
    pub fingerprint: Option<Fingerprint>,
    /// OpenPGP or SSH.
    pub format: KeyFormat,
    /// When it may act.
    pub window: Window,
    /// Standing or retired.
    pub state: KeyState,
    /// The keys that the entry covers and that may sign: itself, or subkeys.
    pub signing: Vec<SigningKey>,
    /// Why a signature made now would not count; `None` where it would.
    pub refused: Option<Box<Finding>>,
}

impl KeyNow {
    /// Whether a signature made now would count.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.refused.is_none()
    }

    /// When its certificate lapses, where it does: that of the last of its signing keys.
    #[must_use]
    pub fn certificate_expires(&self) -> Option<Time> {
        let open = self.signing.iter().any(|key| key.expires.is_none());
        self.signing.iter().filter_map(|key| key.expires).max().filter(|_| !open)
    }
}

/// A key that may sign.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Algorithm and size.
    pub algorithm: KeyAlgorithm,
    /// When it, or its primary key, expires by the certificate.
    pub expires: Option<Time>,
    /// Each cut-off of policy, and whether the key counts from it on.
    pub cut_offs: Vec<CutOff>,
}

/// A cut-off of `[policy.crypto]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutOff {
    /// What policy refuses, or `classical` where it asks for post-quantum keys.
    pub what: String,
    /// From when on.
    pub from: OpenFor,
    /// Whether the key counts all the same.
    pub counts: bool,
}

/// From when on a cut-off applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenFor {
    /// Always.
    Always,
    /// From this time on.
    Time(Time),
    /// From this epoch on.
    Epoch(u64),
}

impl Ledger {
    pub(super) fn key_now(&self, entry: &KeyEntry, at: Time) -> KeyNow {
        let signing = self.signing_keys(entry, at);
        KeyNow {
            fingerprint: entry.fingerprint,
            format: entry.format,
            window: entry.window,
            state: entry.state.clone(),
            refused: self.why_not(entry, &signing, at).map(Box::new),
            signing,
        }
    }

    /// Asks the rules about a signature that does not exist.
    fn why_not(&self, entry: &KeyEntry, signing: &[SigningKey], at: Time) -> Option<Finding> {
        let cx = self.context();
        let Some(listed) = entry.fingerprint else {
            return Some(
                Finding::new(Code::PlaceholderFingerprint, "the entry names no key yet")
                    .compared("a placeholder", "a full fingerprint")
                    .help("put the full fingerprint into the registry"),
            );
        };
        let mut refusals = Vec::new();
        for key in signing {
            match self.would_count(&cx, entry, listed, key, at) {
                None => return None,
                Some(finding) => refusals.push(finding),
            }
        }
        let first = refusals.into_iter().next();
        Some(first.unwrap_or_else(|| certificate::missing_key(&cx, entry)))
    }

    fn would_count(
        &self,
        cx: &Context<'_>,
        entry: &KeyEntry,
        listed: Fingerprint,
        key: &SigningKey,
        at: Time,
    ) -> Option<Finding> {
        if self.is_in_doubt(key.fingerprint, listed) {
            return Some(
                Finding::new(Code::KeyCompromised, "this key is the one in doubt, or came with it")
                    .compared(listed.to_string(), "a key that is not in doubt")
                    .help("sign with another key"),
            );
        }
        let signature = VerifiedSignature {
            format: match entry.format {
                KeyFormat::OpenPgp => SignatureFormat::OpenPgp,
                KeyFormat::Ssh => SignatureFormat::Ssh,
            },
            key: key.fingerprint,
            primaries: vec![listed],
            created: (entry.format == KeyFormat::OpenPgp).then_some(at),
            expires: None,
            digest: Digest::Sha512,
            algorithm: key.algorithm,
            key_created: None,
        };
        if let Err(no) = authorise(cx, &self.index, &signature, at) {
            return Some(*no.finding);
        }
        if !entry.is_standing() || !entry.window.contains(at) {
            return Some(
                Finding::new(Code::KeyWindowClosed, "this window of the key is not open")
                    .compared(at.to_string(), crate::rules::window::describe(entry))
                    .help("another window of the same key is open"),
            );
        }
        strength::check_post_quantum(cx, key.algorithm, self.next_epoch())
    }

    /// The keys that an entry covers and that may sign.
    fn signing_keys(&self, entry: &KeyEntry, at: Time) -> Vec<SigningKey> {
        let Some(listed) = entry.fingerprint else { return Vec::new() };
        if entry.format == KeyFormat::Ssh {
            let algorithm = self.keyring.ssh_key(&entry.public_key, listed);
            let key = algorithm.map(|algorithm| self.signing_key(listed, algorithm, None));
            return key.into_iter().collect();
        }
        let found = self.keyring.certificate_for(&entry.public_key, Some(listed), listed);
        let Some(certificate) = found else { return Vec::new() };
        let binding = |key| certificate.key(key).and_then(|key| certificate::binding_at(key, at));
        let whole = binding(certificate.primary).and_then(|binding| binding.expires);
        let mut keys = Vec::new();
        for key in &certificate.keys {
            let own = key.fingerprint == listed;
            // An entry for a subkey covers only itself and outranks its primary's.
            let covered = own
                || (certificate.primary == listed
                    && self.registry.entries(key.fingerprint).next().is_none());
            let Some(bound) = binding(key.fingerprint).filter(|b| b.for_signing && b.back_signed)
            else {
                continue;
            };
            if covered {
                let expires = [bound.expires, whole].into_iter().flatten().min();
                keys.push(self.signing_key(key.fingerprint, key.algorithm, expires));
            }
        }
        keys
    }

    fn signing_key(
        &self,
        fingerprint: Fingerprint,
        algorithm: KeyAlgorithm,
        expires: Option<Time>,
    ) -> SigningKey {
        let crypto = &self.registry.policy.crypto;
        // Asked about the cut-off alone, whatever the last gate's time.
        let cx = Context { previous_time: None, ..self.context() };
        let always = Time::from_unix_clamped(i64::MIN);
        let mut cut_offs: Vec<CutOff> = crypto
            .refuse
            .iter()
            .map(|refusal| CutOff {
                what: refusal.what.to_string(),
                from: refusal.from.map_or(OpenFor::Always, OpenFor::Time),
                counts: strength::check_key(&cx, algorithm, refusal.from.unwrap_or(always))
                    .is_none(),
            })
            .collect();
        cut_offs.extend(crypto.post_quantum_from_epoch.map(|epoch| CutOff {
            what: "classical".to_owned(),
            from: OpenFor::Epoch(epoch),
            counts: strength::check_post_quantum(&cx, algorithm, epoch).is_none(),
        }));
        SigningKey { fingerprint, algorithm, expires, cut_offs }
    }
}
