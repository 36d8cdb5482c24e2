//! What the verdict rests on, and the verdict as the very last line.

use super::paint::Paint;
use crate::render::words;
use crate::report::{Report, Verdict};

pub(super) fn render(report: &Report, paint: &Paint) -> String {
    let mut out = String::new();
    for (name, text) in words::basis(report) {
        out.push_str(&format!("{} {text}\n", paint.faint(&format!("{name:<10}"))));
    }
    // Unusable input proves nothing, so it never wears the colour of a pass.
    let color = if report.input_unusable { Verdict::Refused } else { report.verdict };
    out.push('\n');
    out.push_str(&paint.verdict(color, &words::verdict(report)));
    out.push('\n');
    out
}
