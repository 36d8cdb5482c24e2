//! Which bytes of which file: where a finding points.

use std::sync::Arc;

/// A place in a text, counted from 1. Columns count characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Spot {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A text file as it stood in one tree (or work tree), with its path.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    path: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Source {
    /// Takes a file's path (as git stores it, with `/`) and its text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(
                text.bytes()
                    .enumerate()
                    .filter(|(_, b)| *b == b'\n')
                    .map(|(n, _)| n.saturating_add(1)),
            )
            .collect();
        Arc::new(Self { path: path.into(), text, line_starts })
    }

    /// How many bytes of a line columns are counted in.
    pub const COLUMN_BYTES: usize = 4_096;

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a byte offset. An offset past the end is the end. A column past
    /// [`Source::COLUMN_BYTES`] is that column, so that a file of one long line costs no more.
    #[must_use]
    pub fn spot(&self, offset: usize) -> Spot {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or("");
        Spot {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(columns(before)).unwrap_or(u32::MAX).saturating_add(1),
        }
    }

    /// The text of a line (from 1), without its line end; empty past the end.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let index = (line as usize).saturating_sub(1);
        let Some(start) = self.line_starts.get(index).copied() else { return "" };
        let next = self.line_starts.get(index.saturating_add(1));
        let end = next.map_or(self.text.len(), |next| next.saturating_sub(1));
        self.text.get(start..end).unwrap_or("").trim_end_matches('\r')
    }
}

/// Characters of a text, as far as columns are counted.
fn columns(text: &str) -> usize {
    // Every character has exactly one byte that is no continuation byte.
    text.bytes().take(Source::COLUMN_BYTES).filter(|byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_columns() {
        let source = Source::new("a.toml", "ab\nçd\n\nx");
        assert_eq!(source.spot(0), Spot { line: 1, column: 1 });
        assert_eq!(source.spot(3), Spot { line: 2, column: 1 });
        assert_eq!(source.spot(5), Spot { line: 2, column: 2 });
        assert_eq!(source.spot(999), Spot { line: 4, column: 2 });
        assert_eq!(source.line(2), "çd");
        assert_eq!(source.line(3), "");
        assert_eq!(source.line(9), "");
    }
    #[test]
    fn columns_of_long_lines_are_bounded() {
        let source = Source::new("a.toml", "x".repeat(10_000));
        assert_eq!(source.spot(100), Spot { line: 1, column: 101 });
        assert_eq!(source.spot(9_999).column as usize, Source::COLUMN_BYTES + 1);
    }
}
