//! `gatecheck verify-tag` and `gatecheck tag` as maintainers use them, with real git, gpg and
//! ssh-keygen.
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

use cli_support::Sandbox;
use cli_support::project::{founded, gate, pin, signed_off, work};

/// A project with an accepted gate at HEAD, its anchor pinned. Returns the gate.
fn released(sandbox: &Sandbox) -> String {
    sandbox.ssh_key();
    let anchor = founded(sandbox, "project");
    pin(sandbox, &anchor);
    gate(sandbox, "project", 0, "none")
}

fn tags(sandbox: &Sandbox) -> String {
    sandbox.git("project", &["for-each-ref", "--format=%(refname:short)", "refs/tags"])
}

/// The owner revokes the key without a reason, and the new key file lands as a refresh.
fn refresh_revoked(sandbox: &Sandbox, fingerprint: &str) {
    let file = format!("home/.gnupg/openpgp-revocs.d/{}.rev", fingerprint.to_uppercase());
    let revocation = sandbox.read(&file).replace(":-----BEGIN", "-----BEGIN");
    sandbox.write("home/revocation", &revocation);
    sandbox.tool("gpg", "home", &["--batch", "--import", "revocation"]);
    let key = sandbox.tool("gpg", "home", &["--batch", "--armor", "--export", fingerprint]);
    sandbox.write("project/keys/ada.asc", &(key + "\n"));
    sandbox.commit("project", "Tell that the key was lost");
}

#[test]
fn from_the_question_to_a_tag_that_passes() {
    let sandbox = Sandbox::new();
    let gate = released(&sandbox);
    let said = sandbox.gatecheck("project", &["tag", "v1.0"]).must(
        0,
        &[
            "the gate of epoch 0",
            "of ada",
            "yes: v1.0 can be made",
            &format!("gatecheck tag v1.0 {gate} --create"),
        ],
    );
    assert!(!said.out.contains("made:"), "{}", said.out);
    assert_eq!(tags(&sandbox), "", "a question makes nothing");

    let made = sandbox.gatecheck("project", &["tag", "v1.0", "--create"]);
    made.must(0, &["made: v1.0", "git push origin refs/tags/v1.0"]);
    let tag = sandbox.git("project", &["cat-file", "tag", "v1.0"]);
    assert!(tag.contains("Release v1.0") && tag.contains("The gate of epoch 0."), "{tag}");
    let ok = sandbox.gatecheck("project", &["verify-tag", "v1.0"]);
    ok.must(0, &["pass: the gate that was judged holds"]);
    sandbox.gatecheck("project", &["verify-tag", "refs/tags/v1.0"]).must(0, &[]);

    let json = sandbox.gatecheck("project", &["verify-tag", "v1.0", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["tip"]["ref"], "refs/tags/v1.0");
    assert_eq!(report["tip"]["commit"], gate.as_str());
    assert_eq!(report["verdict"], "pass");

    // The mainline may go on; the release stays what it is.
    work(&sandbox, "project", "2");
    sandbox.gatecheck("project", &["verify-tag", "v1.0"]).must(0, &[]);
    sandbox.gatecheck("project", &["tag", "v1.0", &gate]).must(1, &["tag-exists", "no: v1.0"]);
    sandbox.gatecheck("project", &["tag", "v1.1", "HEAD~"]).must(0, &["yes: v1.1"]);
}

#[test]
fn with_openpgp_and_what_the_mainline_learns_later_of_the_key() {
    let sandbox = Sandbox::new();
    let fingerprint = sandbox.openpgp_key();
    let anchor = founded(&sandbox, "project");
    pin(&sandbox, &anchor);
    gate(&sandbox, "project", 0, "none");
    sandbox.gatecheck("project", &["tag", "v1.0", "--create"]).must(0, &["made: v1.0"]);
    sandbox.gatecheck("project", &["verify-tag", "v1.0"]).must(0, &[]);

    refresh_revoked(&sandbox, &fingerprint);
    sandbox.gatecheck("project", &["verify-tag", "v1.0"]).must(1, &["key-compromised", "tag v1.0"]);
    // A clone that was never told cannot know.
    sandbox.git("project", &["update-ref", "refs/heads/main", "v1.0^{commit}"]);
    sandbox.gatecheck("project", &["verify-tag", "v1.0"]).must(0, &[]);
}

/// When the old key made the tag nobody can tell: it may have been yesterday.
#[test]
fn a_tag_by_a_key_that_was_retired_since_is_told() {
    let sandbox = Sandbox::new();
    let old = sandbox.openpgp_key();
    let anchor = founded(&sandbox, "project");
    pin(&sandbox, &anchor);
    let released = gate(&sandbox, "project", 0, "none");
    sandbox.gatecheck("project", &["tag", "v1.0", "--create"]).must(0, &["made: v1.0"]);
    let silent = sandbox.gatecheck("project", &["verify-tag", "v1.0"]).must(0, &[]);
    assert!(!silent.out.contains("key-retired"), "{}", silent.out);

    let (new, _) = cli_support::ceremony::another_key(&sandbox, "new");
    let plan = ["ceremony", "plan", "rotate", "ada", "--key", &new, "--retire", &old];
    sandbox.gatecheck("project", &[&plan[..], &["-o", "../r.toml"]].concat()).must(0, &[]);
    sandbox.gatecheck("project", &["ceremony", "approve", "../r.toml", "--yes"]).must(0, &[]);
    let hold = ["ceremony", "approve", "../r.toml", "--yes", "--key", &new];
    sandbox.gatecheck("project", &hold).must(0, &["possession"]);
    sandbox.gatecheck("project", &["ceremony", "apply", "../r.toml", "--commit"]).must(0, &[]);
    sandbox
        .gatecheck("project", &["verify-tag", "v1.0"])
        .must(0, &["warning[key-retired]", "retired since"]);
    // With the old key nothing is tagged any more.
    sandbox.gatecheck("project", &["tag", "v1.1", &released]).must(1, &["key-retired"]);
}

/// The gate rests on another key, so only the tag falls.
#[test]
fn a_key_that_was_lost_later_speaks_for_no_tag() {
    let sandbox = Sandbox::new();
    let ssh = sandbox.ssh_key();
    sandbox.git("home", &["config", "--global", "--unset", "gpg.format"]);
    let fingerprint = sandbox.openpgp_key();
    sandbox.repository("project");
    sandbox.gatecheck("project", &["init"]).must(0, &[]);
    let registry = sandbox.read("project/keys/reviewer-registry.toml");
    let dates: String = registry
        .lines()
        .filter(|l| l.starts_with("effective_"))
        .fold(String::new(), |all, line| all + line + "\n");
    let second = format!(
        "\n[[keys]]\nreviewer_id = \"ada\"\nformat = \"ssh\"\nfingerprint = \"{ssh}\"\n\
         public_key = \"keys/ada.pub\"\n{dates}"
    );
    sandbox.write("project/keys/reviewer-registry.toml", &format!("{registry}{second}"));
    sandbox.write("project/keys/ada.pub", &sandbox.read("home/.ssh/id.pub"));
    let anchor = sandbox.commit("project", "Found");
    pin(&sandbox, &anchor);
    let tree = sandbox.git("project", &["rev-parse", "HEAD^{tree}"]);
    signed_off(&sandbox, "project", 0, "none", &format!("subject_tree = \"{tree}\""));
    sandbox.git("project", &["add", "-A"]);
    let by_ssh = ["-c", "gpg.format=ssh", "-c", "user.signingKey=~/.ssh/id"];
    sandbox.git("project", &[&by_ssh[..], &["commit", "-q", "-S", "-m", "Epoch 0"]].concat());
    sandbox.gatecheck("project", &["tag", "v1", "--create"]).must(0, &["made: v1"]);
    sandbox.git("project", &[&by_ssh[..], &["tag", "-s", "-m", "x", "v1-ssh"]].concat());
    refresh_revoked(&sandbox, &fingerprint);
    sandbox.gatecheck("project", &["verify-tag", "v1-ssh"]).must(0, &[]);
    let said = sandbox.gatecheck("project", &["verify-tag", "v1", "--format", "json"]).must(1, &[]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["gates"][0]["verdict"], "pass");
    let finding =
        &report["findings"].as_array().unwrap().iter().find(|f| f["tag"] == "v1").unwrap();
    assert_eq!(finding["code"], "key-compromised");
    let said = sandbox.gatecheck("project", &["tag", "v2", "HEAD~"]);
    said.must(1, &["key-compromised", "no: v2"]);
}

#[test]
fn tags_that_are_not_what_they_seem() {
    let sandbox = Sandbox::new();
    let good = released(&sandbox);
    let git = |args: &[&str]| sandbox.git("project", args);
    let verify = |name: &str| sandbox.gatecheck("project", &["verify-tag", name]);
    git(&["tag", "-s", "-m", "good", "good"]);
    verify("good").must(0, &[]);

    git(&["tag", "light"]);
    verify("light").must(1, &["tag-unsigned", "lightweight", "git fetch --tags --force"]);
    git(&["tag", "-a", "-m", "unsigned", "plain"]);
    verify("plain").must(1, &["tag-unsigned", "is not signed"]);
    git(&["update-ref", "refs/tags/better", "refs/tags/good"]);
    verify("better").must(1, &["tag-mismatch", "under another name", "good"]);
    git(&["tag", "-s", "-m", "nested", "nested", "good"]);
    verify("nested").must(1, &["tag-not-a-gate", "names a tag"]);
    git(&["tag", "-s", "-m", "tree", "tree", "HEAD^{tree}"]);
    verify("tree").must(1, &["tag-not-a-gate", "names a tree"]);
    git(&["tag", "file", "HEAD:code"]);
    verify("file").must(1, &["tag-unsigned", "tag-not-a-gate"]);
    verify("main").must(2, &["no tag main"]);
    verify("-x").must(2, &[]);
    verify("gone").must(2, &["no tag gone", "git fetch --tags"]);

    // A word of the tag that the signature covers.
    let raw = git(&["cat-file", "tag", "good"]) + "\n";
    sandbox.write("raw", &raw.replace("\n\ngood\n", "\n\nevil\n"));
    let id = sandbox.git("project", &["hash-object", "-t", "tag", "-w", "../raw"]);
    git(&["update-ref", "refs/tags/good2", &id]);
    verify("good2").must(1, &["bad-signature", "over this tag", "tag-mismatch"]);
    // A second tagger, as git itself never writes it.
    let tagger = raw.lines().find(|line| line.starts_with("tagger ")).unwrap();
    sandbox.write("raw", &raw.replace(tagger, &format!("{tagger}\n{tagger}")));
    let id = git(&["hash-object", "-t", "tag", "-w", "--literally", "../raw"]);
    git(&["update-ref", "refs/tags/twice", &id]);
    verify("twice").must(1, &["malformed-object"]);

    // Not a gate, and not covered.
    let tip = work(&sandbox, "project", "2");
    git(&["tag", "-s", "-m", "early", "early"]);
    verify("early").must(1, &["tag-not-a-gate", "not-covered", &good]);
    sandbox
        .gatecheck("project", &["tag", "v2"])
        .must(1, &["tag-not-a-gate", "not-covered", "no: v2"]);
    git(&["tag", "-s", "-m", "before", "before", "HEAD~2"]);
    verify("before").must(1, &["tag-not-a-gate"]);
    // Several at once: every refusal names its tag.
    let both = sandbox.gatecheck("project", &["verify-tag", "good", "early", "light"]);
    let both = both.must(1, &["tag early", "tag light"]);
    assert!(!both.out.contains("tag good"), "{}", both.out);
    assert!(both.out.contains(&tip[..12]), "{}", both.out);

    // Somebody else's key.
    sandbox.tool("ssh-keygen", "home", &["-q", "-t", "ed25519", "-N", "", "-f", ".ssh/eve"]);
    let eve = sandbox.path("home/.ssh/eve");
    let key = format!("user.signingKey={}", eve.display());
    git(&["-c", &key, "tag", "-s", "-m", "eve", "eve", &good]);
    verify("eve").must(1, &["unknown-signer"]);
    sandbox.git("home", &["config", "--global", "user.signingKey", eve.to_str().unwrap()]);
    sandbox.gatecheck("project", &["tag", "v3", &good]).must(1, &["unknown-signer", "no: v3"]);
    sandbox.gatecheck("project", &["tag", "v3", &good, "--create"]).must(1, &["no: v3"]);
    assert!(!tags(&sandbox).contains("v3"));
}

#[test]
fn a_gate_that_was_signed_off_later_is_tagged_where_it_was_made() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    let anchor = founded(&sandbox, "project");
    pin(&sandbox, &anchor);
    sandbox.write("project/code", "2");
    sandbox.git("project", &["commit", "-q", "-a", "-S", "-m", "Finish"]);
    let made = sandbox.git("project", &["rev-parse", "HEAD"]);
    signed_off(&sandbox, "project", 0, "none", &format!("gate_commit = \"{made}\""));
    sandbox.git("project", &["add", "-A"]);
    sandbox.git("project", &["commit", "-q", "-S", "-m", "Epoch 0"]);
    let carrier = sandbox.git("project", &["rev-parse", "HEAD"]);
    for (name, commit) in [("at-gate", &made), ("at-manifest", &carrier)] {
        sandbox.gatecheck("project", &["tag", name, commit, "--create"]).must(0, &["made"]);
        sandbox.gatecheck("project", &["verify-tag", name]).must(0, &[]);
    }
    let both = sandbox.gatecheck("project", &["verify-tag", "at-gate", "at-manifest"]);
    both.must(0, &["judged     1 gate"]);
    // Before anybody had signed it off it was no release.
    sandbox.git("project", &["update-ref", "refs/heads/main", &made]);
    sandbox.gatecheck("project", &["verify-tag", "at-gate"]).must(1, &["tag-not-a-gate"]);
}

#[test]
fn nothing_is_left_half_made_and_the_clone_chooses_no_program() {
    let sandbox = Sandbox::new();
    released(&sandbox);
    let evil = sandbox.path("evil");
    let touch = format!("#!/bin/sh\ntouch {}\nexit 1\n", sandbox.path("ran").display());
    sandbox.program("evil", &touch);
    let evil = evil.to_str().unwrap();
    std::fs::create_dir_all(sandbox.path("project/.git/hooks")).unwrap();
    sandbox.program("project/.git/hooks/reference-transaction", &touch);
    for key in
        ["gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "core.editor", "core.fsmonitor"]
    {
        sandbox.git("project", &["config", key, evil]);
    }
    for (key, value) in
        [("gpg.format", "x509"), ("user.signingKey", "nobody"), ("gpg.x509.program", evil)]
    {
        sandbox.git("project", &["config", key, value]);
    }
    sandbox.git("project", &["config", "gpg.ssh.defaultKeyCommand", evil]);
    sandbox.git("project", &["config", "core.commentChar", "R"]);
    let said = sandbox.gatecheck("project", &["tag", "v1", "--create"]);
    assert!(!sandbox.path("ran").exists(), "a program of the clone's was run: {}", said.err);
    said.must(0, &["made: v1"]);
    let made = sandbox.git("project", &["cat-file", "-p", "refs/tags/v1"]);
    assert!(made.contains("\nRelease v1\n"), "a line was taken for a comment: {made}");

    // The user's own program refuses.
    sandbox.git("home", &["config", "--global", "gpg.ssh.program", "false"]);
    let said = sandbox.gatecheck("project", &["tag", "v2", "--create"]);
    // Older versions of git (2.39 is one) make a tag without a signature then.
    match said.status {
        1 => said.must(1, &["tag-unsigned", "deleted again"]),
        _ => said.must(2, &["git did not make the tag v2", "nothing was left behind"]),
    };
    assert_eq!(tags(&sandbox), "v1");
    // It signs with another key than the one that it was asked for: made, judged, deleted.
    sandbox.tool("ssh-keygen", "home", &["-q", "-t", "ed25519", "-N", "", "-f", ".ssh/eve"]);
    let eve = sandbox.path("home/.ssh/eve");
    sandbox.program(
        "other",
        &format!(
            "#!/bin/sh\nfor last; do :; done\nexec ssh-keygen -Y sign -n git -f {} \"$last\"\n",
            eve.display()
        ),
    );
    let other = sandbox.path("other");
    sandbox.git("home", &["config", "--global", "gpg.ssh.program", other.to_str().unwrap()]);
    let said = sandbox.gatecheck("project", &["tag", "v3", "--create"]);
    said.must(1, &["unknown-signer", "deleted again"]);
    assert_eq!(tags(&sandbox), "v1");
}

#[test]
fn what_must_hold_before_tagging_is_said() {
    let sandbox = Sandbox::new();
    let good = released(&sandbox);
    sandbox.write("project/new file", "x");
    let said = sandbox.gatecheck("project", &["tag", "v1"]);
    said.must(1, &["the work tree is not clean: new file", "git status", "no: v1"]);
    std::fs::remove_file(sandbox.path("project/new file")).unwrap();
    for bad in ["a..b", "x.lock", "HEAD", "a b", ""] {
        sandbox.gatecheck("project", &["tag", bad]).must(2, &[]);
    }
    sandbox.git("home", &["config", "--global", "--unset", "gatecheck.project.anchor"]);
    sandbox.gatecheck("project", &["tag", "v1"]).must(3, &["no-anchor", "undecided"]);
    let anchor = sandbox.git("project", &["rev-list", "--max-parents=0", "HEAD"]);
    sandbox.git("project", &["tag", "-s", "-m", "x", "v0"]);
    sandbox.gatecheck("project", &["verify-tag", "v0"]).must(3, &["no-anchor"]);
    let first = ["verify-tag", "v0", "--trust-on-first-use"];
    sandbox.gatecheck("project", &first).must(0, &[]);
    sandbox.gatecheck("project", &["verify-tag", "v0", "--anchor", &anchor]).must(0, &[]);
    sandbox.git("home", &["config", "--global", "--unset", "user.signingKey"]);
    let said = sandbox.gatecheck("project", &["tag", "v1", "--anchor", &anchor]);
    said.must(2, &["names no key to sign with"]);
    // A branch of its own, beside the mainline.
    sandbox.git("home", &["config", "--global", "user.signingKey", "~/.ssh/id"]);
    sandbox.git("project", &["checkout", "-q", "-b", "side", &format!("{good}~1")]);
    sandbox.write("project/code", "another history\n");
    sandbox.commit("project", "Begin anew");
    sandbox.git("project", &["branch", "-q", "-f", "keep", "main"]);
    cli_support::project::gate(&sandbox, "project", 0, "none");
    sandbox.git("project", &["tag", "-s", "-m", "x", "fork"]);
    let said = sandbox.gatecheck("project", &["verify-tag", "fork", "--anchor", &anchor]);
    said.must(1, &["mainline-replaced", "neither on the mainline nor ahead of it"]);
    // A mainline that does not begin at the anchor is no reason to ask nothing of it.
    sandbox.git("project", &["checkout", "-q", "--orphan", "stranger"]);
    sandbox.commit("project", "A history of somebody else");
    sandbox.git("project", &["branch", "-q", "-M", "stranger", "main"]);
    let said = sandbox.gatecheck("project", &["verify-tag", "fork", "--anchor", &anchor]);
    said.must(1, &["mainline-replaced", "neither on the mainline nor ahead of it"]);
}

#[test]
fn a_checkpoint_is_heeded_and_never_moved() {
    let sandbox = Sandbox::new();
    let first = released(&sandbox);
    sandbox.git("project", &["tag", "-s", "-m", "x", "v0"]);
    work(&sandbox, "project", "2");
    gate(&sandbox, "project", 1, &first);
    let keep = ["--checkpoint", "../check"];
    sandbox.gatecheck("project", &[&["verify"], &keep[..]].concat()).must(0, &[]);
    let reached = sandbox.read("check");
    // The release of old lies behind it, on a mainline that passes through it.
    let said = sandbox.gatecheck("project", &[&["verify-tag", "v0"], &keep[..]].concat());
    said.must(0, &[]);
    assert_eq!(sandbox.read("check"), reached);
    sandbox.git("project", &["reset", "-q", "--hard", &first]);
    let said = sandbox.gatecheck("project", &[&["verify-tag", "v0"], &keep[..]].concat());
    said.must(1, &["rollback"]);
}
