//! What the user's git configuration says of signing.

use std::path::Path;

use super::openpgp;
use super::ssh::PublicKey;
use crate::error::{Error, Result};
use crate::model::text::shown;
use crate::model::{Fingerprint, Limits};
use crate::repo::Repository;

/// What the user's git configuration says of signing and of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `gpg.format`, as it stands.
    pub format: Option<String>,
    /// `user.signingKey`.
    pub key: Option<String>,
    /// `gpg.openpgp.program`, else `gpg.program`.
    pub gpg: Option<String>,
    /// `gpg.ssh.program`.
    pub ssh_keygen: Option<String>,
    /// `user.name`.
    pub name: Option<String>,
    /// `user.email`.
    pub email: Option<String>,
}

impl Settings {
    /// Reads the user's global and the system's configuration.
    ///
    /// # Errors
    /// [`Error::Unusable`] where a configuration file cannot be parsed.
    pub fn of_user() -> Result<Self> {
        let get = |key: &str| -> Result<Option<String>> {
            Ok(Repository::user_config(key)?.filter(|value| !value.trim().is_empty()))
        };
        Ok(Self {
            format: get("gpg.format")?,
            key: get("user.signingkey")?,
            gpg: get("gpg.openpgp.program")?.or(get("gpg.program")?),
            ssh_keygen: get("gpg.ssh.program")?,
            name: get("user.name")?,
            email: get("user.email")?,
        })
    }

    /// The public half of the key that the settings name, or of `wanted`. `None` where they name
    /// none. `home` is what `~` in a path stands for, `folder` what relative paths begin at.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the key cannot be had, with what to do; [`Error::File`] where its
    /// file cannot be read.
    pub fn public_key(
        &self,
        wanted: Option<Fingerprint>,
        home: Option<&Path>,
        folder: &Path,
        limits: &Limits,
    ) -> Result<Option<Vec<u8>>> {
        let ssh = self.format.as_deref() == Some("ssh");
        let export = |key: &str| openpgp::export(&self.gpg_program(home), key, limits).map(Some);
        let public_line = |key: &str| PublicKey::named(key, home, folder).read(limits).map(Some);
        match (wanted, &self.key, self.format.as_deref()) {
            (Some(fingerprint), ..) if !fingerprint.is_ssh() => export(&fingerprint.to_string()),
            (Some(_), Some(key), _) if ssh => public_line(key),
            (Some(fingerprint), ..) => Err(Error::unusable(
                format!("an SSH key cannot be found by its fingerprint {fingerprint} alone"),
                "git config --global gpg.format ssh; git config --global user.signingKey ~/.ssh/KEY.pub",
            )),
            (None, None, _) => Ok(None),
            (None, Some(key), None | Some("openpgp")) => export(key),
            (None, Some(key), Some("ssh")) => public_line(key),
            (None, Some(_), Some(other)) => Err(Error::unusable(
                format!(
                    "you sign with gpg.format = {}, which a registry cannot hold",
                    shown(other)
                ),
                "git config --global gpg.format openpgp (or ssh), with a key of that kind",
            )),
        }
    }

    /// The program for OpenPGP.
    pub(super) fn gpg_program(&self, home: Option<&Path>) -> String {
        program(self.gpg.as_deref().unwrap_or("gpg"), home)
    }

    /// The program for SSH.
    pub(super) fn ssh_program(&self, home: Option<&Path>) -> String {
        program(self.ssh_keygen.as_deref().unwrap_or("ssh-keygen"), home)
    }
}

/// A program's name or path; git takes `~/` for the user's home there.
fn program(named: &str, home: Option<&Path>) -> String {
    match (named.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => home.join(below).to_string_lossy().into_owned(),
        _ => named.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(format: Option<&str>, key: Option<&str>) -> Settings {
        Settings {
            format: format.map(str::to_owned),
            key: key.map(str::to_owned),
            gpg: Some("/does/not/exist".to_owned()),
            ..Settings::default()
        }
    }

    fn ask(settings: &Settings, home: &Path) -> Result<Option<Vec<u8>>> {
        settings.public_key(None, Some(home), home, &Limits::default())
    }

    #[test]
    fn ssh_keys_come_from_the_public_file_and_never_from_the_private_one() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("id"), "PRIVATE").unwrap();
        let named = settings(Some("ssh"), Some("~/id"));
        assert!(matches!(ask(&named, home.path()), Err(Error::File { .. })));
        std::fs::write(home.path().join("id.pub"), "ssh-ed25519 AAAA me\n").unwrap();
        for key in ["~/id", "~/id.pub", "id"] {
            let named = settings(Some("ssh"), Some(key));
            assert_eq!(ask(&named, home.path()).unwrap().unwrap(), b"ssh-ed25519 AAAA me\n");
        }
        for literal in ["key::ssh-ed25519 AAAA", "ssh-ed25519 AAAA"] {
            let named = settings(Some("ssh"), Some(literal));
            assert_eq!(ask(&named, home.path()).unwrap().unwrap(), b"ssh-ed25519 AAAA\n");
        }
    }

    #[test]
    fn nothing_configured_is_no_key_and_a_missing_program_is_said() {
        let home = Path::new("/");
        assert_eq!(ask(&settings(None, None), home).unwrap(), None);
        let error = ask(&settings(None, Some("ABCD")), home).unwrap_err();
        assert!(error.to_string().contains("/does/not/exist did not export"), "{error}");
        let error = ask(&settings(Some("x509"), Some("ABCD")), home).unwrap_err();
        assert!(error.to_string().contains("gpg.format = x509"), "{error}");
    }
}
