//! Which of the user's keys signs.

use std::collections::BTreeSet;

use super::ssh::PublicKey;
use super::{Handle, Session, Settings, SigningKey, openpgp};
use crate::error::{Error, Result};
use crate::model::certificate::{Certificate, CertificateKey};
use crate::model::fingerprint::NotAFingerprint;
use crate::model::text::shown;
use crate::model::{Fingerprint, KeyFile};
use crate::signature::read_file;

impl Settings {
    /// The key to sign with: the one that `wanted` names (a full fingerprint, or the path or line
    /// of an SSH public key), else the one that git signs with. It must be one of `acceptable`, or
    /// a signing subkey of one: these are fingerprints as a registry names them.
    ///
    /// # Errors
    /// [`Error::Unusable`] where it is none of them, saying which would do, or cannot be found;
    /// [`Error::File`] where its file cannot be read.
    pub fn choose(
        &self,
        wanted: Option<&str>,
        acceptable: &BTreeSet<Fingerprint>,
        session: &Session<'_>,
    ) -> Result<SigningKey> {
        if acceptable.is_empty() {
            return Err(Error::unusable(
                "the registry holds no key that could sign this",
                "see which keys there are: gatecheck registry timeline",
            ));
        }
        match self.named(wanted, acceptable)? {
            Named::OpenPgp(key) => self.openpgp(&key, acceptable, session),
            Named::Ssh(key) => {
                let public = PublicKey::named(&key, session.home, session.folder);
                ssh(public, acceptable, session)
            }
            Named::SshFingerprint(fingerprint) => {
                let key = self.key.as_deref().filter(|_| self.format.as_deref() == Some("ssh"));
                let public = key.map(|key| PublicKey::named(key, session.home, session.folder));
                let only = BTreeSet::from([fingerprint]);
                match public.map(|public| ssh(public, &only, session)) {
                    Some(Ok(key)) if acceptable.contains(&key.entry) => Ok(key),
                    Some(Ok(_)) => Err(not_one_of(&fingerprint.to_string(), acceptable)),
                    _ => Err(Error::unusable(
                        format!(
                            "an SSH key cannot be found by its fingerprint {fingerprint} alone"
                        ),
                        "name the file of its public half: --key ~/.ssh/KEY.pub",
                    )),
                }
            }
        }
    }

    fn named(&self, wanted: Option<&str>, acceptable: &BTreeSet<Fingerprint>) -> Result<Named> {
        if let Some(wanted) = wanted {
            return match Fingerprint::parse(wanted.trim_end_matches('!')) {
                Ok(fingerprint) if fingerprint.is_ssh() => Ok(Named::SshFingerprint(fingerprint)),
                Ok(_) => Ok(Named::OpenPgp(wanted.to_owned())),
                Err(NotAFingerprint::Short) => Err(Error::unusable(
                    format!(
                        "{} is not a full fingerprint: short ones can be forged",
                        shown(wanted)
                    ),
                    "write it in full: gpg --list-secret-keys --with-subkey-fingerprint; a file of \
                     that name is ./NAME",
                )),
                Err(NotAFingerprint::Placeholder) => Ok(Named::Ssh(wanted.to_owned())),
            };
        }
        match (&self.key, self.format.as_deref()) {
            (None, _) => Err(Error::unusable(
                format!(
                    "your git configuration names no signing key; one of these would do: {}",
                    joined(acceptable)
                ),
                how(acceptable),
            )),
            (Some(key), None | Some("openpgp")) => Ok(Named::OpenPgp(key.clone())),
            (Some(key), Some("ssh")) => Ok(Named::Ssh(key.clone())),
            (Some(_), Some(other)) => Err(Error::unusable(
                format!(
                    "you sign with gpg.format = {}, which a registry cannot hold; one of these \
                     would do: {}",
                    shown(other),
                    joined(acceptable)
                ),
                how(acceptable),
            )),
        }
    }

    fn openpgp(
        &self,
        key: &str,
        acceptable: &BTreeSet<Fingerprint>,
        session: &Session<'_>,
    ) -> Result<SigningKey> {
        let public = openpgp::export(&self.gpg_program(session.home), key, session.limits)?;
        let file = read_file(&public, session.limits);
        no_secret(&file)?;
        let mut fits =
            file.certificates.iter().filter_map(|certificate| fit(certificate, key, acceptable));
        match (fits.next(), fits.next()) {
            (Some((entry, user)), None) => {
                Ok(SigningKey { entry, handle: Handle::OpenPgp(user), public })
            }
            (Some((first, _)), Some((second, _))) => Err(Error::unusable(
                format!("{} names several keys: {first}, {second}", shown(key)),
                format!("name one in full: --key {first}"),
            )),
            (None, _) => {
                let all: Vec<String> =
                    file.certificates.iter().take(4).map(|c| c.primary.to_string()).collect();
                let found = if all.is_empty() { shown(key) } else { all.join(", ") };
                Err(not_one_of(&found, acceptable))
            }
        }
    }
}

/// What a user names.
enum Named {
    /// Anything that gpg knows a key by.
    OpenPgp(String),
    /// A path or a line.
    Ssh(String),
    SshFingerprint(Fingerprint),
}

/// The registry's name for a certificate's key, and gpg's.
fn fit(
    certificate: &Certificate,
    key: &str,
    acceptable: &BTreeSet<Fingerprint>,
) -> Option<(Fingerprint, String)> {
    let primary = certificate.primary;
    let exactly = Fingerprint::parse(key.trim_end_matches('!')).ok();
    let signs = |key: &&CertificateKey| {
        key.revocations.is_empty() && key.bindings.iter().any(|b| b.for_signing && b.back_signed)
    };
    let named = exactly.and_then(|exactly| certificate.key(exactly)).filter(signs);
    if let Some(subkey) = named.filter(|key| key.fingerprint != primary) {
        // The entry of a subkey outranks that of its primary.
        let all = [subkey.fingerprint, primary];
        let entry = all.into_iter().find(|entry| acceptable.contains(entry))?;
        return Some((entry, format!("{}!", subkey.fingerprint)));
    }
    if acceptable.contains(&primary) {
        // Without git's mark, gpg takes the newest key of the certificate that can sign.
        let mark = if key.ends_with('!') && exactly == Some(primary) { "!" } else { "" };
        return Some((primary, format!("{primary}{mark}")));
    }
    let subkeys = certificate.keys.iter().filter(signs);
    let subkey = subkeys
        .filter(|key| acceptable.contains(&key.fingerprint))
        .max_by_key(|key| key.created)?;
    Some((subkey.fingerprint, format!("{}!", subkey.fingerprint)))
}

fn ssh(
    key: PublicKey,
    acceptable: &BTreeSet<Fingerprint>,
    session: &Session<'_>,
) -> Result<SigningKey> {
    let public = key.read(session.limits)?;
    let file = read_file(&public, session.limits);
    no_secret(&file)?;
    match file.ssh_keys.as_slice() {
        [(entry, _)] if acceptable.contains(entry) => {
            Ok(SigningKey { entry: *entry, handle: Handle::Ssh(key), public })
        }
        [(other, _)] => Err(not_one_of(&other.to_string(), acceptable)),
        _ => {
            let why = file.problems.first().map_or("it does not hold exactly one", String::as_str);
            Err(Error::unusable(
                format!("your SSH public key cannot be used: {}", shown(why)),
                "name the public half of one key: --key ~/.ssh/KEY.pub",
            ))
        }
    }
}

fn no_secret(file: &KeyFile) -> Result<()> {
    if !file.holds_secret {
        return Ok(());
    }
    Err(Error::unusable(
        "what should be your public key holds a private one; it was not used",
        "name the public half: --key ~/.ssh/KEY.pub",
    ))
}

fn not_one_of(found: &str, acceptable: &BTreeSet<Fingerprint>) -> Error {
    Error::unusable(
        format!("your signing key is {found}; one of these would do: {}", joined(acceptable)),
        how(acceptable),
    )
}

fn joined(acceptable: &BTreeSet<Fingerprint>) -> String {
    let all: Vec<String> = acceptable.iter().take(8).map(ToString::to_string).collect();
    all.join(", ")
}

/// How to name one of them.
fn how(acceptable: &BTreeSet<Fingerprint>) -> String {
    match acceptable.iter().find(|key| !key.is_ssh()) {
        Some(fingerprint) => format!("name the one that you hold: --key {fingerprint}"),
        None => "name the file of its public half: --key ~/.ssh/KEY.pub".to_owned(),
    }
}
