//! Strings that no reader of the output obeys.

use crate::model::text::shown_up_to;

/// Characters of one string that a report holds at most: far above any honest message, path or
/// reason, and a bound all the same.
const MOST_CHARS: usize = 16_384;

/// Makes control characters, line ends, bidirectional and invisible characters visible.
///
/// A text that went through [`crate::model::text::shown`] before comes out as it went in.
pub(super) fn visible(text: &str) -> String {
    shown_up_to(text, MOST_CHARS)
}

/// As [`visible`], for text that stands in the line of a build log: there, build services obey
/// `##[error]`, `##vso[…]` and `##teamcity[…]` wherever in a line they stand.
pub(super) fn line(text: &str) -> String {
    without_log_commands(&visible(text))
}

/// As [`line`], with at most so many characters of the text.
pub(super) fn line_up_to(text: &str, most: usize) -> String {
    without_log_commands(&shown_up_to(text, most))
}

/// As [`line`], for text that begins a line: there, `::error::` is obeyed as well, with blanks
/// before it or without.
pub(super) fn line_start(text: &str) -> String {
    line_start_up_to(text, MOST_CHARS)
}

/// As [`line_start`], with at most so many characters of the text.
pub(super) fn line_start_up_to(text: &str, most: usize) -> String {
    let safe = line_up_to(text, most);
    match safe.trim_start().strip_prefix("::") {
        Some(rest) => format!("\\u{{3a}}:{rest}"),
        None => safe,
    }
}

fn without_log_commands(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("##") {
        safe.push_str(before);
        safe.push('#');
        let word_end = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '-');
        if word_end.starts_with('[') {
            safe.push_str("\\u{23}");
            rest = after;
        } else {
            // The second mark may be the first of the next pair.
            rest = rest.get(before.len().saturating_add(1)..).unwrap_or("");
        }
    }
    safe.push_str(rest);
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_commands_are_broken_and_headings_are_not() {
        assert_eq!(line("a ##[error]b"), "a #\\u{23}[error]b");
        assert_eq!(line("##vso[task.x]"), "#\\u{23}vso[task.x]");
        assert_eq!(line("###[group]"), "##\\u{23}[group]");
        assert_eq!(line("## heading [1]"), "## heading [1]");
        assert_eq!(line("#[derive(Debug)] a::b"), "#[derive(Debug)] a::b");
        assert_eq!(line("####"), "####");
    }

    #[test]
    fn a_line_never_starts_as_a_workflow_command() {
        assert_eq!(line_start("::error::x"), "\\u{3a}:error::x");
        assert_eq!(line_start("  ::warning::x"), "\\u{3a}:warning::x");
        assert_eq!(line_start("a::b"), "a::b");
    }

    #[test]
    fn what_is_inert_stays_as_it_is() {
        let once = line("a\u{1b}[31m\n##[x]\u{202e}");
        assert_eq!(line(&once), once);
    }
}
