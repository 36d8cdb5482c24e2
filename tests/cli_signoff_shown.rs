//! What somebody is shown before their key signs is what it signs, and nothing is signed unasked.
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
use cli_support::people::{Person, found};

const MANIFEST: &str = "project/epoch_signoffs/epoch-0.toml";

/// Changes one line of the manifest, as whoever drafted it could have.
fn doctor(sandbox: &Sandbox, begin: &str, line: &str) {
    let text = sandbox.read(MANIFEST);
    let old = text.lines().find(|line| line.starts_with(begin)).unwrap();
    sandbox.write(MANIFEST, &text.replace(old, line));
}

#[test]
fn what_is_staged_is_shown_where_that_is_what_is_signed() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new"]).must(0, &[]);
    sandbox.write("project/docs/more.rs", "fn a() { unsafe { b() } }\n");
    sandbox.write("project/kernel/a.rs", "fn other() {}\n");
    std::os::unix::fs::symlink("/etc/passwd", sandbox.path("project/docs/link.rs")).unwrap();
    ada.git(&["add", "docs", "kernel"]);
    let tree = ada.git(&["write-tree"]);
    doctor(&sandbox, "subject_tree", &format!("subject_tree = \"{tree}\""));
    ada.gatecheck(&["preview"]).must(1, &["note: it is bound to what is staged, and not to this"]);
    ada.add("docs", &[]).must(
        0,
        &[
            "content: what is staged, which is not that of commit",
            "  docs/guide\n",
            "  docs/more.rs:1 unsafe\n",
            "  docs/link.rs could not be looked into\n",
            "  docs/link.rs  (a symbolic link)\n",
            "3 files are staged and in no commit yet",
            "  kernel/a.rs\n",
        ],
    );
}

#[test]
fn what_a_path_became_is_shown() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    bob.work("docs/run", "x\n");
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &[]);
    bob.add("kernel", &[]).must(0, &[]);
    let gate = bob.commit("Epoch 0");
    sandbox.tool("chmod", "project", &["+x", "docs/run"]);
    std::fs::remove_file(sandbox.path("project/docs/guide")).unwrap();
    std::os::unix::fs::symlink("/etc", sandbox.path("project/docs/etc")).unwrap();
    bob.git(&["add", "-A"]);
    bob.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{gate},docs/sub")]);
    bob.git(&["commit", "-q", "-S", "-m", "Odd things"]);
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(
        0,
        &[
            "  docs/run  (an executable file)\n",
            "  docs/guide  (removed)\n",
            "  docs/etc  (a symbolic link)\n",
            "  docs/sub  (a submodule)\n",
        ],
    );
}

#[cfg(unix)]
#[test]
fn a_manifest_that_leads_elsewhere_is_neither_read_nor_written() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new"]).must(0, &[]);
    let draft = sandbox.read(MANIFEST);
    std::fs::rename(sandbox.path(MANIFEST), sandbox.path("elsewhere.toml")).unwrap();
    std::os::unix::fs::symlink("../../elsewhere.toml", sandbox.path(MANIFEST)).unwrap();
    ada.add("docs", &[]).must(2, &["epoch-0.toml is a symbolic link"]);
    ada.add("docs", &["--file", "epoch_signoffs/epoch-0.toml"]).must(2, &["not the name"]);
    assert_eq!(sandbox.read("elsewhere.toml"), draft);
    std::fs::remove_file(sandbox.path(MANIFEST)).unwrap();
    sandbox.tool("mkfifo", "project", &["epoch_signoffs/epoch-0.toml"]);
    for args in [&["check"][..], &["add", "--domain", "docs", "--yes"]] {
        ada.signoff(args).must(2, &["epoch-0.toml is no regular file"]);
    }
}

#[test]
fn the_commit_that_is_signed_is_shown_and_not_what_is_checked_out() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    let bad = bob.work("docs/more.rs", "fn a() { unsafe { b() } }\n");
    bob.git(&["rm", "-q", "docs/more.rs"]);
    bob.commit("Take it back");
    bob.signoff(&["new", "--commit", &bad]).must(0, &[]);
    let other = format!("note: it is bound to commit {bad}, and not to this content\n");
    bob.gatecheck(&["preview"]).must(1, &[&other]);
    let that = format!("content: that of commit {bad}\n");
    ada.add("docs", &[]).must(0, &[&that, "  docs/more.rs\n", "  docs/more.rs:1 unsafe\n"]);
}

#[test]
fn cures_that_somebody_else_wrote_down_are_shown() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    let odd = bob.work("docs/more", "2\n");
    ada.signoff(&["new"]).must(0, &[]);
    let cures = format!("previous_gate = \"none\"\ncures = [\"{odd}\", \"{:040}\"]", 7);
    doctor(&sandbox, "previous_gate", &cures);
    let said = ada.signoff(&["add", "--domain", "docs"]);
    let shown = format!("  {odd} Work on docs/more\n");
    said.must(2, &["it cures 2 refused commits", &shown, "7 cannot be read here", "content: that"]);
}

#[test]
fn what_is_bound_to_unknown_content_is_refused_before_anybody_is_asked() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new"]).must(0, &[]);
    let empty = ada.git(&["hash-object", "-t", "tree", "/dev/null"]);
    doctor(&sandbox, "subject_tree", &format!("subject_tree = \"{empty}\""));
    sandbox.program("ada/never", "#!/bin/sh\ntouch \"$HOME/signed\"\nexit 1\n");
    ada.run("git", "project", &["config", "--global", "gpg.ssh.program", "~/never"]);
    let said = ada.add("docs", &[]);
    assert!(!said.out.contains("vouches for"), "{}", said.out);
    said.must(1, &["subject-mismatch", "is as it was"]);
    assert!(!sandbox.path("ada/signed").exists());
}

/// The answers that a person at a terminal can give.
#[cfg(target_os = "linux")]
#[test]
fn only_a_yes_signs() {
    use std::io::Write as _;
    use std::process::Stdio;

    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new"]).must(0, &[]);
    let draft = sandbox.read(MANIFEST);
    let line = format!("'{}' signoff add --domain docs", env!("CARGO_BIN_EXE_gatecheck"));
    let answered = |answer: &str| {
        let mut terminal = ada.command("script", "project");
        terminal.args(["-q", "-e", "-c", &line, "/dev/null"]);
        let streams = terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut terminal = streams.spawn().unwrap();
        terminal.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let done = terminal.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(words.contains("Sign this? Type y and Enter"), "{answer:?}: {words}");
        (done.status.code(), words)
    };
    for answer in ["n\n", "\n", "", "yn\n", "no y\n", "maybe\ny\n", &"y".repeat(100)] {
        let (status, words) = answered(answer);
        assert_eq!(status, Some(1), "{answer:?}: {words}");
        assert!(words.contains("nothing was signed"), "{answer:?}: {words}");
        assert_eq!(sandbox.read(MANIFEST), draft, "{answer:?}");
    }
    // Nobody can be asked.
    let said = ada.signoff(&["add", "--domain", "docs"]);
    said.must(2, &["nobody can be asked", "--yes"]);
    assert_eq!(sandbox.read(MANIFEST), draft);
    let (status, words) = answered("y\n");
    assert_eq!(status, Some(0), "{words}");
    assert_ne!(sandbox.read(MANIFEST), draft);
}

#[test]
fn a_command_to_copy_runs_nothing_that_a_name_says() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    let anchor = found(&sandbox, [&ada, &bob], "[policy.gates]\nmanifest = \"a;b/e{epoch}.toml\"");
    let path = "'a;b/e0.toml'";
    ada.signoff(&["new"]).must(0, &["written: a;b/e0.toml"]);
    ada.signoff(&["new"]).must(2, &[&format!("gatecheck signoff check {path}\n")]);
    ada.add("docs", &[]).must(0, &[]);
    let added = bob.add("kernel", &[]);
    let line = format!("git add {path} && git commit -S");
    added.must(0, &[&line]);
    ada.run("sh", "project", &["-c", &format!("{line} -q -m 'Epoch 0'")]);
    ada.gatecheck(&["verify", "--anchor", &anchor, "--format", "concise"]).must(0, &["pass:"]);
    let said = ada.signoff(&["dissent", "1", "--domain", "docs", "--reason", "no", "--yes"]);
    said.must(0, &["git add 'a;b/e1.dissent-ada.toml' && git commit"]);
}

#[test]
fn nothing_that_somebody_else_wrote_into_an_entry_is_signed_unseen() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    bob.signoff(&["new"]).must(0, &[]);
    let long = format!("{}and this at the end", "x".repeat(300));
    let flood = format!("{}unseen", "y".repeat(5_000));
    let entry = format!(
        "\n[[signoffs]]\nreviewer_id = \"ada\"\ndomain = \"docs\"\nepoch = 0\n\
         timestamp = 2026-01-01T00:00:00Z\nauthored_by = \"{long}\"\nreviews = [\"tcb\"]\n\
         ai_attestation = {{ understood = true, invariants = [], statement = \"{flood}\" }}\n"
    );
    sandbox.write(MANIFEST, &format!("{}{entry}", sandbox.read(MANIFEST)));
    ada.signoff(&["sign"]).must(
        2,
        &[
            "dated 2026-01-01T00:00:00Z\n",
            "xxxand this at the end\n",
            "second reviews: tcb\n",
            "(3006 more characters, which are signed as well)",
        ],
    );
}

#[test]
fn a_dissent_lands_by_the_command_that_is_printed() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "[policy.mainline]\nrequire_signature = \"every-commit\"\n");
    let said = ada.signoff(&["dissent", "0", "--domain", "docs", "--reason", "no", "--yes"]);
    let line = said.out.lines().find(|line| line.starts_with("  git add ")).unwrap();
    ada.run("sh", "project", &["-c", line]);
    let said = ada.gatecheck(&["verify", "--format", "concise"]);
    assert!(!said.out.contains("error["), "{}", said.out);
    ada.gatecheck(&["preview"]).must(1, &["ada dissents"]);
}

#[test]
fn a_tick_that_the_checklist_does_not_have_is_not_written() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "[policy.gates]\nchecklist = \"CHECK.toml\"\n");
    bob.work("CHECK.toml", "[[items]]\nid = \"seen\"\nverify = \"human\"\n");
    ada.signoff(&["new"]).must(0, &[]);
    let draft = sandbox.read(MANIFEST);
    ada.add("docs", &["--check", "sen"]).must(1, &["not on the checklist: sen", "is as it was"]);
    assert_eq!(sandbox.read(MANIFEST), draft);
    ada.add("docs", &[]).must(0, &["it counts", "checklist-incomplete"]);
    bob.add("kernel", &["--check", "seen"]).must(0, &["nothing is missing"]);
}

#[test]
fn what_a_second_review_covers_is_shown_to_who_gives_it() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    let policy = "[[policy.second_review]]\nname = \"tcb\"\npaths = [\"kernel/**\", \"boot\"]\n\
                  added_tokens = [\"unsafe\", \"asm\"]\nreviewers = 1\nother_domain = false\n\
                  [policy.ai_assisted]\ntrailers = [\"Assisted-by\"]\nsecond_review = \"tcb\"\n\
                  invariants = [\"I1\"]\n";
    found(&sandbox, [&ada, &bob], policy);
    sandbox.write("project/kernel/raw.rs", "fn raw() { unsafe { poke() } }\n");
    sandbox.write("project/build", "make\n");
    bob.commit("Poke\n\nAssisted-by: a tool");
    let drafted = ada.signoff(&["new"]);
    drafted.must(0, &["--review tcb", "--ai-understood --ai-invariant I1 --ai-statement TEXT"]);
    let seen = [
        "in no domain  1 file: build\n",
        "for the second review tcb: 2 files changed",
        "bob <bob@example.org>",
        "  kernel/a.rs\n  kernel/raw.rs\n",
        "  kernel/raw.rs:1 unsafe\n",
        "1 commit was made with an AI's assistance:\n",
        " Poke\n",
    ];
    let attest = ["--ai-understood", "--ai-invariant", "I1", "--ai-statement", "Read."];
    ada.add("docs", &[&["--review", "tcb"], &attest[..]].concat()).must(0, &seen);
    // Without the review its files are not theirs to look at; what they attest is.
    let said = ada.add("docs", &[&["--replace"], &attest[..]].concat());
    assert!(!said.out.contains("second review tcb: "), "{}", said.out);
    said.must(0, &["1 commit was made with an AI's assistance:\n", " Poke\n"]);
}

#[test]
fn a_signoff_that_lifts_a_dissent_says_so_before_it_is_signed() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "[policy.quorum]\nallow_multi_domain = true\n");
    bob.work("kernel/b.rs", "fn b() {}\n");
    let against = ["dissent", "0", "--domain", "kernel", "--reason", "it leaks", "--yes"];
    ada.signoff(&against).must(0, &[]);
    ada.commit("Dissent");
    ada.signoff(&["new"]).must(0, &["unresolved-dissent"]);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    // For another domain than the one that was spoken for, and in the manifest itself.
    let roles = ["--role", "docs", "--role", "kernel", "--justification", "bob is away"];
    let said = ada.add("docs", &[&roles[..], &["--dissent", "nor this"]].concat());
    assert!(!said.out.contains("LIFTS"), "{}", said.out);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    ada.add("kernel", &roles)
        .must(0, &["THIS LIFTS your dissent of ", ": it leaks\n", ": nor this\n"]);
    let said = bob.add("kernel", &[]).must(0, &["bob vouches for kernel"]);
    assert!(!said.out.contains("LIFTS"), "{}", said.out);
}

#[test]
fn the_mainline_here_may_lie_behind_that_of_the_remote() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    let behind = ada.git(&["rev-parse", "HEAD"]);
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &[]);
    bob.add("kernel", &[]).must(0, &[]);
    bob.commit("Epoch 0");
    ada.work("kernel/b.rs", "fn b() {}\n");
    bob.work("docs/guide", "2\n");
    ada.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    ada.git(&["switch", "-q", "-c", "gate"]);
    ada.git(&["branch", "-f", "main", &behind]);
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &["written: ada for docs, in epoch_signoffs/epoch-1.toml"]);
    ada.signoff(&["check"]).must(0, &["ada for docs: counts"]);
    ada.signoff(&["check", "--file", "epoch_signoffs/epoch-1.toml"]).must(0, &[]);
    ada.add("docs", &[]).must(2, &["gatecheck signoff withdraw --domain docs\n"]);
}

#[test]
fn what_others_still_have_to_tick_is_missing_and_not_refused() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "[policy.gates]\nchecklist = \"CHECK.toml\"\n");
    bob.work("CHECK.toml", "[[items]]\nid = \"seen\"\nverify = \"human\"\n");
    ada.signoff(&["new"]).must(0, &["gatecheck signoff add --domain DOMAIN --check seen"]);
    ada.add("docs", &[]).must(0, &[]);
    let words = ["not complete: 1 of 1 sign-offs attested", "warning[checklist-incomplete]"];
    ada.signoff(&["check"]).must(0, &words);
    ada.signoff(&["check", "--complete"]).must(1, &["error[checklist-incomplete]"]);
}

#[test]
fn the_way_out_of_a_conflict_leads_out() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.git(&["switch", "-q", "-c", "gate"]);
    ada.signoff(&["new"]).must(0, &[]);
    ada.commit("Draft");
    ada.git(&["branch", "other"]);
    ada.add("docs", &[]).must(0, &[]);
    ada.commit("ada");
    bob.git(&["switch", "-q", "other"]);
    bob.add("docs", &[]).must(1, &["self-review"]);
    bob.add("docs", &["--authored-by", "ada"]).must(0, &[]);
    bob.commit("bob");
    let merged = bob.command("git", "project").args(["merge", "-q", "gate"]).output().unwrap();
    assert!(!merged.status.success(), "the same domain: git cannot know the order");
    let said = bob.signoff(&["check", MANIFEST.strip_prefix("project/").unwrap()]);
    let line = said.err.lines().find_map(|line| line.split_once("unite both sides: ")).unwrap().1;
    let gatecheck = format!("'{}' ", env!("CARGO_BIN_EXE_gatecheck"));
    bob.run("sh", "project", &["-ec", &line.replace("gatecheck ", &gatecheck)]);
    assert_eq!(bob.git(&["status", "--short"]), "M  epoch_signoffs/epoch-0.toml");
    let both = ["ada for docs: counts", "bob for docs: counts"];
    bob.signoff(&["check"]).must(0, &both);
}
