//! The demo and the stories, as repositories to ask something about.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cli_support::{Said, Sandbox};
use crate::support::build::World;
use crate::support::setup;
use crate::support::story::Story;

pub(crate) const ANCHOR: &str = "10398d60ff623bb1f51e5af3a3f40e229347aaac";
pub(crate) const EPOCH_0: &str = "f8a1838abf8f55dc64ba38aaf653cfacab0624f5";
pub(crate) const ADA: &str = "fbf484ed0911d28feffb78b9230e1123d07f067c";
pub(crate) const EDSGER: &str = "SHA256:sfAOPNt//uZWIVtAA7v+CR3lbmj2WjeO0gRvgnuKCGY";

/// The demo's mainline: two epochs; everybody but edsger signed off the second.
pub(crate) fn demo() -> Sandbox {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.gatecheck(".", &["demo", "lighthouse"]).status, 0);
    sandbox
}

pub(crate) fn asked(sandbox: &Sandbox, at: &str, args: &[&str]) -> Said {
    let always = ["--anchor", ANCHOR, "--no-cache", "--at", at];
    sandbox.gatecheck("lighthouse", &[args, &always].concat())
}

pub(crate) const SUMMER: &str = "2025-06-01T00:00:00Z";

/// A story's repository, and what the program says of it.
pub(crate) struct Told {
    pub(crate) world: World,
    pub(crate) repo: PathBuf,
}

impl Told {
    pub(crate) fn of(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories");
        let text = std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
        Self::new(&text)
    }

    pub(crate) fn new(text: &str) -> Self {
        let world = World::new(toml::from_str::<Story>(text).unwrap());
        setup::refs(&world);
        let repo = setup::prepare(&world);
        Self { world, repo }
    }

    pub(crate) fn id(&self, name: &str) -> String {
        self.world.commit(name).id.clone()
    }

    pub(crate) fn key(&self, name: &str) -> String {
        self.world.keys[name].fingerprint().to_lowercase()
    }

    pub(crate) fn ask(&self, tip: Option<&str>, args: &[&str]) -> (i32, Value) {
        self.ask_at(&self.world.story.run.at, tip, args)
    }

    pub(crate) fn ask_at(&self, at: &str, tip: Option<&str>, args: &[&str]) -> (i32, Value) {
        let tip = tip.map(|tip| self.id(tip));
        let done = Command::new(env!("CARGO_BIN_EXE_gatecheck"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.world.folder.path())
            .args(args)
            .args(tip)
            .args(["--format", "json", "--no-cache", "--at", at])
            .args(["--anchor", &self.id(&self.world.story.run.anchor)])
            .arg("--repo")
            .arg(&self.repo)
            .output()
            .unwrap();
        let out = String::from_utf8(done.stdout).unwrap();
        let value = serde_json::from_str(&out)
            .unwrap_or_else(|_| panic!("{out}\n{}", String::from_utf8_lossy(&done.stderr)));
        (done.status.code().unwrap(), value)
    }

    /// Kind, name of the commit, and the verdict without the key, of each item.
    pub(crate) fn items(&self, answer: &Value) -> Vec<String> {
        let items = answer["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| {
                let made =
                    self.world.commits.iter().find(|made| item["commit"] == made.id.as_str());
                let name = &made.unwrap().spec.name;
                format!("{} {name} {}", word(&item["kind"]), word(&item["verdict_without"]))
            })
            .collect()
    }
}

pub(crate) fn word(value: &Value) -> &str {
    value.as_str().unwrap()
}
