//! The findings in full, the worst first, with the lines that decided.

use super::left_out;
use crate::finding::{Finding, Place, Severity};
use crate::render::human::snippet::cut;
use crate::render::rows::within;
use crate::render::{escape, words, xml};
use crate::report::Report;

/// Characters of one text.
const MOST_CHARS: usize = 2_000;
/// Places of one finding.
const MOST_PLACES: usize = 12;
/// Characters of a line of a file.
const LINE_CHARS: usize = 200;

pub(super) fn render(report: &Report, room: usize) -> String {
    if report.findings.is_empty() {
        return "<section>\n<h2>Findings</h2>\n<p>Nothing was found.</p>\n</section>\n".to_owned();
    }
    let (articles, more) = within(report.worst_first().into_iter().map(article), room);
    format!(
        "<section>\n<h2>Findings</h2>\n<p class=\"soft\">{}; the worst first.</p>\n{articles}{}</section>\n",
        words::totals(&report.findings),
        left_out(more, "finding")
    )
}

fn article(finding: &Finding) -> String {
    let severity = finding.severity.name();
    let sign = match finding.severity {
        Severity::Error => "✗",
        Severity::Undecided => "?",
        Severity::Warning => "!",
        Severity::Note => "i",
    };
    let message = xml::prose(&escape::line_up_to(&finding.message, MOST_CHARS));
    let mut out = format!(
        "<article class=\"{severity}\">\n<h3><span class=\"word\">{sign} {severity}</span> \
         <code>{}</code></h3>\n<p>{message}</p>\n",
        finding.code
    );
    for place in finding.places.iter().take(MOST_PLACES) {
        out.push_str(&figure(place));
    }
    let more = finding.places.len().saturating_sub(MOST_PLACES);
    if more > 0 {
        out.push_str(&format!("<p>… and {more} more places</p>\n"));
    }
    let facts: String = words::facts(finding)
        .into_iter()
        .map(|(name, text)| {
            format!("<dt>{name}</dt><dd>{}</dd>", xml::text(&escape::line_up_to(&text, MOST_CHARS)))
        })
        .collect();
    if !facts.is_empty() {
        out.push_str(&format!("<dl>{facts}</dl>\n"));
    }
    if !finding.help.is_empty() {
        let help = xml::prose(&escape::line_up_to(&finding.help, MOST_CHARS));
        out.push_str(&format!("<p><b>What to do:</b> {help}</p>\n"));
    }
    out.push_str("</article>\n");
    out
}

fn figure(place: &Place) -> String {
    let path = xml::text(&escape::line_up_to(&place.path, MOST_CHARS));
    let commit = place
        .commit
        .map_or_else(String::new, |commit| format!(" in commit <code>{}</code>", commit.short()));
    let label = xml::text(&escape::line_up_to(&place.label, MOST_CHARS));
    let label = if label.is_empty() { label } else { format!(": {label}") };
    let (line, column) = (place.spot.line, place.spot.column);
    let column = usize::try_from(column).unwrap_or(usize::MAX);
    let (text, marked) = cut(&place.line_text, column, LINE_CHARS);
    let parts = text.get(..marked.start).zip(text.get(marked.clone())).zip(text.get(marked.end..));
    let code = match parts {
        Some(((before, marked), after)) => format!(
            "<pre><span class=\"no\">{line} | </span>{}<mark>{}</mark>{}</pre>",
            xml::text(before),
            xml::text(marked),
            xml::text(after)
        ),
        None => String::new(),
    };
    let code = if place.line_text.is_empty() { String::new() } else { code };
    format!(
        "<figure><figcaption><code>{path}:{line}:{column}</code>{commit}{label}</figcaption>{code}</figure>\n"
    )
}
