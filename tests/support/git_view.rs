//! Holds the harness itself to account: git, gpg and ssh-keygen must see in the objects what the
//! story says they are, so that no test passes because its attack was built wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::build::{Made, World};
use super::keys::TestKey;

/// Everything that git sees otherwise than the story; empty where it agrees.
pub(crate) fn disagreements(world: &World) -> Vec<String> {
    let view = View::new(world);
    let mut wrong = Vec::new();
    for made in &world.commits {
        let expected = expected(world, made);
        let seen = view.status(made);
        if expected != seen {
            wrong.push(format!("{}: git says {seen:?}, the story {expected:?}", made.spec.name));
        }
        for (n, signed) in made.statements.iter().enumerate() {
            if signed.honest && !view.verifies(signed) {
                wrong.push(format!("{}: sign-off {n} does not verify", made.spec.name));
            }
        }
    }
    let fsck = view.git(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
    let said = String::from_utf8_lossy(&fsck.stderr).into_owned();
    // A commit is no file name: git has nothing to say about missing submodules.
    let complains = !fsck.status.success() || said.contains("error") || said.contains("warning");
    if complains != world.story.expect.fsck_complains {
        wrong.push(format!("git fsck complains: {complains}: {said}"));
    }
    wrong
}

/// `%G?` as the story has it.
fn expected(world: &World, made: &Made) -> String {
    let spec = &made.spec;
    if let Some(git) = &spec.git {
        return git.clone();
    }
    let tampered = !spec.edit.is_empty() || !spec.edit_signed.is_empty();
    let honest = format!("{:?}", super::story::SigSpec { with_gpg: false, ..spec.sig.clone() })
        == format!("{:?}", super::story::SigSpec::default());
    assert!(!tampered && honest, "{}: the story must say what git sees", spec.name);
    match &made.signed_by {
        None => "N".into(),
        Some(key) if world.specs[key].kind.contains("v6") => "N".into(),
        Some(_) => "G".into(),
    }
}

struct View<'a> {
    world: &'a World,
    signers: PathBuf,
    home: PathBuf,
}

impl<'a> View<'a> {
    /// A keyring with every key of the story, all trusted, at the end of 2026.
    fn new(world: &'a World) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = world.folder.path();
        let home = folder.join("v");
        let mut signers = String::new();
        fs::create_dir_all(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        for (name, key) in &world.keys {
            match key {
                TestKey::Pgp(_) => {
                    // gpg 2.2 cannot read every kind: its answers will show that.
                    let file = folder.join("key.asc");
                    fs::write(&file, key.public()).unwrap();
                    let mut import = Command::new("gpg");
                    import.env("GNUPGHOME", &home).args(["--batch", "--quiet", "--no-autostart"]);
                    import.arg("--import").arg(&file).output().expect("gpg is needed");
                }
                TestKey::Ssh(ssh) => signers += &format!("{name} {}", ssh.line),
            }
        }
        // No script in gpg's place: what another thread starts while one is written holds it open
        // for a moment, and a program that is open cannot be run.
        let options = "no-autostart\ntrust-model always\nfaked-system-time 20261231T000000\n";
        fs::write(home.join("gpg.conf"), options).unwrap();
        let path = folder.join("signers");
        fs::write(&path, signers).unwrap();
        Self { world, signers: path, home }
    }

    fn git(&self, args: &[&str]) -> Output {
        Command::new("git")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.world.folder.path())
            .env("GNUPGHOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .arg("-C")
            .arg(self.world.path())
            .args(["-c", "gpg.program=gpg"])
            .args(["-c", &format!("gpg.ssh.allowedSignersFile={}", self.signers.display())])
            .args(args)
            .output()
            .expect("git is needed")
    }

    /// One letter: `G` good, `B` bad, `N` none, `E` cannot check, `X`/`Y` expired, `R` revoked;
    /// `?` where git gives up.
    fn status(&self, made: &Made) -> String {
        let shown = self.git(&["log", "--no-walk", "--format=%G?", &made.id]);
        if !shown.status.success() {
            return "?".into();
        }
        String::from_utf8_lossy(&shown.stdout).trim().replace('U', "G")
    }

    fn verifies(&self, signed: &super::manifest::SignedStatement) -> bool {
        let folder = self.world.folder.path();
        let (file, sig) = (folder.join("statement"), folder.join("statement.sig"));
        fs::write(&file, &signed.bytes).unwrap();
        fs::write(&sig, &signed.armor).unwrap();
        match &self.world.keys[&signed.key] {
            TestKey::Pgp(_) if self.world.specs[&signed.key].kind.contains("v6") => true,
            TestKey::Pgp(_) => {
                let mut verify = Command::new("gpg");
                verify
                    .env("GNUPGHOME", &self.home)
                    .args(["--batch", "--verify"])
                    .arg(&sig)
                    .arg(&file);
                verify.output().unwrap().status.success()
            }
            TestKey::Ssh(_) => {
                let mut verify = Command::new("ssh-keygen");
                verify.args(["-Y", "check-novalidate", "-n", "gatecheck", "-s"]).arg(&sig);
                verify.stdin(fs::File::open(&file).unwrap());
                verify.output().unwrap().status.success()
            }
        }
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        stop_agent(&self.home);
    }
}

/// Ends the gpg-agent that a keyring's use may have started.
pub(crate) fn stop_agent(home: &Path) {
    if home.exists() {
        let mut kill = Command::new("gpgconf");
        kill.env("GNUPGHOME", home).args(["--kill", "all"]);
        let _ = kill.output();
    }
}
