//! Events as a build service tells them.

use serde_json::{Value, json};

use super::project::{founded, gate, work};
use super::{Said, Sandbox};

pub(crate) const ZERO: &str = "0000000000000000000000000000000000000000";

pub(crate) fn push(reference: &str, before: &str, after: &str) -> Value {
    json!({
        "ref": reference, "before": before, "after": after, "forced": false,
        "repository": { "default_branch": "main" },
    })
}

pub(crate) fn pull_request(target: &str, base: &str, head: &str) -> Value {
    json!({
        "action": "synchronize", "number": 1,
        "pull_request": {
            "title": "::error::\u{1b}[31m`x` $(touch hacked)",
            "base": { "ref": target, "sha": base },
            "head": { "ref": "$(touch hacked)", "sha": head },
        },
        "repository": { "default_branch": "main" },
    })
}

pub(crate) fn merge_group(target: &str, base: &str, head: &str) -> Value {
    json!({
        "action": "checks_requested",
        "merge_group": {
            "base_ref": format!("refs/heads/{target}"), "base_sha": base,
            "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "head_sha": head,
        },
        "repository": { "default_branch": "main" },
    })
}

/// Runs `ci` with the environment of a build service.
pub(crate) fn run(
    sandbox: &Sandbox,
    folder: &str,
    name: &str,
    payload: &str,
    args: &[&str],
) -> Said {
    sandbox.write("event.json", payload);
    let done = sandbox
        .command(env!("CARGO_BIN_EXE_gatecheck"), folder)
        .args(["ci"])
        .args(args)
        .env("GITHUB_EVENT_NAME", name)
        .env("GITHUB_EVENT_PATH", sandbox.path("event.json"))
        .output()
        .unwrap();
    Said {
        status: done.status.code().unwrap(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// A project with a gate, of which a build service tells events.
pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) anchor: String,
    pub(crate) gate: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.ssh_key();
        let anchor = founded(&sandbox, "project");
        let gate = gate(&sandbox, "project", 0, "none");
        Self { sandbox, anchor, gate }
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.sandbox.git("project", args)
    }

    pub(crate) fn work(&self, text: &str) -> String {
        work(&self.sandbox, "project", text)
    }

    pub(crate) fn edit_registry(&self, from: &str, to: &str) -> String {
        let path = "project/keys/reviewer-registry.toml";
        let text = self.sandbox.read(path);
        assert!(text.contains(from), "{text}");
        self.sandbox.write(path, &text.replacen(from, to, 1));
        self.sandbox.commit("project", "Change the registry")
    }

    /// As the build service would run it.
    pub(crate) fn event(&self, name: &str, payload: &Value, args: &[&str]) -> Said {
        run(&self.sandbox, "project", name, &payload.to_string(), args)
    }
}
