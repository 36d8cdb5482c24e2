//! Workflow commands of GitHub Actions: each becomes an annotation at a line of a file.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>. A step shows ten
//! annotations of a level and drops the rest in silence, so the worst come first and the tenth says
//! how many more there are.

use super::{escape, words};
use crate::finding::{Finding, Severity};
use crate::report::Report;

/// Annotations of one level that a step shows.
const MOST: usize = 10;
/// Characters of one text in an annotation.
const MOST_CHARS: usize = 2_000;

pub(super) fn render(report: &Report) -> String {
    format!("{}{}\n", annotations(&report.worst_first()), words::verdict(report))
}

/// One line an annotation; `sorted` has the worst first.
pub(super) fn annotations(sorted: &[&Finding]) -> String {
    let mut out = String::new();
    for level in ["error", "warning", "notice"] {
        let of_level: Vec<&Finding> =
            sorted.iter().copied().filter(|finding| name(finding.severity) == level).collect();
        let shown = if of_level.len() > MOST { MOST.saturating_sub(1) } else { MOST };
        for finding in of_level.iter().take(shown) {
            out.push_str(&annotation(level, finding));
        }
        let more = of_level.len().saturating_sub(shown);
        if more > 0 {
            out.push_str(&format!(
                "::{level} title=gatecheck::and {more} more; `gatecheck --format json` lists every \
                 finding\n"
            ));
        }
    }
    out
}

/// What cannot be told is no pass, so it must not look like one.
const fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error | Severity::Undecided => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

fn annotation(level: &str, finding: &Finding) -> String {
    let mut properties = Vec::new();
    if let Some(place) = finding.places.first() {
        properties.push(format!("file={}", property(&place.path)));
        properties.push(format!("line={},col={}", place.spot.line, place.spot.column));
    }
    let undecided = if finding.severity == Severity::Undecided { "undecided " } else { "" };
    properties.push(format!("title=gatecheck {undecided}{}", finding.code));
    let mut lines = vec![escape::line_up_to(&finding.message, MOST_CHARS)];
    for (name, text) in words::facts(finding) {
        lines.push(format!("{name}: {}", escape::line_up_to(&text, MOST_CHARS)));
    }
    if !finding.help.is_empty() {
        lines.push(format!("help: {}", escape::line_up_to(&finding.help, MOST_CHARS)));
    }
    format!("::{level} {}::{}\n", properties.join(","), data(&lines.join("\n")))
}

/// As the runner's own toolkit writes a message: the line ends are ours, those of foreign texts are
/// visible escapes by now.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&escape::line_up_to(text, MOST_CHARS)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Code, Place};
    use crate::source::{Source, Spot};

    #[test]
    fn a_path_ends_no_property_and_a_message_no_line() {
        let source = Source::new("a,b::c%0A\n::error::d", "x");
        let finding = Finding::new(Code::ForbiddenText, "50% \r\n::stop-commands::t ##[error]e")
            .at(Place::new(&source, None, Spot { line: 3, column: 4 }, ""));
        assert_eq!(
            annotations(&[&finding]),
            "::error file=a%2Cb%3A%3Ac%250A\\n%3A%3Aerror%3A%3Ad,line=3,col=4,\
             title=gatecheck forbidden-text::50%25 \\r\\n::stop-commands::t #\\u{23}[error]e\n"
        );
    }

    #[test]
    fn no_level_has_more_than_a_step_shows() {
        let of = |code, n: usize| std::iter::repeat_n(Finding::new(code, "x"), n);
        let findings: Vec<Finding> = of(Code::Unsigned, 11)
            .chain(of(Code::MissingObject, 20))
            .chain(of(Code::ClockSkew, 10))
            .chain(of(Code::PinnedByDate, 1))
            .collect();
        let sorted: Vec<&Finding> = findings.iter().collect();
        let out = annotations(&sorted);
        let count = |start: &str| out.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("::error "), count("::warning "), count("::notice ")), (10, 10, 1));
        assert!(out.contains("::error title=gatecheck::and 22 more; "), "{out}");
        assert_eq!(out.matches(" more; ").count(), 1);
    }
}
