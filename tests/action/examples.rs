//! The examples of `docs/ci/`, run as they stand.

use crate::Scene;
use crate::runner::{pairs, yaml};

/// Runs a script with the built program on PATH.
fn shell(scene: &Scene, script: &str, env: &[(&str, &str)]) -> (i32, String) {
    let built = std::path::Path::new(env!("CARGO_BIN_EXE_gatecheck")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let path = [built].into_iter().chain(std::env::split_paths(&path));
    let done = scene
        .sandbox
        .command("bash", "clone")
        .args(["-eo", "pipefail", "-c", script])
        .env("PATH", std::env::join_paths(path).unwrap())
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let log = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    (done.status.code().unwrap(), log)
}

fn cloned(scene: &Scene, commit: &str) {
    let _ = std::fs::remove_dir_all(scene.sandbox.path("clone"));
    scene.sandbox.git(".", &["clone", "-q", "server.git", "clone"]);
    scene.sandbox.git("clone", &["checkout", "-q", "--detach", commit]);
}

#[test]
fn gitlab() {
    let scene = Scene::new();
    let file = yaml("docs/ci/gitlab-ci.yml");
    let script = file["gatecheck"]["script"][0].as_str().unwrap();
    assert_eq!(file["gatecheck"]["variables"]["GIT_DEPTH"].as_str(), Some("0"));
    // The target has gone on to `good`; the merge request forked off at the gate.
    scene.git(&["checkout", "-q", "-b", "topic", &scene.gate]);
    scene.sandbox.write("project/topic", "topic");
    let topic = scene.sandbox.commit("project", "Topic");
    scene.git(&["push", "-q", "../server.git", "topic"]);
    // A fork whose main holds what the merge request proposes.
    scene.sandbox.git(".", &["clone", "-q", "--bare", "server.git", "fork.git"]);
    scene.sandbox.git("fork.git", &["update-ref", "refs/heads/main", &scene.bad]);
    let run = |commit: &str, env: &[(&str, &str)]| {
        cloned(&scene, commit);
        let own = [("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_SHA", commit)];
        shell(&scene, script, &[&own[..], env].concat())
    };
    let anchor = ("GATECHECK_ANCHOR", scene.anchor.as_str());
    let gate = scene.gate.as_str();
    let push = |before| {
        [
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_COMMIT_BEFORE_SHA", before),
        ]
    };
    let request = [
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    let tag = [("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_TAG", "v0"), anchor];
    let early = [("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_TAG", "v9"), anchor];
    let planned = [("CI_PIPELINE_SOURCE", "schedule"), ("CI_COMMIT_BRANCH", "main"), anchor];
    let cases: [(&str, &[(&str, &str)], i32); 8] = [
        (&scene.good, &push(gate), 0),
        (&scene.bad, &push(gate), 1),
        (&scene.good, &push(crate::ZERO), 3),
        (&topic, &request, 0),
        (&scene.bad, &request, 1),
        (gate, &tag, 0),
        (&scene.good, &early, 1),
        (gate, &planned, 0),
    ];
    for (commit, env, status) in cases {
        let (seen, log) = run(commit, env);
        assert_eq!(seen, status, "{env:?}: {log}");
        assert!(log.contains("refs/") || scene.sandbox.path("clone/gatecheck.xml").is_file());
    }
    // In the fork `origin` is the fork.
    let url = scene.sandbox.path("server").to_str().unwrap().to_owned();
    let forked = [
        ("CI_PROJECT_ID", "2"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_PROJECT_URL", url.as_str()),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_SHA", scene.bad.as_str()),
    ];
    cloned(&scene, &scene.bad);
    let fork = scene.sandbox.path("fork.git");
    scene.sandbox.git("clone", &["remote", "set-url", "origin", fork.to_str().unwrap()]);
    let (seen, log) = shell(&scene, script, &[&forked[..], &request].concat());
    assert_eq!(seen, 1, "{log}");
}

/// The script of `docs/ci.md` that follows these words.
fn script_after(words: &str) -> String {
    let page = std::fs::read_to_string(crate::runner::root().join("docs/ci.md")).unwrap();
    let rest = page.split_once(words).unwrap().1;
    rest.split_once("```sh\n").unwrap().1.split_once("```").unwrap().0.to_owned()
}

#[test]
fn buildkite() {
    let scene = Scene::new();
    // Whoever may push tags makes one of the target's name, which holds what he proposes.
    scene.sandbox.git("server.git", &["update-ref", "refs/tags/main", &scene.bad]);
    for (commit, status) in [(&scene.good, 0), (&scene.bad, 1)] {
        cloned(&scene, commit);
        let env = [
            ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
            ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main"),
            ("BUILDKITE_COMMIT", commit.as_str()),
        ];
        let (seen, log) = shell(&scene, &script_after("Buildkite, for a pull request"), &env);
        assert_eq!(seen, status, "{log}");
    }
}

#[test]
fn jenkins() {
    let scene = Scene::new();
    for (commit, before, status) in [
        (&scene.good, scene.gate.as_str(), 0),
        (&scene.bad, &scene.gate, 1),
        (&scene.gate, &scene.good, 1),
        (&scene.good, "", 2),
    ] {
        cloned(&scene, commit);
        let env = [
            ("GIT_PREVIOUS_COMMIT", before),
            ("GIT_COMMIT", commit.as_str()),
            ("GATECHECK_ANCHOR", scene.anchor.as_str()),
        ];
        let (seen, log) = shell(&scene, &script_after("Jenkins, for a build"), &env);
        assert_eq!(seen, status, "{log}");
    }
}

#[test]
fn forgejo() {
    let scene = Scene::new();
    let file = yaml("docs/ci/forgejo.yml");
    let steps = file["jobs"]["gatecheck"]["steps"].as_vec().unwrap();
    let script = |name: &str| {
        let step = steps.iter().find(|step| step["name"].as_str() == Some(name)).unwrap();
        for (variable, value) in pairs(&step["env"]) {
            assert!(value.as_str().unwrap().starts_with("${{ "), "{variable}");
        }
        step["run"].as_str().unwrap().to_owned()
    };
    let url = scene.sandbox.path("server.git");
    let anchor = scene.anchor.as_str();
    for (commit, pinned, status) in [
        (&scene.good, "", 0),
        (&scene.bad, "", 1),
        (&scene.good, anchor, 0),
        (&scene.bad, anchor, 1),
    ] {
        let _ = std::fs::remove_dir_all(scene.sandbox.path("clone"));
        std::fs::create_dir(scene.sandbox.path("clone")).unwrap();
        let event = crate::push("refs/heads/main", &scene.gate, commit).to_string();
        scene.sandbox.write("event.json", &event);
        let file = scene.sandbox.path("event.json");
        let env = [
            ("URL", url.to_str().unwrap()),
            ("REF", "refs/heads/main"),
            ("ANCHOR", pinned),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_EVENT_PATH", file.to_str().unwrap()),
        ];
        let (seen, log) = shell(&scene, &script("Clone"), &env);
        assert_eq!(seen, 0, "{log}");
        let (seen, log) = shell(&scene, &script("Judge"), &env);
        assert_eq!(seen, status, "{log}");
    }
}
