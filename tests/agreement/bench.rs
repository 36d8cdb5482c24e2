//! A repository with commits by the real `git commit -S`, and what each side says of an object.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Makers of signatures: the name, and how git is told to use it.
pub(crate) const KEYS: [(&str, &str); 6] = [
    ("ed25519", "openpgp"),
    ("rsa3072", "openpgp"),
    ("nistp256", "openpgp"),
    ("ssh-ed25519", "ssh"),
    ("ssh-ecdsa", "ssh"),
    ("ssh-rsa", "ssh"),
];

/// A repository, keyrings, and a registry that lists all keys but the stranger's.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        // Short, because the gpg-agent's socket has to fit into 108 bytes.
        let folder = tempfile::Builder::new().prefix("ag").tempdir_in("/tmp").unwrap();
        let bench = Self { folder };
        fs::DirBuilder::new().mode(0o700).create(bench.path("g")).unwrap();
        fs::create_dir(bench.path("keys")).unwrap();
        let mut registry = String::from(
            "[schema]\nversion = \"1.1.0\"\nserial = 1\n[project]\nid = \"p\"\nmainline = \"refs/heads/main\"\n",
        );
        let mut allowed = String::new();
        for (name, format) in KEYS.into_iter().chain([("stranger", "openpgp")]) {
            let (fingerprint, public) = match format {
                "openpgp" => bench.gpg_key(name),
                _ => bench.ssh_key(name, &mut allowed),
            };
            if name == "stranger" {
                continue;
            }
            let end = if format == "ssh" { "pub" } else { "asc" };
            fs::write(bench.path(&format!("keys/{name}.{end}")), public).unwrap();
            registry += &format!(
                "[[reviewers]]\nid = \"{name}\"\nkind = \"human\"\n[[keys]]\nreviewer_id = \"{name}\"\n\
                 format = \"{format}\"\nfingerprint = \"{fingerprint}\"\npublic_key = \"keys/{name}.{end}\"\n\
                 effective_from = 2020-01-01\neffective_until = 2060-01-01\n"
            );
        }
        fs::write(bench.path("keys/reviewer-registry.toml"), registry).unwrap();
        fs::write(bench.path("allowed"), allowed).unwrap();
        let repo = bench.path("repo");
        let repo = repo.to_str().unwrap();
        bench.ok(bench.git().args([
            "init",
            "--quiet",
            "--template=",
            "--initial-branch=main",
            repo,
        ]));
        bench.ok(bench.in_repo().args(["commit", "--quiet", "--allow-empty", "-m", "the anchor"]));
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that knows of nothing but this bench.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.folder.path())
            .env("GNUPGHOME", self.path("g"))
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_DEFAULT_HASH", "sha1")
            .env("GIT_DEFAULT_REF_FORMAT", "files")
            .env("GIT_AUTHOR_NAME", "A U Thor")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "A U Thor")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .current_dir(self.folder.path());
        command
    }

    pub(crate) fn git(&self) -> Command {
        self.command("git")
    }

    pub(crate) fn in_repo(&self) -> Command {
        let mut git = self.git();
        git.arg("-C").arg(self.path("repo"));
        git
    }

    pub(crate) fn gpg(&self, args: &[&str]) -> Command {
        let mut gpg = self.command("gpg");
        gpg.args(["--batch", "--quiet", "--no-tty", "--passphrase", "", "--pinentry-mode"]);
        gpg.arg("loopback").args(args);
        gpg
    }

    pub(crate) fn ok(&self, command: &mut Command) -> Vec<u8> {
        self.fed(command, b"")
    }

    pub(crate) fn fed(&self, command: &mut Command, input: &[u8]) -> Vec<u8> {
        let done = run(command, input);
        assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    }

    fn gpg_key(&self, name: &str) -> (String, Vec<u8>) {
        let kind = if name == "stranger" { "ed25519" } else { name };
        let user = format!("{name} <{name}@example.org>");
        self.ok(&mut self.gpg(&["--quick-generate-key", &user, kind, "sign", "never"]));
        let fingerprint = self.fingerprints(name).remove(0);
        if name == "ed25519" {
            // git uses the newest signing subkey, and the registry lists its primary key.
            self.ok(&mut self.gpg(&["--quick-add-key", &fingerprint, kind, "sign", "never"]));
        }
        (fingerprint, self.ok(&mut self.gpg(&["--armor", "--export", &user])))
    }

    fn fingerprints(&self, name: &str) -> Vec<String> {
        let user = format!("{name}@example.org");
        let listed = self.ok(&mut self.gpg(&["--with-colons", "--list-keys", &user]));
        let listed = String::from_utf8(listed).unwrap();
        let lines = listed.lines().filter_map(|line| line.strip_prefix("fpr:"));
        lines.map(|line| line.trim_matches(':').to_owned()).collect()
    }

    fn ssh_key(&self, name: &str, allowed: &mut String) -> (String, Vec<u8>) {
        let kind = name.strip_prefix("ssh-").unwrap();
        let file = self.path(name);
        self.ok(self.command("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(&file));
        let public = fs::read_to_string(file.with_extension("pub")).unwrap();
        *allowed += &format!("{name}@example.org {public}");
        let shown = self.ok(self.command("ssh-keygen").args(["-l", "-f"]).arg(&file));
        let shown = String::from_utf8(shown).unwrap();
        (shown.split(' ').nth(1).unwrap().to_owned(), public.into_bytes())
    }

    /// What `git commit -S` makes with a key.
    pub(crate) fn commit(&self, key: &str, format: &str, message: &str) -> Vec<u8> {
        let signer = match format {
            "ssh" => self.path(key).to_str().unwrap().to_owned(),
            _ => format!("{key}@example.org"),
        };
        let mut git = self.in_repo();
        git.args([
            "-c",
            &format!("gpg.format={format}"),
            "-c",
            &format!("user.signingKey={signer}"),
        ]);
        git.args(["commit-tree", "-S", "-p", "HEAD", "-m", message, "HEAD^{tree}"]);
        let id = String::from_utf8(self.ok(&mut git)).unwrap();
        self.ok(self.in_repo().args(["cat-file", "commit", id.trim()]))
    }

    /// A signature by gpg over any bytes.
    pub(crate) fn sign(&self, key: &str, more: &[&str], payload: &[u8]) -> Vec<u8> {
        let user = format!("{key}@example.org");
        let args = [more, &["--armor", "--detach-sign", "--local-user", &user]].concat();
        self.fed(&mut self.gpg(&args), payload)
    }

    pub(crate) fn sign_ssh(&self, key: &str, namespace: &str, payload: &[u8]) -> Vec<u8> {
        let mut command = self.command("ssh-keygen");
        command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(self.path(key));
        self.fed(&mut command, payload)
    }

    pub(crate) fn write(&self, raw: &[u8]) -> String {
        let mut git = self.in_repo();
        git.args(["hash-object", "-w", "--literally", "-t", "commit", "--stdin"]);
        String::from_utf8(self.fed(&mut git, raw)).unwrap().trim().to_owned()
    }

    /// The full fingerprint of the key that verifies the commit, or what git said instead.
    pub(crate) fn git_says(&self, id: &str) -> Result<String, String> {
        let allowed = format!("gpg.ssh.allowedSignersFile={}", self.path("allowed").display());
        let mut git = self.in_repo();
        git.args(["-c", &allowed, "-c", "gpg.minTrustLevel=undefined"]);
        let done = run(git.args(["verify-commit", "--raw", id]), b"");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        if !done.status.success() {
            return Err(said);
        }
        let gpg = said.lines().find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG "));
        let gpg = gpg.and_then(|line| line.split(' ').next());
        let ssh = said.lines().find(|line| line.starts_with("Good \"git\" signature"));
        let ssh = ssh.and_then(|line| line.rsplit(' ').next());
        Ok(fingerprint(gpg.or(ssh).unwrap_or_else(|| panic!("{said}")).to_owned()))
    }

    /// The same of gatecheck, or the code of its refusal.
    pub(crate) fn gatecheck_says(&self, id: &str) -> Result<String, String> {
        let anchor =
            String::from_utf8(self.ok(self.in_repo().args(["rev-parse", "HEAD"]))).unwrap();
        let mut command = self.command(env!("CARGO_BIN_EXE_gatecheck"));
        command.args(["verify", "--every-commit", "--format", "ndjson", "--no-cache", "--repo"]);
        command.arg(self.path("repo")).arg("--registry");
        command.arg(self.path("keys/reviewer-registry.toml"));
        let done = run(command.args(["--anchor", anchor.trim(), id]), b"");
        let text = String::from_utf8(done.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let [line] = lines.as_slice() else {
            // A parent that is not there, or none: nothing can be walked, and nothing is judged.
            assert!(lines.is_empty() && matches!(done.status.code(), Some(1 | 3)), "{id}: {text}");
            return Err("nothing could be judged".to_owned());
        };
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["commit"], id);
        match (line["verdict"].as_str().unwrap(), done.status.code()) {
            ("pass", Some(0)) => Ok(line["fingerprint"].as_str().unwrap().to_owned()),
            ("refused", Some(1)) | ("undecided", Some(3)) => {
                Err(line["code"].as_str().unwrap().to_owned())
            }
            other => panic!("{id}: {other:?}"),
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.command("gpgconf").args(["--kill", "all"]).output();
    }
}

/// gpg writes fingerprints in capitals.
fn fingerprint(text: String) -> String {
    if text.starts_with("SHA256:") { text } else { text.to_lowercase() }
}

fn run(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    // A program that does not read what it is given is no mistake of the test.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}
