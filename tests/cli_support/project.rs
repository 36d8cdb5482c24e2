//! A governed project of one reviewer, ada, with real gates.

use std::io::Write as _;
use std::process::Stdio;

use super::{Said, Sandbox};

/// A repository whose registry `init` founded, and one commit. Returns the anchor.
pub(crate) fn founded(sandbox: &Sandbox, name: &str) -> String {
    sandbox.repository(name);
    let said = sandbox.gatecheck(name, &["init", "--project", "project"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let anchor = sandbox.commit(name, "Found the reviewer registry");
    work(sandbox, name, "1");
    anchor
}

/// An ordinary commit. Returns its id.
pub(crate) fn work(sandbox: &Sandbox, name: &str, text: &str) -> String {
    sandbox.write(&format!("{name}/code"), text);
    sandbox.commit(name, "Write some code")
}

/// The user's configuration pins the anchor.
pub(crate) fn pin(sandbox: &Sandbox, anchor: &str) {
    sandbox.git("home", &["config", "--global", "gatecheck.project.anchor", anchor]);
}

/// An epoch gate over what HEAD holds, signed off with the SSH key `.ssh/id`. Returns its commit.
pub(crate) fn gate(sandbox: &Sandbox, name: &str, epoch: u32, previous: &str) -> String {
    let tree = sandbox.git(name, &["rev-parse", "HEAD^{tree}"]);
    // Manifests of accepted gates stay in the tree; only the new one is left out of the subject.
    signed_off(sandbox, name, epoch, previous, &format!("subject_tree = \"{tree}\""));
    sandbox.git(name, &["add", "-A"]);
    sandbox.git(name, &["commit", "-q", "-S", "-m", &format!("Epoch {epoch}")]);
    sandbox.git(name, &["rev-parse", "HEAD"])
}

/// A project with an accepted gate at HEAD, its anchor pinned. Returns the anchor and the gate.
pub(crate) fn released(sandbox: &Sandbox) -> (String, String) {
    let anchor = founded(sandbox, "project");
    pin(sandbox, &anchor);
    let gate = gate(sandbox, "project", 0, "none");
    (anchor, gate)
}

/// Writes and signs a manifest; nothing is committed.
pub(crate) fn signed_off(sandbox: &Sandbox, name: &str, epoch: u32, previous: &str, bound: &str) {
    let now = sandbox.tool("date", ".", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]);
    signed_off_at(sandbox, name, epoch, previous, bound, &now, ".ssh/id");
}

/// The same at a time of choice, by an SSH key of choice where there is one.
pub(crate) fn signed_off_at(
    sandbox: &Sandbox,
    name: &str,
    epoch: u32,
    previous: &str,
    bound: &str,
    now: &str,
    key: &str,
) {
    let file = format!("epoch_signoffs/epoch-{epoch}.toml");
    let path = format!("{name}/{file}");
    let head = format!("[manifest]\nepoch = {epoch}\nprevious_gate = \"{previous}\"\n{bound}\n");
    let signoff = format!(
        "\n[[signoffs]]\nreviewer_id = \"ada\"\ndomain = \"project\"\nepoch = {epoch}\ntimestamp = {now}\n"
    );
    sandbox.write(&path, &format!("{head}{signoff}"));
    let ask = ["signoff", "payload", &file, "--reviewer", "ada"];
    let printed =
        sandbox.command(env!("CARGO_BIN_EXE_gatecheck"), name).args(ask).output().unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let ssh = sandbox.path(&format!("home/{key}"));
    let (program, args) = if ssh.exists() {
        ("ssh-keygen", vec!["-Y", "sign", "-n", "gatecheck", "-f", ssh.to_str().unwrap()])
    } else {
        ("gpg", vec!["--batch", "--armor", "--detach-sign"])
    };
    let mut child = sandbox
        .command(program, name)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&printed.stdout).unwrap();
    let signature = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(signature.starts_with("-----BEGIN "), "{signature}");
    sandbox.write(&path, &format!("{head}{signoff}signature = \"\"\"\n{signature}\"\"\"\n"));
}

impl Said {
    /// Fails unless the run ended so, and said all of this somewhere.
    #[track_caller]
    pub(crate) fn must(self, status: i32, words: &[&str]) -> Self {
        let all = format!("{}\n{}", self.out, self.err);
        assert_eq!(self.status, status, "{all}");
        for words in words {
            assert!(all.contains(words), "no `{words}` in:\n{all}");
        }
        self
    }
}
