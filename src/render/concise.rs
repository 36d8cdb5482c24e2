//! `path:line:col: severity[code]: message`, one line a finding in mainline order; then the verdict.

use super::{escape, words};
use crate::finding::Finding;
use crate::report::Report;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        out.push_str(&line(finding));
        out.push('\n');
    }
    out.push_str(&words::verdict(report));
    out.push('\n');
    out
}

pub(super) fn line(finding: &Finding) -> String {
    let head = format!("{}[{}]", finding.severity.name(), finding.code);
    let message = escape::line(&finding.message);
    match finding.places.first() {
        Some(place) => {
            let path = escape::line_start(&place.path);
            let commit =
                finding.commit.map_or(String::new(), |id| format!(" (commit {})", id.short()));
            format!("{path}:{}:{}: {head}: {message}{commit}", place.spot.line, place.spot.column)
        }
        None => format!("{}: {head}: {message}", subject(finding)),
    }
}

/// What stands where the path would, for a finding without a place.
fn subject(finding: &Finding) -> String {
    match (&finding.commit, &finding.tag) {
        (Some(commit), _) => commit.to_string(),
        (None, Some(tag)) => escape::line_start(tag),
        (None, None) => "gatecheck".to_owned(),
    }
}
