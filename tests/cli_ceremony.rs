//! `gatecheck ceremony` as people use it: two machines with homes of their own, real gpg and
//! ssh-keygen, files that are carried from one to the other.
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
use cli_support::ceremony::*;

#[test]
fn an_ssh_user_is_enrolled_and_a_key_is_rotated_by_two_people_on_two_machines() {
    let (ada, bob) = (machine("ada"), machine("bob"));
    let old = ada.openpgp_key();
    two_people(&ada, &bob);
    let log = good(ada.gatecheck("project", &["ceremony", "log"]));
    assert!(log.out.contains("0002 enroll bob") && log.out.contains("accepted"), "{}", log.out);

    // A new certificate of ada's, on her machine.
    let make =
        ["--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "Ada 2 <ada2@example.org>"];
    ada.tool("gpg", "home", &[&make[..], &["ed25519", "sign", "2y"]].concat());
    let list =
        ada.tool("gpg", "home", &["--batch", "--with-colons", "--fingerprint", "ada2@example.org"]);
    let new = list.lines().find(|line| line.starts_with("fpr:")).unwrap();
    let new = new.split(':').nth(9).unwrap().to_lowercase();
    ada.write("new.asc", &ada.tool("gpg", "home", &["--batch", "--armor", "--export", &new]));

    let plan = ["ceremony", "plan", "rotate", "ada", "--key", "../new.asc", "--retire", &old];
    let planned =
        good(ada.gatecheck("project", &[&plan[..], &["--reason", "the old one is old"]].concat()));
    insta::assert_snapshot!("plan_of_a_rotation", still(&planned.out));
    let name = "ceremony-0003-rotate-ada.toml";
    let again = ada.gatecheck("project", &plan);
    refused(&again, 2, "is there already, perhaps with approvals");

    // Both approve at once, each on a copy, bob without the repository.
    carry(&ada, &format!("project/{name}"), &bob, name);
    let shown = good(bob.gatecheck(".", &["ceremony", "approve", name, "--yes"]));
    insta::assert_snapshot!("approval_of_a_rotation", still(&shown.out));
    carry(&bob, name, &ada, "from-bob.toml");
    let apply = ["ceremony", "apply", name, "../from-bob.toml"];
    let early = ada.gatecheck("project", &apply);
    refused(&early, 1, "still missing");
    insta::assert_snapshot!("rotation_with_missing_approvals", still(&early.out));
    good(ada.gatecheck("project", &["ceremony", "approve", name, "--yes"]));
    let held = ["ceremony", "approve", name, "--yes", "--key", &new, "--output", "held.toml"];
    assert!(good(ada.gatecheck("project", &held)).out.contains("signed: possession by ada"));
    refused(&ada.gatecheck("project", &apply), 1, "with the new key");

    let all = [&apply[..], &["held.toml"]].concat();
    let applied = good(ada.gatecheck("project", &all));
    insta::assert_snapshot!("applied_rotation", still(&applied.out));
    let once_more = good(ada.gatecheck("project", &all));
    assert_eq!(still(&once_more.out), still(&applied.out), "it can be run again");
    ada.git("project", &["commit", "-q", "-S", "-m", "Ceremony 0003: rotate ada"]);
    refused(&ada.gatecheck("project", &all), 2, "in force already");

    let verdict = good(ada.gatecheck("project", &["--format", "concise"]));
    assert!(verdict.out.contains("pass:"), "{}", verdict.out);
    let log = good(ada.gatecheck("project", &["ceremony", "log"]));
    assert_eq!(log.out.matches("accepted").count(), 2, "{}", log.out);
    insta::assert_snapshot!("log_of_two_ceremonies", still(&log.out));
    for what in ["3", "HEAD", "keys/ceremonies/0003-rotate-ada.toml"] {
        let shown = good(ada.gatecheck("project", &["ceremony", "show", what]));
        assert_eq!(shown.out.matches("the signature verifies").count(), 3, "{}", shown.out);
    }
    refused(&ada.gatecheck("project", &["ceremony", "show", "9"]), 2, "no record of serial 9");

    // What the old key signs from now on counts no more.
    let plan = ["ceremony", "plan", "retire", "bob", "-o", "../retire.toml"];
    let said = good(ada.gatecheck("project", &plan));
    assert!(said.out.contains("bob approves too"), "{}", said.out);
    let spent = ["ceremony", "approve", "retire.toml", "--yes", "--key", &old];
    refused(
        &ada.gatecheck(".", &spent),
        2,
        &format!("your signing key is {old}; one of these would do"),
    );
}

/// Three founders; ada's key on one machine, those of bob and cyd on another.
fn three_people(ada: &Sandbox, others: &Sandbox, ada_until: &str) -> [String; 3] {
    let mut fingerprints = Vec::new();
    ada.repository("project");
    let mut registry = "[schema]\nversion = \"1.1.0\"\nserial = 1\n\n[project]\nid = \"project\"\n\
         mainline = \"refs/heads/main\"\n"
        .to_owned();
    let mut keys = String::new();
    for (name, sandbox) in [("ada", ada), ("bob", others), ("cyd", others)] {
        let (path, fingerprint) = another_key(sandbox, name);
        ada.write(&format!("project/keys/{name}.pub"), &std::fs::read_to_string(path).unwrap());
        let until = if name == "ada" { ada_until } else { "2099-01-01" };
        registry +=
            &format!("\n[[reviewers]]\nid = \"{name}\"\nname = \"{name}\"\nkind = \"human\"\n");
        keys += &format!(
            "\n[[keys]]\nreviewer_id = \"{name}\"\nformat = \"ssh\"\nfingerprint = \"{fingerprint}\"\n\
             public_key = \"keys/{name}.pub\"\neffective_from = 2025-01-01\neffective_until = {until}\n"
        );
        fingerprints.push(fingerprint);
    }
    registry += "\n[[domains]]\nid = \"kernel\"\nprimary = \"ada\"\nbackup = \"bob\"\n";
    registry += &keys;
    ada.write(REGISTRY, &registry);
    ada.write(
        "project/DECISION_LOG.md",
        "# Decisions\n\n## 2026 Key of ada\n\nIt was on a lost laptop.\n",
    );
    ada.git("home", &["config", "--global", "gpg.format", "ssh"]);
    others.git("home", &["config", "--global", "gpg.format", "ssh"]);
    ada.git("home", &["config", "--global", "user.signingKey", "~/.ssh/ada"]);
    let anchor = ada.commit("project", "Found the registry");
    ada.git("home", &["config", "--global", "gatecheck.project.anchor", &anchor]);
    fingerprints.try_into().unwrap()
}

/// Commits with the key of somebody who still can.
fn commit_as(ada: &Sandbox, others: &Sandbox, name: &str) {
    carry(others, &format!("home/.ssh/{name}"), ada, "borrowed");
    carry(others, &format!("home/.ssh/{name}.pub"), ada, "borrowed.pub");
    ada.tool("chmod", ".", &["600", "borrowed"]);
    let key = format!("user.signingKey={}", ada.path("borrowed").display());
    ada.git("project", &["-c", &key, "commit", "-q", "-S", "-m", "Ceremony"]);
}

#[test]
fn an_expired_key_is_replaced_by_the_others() {
    let (ada, others) = (machine("ada"), machine("bob"));
    let [old, ..] = three_people(&ada, &others, "2025-06-01");
    let (new_file, new) = another_key(&ada, "new");
    let plan = ["ceremony", "plan", "rotate", "ada", "--key", &new_file, "--retire", &old];
    let said = good(ada.gatecheck(
        "project",
        &[&plan[..], &["--retired-as", "expired", "-o", "../r.toml"]].concat(),
    ));
    assert!(said.out.contains("2 of these 3 approve: ada, bob, cyd"), "{}", said.out);
    assert!(said.out.contains("or else everybody else approves"), "{}", said.out);
    // Her old key is no longer good for anything.
    let late = ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--yes"]);
    refused(&late, 2, "this approval would not count, so nothing was written: key-window-closed");
    good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--yes", "--key", &new_file]));
    carry(&ada, "r.toml", &others, "r.toml");
    approve_as(&others, "r.toml", "bob");
    carry(&others, "r.toml", &ada, "r.toml");
    let some = ada.gatecheck("project", &["ceremony", "apply", "../r.toml"]);
    refused(&some, 1, "ada, with an old key; or else everybody of: ada, cyd");
    approve_as(&others, "r.toml", "cyd");
    carry(&others, "r.toml", &ada, "r.toml");
    good(ada.gatecheck("project", &["ceremony", "apply", "../r.toml"]));
    commit_as(&ada, &others, "bob");
    let log = good(ada.gatecheck("project", &["ceremony", "log"]));
    assert!(log.out.contains("0002 rotate ada") && log.out.contains("accepted"), "{}", log.out);
    assert!(ada.read(REGISTRY).contains(&new) && ada.read(REGISTRY).contains(&old));
}

#[test]
fn a_key_in_other_hands_is_taken_out() {
    let (ada, others) = (machine("ada"), machine("bob"));
    let [bad, ..] = three_people(&ada, &others, "2099-01-01");
    let tip = ada.git("project", &["rev-parse", "HEAD"]);
    let plan = ["ceremony", "plan", "compromise", "--retire", &bad, "--trusted-until", &tip];
    let silent = ada.gatecheck("project", &plan);
    refused(&silent, 2, "a compromised key needs a heading in the decision log");
    let ack = ["--charter-ack", "DECISION_LOG.md#2026-key-of-ada", "--primary", "kernel=bob"];
    let plan = [&plan[..], &ack[..], &["--backup", "kernel=cyd", "-o", "../c.toml"]].concat();
    let nowhere =
        plan.iter().map(|word| word.replace("-key-of-ada", "-nothing")).collect::<Vec<_>>();
    let nowhere: Vec<&str> = nowhere.iter().map(String::as_str).collect();
    refused(&ada.gatecheck("project", &nowhere), 1, "charter-ack-missing");
    assert!(!ada.path("c.toml").exists());
    let said = good(ada.gatecheck("project", &plan));
    insta::assert_snapshot!("plan_of_a_compromise", still(&said.out));
    // Whoever holds the key has no say.
    let thief = ada.gatecheck(".", &["ceremony", "approve", "c.toml", "--yes"]);
    refused(&thief, 2, "one of these would do");
    carry(&ada, "c.toml", &others, "c.toml");
    approve_as(&others, "c.toml", "bob");
    approve_as(&others, "c.toml", "cyd");
    carry(&others, "c.toml", &ada, "c.toml");
    good(ada.gatecheck("project", &["ceremony", "apply", "../c.toml"]));
    commit_as(&ada, &others, "bob");
    let log = good(ada.gatecheck("project", &["ceremony", "log"]));
    assert!(log.out.contains("0002 compromise ada") && log.out.contains("accepted"), "{}", log.out);
}

#[test]
fn a_changed_request_is_refused_wherever_it_turns_up() {
    let (ada, bob) = (machine("ada"), machine("bob"));
    ada.ssh_key();
    two_people(&ada, &bob);
    let (key, _) = another_key(&ada, "second");
    let plan = ["ceremony", "plan", "rotate", "ada", "--key", &key, "-o"];
    good(ada.gatecheck("project", &[&plan[..], &["../a.toml"]].concat()));
    good(ada.gatecheck("project", &[&plan[..], &["../b.toml", "--reason", "another"]].concat()));
    good(ada.gatecheck(".", &["ceremony", "approve", "a.toml", "--yes", "--output", "own.toml"]));
    let other = ada.gatecheck("project", &["ceremony", "apply", "../a.toml", "../b.toml"]);
    refused(&other, 2, "they differ in reason: , not another");
    let foreign = ada.gatecheck("project", &["ceremony", "apply", "../b.toml", "../own.toml"]);
    refused(&foreign, 2, "holds approvals of another request");

    let request = ada.read("a.toml");
    for (from, to, words) in [
        (
            "reviewers = [\"bob\"]",
            "reviewers = [\"eve\"]",
            "is not the registry that the record names",
        ),
        ("ssh-ed25519 AAAA", "ssh-ed25519 BBBB", "is not what the record lists"),
    ] {
        assert!(request.contains(from));
        ada.write("changed.toml", &request.replacen(from, to, 1));
        for command in ["approve", "apply", "show"] {
            let said = ada.gatecheck("project", &["ceremony", command, "../changed.toml"]);
            refused(&said, 2, words);
        }
    }
    // Words that are signed, changed after the signature: the record still fits, nothing else does.
    good(ada.gatecheck(".", &["ceremony", "approve", "a.toml", "--yes"]));
    let signed = ada.read("a.toml");
    assert!(signed.contains("reason = \"\""));
    ada.write("changed.toml", &signed.replacen("reason = \"\"", "reason = \"harmless\"", 1));
    refused(&ada.gatecheck(".", &["ceremony", "show", "changed.toml"]), 1, "DOES NOT VERIFY");
    let said = ada.gatecheck("project", &["ceremony", "apply", "../changed.toml"]);
    refused(&said, 1, "does not verify over this ceremony's statement");
    assert_eq!(ada.git("project", &["status", "--short"]), "");
}

#[test]
fn looking_leaves_no_trace() {
    let (ada, bob) = (machine("ada"), machine("bob"));
    ada.ssh_key();
    founded(&ada);
    bob.ssh_key();
    carry(&bob, "home/.ssh/id.pub", &ada, "bob.pub");
    let plan = ["ceremony", "plan", "enroll", "bob", "--name", "Bob", "--key", "../bob.pub"];
    let before = (ada.files("."), state(&ada));
    let said = good(ada.gatecheck("project", &[&plan[..], &["--dry-run"]].concat()));
    assert!(said.err.contains("nothing was written (--dry-run)"), "{}", said.err);
    let piped = good(ada.gatecheck("project", &[&plan[..], &["-o", "-"]].concat()));
    assert!(piped.out.starts_with("# A ceremony on its way") && piped.err.contains("who is asked"));
    assert_eq!((ada.files("."), state(&ada)), before);
    good(ada.gatecheck("project", &[&plan[..], &["-o", "../r.toml"]].concat()));
    let request = ada.read("r.toml");
    let bytes = good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--dry-run"]));
    assert!(bytes.out.starts_with("DSSEv1 28 application/vnd.in-toto+json "), "{}", bytes.out);
    assert!(bytes.err.contains("nothing was signed"), "{}", bytes.err);
    let asked = ada.gatecheck(".", &["ceremony", "approve", "r.toml"]);
    refused(&asked, 2, "nobody can be asked here, and nothing was signed");
    assert_eq!(ada.read("r.toml"), request);
    good(ada.gatecheck(".", &["ceremony", "approve", "r.toml", "--yes"]));
    carry(&ada, "r.toml", &bob, "r.toml");
    good(bob.gatecheck(".", &["ceremony", "approve", "r.toml", "--yes"]));
    carry(&bob, "r.toml", &ada, "r.toml");
    let before = (ada.files("."), state(&ada));
    let said = good(ada.gatecheck("project", &["ceremony", "apply", "../r.toml", "--dry-run"]));
    assert!(said.out.contains("would be written and staged"), "{}", said.out);
    assert_eq!((ada.files("."), state(&ada)), before);
    good(ada.gatecheck("project", &["ceremony", "apply", "--abort"]));
    refused(&ada.gatecheck("project", &["ceremony", "apply"]), 2, "no request is named");
}

#[test]
fn what_changes_decides_who_is_asked() {
    let (ada, others) = (machine("ada"), machine("bob"));
    three_people(&ada, &others, "2099-01-01");
    let plan = |args: &[&str]| {
        let common = ["ceremony", "plan"];
        ada.gatecheck("project", &[&common[..], args, &["-o", "../r.toml"]].concat())
    };
    // Nobody is missing, and nobody has dissented.
    let ack = ["--charter-ack", "DECISION_LOG.md#2026-key-of-ada"];
    let idle = plan(&[&["requalify", "--concerns", "ada"][..], &ack].concat());
    refused(&idle, 1, "nothing was written: approvals would not make this hold");
    let idle = plan(&[&["override", "--concerns", "epoch-7:ada"][..], &ack].concat());
    refused(&idle, 1, "no dissent is open");
    assert!(!ada.path("r.toml").exists());

    let retire = good(plan(&["retire", "cyd"]));
    assert!(retire.out.contains("all of these approve: ada, bob"), "{}", retire.out);
    assert!(retire.out.contains("without cyd's approval: more than half"), "{}", retire.out);
    assert!(retire.out.contains("what ends") && retire.out.contains("of cyd signs from"));
    let half = plan(&["retire", "bob", "--backup", "kernel=nobody"]);
    refused(&half, 2, "the registry lists no reviewer nobody");

    // An amendment, from a folder elsewhere, with a key file beside it.
    let (_, fingerprint) = another_key(&ada, "bot");
    let registry = ada.read(REGISTRY);
    let bot = format!(
        "\n[[reviewers]]\nid = \"bot\"\nname = \"bot\"\nkind = \"bot\"\n\n[[keys]]\nreviewer_id = \"bot\"\n\
         format = \"ssh\"\nfingerprint = \"{fingerprint}\"\neffective_from = 2026-01-01\n"
    );
    ada.write("draft/reviewer-registry.toml", &(registry + &bot));
    carry(&ada, "home/.ssh/bot.pub", &ada, "draft/bot.pub");
    let amend = good(plan(&["amend", "--registry", "../draft/reviewer-registry.toml"]));
    assert!(amend.out.contains("all of these approve: ada, bob, cyd"), "{}", amend.out);
    assert!(amend.out.contains("brings       keys/bot.pub"), "{}", amend.out);
    assert!(amend.out.contains("bot shows to hold the new key"), "{}", amend.out);
    let key = ada.path("home/.ssh/bot.pub");
    let key = key.to_str().unwrap();
    let approve = ["ceremony", "approve", "r.toml", "--yes"];
    good(ada.gatecheck(".", &[&approve[..], &["--key", key]].concat()));
    good(ada.gatecheck(".", &approve));
    let witness = good(ada.gatecheck(".", &[&approve[..], &["--role", "witness"]].concat()));
    assert!(witness.out.contains("signed: witness by ada"), "{}", witness.out);
    let other = ada.gatecheck(".", &[&approve[..], &["--as", "bob"]].concat());
    refused(&other, 2, "one of these would do");
    carry(&ada, "r.toml", &others, "r.toml");
    approve_as(&others, "r.toml", "bob");
    carry(&others, "r.toml", &ada, "r.toml");
    let early = ada.gatecheck("project", &["ceremony", "apply", "../r.toml"]);
    refused(&early, 1, "one more approval by: cyd");
    approve_as(&others, "r.toml", "cyd");
    carry(&others, "r.toml", &ada, "r.toml");
    good(ada.gatecheck("project", &["ceremony", "apply", "../r.toml", "--commit"]));
    let shown = good(ada.gatecheck("project", &["ceremony", "show", "2"]));
    assert_eq!(shown.out.matches("the signature verifies").count(), 5, "{}", shown.out);
    let log = good(ada.gatecheck("project", &["ceremony", "log"]));
    assert!(log.out.contains("0002 amend") && log.out.contains("accepted"), "{}", log.out);

    // A change that nobody approved is in the log as well.
    let registry = ada.read(REGISTRY);
    ada.write(REGISTRY, &format!("{registry}# mine\n"));
    ada.git("project", &["commit", "-q", "-a", "-S", "-m", "Not asked"]);
    let log = ada.gatecheck("project", &["ceremony", "log"]);
    refused(&log, 1, "a change of the registry without a record");
    assert!(log.out.contains("refused: unauthorised-registry-change"), "{}", log.out);
}

/// The same key for some more years: its owner agrees with it, and shows to hold it.
#[test]
fn a_key_gets_a_further_window() {
    let ada = machine("ada");
    let key = ada.ssh_key();
    founded(&ada);
    let plan = ["ceremony", "plan", "rotate", "ada", "--key", "../home/.ssh/id.pub"];
    let when = ["--from", "2090-01-01", "--until", "2091-01-01", "-o", "../r.toml"];
    let registry = ada.read(REGISTRY);
    assert!(registry.contains("effective_until = 20"), "{registry}");
    good(ada.gatecheck("project", &[&plan[..], &when].concat()));
    let approve = ["ceremony", "approve", "r.toml", "--yes"];
    for role in ["authorise", "possession", "possession"] {
        let said = good(ada.gatecheck(".", &approve));
        assert!(said.out.contains(&format!("signed: {role} by ada")), "{}", said.out);
    }
    good(ada.gatecheck("project", &["ceremony", "apply", "../r.toml", "--commit"]));
    assert_eq!(ada.read(REGISTRY).matches(&key).count(), 2);
    let log = good(ada.gatecheck("project", &["ceremony", "log"]));
    assert!(log.out.contains("accepted"), "{}", log.out);
}

#[test]
fn a_request_whose_line_ends_a_mail_program_changed_is_mended_as_it_says() {
    let ada = machine("ada");
    ada.ssh_key();
    founded(&ada);
    let (key, _) = another_key(&ada, "second");
    let plan = ["ceremony", "plan", "rotate", "ada", "--key", &key, "-o", "../r.toml"];
    good(ada.gatecheck("project", &plan));
    ada.write("mailed.toml", &ada.read("r.toml").replace('\n', "\r\n"));
    let said = ada.gatecheck(".", &["ceremony", "show", "mailed.toml"]);
    refused(&said, 2, "tr -d '\\r' < FILE > NEW-FILE");
    ada.tool("sh", ".", &["-c", "tr -d '\\r' < mailed.toml > mended.toml"]);
    good(ada.gatecheck(".", &["ceremony", "show", "mended.toml"]));
}
