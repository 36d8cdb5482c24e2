//! Strings that came from a repository, made safe to show.
//!
//! Names, paths, subjects and TOML values are data of whoever wrote them. Before
//! they stand in a message, control characters, line ends, bidirectional marks
//! and invisible characters become visible escapes, and long texts are cut.
//! Formats with a syntax of their own escape that syntax once more.

use std::fmt::Write as _;

/// How many characters of a foreign string a message shows.
pub const SHOWN_CHARS: usize = 200;

/// Makes a foreign string inert and at most [`SHOWN_CHARS`] characters long.
#[must_use]
pub fn shown(text: &str) -> String {
    shown_up_to(text, SHOWN_CHARS)
}

/// As [`shown`], with another limit.
#[must_use]
pub fn shown_up_to(text: &str, limit: usize) -> String {
    let mut safe = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == limit {
            safe.push('…');
            break;
        }
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) => {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// As [`shown`] for bytes that need not be UTF-8.
#[must_use]
pub fn shown_bytes(bytes: &[u8]) -> String {
    shown(&String::from_utf8_lossy(bytes))
}

/// A word of a command that people may copy: inert as in [`shown`], and for a shell one word, so
/// that a name like `$(x)` runs nothing.
#[must_use]
pub fn typed(word: &str) -> String {
    let word = shown(word);
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Characters that can change how the text around them looks or is read.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0x00AD            // soft hyphen
            | 0x034F          // combining grapheme joiner
            | 0x061C          // Arabic letter mark
            | 0x115F | 0x1160 // Hangul fillers
            | 0x17B4 | 0x17B5
            | 0x180B..=0x180F
            | 0x200B..=0x200F // zero width, LRM, RLM
            | 0x2028..=0x202E // line and paragraph separators, bidi embeddings
            | 0x2060..=0x206F // word joiner, bidi isolates, deprecated marks
            | 0x3164
            | 0xFE00..=0xFE0F // variation selectors
            | 0xFEFF          // byte order mark
            | 0xFFA0
            | 0xFFF0..=0xFFFB
            | 0x1BCA0..=0x1BCA3 // shorthand format controls
            | 0x1D173..=0x1D17A // musical format controls
            | 0xE0000..=0xE0FFF // tags, variation selectors supplement
        )
}

/// Whether a text is an e-mail address alone, as the registry takes it: `ada@example.org`.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.contains('@')
        && text.split('@').all(|part| !part.is_empty())
        && !text.contains(['<', '>', ','])
        && !text.chars().any(|c| c.is_whitespace() || is_unsafe(c))
}

/// Whether a text is empty or white space only. Invisible characters are no white space: an
/// objection made of them stands. Whether a reason can be read is another question.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_word_runs_nothing() {
        assert_eq!(typed("epoch_signoffs/epoch-1.toml"), "epoch_signoffs/epoch-1.toml");
        assert_eq!(typed("größe/@{1}"), "'größe/@{1}'");
        assert_eq!(typed(""), "''");
        assert_eq!(typed("release/$(x);`y`"), "'release/$(x);`y`'");
        assert_eq!(typed("it's \u{1b}"), "'it'\\''s \\u{1b}'");
    }

    #[test]
    fn nothing_that_steers_a_terminal_or_reader_survives() {
        let hostile = "a\u{1b}[31mb\nc\u{202e}d\u{200b}e\u{0}f\u{9b}g";
        assert_eq!(shown(hostile), "a\\u{1b}[31mb\\nc\\u{202e}d\\u{200b}e\\u{0}f\\u{9b}g");
        assert!(!shown(hostile).chars().any(is_unsafe));
        // What is never drawn, though it is of a script.
        for c in ['\u{1bca0}', '\u{1bca3}', '\u{1d173}', '\u{1d17a}'] {
            assert!(is_unsafe(c), "{c:?}");
        }
        assert!(!is_unsafe('\u{1d172}') && !is_unsafe('\u{1d17b}'));
    }

    #[test]
    fn an_address_stands_alone() {
        assert!(is_address("ada@example.org") && is_address("a@b@c"));
        for bad in ["ada", "@b", "a@", "a@@b", "<a@b>", "a@b,c@d", "a @b", "a@b\u{202e}", ""] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(shown_up_to("abcdef", 3), "abc…");
        assert_eq!(shown_up_to("abc", 3), "abc");
    }
}
