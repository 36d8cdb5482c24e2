//! An environment, configuration and local files that lie: the answer about the real objects is
//! the same, byte for byte.
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

#[allow(dead_code, reason = "the harness of the stories, of which this needs a part")]
mod support;

#[path = "cli_support/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use support::build::World;
use support::run::{Answer, run};
use support::setup;
use support::story::Story;

const AT: &str = "2026-06-01T00:00:00Z";

/// A gate, and an unsigned one after it.
const REFUSED: &str = r#"
story = "The second gate is unsigned."
[[commits]]
name = "gate0"
epoch = 0
[[commits]]
name = "gate1"
epoch = 1
signed_by = ""
refused = true
[[commits]]
name = "work"
[expect]
verdict = "refused"
"#;

/// The same with a signature.
const PASSING: &str = r#"
story = "Two gates."
[[commits]]
name = "gate0"
epoch = 0
[[commits]]
name = "gate1"
epoch = 1
[[commits]]
name = "work"
[expect]
verdict = "pass"
"#;

/// A world, and programs in its folder that say so when somebody runs them.
struct Scene {
    world: World,
    verdict: &'static str,
}

impl Scene {
    fn new(text: &str, verdict: &'static str) -> Self {
        let story: Story = toml::from_str(text).unwrap();
        let world = World::new(story);
        setup::refs(&world);
        let scene = Self { world, verdict };
        let bin = scene.path("bin");
        fs::create_dir_all(&bin).unwrap();
        for name in ["git", "gpg", "gpgsm", "ssh-keygen", "sh", "hook", "post-checkout"] {
            let program = bin.join(name);
            let text = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", scene.path("ran").display());
            program::program(&program, &text);
        }
        let said = std::process::Command::new(bin.join("hook")).arg("x").status().unwrap();
        assert!(said.success() && scene.path("ran").exists(), "whoever runs one is told of");
        fs::remove_file(scene.path("ran")).unwrap();
        scene
    }

    fn both() -> [Self; 2] {
        [Self::new(PASSING, "pass"), Self::new(REFUSED, "refused")]
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn id(&self, name: &str) -> String {
        self.world.commit(name).id.clone()
    }

    fn clean(&mut self) -> Answer {
        let answer = self.judged(&[]);
        let verdict = answer.report.as_ref().map(|report| report["verdict"].clone());
        assert_eq!(verdict, Some(self.verdict.into()), "{}{}", answer.stdout, answer.stderr);
        answer
    }

    /// The answer in an environment with these variables more.
    fn judged(&mut self, env: &[(&str, String)]) -> Answer {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.world.story.run.env = env.collect();
        run(&self.world, self.world.path(), AT)
    }

    fn config(&self, name: &str, value: &str) {
        setup::git(self.world.path(), &["config", name, value]);
    }

    fn git_dir(&self) -> PathBuf {
        self.world.store.git_dir().to_owned()
    }

    /// Writes a file of the user's that pins another anchor, and returns its path.
    fn lying_config(&self) -> String {
        let text = format!("[gatecheck \"clan-os\"]\n\tanchor = {}\n", self.id("gate1"));
        fs::write(self.path("lying"), text).unwrap();
        self.text("lying")
    }

    fn nobody_was_run(&self) {
        let ran = fs::read_to_string(self.path("ran")).unwrap_or_default();
        assert_eq!(ran, "", "programs were run");
    }
}

fn assert_same(what: &str, clean: &Answer, hostile: &Answer) {
    assert_eq!(hostile.stdout, clean.stdout, "{what}: {}", hostile.stderr);
    assert_eq!(hostile.exit, clean.exit, "{what}");
    assert_eq!(hostile.stderr, clean.stderr, "{what}");
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn variables_choose_nothing() {
    let other = Scene::new(PASSING, "pass");
    let elsewhere = other.git_dir().to_str().unwrap().to_owned();
    for mut scene in Scene::both() {
        let clean = scene.clean();
        let own = scene.world.path().to_str().unwrap().to_owned();
        let refs = scene.git_dir().join("refs");
        write(&refs.join("evil").join(scene.id("gate1")), &(scene.id("gate0") + "\n"));
        write(&scene.path("graft"), &format!("{} {}\n", scene.id("work"), scene.id("gate0")));
        write(&scene.path("cut"), &(scene.id("work") + "\n"));
        let lying = scene.lying_config();
        let (path, null) = (scene.text("bin"), "/dev/null".to_owned());
        let anchor = scene.id("gate1");
        let groups: Vec<Vec<(&str, String)>> = vec![
            vec![("GIT_DIR", elsewhere.clone())],
            vec![("GIT_DIR", elsewhere.clone()), ("GIT_WORK_TREE", own.clone())],
            vec![("GIT_DIR", null.clone())],
            vec![("GIT_COMMON_DIR", elsewhere.clone())],
            vec![("GIT_WORK_TREE", "/".into())],
            vec![("GIT_INDEX_FILE", null.clone())],
            vec![("GIT_OBJECT_DIRECTORY", format!("{elsewhere}/objects"))],
            vec![("GIT_ALTERNATE_OBJECT_DIRECTORIES", format!("{elsewhere}/objects"))],
            vec![("GIT_CEILING_DIRECTORIES", own.clone())],
            vec![("GIT_DISCOVERY_ACROSS_FILESYSTEM", "0".into())],
            vec![("GIT_NAMESPACE", "evil".into())],
            vec![("GIT_REPLACE_REF_BASE", "refs/evil/".into())],
            vec![("GIT_NO_REPLACE_OBJECTS", "1".into())],
            vec![("GIT_GRAFT_FILE", scene.text("graft"))],
            vec![("GIT_SHALLOW_FILE", scene.text("cut"))],
            vec![
                ("GIT_DEFAULT_HASH", "sha256".into()),
                ("GIT_DEFAULT_REF_FORMAT", "reftable".into()),
            ],
            vec![("GIT_CONFIG_GLOBAL", lying.clone())],
            vec![("GIT_CONFIG_SYSTEM", lying.clone())],
            vec![("GIT_CONFIG", lying.clone())],
            vec![("GIT_CONFIG_NOSYSTEM", "0".into()), ("GIT_ATTR_SOURCE", "HEAD".into())],
            vec![
                ("GIT_CONFIG_COUNT", "2".into()),
                ("GIT_CONFIG_KEY_0", "gatecheck.clan-os.anchor".into()),
                ("GIT_CONFIG_VALUE_0", anchor.clone()),
                ("GIT_CONFIG_KEY_1", "gpg.program".into()),
                ("GIT_CONFIG_VALUE_1", format!("{path}/gpg")),
            ],
            vec![("GIT_CONFIG_PARAMETERS", format!("'gatecheck.clan-os.anchor'='{anchor}'"))],
            vec![("GIT_EXEC_PATH", path.clone()), ("GIT_TRACE", "1".into())],
            vec![("GIT_SSH_COMMAND", format!("{path}/sh")), ("GIT_ASKPASS", format!("{path}/sh"))],
            vec![("PATH", path.clone())],
            vec![("GNUPGHOME", other.text("g")), ("SSH_AUTH_SOCK", null.clone())],
            vec![("TZ", "Pacific/Kiritimati".into()), ("LC_ALL", "tr_TR.UTF-8".into())],
            vec![("SOURCE_DATE_EPOCH", "1".into()), ("RAYON_NUM_THREADS", "1".into())],
            vec![("CLICOLOR_FORCE", "1".into()), ("TERM", "xterm".into()), ("COLUMNS", "1".into())],
            vec![("RUST_BACKTRACE", "full".into()), ("RUST_LOG", "trace".into())],
            vec![
                ("CI", "true".into()),
                ("GITHUB_ACTIONS", "true".into()),
                ("GITHUB_EVENT_NAME", "pull_request".into()),
                ("GITHUB_EVENT_PATH", lying.clone()),
                ("GITHUB_BASE_REF", "main".into()),
                ("GITHUB_SHA", anchor.clone()),
            ],
            vec![("GATECHECK_ANCHOR", anchor.clone())], // the flag comes first
            vec![("XDG_CONFIG_HOME", null.clone()), ("XDG_CACHE_HOME", null.clone())],
            vec![("TMPDIR", "/nonexistent".into())],
        ];
        for group in groups {
            let hostile = scene.judged(&group);
            assert_same(&format!("{group:?}"), &clean, &hostile);
        }
        scene.nobody_was_run();
    }
}

/// Where no anchor is pinned, nothing but the user's own files and `GATECHECK_ANCHOR` pins one.
#[test]
fn neither_variables_of_git_nor_the_clone_pin_an_anchor() {
    for mut scene in Scene::both() {
        scene.world.story.run.anchor = String::new();
        let clean = scene.judged(&[]);
        assert!(clean.stdout.contains("no-anchor"), "{}", clean.stdout);
        let lying = scene.lying_config();
        let anchor = scene.id("anchor");
        let attempts: [Vec<(&str, String)>; 4] = [
            vec![("GIT_CONFIG_GLOBAL", lying.clone())],
            vec![("GIT_CONFIG_SYSTEM", lying.clone())],
            vec![
                ("GIT_CONFIG_COUNT", "1".into()),
                ("GIT_CONFIG_KEY_0", "gatecheck.clan-os.anchor".into()),
                ("GIT_CONFIG_VALUE_0", anchor.clone()),
            ],
            vec![("GIT_CONFIG_PARAMETERS", format!("'gatecheck.clan-os.anchor'='{anchor}'"))],
        ];
        for attempt in attempts {
            assert_same(&format!("{attempt:?}"), &clean, &scene.judged(&attempt));
        }
        scene.config("gatecheck.clan-os.anchor", &anchor);
        scene.config("include.path", &lying);
        scene.config(&format!("includeIf.gitdir:{}.path", scene.git_dir().display()), &lying);
        scene.config("extensions.worktreeConfig", "true");
        write(
            &scene.git_dir().join("config.worktree"),
            &format!("[gatecheck \"clan-os\"]\n\tanchor = {anchor}\n"),
        );
        let hostile = scene.judged(&[]);
        assert_same("the clone's own configuration", &clean, &hostile);
        // The counterpart: the user's own file does pin one.
        let user = format!("[gatecheck \"clan-os\"]\n\tanchor = {anchor}\n");
        write(&scene.path("home/.gitconfig"), &user);
        let pinned = scene.judged(&[]);
        assert!(!pinned.stdout.contains("no-anchor"), "{}", pinned.stdout);
        assert_eq!(pinned.report.unwrap()["verdict"], scene.verdict);
    }
}

#[test]
fn configuration_of_the_repository_chooses_nothing_and_runs_nothing() {
    for mut scene in Scene::both() {
        let clean = scene.clean();
        let bin = scene.text("bin");
        let lying = scene.lying_config();
        let (gate1, hook) = (scene.id("gate1"), format!("{bin}/hook"));
        let settings: [(&str, &str); 25] = [
            ("gpg.program", &hook),
            ("gpg.openpgp.program", &hook),
            ("gpg.ssh.program", &hook),
            ("gpg.x509.program", &hook),
            ("gpg.ssh.allowedSignersFile", &lying),
            ("gpg.minTrustLevel", "never"),
            ("core.fsmonitor", &hook),
            ("core.hooksPath", &bin),
            ("core.sshCommand", &hook),
            ("core.pager", &hook),
            ("core.editor", &hook),
            ("core.askPass", &hook),
            ("core.alternateRefsCommand", &hook),
            ("core.attributesFile", &lying),
            ("core.worktree", "/nonexistent"),
            ("core.useReplaceRefs", "true"),
            ("core.commitGraph", "true"),
            ("core.ignoreCase", "true"),
            ("core.precomposeUnicode", "true"),
            ("core.autocrlf", "true"),
            ("filter.lfs.smudge", &hook),
            ("include.path", &lying),
            ("gatecheck.clan-os.anchor", &gate1),
            ("gatecheck.clan-os.registry", &lying),
            ("alias.verify-commit", "!true"),
        ];
        // One by one, for the name of what fails; all stay, so the last run has all of them.
        for (name, value) in settings {
            scene.config(name, value);
            let hostile = scene.judged(&[]);
            assert_same(name, &clean, &hostile);
        }
        write(&scene.git_dir().join("info/attributes"), "* filter=lfs text\n");
        let hostile = scene.judged(&[]);
        assert_same("attributes", &clean, &hostile);
        scene.nobody_was_run();
    }
}

/// Files that do not even deserve a warning: nothing of what they say is looked at.
#[test]
fn local_files_choose_nothing() {
    for mut scene in Scene::both() {
        let clean = scene.clean();
        let git_dir = scene.git_dir();
        let work = scene.id("work");
        write(&git_dir.join("index"), "DIRC nonsense");
        write(&git_dir.join("MERGE_HEAD"), &(scene.id("gate0") + "\n"));
        write(&git_dir.join("ORIG_HEAD"), "nonsense");
        write(&git_dir.join("logs/refs/heads/main"), &format!("{work} {work} x <x> 1 +0000\t\n"));
        write(&git_dir.join("refs/evil").join(scene.id("gate1")), &(work + "\n"));
        write(&git_dir.join("objects/info/packs"), "P nothing\n");
        write(&git_dir.join("hooks/post-checkout"), "#!/bin/sh\nfalse\n");
        let hostile = scene.judged(&[]);
        assert_same("local files", &clean, &hostile);
        // HEAD is the host's; the registry's mainline is judged.
        fs::remove_file(git_dir.join("refs/evil").join(scene.id("gate1"))).unwrap();
        write(&git_dir.join("HEAD"), &(scene.id("gate0") + "\n"));
        let hostile = scene.judged(&[]);
        assert_same("HEAD", &clean, &hostile);
    }
}

/// Well-formed, with the right checksum, and git believes it: the harness makes sure of that.
#[test]
fn a_lying_commit_graph_changes_no_byte() {
    for (text, verdict) in [(PASSING, "pass"), (REFUSED, "refused")] {
        let mut scene = Scene::new(text, verdict);
        let clean = scene.clean();
        let lie = ("work".to_owned(), "gate0".to_owned());
        scene.world.story.repository.lying_commit_graph = [lie].into();
        let repo = setup::prepare(&scene.world);
        assert_eq!(repo, scene.world.path());
        let hostile = scene.judged(&[]);
        assert_same("commit-graph", &clean, &hostile);
    }
}

/// What does deserve a word gets a warning, and no gate is judged otherwise for it.
#[test]
fn replace_refs_and_grafts_are_told_and_change_no_verdict() {
    for mut scene in Scene::both() {
        let clean = scene.clean().report.unwrap();
        let git_dir = scene.git_dir();
        write(&git_dir.join("refs/replace").join(scene.id("gate1")), &(scene.id("gate0") + "\n"));
        let line = format!("{} {}\n", scene.id("work"), scene.id("gate0"));
        write(&git_dir.join("info/grafts"), &line);
        let hostile = scene.judged(&[]).report.unwrap();
        for part in ["verdict", "gates", "tip", "covered", "registry", "anchor"] {
            assert_eq!(hostile[part], clean[part], "{part}");
        }
        let told: Vec<_> = hostile["findings"].as_array().unwrap().iter().collect();
        let known = clean["findings"].as_array().unwrap();
        let new: Vec<_> = told.into_iter().filter(|finding| !known.contains(finding)).collect();
        assert!(!new.is_empty());
        assert!(new.iter().all(|f| f["code"] == "replace-refs" && f["severity"] == "warning"));
    }
}

/// Files of git's own that hold nonsense are no reason for another verdict. libgit2 opens no
/// repository with broken grafts: then there is no verdict, and the file is named.
#[test]
fn nonsense_in_local_files_changes_no_verdict() {
    for mut scene in Scene::both() {
        let clean = scene.clean().report.unwrap();
        let git_dir = scene.git_dir();
        for name in ["info/grafts", "shallow", "objects/info/commit-graph", "packed-refs"] {
            write(&git_dir.join(name), "\0 nonsense \u{1b}[31m\n1234\n");
            let hostile = scene.judged(&[]);
            fs::remove_file(git_dir.join(name)).unwrap();
            let Some(report) = hostile.report else {
                assert_eq!(hostile.exit, Some(3), "{name}");
                assert!(matches!(name, "info/grafts" | "shallow"), "{name}: {}", hostile.stderr);
                assert!(hostile.stderr.contains(&format!(".git/{name}")), "{}", hostile.stderr);
                continue;
            };
            for part in ["verdict", "gates", "tip"] {
                assert_eq!(report[part], clean[part], "{name}: {part}");
            }
        }
    }
}

/// A cache of facts that somebody wrote: other bytes, another key, a folder, a link.
#[test]
fn a_cache_that_was_tampered_with_changes_no_byte() {
    for mut scene in Scene::both() {
        let clean = scene.clean();
        let cache = scene.path("home/.cache/gatecheck");
        let facts = fs::read(cache.join("facts")).expect("the first run keeps its facts");
        assert!(facts.len() >= 144);
        let mut tampered = vec![("nothing", Vec::new()), ("half a record", facts[..100].to_vec())];
        for at in [0, 33, 40, 70, 92, 120] {
            let mut bytes = facts.clone();
            for record in bytes.chunks_mut(144) {
                record[at] ^= 1;
            }
            tampered.push(("a bit of every record", bytes));
        }
        let mut swapped = facts.clone();
        swapped.rotate_left(32);
        tampered.push(("names of requests moved on", swapped));
        for (what, bytes) in tampered {
            fs::write(cache.join("facts"), bytes).unwrap();
            let hostile = scene.judged(&[]);
            assert_same(what, &clean, &hostile);
        }
        fs::write(cache.join("key"), [7; 32]).unwrap();
        assert_same("another key", &clean, &scene.judged(&[]));
        fs::remove_dir_all(&cache).unwrap();
        fs::write(&cache, "a file").unwrap();
        assert_same("no folder", &clean, &scene.judged(&[]));
        fs::remove_file(&cache).unwrap();
        fs::create_dir_all(cache.join("facts")).unwrap();
        assert_same("a folder for the file", &clean, &scene.judged(&[]));
    }
}
