//! `gatecheck ci` where clone, event or change would have it look the wrong way.
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

use cli_support::events::{self, Scene, ZERO, pull_request, push};
use cli_support::project::{gate, work};
use serde_json::{Value, json};

/// A build service that keeps its clone has a local branch from the day on which it was cloned.
#[test]
fn a_schedule_judges_the_mainline_of_the_server() {
    let scene = Scene::new();
    let bad = scene.edit_registry("serial = 1", "serial = 2");
    scene.git(&["checkout", "-q", "--detach", &scene.gate]);
    scene.git(&["branch", "-f", "main", &scene.gate]);
    scene.git(&["update-ref", "refs/remotes/origin/main", &bad]);
    let event = json!({ "repository": { "default_branch": "main" } });
    for args in [&["--anchor", scene.anchor.as_str()][..], &["--trust-on-first-use"]] {
        let said = scene.event("schedule", &event, args);
        said.must(1, &["unauthorised-registry-change"]);
    }
}

/// What the mainline is stands in the anchor's registry; where that cannot be read nobody knows.
#[test]
fn a_deleted_branch_is_not_passed_over_where_the_mainline_is_unknown() {
    let scene = Scene::new();
    let mut event = push("refs/heads/main", &scene.gate, ZERO);
    event["repository"]["default_branch"] = json!("develop");
    scene.event("push", &event, &["--anchor", &scene.anchor]).must(1, &["mainline-replaced"]);
    let absent = "1".repeat(40);
    scene
        .event("push", &event, &["--anchor", &absent])
        .must(3, &["refs/heads/main was deleted", "cannot be read", "help: git fetch origin 1"]);
    event["ref"] = json!("refs/heads/develop");
    scene.event("push", &event, &["--anchor", &absent]).must(1, &["mainline-replaced"]);
}

/// Gates of a branch must stay on it, also where a ceremony listed the branch after the anchor.
#[test]
fn a_branch_that_was_listed_since_the_anchor_is_guarded() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "-b", "release/1"]);
    let listed = scene.edit_registry("mainline =", "branches = [\"release/*\"]\nmainline =");
    scene.git(&["reset", "-q", "--hard", &scene.gate]);
    let head = scene.work("2");
    let pinned = ["--anchor", scene.anchor.as_str()];
    let mut event = push("refs/heads/release/1", &listed, &head);
    event["forced"] = json!(true);
    scene.event("push", &event, &pinned).must(1, &["error[rollback]", "was forced"]);
    // Any other branch comes and goes.
    let mut event = push("refs/heads/topic", &listed, &head);
    event["forced"] = json!(true);
    scene.event("push", &event, &pinned).must(0, &[]);
}

/// What goes to standard error stands in the same log as everything else.
#[test]
fn a_path_in_conflict_is_no_command_to_the_log() {
    let scene = Scene::new();
    let name = "##[add-mask]e ::stop-commands::t\n::error::x";
    scene.sandbox.write(&format!("project/{name}"), "1");
    let base = scene.sandbox.commit("project", "One");
    scene.git(&["reset", "-q", "--hard", &scene.gate]);
    scene.sandbox.write(&format!("project/{name}"), "2");
    let head = scene.sandbox.commit("project", "Two");
    let event = pull_request("main", &base, &head);
    let said = scene.event("pull_request", &event, &[]).must(3, &["conflicts with its target"]);
    let all = format!("{}\n{}", said.out, said.err);
    assert!(all.contains("add-mask"), "{all}");
    assert!(!all.contains("##[") && !all.contains("\n::"), "{all}");
}

/// What an id of the other format names is not here; libgit2 was once asked, and wrote past its ids.
#[test]
fn an_id_of_the_other_object_format_is_of_no_commit() {
    let scene = Scene::new();
    let long = "1".repeat(64);
    let pinned = ["--anchor", scene.anchor.as_str()];
    for (base, head) in [(&long, &scene.gate), (&scene.gate, &long)] {
        let cases = [
            ("push", push("refs/heads/main", base, head)),
            ("pull_request", pull_request("main", base, head)),
            ("merge_group", events::merge_group("main", base, head)),
            ("push", push("refs/tags/v0", base, head)),
            ("push", push("refs/heads/topic", base, ZERO)),
        ];
        for (name, event) in cases {
            for args in [&[][..], &pinned] {
                let said = scene.event(name, &event, args);
                let deleted = event["after"] == ZERO;
                let gone = deleted && said.status == 0;
                assert!(gone || matches!(said.status, 1..=3), "{event}: {} {}", said.out, said.err);
            }
        }
    }
}

/// To fetch what is there helps nobody.
#[test]
fn what_is_no_commit_is_called_so() {
    let scene = Scene::new();
    let blob = scene.git(&["rev-parse", "HEAD:code"]);
    for (base, head) in [(&blob, &scene.gate), (&scene.gate, &blob)] {
        let event = pull_request("main", base, head);
        let said = scene.event("pull_request", &event, &[]);
        said.must(3, &["is there and is no commit", "help: name a commit", "git cat-file -t"]);
    }
}

/// An honest push of many commits has an event file of several megabytes.
#[test]
fn a_push_of_many_commits_is_judged() {
    let scene = Scene::new();
    let next = scene.work("2");
    let mut event = push("refs/heads/main", &scene.gate, &next);
    event["commits"] = (0..2048).map(|_| json!({ "message": "x".repeat(1024) })).collect();
    scene.event("push", &event, &[]).must(0, &[]);
}

/// The base of a queue's second entry is the first one, which has not landed. A queue that asks only
/// its last entry lands both.
#[test]
fn an_entry_of_a_merge_queue_is_judged_from_what_has_landed() {
    let scene = Scene::new();
    let first = scene.edit_registry("serial = 1", "serial = 2");
    let second = scene.work("2");
    scene.git(&["checkout", "-q", "--detach", &second]);
    scene.git(&["branch", "-f", "main", &scene.gate]);
    let judged = |target: &str| {
        let event = events::merge_group(target, &first, &second);
        scene.event("merge_group", &event, &[])
    };
    judged("main").must(1, &["unauthorised-registry-change"]);
    // The server's branch is the one that counts; the clone's own may be an old one, or made by hand.
    scene.git(&["branch", "-f", "main", &first]);
    scene.git(&["update-ref", "refs/remotes/origin/main", &scene.gate]);
    judged("main").must(1, &["unauthorised-registry-change"]);
    // Once it has landed it is the past, which the service is trusted for.
    scene.git(&["update-ref", "refs/remotes/origin/main", &first]);
    judged("main").must(0, &[]);
    // Neither one nor the other.
    scene.git(&["checkout", "-q", "--detach", &scene.gate]);
    let other = scene.work("other");
    scene.git(&["update-ref", "refs/remotes/origin/main", &other]);
    judged("main").must(3, &["neither has landed", "help: git fetch origin +refs/heads/main:"]);
    let mut event = events::merge_group("absent", &first, &second);
    event["repository"]["default_branch"] = json!("absent");
    scene.event("merge_group", &event, &[]).must(3, &["refs/heads/absent is not in this clone"]);
    // A pinned anchor needs no word of the service.
    let pinned = ["--anchor", scene.anchor.as_str()];
    scene.event("merge_group", &event, &pinned).must(1, &["unauthorised-registry-change"]);
}

/// An entry that has not landed may call the project otherwise, of which no anchor is configured.
#[test]
fn an_entry_of_a_merge_queue_does_not_choose_the_anchor() {
    let scene = Scene::new();
    cli_support::project::pin(&scene.sandbox, &scene.anchor);
    let first = scene.edit_registry("id = \"project\"", "id = \"other\"");
    let second = scene.work("2");
    scene.git(&["update-ref", "refs/remotes/origin/main", &scene.gate]);
    let event = events::merge_group("main", &first, &second);
    let said = scene.event("merge_group", &event, &["--format", "json"]).must(1, &[]);
    assert!(said.out.contains("\"source\": \"config\""), "{}", said.out);
}

/// `refs/heads/main` may be a branch's short name, where somebody pushed one of that name.
#[test]
fn a_branch_whose_name_looks_like_the_mainline_is_not_the_mainline() {
    let scene = Scene::new();
    let base = scene.edit_registry("serial = 1", "serial = 2");
    let head = scene.work("2");
    let event = pull_request("refs/heads/main", &base, &head);
    scene.event("pull_request", &event, &[]).must(3, &["is not the default branch"]);
}

/// A mainline that is gone is a verdict like any other, in every format.
#[test]
fn a_deleted_mainline_is_reported_in_every_format() {
    let scene = Scene::new();
    let event = push("refs/heads/main", &scene.gate, ZERO);
    let formats = ["human", "concise", "json", "sarif", "github", "markdown", "junit", "html"];
    for format in formats {
        let said = scene.event("push", &event, &["--format", format]);
        let said = said.must(1, &["refs/heads/main was deleted", "efused"]);
        if matches!(format, "json" | "sarif") {
            let read: Value = serde_json::from_str(&said.out).unwrap();
            assert!(read["verdict"] == "refused" || read["version"] == "2.1.0", "{read}");
        }
    }
    let more = ["--output", "json=report.json", "--summary", "summary", "--step-outputs", "values"];
    scene.event("push", &event, &more).must(1, &[]);
    let read = |name: &str| scene.sandbox.read(&format!("project/{name}"));
    assert!(read("report.json").contains("\"verdict\": \"refused\""));
    assert!(read("summary").contains("was deleted"));
    assert!(read("values").starts_with("verdict=refused\nstatus=1\n"));
}

/// A run without a report says so where a report would be looked for.
#[test]
fn a_run_without_a_report_says_why_in_log_and_summary() {
    let scene = Scene::new();
    let event = pull_request("main", &scene.gate, &"a".repeat(40));
    let args = ["--format", "github", "--summary", "summary"];
    let said = scene.event("pull_request", &event, &args).must(3, &[]);
    assert!(
        said.out.starts_with("::error title=gatecheck undecided::the commit aaaa"),
        "{}",
        said.out
    );
    assert_eq!(said.out.lines().count(), 1);
    assert!(scene.sandbox.read("project/summary").contains("\n    the commit aaaa"));
    let said = scene.event("push", &json!({}), &args).must(2, &[]);
    assert!(said.out.starts_with("::error title=gatecheck unusable::"), "{}", said.out);
}

/// Files at the places that the run writes to may have come with the change.
#[test]
fn what_lies_in_the_checkout_is_not_taken_for_an_answer() {
    let scene = Scene::new();
    let lie = "verdict=pass\nstatus=0\nlast=";
    for name in ["junit.xml", "values", "summary", "out/x"] {
        scene.sandbox.write(&format!("project/{name}"), lie);
    }
    let head = scene.sandbox.commit("project", "Bring answers");
    let args = ["--output", "junit=junit.xml", "--step-outputs", "values", "--summary", "summary"];
    let read = |name: &str| std::fs::read_to_string(scene.sandbox.path("project").join(name)).ok();
    // It comes to no report.
    let event = pull_request("main", &scene.gate, &"a".repeat(40));
    scene.event("pull_request", &event, &args).must(3, &[]);
    assert_eq!(read("junit.xml"), None);
    assert_eq!(read("values").unwrap(), "verdict=undecided\nstatus=3\ncovered=\n");
    assert!(!read("summary").unwrap().contains("status=0"));
    // What was begun by the service or by an earlier step is added to, on a line of its own.
    scene.sandbox.write("begun", "first=1");
    let event = push("refs/heads/main", &scene.gate, &head);
    scene.event("push", &event, &["--step-outputs", "../begun"]).must(0, &[]);
    assert!(scene.sandbox.read("begun").starts_with("first=1\nverdict=pass\n"));
}

/// Nor may the change bring what it is judged by.
#[test]
fn what_the_verifier_gives_is_no_file_of_the_repository() {
    let scene = Scene::new();
    let head = scene.work("2");
    let event = push("refs/heads/main", &scene.gate, &head);
    let registry = "keys/reviewer-registry.toml";
    let words = ["is a file of the repository", "help: keep it outside of the checkout"];
    for option in ["--registry", "--checkpoint", "--event-file"] {
        scene.event("push", &event, &[option, registry]).must(2, &words);
        let around =
            ["--event-file", "../event.json", option, "keys/../keys/reviewer-registry.toml"];
        let around = if option == "--event-file" { &around[2..] } else { &around[..] };
        scene.event("push", &event, around).must(2, &words);
    }
    scene.event("push", &event, &["--checkpoint", "checkpoint"]).must(0, &[]);
    // Facts are sealed with a key that lies beside them.
    for name in ["key", "facts"] {
        scene.sandbox.write(&format!("project/brought/{name}/{name}"), "");
        let head = scene.sandbox.commit("project", "Bring facts");
        let event = push("refs/heads/main", &scene.gate, &head);
        let brought = format!("brought/{name}");
        scene.event("push", &event, &["--cache", &brought]).must(2, &words);
    }
    scene.event("push", &event, &["--cache", "own"]).must(0, &[]);
}

/// A folder of the checkout may be a link to anywhere.
#[cfg(unix)]
#[test]
fn nothing_is_written_below_a_link_of_the_checkout() {
    let scene = Scene::new();
    scene.sandbox.write("elsewhere/.keep", "");
    std::os::unix::fs::symlink("../elsewhere", scene.sandbox.path("project/out")).unwrap();
    let head = scene.sandbox.commit("project", "Bring a link");
    let event = push("refs/heads/main", &scene.gate, &head);
    scene.event("push", &event, &["--output", "json=out/x"]).must(2, &["project/out is a link"]);
    let told = ["--summary", "out/summary", "--step-outputs", "out/values"];
    scene.event("push", &event, &told).must(0, &["warning: the summary", "warning: the file"]);
    scene.event("push", &event, &["--checkpoint", "out/x"]).must(2, &["a file of the repository"]);
    for args in [&["verify", "--output", "json=out/x"][..], &["report", "--to", "out/x"]] {
        let args = [args, &["--anchor", &scene.anchor]].concat();
        scene.sandbox.gatecheck("project", &args).must(2, &["project/out is a link"]);
    }
    assert_eq!(scene.sandbox.files("elsewhere"), [".keep"]);
    // The way to the checkout is the user's own.
    std::os::unix::fs::symlink("project", scene.sandbox.path("way")).unwrap();
    let run = ["--output", "json=../way/report.json"];
    scene.event("push", &event, &run).must(0, &[]);
    assert!(scene.sandbox.path("project/report.json").is_file());
}

/// What is written beside a report is not told in it.
#[test]
fn a_report_is_the_same_whatever_is_written_beside_it() {
    let scene = Scene::new();
    scene.work("2");
    let head = scene.work("3");
    let event = push("refs/heads/main", &scene.gate, &head);
    let judged = |more: &[&str]| {
        let args = ["--every-commit", "--format", "json", "--anchor", &scene.anchor];
        scene.event("push", &event, &[&args, more].concat()).must(1, &[]).out
    };
    let report: Value = serde_json::from_str(&judged(&[])).unwrap();
    assert_eq!(report["counts"]["refused"], 0, "no gate was refused");
    assert_eq!(judged(&["--output", "ndjson=../lines"]), judged(&[]));
}

/// A release branch ends in gates that the mainline never passes through.
#[test]
fn gates_of_another_branch_do_not_move_the_checkpoint() {
    let sandbox = cli_support::Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    sandbox.gatecheck("project", &["init", "--project", "project"]).must(0, &[]);
    let registry = "project/keys/reviewer-registry.toml";
    let text = sandbox.read(registry);
    let text = text.replacen("mainline =", "branches = [\"release/*\"]\nmainline =", 1);
    sandbox.write(registry, &text);
    let anchor = sandbox.commit("project", "Found the reviewer registry");
    work(&sandbox, "project", "1");
    let gate = cli_support::project::gate(&sandbox, "project", 0, "none");
    let scene = Scene { sandbox, anchor, gate };
    let args = ["--anchor", &scene.anchor, "--checkpoint", "../checkpoint"];
    let on_main = push("refs/heads/main", &scene.anchor, &scene.gate);
    scene.event("push", &on_main, &args).must(0, &[]);
    let before = scene.sandbox.read("checkpoint");

    scene.git(&["checkout", "-q", "-b", "release/1"]);
    scene.work("2");
    let how = ["--anchor", &scene.anchor, "--branch", "release/1"];
    let signoff = |words: &[&str]| scene.sandbox.gatecheck("project", &[words, &how].concat());
    signoff(&["signoff", "new"]).must(0, &[]);
    signoff(&["signoff", "add", "--domain", "project", "--yes"]).must(0, &["it counts"]);
    scene.git(&["add", "-A"]);
    scene.git(&["commit", "-q", "-S", "-m", "Release"]);
    let release = scene.git(&["rev-parse", "HEAD"]);
    let on_release = push("refs/heads/release/1", &scene.gate, &release);
    scene.event("push", &on_release, &args).must(0, &["epoch 0"]);
    assert_eq!(scene.sandbox.read("checkpoint"), before);
    scene.event("push", &on_main, &args).must(0, &[]);
}

/// The service shows the outcome at the commit that the run was started on.
#[test]
fn a_run_that_is_started_by_hand_vouches_for_no_other_commit() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "-b", "topic"]);
    let bad = scene.edit_registry("serial = 1", "serial = 2");
    scene.sandbox.write("event.json", r#"{ "repository": { "default_branch": "main" } }"#);
    let run = |reference: &str, commit: &str, args: &[&str]| {
        let mut command = scene.sandbox.command(env!("CARGO_BIN_EXE_gatecheck"), "project");
        let done = command
            .arg("ci")
            .args(args)
            .env("GITHUB_EVENT_NAME", "workflow_dispatch")
            .env("GITHUB_EVENT_PATH", scene.sandbox.path("event.json"))
            .env("GITHUB_REF", reference)
            .env("GITHUB_SHA", commit)
            .output()
            .unwrap();
        done.status.code().unwrap()
    };
    let pinned = ["--anchor", scene.anchor.as_str()];
    assert_eq!(run("refs/heads/main", &scene.gate, &pinned), 0);
    assert_eq!(run("refs/heads/topic", &bad, &pinned), 1);
    assert_eq!(run("refs/heads/topic", &scene.gate, &[]), 3);
    assert_eq!(run("refs/heads/topic", &scene.gate, &pinned), 0);
    scene.git(&["tag", "v1", &bad]);
    assert_eq!(run("refs/tags/v1", &bad, &pinned), 1);
}

/// Where two branches have merged each other, what is new in one of them depends on the commit that
/// the comparison starts from. Old content can pass for no change at all.
#[test]
fn a_change_that_forks_at_several_commits_is_not_guessed() {
    let scene = Scene::new();
    let old = scene.gate.clone();
    scene.work("2");
    let newer = scene.git(&["rev-parse", "HEAD"]);
    // Of the two commits at which they fork, the one with the older content, and the smaller id.
    let side = (0..).map(|n| {
        let tree = format!("{old}^{{tree}}");
        scene.git(&["commit-tree", "-p", &old, "-m", &format!("Side {n}"), &tree])
    });
    let side = side.into_iter().find(|side| *side < newer).unwrap();
    let tree = |of: &str| format!("{of}^{{tree}}");
    let merged = |first: &str, second: &str, of: &str| {
        scene.git(&["commit-tree", "-p", first, "-p", second, "-m", "Merge", &tree(of)])
    };
    let base = merged(&newer, &side, &newer);
    // It takes back what the target has, and as seen from the side it changed nothing.
    let head = merged(&side, &newer, &old);
    let event = pull_request("main", &base, &head);
    let said = scene.event("pull_request", &event, &[]);
    said.must(
        3,
        &[
            "fork at 2 commits",
            &format!("help: bring the target into the branch: git merge {base}"),
        ],
    );
    let caught_up = merged(&head, &base, &newer);
    scene.event("pull_request", &pull_request("main", &base, &caught_up), &[]).must(0, &[]);
}

/// Whoever pushes a new branch chooses its first registry, and could carry the outcome elsewhere.
#[test]
fn the_first_registry_of_another_branch_is_not_trusted() {
    let scene = Scene::new();
    let first_use = ["--trust-on-first-use"];
    let new = push("refs/heads/topic", ZERO, &scene.gate);
    scene
        .event("push", &new, &first_use)
        .must(3, &["is for the default branch", "--anchor COMMIT"]);
    let new = push("refs/heads/main", ZERO, &scene.gate);
    scene.event("push", &new, &first_use).must(0, &["no-anchor"]);
}

/// git checks out what is malformed as well: what such a commit brings cannot be told.
#[test]
fn a_malformed_commit_hides_no_file_that_it_brings() {
    let scene = Scene::new();
    scene.work("2");
    let raw = scene.git(&["cat-file", "commit", "HEAD"]);
    scene.sandbox.write("raw", &format!("{raw}\0"));
    let raw = scene.sandbox.path("raw");
    let write = ["hash-object", "-t", "commit", "-w", "--literally", raw.to_str().unwrap()];
    let head = scene.git(&write).trim().to_owned();
    scene.git(&["checkout", "-q", "--detach", &head]);
    let event = push("refs/heads/main", &scene.gate, &head);
    let words = ["is a file of the repository", "help: keep it outside of the checkout"];
    for option in ["--registry", "--checkpoint", "--event-file"] {
        scene.event("push", &event, &[option, "keys/reviewer-registry.toml"]).must(2, &words);
    }
    // What it brings is not taken for an answer either.
    scene.sandbox.write("project/values", "verdict=pass\n");
    scene.event("push", &event, &["--step-outputs", "values"]).must(1, &["malformed-object"]);
    let values = scene.sandbox.read("project/values");
    assert!(values.starts_with("verdict=refused\nstatus=1\n"), "{values}");
}

/// Where nobody names the default branch, the flag that would is told.
#[test]
fn first_use_tells_how_to_name_the_default_branch() {
    let scene = Scene::new();
    let mut event = push("refs/heads/main", ZERO, &scene.gate);
    event["repository"] = json!({});
    let said = scene.event("push", &event, &["--trust-on-first-use"]);
    said.must(3, &["nothing says that refs/heads/main is it (--default-branch would)"]);
    let named = ["--trust-on-first-use", "--default-branch", "main"];
    scene.event("push", &event, &named).must(0, &[]);
}

/// Nor is that of a tag: who may push one chooses what history it has.
#[test]
fn the_first_registry_below_a_tag_is_not_trusted() {
    let scene = Scene::new();
    scene.git(&["update-ref", "refs/remotes/origin/main", &scene.gate]);
    let first_use = ["--trust-on-first-use"];
    let tag = |name: &str, commit: &str| {
        scene.git(&["tag", "-s", "-m", "Release", name, commit]);
        let id = scene.git(&["rev-parse", &format!("refs/tags/{name}")]);
        push(&format!("refs/tags/{name}"), ZERO, &id)
    };
    let good = tag("v1", &scene.gate);
    scene.event("push", &good, &first_use).must(0, &["no-anchor"]);
    // A history of its own, whose registry calls nothing here the mainline.
    scene.git(&["config", "init.defaultBranch", "trunk"]);
    let path = scene.sandbox.path("evil");
    scene.sandbox.git(".", &["init", "-q", "-b", "trunk", path.to_str().unwrap()]);
    let config = scene.sandbox.read("project/.git/config");
    scene.sandbox.write("evil/.git/config", &config);
    let said = scene.sandbox.gatecheck("evil", &["init", "--project", "evil"]);
    assert_eq!(said.status, 0, "{}", said.err);
    scene.sandbox.commit("evil", "Found another registry");
    work(&scene.sandbox, "evil", "1");
    let evil = gate(&scene.sandbox, "evil", 0, "none");
    scene.git(&["fetch", "-q", path.to_str().unwrap(), "trunk"]);
    let bad = tag("v2", &evil);
    let words = ["is for the default branch", "refs/tags/v2", "--anchor COMMIT"];
    scene.event("push", &bad, &first_use).must(3, &words);
    scene.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    scene.git(&["checkout", "-q", "--detach", &scene.gate]);
    scene.git(&["branch", "-D", "main"]);
    scene
        .event("push", &good, &first_use)
        .must(3, &["the branch refs/heads/main is not in this clone"]);
}
