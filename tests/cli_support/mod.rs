//! A folder with a home of its own, in which the real program and real git, gpg and ssh-keygen run
//! and see nothing of the machine they run on.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod events;
pub(crate) mod people;
pub(crate) mod program;
pub(crate) mod project;
pub(crate) mod schema;

pub(crate) mod ceremony;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a run of the program said.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        // Short, because the gpg-agent's socket has to fit into 108 bytes.
        let folder = tempfile::Builder::new().prefix("gc").tempdir_in("/tmp").unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        let sandbox = Self { folder };
        sandbox.git("home", &["config", "--global", "user.name", "Ada Lovelace"]);
        sandbox.git("home", &["config", "--global", "user.email", "ada@example.org"]);
        sandbox.git("home", &["config", "--global", "init.defaultBranch", "main"]);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Writes a program that can be run.
    pub(crate) fn program(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        program::program(&self.path(name), text);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("home"))
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            // Whatever git's own defaults are by now.
            .env("GIT_DEFAULT_HASH", "sha1")
            .env("GIT_DEFAULT_REF_FORMAT", "files")
            .current_dir(self.path(folder))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program in a folder.
    pub(crate) fn gatecheck(&self, folder: &str, args: &[&str]) -> Said {
        let done =
            self.command(env!("CARGO_BIN_EXE_gatecheck"), folder).args(args).output().unwrap();
        Said {
            status: done.status.code().unwrap(),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    }

    /// Runs another program, which must succeed; its standard output without the last line end.
    pub(crate) fn tool(&self, program: &str, folder: &str, args: &[&str]) -> String {
        let done = self.command(program, folder).args(args).output().unwrap();
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{program} {args:?}: {err}");
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }

    pub(crate) fn git(&self, folder: &str, args: &[&str]) -> String {
        self.tool("git", folder, args)
    }

    /// An empty repository.
    pub(crate) fn repository(&self, name: &str) {
        std::fs::create_dir(self.path(name)).unwrap();
        self.git(name, &["init", "-q"]);
    }

    /// Commits everything, and returns the commit's id.
    pub(crate) fn commit(&self, name: &str, message: &str) -> String {
        self.git(name, &["add", "-A"]);
        self.git(name, &["commit", "-q", "--allow-empty", "-m", message]);
        self.git(name, &["rev-parse", "HEAD"])
    }

    /// A throw-away SSH key that git signs with from now on. Returns its fingerprint.
    pub(crate) fn ssh_key(&self) -> String {
        self.write("home/.ssh/.keep", "");
        self.tool(
            "ssh-keygen",
            "home",
            &["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", ".ssh/id"],
        );
        self.git("home", &["config", "--global", "gpg.format", "ssh"]);
        self.git("home", &["config", "--global", "user.signingKey", "~/.ssh/id"]);
        let line = self.tool("ssh-keygen", "home", &["-l", "-f", ".ssh/id.pub"]);
        line.split(' ').nth(1).unwrap().to_owned()
    }

    /// A throw-away OpenPGP key that git signs with from now on. Returns its fingerprint.
    pub(crate) fn openpgp_key(&self) -> String {
        let user = "Ada (THROW-AWAY TEST KEY) <ada@example.org>";
        let make = [
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--quick-gen-key",
            user,
            "ed25519",
            "sign",
            "2y",
        ];
        self.tool("gpg", "home", &make);
        let list = self.tool(
            "gpg",
            "home",
            &["--batch", "--with-colons", "--fingerprint", "ada@example.org"],
        );
        let line = list.lines().find(|line| line.starts_with("fpr:")).unwrap();
        let fingerprint = line.split(':').nth(9).unwrap().to_lowercase();
        self.git("home", &["config", "--global", "user.signingKey", &fingerprint]);
        fingerprint
    }

    /// Everything below a folder, by path.
    pub(crate) fn files(&self, name: &str) -> Vec<String> {
        fn below(folder: &Path, prefix: &str, all: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if entry.file_type().unwrap().is_dir() {
                    below(&entry.path(), &format!("{name}/"), all);
                } else {
                    all.push(name);
                }
            }
        }
        let mut all = Vec::new();
        below(&self.path(name), "", &mut all);
        all.sort();
        all
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The agent of this home alone; it ends by itself when the folder is gone, but later.
        let _ = self.command("gpgconf", "home").args(["--kill", "gpg-agent"]).output();
    }
}
