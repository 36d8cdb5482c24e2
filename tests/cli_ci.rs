//! `gatecheck ci` over real repositories, in every kind of event.
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
use cli_support::project::{gate, pin, signed_off};
use serde_json::{Value, json};

impl Scene {
    /// A commit that changes another file.
    fn aside(&self, name: &str) -> String {
        self.sandbox.write(&format!("project/{name}"), name);
        self.sandbox.commit("project", "Write something else")
    }
}

#[test]
fn a_push_is_judged_from_what_stood_there_or_from_the_pinned_anchor() {
    let scene = Scene::new();
    let next = scene.work("2");
    let event = push("refs/heads/main", &scene.gate, &next);
    let said = scene.event("push", &event, &["--format", "json"]).must(0, &[]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["anchor"], json!({ "commit": scene.gate, "source": "event" }));
    assert_eq!(report["tip"], json!({ "ref": "refs/heads/main", "commit": next }));
    // The change alone brings no gate; that is told, and asked for only by the flag.
    let third = scene.work("3");
    let event = push("refs/heads/main", &next, &third);
    scene.event("push", &event, &[]).must(0, &["this change brings no gate"]);
    scene.event("push", &event, &["--require-gate"]).must(3, &["undecided[no-gate]"]);
    let said = scene.event("push", &event, &["--anchor", &scene.anchor, "--format", "json"]);
    let report: Value = serde_json::from_str(&said.must(0, &[]).out).unwrap();
    assert_eq!(report["anchor"]["source"], "flag");
    assert_eq!(report["covered"]["commit"], scene.gate.as_str());
    scene
        .event("push", &event, &["--anchor", &scene.anchor, "--require-covered"])
        .must(1, &["not-covered"]);
    // The user's own configuration pins as well.
    pin(&scene.sandbox, &scene.anchor);
    let said = scene.event("push", &event, &["--format", "json"]).must(0, &[]);
    assert!(said.out.contains("\"source\": \"config\""), "{}", said.out);
}

#[test]
fn a_pushed_change_of_the_registry_is_judged_by_the_one_before() {
    let scene = Scene::new();
    let bad = scene.edit_registry("serial = 1", "serial = 2");
    let event = push("refs/heads/main", &scene.gate, &bad);
    scene.event("push", &event, &[]).must(1, &["unauthorised-registry-change"]);
    scene
        .event("push", &event, &["--anchor", &scene.anchor])
        .must(1, &["unauthorised-registry-change"]);
}

#[test]
fn what_stood_on_the_branch_must_stay_on_it() {
    let scene = Scene::new();
    let stood = scene.work("2");
    scene.git(&["branch", "stood"]);
    scene.git(&["reset", "-q", "--hard", &scene.gate]);
    let other = scene.aside("other");
    let mut event = push("refs/heads/main", &stood, &other);
    event["forced"] = json!(true);
    let pinned = ["--anchor", scene.anchor.as_str()];
    for args in [&[][..], &pinned] {
        scene.event("push", &event, args).must(1, &["error[rollback]", "was forced", "git push"]);
    }
    // Taken in as a second parent.
    scene.git(&["merge", "-q", "-m", "Take over", &stood]);
    let merged = scene.git(&["rev-parse", "HEAD"]);
    let event = push("refs/heads/main", &stood, &merged);
    for args in [&[][..], &pinned] {
        scene.event("push", &event, args).must(1, &["error[mainline-replaced]"]);
    }
    // What is not in the clone cannot be judged from.
    let mut gone = push("refs/heads/main", &"a".repeat(40), &other);
    gone["forced"] = json!(true);
    for args in [&[][..], &pinned] {
        scene.event("push", &gone, args).must(3, &["is not in this clone", "forced", "git fetch"]);
    }
}

#[test]
fn new_and_deleted_branches() {
    let scene = Scene::new();
    let pinned = ["--anchor", scene.anchor.as_str()];
    let new = push("refs/heads/main", ZERO, &scene.gate);
    scene.event("push", &new, &[]).must(3, &["no-anchor"]);
    scene.event("push", &new, &pinned).must(0, &[]);
    // Nothing that is pushed aside may vouch for itself.
    let topic = push("refs/heads/topic", ZERO, &scene.gate);
    scene.event("push", &topic, &[]).must(3, &["no-anchor"]);
    let next = scene.work("2");
    let topic = push("refs/heads/topic", &scene.gate, &next);
    scene.event("push", &topic, &[]).must(3, &["not the default branch", "--anchor COMMIT"]);
    scene.event("push", &topic, &pinned).must(0, &[]);
    // It may be pushed anew as it likes; the checkpoint of the mainline is not moved by it.
    let checked = [&pinned[..], &["--checkpoint", "checkpoint"]].concat();
    for before in [&next, &"a".repeat(40)] {
        let mut topic = push("refs/heads/topic", before, &scene.gate);
        topic["forced"] = json!(true);
        scene.event("push", &topic, &checked).must(0, &[]);
        assert!(!scene.sandbox.path("project/checkpoint").exists());
    }
    scene.event("push", &push("refs/heads/main", &scene.gate, &next), &checked).must(0, &[]);
    assert!(scene.sandbox.read("project/checkpoint").contains(&scene.gate));

    let deleted = |name: &str| push(name, &scene.gate, ZERO);
    for args in [&[][..], &pinned] {
        scene
            .event("push", &deleted("refs/heads/topic"), args)
            .must(0, &["nothing to judge", "not the mainline"]);
        scene
            .event("push", &deleted("refs/heads/main"), args)
            .must(1, &["mainline-replaced", "was deleted"]);
    }
    let mut unknown = deleted("refs/heads/topic");
    unknown["repository"] = json!({});
    scene.event("push", &unknown, &[]).must(3, &["nothing says whether"]);
    scene.event("push", &deleted("refs/tags/v0"), &[]).must(0, &["nothing to judge"]);
}

#[test]
fn a_pull_request_is_judged_by_the_registry_of_its_base() {
    let scene = Scene::new();
    let head = scene.work("2");
    let event = pull_request("main", &scene.gate, &head);
    for name in ["pull_request", "pull_request_target"] {
        let said = scene.event(name, &event, &["--format", "json"]).must(0, &[]);
        let report: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(report["anchor"], json!({ "commit": scene.gate, "source": "event" }));
        assert_eq!(report["tip"]["commit"], head.as_str());
    }
    // The branch makes its own author the only one who is asked.
    scene.edit_registry("serial = 1", "serial = 2");
    let bad = scene.git(&["rev-parse", "HEAD"]);
    let event = pull_request("main", &scene.gate, &bad);
    for args in [&[][..], &["--anchor", &scene.anchor]] {
        scene.event("pull_request", &event, args).must(1, &["unauthorised-registry-change"]);
    }
    // Into another branch it proves nothing, unless an anchor is pinned.
    let aside = pull_request("topic", &scene.gate, &head);
    scene.event("pull_request", &aside, &[]).must(3, &["not the default branch"]);
    scene.event("pull_request", &aside, &["--anchor", &scene.anchor]).must(0, &[]);
}

#[test]
fn a_pull_request_behind_its_base_is_judged_as_the_merge_that_would_land_it() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "-b", "topic"]);
    let head = scene.aside("topic");
    let bad = scene.edit_registry("serial = 1", "serial = 2");
    scene.git(&["checkout", "-q", "main"]);
    scene.work("2");
    let base = gate(&scene.sandbox, "project", 1, &scene.gate);
    let judged = |head: &str| pull_request("main", &base, head);
    let before = scene.sandbox.files("project/.git/objects");
    for args in [&[][..], &["--anchor", &scene.anchor]] {
        scene.event("pull_request", &judged(&head), args).must(0, &[]);
        let said = scene.event("pull_request", &judged(&bad), args);
        // What is judged is told by commits that people know.
        said.must(1, &["unauthorised-registry-change", &bad[..12]]);
    }
    // With the base merged into it, the gate of the base is none of the branch's doing.
    scene.git(&["checkout", "-q", "--detach", &head]);
    scene.git(&["merge", "-q", "-m", "Catch up", &base]);
    let caught_up = scene.git(&["rev-parse", "HEAD"]);
    scene.event("pull_request", &judged(&caught_up), &[]).must(0, &[]);
    scene.git(&["checkout", "-q", "--detach", &bad]);
    scene.git(&["merge", "-q", "-m", "Catch up", &base]);
    let caught_up = scene.git(&["rev-parse", "HEAD"]);
    scene
        .event("pull_request", &judged(&caught_up), &[])
        .must(1, &["unauthorised-registry-change"]);
    // The branch edits the manifest of an accepted gate.
    scene.git(&["checkout", "-q", "--detach", &head]);
    let manifest = scene.sandbox.read("project/epoch_signoffs/epoch-0.toml");
    scene.sandbox.write("project/epoch_signoffs/epoch-0.toml", &format!("{manifest}# later\n"));
    let edited = scene.sandbox.commit("project", "Edit");
    scene.event("pull_request", &judged(&edited), &[]).must(1, &["manifest-changed"]);
    // A conflict leaves open what would land.
    scene.git(&["checkout", "-q", "--detach", &head]);
    let conflict = scene.work("3");
    scene
        .event("pull_request", &judged(&conflict), &[])
        .must(3, &["conflicts with its target in code", "git rebase"]);
    // Nothing of all that was written to the repository.
    let known = scene.sandbox.files("project/.git/objects");
    assert!(before.iter().all(|file| known.contains(file)));
    for object in known.iter().filter(|file| !before.contains(file)) {
        let id = object.replace('/', "");
        let text = scene.git(&["cat-file", "-p", &id]);
        assert!(!text.contains("What would land"), "{text}");
    }
}

#[test]
fn a_gate_that_is_proposed_needs_no_signature_yet_and_everything_else() {
    let scene = Scene::new();
    scene.git(&["checkout", "-q", "-b", "topic"]);
    scene.work("2");
    let tree = scene.git(&["rev-parse", "HEAD^{tree}"]);
    let bound = format!("subject_tree = \"{tree}\"");
    signed_off(&scene.sandbox, "project", 1, &scene.gate, &bound);
    let head = scene.sandbox.commit("project", "Epoch 1");
    let event = pull_request("main", &scene.gate, &head);
    let said = scene.event("pull_request", &event, &["--format", "json"]).must(0, &[]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let unsigned: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "unsigned" && finding["severity"] == "note")
        .collect();
    assert_eq!(unsigned.len(), 1, "{report:#}");
    assert!(unsigned[0]["message"].as_str().unwrap().contains("the gate of epoch 1"));
    assert_eq!(report["tip"]["commit"], head.as_str());
    assert!(report["gates"].as_array().unwrap().is_empty() || report["counts"]["refused"] == 0);
    // Commits that were signed are judged as they are.
    scene.git(&["commit", "-q", "-S", "--amend", "--no-edit"]);
    let signed = scene.git(&["rev-parse", "HEAD"]);
    let said = scene.event("pull_request", &pull_request("main", &scene.gate, &signed), &[]);
    let said = said.must(0, &["epoch 1"]);
    assert!(!said.out.contains("unsigned"), "{}", said.out);
    // Content that was changed after the sign-off.
    scene.git(&["reset", "-q", "--hard", &head]);
    let changed = scene.work("3");
    let event = pull_request("main", &scene.gate, &changed);
    scene.event("pull_request", &event, &[]).must(1, &["subject-mismatch"]);
}

#[test]
fn some_things_are_wrong_whatever_the_way_in_which_a_change_lands() {
    let scene = Scene::new();
    let add = |name: &str| {
        let key = scene.sandbox.read("home/.ssh/id");
        scene.sandbox.write(&format!("project/keys/{name}"), &key);
        scene.sandbox.commit("project", "Add a key")
    };
    add("secret");
    // Taken away again, but for ever in the history that would be merged.
    scene.git(&["rm", "-q", "keys/secret"]);
    let head = scene.sandbox.commit("project", "Take it away");
    let event = pull_request("main", &scene.gate, &head);
    scene.event("pull_request", &event, &[]).must(1, &["error[secret-key-committed]"]);
    // An edit of the registry that is put back holds as one merge, and only so.
    scene.git(&["reset", "-q", "--hard", &scene.gate]);
    scene.edit_registry("serial = 1", "serial = 2");
    let head = scene.edit_registry("serial = 2", "serial = 1");
    let event = pull_request("main", &scene.gate, &head);
    scene
        .event("pull_request", &event, &[])
        .must(0, &["warning[unauthorised-registry-change]", "as one merge or squash"]);
}

#[test]
fn a_merge_group_is_judged_as_it_will_land() {
    let scene = Scene::new();
    let head = scene.work("2");
    let event = events::merge_group("main", &scene.gate, &head);
    scene.event("merge_group", &event, &[]).must(0, &[]);
    let bad = scene.edit_registry("serial = 1", "serial = 2");
    let event = events::merge_group("main", &scene.gate, &bad);
    scene.event("merge_group", &event, &[]).must(1, &["unauthorised-registry-change"]);
    let mut gone = event;
    gone["action"] = json!("destroyed");
    scene.event("merge_group", &gone, &[]).must(0, &["nothing to judge"]);
}

#[test]
fn tags_and_releases_are_judged_as_tags() {
    let scene = Scene::new();
    let pinned = ["--anchor", scene.anchor.as_str()];
    scene.git(&["tag", "-s", "-m", "x", "v0", &scene.gate]);
    let id = scene.git(&["rev-parse", "v0"]);
    let pushed = push("refs/tags/v0", ZERO, &id);
    let released = json!({ "action": "published", "release": { "tag_name": "v0" } });
    scene.event("push", &pushed, &pinned).must(0, &[]);
    scene.event("release", &released, &pinned).must(0, &[]);
    // Neither names a commit to trust.
    scene.event("push", &pushed, &[]).must(3, &["no-anchor"]);
    scene.event("release", &released, &[]).must(3, &["no-anchor"]);
    // The checkout has put a lightweight tag in its place: the pushed object is judged.
    scene.git(&["tag", "-f", "v0", &scene.gate]);
    scene.event("push", &pushed, &pinned).must(0, &[]);
    scene.event("release", &released, &pinned).must(1, &["tag-unsigned", "git fetch --tags"]);
    let absent = push("refs/tags/v0", ZERO, &"a".repeat(40));
    scene.event("push", &absent, &pinned).must(3, &["not in this clone", "git fetch --force"]);
    let moved = push("refs/tags/v0", &scene.gate, &id);
    scene.event("push", &moved, &pinned).must(1, &["tag-exists", "moved"]);
    let deleted = json!({ "action": "deleted", "release": { "tag_name": "v0" } });
    scene.event("release", &deleted, &pinned).must(0, &["nothing to judge"]);
}

#[test]
fn schedules_judge_the_mainline() {
    let scene = Scene::new();
    let event = json!({ "repository": { "default_branch": "main" } });
    for name in ["schedule", "workflow_dispatch"] {
        scene.event(name, &event, &["--anchor", &scene.anchor]).must(0, &["epoch 0"]);
        scene.event(name, &event, &[]).must(3, &["no-anchor", &scene.anchor]);
    }
    scene.work("2");
    scene.edit_registry("serial = 1", "serial = 2");
    // Wherever HEAD is.
    scene.git(&["checkout", "-q", "--detach", &scene.gate]);
    scene
        .event("schedule", &event, &["--anchor", &scene.anchor])
        .must(1, &["unauthorised-registry-change"]);
}

#[test]
fn an_event_that_is_not_understood_is_no_verdict() {
    let scene = Scene::new();
    let good = pull_request("main", &scene.gate, &scene.gate).to_string();
    let run = |name: &str, text: &str| {
        let said = events::run(&scene.sandbox, "project", name, text, &[]);
        assert_eq!(said.out, "", "{name}");
        assert!(said.err.contains("help: "), "{}", said.err);
        assert!(!said.err.contains('\u{1b}') && !said.err.contains("\n::"), "{}", said.err);
        said
    };
    run("pull_request", &good[..good.len() / 2]).must(2, &["the event file is no JSON"]);
    run("pull_request", "").must(2, &["no JSON"]);
    run("pull_request", "[]").must(2, &["no JSON object"]);
    run("pull_request", &"[".repeat(100_000)).must(2, &["no JSON"]);
    run("pull_request", "{}").must(2, &["no pull_request.base.sha"]);
    run("push", &good).must(2, &["of another event"]);
    run("pull_request", &push("refs/heads/main", ZERO, &scene.gate).to_string())
        .must(2, &["no pull_request.base.sha"]);
    run("issue_comment", "{}").must(2, &["issue_comment is not known"]);
    run("", "{}").must(2, &["no event is named"]);
    run("\u{1b}[31m\n::error::x", "{}").must(2, &["is not known here"]);
    run("push", &format!("{{\"x\": \"{}\"}}", "x".repeat(32 << 20)))
        .must(2, &["longer than 33554432", "--limit event-bytes=N"]);
    for bad in ["main", "abc123", "\u{1b}[31m", "--upload-pack=x", "", "HEAD"] {
        run("pull_request", &pull_request("main", bad, &scene.gate).to_string())
            .must(2, &["is no full commit id"]);
    }
    for bad in ["a b", "x\n::error::y", "refs/tags/v0", "a..b^", "refs/heads/"] {
        let event = pull_request(bad, &scene.gate, &scene.gate).to_string();
        assert_ne!(events::run(&scene.sandbox, "project", "pull_request", &event, &[]).status, 0);
    }
    let zeros = pull_request("main", ZERO, &scene.gate).to_string();
    run("pull_request", &zeros).must(2, &["all zeros"]);
    scene
        .sandbox
        .gatecheck("project", &["ci", "--event", "push", "--event-file", "absent.json"])
        .must(2, &["absent.json cannot be read"]);
    scene.sandbox.gatecheck("project", &["ci"]).must(2, &["no event is named"]);
}

#[test]
fn flags_say_what_no_environment_does() {
    let scene = Scene::new();
    let next = scene.work("2");
    let flags = ["ci", "--event", "push", "--base", &scene.gate, "--head", &next, "--ref", "main"];
    scene.sandbox.gatecheck("project", &flags).must(0, &[]);
    // A flag's event has nothing to do with the environment's file.
    let other = pull_request("main", &next, &scene.gate);
    scene.event("pull_request", &other, &flags[1..]).must(0, &[]);
    let lacking = ["ci", "--event", "pull_request", "--base", &scene.gate];
    scene.sandbox.gatecheck("project", &lacking).must(2, &["needs --head"]);
}

#[test]
fn what_the_service_is_told_changes_no_verdict() {
    let scene = Scene::new();
    let next = scene.work("2");
    let event = push("refs/heads/main", &scene.gate, &next);
    let written = ["--summary", "summary.md", "--step-outputs", "outputs"];
    scene.event("push", &event, &written).must(0, &[]);
    assert!(scene.sandbox.read("project/summary.md").contains("pass"));
    let outputs = scene.sandbox.read("project/outputs");
    assert_eq!(outputs, format!("verdict=pass\nstatus=0\ncovered={}\n", scene.gate));
    let nowhere = ["--summary", "nowhere/x", "--step-outputs", "nowhere/y"];
    scene
        .event("push", &event, &nowhere)
        .must(0, &["warning: the summary", "warning: the file of outputs"]);
    let bad = scene.edit_registry("serial = 1", "serial = 2");
    let event = push("refs/heads/main", &next, &bad);
    scene.event("push", &event, &nowhere).must(1, &["warning: the summary"]);
    scene.event("push", &event, &["--step-outputs", "bad"]).must(1, &[]);
    assert!(scene.sandbox.read("project/bad").starts_with("verdict=refused\nstatus=1\n"));
    scene.event("push", &json!({}), &["--step-outputs", "unusable"]).must(2, &[]);
    assert!(scene.sandbox.read("project/unusable").starts_with("verdict=unusable\nstatus=2\n"));
}
