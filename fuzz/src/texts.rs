//! Patterns of paths, CODEOWNERS and tokens, each held against something slower and simpler.

use std::collections::{BTreeMap, BTreeSet};

use gatecheck::import::{Owners, import_codeowners};
use gatecheck::model::owners::{CodeOwners, OwnerLine};
use gatecheck::model::{Limits, PathPattern, ReviewerId};
use gatecheck::tokens::Sought;

use super::assert_sound;

/// A CODEOWNERS file is usable or there is a finding that says why; the line that decides about a
/// path is the last whose pattern matches.
pub fn codeowners(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let limits = Limits { codeowners_lines: 64, ..Limits::default() };
    let source = gatecheck::source::Source::new("CODEOWNERS", text);
    let reading = gatecheck::codeowners::read(&source, &limits);
    assert_sound(&reading.problems);
    assert_eq!(reading.owners.is_some(), reading.problems.is_empty());
    let Some(owners) = reading.owners else { return false };
    for path in [&b"a"[..], b"kernel/a.rs", b"docs/a/b", b"\xff/\n"] {
        assert_decides(&owners, path);
    }
    // Paths made of the file's own words.
    for line in owners.lines() {
        let word = line.text.split(' ').next().unwrap_or_default();
        let path = word.trim_matches('/').replace("**", "x/y").replace(['*', '?'], "z");
        for path in
            [path.clone(), format!("{path}/f"), format!("a/{path}"), format!("a/{path}/b/c")]
        {
            assert_decides(&owners, path.as_bytes());
            let ours = line.patterns().iter().any(|pattern| pattern.matches(path.as_bytes()));
            // What forges make of `**` differs; nobody differs about the others.
            if !word.contains("**") {
                assert_eq!(ours, owns(word, &path), "{word:?} {path:?}");
            }
        }
    }
    assert_proposed(bytes, &owners);
    for line in owners.lines() {
        assert!(!line.patterns().is_empty(), "{line:?}");
        assert!(line.owners.iter().all(|owner| owner.contains('@')));
    }
    true
}

fn assert_decides(owners: &CodeOwners, path: &[u8]) {
    let matching = |line: &&OwnerLine| line.patterns().iter().any(|pattern| pattern.matches(path));
    let last = owners.lines().iter().filter(matching).map(|line| line.number).max();
    assert_eq!(owners.decides(path).map(|line| line.number), last);
}

/// What is proposed from a file that can be read decides as the file does, and can be pasted.
fn assert_proposed(bytes: &[u8], owners: &CodeOwners) {
    let person = ReviewerId::new("ada").unwrap();
    let named = owners.lines().iter().flat_map(|line| &line.owners);
    let map: BTreeMap<String, BTreeSet<ReviewerId>> =
        named.map(|owner| (owner.clone(), BTreeSet::from([person.clone()]))).collect();
    let mapped = Owners { map: &map, registry: None };
    let proposal = import_codeowners(bytes, &mapped, &Limits::default()).expect("it was read");
    proposal.notes.iter().for_each(|note| super::assert_inert(note));
    let pasted: toml::Table =
        toml::from_str(&proposal.text).unwrap_or_else(|why| panic!("{why}: {}", proposal.text));
    proposal.text.lines().for_each(super::assert_inert);
    let has_owners = owners.lines().iter().any(|line| !line.owners.is_empty());
    assert_eq!(pasted.contains_key("domains"), has_owners);
    for path in [&b"a"[..], b"kernel/a.rs", b"docs/a/b"] {
        let line = proposal.owner_of(path).map(|(number, _)| number);
        assert_eq!(line, owners.decides(path).map(|line| line.number as usize));
    }
}

/// Whether a line of CODEOWNERS without `**` is about a path, by walking up its folders.
fn owns(pattern: &str, path: &str) -> bool {
    let folder = pattern.ends_with('/');
    let body = pattern.trim_end_matches('/');
    let rooted = body.contains('/');
    let wanted: Vec<&str> = body.trim_start_matches('/').split('/').collect();
    let parts: Vec<&str> = path.split('/').collect();
    // `docs/*` is about the files of that folder; a name alone about all that it leads to.
    let deep = folder || wanted.last() != Some(&"*") || (!rooted && wanted == ["*"]);
    (1..=parts.len()).filter(|end| *end == parts.len() || deep).any(|end| {
        if end == parts.len() && folder {
            return false;
        }
        let here = &parts[..end];
        let from = if rooted { 0 } else { here.len() - 1 };
        here.len() - from == wanted.len()
            && wanted.iter().zip(&here[from..]).all(|(wanted, part)| {
                let (wanted, part): (Vec<char>, Vec<char>) =
                    (wanted.chars().collect(), part.chars().collect());
                matches(&wanted, &part)
            })
    })
}

/// `old NUL new` as a file of Rust and as another one: every find is what was sought, and nothing is
/// added by no change.
pub fn tokens(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |b| *b == 0).map(String::from_utf8_lossy);
    let (old, new) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let sought = Sought::new(&["unsafe".to_owned(), "extern \"C\"".to_owned()]);
    let mut any = false;
    // Without quotes, comments and numbers Rust's tokens are words and marks.
    let plain = |text: &str| {
        !text.contains(|c: char| !c.is_ascii() || c.is_ascii_digit() || c.is_control() && c != '\n')
            && !text.contains(['"', '\'', '/', '#', '-', '\\'])
    };
    if plain(&old) && plain(&new) {
        assert_eq!(sought.added(b"a.rs", &old, &new), sought.added(b"a.c", &old, &new));
    }
    for path in ["a.rs", "a.c"] {
        assert!(sought.added(path.as_bytes(), &new, &new).is_empty(), "{path} {new:?}");
        for added in sought.added(path.as_bytes(), &old, &new) {
            let here = new.get(added.at..).expect("a place in the new text");
            let begins: &[&str] = match added.which {
                0 => &["unsafe", "k#unsafe"],
                _ => &["extern", "k#extern"],
            };
            assert!(begins.iter().any(|begin| here.starts_with(begin)), "{path} {here:?}");
            any = true;
        }
        // What comes behind or goes from the old text takes nothing away.
        let which = |old: &str, new: &str| -> BTreeSet<usize> {
            sought.added(path.as_bytes(), old, new).iter().map(|added| added.which).collect()
        };
        let longer = which(&old, &format!("{new}\n{old}\nunsafe fn a() {{}}"));
        assert!(longer.is_superset(&which(&old, &new)), "{path} {old:?} {new:?}");
        assert!(which("", &new).is_superset(&which(&old, &new)), "{path} {old:?} {new:?}");
    }
    any
}

/// `pattern NUL path`, against a second matcher that is too slow to use and too short to be wrong.
pub fn pattern(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |b| *b == 0);
    let (text, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let Ok(pattern) = PathPattern::new(text) else { return false };
    assert_eq!(pattern.as_str(), text);
    // The second matcher reads characters, so it is asked about text only.
    match std::str::from_utf8(path) {
        Ok(words) if words.len() <= 256 => {
            let pattern_chars: Vec<char> = text.chars().collect();
            let chars: Vec<char> = words.chars().collect();
            assert_eq!(
                pattern.matches(path),
                matches(&pattern_chars, &chars),
                "{text:?} {words:?}"
            );
        }
        _ => {
            let _ = pattern.matches(path);
        }
    }
    pattern.matches(path)
}

/// Row by row: which beginnings of the path each beginning of the pattern matches.
fn matches(pattern: &[char], path: &[char]) -> bool {
    let mut row = vec![false; path.len() + 1];
    row[0] = true;
    let mut rest = pattern;
    while let Some(first) = rest.first() {
        let mut next = vec![false; path.len() + 1];
        let skip = match rest {
            ['*', '*', '/', ..] => {
                for (from, _) in row.iter().enumerate().filter(|(_, on)| **on) {
                    next[from] = true;
                    (from..path.len())
                        .filter(|at| path[*at] == '/')
                        .for_each(|at| next[at + 1] = true);
                }
                3
            }
            ['*', '*', ..] => {
                let first = row.iter().position(|on| *on).unwrap_or(next.len());
                next[first..].fill(true);
                2
            }
            ['*', ..] => {
                for (at, on) in row.iter().enumerate() {
                    next[at] = *on || (at > 0 && next[at - 1] && path[at - 1] != '/');
                }
                1
            }
            _ => {
                for at in 1..next.len() {
                    let c = path[at - 1];
                    next[at] = row[at - 1] && if *first == '?' { c != '/' } else { c == *first };
                }
                1
            }
        };
        row = next;
        rest = &rest[skip..];
    }
    *row.last().unwrap()
}
