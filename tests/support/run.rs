//! Runs the real program in an environment that holds nothing but what the story says.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::build::World;

/// What one run said.
pub(crate) struct Answer {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `None` where standard output is no JSON.
    pub(crate) report: Option<Value>,
}

/// One run, with the clock at `at`.
pub(crate) fn run(world: &World, repo: &Path, at: &str) -> Answer {
    let story = &world.story.run;
    let home = world.folder.path().join("home");
    std::fs::create_dir_all(&home).unwrap();
    let told = |text: &str| {
        world
            .told(text)
            .replace("{repo}", repo.to_str().unwrap())
            .replace("{dir}", world.folder.path().to_str().unwrap())
    };
    for (name, text) in &story.files {
        let path = world.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, world.told(text)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatecheck"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", &home)
        .env("LC_ALL", "C.UTF-8");
    for (name, value) in &story.env {
        command.env(name, told(value));
    }
    command.current_dir(&home).args(["verify", "--format", "json", "--at", at, "--repo"]).arg(repo);
    if !story.anchor.is_empty() {
        command.arg("--anchor").arg(named(world, &story.anchor));
    }
    command.args(story.args.iter().map(|arg| told(arg)));
    if let Some(tip) = &story.tip {
        command.arg(named(world, tip));
    }
    let done = command.output().expect("the program was built");
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    Answer {
        exit: done.status.code(),
        report: serde_json::from_str(&stdout).ok(),
        stdout,
        stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

/// A commit's id by its name in the story; anything else stands for itself.
fn named(world: &World, name: &str) -> String {
    let made = world.commits.iter().find(|made| made.spec.name == name);
    made.map_or_else(|| name.to_owned(), |made| made.id.clone())
}
