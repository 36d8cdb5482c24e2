//! The plan of the house, held against the code: `src/lib.rs` lists the rooms in order, and a room
//! uses only those above it. Outside crates and the world each have one door.
//!
//! Read as text, with comments, strings and everything behind `cfg(test)` taken out: what tests use
//! is their own affair.
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

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use regex::Regex;

/// Rooms that know each other, and why.
const TOGETHER: [(&str, &str); 1] = [
    // The nouns of `model` carry what was wrong when they were read (`Code`, `Finding`), and a
    // finding says whom and which commit it is about: one vocabulary in two folders.
    ("model", "finding"),
];

/// A name, and the only folders or files that may speak it.
const DOORS: &[(&str, &[&str])] = &[
    (r"\bgit2::|\buse git2\b", &["src/repo/"]),
    (r"\bsequoia_openpgp::|\buse sequoia_openpgp\b", &["src/signature/openpgp/"]),
    (r"\bssh_key::|\buse ssh_key\b", &["src/signature/ssh/"]),
    (r"\b(ra_ap_rustc_lexer|rustc_literal_escaper)::", &["src/tokens/"]),
    (r"\bannotate_snippets::", &["src/render/"]),
    (r"\b(clap|clap_complete|clap_mangen|indicatif|terminal_size)::", &["src/cli/"]),
    (r"\btar::", &["src/bundle.rs"]),
    (r"\bstd::env\b|\benv::(var|vars|args|current_dir)", &["src/cli/"]),
    // OpenPGP's library speaks of times in the system's type; it is given one, it asks for none.
    (r"\bSystemTime\b", &["src/cli/", "src/signature/openpgp/"]),
    (r"\b(SystemTime|Instant|Utc|Local)::now\b", &["src/cli/"]),
    (r"\b(println|eprintln|print|eprint|dbg)!", &[]),
    (r"\bio::(stdin|stdout|stderr)\b|\b(stdin|stdout|stderr)\(\)", &["src/cli/"]),
    (r"\bprocess::(Command|exit|abort)\b", &["src/signing", "src/cli/"]),
    (r"\bunsafe\b", &[]),
];

#[test]
fn a_room_uses_only_rooms_above_it() {
    let rooms = rooms();
    assert!(rooms.len() > 10, "the rooms of src/lib.rs were not understood: {rooms:?}");
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(room) = file.modules.first() else { continue };
        let Some(here) = rooms.iter().position(|known| known == room) else { continue };
        for (line, used) in used_rooms(file) {
            let there = rooms.iter().position(|known| *known == used);
            let together = TOGETHER.contains(&(room, &used)) || TOGETHER.contains(&(&used, room));
            match there {
                None => wrong.push(format!("{}:{line}: crate::{used} is no room", file.path)),
                Some(there) if there > here && !together => {
                    wrong.push(format!(
                        "{}:{line}: {room} uses {used}, which stands below it",
                        file.path
                    ));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_outside_crate_and_the_world_have_one_door() {
    let mut wrong = Vec::new();
    for (pattern, doors) in DOORS {
        let pattern = Regex::new(pattern).unwrap();
        for file in sources() {
            if doors.iter().any(|door| file.path.starts_with(door)) {
                continue;
            }
            for found in pattern.find_iter(&file.code) {
                let line = line_of(&file.code, found.start());
                wrong.push(format!(
                    "{}:{line}: {} belongs to {doors:?}",
                    file.path,
                    found.as_str()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_exception_is_still_needed() {
    let rooms = rooms();
    for (first, second) in TOGETHER {
        let uses = |from: &str, to: &str| {
            sources()
                .iter()
                .filter(|file| file.modules.first().is_some_and(|room| room == from))
                .any(|file| used_rooms(file).iter().any(|(_, used)| used == to))
        };
        assert!(rooms.iter().any(|room| room == first), "{first}");
        assert!(uses(first, second) && uses(second, first), "{first} and {second} are apart now");
    }
}

/// A source file that is part of the program, as text without comments, strings and tests.
struct Source {
    path: String,
    modules: Vec<String>,
    code: String,
}

/// The `mod` lines of `src/lib.rs`, in order.
fn rooms() -> Vec<String> {
    let code = bare(&fs::read_to_string(root().join("src/lib.rs")).unwrap());
    let line = Regex::new(r"(?m)^pub mod (\w+);").unwrap();
    line.captures_iter(&code).map(|found| found[1].to_owned()).collect()
}

/// Every file that is reached from `src/lib.rs` without passing a `cfg(test)`.
fn sources() -> &'static [Source] {
    static ALL: OnceLock<Vec<Source>> = OnceLock::new();
    ALL.get_or_init(read_sources)
}

fn read_sources() -> Vec<Source> {
    let mut all = Vec::new();
    let mut open = vec![(PathBuf::from("src/lib.rs"), Vec::<String>::new())];
    let declared = Regex::new(r"(?m)^\s*(?:pub(?:\([a-z]+\))? )?mod (\w+);").unwrap();
    while let Some((path, modules)) = open.pop() {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let code = without_tests(&bare(&text));
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let folder = match stem {
            "lib" | "mod" => path.parent().unwrap().to_owned(),
            stem => path.with_file_name(stem),
        };
        for found in declared.captures_iter(&code) {
            let name = &found[1];
            let flat = folder.join(format!("{name}.rs"));
            let nested = folder.join(name).join("mod.rs");
            let path = if root().join(&flat).is_file() { flat } else { nested };
            open.push((path, [modules.clone(), vec![name.to_owned()]].concat()));
        }
        let path = path.to_str().unwrap().replace('\\', "/");
        all.push(Source { path, modules, code });
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(all.len() > 100, "only {} files were found", all.len());
    all
}

/// Rooms that a file names: by `crate::`, or by enough of `super::`.
fn used_rooms(file: &Source) -> Vec<(usize, String)> {
    let path = Regex::new(r"\bcrate::(\{[^;]*?\}|\w+)|((?:\bsuper::)+)(\w+)").unwrap();
    let mut used = Vec::new();
    for found in path.captures_iter(&file.code) {
        let line = line_of(&file.code, found.get(0).unwrap().start());
        let names: Vec<String> = match (found.get(1), found.get(2), found.get(3)) {
            (Some(names), ..) => first_names(names.as_str()),
            (None, Some(up), Some(name)) => {
                let up = up.as_str().matches("super").count();
                // Inline modules would add a level; only tests have them.
                if up < file.modules.len() { continue } else { vec![name.as_str().to_owned()] }
            }
            _ => unreachable!("one of the two"),
        };
        for name in names {
            let name = match name.as_str() {
                "Error" | "Result" => "error".to_owned(),
                _ => name,
            };
            used.push((line, name));
        }
    }
    used
}

/// `{a::b, c::{d, e}}` -> a, c; `a` -> a.
fn first_names(text: &str) -> Vec<String> {
    let Some(inner) = text.strip_prefix('{') else { return vec![text.to_owned()] };
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(String::new()),
            c if depth == 0 => names.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    let first = |name: String| name.trim().split("::").next().unwrap().trim().to_owned();
    names.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Takes out items marked `#[cfg(test)]`, line by line: an item ends with the first line of its own
/// indentation that closes it. Line numbers stay.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        out.push('\n');
        let indent = &line[..line.len() - line.trim_start().len()];
        for line in lines.by_ref() {
            out.push('\n');
            let own = line.strip_prefix(indent).is_some_and(|rest| !rest.starts_with(' '));
            if own && (line.ends_with(';') || line.ends_with('}')) {
                break;
            }
        }
    }
    out
}

/// Takes out comments and the inside of strings. Line numbers stay.
fn bare(text: &str) -> String {
    let token = Regex::new(concat!(
        r#"(?s)//[^\n]*|/\*.*?\*/|"#,
        r##"\bb?r#"(?:.*?)"#|\bb?r"[^"]*"|"##,
        r#"b?"(?:\\.|[^"\\])*"|"#,
        r"b?'(?:\\[^u]|\\u\{[0-9a-fA-F]+\}|[^'\\\n])'",
    ))
    .unwrap();
    token
        .replace_all(text, |found: &regex::Captures<'_>| {
            "\"\"".to_owned() + &"\n".repeat(found[0].matches('\n').count())
        })
        .into_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The reading of the text is itself tested: a blind test would pass for ever.
#[test]
fn the_reader_sees_what_is_there_and_nothing_else() {
    let text = "use crate::model::{Oid, Time};\nuse crate::{rules, cli::run};\n// crate::no\n\
                const S: &str = \"crate::no \\\" crate::no\";\nlet c = '\"'; crate::report::x();\n\
                #[cfg(test)]\nmod tests {\n    use crate::cli::nothing;\n}\nsuper::repo::y();\n\
                fn f<'a>(x: &'a str) {}\n";
    let file = Source {
        path: "x".into(),
        modules: vec!["check".into()],
        code: without_tests(&bare(text)),
    };
    let expected: BTreeMap<usize, Vec<&str>> = BTreeMap::from([
        (1, vec!["model"]),
        (2, vec!["rules", "cli"]),
        (5, vec!["report"]),
        (10, vec!["repo"]),
    ]);
    let mut seen: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (line, room) in used_rooms(&file) {
        seen.entry(line).or_default().push(room);
    }
    assert_eq!(format!("{seen:?}"), format!("{expected:?}"));
}
