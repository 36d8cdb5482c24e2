//! `gatecheck hook` with real pushes into real bare repositories.
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

use cli_support::project::{gate, pin, released, signed_off_at, work};
use cli_support::{Said, Sandbox};

/// A project with a gate, and a bare repository that it is pushed to.
struct Scene {
    sandbox: Sandbox,
    anchor: String,
    gate: String,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.ssh_key();
        let (anchor, gate) = released(&sandbox);
        sandbox.git(".", &["init", "-q", "--bare", "server.git"]);
        sandbox.git("project", &["remote", "add", "origin", "../server.git"]);
        Self { sandbox, anchor, gate }
    }

    /// With a hook on the server that has this anchor.
    fn guarded() -> Self {
        let scene = Self::new();
        let anchor = scene.anchor.clone();
        let args = ["hook", "install", "--server", "--anchor", &anchor];
        scene.sandbox.gatecheck("server.git", &args).must(0, &["written: ", "hooks/update"]);
        scene
    }

    fn git(&self, args: &[&str]) -> String {
        self.sandbox.git("project", args)
    }

    /// A push, with what everybody said.
    fn push(&self, args: &[&str]) -> Said {
        self.said("project", &[&["push", "-q", "origin"], args].concat(), &[])
    }

    fn said(&self, folder: &str, args: &[&str], env: &[(&str, &str)]) -> Said {
        let mut git = self.sandbox.command("git", folder);
        let done = git.args(args).envs(env.iter().copied()).output().unwrap();
        Said {
            status: done.status.code().unwrap(),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    }

    fn server(&self, name: &str) -> Option<String> {
        let refs =
            self.sandbox.git("server.git", &["for-each-ref", "--format=%(refname) %(objectname)"]);
        let line = refs.lines().find_map(|line| line.strip_prefix(&format!("{name} ")))?;
        Some(line.to_owned())
    }

    fn work(&self, text: &str) -> String {
        work(&self.sandbox, "project", text)
    }
}

#[test]
fn a_server_lets_through_what_passes() {
    let scene = Scene::guarded();
    // The first push: nothing is there yet but the objects in quarantine.
    scene.push(&["main"]).must(0, &["refs/heads/main passes"]);
    assert_eq!(scene.server("refs/heads/main"), Some(scene.gate.clone()));
    let next = scene.work("2");
    scene.push(&["main"]).must(0, &[]);
    assert_eq!(scene.server("refs/heads/main"), Some(next));
    scene.git(&["tag", "-s", "-m", "x", "v0", &scene.gate]);
    scene.push(&["v0"]).must(0, &["refs/tags/v0 passes"]);
    // Tag and mainline at once, packed.
    let second = gate(&scene.sandbox, "project", 1, &scene.gate);
    scene.git(&["tag", "-s", "-m", "x", "v1", &second]);
    scene.sandbox.git("server.git", &["config", "receive.unpackLimit", "1"]);
    scene.push(&["--atomic", "main", "v1"]).must(0, &[]);
    assert_eq!(scene.server("refs/heads/main"), Some(second));
    assert!(scene.server("refs/tags/v1").is_some());
}

#[test]
fn a_server_refuses_what_would_not_pass() {
    let scene = Scene::guarded();
    scene.push(&["main"]).must(0, &[]);
    let stays = |what: &str| {
        assert_eq!(scene.server("refs/heads/main"), Some(scene.gate.clone()), "{what}");
    };
    // A gate without a signature.
    let tree = scene.git(&["rev-parse", "HEAD^{tree}"]);
    let bound = format!("subject_tree = \"{tree}\"");
    cli_support::project::signed_off(&scene.sandbox, "project", 1, &scene.gate, &bound);
    let bad = scene.sandbox.commit("project", "Epoch 1");
    scene
        .push(&["main"])
        .must(1, &["error[unsigned]", "refs/heads/main is refused, and not pushed"]);
    stays("unsigned");
    // Another branch may hold it, and one that is renamed in the push is the mainline all the same.
    scene.push(&["main:topic"]).must(0, &[]);
    assert_eq!(scene.server("refs/heads/topic"), Some(bad.clone()));
    scene.git(&["reset", "-q", "--hard", &scene.gate]);
    let ahead = scene.work("3");
    scene.push(&["main"]).must(0, &[]);

    // Back, aside, gone, and with what stood there as a second parent.
    scene
        .push(&["-f", &format!("{}:main", scene.gate)])
        .must(1, &["rollback", "git pull --rebase=merges"]);
    scene.git(&["reset", "-q", "--hard", &scene.gate]);
    scene.work("4");
    scene.push(&["-f", "main"]).must(1, &["rollback", "refs/heads/main would lose commits"]);
    scene.git(&["merge", "-q", "-s", "ours", "-m", "Take over", &ahead]);
    let said = scene.push(&["main"]).must(1, &["mainline-replaced", "would be a merged branch"]);
    assert!(!said.err.contains("checkpoint"), "{}", said.err);
    scene.sandbox.git("server.git", &["config", "receive.denyDeleteCurrent", "ignore"]);
    scene.push(&[":main"]).must(1, &["mainline-replaced", "would be deleted"]);
    assert_eq!(scene.server("refs/heads/main"), Some(ahead.clone()));
    // By another name.
    scene.sandbox.git("server.git", &["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    scene.push(&["-f", "main:alias"]).must(1, &["refs/heads/alias is refused"]);
    scene.sandbox.git("server.git", &["symbolic-ref", "refs/else/where", "refs/heads/main"]);
    scene.push(&["-f", "main:refs/else/where"]).must(1, &["refs/else/where is refused"]);
    // Where the server's disk tells no letter cases apart, these are the mainline's own file.
    for twin in ["refs/heads/Main", "refs/Heads/main"] {
        scene
            .push(&["-f", &format!("{}:{twin}", scene.gate)])
            .must(0, &[&format!("{twin} passes")]);
        scene.push(&["-f", &format!("{bad}:{twin}")]).must(1, &[&format!("{twin} is refused")]);
    }
    assert_eq!(scene.server("refs/heads/main"), Some(ahead));
}

#[test]
fn a_server_refuses_tags_that_do_not_pass() {
    let scene = Scene::guarded();
    scene.push(&["main"]).must(0, &[]);
    let tip = scene.work("2");
    scene.git(&["tag", "light", &scene.gate]);
    scene.push(&["light"]).must(1, &["tag-unsigned"]);
    scene.git(&["tag", "-s", "-m", "x", "early", &tip]);
    scene.push(&["early"]).must(1, &["tag-not-a-gate", "not-covered"]);
    scene.git(&["tag", "-s", "-m", "x", "v0", &scene.gate]);
    scene.push(&["v0:refs/tags/v9"]).must(1, &["tag-mismatch"]);
    scene.push(&["v0"]).must(0, &[]);
    let made = scene.server("refs/tags/v0");
    // Never a second edition.
    scene.git(&["tag", "-f", "-s", "-m", "y", "v0", &scene.gate]);
    scene.push(&["-f", "v0"]).must(1, &["tag-exists", "would be moved"]);
    scene.push(&[":v0"]).must(1, &["tag-exists", "would be deleted"]);
    assert_eq!(scene.server("refs/tags/v0"), made);
    scene.push(&["v0:refs/Tags/v0"]).must(1, &["tag-mismatch"]);
    for name in ["light", "early", "v9"] {
        assert_eq!(scene.server(&format!("refs/tags/{name}")), None);
    }
}

#[test]
fn a_branch_with_gates_of_its_own_is_judged_like_the_mainline() {
    let sandbox = Sandbox::new();
    sandbox.ssh_key();
    sandbox.repository("project");
    sandbox.gatecheck("project", &["init", "--project", "project"]).must(0, &[]);
    let file = "project/keys/reviewer-registry.toml";
    let mainline = "mainline = \"refs/heads/main\"\n";
    let listed = format!("{mainline}branches = [\"release/*\"]\n");
    sandbox.write(file, &sandbox.read(file).replace(mainline, &listed));
    let anchor = sandbox.commit("project", "Found the reviewer registry");
    pin(&sandbox, &anchor);
    sandbox.git(".", &["init", "-q", "--bare", "server.git"]);
    sandbox.git("project", &["remote", "add", "origin", "../server.git"]);
    let scene = Scene { sandbox, anchor: anchor.clone(), gate: String::new() };
    let install = ["hook", "install", "--server", "--anchor", &anchor];
    scene.sandbox.gatecheck("server.git", &install).must(0, &[]);

    scene.git(&["switch", "-q", "-c", "release/1"]);
    scene.work("1");
    let release = |args: &[&str]| {
        let args = [args, &["--branch", "release/1"]].concat();
        scene.sandbox.gatecheck("project", &args)
    };
    // Before its first gate there is nothing to refuse.
    scene.push(&["main", "release/1"]).must(0, &["refs/heads/release/1 passes"]);
    release(&["signoff", "new"]).must(0, &[]);
    release(&["signoff", "add", "--domain", "project", "--yes"]).must(0, &[]);
    scene.git(&["add", "-A"]);
    scene.git(&["commit", "-q", "-S", "-m", "Epoch 0 of release/1"]);
    let gate = scene.git(&["rev-parse", "HEAD"]);
    scene.push(&["release/1"]).must(0, &["refs/heads/release/1 passes"]);
    // Its releases are tagged as those of the mainline are.
    release(&["tag", "r1"]).must(0, &[" --create --branch release/1\n"]);
    let said = release(&["tag", "r1", "--create"]).must(0, &[]);
    assert!(said.out.contains("git push origin refs/tags/r1"), "{}", said.out);
    scene.push(&["r1"]).must(0, &["refs/tags/r1 passes"]);

    // What stands there stays, and what is added passes.
    let stays = |what: &str| {
        assert_eq!(scene.server("refs/heads/release/1"), Some(gate.clone()), "{what}");
    };
    scene.push(&["-f", "main:release/1"]).must(1, &["rollback"]);
    scene.push(&[":release/1"]).must(1, &["would be deleted"]);
    stays("moved");
    let tree = scene.git(&["rev-parse", "HEAD^{tree}"]);
    let bound = format!("subject_tree = \"{tree}\"");
    let manifest = format!("[manifest]\nepoch = 1\nprevious_gate = \"{gate}\"\n{bound}\n");
    scene.sandbox.write("project/epoch_signoffs/release/1/epoch-1.toml", &manifest);
    let bad = scene.sandbox.commit("project", "Epoch 1");
    scene.push(&["release/1"]).must(1, &["error[unsigned]", "refs/heads/release/1 is refused"]);
    stays("a gate that nobody signed");
    // A disk that tells no letter cases apart would write it over the other.
    scene.push(&["release/1:refs/heads/Release/1"]).must(1, &["error[unsigned]"]);
    scene.git(&["tag", "-s", "-m", "x", "r2", &bad]);
    scene.push(&["r2"]).must(1, &["tag-not-a-gate"]);
    // Others come and go as before.
    scene.push(&[&format!("{bad}:refs/heads/topic")]).must(0, &[]);
    scene.push(&[":topic"]).must(0, &[]);
}

#[test]
fn what_a_server_cannot_judge_it_refuses() {
    let scene = Scene::new();
    let server = |args: &[&str]| scene.sandbox.gatecheck("server.git", args);
    // Nobody says where trust starts.
    scene.sandbox.git("home", &["config", "--global", "--unset", "gatecheck.project.anchor"]);
    server(&["hook", "install", "--server"]).must(2, &["no anchor is pinned"]);
    server(&["hook", "install", "--server", "--project", "project"])
        .must(2, &["no anchor is pinned"]);
    assert!(!scene.sandbox.path("server.git/hooks/update").exists());
    // Pinned in the server's own configuration, and taken away again.
    pin(&scene.sandbox, &scene.anchor);
    server(&["hook", "install", "--server", "--project", "project"]).must(0, &[]);
    scene.sandbox.git("home", &["config", "--global", "--unset", "gatecheck.project.anchor"]);
    scene.push(&["main"]).must(1, &["no anchor is pinned"]);
    // Neither the repository's configuration nor a variable of the person that pushes pins one.
    scene.sandbox.git("server.git", &["config", "gatecheck.project.anchor", &scene.anchor]);
    let env = [("GATECHECK_ANCHOR", scene.anchor.as_str())];
    scene
        .said("project", &["push", "-q", "origin", "main"], &env)
        .must(1, &["no anchor is pinned"]);
    pin(&scene.sandbox, &scene.anchor);
    scene.push(&["main"]).must(0, &[]);

    // No program, no push; and the words say what to do.
    let hook = scene.sandbox.read("server.git/hooks/update");
    let program = env!("CARGO_BIN_EXE_gatecheck");
    assert!(hook.contains(program), "{hook}");
    scene.sandbox.program("server.git/hooks/update", &hook.replace(program, "/nowhere/gatecheck"));
    scene.work("2");
    scene
        .push(&["main"])
        .must(1, &["the program is not there", "write this hook anew: gatecheck hook install"]);
    scene.push(&["main:topic"]).must(1, &["the program is not there"]);
    assert_eq!(scene.server("refs/heads/main"), Some(scene.gate.clone()));
}

#[test]
fn before_the_anchor_is_there_nobody_knows_which_branch_is_the_mainline() {
    let scene = Scene::guarded();
    scene.git(&["checkout", "-q", "--orphan", "other"]);
    scene.git(&["rm", "-q", "-r", "--cached", "keys"]);
    scene.git(&["commit", "-q", "-m", "Another root"]);
    scene.push(&["other"]).must(1, &["the pinned anchor is not in this repository"]);
    scene.git(&["checkout", "-q", "-f", "main"]);
    scene.push(&["main"]).must(0, &[]);
    scene.push(&["other"]).must(0, &[]);
    scene.push(&["-f", "other:main"]).must(1, &["not-descendant"]);
}

/// Git moves the objects of a push out of quarantine before it runs `update`, but not before
/// `pre-receive`, which can call the same.
#[test]
fn objects_in_quarantine_are_read_where_git_says_they_are() {
    let scene = Scene::guarded();
    let hooks = "server.git/hooks";
    let call = scene.sandbox.read(&format!("{hooks}/update"));
    let looped = call.replace("exec \"", "while read -r old new ref; do \"").replace(
        "\"$1\" \"$2\" \"$3\" >&2",
        "\"$ref\" \"$old\" \"$new\" >&2 </dev/null || exit 1; done",
    );
    assert!(looped.contains("while read") && looped.contains("|| exit 1; done"), "{looped}");
    std::fs::remove_file(scene.sandbox.path(&format!("{hooks}/update"))).unwrap();
    scene.sandbox.program(&format!("{hooks}/pre-receive"), &looped);
    scene.push(&["main"]).must(0, &["refs/heads/main passes"]);
    let old = scene.gate.clone();
    scene.work("2");
    let next = gate(&scene.sandbox, "project", 1, &old);
    scene.git(&["tag", "-s", "-m", "x", "v1", &next]);
    scene.push(&["main", "v1"]).must(0, &["refs/heads/main passes", "refs/tags/v1 passes"]);
    scene.git(&["tag", "light"]);
    let lost = scene.work("3");
    scene.push(&["main", "light"]).must(1, &["tag-unsigned"]);
    let held = scene.said("server.git", &["cat-file", "-e", &lost], &[]);
    assert_ne!(held.status, 0, "refused in quarantine, so nothing of it was kept");
    // Without the folder the objects are not there, and that is no pass.
    let blind = looped.replace("--objects \"${GIT_OBJECT_DIRECTORY:-}\"", "");
    scene.sandbox.program(&format!("{hooks}/pre-receive"), &blind);
    scene.push(&["main"]).must(1, &[&format!("object {lost} is missing")]);
}

/// A key whose window has closed since. A tag of its time stays good; nobody can tell whether it was
/// really made then, so a server that is given it only now refuses it.
#[test]
fn who_holds_an_old_key_brings_no_new_tags() {
    let scene = Scene { sandbox: Sandbox::new(), anchor: String::new(), gate: String::new() };
    let sandbox = &scene.sandbox;
    sandbox.ssh_key();
    sandbox.tool("ssh-keygen", "home", &["-q", "-t", "ed25519", "-N", "", "-f", ".ssh/new"]);
    sandbox.repository("project");
    sandbox.gatecheck("project", &["init"]).must(0, &[]);
    let line = sandbox.tool("ssh-keygen", "home", &["-l", "-f", ".ssh/new.pub"]);
    let registry = sandbox.read("project/keys/reviewer-registry.toml");
    let dates = regex::Regex::new("effective_from = .*\neffective_until = .*\n").unwrap();
    let window = "effective_from = 2025-01-01\neffective_until = 2025-04-01\n";
    let registry = dates.replace(&registry, window);
    assert!(registry.contains(window), "{registry}");
    let second = format!(
        "\n[[keys]]\nreviewer_id = \"ada\"\nformat = \"ssh\"\nfingerprint = \"{}\"\n\
         public_key = \"keys/ada-2.pub\"\neffective_from = 2025-01-01\neffective_until = 2099-01-01\n",
        line.split(' ').nth(1).unwrap()
    );
    sandbox.write("project/keys/reviewer-registry.toml", &format!("{registry}{second}"));
    sandbox.write("project/keys/ada-2.pub", &sandbox.read("home/.ssh/new.pub"));
    let at = |key: &str, time: &str, args: &[&str]| {
        let key = format!("user.signingKey={}", sandbox.path(&format!("home/{key}")).display());
        let env = [("GIT_AUTHOR_DATE", time), ("GIT_COMMITTER_DATE", time)];
        scene.said("project", &[&["-c", &key], args].concat(), &env).must(0, &[]);
        scene.git(&["rev-parse", "HEAD"])
    };
    let gate = |epoch: u32, previous: &str, key: &str, time: &str| {
        let bound = format!("subject_tree = \"{}\"", scene.git(&["rev-parse", "HEAD^{tree}"]));
        signed_off_at(sandbox, "project", epoch, previous, &bound, time, key);
        scene.git(&["add", "-A"]);
        at(key, time, &["commit", "-q", "-S", "-m", "Gate"])
    };
    let (old, new) = (".ssh/id", ".ssh/new");
    scene.git(&["add", "-A"]);
    let anchor = at(old, "2025-01-02T00:00:00Z", &["commit", "-q", "-m", "Found"]);
    let first = gate(0, "none", old, "2025-02-01T00:00:00Z");
    at(old, "2025-02-02T00:00:00Z", &["tag", "-s", "-m", "x", "v0", &first]);
    gate(1, &first, new, "2025-05-01T00:00:00Z");
    at(old, "2025-02-03T00:00:00Z", &["tag", "-s", "-m", "x", "v0-again", &first]);
    for name in ["v0", "v0-again"] {
        let args = ["verify-tag", name, "--anchor", &anchor];
        sandbox.gatecheck("project", &args).must(0, &[]);
    }
    sandbox.git(".", &["init", "-q", "--bare", "server.git"]);
    scene.git(&["remote", "add", "origin", "../server.git"]);
    sandbox
        .gatecheck("server.git", &["hook", "install", "--server", "--anchor", &anchor])
        .must(0, &[]);
    // In its time it was brought in its time.
    scene.push(&[&format!("{first}:refs/heads/main")]).must(0, &[]);
    scene.push(&["v0"]).must(0, &[]);
    scene.push(&["main"]).must(0, &[]);
    scene.push(&["v0-again"]).must(1, &["key-window-closed", "refs/tags/v0-again is refused"]);
    at(new, "2025-05-02T00:00:00Z", &["tag", "-s", "-m", "x", "v0-new", &first]);
    scene.push(&["v0-new"]).must(0, &[]);
}

#[test]
fn of_two_pushes_at_once_each_is_judged_against_what_stands_there() {
    let scene = Scene::guarded();
    scene.push(&["main"]).must(0, &[]);
    let one = scene.work("2");
    scene.git(&["checkout", "-q", "-b", "second", &scene.gate]);
    let two = scene.work("3");
    let start = |commit: &str| {
        let refspec = format!("{commit}:refs/heads/main");
        let mut git = scene.sandbox.command("git", "project");
        git.args(["push", "-q", "-f", "origin", &refspec]);
        git.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let mut running = [start(&one), start(&two)];
    let passed =
        running.iter_mut().filter_map(|r| r.wait().unwrap().success().then_some(())).count();
    assert_eq!(passed, 1);
    let stands = scene.server("refs/heads/main").unwrap();
    assert!(stands == one || stands == two);
}

#[test]
fn a_push_is_judged_before_it_leaves() {
    let scene = Scene::new();
    let install =
        |args: &[&str]| scene.sandbox.gatecheck("project", &[&["hook", "install"], args].concat());
    install(&[]).must(0, &["written: ", ".git/hooks/pre-push", "--no-verify"]);
    scene.push(&["main"]).must(0, &["refs/heads/main passes"]);
    scene.work("2");
    scene.git(&["tag", "-s", "-m", "x", "early"]);
    scene.push(&["main", "early"]).must(1, &["refs/tags/early is refused"]);
    assert_eq!(scene.server("refs/heads/main"), Some(scene.gate.clone()), "nothing was pushed");
    scene.push(&["main"]).must(0, &[]);
    scene.push(&["-f", &format!("{}:main", scene.gate)]).must(1, &["rollback"]);
    scene.push(&[":main"]).must(1, &["would be deleted"]);
    scene.push(&[&format!("{}:refs/heads/topic", scene.gate)]).must(0, &[]);
    scene.push(&[":topic"]).must(0, &[]);
    scene.push(&["main"]).must(0, &[]);

    // From a linked work tree, a folder below the top, and with git's variables set.
    scene.git(&["worktree", "add", "-q", "../linked", "-b", "linked"]);
    scene.sandbox.write("linked/below/code", "3");
    scene.sandbox.commit("linked", "More");
    let from = |folder: &str, env: &[(&str, &str)]| {
        scene.said(folder, &["push", "-q", "origin", "HEAD:main"], env)
    };
    from("linked/below", &[]).must(0, &["refs/heads/main passes"]);
    scene.sandbox.commit("linked", "And more");
    let (dir, tree) = (scene.sandbox.path("linked/.git"), scene.sandbox.path("linked"));
    let dir = scene.sandbox.read(dir.to_str().unwrap()).trim().replace("gitdir: ", "");
    let env = [("GIT_DIR", dir.as_str()), ("GIT_WORK_TREE", tree.to_str().unwrap())];
    from("home", &env).must(0, &["refs/heads/main passes"]);

    // What is behind the remote fetches first.
    scene.sandbox.git(".", &["clone", "-q", "server.git", "other"]);
    let theirs = work(&scene.sandbox, "other", "theirs");
    scene.sandbox.git("other", &["push", "-q", "origin", "main"]);
    scene.work("mine");
    scene.push(&["-f", "main"]).must(1, &["rollback", "fetch first"]);
    assert_eq!(scene.server("refs/heads/main"), Some(theirs));
    scene.sandbox.git("home", &["config", "--global", "--unset", "gatecheck.project.anchor"]);
    scene.push(&["main:topic"]).must(1, &["no anchor is pinned", "gatecheck.project.anchor"]);
    let env = [("GATECHECK_ANCHOR", scene.anchor.as_str())];
    scene.said("project", &["push", "-q", "origin", "main:topic"], &env).must(0, &[]);
}

#[test]
fn hooks_of_others_are_kept() {
    let scene = Scene::new();
    let install =
        |args: &[&str]| scene.sandbox.gatecheck("project", &[&["hook", "install"], args].concat());
    let own = "project/.git/hooks/pre-push";
    scene.sandbox.write(own, "#!/bin/sh\necho mine\n");
    let said = install(&[]).must(2, &["there is a hook at", "add this line to it", "--force"]);
    assert_eq!(scene.sandbox.read(own), "#!/bin/sh\necho mine\n");
    // The line does what it says, in that very hook.
    let line =
        said.err.split("near its top: ").nth(1).unwrap().split(" (or --force").next().unwrap();
    scene.sandbox.program(own, &format!("#!/bin/sh\n{line}\necho mine\n"));
    scene.push(&["main"]).must(0, &["refs/heads/main passes", "mine"]);
    scene.work("2");
    scene.git(&["tag", "-s", "-m", "x", "early"]);
    scene.push(&["early"]).must(1, &["tag-not-a-gate"]);

    install(&["--force"]).must(0, &["kept: ", "pre-push.before-gatecheck"]);
    assert!(scene.sandbox.read(&format!("{own}.before-gatecheck")).contains("mine"));
    scene.push(&["main"]).must(0, &["refs/heads/main passes"]);
    // Its own is renewed without a word; a link is somebody else's.
    install(&[]).must(0, &[]);
    std::fs::remove_file(scene.sandbox.path(own)).unwrap();
    std::os::unix::fs::symlink("/nowhere", scene.sandbox.path(own)).unwrap();
    install(&[]).must(2, &["there is a hook at"]);

    // Where the repository keeps its hooks itself, and where all repositories share them.
    scene.git(&["config", "core.hooksPath", "tools/hooks"]);
    install(&[]).must(0, &["tools/hooks/pre-push", "core.hooksPath", "do not commit it"]);
    // What comes with a clone's configuration leads nowhere else.
    scene.git(&["config", "core.hooksPath", "../home/elsewhere"]);
    install(&["--force"]).must(2, &["lies outside of it", "git config core.hooksPath"]);
    assert!(!scene.sandbox.path("home/elsewhere").exists());
    scene.git(&["config", "--unset", "core.hooksPath"]);
    scene.sandbox.git("home", &["config", "--global", "core.hooksPath", "~/hooks"]);
    install(&[]).must(2, &["share the hooks"]);
    assert!(!scene.sandbox.path("home/hooks").exists());
    install(&["--server"]).must(2, &["has a work tree"]);
}

#[test]
fn under_the_framework_of_pre_commit() {
    let scene = Scene::new();
    let run = |env: &[(&str, &str)]| {
        let mut program = scene.sandbox.command(env!("CARGO_BIN_EXE_gatecheck"), "project");
        let done = program.args(["hook", "run", "pre-commit"]).envs(env.iter().copied());
        let done = done.output().unwrap();
        Said {
            status: done.status.code().unwrap(),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    };
    run(&[]).must(2, &["PRE_COMMIT_REMOTE_BRANCH is not set"]);
    let zero = "0".repeat(40);
    let told = |from: &str, to: &str| {
        run(&[
            ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main"),
            ("PRE_COMMIT_FROM_REF", from),
            ("PRE_COMMIT_TO_REF", to),
        ])
    };
    told(&zero, &scene.gate).must(0, &["refs/heads/main passes"]);
    told(&scene.gate, &scene.anchor).must(1, &["rollback"]);
    // Its list of hooks calls commands that are there.
    let list =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml"));
    let entries: Vec<String> = list
        .unwrap()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("entry: gatecheck ").map(str::to_owned))
        .collect();
    assert!(entries.len() >= 2, "{entries:?}");
    for entry in entries {
        let args: Vec<&str> = entry.split(' ').chain(["--help"]).collect();
        scene.sandbox.gatecheck("project", &args).must(0, &[]);
    }
}
