//! What is done to a repository once its objects are made: refs, missing objects, unsigned local
//! files that lie about history, hostile configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build::World;
use super::sign::piped;

/// `git` in a scrubbed environment.
pub(crate) fn git(folder: &Path, args: &[&str]) -> Vec<u8> {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .arg("-C")
        .arg(folder)
        .args(args);
    piped(command, b"")
}

/// Refs only: enough for git to look at the objects.
pub(crate) fn refs(world: &World) {
    let git_dir = world.store.git_dir();
    let last = world.commits.last().unwrap();
    let mut refs = vec![("refs/heads/main".to_owned(), last.id.clone())];
    for (name, commit) in &world.story.repository.refs {
        refs.push((name.clone(), world.commit(commit).id.clone()));
    }
    for (name, id) in refs {
        write(&git_dir.join(name), &format!("{id}\n"));
    }
}

/// Everything else. Returns the repository that is to be judged.
pub(crate) fn prepare(world: &World) -> PathBuf {
    let spec = &world.story.repository;
    let git_dir = world.store.git_dir();
    if !spec.lying_commit_graph.is_empty() {
        lying_commit_graph(world);
    }
    for (old, new) in &spec.replace {
        let path = git_dir.join("refs/replace").join(object(world, old));
        write(&path, &format!("{}\n", object(world, new)));
    }
    let lines =
        |items: &[String]| items.iter().map(|line| world.told(line) + "\n").collect::<String>();
    if !spec.grafts.is_empty() {
        write(&git_dir.join("info/grafts"), &lines(&spec.grafts));
    }
    if !spec.shallow_file.is_empty() {
        let ids: Vec<String> =
            spec.shallow_file.iter().map(|name| world.commit(name).id.clone()).collect();
        write(&git_dir.join("shallow"), &lines(&ids));
    }
    for (name, value) in &spec.config {
        git(world.path(), &["config", name, &world.told(value)]);
    }
    for what in &spec.delete {
        fs::remove_file(world.store.loose(&object(world, what))).unwrap();
    }
    for what in &spec.corrupt {
        corrupt(
            &world.store.loose(&object(world, what)),
            &world.store.loose(&object(world, "anchor")),
        );
    }
    cloned(world).unwrap_or_else(|| world.path().to_owned())
}

/// `commit:work`, `tree:work`, `blob:work:kernel/main.rs`; a bare name is a commit.
fn object(world: &World, what: &str) -> String {
    if what.contains(':') {
        world.told(&format!("{{{what}}}"))
    } else {
        world.commit(what).id.clone()
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Puts another object's bytes (well-formed, of another hash) where this one should lie.
fn corrupt(path: &Path, other: &Path) {
    assert_ne!(path, other);
    fs::remove_file(path).unwrap();
    fs::copy(other, path).unwrap();
}

fn cloned(world: &World) -> Option<PathBuf> {
    let spec = &world.story.repository;
    let to = world.folder.path().join("clone");
    let url = format!("file://{}", world.path().display());
    let depth;
    let option = if let Some(commits) = spec.clone_depth {
        depth = format!("--depth={commits}");
        depth.as_str()
    } else if spec.partial_clone {
        git(world.path(), &["config", "uploadpack.allowFilter", "true"]);
        "--filter=blob:none"
    } else {
        return None;
    };
    let name = to.to_str().unwrap();
    git(world.folder.path(), &["clone", "--quiet", "--no-checkout", option, &url, name]);
    if spec.partial_clone {
        // The promisor is out of reach, as it is years later.
        git(&to, &["remote", "set-url", "origin", "file:///nowhere"]);
    }
    Some(to)
}

/// A commit-graph file (gitformat-commit-graph, version 1) whose first-parent edges were changed.
fn lying_commit_graph(world: &World) {
    git(world.path(), &["commit-graph", "write", "--reachable"]);
    let path = world.store.git_dir().join("objects/info/commit-graph");
    let mut bytes = fs::read(&path).unwrap();
    let word = |bytes: &[u8], at: usize| {
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    };
    let chunk = |bytes: &[u8], id: &[u8]| {
        let count = usize::from(bytes[6]);
        (0..=count)
            .map(|n| 8 + 12 * n)
            .find(|at| &bytes[*at..*at + 4] == id)
            .map(|at| word(bytes, at + 8))
            .expect("the chunk")
    };
    let (fanout, names, data) =
        (chunk(&bytes, b"OIDF"), chunk(&bytes, b"OIDL"), chunk(&bytes, b"CDAT"));
    let count = word(&bytes, fanout + 4 * 255);
    let position = |bytes: &[u8], name: &str| {
        let id = hex::decode(&world.commit(name).id).unwrap();
        (0..count).find(|n| bytes[names + 20 * n..][..20] == id[..]).expect("in the graph")
    };
    for (commit, parent) in &world.story.repository.lying_commit_graph {
        let (commit, parent) = (position(&bytes, commit), position(&bytes, parent));
        let at = data + 36 * commit + 20;
        bytes[at..at + 4].copy_from_slice(&u32::try_from(parent).unwrap().to_be_bytes());
    }
    // The file's own checksum is right again, by git's own hash.
    let end = bytes.len() - 20;
    let raw = world.folder.path().join("graph");
    fs::write(&raw, &bytes[..end]).unwrap();
    let sum = piped(
        {
            let mut c = Command::new("sha1sum");
            c.arg(&raw);
            c
        },
        b"",
    );
    let sum = hex::decode(&sum[..40]).unwrap();
    bytes[end..].copy_from_slice(&sum);
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    // git believes the lie: otherwise the story tells nothing.
    for (commit, parent) in &world.story.repository.lying_commit_graph {
        let told = git(
            world.path(),
            &[
                "-c",
                "core.commitGraph=true",
                "rev-list",
                "--topo-order",
                "-2",
                &world.commit(commit).id,
            ],
        );
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains(&world.commit(parent).id), "git does not believe the commit-graph");
    }
}
