//! What the verdict rests on, and the verdict as the very last line.

use super::paint::Paint;
use crate::render::words;
use crate::report::{Report, Verdict};

pub(super) fn render(report: &Report, paint: &Paint) -> String {
    let counts = &report.counts;
    let judged = format!(
        "{}, {}, {}",
        words::count(counts.gates, "gate"),
        words::count(counts.commits, "commit"),
        words::count(counts.signatures, "signature")
    );
    let mut out = String::new();
    for (name, text) in [
        ("judged", judged),
        ("covered", words::coverage(report)),
        ("registry", words::registry(report)),
        ("anchor", words::anchor(report)),
        ("checkpoint", words::checkpoint(report)),
    ] {
        out.push_str(&format!("{} {text}\n", paint.faint(&format!("{name:<10}"))));
    }
    // Unusable input proves nothing, so it never wears the colour of a pass.
    let color = if report.input_unusable { Verdict::Refused } else { report.verdict };
    out.push('\n');
    out.push_str(&paint.verdict(color, &words::verdict(report)));
    out.push('\n');
    out
}
