//! Path patterns of the registry: `*`, `**` and `?`, nothing else.

use regex::bytes::Regex;

/// A compiled pattern over whole paths with `/` between their parts.
///
/// `?` is one character other than `/`, `*` any number of them, `**` any number of
/// characters including `/`; `**/` also stands for nothing, so that `**/a` matches `a`.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: String,
    regex: Regex,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPattern {
    /// Empty, absolute, or with `.`, `..` or an empty part.
    #[error("a pattern is a relative path with no empty part, `.` or `..`")]
    NotAPath,
    /// Longer than 512 bytes, or too complex to compile.
    #[error("the pattern is longer than 512 bytes")]
    TooLong,
}

impl PathPattern {
    /// Longest accepted pattern in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Whether a text is a pattern, short of compiling it.
    ///
    /// # Errors
    /// [`NotAPattern`], as from [`PathPattern::new`].
    pub fn check(text: &str) -> Result<(), NotAPattern> {
        if text.len() > Self::MAX_BYTES {
            return Err(NotAPattern::TooLong);
        }
        if text.is_empty() || text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(NotAPattern::NotAPath);
        }
        Ok(())
    }

    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`NotAPattern`].
    pub fn new(text: &str) -> Result<Self, NotAPattern> {
        Self::check(text)?;
        let mut regex = String::from("(?s-u)^");
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("**/") {
                regex.push_str("(?:.*/)?");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("**") {
                regex.push_str(".*");
                rest = after;
            } else {
                match c {
                    '*' => regex.push_str("[^/]*"),
                    '?' => regex.push_str("(?u:[^/])"),
                    c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                }
                rest = rest.get(c.len_utf8()..).unwrap_or("");
            }
        }
        regex.push('$');
        // `$` without the multi-line flag is the very end only.
        let regex = Regex::new(&regex).map_err(|_| NotAPattern::TooLong)?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether the whole path matches. Paths are bytes, as in git's trees.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        self.regex.is_match(path)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PathPattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stop_at_slashes_unless_doubled() {
        let cases: [(&str, &[&str], &[&str]); 6] = [
            ("kernel/**", &["kernel/a", "kernel/a/b.rs"], &["kernel", "kernels/a", "x/kernel/a"]),
            ("*.toml", &["a.toml", ".toml"], &["a/b.toml", "a.tomlx"]),
            ("**/*.rs", &["a.rs", "x/y/a.rs"], &["a.rsx", "a.txt"]),
            ("a?c", &["abc", "a\u{e9}c"], &["a/c", "ac", "abbc"]),
            ("a.[x]{y}", &["a.[x]{y}"], &["abx", "a.xy"]),
            ("release/*", &["release/1"], ["release/1/2", "release/"].split_at(1).0),
        ];
        for (pattern, yes, no) in cases {
            let compiled = PathPattern::new(pattern).unwrap();
            for path in yes {
                assert!(compiled.matches(path.as_bytes()), "{pattern} ~ {path}");
            }
            for path in no {
                assert!(!compiled.matches(path.as_bytes()), "{pattern} !~ {path}");
            }
        }
    }

    #[test]
    fn a_line_end_does_not_end_a_path() {
        assert!(!PathPattern::new("a").unwrap().matches(b"a\n"));
        assert!(PathPattern::new("a/**").unwrap().matches(b"a/\xff\n"));
    }

    #[test]
    fn what_is_no_path_is_no_pattern() {
        for bad in ["", "/a", "a//b", "../a", "a/./b", "a/"] {
            assert_eq!(PathPattern::new(bad), Err(NotAPattern::NotAPath), "{bad}");
        }
        assert_eq!(PathPattern::new(&"a".repeat(513)), Err(NotAPattern::TooLong));
    }
}
