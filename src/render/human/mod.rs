//! For people at a terminal: gates in mainline order, findings the worst first, and last, next to
//! the prompt, what the verdict rests on and the verdict.

mod closing;
pub(super) mod findings;
mod gates;
mod paint;
pub(super) mod snippet;

use self::paint::Paint;
use super::{Style, words};
use crate::report::Report;

pub(super) fn render(report: &Report, style: &Style) -> String {
    let paint = Paint::new(style.color);
    let mut out = String::new();
    out.push_str(&words::title(report));
    out.push('\n');
    for part in [
        gates::render(report, &paint),
        findings::render(&report.worst_first(), "gatecheck --format json", style),
        closing::render(report, &paint),
    ] {
        if !part.is_empty() {
            out.push('\n');
            out.push_str(&part);
        }
    }
    out
}
