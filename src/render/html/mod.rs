//! One page: verdict, a picture of who could sign when, gates, findings. It loads nothing and runs
//! nothing, and is well-formed XML besides.

mod findings;
mod gates;
mod picture;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{Style, words, xml};
use crate::report::{Report, Verdict};

const STYLE: &str = include_str!("style.css");
/// Bytes of the picture, of the table of gates, and of the findings: two MiB in all, with the rest.
const MOST_PICTURE_BYTES: usize = 700 << 10;
const MOST_GATE_BYTES: usize = 500 << 10;
const MOST_FINDING_BYTES: usize = 700 << 10;

pub(super) fn render(report: &Report, style: &Style) -> String {
    let title = xml::text(&words::title(report));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{}: {title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        policy(),
        word(report),
    );
    out.push_str(&head(report, &title));
    out.push_str(&picture::render(report, MOST_PICTURE_BYTES));
    out.push_str(&gates::render(report, MOST_GATE_BYTES));
    out.push_str(&findings::render(report, MOST_FINDING_BYTES));
    let version = xml::text(&style.tool_version);
    out.push_str(&format!(
        "<footer><p>Written by gatecheck {version}. This page is for reading: what it says was decided \
         by the run that wrote it, and anybody can edit a file.</p></footer>\n</body>\n</html>\n"
    ));
    out
}

/// Nothing is loaded, nothing is run, and only our own style applies: if a foreign string ever got
/// through as markup, it would be dead.
fn policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'")
}

const fn word(report: &Report) -> &'static str {
    if report.input_unusable { "unusable" } else { report.verdict.name() }
}

/// A mark that is no colour.
const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Undecided => "?",
        Verdict::Refused => "✗",
    }
}

fn head(report: &Report, title: &str) -> String {
    let shown = if report.input_unusable { Verdict::Refused } else { report.verdict };
    let mut out = format!(
        "<header>\n<h1 class=\"verdict {}\">{} {}</h1>\n<p class=\"title\">{title}</p>\n<dl>\n",
        shown.name(),
        sign(shown),
        xml::text(&words::verdict(report))
    );
    for (name, text) in words::basis(report) {
        out.push_str(&format!("<dt>{name}</dt><dd>{}</dd>\n", xml::text(&text)));
    }
    out.push_str("</dl>\n</header>\n");
    out
}

/// What did not fit.
fn left_out(more: usize, noun: &str) -> String {
    if more == 0 {
        return String::new();
    }
    let more = words::count(u64::try_from(more).unwrap_or(u64::MAX), &format!("more {noun}"));
    format!("<p>… and {more}; <code>gatecheck --format json</code> lists every one.</p>\n")
}
