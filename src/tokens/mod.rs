//! Which tokens a change adds to a file.
//!
//! In files whose name ends in `.rs` tokens are those of Rust: comments are skipped and a literal is
//! one token. Everywhere else they are the words and marks of the text. A sought text is cut
//! the same way, so that `extern "C"` means these two tokens, whatever stands between them.

mod rust;
mod words;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// One token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token<'t> {
    /// What is compared.
    text: Cow<'t, str>,
    /// Where it stands, in bytes.
    from: usize,
    to: usize,
}

/// How a file is cut into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reading {
    Words,
    Rust(rust::View),
}

impl Reading {
    fn cut(self, text: &str) -> Vec<Token<'_>> {
        match self {
            Self::Words => words::cut(text),
            Self::Rust(view) => rust::cut(text, view),
        }
    }
}

/// Texts that are sought, ready to be compared.
#[derive(Clone, Debug)]
pub struct Sought {
    rust: Cut,
    words: Cut,
}

/// The sought texts by the first token of each.
#[derive(Clone, Debug, Default)]
struct Cut {
    texts: Vec<Vec<String>>,
    by_first: HashMap<String, Vec<usize>>,
}

/// One place at which a sought text was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Added {
    /// Where it begins in the new text, in bytes.
    pub at: usize,
    /// Which of the sought texts, counted from 0.
    pub which: usize,
}

impl Sought {
    /// Cuts every sought text. One in which there is no token at all (a comment, white space) is
    /// taken to be added by every change.
    #[must_use]
    pub fn new(texts: &[String]) -> Self {
        let cut = |reading: Reading| {
            let texts = texts.iter().map(|text| {
                reading.cut(text).into_iter().map(|token| token.text.into_owned()).collect()
            });
            Cut::new(texts.collect())
        };
        Self { rust: cut(Reading::Rust(rust::View::PLAIN)), words: cut(Reading::Words) }
    }

    /// What a new text adds to the old one of the same path, in the order of places: where it holds
    /// a sought text more often than before, or on a line that the old one does not have.
    #[must_use]
    pub fn added(&self, path: &[u8], old: &str, new: &str) -> Vec<Added> {
        let is_rust = path.ends_with(b".rs");
        let (cut, readings) = if is_rust {
            let views = rust::views(old).into_iter().chain(rust::views(new));
            (&self.rust, views.map(Reading::Rust).collect::<HashSet<_>>())
        } else {
            (&self.words, HashSet::from([Reading::Words]))
        };
        let lines = Lines::new(old, new);
        let mut added: Vec<Added> = Vec::new();
        for reading in readings {
            let before = cut.count(&reading.cut(old));
            for (which, places) in cut.find(&reading.cut(new)).into_iter().enumerate() {
                let fresh: Vec<Added> = places
                    .iter()
                    .filter(|(from, to)| !lines.are_known(*from, *to))
                    .map(|(from, _)| Added { at: *from, which })
                    .collect();
                let more = places.len() > before.get(which).copied().unwrap_or(0);
                if fresh.is_empty() && more {
                    added.extend(places.iter().map(|(from, _)| Added { at: *from, which }));
                } else {
                    added.extend(fresh);
                }
            }
        }
        for which in cut.empty() {
            added.push(Added { at: 0, which });
        }
        added.sort_unstable();
        added.dedup();
        added
    }
}

/// The lines of a new text, and which of them the old one has.
struct Lines {
    /// Where each line ends, in bytes, and whether it is a line of the old text.
    ends: Vec<(usize, bool)>,
}

impl Lines {
    fn new(old: &str, new: &str) -> Self {
        let known: HashSet<&str> = old.split('\n').collect();
        let mut end = 0_usize;
        let line = |line: &str| {
            let at = end.saturating_add(line.len());
            end = at.saturating_add(1);
            (at, known.contains(line))
        };
        Self { ends: new.split('\n').map(line).collect() }
    }

    /// Whether every line on which a find stands is a line of the old text.
    fn are_known(&self, from: usize, to: usize) -> bool {
        let first = self.ends.partition_point(|(end, _)| *end < from);
        let lines = self.ends.get(first..).unwrap_or_default();
        let mut before = from;
        for (end, known) in lines {
            if before >= to {
                break;
            }
            if !known {
                return false;
            }
            before = *end;
        }
        true
    }
}

impl Cut {
    fn new(texts: Vec<Vec<String>>) -> Self {
        let mut by_first: HashMap<String, Vec<usize>> = HashMap::new();
        for (which, tokens) in texts.iter().enumerate() {
            if let Some(first) = tokens.first() {
                by_first.entry(first.clone()).or_default().push(which);
            }
        }
        Self { texts, by_first }
    }

    fn empty(&self) -> impl Iterator<Item = usize> {
        let all = self.texts.iter().enumerate();
        all.filter(|(_, tokens)| tokens.is_empty()).map(|(which, _)| which)
    }

    /// First and last byte of every find, by sought text.
    fn find(&self, tokens: &[Token<'_>]) -> Vec<Vec<(usize, usize)>> {
        let mut found = vec![Vec::new(); self.texts.len()];
        for (n, token) in tokens.iter().enumerate() {
            for which in self.by_first.get(token.text.as_ref()).into_iter().flatten() {
                let Some(text) = self.texts.get(*which) else { continue };
                let here = tokens.get(n..).unwrap_or_default();
                let same = here.len() >= text.len()
                    && text.iter().zip(here).all(|(sought, token)| *sought == token.text);
                if let (true, Some(places)) = (same, found.get_mut(*which)) {
                    let last = here.get(text.len().saturating_sub(1)).map_or(token.to, |t| t.to);
                    places.push((token.from, last));
                }
            }
        }
        found
    }

    fn count(&self, tokens: &[Token<'_>]) -> Vec<usize> {
        self.find(tokens).iter().map(Vec::len).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(path: &str, old: &str, new: &str) -> Vec<(usize, usize)> {
        let sought = Sought::new(&["unsafe".into(), "extern \"C\"".into()]);
        sought.added(path.as_bytes(), old, new).iter().map(|a| (a.at, a.which)).collect()
    }

    #[test]
    fn tokens_of_rust_are_no_comments_and_no_parts_of_literals() {
        for harmless in [
            "// unsafe\n/* unsafe /* unsafe */ unsafe */\n/// unsafe\nfn a() {}",
            "const A: &str = \"unsafe\"; const B: &str = r#\"unsafe \" unsafe\"#;",
            "fn unsafe_code(r#unsafe: u8, é_unsafe: char) { let _ = ('\"', b'\"', 'a'); }",
            "extern \"system\" fn a() {} extern crate c;",
        ] {
            assert_eq!(added("a.rs", "", harmless), [], "{harmless}");
        }
        assert_eq!(added("a.rs", "", "fn a() { unsafe { b() } }"), [(9, 0)]);
        assert_eq!(added("a.rs", "", "extern /* */ \"C\" fn a();"), [(0, 1)]);
        assert_eq!(added("a.rs", "", "extern\n\"C\" {}"), [(0, 1)]);
    }

    #[test]
    fn other_spellings_of_the_same_literal_are_the_same_token() {
        for same in [
            "extern r\"C\" {}",
            "extern r##\"C\"## {}",
            "extern \"\\x43\" {}",
            "extern \"\\u{43}\" {}",
        ] {
            assert_eq!(added("a.rs", "", same), [(0, 1)], "{same}");
        }
        assert_eq!(added("a.rs", "", "extern b\"C\" {}"), [], "bytes are another thing");
    }

    #[test]
    fn elsewhere_words_and_marks_count() {
        assert_eq!(added("a.c", "", "// unsafe"), [(3, 0)]);
        assert_eq!(added("a.c", "", "unsafe_code notunsafe unsafe2"), []);
        assert_eq!(added("a.h", "", "extern  \"C\" {"), [(0, 1)]);
        assert_eq!(added("a.h", "", "extern \"CC\" {"), []);
    }

    #[test]
    fn added_is_more_often_or_on_a_new_line() {
        let old = "unsafe {\n    a();\n}\n";
        assert_eq!(added("a.rs", old, old), []);
        assert_eq!(added("a.rs", old, "unsafe {\n    b();\n}\n"), [], "the line was there");
        assert_eq!(added("a.rs", old, "fn c() {}\nunsafe {\n    a();\n}\n"), []);
        assert_eq!(added("a.rs", old, "a();\nunsafe { b() }\n"), [(5, 0)], "moved to a new line");
        assert_eq!(added("a.rs", old, &old.repeat(2)), [(0, 0), (20, 0)], "twice the same line");
        assert_eq!(added("a.rs", old, "a();\n"), [], "taken away");
        let split = "extern\n\"C\"\n";
        assert_eq!(added("a.rs", "extern \"D\"\n", split), [(0, 1)]);
        assert_eq!(added("a.rs", "\"C\"\nextern\n", split), [(0, 1)], "more often");
    }

    #[test]
    fn a_sought_text_without_a_token_is_added_by_every_change() {
        let sought = Sought::new(&["// SAFETY".into()]);
        assert_eq!(sought.added(b"a.rs", "", "fn a() {}"), [Added { at: 0, which: 0 }]);
        assert_eq!(sought.added(b"a.txt", "", "fn a() {}"), []);
    }

    #[test]
    fn what_an_older_edition_reads_is_not_hidden() {
        // A raw C string is one token since 2021; before, its backslash escapes a quote.
        let raw_c = "m!(cr\"\\\" \" unsafe \"\");";
        assert!(!added("a.rs", "", raw_c).is_empty());
        assert!(
            !added("a.rs", "", "m!(#\"\"); unsafe {} \"").is_empty(),
            "a guarded string of 2024"
        );
        assert!(!added("a.rs", "", "m!('r#unsafe)").is_empty(), "a raw lifetime of 2021");
        assert!(!added("a.rs", "", "m!(k#unsafe)").is_empty(), "a forced keyword");
        assert!(!added("a.rs", "", "m!(unsafe\"\")").is_empty(), "a reserved prefix");
    }

    #[test]
    fn what_stands_before_the_first_token_hides_nothing() {
        assert!(!added("a.rs", "", "#!/bin/sh \"\nfn a() { unsafe {} }").is_empty());
        assert!(!added("a.rs", "", "\u{feff}#!/bin/sh \"\nunsafe {}").is_empty());
        assert!(!added("a.rs", "", "---\n\"\n---\nunsafe {}").is_empty(), "front matter");
        assert!(!added("a.rs", "", "#![a(\"\")]\nunsafe {}").is_empty());
    }

    /// Takes minutes where a find costs as much as its line.
    #[test]
    fn one_long_line_of_tokens_takes_no_longer() {
        let new = "unsafe ".repeat(150_000);
        assert_eq!(added("a.rs", "", &new).len(), 150_000);
        assert_eq!(added("a.rs", &new, &new), []);
        let quotes = "cr#\"".repeat(200_000);
        assert_eq!(added("a.rs", "", &quotes), []);
    }
}
