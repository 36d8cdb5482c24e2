//! The runbooks are walked: every `console` block of `docs/runbooks.md` is run as it stands (see
//! `tests/console`), and the other blocks hold nothing but commands that could be typed.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

mod console;

use std::fs;
use std::path::Path;

use console::{Home, blocks};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/runbooks.md")).unwrap()
}

#[test]
fn each_step_that_can_be_walked_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::with_a_key(folder.path());
    let blocks = blocks(&page(), "console");
    assert!(blocks.len() >= 8, "the runbooks have lost their steps");
    for (line, block) in blocks {
        home.tell("docs/runbooks.md", line, &block);
    }
}

#[test]
fn every_case_has_its_runbook_and_every_runbook_a_command() {
    let page = page();
    let cases = [
        "The first set-up",
        "A key expires",
        "Somebody leaves",
        "A key is lost",
        "A key is compromised",
        "A new reviewer",
        "Nobody is current",
    ];
    let chapters: Vec<(&str, &str)> =
        page.split("\n## ").skip(1).filter_map(|chapter| chapter.split_once('\n')).collect();
    let titles: Vec<&str> = chapters.iter().map(|(title, _)| *title).collect();
    assert_eq!(titles, cases);
    for (title, text) in chapters {
        let steps = [blocks(text, "console"), blocks(text, "sh")].concat();
        assert!(!steps.is_empty(), "{title}: nothing to type");
        for (_, block) in steps {
            assert!(block.contains("gatecheck "), "{title}: {block}");
        }
    }
}
