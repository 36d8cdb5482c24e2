//! `gatecheck ceremony` on requests, work trees and histories that somebody else made.
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

use std::process::Stdio;

use cli_support::ceremony::*;
use cli_support::{Said, Sandbox};

/// A request of ada's, who founded the project alone: her registry with this behind it, and files
/// beside it. The path is on her machine.
fn amended(ada: &Sandbox, more: &str, files: &[(&str, &str)], args: &[&str]) -> String {
    let registry = ada.read(REGISTRY);
    ada.write("draft/reviewer-registry.toml", &format!("{registry}\n{more}"));
    for (name, text) in files {
        ada.write(&format!("draft/{name}"), text);
    }
    let plan = ["ceremony", "plan", "amend", "--registry", "../draft/reviewer-registry.toml"];
    good(ada.gatecheck("project", &[&plan[..], &["-o", "../r.toml"], args].concat()));
    "r.toml".to_owned()
}

/// A further domain.
const DOCS: &str = "[[domains]]\nid = \"docs\"\nprimary = \"ada\"\n";

fn lone(ada: &Sandbox) -> String {
    let key = ada.ssh_key();
    founded(ada);
    key
}

fn approve(ada: &Sandbox) -> Said {
    good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--yes"]))
}

fn apply(ada: &Sandbox, args: &[&str]) -> Said {
    ada.gatecheck("project", &[&["ceremony", "apply", "../r.toml"], args].concat())
}

/// ada's machine with a request for a further domain that she approved.
fn docs_approved() -> Sandbox {
    let ada = machine("ada");
    lone(&ada);
    amended(&ada, DOCS, &[], &[]);
    approve(&ada);
    ada
}

/// A bot with a key at a path.
fn bot(ada: &Sandbox, path: &str) -> (String, String) {
    let (file, fingerprint) = another_key(ada, "bot");
    let entries = format!(
        "[[reviewers]]\nid = \"bot\"\nname = \"bot\"\nkind = \"bot\"\n\n[[keys]]\nreviewer_id = \"bot\"\n\
         format = \"ssh\"\nfingerprint = \"{fingerprint}\"\npublic_key = \"{path}\"\n\
         effective_from = 2026-01-01\n"
    );
    (entries, std::fs::read_to_string(file).unwrap())
}

/// Anybody can sign with a key of their own and write somebody else's name above it.
#[test]
fn an_approval_by_a_key_that_no_registry_lists_is_not_called_good() {
    let (ada, eve) = (machine("ada"), machine("eve"));
    let hers = lone(&ada);
    let foreign = eve.ssh_key();
    amended(&ada, DOCS, &[], &[]);
    approve(&ada);
    let signed = ada.read("r.toml");
    let dry = good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--dry-run"])).out;
    let time = |text: &str, mark: &str| {
        let rest = text.split_once(mark).unwrap().1;
        rest.split(['"', '\n']).next().unwrap().to_owned()
    };
    let made = time(&dry, "\"timestamp\":\"");
    let stated = time(&signed, "\ntimestamp = ");
    let payload = dry.replace(&made, &stated).replace(&hers, &foreign);
    eve.write("payload", &payload);
    let key = eve.path("home/.ssh/id");
    eve.tool(
        "ssh-keygen",
        ".",
        &["-q", "-Y", "sign", "-n", "gatecheck", "-f", key.to_str().unwrap(), "payload"],
    );
    let begin = signed.find("-----BEGIN SSH").unwrap();
    let end = signed.find("-----END SSH SIGNATURE-----\n").unwrap();
    let end = end + "-----END SSH SIGNATURE-----\n".len();
    let (head, tail) = (&signed[..begin], &signed[end..]);
    let at = head.rfind(&hers).unwrap();
    let head = format!("{}{foreign}{}", &head[..at], &head[at + hers.len()..]);
    let public = eve.read("home/.ssh/id.pub");
    let forged = format!(
        "{head}{}{tail}\n[[known_key_files]]\npath = \"keys/eve.pub\"\ntext = '''\n{public}'''\n",
        eve.read("payload.sig")
    );
    ada.write("forged.toml", &forged);
    let shown = ada.gatecheck(".", &["ceremony", "show", "forged.toml"]);
    refused(&shown, 1, "no registry of this ceremony lists the key for ada");
    let apply = ada.gatecheck("project", &["ceremony", "apply", "../forged.toml"]);
    assert_eq!(apply.status, 1, "{}{}", apply.out, apply.err);
}

#[test]
fn what_cannot_be_written_whole_is_not_begun() {
    for path in ["keys/ada.pub/bot.pub", "keys/.gatecheck-ceremony-unfinished"] {
        let ada = machine("ada");
        lone(&ada);
        let (entries, public) = bot(&ada, path);
        let name = path.strip_prefix("keys/").unwrap();
        amended(&ada, &entries, &[(name, &public)], &[]);
        approve(&ada);
        approve_as(&ada, "r.toml", "bot");
        let before = state(&ada);
        let said = apply(&ada, &[]);
        assert_eq!(said.status, 2, "{}{}", said.out, said.err);
        assert_eq!(state(&ada), before, "{path}");
        assert!(!ada.path(JOURNAL).exists(), "{path}");
    }
}

/// Git ignores what stands in the way, so that it is not among what git calls changed.
#[test]
fn a_folder_where_a_file_goes_is_seen_before_the_first_write() {
    let ada = machine("ada");
    lone(&ada);
    let (entries, public) = bot(&ada, "keys/bot.pub");
    amended(&ada, &entries, &[("bot.pub", &public)], &[]);
    approve(&ada);
    approve_as(&ada, "r.toml", "bot");
    ada.write("project/.git/info/exclude", "*.pub\n");
    ada.write("project/keys/bot.pub/x.pub", "x");
    let said = apply(&ada, &[]);
    refused(&said, 2, "keys/bot.pub");
    assert!(!ada.path(JOURNAL).exists());
    assert_eq!(ada.git("project", &["status", "--short"]), "");
}

#[test]
fn the_work_tree_is_read_through_no_link_and_no_pipe() {
    let ada = docs_approved();
    let registry = ada.path(REGISTRY);
    let text = ada.read(REGISTRY);
    let outside = ada.path("outside.toml");
    std::fs::rename(&registry, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &registry).unwrap();
    let said = apply(&ada, &[]);
    refused(&said, 2, "keys/reviewer-registry.toml; nothing was written");
    std::fs::remove_file(&registry).unwrap();
    ada.tool("mkfifo", "project", &["keys/reviewer-registry.toml"]);
    let done = ada
        .command("timeout", "project")
        .args(["300", env!("CARGO_BIN_EXE_gatecheck"), "ceremony", "apply", "../r.toml"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2), "nobody writes into that pipe");
    std::fs::remove_file(&registry).unwrap();
    assert_eq!(ada.read("outside.toml"), text);
}

#[test]
fn everything_that_is_signed_is_shown_to_whoever_signs() {
    let ada = machine("ada");
    lone(&ada);
    let long = format!("{}harmless.{} THE END", "x".repeat(900), "y".repeat(900));
    let paths: Vec<String> = (0..60).map(|n| format!("\"docs/a-long-name-{n}/**\"")).collect();
    let domain = format!(
        "[[domains]]\nid = \"docs\"\nprimary = \"ada\"\npaths = [{}, \"src/**\"]\n\
         # ##[error] and ::error::\n",
        paths.join(", ")
    );
    amended(&ada, &domain, &[], &["--reason", &long]);
    let said = approve(&ada);
    assert!(said.out.contains(&long), "{}", said.out);
    assert!(said.out.contains("docs/a-long-name-59/**\", \"src/**\"]"), "{}", said.out);
    assert!(!said.out.contains("##["), "{}", said.out);
    let bytes = said.out.find("signed: authorise").unwrap();
    assert!(said.out.find("the registry's text").unwrap() < bytes, "before it is signed");
}

/// A build service obeys a command wherever in a line it stands, or where a line begins with it.
#[test]
fn a_registry_steers_no_build_service() {
    let ada = machine("ada");
    lone(&ada);
    let policy = "[[policy.forbidden]]\nname = \"x\"\npattern = '''\n::error::caught (?x)\n'''\n";
    amended(&ada, policy, &[], &["--reason", "##[error]no"]);
    approve(&ada);
    good(apply(&ada, &["--commit"]));
    let two = ada.read(REGISTRY) + DOCS;
    ada.write("draft/reviewer-registry.toml", &two);
    for args in [
        &["ceremony", "show", "2", "--diff"][..],
        &[
            "ceremony",
            "plan",
            "amend",
            "--registry",
            "../draft/reviewer-registry.toml",
            "--dry-run",
        ],
    ] {
        let said = good(ada.gatecheck("project", args));
        assert!(said.out.contains("caught"), "{}", said.out);
        assert!(!said.out.contains("##["), "{}", said.out);
        let obeyed = |line: &str| line.trim_start().starts_with("::");
        assert!(!said.out.lines().any(obeyed), "{}", said.out);
    }
}

#[test]
fn a_file_stands_in_for_no_serial_and_no_commit() {
    let (ada, bob) = (machine("ada"), machine("bob"));
    ada.ssh_key();
    two_people(&ada, &bob);
    let planted = ada.read("enroll.toml").replace("id = \\\"bob\\\"", "id = \\\"eve\\\"");
    let head = ada.git("project", &["rev-parse", "HEAD"]);
    for name in ["2", head.as_str()] {
        ada.write(&format!("project/{name}"), &planted);
        let shown = good(ada.gatecheck("project", &["ceremony", "show", name]));
        assert!(shown.out.contains("approvals"), "{}", shown.out);
        assert_eq!(shown.out.matches("the signature verifies").count(), 2, "{}", shown.out);
        std::fs::remove_file(ada.path(&format!("project/{name}"))).unwrap();
    }
    ada.write("project/HEAD", &planted);
    let shown = ada.gatecheck("project", &["ceremony", "show", "HEAD"]);
    refused(&shown, 2, "./HEAD");
    good(ada.gatecheck("project", &["ceremony", "show", "HEAD~0"]));
    std::fs::remove_file(ada.path("project/HEAD")).unwrap();

    // A request may bear the name of a record.
    let name = "0002-enroll-bob.toml";
    ada.write(name, &ada.read("enroll.toml"));
    let shown = good(ada.gatecheck(".", &["ceremony", "show", name]));
    assert!(shown.out.contains("0002: enroll bob"), "{}", shown.out);

    // A record that is not in the history is not that of the same serial.
    let record = "keys/ceremonies/0002-retire-bob.toml";
    ada.write(&format!("project/{record}"), "x");
    let shown = ada.gatecheck("project", &["ceremony", "show", record]);
    refused(&shown, 2, "0002-retire-bob.toml");
    std::fs::remove_file(ada.path(&format!("project/{record}"))).unwrap();
    let record = "project/keys/ceremonies/0002-enroll-bob.toml";
    ada.write(record, &ada.read(record).replace("reason = \"\"", "reason = \"other\""));
    let shown = ada.gatecheck("project", &["ceremony", "show", record.split_once('/').unwrap().1]);
    refused(&shown, 1, "the file is not what was committed");
}

/// Who is asked what is in force must not be told so as if nothing were wrong.
#[test]
fn a_newer_registry_on_a_merged_branch_is_told_wherever_a_registry_is() {
    let ada = machine("ada");
    let key = lone(&ada);
    ada.git("project", &["checkout", "-q", "-b", "side"]);
    amended(&ada, DOCS, &[], &[]);
    approve(&ada);
    good(apply(&ada, &["--commit"]));
    ada.git("project", &["checkout", "-q", "main"]);
    good(ada.gatecheck("project", &["ceremony", "log"]));
    good(ada.gatecheck("project", &["status"]));
    good(ada.gatecheck("project", &["blast-radius", &key]));
    ada.git("project", &["merge", "-q", "-S", "-s", "ours", "-m", "Merge", "side"]);
    let words = "carries a newer registry";
    refused(&ada.gatecheck("project", &["verify"]), 1, words);
    refused(&ada.gatecheck("project", &["ceremony", "log"]), 1, words);
    refused(&ada.gatecheck("project", &["status"]), 3, words);
    refused(&ada.gatecheck("project", &["blast-radius", &key]), 3, words);
}

#[test]
fn a_record_that_was_rewritten_is_in_the_log() {
    let (ada, bob) = (machine("ada"), machine("bob"));
    ada.ssh_key();
    two_people(&ada, &bob);
    good(ada.gatecheck("project", &["ceremony", "log"]));
    let record = "project/keys/ceremonies/0002-enroll-bob.toml";
    ada.write(record, &ada.read(record).replace("reason = \"\"", "reason = \"other\""));
    ada.git("project", &["commit", "-q", "-a", "-S", "-m", "Rewrite"]);
    refused(&ada.gatecheck("project", &["verify"]), 1, "unauthorised-registry-change");
    refused(&ada.gatecheck("project", &["ceremony", "log"]), 1, "unauthorised-registry-change");
}

/// A key file that was replaced without a ceremony as well.
#[test]
fn a_key_file_that_was_replaced_is_in_the_log() {
    let (ada, bob) = (machine("ada"), machine("bob"));
    ada.ssh_key();
    two_people(&ada, &bob);
    let (_, public) = bot(&ada, "keys/bot.pub");
    ada.write("project/keys/bob.pub", &public);
    ada.git("project", &["commit", "-q", "-a", "-S", "-m", "Rewrite"]);
    assert_eq!(ada.gatecheck("project", &["verify"]).status, 1);
    let log = ada.gatecheck("project", &["ceremony", "log"]);
    assert_eq!(log.status, 1, "{}{}", log.out, log.err);
}

/// Variables that hooks export lead git elsewhere.
#[test]
fn the_commit_goes_where_the_files_went() {
    let ada = docs_approved();
    ada.repository("other");
    let other = ada.commit("other", "x");
    let done = ada
        .command(env!("CARGO_BIN_EXE_gatecheck"), "project")
        .args(["ceremony", "apply", "../r.toml", "--commit"])
        .env("GIT_DIR", ada.path("other/.git"))
        .env("GIT_WORK_TREE", ada.path("other"))
        .env("GIT_INDEX_FILE", ada.path("other/.git/index"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(ada.git("other", &["rev-parse", "HEAD"]), other);
    let log = good(ada.gatecheck("project", &["ceremony", "log"]));
    assert!(log.out.contains("0002 amend"), "{}", log.out);
}

/// Nobody approved what else is staged; whoever commits should know of it.
#[test]
fn what_else_is_staged_is_named() {
    let ada = docs_approved();
    ada.write("project/src/\u{1b}x.rs", "x");
    ada.git("project", &["add", "src"]);
    let said = good(apply(&ada, &["--dry-run"]));
    assert!(said.out.contains("src/\\u{1b}x.rs"), "{}", said.out);
    let said = apply(&ada, &["--commit"]);
    refused(&said, 2, "nobody approved: src/\\u{1b}x.rs; nothing was written");
    ada.git("project", &["reset", "-q"]);
    good(apply(&ada, &["--commit"]));
}

/// A digest says nothing to anybody: what a key file holds, and whose place it takes, does.
#[test]
fn what_key_files_hold_is_shown_to_whoever_signs() {
    let (ada, eve) = (machine("ada"), machine("eve"));
    let hers = lone(&ada);
    let foreign = eve.ssh_key();
    let both = ada.read("project/keys/ada.pub") + &eve.read("home/.ssh/id.pub");
    amended(&ada, DOCS, &[("ada.pub", &both)], &[]);
    let said = approve(&ada);
    for words in [
        "keys/ada.pub, in place of what is there, SHA-256 ".to_owned(),
        format!("holds {hers}  ada"),
        format!("holds {foreign}  of nobody: no entry names it"),
    ] {
        assert!(said.out.contains(&words), "no {words} in {}", said.out);
    }
    let before = said.out.find("signed: authorise").unwrap();
    assert!(said.out.find(&foreign).unwrap() < before);
}

#[test]
fn a_huge_file_in_the_place_of_a_small_one_is_not_read() {
    let ada = docs_approved();
    let file = std::fs::OpenOptions::new().write(true).open(ada.path(REGISTRY)).unwrap();
    file.set_len(8 << 30).unwrap();
    let program = env!("CARGO_BIN_EXE_gatecheck");
    let script = "ulimit -v 4000000; exec \"$0\" ceremony apply ../r.toml";
    let done = ada.command("sh", "project").args(["-c", script, program]).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("keys/reviewer-registry.toml; nothing was written"), "{said}");
}

/// Whoever passes a request on can put a later time and any signature into it.
#[test]
fn nobody_takes_the_place_of_an_approval_that_verifies() {
    let ada = docs_approved();
    let good_one = ada.read("r.toml");
    let at = good_one.find("\ntimestamp = 20").unwrap() + "\ntimestamp = ".len();
    let bad = format!("{}2099{}", &good_one[..at], &good_one[at + 4..]);
    ada.write("bad.toml", &bad);
    for order in [["../r.toml", "../bad.toml"], ["../bad.toml", "../r.toml"]] {
        let apply = [&["ceremony", "apply", "--dry-run"][..], &order].concat();
        let said = good(ada.gatecheck("project", &apply));
        assert!(said.out.contains("the signature verifies"), "{}", said.out);
        assert!(!said.out.contains("2099-"), "{}", said.out);
    }
}

/// A record that was put there beside the real one hides it in no order.
#[test]
fn a_planted_record_hides_none() {
    let ada = machine("ada");
    lone(&ada);
    let sum = ada.tool("sha256sum", ".", &[REGISTRY]);
    let sum = sum.split(' ').next().unwrap();
    let head = ada.git("project", &["rev-parse", "HEAD"]);
    ada.write(
        "project/keys/ceremonies/0002-amend-ada.toml",
        &format!(
            "[ceremony]\nserial = 2\nkind = \"amend\"\nprevious_registry_sha256 = \"{sum}\"\n\
             registry_sha256 = \"{sum}\"\nparent = \"{head}\"\n"
        ),
    );
    ada.commit("project", "Plant");
    amended(&ada, DOCS, &[], &[]);
    approve(&ada);
    good(apply(&ada, &["--commit"]));
    let shown = ada.gatecheck("project", &["ceremony", "show", "2"]);
    refused(&shown, 1, "domain docs added");
    assert!(shown.out.contains("is of serial 1"), "{}", shown.out);
    let real = "keys/ceremonies/0002-amend.toml";
    let shown = good(ada.gatecheck("project", &["ceremony", "show", real]));
    assert!(shown.out.contains("the signature verifies"), "{}", shown.out);
}

#[test]
fn a_command_that_is_printed_can_be_typed() {
    let ada = machine("ada");
    lone(&ada);
    amended(&ada, DOCS, &[], &[]);
    ada.write("-r.toml", &ada.read("r.toml"));
    let said = good(ada.gatecheck(".", &["ceremony", "approve", "--yes", "--", "-r.toml"]));
    let line = said.out.lines().find(|line| line.contains("gatecheck ceremony apply")).unwrap();
    assert_eq!(line.trim(), "gatecheck ceremony apply ./-r.toml");
}

#[test]
fn a_file_that_git_ignores_is_not_written_over() {
    let ada = machine("ada");
    lone(&ada);
    let (entries, public) = bot(&ada, "keys/bot.pub");
    amended(&ada, &entries, &[("bot.pub", &public)], &[]);
    approve(&ada);
    approve_as(&ada, "r.toml", "bot");
    ada.write("project/.git/info/exclude", "*.pub\n");
    ada.write("project/keys/bot.pub", "my own");
    let said = apply(&ada, &[]);
    refused(&said, 2, "keys/bot.pub; nothing was written");
    assert_eq!(ada.read("project/keys/bot.pub"), "my own");
    ada.write("project/keys/bot.pub", &public);
    good(apply(&ada, &["--commit"]));
}

#[test]
fn a_branch_that_is_being_merged_does_not_come_along() {
    let ada = docs_approved();
    ada.git("project", &["checkout", "-q", "-b", "side"]);
    ada.git("project", &["commit", "-q", "--allow-empty", "-m", "x"]);
    ada.git("project", &["checkout", "-q", "main"]);
    ada.git("project", &["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let commit = ["ceremony", "apply", "../r.toml", "--commit"];
    refused(
        &ada.gatecheck("project", &commit),
        2,
        "nobody approved: a branch that is being merged",
    );
    ada.git("project", &["merge", "--abort"]);
    good(ada.gatecheck("project", &commit));
    assert_eq!(ada.git("project", &["rev-list", "--count", "--merges", "HEAD"]), "0");
}
