//! A governed project of two people, each with a home, a key and a program of their own.

use std::process::{Command, Stdio};

use super::{Said, Sandbox};

/// Somebody at a keyboard.
pub(crate) struct Person<'s> {
    sandbox: &'s Sandbox,
    home: &'static str,
    /// The fingerprint of their signing key, as a registry writes it.
    pub(crate) key: String,
}

impl<'s> Person<'s> {
    /// With an SSH key.
    pub(crate) fn with_ssh(sandbox: &'s Sandbox, name: &'static str) -> Self {
        let mut person = Self::new(sandbox, name);
        sandbox.write(&format!("{name}/.ssh/.keep"), "");
        let make = ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", ".ssh/id"];
        person.run("ssh-keygen", name, &make);
        person.run("git", name, &["config", "--global", "gpg.format", "ssh"]);
        person.run("git", name, &["config", "--global", "user.signingKey", "~/.ssh/id.pub"]);
        let line = person.run("ssh-keygen", name, &["-l", "-f", ".ssh/id.pub"]);
        person.key = line.split(' ').nth(1).unwrap().to_owned();
        person
    }

    /// With an OpenPGP key.
    pub(crate) fn with_openpgp(sandbox: &'s Sandbox, name: &'static str) -> Self {
        let mut person = Self::new(sandbox, name);
        let user = format!("{name} (THROW-AWAY TEST KEY) <{name}@example.org>");
        let make = ["--batch", "--quiet", "--passphrase", "", "--quick-gen-key"];
        person.run("gpg", name, &[&make[..], &[&user, "ed25519", "sign", "2y"]].concat());
        let list = person.run("gpg", name, &["--batch", "--with-colons", "--fingerprint", name]);
        let line = list.lines().find(|line| line.starts_with("fpr:")).unwrap();
        person.key = line.split(':').nth(9).unwrap().to_lowercase();
        person.run("git", name, &["config", "--global", "user.signingKey", &person.key.clone()]);
        person
    }

    fn new(sandbox: &'s Sandbox, home: &'static str) -> Self {
        let person = Self { sandbox, home, key: String::new() };
        std::fs::create_dir(sandbox.path(home)).unwrap();
        let email = format!("{home}@example.org");
        person.run("git", home, &["config", "--global", "user.name", home]);
        person.run("git", home, &["config", "--global", "user.email", &email]);
        person.run("git", home, &["config", "--global", "init.defaultBranch", "main"]);
        person
    }

    pub(crate) fn command(&self, program: &str, folder: &str) -> Command {
        let mut command = self.sandbox.command(program, folder);
        command.env("HOME", self.sandbox.path(self.home)).stdin(Stdio::null());
        command
    }

    /// Runs a program, which must succeed.
    pub(crate) fn run(&self, program: &str, folder: &str, args: &[&str]) -> String {
        let done = self.command(program, folder).args(args).output().unwrap();
        let err = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{program} {args:?}: {err}");
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.run("git", "project", args)
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-S", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Changes a file, and commits it.
    pub(crate) fn work(&self, file: &str, text: &str) -> String {
        self.sandbox.write(&format!("project/{file}"), text);
        self.commit(&format!("Work on {file}"))
    }

    pub(crate) fn gatecheck(&self, args: &[&str]) -> Said {
        let program = env!("CARGO_BIN_EXE_gatecheck");
        let done = self.command(program, "project").args(args).output().unwrap();
        Said {
            status: done.status.code().unwrap_or(-1),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    }

    /// `gatecheck signoff …`, without being asked.
    pub(crate) fn signoff(&self, args: &[&str]) -> Said {
        self.gatecheck(&[&["signoff"], args].concat())
    }

    pub(crate) fn add(&self, domain: &str, more: &[&str]) -> Said {
        self.signoff(&[&["add", "--domain", domain, "--yes"], more].concat())
    }

    fn public_key(&self) -> (String, String) {
        if self.key.starts_with("SHA256:") {
            let text = self.sandbox.read(&format!("{}/.ssh/id.pub", self.home));
            return (format!("keys/{}.pub", self.home), text);
        }
        let text = self.run("gpg", self.home, &["--batch", "--armor", "--export", &self.key]);
        (format!("keys/{}.asc", self.home), text)
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        let _ = self.command("gpgconf", ".").args(["--kill", "gpg-agent"]).output();
    }
}

/// Founds a project with a registry of these people: the first answers for `docs`, the second for
/// `kernel`, and each stands in for the other. Both pin its anchor, and each then writes a commit
/// in the other's domain.
pub(crate) fn found(sandbox: &Sandbox, people: [&Person<'_>; 2], policy: &str) -> String {
    std::fs::create_dir(sandbox.path("project")).unwrap();
    let [first, second] = people;
    first.git(&["init", "-q"]);
    let mut registry = "[schema]\nversion = \"1.1.0\"\nserial = 1\n\n[project]\nid = \"project\"\n\
                        mainline = \"refs/heads/main\"\n"
        .to_owned();
    for person in people {
        let (path, text) = person.public_key();
        sandbox.write(&format!("project/{path}"), &text);
        let format = if path.ends_with("pub") { "ssh" } else { "openpgp" };
        registry.push_str(&format!(
            "\n[[reviewers]]\nid = \"{0}\"\nname = \"{0}\"\nemails = [\"{0}@example.org\"]\n\
             kind = \"human\"\n\n[[keys]]\nreviewer_id = \"{0}\"\nformat = \"{format}\"\n\
             fingerprint = \"{1}\"\npublic_key = \"{path}\"\neffective_from = 2020-01-01\n",
            person.home, person.key
        ));
    }
    let (one, two) = (first.home, second.home);
    for (id, primary, backup, docs) in
        [("docs", one, two, "[]"), ("kernel", two, one, "[\"KERNEL\"]")]
    {
        registry.push_str(&format!(
            "\n[[domains]]\nid = \"{id}\"\nprimary = \"{primary}\"\nbackup = \"{backup}\"\n\
             paths = [\"{id}/**\"]\ndocs = {docs}\n"
        ));
    }
    sandbox.write("project/keys/reviewer-registry.toml", &format!("{registry}\n{policy}"));
    let anchor = first.commit("Found the reviewer registry");
    for person in people {
        let args = ["config", "--global", "gatecheck.project.anchor", &anchor];
        person.run("git", "project", &args);
    }
    first.work("kernel/a.rs", "fn a() {}\n");
    second.work("docs/guide", "1\n");
    anchor
}

/// Words without what differs from run to run.
pub(crate) fn steady(text: &str, sandbox: &Sandbox) -> String {
    let home = sandbox.path("");
    let text = text.replace(home.to_str().unwrap(), "~/");
    let mut text = text;
    for (pattern, name) in [
        (r"\b[0-9a-f]{40}\b", "<id>"),
        (r"\b[0-9a-f]{12}\b", "<short id>"),
        (r"SHA256:[A-Za-z0-9+/]{43}", "SHA256:<key>"),
        (r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
    }
    text
}
