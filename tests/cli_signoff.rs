//! `gatecheck signoff` as reviewers use it, with the tools that they sign with.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

mod cli_support;

use std::io::Write as _;
use std::process::Stdio;

use cli_support::Sandbox;

const MANIFEST: &str = "project/epoch_signoffs/epoch-0.toml";
const FILE: &str = "epoch_signoffs/epoch-0.toml";

/// A repository whose registry `init` founded, one more commit, and a manifest for it that is not
/// committed. Returns the anchor.
fn project(sandbox: &Sandbox) -> String {
    sandbox.repository("project");
    assert_eq!(sandbox.gatecheck("project", &["init"]).status, 0);
    let anchor = sandbox.commit("project", "Found the reviewer registry");
    sandbox.write("project/code", "1\n");
    sandbox.commit("project", "Write some code");
    let tree = sandbox.git("project", &["rev-parse", "HEAD^{tree}"]);
    manifest(sandbox, &tree, "");
    anchor
}

fn manifest(sandbox: &Sandbox, tree: &str, signature: &str) {
    let now = sandbox.tool("date", ".", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]);
    sandbox.write(
        MANIFEST,
        &format!(
            "[manifest]\nepoch = 0\nprevious_gate = \"none\"\nsubject_tree = \"{tree}\"\n\n\
             [[signoffs]]\nreviewer_id = \"ada\"\ndomain = \"project\"\nepoch = 0\n\
             timestamp = {now}\nsignature = \"\"\"{signature}\"\"\"\n"
        ),
    );
}

/// Signs what the program prints with what the program says, and puts it into the manifest.
fn sign(sandbox: &Sandbox, program: &str, args: &[&str]) {
    let printed = sandbox
        .command(env!("CARGO_BIN_EXE_gatecheck"), "project")
        .args(["signoff", "payload", FILE, "--reviewer", "ada"])
        .output()
        .unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let said = String::from_utf8(printed.stderr).unwrap();
    assert!(said.contains(&format!("--domain project | {program} ")), "{said}");
    let mut child = sandbox
        .command(program, "project")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&printed.stdout).unwrap();
    let signature = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(signature.starts_with("-----BEGIN "), "{signature}");
    let text =
        sandbox.read(MANIFEST).replace("\"\"\"\"\"\"", &format!("\"\"\"\n{signature}\"\"\""));
    sandbox.write(MANIFEST, &text);
}

fn sign_ssh(sandbox: &Sandbox) {
    let key = sandbox.path("home/.ssh/id");
    sign(sandbox, "ssh-keygen", &["-Y", "sign", "-n", "gatecheck", "-f", key.to_str().unwrap()]);
}

#[test]
fn from_payload_to_a_gate_that_passes_with_ssh() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let anchor = project(&sandbox);
    let check = ["signoff", "check", FILE, "--complete", "--anchor", &anchor];
    let said = sandbox.gatecheck("project", &check);
    assert!(said.status == 1 && said.out.contains("signoff-unattested"), "{}", said.out);

    sign_ssh(&sandbox);
    let said = sandbox.gatecheck("project", &check);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("ada for project: counts"), "{}", said.out);
    assert!(said.out.contains("nothing is missing: 1 of 1 sign-offs attested"), "{}", said.out);

    // What was foreseen is what is judged.
    sandbox.git("project", &["add", "-A"]);
    sandbox.git("project", &["commit", "-q", "-S", "-m", "Epoch 0"]);
    let said = sandbox.gatecheck("project", &["--anchor", &anchor, "--format", "concise"]);
    assert!(said.status == 0 && said.out.contains("pass:"), "{}", said.out);
    let said = sandbox.gatecheck("project", &check);
    assert!(said.status == 1 && said.out.contains("duplicate-epoch"), "{}", said.out);
    let picture = sandbox.gatecheck("project", &["registry", "timeline", "--anchor", &anchor]);
    assert!(picture.out.contains("gates") && picture.out.contains("ada"), "{}", picture.out);
    assert!(!picture.err.contains("this history is"), "{}", picture.err);
    // A picture of gates that hold, in a history that does not.
    let stranger = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let asked = ["registry", "timeline", "--anchor", &anchor, "--anchor-signer", stranger];
    let picture = sandbox.gatecheck("project", &asked);
    assert!(picture.err.contains("this history is refused"), "{}", picture.err);
}

#[test]
fn with_openpgp() {
    let sandbox = Sandbox::new();
    let fingerprint = sandbox.openpgp_key();
    let anchor = project(&sandbox);
    sign(&sandbox, "gpg", &["--batch", "--local-user", &fingerprint, "--armor", "--detach-sign"]);
    let said = sandbox.gatecheck("project", &["signoff", "check", FILE, "--anchor", &anchor]);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
}

#[test]
fn the_printed_bytes_are_the_statement_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    project(&sandbox);
    let bytes = sandbox.gatecheck("project", &["signoff", "payload", FILE, "--reviewer", "ada"]);
    let json = sandbox
        .gatecheck("project", &["signoff", "payload", FILE, "--reviewer", "ada", "--statement"]);
    let body = json.out.strip_suffix('\n').unwrap();
    let head = format!("DSSEv1 28 application/vnd.in-toto+json {} ", body.len());
    assert_eq!(bytes.out, format!("{head}{body}"));
    let statement: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(statement["predicate"]["project"], "project");
    assert_eq!(statement["predicate"]["mainline"], "refs/heads/main");
    assert!(bytes.err.contains("no anchor is pinned"), "{}", bytes.err);
    for (args, words) in [
        (&["--reviewer", "eve"][..], "holds no sign-off of eve"),
        (&["--reviewer", "ada", "--domain", "x"], "holds no sign-off of ada for x"),
    ] {
        let args = [&["signoff", "payload", FILE][..], args].concat();
        let said = sandbox.gatecheck("project", &args);
        assert!(
            said.status == 2 && said.out.is_empty() && said.err.contains(words),
            "{}",
            said.err
        );
    }
}

#[test]
fn nothing_is_printed_to_sign_from_a_broken_manifest() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    project(&sandbox);
    let broken = format!("{}nonsense = 1\n", sandbox.read(MANIFEST));
    sandbox.write(MANIFEST, &broken);
    let said = sandbox.gatecheck("project", &["signoff", "payload", FILE, "--reviewer", "ada"]);
    assert_eq!((said.status, said.out.as_str()), (1, ""));
    assert!(said.err.contains("manifest-invalid") && said.err.contains("nonsense"), "{}", said.err);
    let said = sandbox.gatecheck("project", &["signoff", "check", FILE]);
    assert!(said.status == 1 && said.out.contains("manifest-invalid"), "{}", said.out);
}

#[test]
fn what_is_staged_is_what_the_gate_will_hold() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let anchor = project(&sandbox);
    sign_ssh(&sandbox);
    sandbox.write("project/code", "changed after the review\n");
    let check = ["signoff", "check", FILE, "--anchor", &anchor];
    // Not staged: `git commit` would not take it.
    assert_eq!(sandbox.gatecheck("project", &check).status, 0);
    sandbox.git("project", &["add", "code"]);
    let said = sandbox.gatecheck("project", &check);
    assert!(said.status == 1 && said.out.contains("subject-mismatch"), "{}", said.out);
    assert!(said.err.contains("bound to HEAD's tree"), "{}", said.err);
    // Signed for what is staged, it fits, and is the tree that git itself would write.
    let tree = sandbox.git("project", &["write-tree"]);
    manifest(&sandbox, &tree, "");
    sign_ssh(&sandbox);
    let said = sandbox.gatecheck("project", &check);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(said.err.contains(&tree), "{}", said.err);
}

#[test]
fn moved_to_another_epoch_or_changed_it_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let anchor = project(&sandbox);
    sign_ssh(&sandbox);
    let good = sandbox.read(MANIFEST);
    sandbox.write(
        MANIFEST,
        &good.replace("domain = \"project\"", "domain = \"project\"\nscope = [\"x\"]"),
    );
    let said = sandbox.gatecheck("project", &["signoff", "check", FILE, "--anchor", &anchor]);
    assert!(said.status == 1 && said.out.contains("signoff-replayed"), "{}", said.out);
    let moved = good.replace("epoch = 0", "epoch = 1");
    sandbox.write("project/epoch_signoffs/epoch-1.toml", &moved);
    let said = sandbox.gatecheck(
        "project",
        &["signoff", "check", "epoch_signoffs/epoch-1.toml", "--anchor", &anchor],
    );
    assert!(said.status == 1 && said.out.contains("epoch-sequence"), "{}", said.out);
}

#[test]
fn where_the_commit_may_stand_for_a_sign_off_its_signer_is_assumed_and_said() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    assert_eq!(sandbox.gatecheck("project", &["init"]).status, 0);
    let registry = sandbox.read("project/keys/reviewer-registry.toml");
    let policy = "\n[policy.gates]\nunsigned_signoffs = \"gate-signer\"\n";
    sandbox.write("project/keys/reviewer-registry.toml", &format!("{registry}{policy}"));
    let anchor = sandbox.commit("project", "Found the reviewer registry");
    manifest(&sandbox, &sandbox.git("project", &["rev-parse", "HEAD^{tree}"]), "");
    let check = ["signoff", "check", FILE, "--complete", "--anchor", &anchor];
    let said = sandbox.gatecheck("project", &check);
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    assert!(said.err.contains("as if ada signed the commit"), "{}", said.err);
    // The assumption is no verdict: an unsigned commit is refused all the same.
    sandbox.commit("project", "Epoch 0");
    let said = sandbox.gatecheck("project", &["--anchor", &anchor, "--format", "concise"]);
    assert!(said.status == 1 && said.out.contains("unsigned"), "{}", said.out);
    sandbox.git("project", &["commit", "-q", "--amend", "-S", "-m", "Epoch 0"]);
    let said = sandbox.gatecheck("project", &["--anchor", &anchor, "--format", "concise"]);
    assert_eq!(said.status, 0, "{}", said.out);
}

#[test]
fn what_git_would_write_is_what_is_compared_in_both_object_formats() {
    for format in ["sha1", "sha256"] {
        let sandbox = Sandbox::new();
        sandbox.ssh_key();
        std::fs::create_dir(sandbox.path("project")).unwrap();
        sandbox.git("project", &["init", "-q", "--object-format", format]);
        assert_eq!(sandbox.gatecheck("project", &["init"]).status, 0);
        let anchor = sandbox.commit("project", "Found the reviewer registry");
        for file in ["a/b/c", "a.b", "a0", "a/z"] {
            sandbox.write(&format!("project/{file}"), file);
        }
        sandbox.tool("chmod", "project", &["+x", "a0"]);
        sandbox.tool("ln", "project", &["-s", "a0", "link"]);
        sandbox.git("project", &["add", "-A"]);
        let tree = sandbox.git("project", &["write-tree"]);
        manifest(&sandbox, &tree, "");
        sign_ssh(&sandbox);
        sandbox.git("project", &["add", "-A"]);
        let said = sandbox.gatecheck("project", &["signoff", "check", FILE, "--anchor", &anchor]);
        assert_eq!(said.status, 0, "{format}: {}{}", said.out, said.err);
        assert!(said.err.contains(&format!("subject: {tree}")), "{format}: {}", said.err);
    }
}

#[test]
fn rules_over_the_change_are_foreseen_too() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    assert_eq!(sandbox.gatecheck("project", &["init"]).status, 0);
    let registry = "project/keys/reviewer-registry.toml";
    let policy = "\n[[policy.forbidden]]\nname = \"unfinished\"\npattern = \"FIXME\"\n\
        [[policy.second_review]]\nname = \"tcb\"\npaths = [\"lib.rs\"]\nadded_tokens = [\"unsafe\"]\n\
        reviewers = 1\nother_domain = false\n";
    sandbox.write(registry, &format!("{}{policy}", sandbox.read(registry)));
    let anchor = sandbox.commit("project", "Found the reviewer registry");
    sandbox.write("project/lib.rs", "// FIXME, unsafe\n");
    sandbox.commit("project", "Write some code");
    let tree = sandbox.git("project", &["rev-parse", "HEAD^{tree}"]);
    manifest(&sandbox, &tree, "");
    sign_ssh(&sandbox);
    let check = ["signoff", "check", FILE, "--complete", "--anchor", &anchor];
    let said = sandbox.gatecheck("project", &check);
    assert!(said.status == 1 && said.out.contains("forbidden-text"), "{}{}", said.out, said.err);
    assert!(!said.out.contains("second-review-missing"), "{}", said.out);

    // What is staged is what is asked.
    sandbox.write("project/lib.rs", "fn a() { unsafe {} }\n");
    sandbox.git("project", &["add", "lib.rs"]);
    manifest(&sandbox, &sandbox.git("project", &["write-tree"]), "");
    sign_ssh(&sandbox);
    let said = sandbox.gatecheck("project", &check);
    assert!(!said.out.contains("forbidden-text"), "{}", said.out);
    assert!(said.status == 1 && said.out.contains("second-review-missing"), "{}", said.out);
    // Somebody else could still cover it.
    let said = sandbox
        .gatecheck("project", &check.map(|a| if a == "--complete" { "--no-progress" } else { a }));
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
}
