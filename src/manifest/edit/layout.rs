//! Where the parts of a manifest's text stand.

use super::EditError;
use crate::model::{DomainId, Manifest, Signoff};

/// Before and after the id of a domain in the line of comment that begins its part of a draft.
const MARK: (&str, &str) = ("# == ", " ==");

/// The line that begins a domain's part.
pub(super) fn mark(domain: &DomainId) -> String {
    format!("{}{domain}{}", MARK.0, MARK.1)
}

fn marked(line: &str) -> Option<DomainId> {
    DomainId::new(line.trim_end().strip_prefix(MARK.0)?.strip_suffix(MARK.1)?)
}

/// By domain, then by reviewer; a domain's line comes before its sign-offs.
pub(super) type Key = (String, String);

pub(super) fn key(signoff: &Signoff) -> Key {
    (signoff.domain.to_string(), signoff.reviewer_id.to_string())
}

/// A sign-off, or a domain's line, with the comments that belong to it.
struct Item {
    key: Key,
    /// Byte offset of its first line.
    start: usize,
    /// Its place among the sign-offs.
    signoff: Option<usize>,
}

/// The text of a manifest, taken apart by lines.
pub(super) struct Layout<'t> {
    text: &'t str,
    /// Byte offset and text of each line, with its end.
    lines: Vec<(usize, &'t str)>,
    /// In the order of the text.
    items: Vec<Item>,
}

/// Bytes that give way to a text.
pub(super) struct Edit {
    at: usize,
    until: usize,
    key: Key,
    text: String,
}

impl<'t> Layout<'t> {
    pub(super) fn of(text: &'t str, manifest: &Manifest) -> Result<Self, EditError> {
        let mut lines = Vec::new();
        let mut at = 0_usize;
        for line in text.split_inclusive('\n') {
            lines.push((at, line));
            at = at.saturating_add(line.len());
        }
        let mut layout = Self { text, lines, items: Vec::new() };
        let mut headers: Vec<(usize, usize)> = Vec::new();
        for (index, signoff) in (0_usize..).zip(&manifest.signoffs) {
            let line = usize::try_from(signoff.spot.line).unwrap_or(usize::MAX).saturating_sub(1);
            if !layout.line(line).trim_start().starts_with("[[") {
                return Err(EditError::Form);
            }
            headers.push((line, index));
        }
        headers.sort_unstable();
        for (line, index) in headers {
            let own = layout.gap(line);
            let key = manifest.signoffs.get(index).map(key).unwrap_or_default();
            layout.push(own, key, Some(index));
        }
        layout.gap(layout.lines.len());
        Ok(layout)
    }

    fn line(&self, number: usize) -> &'t str {
        self.lines.get(number).map_or("", |(_, line)| line)
    }

    fn push(&mut self, line: usize, key: Key, signoff: Option<usize>) {
        let start = self.lines.get(line).map_or(self.text.len(), |(at, _)| *at);
        self.items.push(Item { key, start, signoff });
    }

    /// Takes up the domains' lines in the blank lines and comments above a line, and tells where
    /// the comment begins that stands right above it and belongs to it.
    fn gap(&mut self, line: usize) -> usize {
        let quiet = |text: &str| text.trim().is_empty() || text.starts_with('#');
        let mut first = line;
        while let Some(above) = first.checked_sub(1).filter(|above| quiet(self.line(*above))) {
            first = above;
        }
        let mut own = line;
        let mut block: Option<usize> = None;
        let mut mark: Option<DomainId> = None;
        for number in first..line {
            let text = self.line(number);
            if text.trim().is_empty() {
                (block, mark) = (None, None);
                own = line;
                continue;
            }
            let begin = *block.get_or_insert(number);
            if let Some(domain) = marked(text) {
                self.push(begin, (domain.to_string(), String::new()), None);
                mark = Some(domain);
            }
            own = if mark.is_some() { line } else { begin };
        }
        own
    }

    /// The end of what stands before an offset, without the blank lines after it.
    fn end_before(&self, offset: usize) -> usize {
        let before = self.lines.iter().rev().filter(|(at, _)| *at < offset);
        let last = before.map(|(at, line)| (at, line)).find(|(_, line)| !line.trim().is_empty());
        last.map_or(0, |(at, line)| at.saturating_add(line.len()))
    }

    /// Where an item ends: where the next one begins, or the text.
    fn end_of(&self, item: usize) -> usize {
        self.items.get(item.saturating_add(1)).map_or(self.text.len(), |next| next.start)
    }

    fn item_of(&self, index: usize) -> Option<(usize, &Item)> {
        let mut all = (0_usize..).zip(&self.items);
        all.find(|(_, item)| item.signoff == Some(index))
    }

    /// Takes out a sign-off and the blank lines before it.
    pub(super) fn removal(&self, index: usize) -> Option<Edit> {
        let (place, item) = self.item_of(index)?;
        let until = self.end_before(self.end_of(place));
        let at = self.end_before(item.start);
        Some(Edit { at, until, key: item.key.clone(), text: String::new() })
    }

    /// The text of a sign-off, with the comment above it.
    pub(super) fn chunk(&self, index: usize) -> Option<&'t str> {
        let (place, item) = self.item_of(index)?;
        self.text.get(item.start..self.end_before(self.end_of(place)))
    }

    /// Puts a sign-off in its place: before the first that comes after it.
    pub(super) fn insertion(&self, signoff: &Signoff, written: String) -> Edit {
        let key = key(signoff);
        let next = self.items.iter().find(|item| item.key > key);
        let at = self.end_before(next.map_or(self.text.len(), |item| item.start));
        Edit { at, until: at, key, text: written }
    }
}

/// Makes edits that do not overlap.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by(|a, b| (a.at, a.until, &a.key).cmp(&(b.at, b.until, &b.key)));
    let mut new = String::new();
    let mut done = 0_usize;
    for edit in edits {
        new.push_str(text.get(done..edit.at).unwrap_or_default());
        if !edit.text.is_empty() {
            if !new.is_empty() && !new.ends_with('\n') {
                new.push('\n');
            }
            new.push('\n');
            new.push_str(&edit.text);
        }
        done = done.max(edit.until);
    }
    new.push_str(text.get(done..).unwrap_or_default());
    with_line_ends_of(text, &new)
}

/// Line ends as a text has them, which is CR LF where every line ends so.
pub(super) fn with_line_ends_of(model: &str, text: &str) -> String {
    let lines = model.matches('\n').count();
    let crlf = lines > 0 && model.matches("\r\n").count() == lines;
    if crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text.to_owned() }
}
