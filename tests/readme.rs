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

mod console;

use std::fs;
use std::path::{Path, PathBuf};

use console::{Home, blocks, commands, matches};
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
        home.tell("README.md", line, &block);
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
                if !known(name) {
                    unknown.push(format!("{}: gatecheck {line}", page.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

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
fn the_table_of_limits_is_complete_and_right() {
    let page = read("docs/limits.md");
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.parse().unwrap()))
    });
    let mut names = Vec::new();
    for (name, value) in rows {
        let mut limits = Limits::default();
        limits.set(&name, value).unwrap();
        assert_eq!(limits, Limits::default(), "{name} is not {value} by default");
        names.push(name);
    }
    names.sort();
    let mut known = Limits::NAMES.map(str::to_owned);
    known.sort();
    assert_eq!(names, known);
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
