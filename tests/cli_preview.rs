//! `gatecheck preview`, and domains from CODEOWNERS, on real repositories.
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

use cli_support::people::{Person, found};
use cli_support::{Sandbox, schema};

const FILE: &str = "epoch_signoffs/epoch-0.toml";

fn json(said: &cli_support::Said) -> serde_json::Value {
    assert!(!said.out.is_empty(), "{}", said.err);
    schema::checked(&said.out)
}

#[test]
fn a_preview_for_programs_says_who_signed_and_who_could() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    let anchor = found(&sandbox, [&ada, &bob], "");
    let preview = |more: &[&str]| bob.gatecheck(&[&["preview", "--format", "json"], more].concat());
    let said = preview(&[]).must(1, &[]);
    let seen = json(&said);
    assert_eq!(seen["schema"], "gatecheck-preview/1");
    assert_eq!(seen["verdict"], "refused");
    assert_eq!(seen["epoch"], 0);
    assert_eq!(seen["ref"], "refs/heads/main");
    assert_eq!(seen["commit"], ada.git(&["rev-parse", "HEAD"]));
    assert_eq!(seen["since"]["commit"], anchor);
    assert_eq!(seen["since"]["epoch"], serde_json::Value::Null);
    assert_eq!(seen["manifest"]["state"], "none");
    assert_eq!(seen["domains"][0]["domain"], "docs");
    assert_eq!(seen["domains"][0]["could_sign"], serde_json::json!(["ada"]));
    assert_eq!(seen["domains"][0]["cannot_sign"][0]["reviewer_id"], "bob");
    assert_eq!(seen["domains"][1]["paths"], serde_json::json!(["kernel/a.rs"]));
    assert_eq!(seen["domains"][1]["docs_missing"], serde_json::json!(["KERNEL"]));
    let codes = |seen: &serde_json::Value| {
        let all = seen["findings"].as_array().unwrap().iter();
        all.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&seen), ["quorum-not-met", "too-few-people"]);
    for (what, spoilt) in schema::spoilt(&seen) {
        assert_ne!(schema::wrong("preview", &spoilt), Vec::<String>::new(), "{what}");
    }
    for name in seen.as_object().unwrap().keys() {
        let mut spoilt = seen.clone();
        spoilt.as_object_mut().unwrap().remove(name);
        assert_ne!(schema::wrong("preview", &spoilt), Vec::<String>::new(), "without {name}");
    }
    // With a draft, and one of two sign-offs; a forged one speaks against all of it.
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &[]);
    let seen = json(&preview(&[]).must(1, &[]));
    assert_eq!(seen["manifest"], serde_json::json!({ "path": FILE, "state": "draft" }));
    assert_eq!(seen["domains"][0]["counted"], serde_json::json!(["ada"]));
    let path = format!("project/{FILE}");
    let good = sandbox.read(&path);
    sandbox
        .write(&path, &good.replace("domain = \"docs\"\n", "domain = \"docs\"\nscope = [\"X\"]\n"));
    let seen = json(&preview(&[]).must(1, &[]));
    assert!(codes(&seen).contains(&"signoff-replayed".to_owned()), "{seen}");
    assert!(seen["domains"][0]["not_counted"][0]["why"].as_str().unwrap().contains("replayed"));
    sandbox.write(&path, &good);
    bob.add("kernel", &[]).must(0, &[]);
    let seen = json(&preview(&[]).must(0, &[]));
    assert_eq!((&seen["verdict"], &seen["missing"]), (&"pass".into(), &serde_json::json!([])));
}

#[test]
fn a_branch_that_fell_behind_and_one_that_is_complete_are_told() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.git(&["switch", "-q", "-c", "topic"]);
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &[]);
    bob.add("kernel", &[]).must(0, &["a signed merge into refs/heads/main makes the gate"]);
    // Seen from its own tip it is a gate already; what counts is the merge.
    ada.commit("Epoch 0");
    let said = ada.gatecheck(&["preview"]).must(0, &["epoch 0, with", "on this branch", "ready"]);
    assert!(!said.err.contains("moved on"), "{}", said.err);
    ada.git(&["switch", "-q", "main"]);
    ada.work("docs/guide", "2\n");
    ada.gatecheck(&["preview", "topic"]).must(0, &["main has moved on", "git rebase main"]);
    ada.gatecheck(&["preview", "nowhere"]).must(2, &["nowhere is no ref"]);
}

#[test]
fn what_cannot_be_told_is_undecided() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    let from = format!("file://{}", sandbox.path("project").display());
    ada.git(&["clone", "-q", "--depth", "1", &from, "../shallow"]);
    ada.gatecheck(&["preview", "--repo", "../shallow"]).must(3, &["git fetch --unshallow"]);
}

#[test]
fn codeowners_propose_domains_and_leave_nothing_sensitive_to_nobody() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    sandbox.write(
        "project/CODEOWNERS",
        "/docs/ ada@example.org @bob\n/keys/ @stranger\n/kernel/ @bob\n",
    );
    let import = ["registry", "import", "--from", "codeowners"];
    let run = |more: &[&str]| ada.gatecheck(&[&import, more].concat());
    let map = ["CODEOWNERS", "--map", "@Bob=bob"];
    let said = run(&map).must(0, &["line 2: @stranger is no known reviewer", "--map @stranger=ID"]);
    let expected = "# line 1: /docs/ ada@example.org @bob\n# the same people answer for the domain docs: its paths\n\
                    paths = [\n  \"docs/**\",\n]\n";
    assert!(said.out.contains(expected), "{}", said.out);
    assert!(
        said.out.contains("[[domains]]\nid = \"kernel-2\"\nprimary = \"bob\"\n"),
        "{}",
        said.out
    );
    // Whom a domain with `codeowners = true` takes for its own needs no mapping.
    let said = run(&["CODEOWNERS"]).must(0, &["primary = \"bob\"\n"]);
    assert!(!said.err.contains("@bob"), "{}", said.err);
    let sensitive = [&map[..], &["--sensitive", "keys/**", "--sensitive", "kernel/**"]].concat();
    run(&sensitive).must(
        1,
        &["error: keys/ada.pub is sensitive: line 2 decides, and names no reviewer who is human"],
    );
    let sensitive = [&map[..], &["--sensitive", "kernel/**", "--sensitive", "nowhere/*"]].concat();
    run(&sensitive).must(0, &["HEAD holds no file that matches nowhere/*"]);
    run(&["CODEOWNERS", "--map", "@bob=carol"]).must(2, &["lists no reviewer carol"]);
    run(&["CODEOWNERS", "--map", "bob"]).must(2, &["--map @user=id"]);
    run(&[]).must(2, &["the path to import from is missing"]);
    // The other lists make a registry of their own, and still have to be told where.
    ada.gatecheck(&["registry", "import", "--from", "openpgp", "keys"])
        .must(2, &["--to", "--project"]);
}

#[test]
fn a_domain_has_the_paths_that_codeowners_gives_its_people() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    let registry = sandbox.read("project/keys/reviewer-registry.toml");
    let registry = registry.replace("paths = [\"kernel/**\"]", "codeowners = true");
    sandbox.write("project/keys/reviewer-registry.toml", &registry);
    sandbox.write("project/CODEOWNERS", "* @ada\n/drivers/ @stranger bob@example.org\n");
    let anchor = ada.commit("Found it anew, with CODEOWNERS");
    for person in [&ada, &bob] {
        person.run("git", "project", &["config", "--global", "gatecheck.project.anchor", &anchor]);
    }
    // It counts from the next gate on.
    sandbox.write("project/CODEOWNERS", "/kernel/ @bob\n");
    ada.work("drivers/disk.rs", "fn disk() {}\n");
    ada.work("notes", "of nobody\n");
    let seen = json(&ada.gatecheck(&["preview", "--format", "json"]).must(1, &[]));
    assert_eq!(seen["domains"][1]["domain"], "kernel");
    // ada, who is in both domains, has the rest.
    let paths = serde_json::json!(["CODEOWNERS", "drivers/disk.rs", "notes"]);
    assert_eq!(seen["domains"][1]["paths"], paths);
    let only = seen["domains"][1]["cannot_sign"][0].to_string();
    assert!(only.contains("ada") && only.contains("wrote"), "{only}");
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &[]);
    bob.add("kernel", &[]).must(0, &["drivers/disk.rs"]);
    ada.commit("Epoch 0");
    ada.gatecheck(&["verify"]).must(0, &[]);
    // One that nobody can read is held against the gate that would bring it.
    sandbox.write("project/CODEOWNERS", "[Kernel]\n/kernel/ @bob\n");
    bob.work("kernel/b.rs", "fn b() {}\n");
    ada.signoff(&["new"]).must(0, &[]);
    ada.add("docs", &[]).must(0, &["unsupported-version: CODEOWNERS cannot be read: line 1"]);
}

#[test]
fn a_branch_is_foreseen_as_the_merge_that_it_will_be() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    let policy = "[[policy.second_review]]\nname = \"tcb\"\npaths = [\"kernel/**\"]\n\
                  added_tokens = [\"unsafe\"]\nreviewers = 1\nother_domain = false\nat = \"commit\"\n";
    found(&sandbox, [&ada, &bob], policy);
    bob.git(&["switch", "-q", "-c", "topic"]);
    bob.work("kernel/raw.rs", "fn raw() { unsafe { poke() } }\n");
    bob.work("kernel/more.rs", "fn more() {}\n");
    // Of both commits it is the merge that stands on the mainline, and brings what they add.
    ada.gatecheck(&["preview"]).must(1, &["second-review-missing", "kernel/raw.rs"]);
    ada.signoff(&["new", "--squash", "raw"]).must(0, &["second-review-missing", "--review tcb"]);
    ada.add("docs", &["--review", "tcb"]).must(0, &["it counts", "another person: 0 of 2 people"]);
    let said = bob.add("kernel", &[]);
    said.must(0, &["another person: 1 of 2 people of the domains that it touches: kernel"]);
    ada.signoff(&["check", "--complete"]).must(1, &["error[too-few-people]", "of these domains"]);
    ada.signoff(&["withdraw", "--domain", "docs"]).must(0, &[]);
    ada.signoff(&["check", "--complete"]).must(1, &["error[second-review-missing]"]);
    ada.add("kernel", &["--review", "tcb"]).must(0, &["nothing is missing"]);
    bob.commit("Sign off");
    ada.signoff(&["check", "--complete"]).must(0, &["nothing is missing"]);
    bob.git(&["switch", "-q", "main"]);
    bob.git(&["merge", "-q", "--no-ff", "-S", "-m", "Squash gate", "topic"]);
    ada.gatecheck(&["verify", "--format", "concise"]).must(0, &["pass: "]);
}

#[test]
fn a_branch_that_changes_the_registry_is_told_to_land_that_first() {
    let sandbox = Sandbox::new();
    let (ada, bob) = (Person::with_ssh(&sandbox, "ada"), Person::with_ssh(&sandbox, "bob"));
    found(&sandbox, [&ada, &bob], "");
    ada.git(&["switch", "-q", "-c", "topic"]);
    let registry = sandbox.read("project/keys/reviewer-registry.toml");
    sandbox.write("new.toml", &format!("{registry}\n[policy.clock]\nmax_skew = \"2 days\"\n"));
    let plan = ["ceremony", "plan", "amend", "--registry", "../new.toml", "-o", "../asked.toml"];
    ada.gatecheck(&plan).must(0, &[]);
    for person in [&ada, &bob] {
        person.gatecheck(&["ceremony", "approve", "../asked.toml", "--yes"]).must(0, &[]);
    }
    ada.gatecheck(&["ceremony", "apply", "../asked.toml", "--commit"]).must(0, &[]);
    let commit = ada.git(&["rev-parse", "HEAD"]);
    bob.work("docs/guide", "2\n");
    let note = "note: that commit is not on refs/heads/main yet";
    let line = format!("git merge --no-ff -S {commit} on refs/heads/main");
    ada.gatecheck(&["preview"]).must(1, &[note, &line]);
    ada.signoff(&["new"]).must(0, &[note]);
    ada.git(&["switch", "-q", "main"]);
    ada.git(&["merge", "-q", "--no-ff", "-S", "-m", "Amend", &commit]);
    ada.git(&["switch", "-q", "topic"]);
    ada.git(&["rebase", "-q", "main"]);
    let said = ada.gatecheck(&["preview"]).must(1, &["registry: serial 2"]);
    assert!(!said.err.contains(note), "{}", said.err);
}
