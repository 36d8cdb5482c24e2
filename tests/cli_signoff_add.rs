//! `gatecheck signoff new`, `add` and what follows, as two reviewers use them, with real git, gpg and
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
use cli_support::people::{Person, found, steady};

const MANIFEST: &str = "project/epoch_signoffs/epoch-0.toml";
const FILE: &str = "epoch_signoffs/epoch-0.toml";

#[test]
fn from_a_draft_to_a_gate_that_passes_with_ssh_and_openpgp() {
    let sandbox = Sandbox::new();
    let ada = Person::with_ssh(&sandbox, "ada");
    let bob = Person::with_openpgp(&sandbox, "bob");
    found(&sandbox, [&ada, &bob], "");
    let mut words = String::new();
    let mut tell = |what: &str, said: cli_support::Said| {
        assert_eq!(said.status, 0, "{what}: {}{}", said.out, said.err);
        words.push_str(&format!("$ gatecheck {what}\n{}\n", said.out));
    };
    let first = ada.gatecheck(&["preview"]).must(1, &["not ready"]);
    tell("signoff new 0", ada.signoff(&["new", "0"]));
    let draft = sandbox.read(MANIFEST);
    tell("signoff add --domain docs", ada.add("docs", &[]));
    tell("signoff check", bob.signoff(&["check"]));
    tell("signoff add --domain kernel", bob.add("kernel", &[]));
    tell("signoff check", bob.signoff(&["check", "--complete"]));
    tell("preview", bob.gatecheck(&["preview"]));
    bob.commit("Epoch 0");
    tell("verify --format concise", ada.gatecheck(&["verify", "--format", "concise"]));
    let bobs = regex::Regex::new(r"\b[0-9a-f]{40}\b").unwrap();
    let words = format!("$ gatecheck preview\n{}\n{words}", first.out);
    let words = steady(&bobs.replace_all(&words, "<id>"), &sandbox);
    insta::assert_snapshot!("words", format!("{words}\n{}", steady(&draft, &sandbox)));
}

#[test]
fn what_two_people_add_on_two_branches_git_merges_and_the_merge_is_the_gate() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.git(&["switch", "-q", "-c", "gate"]);
    ada.signoff(&["new"]).must(0, &["on refs/heads/gate"]);
    ada.commit("Draft");
    ada.git(&["switch", "-q", "-c", "ada"]);
    ada.add("docs", &[]).must(0, &["it counts"]);
    ada.commit("Ada signs");
    bob.git(&["switch", "-q", "-c", "bob", "gate"]);
    bob.add("kernel", &[]).must(0, &["it counts", "docs: 1 more person: ada"]);
    bob.commit("Bob signs");
    ada.git(&["switch", "-q", "gate"]);
    ada.git(&["merge", "-q", "--no-edit", "ada"]);
    ada.git(&["merge", "-q", "--no-edit", "bob"]);
    ada.signoff(&["check", "--complete"]).must(0, &["as if the branch were merged", "2 count"]);
    // From another branch, by name.
    ada.git(&["switch", "-q", "main"]);
    ada.gatecheck(&["preview", "gate"]).must(0, &["ready: nothing is missing", "on this branch"]);
    ada.gatecheck(&["preview", "ada"]).must(1, &["kernel: 1 more person: bob"]);
    ada.git(&["merge", "-q", "--no-ff", "-S", "--no-edit", "gate"]);
    ada.gatecheck(&["verify", "--format", "concise"]).must(0, &["pass:"]);
}

#[test]
fn where_git_cannot_merge_the_driver_does() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.work("kernel/b.rs", "fn b() {}\n");
    bob.work("kernel/c.rs", "fn c() {}\n");
    ada.git(&["switch", "-q", "-c", "gate"]);
    ada.signoff(&["new"]).must(0, &[]);
    ada.commit("Draft");
    for person in [&ada, &bob] {
        let name = if std::ptr::eq(person, &ada) { "ada" } else { "bob" };
        person.git(&["switch", "-q", "-c", name, "gate"]);
        person.add("kernel", &[]).must(0, &["it counts"]);
        person.commit("Sign");
    }
    ada.git(&["switch", "-q", "ada"]);
    let merge = || ada.command("git", "project").args(["merge", "-q", "--no-edit", "bob"]).output();
    assert!(!merge().unwrap().status.success(), "git cannot know the order of the two");
    let torn = sandbox.read(MANIFEST);
    for args in [&["check"][..], &["add", "--domain", "docs", "--yes"]] {
        ada.signoff(args).must(2, &["holds the marks of a conflict, from line"]);
    }
    assert_eq!(sandbox.read(MANIFEST), torn);
    // By hand, as the message says.
    for (side, name) in [("2", "ours.toml"), ("3", "theirs.toml")] {
        let text = ada.git(&["show", &format!(":{side}:{FILE}")]);
        sandbox.write(&format!("project/{name}"), &format!("{text}\n"));
    }
    ada.signoff(&["merge", "ours.toml", "theirs.toml"]).must(0, &[]);
    let by_hand = sandbox.read("project/ours.toml");
    assert!(by_hand.contains("reviewer_id = \"ada\"") && by_hand.contains("reviewer_id = \"bob\""));
    std::fs::remove_file(sandbox.path("project/ours.toml")).unwrap();
    std::fs::remove_file(sandbox.path("project/theirs.toml")).unwrap();
    ada.git(&["merge", "--abort"]);
    // As git's driver.
    let driver = format!("'{}' signoff merge %A %B %O", env!("CARGO_BIN_EXE_gatecheck"));
    ada.git(&["config", "merge.gatecheck.driver", &driver]);
    sandbox.write("project/.git/info/attributes", "epoch_signoffs/*.toml merge=gatecheck\n");
    assert!(merge().unwrap().status.success());
    assert_eq!(sandbox.read(MANIFEST), by_hand);
    ada.signoff(&["check"]).must(0, &["2 of 2 sign-offs attested, 2 count"]);
}

#[test]
fn merging_says_what_cannot_be_united_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new"]).must(0, &[]);
    let draft = sandbox.read(MANIFEST);
    ada.add("docs", &[]).must(0, &[]);
    let one = sandbox.read(MANIFEST);
    ada.add("docs", &["--replace", "--scope", "OTHER"]).must(0, &[]);
    sandbox.write("project/one.toml", &one);
    ada.signoff(&["merge", FILE, "one.toml"])
        .must(1, &["both sides changed the sign-off of ada for docs"]);
    let other =
        draft.replace("previous_gate = \"none\"", &format!("previous_gate = \"{:040}\"", 7));
    sandbox.write("project/one.toml", &other);
    ada.signoff(&["merge", "one.toml", FILE]).must(1, &["previous_gate: 0000", "here, none there"]);
    assert_eq!(sandbox.read("project/one.toml"), other);
    sandbox.write("project/one.toml", "x = 1\n");
    ada.signoff(&["merge", "one.toml", FILE]).must(2, &["does not say in [manifest]"]);
}

#[test]
fn nothing_is_written_that_would_be_refused() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    let eve = Person::with_ssh(&sandbox, "eve");
    let anchor = found(&sandbox, [&ada, &bob], "");
    eve.run("git", "project", &["config", "--global", "gatecheck.project.anchor", &anchor]);
    ada.signoff(&["add", "--domain", "docs", "--yes"]).must(2, &["gatecheck signoff new"]);
    ada.signoff(&["new", "1"]).must(2, &["the next gate is that of epoch 0"]);
    ada.signoff(&["new"]).must(0, &[]);
    ada.signoff(&["new"]).must(2, &["is there already, and nothing is overwritten"]);
    let draft = sandbox.read(MANIFEST);
    let refuse = |person: &Person<'_>, domain: &str, more: &[&str], status: i32, words: &[&str]| {
        person.add(domain, more).must(status, words);
        assert_eq!(sandbox.read(MANIFEST), draft, "{words:?}");
    };
    refuse(&eve, "docs", &[], 2, &["your signing key is", "one of these would do"]);
    refuse(&ada, "docs", &["--as", "bob"], 2, &["your signing key is"]);
    refuse(&ada, "docs", &["--as", "eve"], 2, &["lists no reviewer eve", "ada, bob"]);
    refuse(&ada, "drivers", &[], 2, &["lists no domain drivers", "docs, kernel"]);
    refuse(&ada, "docs", &["--authored-by", "a\u{85}b"], 2, &["control character"]);
    // Ada wrote all of it.
    refuse(&ada, "kernel", &[], 1, &["self-review", "is as it was"]);
    // Nobody can be asked.
    ada.signoff(&["add", "--domain", "docs"]).must(2, &["--yes"]);
    assert_eq!(sandbox.read(MANIFEST), draft);
    // A dissent may stand without anything else; a second sign-off takes its place only when asked.
    ada.add("docs", &[]).must(0, &[]);
    ada.add("docs", &[]).must(2, &["has signed off docs already", "--replace"]);
    ada.add("docs", &["--replace", "--dissent", "not yet"]).must(0, &["ada dissents"]);
    ada.signoff(&["check"]).must(1, &["unresolved-dissent"]);
    ada.add("docs", &["--replace"]).must(0, &["it counts"]);
    // The content changed after the draft.
    let signed = sandbox.read(MANIFEST);
    sandbox.write("project/docs/guide", "2\n");
    bob.git(&["commit", "-q", "-a", "-m", "Change the guide"]);
    bob.add("kernel", &[]).must(1, &["subject-mismatch", "docs/guide"]);
    assert_eq!(sandbox.read(MANIFEST), signed);
}

#[test]
fn one_person_stands_for_two_domains_only_by_saying_so() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    let policy = "[policy.quorum]\ndistinct_reviewers = 1\n";
    found(&sandbox, [&ada, &bob], policy);
    bob.work("kernel/b.rs", "unsafe fn b() {}\n");
    ada.signoff(&["new"]).must(0, &[]);
    let roles = ["--role", "docs", "--role", "kernel", "--justification", "bob is away"];
    ada.add("docs", &[]).must(0, &[]);
    ada.add("kernel", &roles).must(1, &["multi-domain-unjustified"]);
    let replace = [&roles[..], &["--replace"]].concat();
    ada.add("docs", &replace).must(0, &["because: bob is away"]);
    let said = ada.add("kernel", &roles).must(0, &["nothing is missing", "kernel/b.rs:1 unsafe"]);
    assert!(said.out.contains("scope: KERNEL"), "{}", said.out);
}

#[test]
fn what_policy_asks_is_told_before_and_after() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    let policy = "[[policy.second_review]]\nname = \"tcb\"\npaths = [\"kernel/**\"]\n\
                  added_tokens = [\"unsafe\"]\nreviewers = 1\nother_domain = false\n\n\
                  [policy.ai_assisted]\ntrailers = [\"Assisted-by\"]\nsecond_review = \"tcb\"\n\
                  invariants = [\"KOM-1\"]\n";
    found(&sandbox, [&ada, &bob], policy);
    sandbox.write("project/kernel/b.rs", "// unsafe\nunsafe fn b() {}\n");
    ada.commit("Write b\n\nAssisted-by: a machine");
    ada.signoff(&["new"]).must(0, &["second-review-missing", "tcb", "ai-attestation-missing"]);
    ada.add("docs", &[]).must(0, &[]);
    bob.add("kernel", &[]).must(
        0,
        &[
            "1 commit was made with an AI's assistance",
            "kernel/b.rs:2 unsafe",
            "second-review-missing",
        ],
    );
    let more = ["--replace", "--review", "tcb", "--ai-understood", "--ai-invariant", "KOM-1"];
    let more = [&more[..], &["--ai-statement", "I read it"]].concat();
    bob.add("kernel", &more).must(0, &["nothing is missing"]);
    bob.commit("Epoch 0");
    ada.gatecheck(&["--format", "concise"]).must(0, &["pass:"]);
}

#[test]
fn signing_what_somebody_wrote_down_and_taking_it_back() {
    let sandbox = Sandbox::new();
    let ada = Person::with_openpgp(&sandbox, "ada");
    let bob = Person::with_ssh(&sandbox, "bob");
    found(&sandbox, [&ada, &bob], "");
    bob.signoff(&["new", "--content-digest"]).must(0, &[]);
    assert!(sandbox.read(MANIFEST).contains("subject_sha256 = \""));
    let now = sandbox.tool("date", ".", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]);
    let entry = format!(
        "\n[[signoffs]] # for ada\nreviewer_id = \"ada\"\ndomain = \"docs\"\nepoch = 0\ntimestamp = {now}\n"
    );
    sandbox.write(MANIFEST, &format!("{}{entry}", sandbox.read(MANIFEST)));
    bob.signoff(&["sign", "--yes"]).must(2, &["no sign-off of bob waits for a signature"]);
    ada.signoff(&["sign", "--yes"]).must(0, &["it counts"]);
    assert!(sandbox.read(MANIFEST).contains("[[signoffs]] # for ada\n"));
    ada.signoff(&["withdraw", "--domain", "kernel"]).must(2, &["no sign-off of ada for kernel"]);
    ada.signoff(&["withdraw", "--domain", "docs"]).must(0, &["no part of what was signed"]);
    ada.signoff(&["check"]).must(0, &["withdrawn", "docs: 1 more person: ada"]);
    let again = ada.add("docs", &[]);
    assert!(!again.out.contains("withdrawn"), "{}", again.out);
    again.must(0, &["it counts"]);
}

#[test]
fn a_correction_supersedes_and_must_be_one() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &[]);
    let before = sandbox.read(MANIFEST);
    ada.signoff(&["supersede", "--domain", "docs", "--by", "HEAD"]).must(1, &["supersede-chain"]);
    assert_eq!(sandbox.read(MANIFEST), before);
    // The correction comes with a merge that changes nothing, so that the content stays.
    ada.git(&["switch", "-q", "-c", "fix"]);
    ada.add("docs", &["--replace", "--scope", "GUIDE"]).must(0, &[]);
    let by = ada.commit("Correct");
    ada.git(&["switch", "-q", "main"]);
    ada.git(&["merge", "-q", "-S", "--no-edit", "--no-ff", "-s", "ours", "fix"]);
    sandbox.write(MANIFEST, &before);
    let said = ada.signoff(&["supersede", "--domain", "docs", "--by", &by]);
    said.must(0, &[&format!("is superseded by {by}"), "no part of what was signed"]);
    ada.signoff(&["check"]).must(0, &["ada for docs: attested, does not count: superseded"]);
}

#[test]
fn a_dissent_on_record_blocks_until_its_author_lifts_it() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    let object = ["dissent", "0", "--domain", "docs", "--reason", "the guide is wrong", "--yes"];
    ada.signoff(&["dissent", "1", "--domain", "docs", "--reason", "x"]).must(2, &["epoch 0"]);
    ada.signoff(&["dissent", "0", "--domain", "docs", "--reason", " "]).must(2, &["blank"]);
    ada.signoff(&object).must(0, &["commit it alone"]);
    ada.signoff(&object).must(2, &["nothing is overwritten"]);
    ada.commit("Dissent");
    ada.gatecheck(&["preview"]).must(1, &["ada dissents: \"the guide is wrong\""]);
    bob.signoff(&["new"]).must(0, &["ada dissents"]);
    bob.add("docs", &[]).must(1, &["self-review"]);
    bob.add("kernel", &[]).must(0, &["it counts", "ada dissents"]);
    sandbox.tool("sleep", ".", &["1.1"]);
    ada.add("docs", &[]).must(0, &["nothing is missing"]);
    ada.commit("Epoch 0");
    ada.gatecheck(&["--format", "concise"]).must(0, &["pass:"]);
    // The gate is attested again, by the same people.
    ada.signoff(&["reattest", "1"]).must(2, &["accepted gates after the anchor: epoch 0"]);
    ada.signoff(&["reattest", "0"]).must(0, &["re-attestation 1 of the gate of epoch 0"]);
    ada.add("docs", &[]).must(
        0,
        &[
            "it counts",
            "once more, as it was accepted",
            "docs/guide",
            "kernel: 1 more person: bob\n",
        ],
    );
    bob.add("kernel", &[]).must(0, &["nothing is missing", "git commit -S attests it again\n"]);
    let said = bob.signoff(&["check"]);
    assert!(!said.err.contains("git diff"), "{}", said.err);
    said.must(0, &["that of the gate which is attested again"]);
    bob.commit("Attest epoch 0 again");
    ada.gatecheck(&["--format", "concise"]).must(0, &["pass:"]);
    ada.signoff(&["reattest", "0"]).must(0, &["re-attestation 2"]);
}

#[test]
fn a_commit_that_was_made_first_and_a_squash_gate() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new", "--commit", "HEAD~9"]).must(2, &["goes back further"]);
    ada.signoff(&["new", "--commit", "HEAD"]).must(0, &["bound to commit"]);
    ada.add("docs", &[]).must(0, &[]);
    bob.add("kernel", &[]).must(0, &[]);
    bob.commit("Epoch 0, signed off later");
    ada.gatecheck(&["--format", "concise"]).must(0, &["pass:"]);
    ada.signoff(&["new", "--squash", "../x"]).must(2, &["cannot be the name"]);
    ada.signoff(&["new", "--squash", "Big"]).must(0, &["squash-Big.toml"]);
    ada.add("docs", &[]).must(0, &["1 of 2 people"]);
    bob.add("kernel", &[]).must(0, &["nothing is missing"]);
    bob.commit("Squash gate");
    ada.gatecheck(&["--format", "concise"]).must(0, &["pass:"]);
}

#[test]
fn a_program_that_does_not_sign_costs_nothing() {
    let sandbox = Sandbox::new();
    let ada = Person::with_openpgp(&sandbox, "ada");
    let bob = Person::with_ssh(&sandbox, "bob");
    found(&sandbox, [&ada, &bob], "");
    ada.signoff(&["new"]).must(0, &[]);
    let draft = sandbox.read(MANIFEST);
    let real = sandbox.tool("sh", ".", &["-c", "command -v gpg"]);
    for (script, status, words) in [
        (
            "echo 'gpg: signing failed: No such device' >&2; exit 2",
            2,
            &["did not sign", "No such device"][..],
        ),
        ("kill -9 $PPID; exit 1", -1, &[]),
    ] {
        let text =
            format!("#!/bin/sh\ncase \"$*\" in *export*) exec {real} \"$@\";; esac\n{script}\n");
        sandbox.program("ada/gpg-of-mine", &text);
        ada.run("git", "project", &["config", "--global", "gpg.program", "~/gpg-of-mine"]);
        let said = ada.add("docs", &[]);
        assert_eq!(said.status, status, "{}{}", said.out, said.err);
        words.iter().for_each(|words| assert!(said.err.contains(words), "{}", said.err));
        assert_eq!(sandbox.read(MANIFEST), draft);
        assert_eq!(sandbox.files("project/epoch_signoffs"), ["epoch-0.toml"]);
    }
}

#[test]
fn where_there_is_nothing_to_stand_on_it_is_said() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    sandbox.repository("empty");
    for args in [&["signoff", "new"][..], &["signoff", "add", "--domain", "x"], &["preview"]] {
        let all = [&["--repo", "../empty"][..]].concat();
        let all = [args, &all].concat();
        std::fs::create_dir_all(sandbox.path("project")).unwrap();
        ada.gatecheck(&all).must(2, &["refs/heads/main has no commit yet"]);
    }
    std::fs::remove_dir(sandbox.path("project")).unwrap();
    found(&sandbox, [&ada, &bob], "");
    ada.git(&["switch", "-q", "--detach"]);
    ada.signoff(&["new"]).must(2, &["HEAD is on no branch", "git switch BRANCH"]);
    ada.gatecheck(&["preview"]).must(1, &["no manifest is drafted yet"]);
    ada.git(&["switch", "-q", "--orphan", "other"]);
    ada.signoff(&["new"]).must(2, &["refs/heads/other has no commit yet"]);
    // A link out of the work tree is not followed.
    ada.git(&["switch", "-q", "-f", "main"]);
    ada.git(&["clone", "-q", "--bare", ".", "../bare"]);
    ada.signoff(&["new", "--repo", "../bare"]).must(2, &["bare"]);
    std::os::unix::fs::symlink(sandbox.path("empty"), sandbox.path("project/epoch_signoffs"))
        .unwrap();
    ada.signoff(&["new"]).must(2, &["leads out of the work tree"]);
    assert!(!sandbox.path("empty/epoch-0.toml").exists());
}
