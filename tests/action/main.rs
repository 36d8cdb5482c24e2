//! `action.yml`, the workflows and the examples of `docs/ci/`, read as files and run: each shell step with
//! bash, as the runner would, over a shallow clone and a fake event.
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

#[path = "../cli_support/mod.rs"]
mod cli_support;
mod examples;
mod files;
mod install;
mod runner;

use cli_support::Sandbox;
use cli_support::events::{ZERO, merge_group, pull_request, push};
use cli_support::project::{founded, gate, work};
use runner::{Ran, Runner};
use serde_json::{Value, json};

/// A server with a project, and what the events are about.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) anchor: String,
    pub(crate) gate: String,
    /// A good commit on the gate, and a bad one on that.
    pub(crate) good: String,
    pub(crate) bad: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.ssh_key();
        let anchor = founded(&sandbox, "project");
        let gate = gate(&sandbox, "project", 0, "none");
        let good = work(&sandbox, "project", "2");
        let path = "project/keys/reviewer-registry.toml";
        let text = sandbox.read(path).replacen("serial = 1", "serial = 2", 1);
        sandbox.write(path, &text);
        let bad = sandbox.commit("project", "Change the registry");
        let scene = Self { sandbox, anchor, gate, good, bad };
        scene.git(&["branch", "bad"]);
        scene.git(&["reset", "-q", "--hard", &scene.good]);
        scene.git(&["tag", "-s", "-m", "x", "v0", &scene.gate]);
        scene.git(&["tag", "-s", "-m", "x", "v9", &scene.good]);
        scene.sandbox.git(".", &["clone", "-q", "--bare", "project", "server.git"]);
        scene.sandbox.git("server.git", &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        scene
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.sandbox.git("project", args)
    }

    /// As the checkout action does: one commit, and tags made lightweight.
    pub(crate) fn checked_out(&self, commit: &str, tag: Option<&str>) {
        self.checked_out_by(&["--depth=1"], commit, tag);
    }

    fn checked_out_by(&self, how: &[&str], commit: &str, tag: Option<&str>) {
        let _ = std::fs::remove_dir_all(self.sandbox.path("clone"));
        self.sandbox.repository("clone");
        let git = |args: &[&str]| self.sandbox.git("clone", args);
        let url = format!("file://{}", self.sandbox.path("server.git").display());
        git(&["remote", "add", "origin", &url]);
        let there = format!("+{commit}:refs/remotes/origin/main");
        git(&[&["fetch", "-q", "--no-tags"], how, &["origin", &there]].concat());
        git(&["checkout", "-q", "--detach", commit]);
        if let Some(tag) = tag {
            git(&["tag", tag, commit]);
        }
    }

    fn ran(&self, event: &str, payload: &Value, inputs: &[(&str, &str)]) -> Ran {
        let reference = payload["ref"].as_str().unwrap_or("refs/heads/main");
        Runner::new(&self.sandbox).run(event, reference, payload, inputs)
    }
}

#[test]
fn accepted_and_refused_in_every_kind_of_event() {
    let scene = Scene::new();
    let (gate, good, bad) = (&scene.gate, &scene.good, &scene.bad);
    let release = |tag: &str| json!({ "action": "published", "release": { "tag_name": tag } });
    let tag = |name: &str| {
        let id = scene.git(&["rev-parse", &format!("refs/tags/{name}")]);
        push(&format!("refs/tags/{name}"), ZERO, &id)
    };
    let main = |commit: &str| push("refs/heads/main", gate, commit);
    // The next entry of a merge queue, whose base is the one before it.
    scene.git(&["checkout", "-q", "--detach", bad]);
    let next = work(&scene.sandbox, "project", "3");
    scene.git(&["push", "-q", "../server.git", &format!("{next}:refs/heads/queue/main/2")]);
    // The event, the commit that is checked out, the pinned status of the judge, and without a pin.
    let cases: Vec<(&str, Value, &str, [u8; 2])> = vec![
        ("push", main(good), good, [0, 0]),
        ("push", main(bad), bad, [1, 1]),
        ("push", push("refs/heads/main", good, gate), gate, [1, 1]),
        ("push", push("refs/heads/main", ZERO, good), good, [0, 3]),
        ("push", push("refs/heads/topic", gate, ZERO), good, [0, 0]),
        ("push", push("refs/heads/main", gate, ZERO), good, [1, 1]),
        ("pull_request", pull_request("main", gate, good), good, [0, 0]),
        ("pull_request", pull_request("main", gate, bad), bad, [1, 1]),
        ("pull_request_target", pull_request("main", gate, good), gate, [0, 0]),
        ("pull_request_target", pull_request("main", gate, bad), gate, [1, 1]),
        ("merge_group", merge_group("main", gate, good), good, [0, 0]),
        ("merge_group", merge_group("main", gate, bad), bad, [1, 1]),
        ("merge_group", merge_group("main", bad, &next), &next, [1, 1]),
        ("push", tag("v0"), gate, [0, 3]),
        ("push", tag("v9"), good, [1, 1]),
        ("release", release("v0"), gate, [0, 3]),
        ("release", release("v9"), good, [1, 1]),
        ("schedule", json!({}), good, [0, 3]),
        ("workflow_dispatch", json!({}), good, [0, 3]),
        // The mainline is bad from here on, whatever is checked out.
        ("schedule", json!({ "main": bad }), bad, [1, 1]),
        ("workflow_dispatch", json!({ "main": bad }), bad, [1, 1]),
    ];
    for (event, payload, commit, [pinned, unpinned]) in cases {
        let tag = payload["ref"].as_str().and_then(|name| name.strip_prefix("refs/tags/"));
        let tag = tag.or(payload["release"]["tag_name"].as_str());
        for (anchor, status) in [(scene.anchor.as_str(), pinned), ("", unpinned)] {
            if let Some(moved) = payload["main"].as_str() {
                scene.sandbox.git("server.git", &["update-ref", "refs/heads/main", moved]);
            }
            scene.checked_out(commit, tag);
            let ran = scene.ran(event, &payload, &[("anchor", anchor), ("sarif", "true")]);
            let what = format!("{event} {payload} anchor `{anchor}`:\n{}", ran.log);
            assert_eq!(ran.status, i32::from(status), "{what}");
            assert_eq!(ran.outputs["status"], status.to_string(), "{what}");
            let verdicts: &[&str] = match status {
                0 => &["pass", "nothing"],
                1 => &["refused"],
                _ => &["undecided"],
            };
            assert!(verdicts.contains(&ran.outputs["verdict"].as_str()), "{what}");
            assert!(!scene.sandbox.path("clone/hacked").exists(), "{what}");
            if let Some(report) = ran.outputs.get("report") {
                let report: Value =
                    serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
                assert_eq!(report["verdict"], ran.outputs["verdict"].as_str());
                assert!(ran.uploaded, "{what}");
            }
        }
    }
}

/// A checkout with a `filter` has the files of one commit.
#[test]
fn what_a_partial_clone_left_out_is_fetched() {
    let scene = Scene::new();
    scene.sandbox.git("server.git", &["config", "uploadpack.allowFilter", "true"]);
    let payload = push("refs/heads/main", &scene.gate, &scene.bad);
    for how in [&["--filter=blob:none", "--depth=1"][..], &["--filter=blob:none"]] {
        scene.checked_out_by(how, &scene.bad, None);
        let ran = scene.ran("push", &payload, &[("anchor", &scene.anchor)]);
        assert_eq!(ran.status, 1, "{}", ran.log);
        assert!(ran.log.contains("unauthorised-registry-change"), "{}", ran.log);
    }
}

#[test]
fn inputs_reach_the_judge_and_nothing_else() {
    let scene = Scene::new();
    let payload = push("refs/heads/main", &scene.gate, &scene.good);
    scene.checked_out(&scene.good, None);
    let ran = |inputs: &[(&str, &str)]| scene.ran("push", &payload, inputs);
    let plain = ran(&[]);
    assert_eq!((plain.status, plain.uploaded), (0, false), "{}", plain.log);
    assert_eq!(plain.outputs["covered"], scene.gate);
    assert!(plain.summary.contains("pass"), "{}", plain.summary);
    assert_eq!(ran(&[("require-covered", "true")]).status, 1);
    assert_eq!(ran(&[("summary", "false")]).summary, "");
    let gateless = push("refs/heads/main", &scene.good, &scene.good);
    assert_eq!(scene.ran("push", &gateless, &[("require-gate", "true")]).status, 3);
    let page = ran(&[("html", "true")]);
    let beside = page.outputs["report"].replace("report.json", "report.html");
    assert!(std::path::Path::new(&beside).is_file());
    assert_eq!(ran(&[("anchor-signer", &"a".repeat(40))]).status, 1, "of somebody else");
    assert_eq!(ran(&[("args", "--limit\nobject-bytes=1\n")]).status, 3);
    // What is no anchor is an argument of its own, whatever it holds.
    for hostile in
        ["$(touch hacked)", "--trust-on-first-use", "\";touch hacked;\"", "a\ntouch hacked"]
    {
        for input in ["anchor", "anchor-signer", "require-covered", "summary", "args"] {
            if (input, hostile) == ("args", "--trust-on-first-use") {
                continue;
            }
            let ran = ran(&[(input, hostile)]);
            assert_eq!((ran.status, ran.outputs["status"].as_str()), (2, "2"), "{}", ran.log);
            assert_eq!(ran.outputs["verdict"], "unusable");
        }
    }
    assert!(!scene.sandbox.path("clone/hacked").exists());
}

#[test]
fn an_upload_or_a_crash_never_hides_the_verdict() {
    let scene = Scene::new();
    scene.checked_out(&scene.bad, None);
    let payload = push("refs/heads/main", &scene.gate, &scene.bad);
    for fails in [false, true] {
        let mut runner = Runner::new(&scene.sandbox);
        runner.upload_fails = fails;
        let ran = runner.run("push", "refs/heads/main", &payload, &[("sarif", "true")]);
        assert_eq!((ran.status, ran.uploaded), (1, true), "{}", ran.log);
    }
    // A judge that dies, one that is not there, and an installation that fails.
    for (program, status) in
        [("#!/bin/sh\nkill -9 $$\n", 137), ("#!/nowhere\n", 127), ("#!/bin/sh\nexit 1\n", 2)]
    {
        let mut runner = Runner::new(&scene.sandbox);
        runner.replace_program(program, status != 2);
        let ran = runner.run("push", "refs/heads/main", &payload, &[]);
        assert_ne!(ran.status, 0, "{}", ran.log);
        if status == 137 {
            assert_eq!((ran.status, ran.outputs["verdict"].as_str()), (137, "undecided"));
        }
    }
}
