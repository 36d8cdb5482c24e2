//! The documentation is told to the program: every `console` block of the README is run as it stands, the
//! TOML of `docs/` is read by the product's own readers, and the bytes of the example are rebuilt.
//!
//! In a `console` block a line `...` stands for any lines, and everything else must be there exactly. The
//! blocks run in order, each where the one before it ended; the first begins in the home of a user whose
//! signing key git knows. A line `> ` goes on with the command above it. Nothing in them may
//! depend on the clock, the network or gpg.
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

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatecheck::finding::Severity;
use gatecheck::model::{Limits, ManifestName};
use gatecheck::statement::{SignerContext, signoff_payload};
use gatecheck::{manifest, registry};

#[test]
fn the_readme_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::with_a_key(folder.path());
    let blocks = blocks(&read("README.md"), "console");
    assert!(blocks.len() >= 3, "the README has lost its examples");
    for (line, block) in blocks {
        let commands = commands(&block);
        let outputs = home.run(&commands);
        for (n, (command, expected)) in commands.iter().enumerate() {
            let seen = outputs.get(n).map_or("nothing: the shell has ended", String::as_str);
            assert!(
                matches(expected, &seen.lines().collect::<Vec<_>>()),
                "README.md, block at line {line}: $ {command}\nexpected:\n{}\n\nseen:\n{seen}",
                expected.join("\n")
            );
        }
    }
}

/// A new user copies these; they name real commands and options.
#[test]
fn commands_that_are_not_run_exist() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home(folder.path().to_owned());
    let help = home.run(&[("gatecheck --help".to_owned(), Vec::new())]).remove(0);
    let known = |name: &str| help.lines().any(|line| line.trim_start().starts_with(name));
    let pages: Vec<_> = doc_pages().into_iter().chain([root().join("README.md")]).collect();
    let mut unknown = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for (_, block) in blocks(&text, "sh") {
            for line in block.lines().filter_map(|line| line.strip_prefix("gatecheck ")) {
                let name = line.split(' ').next().unwrap();
                if !known(name) && !COMING.contains(&name) {
                    unknown.push(format!("{}: gatecheck {line}", page.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    for name in COMING {
        assert!(!known(name), "`gatecheck {name}` is there now: take it out of COMING");
    }
}

/// Commands that the documentation tells of already.
const COMING: [&str; 0] = [];

#[test]
fn the_registry_in_the_documentation_is_a_good_one() {
    let (_, text) = blocks(&read("docs/registry.md"), "toml").into_iter().next().unwrap();
    let path = "keys/reviewer-registry.toml";
    let reading = registry::read(path, text.as_bytes(), &Limits::default());
    let bad: Vec<_> = reading.problems.iter().filter(|p| p.severity > Severity::Note).collect();
    assert!(reading.registry.is_some() && bad.is_empty(), "{bad:#?}");
}

#[test]
fn manifests_in_the_documentation_are_good_ones() {
    for (page, epoch) in [("docs/manifest.md", 1), ("docs/statements.md", 0)] {
        let (_, text) = blocks(&read(page), "toml").into_iter().next().unwrap();
        let name = ManifestName::Epoch(epoch);
        let reading = manifest::read(&name, page, text.as_bytes(), &Limits::default());
        assert!(reading.manifest.is_some(), "{page}: {:#?}", reading.problems);
        assert!(reading.problems.is_empty(), "{page}: {:#?}", reading.problems);
    }
}

#[test]
fn the_example_of_bytes_to_sign_is_what_is_signed() {
    let page = read("docs/statements.md");
    let (_, text) = blocks(&page, "toml").into_iter().next().unwrap();
    let name = ManifestName::Epoch(0);
    let reading = manifest::read(&name, "x", text.as_bytes(), &Limits::default());
    let manifest = reading.manifest.unwrap();
    let context = SignerContext { project: "clan-os", mainline: "refs/heads/main" };
    let payload = signoff_payload(&context, &manifest, &manifest.signoffs[0]).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert!(page.lines().any(|line| line == payload), "{payload}");
}

#[test]
fn links_inside_the_documentation_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#\s]+)\)").unwrap();
    let mut dead = Vec::new();
    let pages = ["README.md", "SECURITY.md", "CHANGELOG.md"].map(|page| root().join(page));
    for page in pages.into_iter().chain(doc_pages()) {
        let text = fs::read_to_string(&page).unwrap();
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if !target.contains("://") && !page.parent().unwrap().join(target).exists() {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn the_runner_notices_what_differs() {
    let seen = ["a", "b", "c", "d"];
    for good in [&["a", "b", "c", "d"][..], &["..."], &["a", "...", "d"], &["...", "c", "..."]] {
        assert!(matches(good, &seen), "{good:?}");
    }
    for bad in [&["a"][..], &[], &["a", "...", "c"], &["...", "x", "..."], &["d", "...", "a"]] {
        assert!(!matches(bad, &seen), "{bad:?}");
    }
    assert_eq!(
        blocks("x\n```sh\na\n```\n```console\n$ b\nc\n```\n", "console"),
        [(5, "$ b\nc\n".into())]
    );
    let read = commands("$ a\n> b\n>\n> c\nd\n$ e\n");
    assert_eq!(read, [("a\nb\n\nc".to_owned(), vec!["d"]), ("e".to_owned(), vec![])]);
}

/// A folder that is a new user's home and where the commands run.
struct Home(PathBuf);

impl Home {
    /// With a signing key that git knows, as a maintainer has one.
    fn with_a_key(folder: &Path) -> Self {
        let home = Self(folder.to_owned());
        let setup = "mkdir -m 700 .ssh && \
            ssh-keygen -q -t ed25519 -N '' -C 'THROW-AWAY TEST KEY' -f .ssh/id_ed25519 && \
            git config --global user.name Ada && git config --global user.email ada@example.org && \
            git config --global gpg.format ssh && \
            git config --global user.signingKey ~/.ssh/id_ed25519.pub";
        assert_eq!(home.run(&[(setup.to_owned(), Vec::new())]), [""]);
        home
    }

    /// Runs the commands of a block in one shell, with the built program first on PATH and nothing else
    /// from outside. Returns what each of them printed.
    fn run(&self, commands: &[(String, Vec<&str>)]) -> Vec<String> {
        const END: &str = "---- end of a command ----";
        const AGAIN: &str = "cd \"$(cat ~/.here 2>/dev/null || echo ~)\"";
        const STAY: &str = "pwd > ~/.here";
        let script: String = commands
            .iter()
            .map(|(command, _)| format!("{command}\nlast=$?; echo '{END}'; (exit $last)\n"))
            .collect();
        let built = Path::new(env!("CARGO_BIN_EXE_gatecheck")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap();
        let path = [built].into_iter().chain(std::env::split_paths(&path));
        let done = Command::new("bash")
            .args(["-c", &format!("exec 2>&1 </dev/null\n{AGAIN}\n{script}{STAY}")])
            .current_dir(&self.0)
            .env_clear()
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", &self.0)
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        let mut outputs: Vec<String> = text.split(&format!("{END}\n")).map(str::to_owned).collect();
        if outputs.last().is_some_and(String::is_empty) {
            outputs.pop();
        }
        outputs
    }
}

/// `...` stands for any lines.
fn matches(expected: &[&str], seen: &[&str]) -> bool {
    match (expected.split_first(), seen.split_first()) {
        (None, None) => true,
        (Some((&"...", rest)), _) => (0..=seen.len()).any(|skip| matches(rest, &seen[skip..])),
        (Some((line, rest)), Some((first, others))) => line == first && matches(rest, others),
        _ => false,
    }
}

/// `$ command`, its further lines (`> `), and the lines that it prints.
fn commands(block: &str) -> Vec<(String, Vec<&str>)> {
    let mut all: Vec<(String, Vec<&str>)> = Vec::new();
    for line in block.lines() {
        let more = line.strip_prefix("> ").or_else(|| (line == ">").then_some(""));
        match (line.strip_prefix("$ "), more, all.last_mut()) {
            (Some(command), ..) => all.push((command.to_owned(), Vec::new())),
            (None, Some(more), Some((command, output))) if output.is_empty() => {
                command.push('\n');
                command.push_str(more);
            }
            (None, _, Some((_, output))) => output.push(line),
            (None, _, None) => panic!("a block begins with `$ `, and not with {line:?}"),
        }
    }
    all
}

/// Fenced blocks of a language, with the line that each begins at.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String, bool)> = None;
    for (n, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(name), None) => open = Some((n + 1, String::new(), name == language)),
            (Some(_), Some((begin, block, wanted))) => {
                if *wanted {
                    found.push((*begin, std::mem::take(block)));
                }
                open = None;
            }
            (None, Some((_, block, _))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

fn doc_pages() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
