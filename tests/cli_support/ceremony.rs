//! Two machines, one project, and ceremonies carried between them.

use std::io::Write as _;
use std::process::Stdio;

use super::{Said, Sandbox};

pub(crate) const REGISTRY: &str = "project/keys/reviewer-registry.toml";
pub(crate) const JOURNAL: &str = "project/.git/gatecheck-ceremony.toml";

/// A person's machine.
pub(crate) fn machine(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let address = format!("{name}@example.org");
    sandbox.git("home", &["config", "--global", "user.name", name]);
    sandbox.git("home", &["config", "--global", "user.email", &address]);
    sandbox
}

/// A further SSH key; the path of its public half and its fingerprint.
pub(crate) fn another_key(sandbox: &Sandbox, name: &str) -> (String, String) {
    let file = format!(".ssh/{name}");
    std::fs::create_dir_all(sandbox.path("home/.ssh")).unwrap();
    sandbox.tool("ssh-keygen", "home", &["-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", &file]);
    let line = sandbox.tool("ssh-keygen", "home", &["-l", "-f", &format!("{file}.pub")]);
    let path = sandbox.path(&format!("home/{file}.pub")).to_str().unwrap().to_owned();
    (path, line.split(' ').nth(1).unwrap().to_owned())
}

/// Carries a file from one machine to another.
pub(crate) fn carry(from: &Sandbox, file: &str, to: &Sandbox, name: &str) {
    to.write(name, &from.read(file));
}

#[track_caller]
pub(crate) fn good(said: Said) -> Said {
    assert_eq!(said.status, 0, "{}\n{}", said.out, said.err);
    said
}

#[track_caller]
pub(crate) fn refused(said: &Said, status: i32, words: &str) {
    let all = format!("{}\n{}", said.out, said.err);
    assert!(said.status == status && all.contains(words), "{}: {all}", said.status);
}

/// Waits for the next day where this one ends soon: plans and keys begin today, and what is compared
/// must all be of one day.
fn early_in_the_day() {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let left = 86_400 - now % 86_400;
    if left < 120 {
        std::thread::sleep(std::time::Duration::from_secs(left + 1));
    }
}

/// A project that ada founds, with one gate that she passes alone. Returns the anchor.
pub(crate) fn founded(ada: &Sandbox) -> String {
    early_in_the_day();
    ada.repository("project");
    good(ada.gatecheck("project", &["init", "--reviewer", "ada"]));
    ada.git("project", &["add", "-A"]);
    ada.git("project", &["commit", "-q", "-S", "-m", "Found the registry"]);
    let anchor = ada.git("project", &["rev-parse", "HEAD"]);
    ada.git("home", &["config", "--global", "gatecheck.project.anchor", &anchor]);
    gate(ada);
    anchor
}

/// Epoch 0, signed off by ada.
pub(crate) fn gate(ada: &Sandbox) {
    let file = "epoch_signoffs/epoch-0.toml";
    let tree = ada.git("project", &["rev-parse", "HEAD^{tree}"]);
    let now = ada.tool("date", ".", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]);
    let write = |signature: &str| {
        ada.write(
            &format!("project/{file}"),
            &format!(
                "[manifest]\nepoch = 0\nprevious_gate = \"none\"\nsubject_tree = \"{tree}\"\n\n\
                 [[signoffs]]\nreviewer_id = \"ada\"\ndomain = \"project\"\nepoch = 0\n\
                 timestamp = {now}\nsignature = \"\"\"{signature}\"\"\"\n"
            ),
        );
    };
    write("");
    let payload = ada
        .command(env!("CARGO_BIN_EXE_gatecheck"), "project")
        .args(["signoff", "payload", file, "--reviewer", "ada"])
        .output()
        .unwrap();
    assert!(payload.status.success(), "{}", String::from_utf8_lossy(&payload.stderr));
    let ssh = ada.path("home/.ssh/id");
    let (program, args): (&str, Vec<&str>) = if ssh.is_file() {
        ("ssh-keygen", vec!["-Y", "sign", "-n", "gatecheck", "-f", ssh.to_str().unwrap()])
    } else {
        ("gpg", vec!["--batch", "--armor", "--detach-sign"])
    };
    let mut child = ada
        .command(program, "project")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&payload.stdout).unwrap();
    let made = child.wait_with_output().unwrap();
    write(&format!("\n{}", String::from_utf8(made.stdout).unwrap()));
    ada.git("project", &["add", "-A"]);
    ada.git("project", &["commit", "-q", "-S", "-m", "Epoch 0"]);
}

/// Ada's project, into which bob was taken: the first ceremony, carried between two machines.
pub(crate) fn two_people(ada: &Sandbox, bob: &Sandbox) -> String {
    let anchor = founded(ada);
    bob.ssh_key();
    carry(bob, "home/.ssh/id.pub", ada, "bob.pub");
    let plan = ["ceremony", "plan", "enroll", "bob", "--name", "Bob", "--key", "../bob.pub"];
    let more = ["--email", "bob@example.org", "--domain", "project", "-o", "../enroll.toml"];
    good(ada.gatecheck("project", &[&plan[..], &more[..]].concat()));
    carry(ada, "enroll.toml", bob, "enroll.toml");
    good(ada.gatecheck(".", &["ceremony", "approve", "enroll.toml", "--yes"]));
    good(bob.gatecheck(".", &["ceremony", "approve", "enroll.toml", "--yes"]));
    carry(bob, "enroll.toml", ada, "from-bob.toml");
    let apply = ["ceremony", "apply", "../enroll.toml", "../from-bob.toml", "--commit"];
    good(ada.gatecheck("project", &apply));
    anchor
}

/// What stands below keys/, in the work tree and staged.
pub(crate) fn state(sandbox: &Sandbox) -> (Vec<(String, String)>, String) {
    let files = sandbox.files("project/keys");
    let files = files.into_iter().map(|name| {
        let text = sandbox.read(&format!("project/keys/{name}"));
        (name, text)
    });
    (files.collect(), sandbox.git("project", &["ls-files", "-s", "keys"]))
}

/// Ids, fingerprints, digests and times, which are others at every run.
pub(crate) fn still(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, name) in [
        (r"SHA256:[A-Za-z0-9+/]{43}", "SHA256:FINGERPRINT"),
        (r"\b([0-9a-f]{4} ){9}[0-9a-f]{4}\b", "FING ERPR INT"),
        (r"\b[0-9a-f]{64}\b", "DIGEST"),
        (r"\b[0-9a-f]{40}\b", "COMMIT"),
        (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", "TIME"),
        (r"\b20\d{2}-\d{2}-\d{2}\b", "DATE"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
    }
    text
}

/// Approves on the other machine with a key that is named.
pub(crate) fn approve_as(sandbox: &Sandbox, file: &str, name: &str) {
    let key = sandbox.path(&format!("home/.ssh/{name}.pub"));
    let key = key.to_str().unwrap();
    good(sandbox.gatecheck(".", &["ceremony", "approve", file, "--yes", "--key", key]));
}
