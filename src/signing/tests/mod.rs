//! The real gpg and ssh-keygen in throw-away homes, and programs that do not sign.

mod choice;
mod fakes;
mod gpg;
mod ssh_keygen;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

pub(super) const STATEMENT: &[u8] = b"DSSEv1 28 application/vnd.in-toto+json 2 {}";

/// A folder with homes for the programs, which the settings reach by scripts.
pub(super) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(super) fn new() -> Self {
        // Short, because the gpg-agent's socket has to fit into 108 bytes.
        let folder = tempfile::Builder::new().prefix("gs").tempdir_in("/tmp").unwrap();
        let home = Self { folder };
        home.script(
            "gpg",
            &format!("exec env -u GPG_TTY GNUPGHOME={} gpg \"$@\"", home.path("").display()),
        );
        let ssh = "exec env -u DISPLAY -u SSH_ASKPASS -u SSH_AUTH_SOCK ssh-keygen \"$@\"";
        home.script("ssh", ssh);
        home
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a program for the shell.
    pub(super) fn script(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        crate::repo::testing::program(&path, &format!("#!/bin/sh\n{text}\n"));
        path.to_str().unwrap().to_owned()
    }

    /// Runs gpg; what it prints.
    pub(super) fn gpg(&self, args: &[&str]) -> String {
        let done = Command::new(self.path("gpg"))
            .args(["--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"])
            .args(args)
            .output()
            .unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Makes a key; its fingerprint.
    pub(super) fn gpg_key(&self, user: &str, passphrase: &str, more: &[&str]) -> Fingerprint {
        let make = ["--passphrase", passphrase, "--quick-gen-key", user, "ed25519"];
        self.gpg(&[&["--faked-system-time", "20250101T000000"], &make[..], more].concat());
        self.gpg_keys(user)[0]
    }

    /// Fingerprints of a certificate, the primary first.
    pub(super) fn gpg_keys(&self, user: &str) -> Vec<Fingerprint> {
        let list = self.gpg(&["--with-colons", "--list-keys", user]);
        let lines = list.lines().filter(|line| line.starts_with("fpr:"));
        lines.map(|line| Fingerprint::parse(line.split(':').nth(9).unwrap()).unwrap()).collect()
    }

    /// Makes an SSH key; its fingerprint.
    pub(super) fn ssh_key(&self, name: &str, passphrase: &str) -> Fingerprint {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-C", "a test", "-N", passphrase, "-f"])
            .arg(self.path(name))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let read = crate::signature::read_file(
            self.read(&format!("{name}.pub")).as_bytes(),
            &Limits::default(),
        );
        read.ssh_keys[0].0
    }

    pub(super) fn settings(&self, format: &str, key: &str) -> Settings {
        Settings {
            format: Some(format.to_owned()),
            key: Some(key.to_owned()),
            gpg: Some("~/gpg".to_owned()),
            ssh_keygen: Some("~/ssh".to_owned()),
            ..Settings::default()
        }
    }

    pub(super) fn session<'a>(&'a self, limits: &'a Limits) -> Session<'a> {
        Session {
            home: Some(self.folder.path()),
            folder: self.folder.path(),
            terminal: false,
            time_limit: Duration::from_secs(60),
            limits,
        }
    }

    /// Chooses and signs.
    pub(super) fn sign(&self, settings: &Settings, acceptable: &[Fingerprint]) -> Result<String> {
        let limits = Limits::default();
        let session = self.session(&limits);
        let key = settings.choose(None, &set(acceptable), &session)?;
        settings.sign(STATEMENT, &key, &session)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let mut kill = Command::new("gpgconf");
        let _ = kill.env("GNUPGHOME", self.folder.path()).args(["--kill", "gpg-agent"]).output();
    }
}

pub(super) fn set(all: &[Fingerprint]) -> BTreeSet<Fingerprint> {
    all.iter().copied().collect()
}

/// Which key verifies a signature over [`STATEMENT`].
pub(super) fn signer(signature: &str, public: &[u8]) -> Fingerprint {
    let (mut pool, limits) = (KeyPool::new(), Limits::default());
    pool.add_keys(public, &limits);
    match pool.verify(STATEMENT, signature.as_bytes(), Namespace::Statement, &limits) {
        SignatureFact::Verified(signature) => signature.key,
        other => panic!("{other:?}"),
    }
}

/// An error in words, which must say that nothing was changed.
pub(super) fn words<T: std::fmt::Debug>(result: Result<T>, home: &Home) -> String {
    let text = result.unwrap_err().to_string();
    text.replace(home.folder.path().to_str().unwrap(), "~")
}

#[test]
fn nothing_stays_in_the_temporary_folder() {
    let folder = scratch(STATEMENT).unwrap();
    let path = folder.path().to_owned();
    assert_eq!(std::fs::read(path.join(PAYLOAD)).unwrap(), STATEMENT);
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    drop(folder);
    assert!(!Path::exists(&path));
}
