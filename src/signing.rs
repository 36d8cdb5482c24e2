//! The user's own signing key: what their git configuration names, and its public half.
//!
//! Private keys are never read. For OpenPGP the user's own `gpg` exports the certificate; for SSH
//! the `.pub` file is read. Which program and which key comes from the user's configuration
//! alone, never from that of a clone.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
        match (wanted, &self.key, self.format.as_deref()) {
            (Some(fingerprint), ..) if !fingerprint.is_ssh() => {
                self.export(&fingerprint.to_string(), limits).map(Some)
            }
            (Some(_), Some(key), _) if ssh => public_line(key, home, folder, limits).map(Some),
            (Some(fingerprint), ..) => Err(Error::unusable(
                format!("an SSH key cannot be found by its fingerprint {fingerprint} alone"),
                "git config --global gpg.format ssh; git config --global user.signingKey ~/.ssh/KEY.pub",
            )),
            (None, None, _) => Ok(None),
            (None, Some(key), None | Some("openpgp")) => self.export(key, limits).map(Some),
            (None, Some(key), Some("ssh")) => public_line(key, home, folder, limits).map(Some),
            (None, Some(_), Some(other)) => Err(Error::unusable(
                format!(
                    "you sign with gpg.format = {}, which a registry cannot hold",
                    shown(other)
                ),
                "git config --global gpg.format openpgp (or ssh), with a key of that kind",
            )),
        }
    }

    /// `gpg --armor --export KEY`.
    fn export(&self, key: &str, limits: &Limits) -> Result<Vec<u8>> {
        let program = self.gpg.as_deref().unwrap_or("gpg");
        // git's mark for "exactly this subkey"; the certificate is exported whole.
        let key = key.trim_end_matches('!');
        let failed = |why: &str| {
            Error::unusable(
                format!("{} did not export the key {}: {}", shown(program), shown(key), shown(why)),
                format!("check user.signingKey, or try it: gpg --armor --export {}", shown(key)),
            )
        };
        let mut running = Command::new(program)
            .args(["--batch", "--no-tty", "--armor", "--export", "--", key])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        let mut bytes = Vec::new();
        if let Some(out) = running.stdout.take() {
            // One byte more than is allowed tells that there is too much; the pipe then breaks.
            let mut bounded = out.take(limits.file_bytes.saturating_add(1));
            bounded.read_to_end(&mut bytes).map_err(|error| failed(&error.to_string()))?;
        }
        let ended = running.wait().map_err(|error| failed(&error.to_string()))?;
        if bytes.len() as u64 > limits.file_bytes {
            return Err(failed("the certificate is larger than the bound file-bytes"));
        }
        match (ended.success(), bytes.is_empty()) {
            (true, false) => Ok(bytes),
            (true, true) => Err(failed("there is no such key")),
            (false, _) => Err(failed(&ended.to_string())),
        }
    }
}

/// The line of an SSH public key: given as such, or in the `.pub` file.
fn public_line(key: &str, home: Option<&Path>, folder: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let literal = key.strip_prefix("key::").or_else(|| {
        let kinds = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
        (kinds.iter().any(|kind| key.starts_with(kind)) && key.contains(' ')).then_some(key)
    });
    if let Some(line) = literal {
        return Ok(format!("{}\n", line.trim()).into_bytes());
    }
    let path = match (key.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => home.join(below),
        _ => folder.join(key),
    };
    // What is named without the ending is the private key: its public half lies beside it.
    let path = if path.extension().is_some_and(|ending| ending == "pub") {
        path
    } else {
        let mut name = path.into_os_string();
        name.push(".pub");
        PathBuf::from(name)
    };
    let failed = |source| Error::File { path: path.clone(), source };
    let file = std::fs::File::open(&path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limits.file_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(Error::unusable(
            format!("{} is too long for a public key", shown(&path.to_string_lossy())),
            "git config --global user.signingKey ~/.ssh/KEY.pub",
        ));
    }
    Ok(bytes)
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
