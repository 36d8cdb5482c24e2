//! The line of a file that decided, with a mark under what decided.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Origin, Padding, Snippet};

use crate::finding::Place;
use crate::render::escape;

/// What line numbers and frames take away from the width.
const MARGIN: usize = 14;
/// Characters that stay visible before the marked column where a line is cut at its front.
const BEFORE: usize = 16;

/// Adds the place: `path:line:column`, and below it the line itself where its text is known.
///
/// The head is an [`Origin`] and no part of the [`Snippet`], which would count its columns in the
/// escaped and cut text.
pub(super) fn push(place: &Place, width: usize, elements: &mut Vec<Element<'_>>) {
    let mut path = escape::line(&place.path);
    if let Some(commit) = place.commit {
        path = format!("{}:{path}", commit.short());
    }
    if !elements.is_empty() {
        elements.push(Padding.into());
    }
    let line = place.spot.line as usize;
    elements.push(Origin::path(path).line(line).char_column(place.spot.column as usize).into());
    if place.line_text.is_empty() && place.label.is_empty() {
        return;
    }
    let room = width.clamp(40, 400).saturating_sub(MARGIN);
    let (text, marked) = cut(&place.line_text, place.spot.column as usize, room);
    let label = escape::line(&place.label);
    let mark = AnnotationKind::Primary.span(marked);
    let mark = if label.is_empty() { mark } else { mark.label(label) };
    elements.push(Snippet::source(text).line_start(line).annotation(mark).into());
}

/// Writes every place alike: the renderer begins all but the first with `:::` (which also is how
/// commands to a build service begin), and adds an empty one where a head stands by itself.
pub(super) fn tidy(rendered: &str) -> String {
    let mut out = String::with_capacity(rendered.len());
    for line in rendered.lines() {
        let marker = line.split_once(":::").filter(|(before, _)| is_styling(before));
        match marker {
            Some((_, after)) if is_styling(after) => continue,
            Some((before, after)) => out.push_str(&format!("{before}-->{after}")),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// Blanks and colours only.
fn is_styling(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' ' | '\u{1b}' | '[' | ';' | 'm' | '0'..='9'))
}

/// The part of a line around a column (from 1) that fits, made inert, and the bytes to mark in it:
/// from the column to the end of what the line says.
pub(in crate::render) fn cut(line: &str, column: usize, room: usize) -> (String, Range<usize>) {
    let column = column.saturating_sub(1);
    let skipped = if column < room { 0 } else { column.saturating_sub(BEFORE) };
    let head: String = line.chars().skip(skipped).take(column.saturating_sub(skipped)).collect();
    let rest = line.chars().skip(column);
    let shown = room.saturating_sub(column.saturating_sub(skipped)).max(1);
    let mut tail: String = rest.clone().take(shown).collect();
    let unshown = rest.clone().nth(shown).is_some();
    let said = tail.trim_end().len();
    tail.truncate(said);

    let mut text = String::new();
    if skipped > 0 {
        text.push('…');
    }
    // As one: what a build service obeys may stand on both sides of the column.
    let shown = escape::line(&format!("{head}{tail}"));
    let start = text.len().saturating_add(in_common(&escape::line(&head), &shown));
    text.push_str(&shown);
    let end = text.len();
    if unshown {
        text.push('…');
    }
    (text, start..end)
}

/// How many bytes two texts begin alike with.
fn in_common(one: &str, other: &str) -> usize {
    let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    alike.map(|(c, _)| c.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(line: &str, column: usize, room: usize) -> (String, String) {
        let (text, range) = cut(line, column, room);
        let part = text[range].to_owned();
        (text, part)
    }

    #[test]
    fn the_mark_goes_to_the_end_of_the_line() {
        let (text, part) = marked("serial = 4  ", 1, 60);
        assert_eq!((text.as_str(), part.as_str()), ("serial = 4", "serial = 4"));
        assert_eq!(marked("serial = 4", 10, 60).1, "4");
        assert_eq!(marked("serial = 4", 99, 200).1, "");
        assert_eq!(marked("", 1, 60), (String::new(), String::new()));
    }

    #[test]
    fn long_lines_are_cut_on_both_sides() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let (text, part) = marked(&line, 501, 60);
        assert_eq!(text.chars().count(), 62);
        assert!(text.starts_with("…aaaa") && text.ends_with("bb…"), "{text}");
        assert!(part.starts_with('X'), "{part}");
    }

    #[test]
    fn a_command_to_a_build_service_does_not_hide_behind_the_mark() {
        for column in 1..=9 {
            let (text, part) = marked("a ##vso[b", column, 60);
            assert_eq!(text, "a #\\u{23}vso[b", "{column}");
            assert!(text.ends_with(&part) && !part.is_empty(), "{column}: {part}");
        }
        assert_eq!(marked("a ##vso[b", 5, 60).1, "\\u{23}vso[b");
    }

    #[test]
    fn what_is_escaped_is_marked_whole() {
        let (text, part) = marked("a\u{1b}[31m = \u{202e}x", 10, 60);
        assert_eq!(text, "a\\u{1b}[31m = \\u{202e}x");
        assert_eq!(part, "\\u{202e}x");
    }
}
