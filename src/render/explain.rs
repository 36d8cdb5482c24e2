//! `gatecheck explain`: what a code means, why it matters, what to do.

use super::escape;
use crate::finding::{Code, CodeDoc};

/// The documentation of one code, as plain text.
#[must_use]
pub fn explain(doc: &CodeDoc) -> Vec<u8> {
    let mut out = format!("{} ({})\n", doc.code, doc.code.severity().name());
    for (title, text) in [("", doc.what), ("Why it matters", doc.why), ("What to do", doc.fix)] {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        out.push('\n');
        if !title.is_empty() {
            out.push_str(&format!("{title}:\n"));
        }
        for line in text.lines() {
            let indent = if title.is_empty() { "" } else { "  " };
            out.push_str(format!("{indent}{}", escape::visible(line)).trim_end());
            out.push('\n');
        }
    }
    out.into_bytes()
}

/// Every code with its severity, and its first sentence where `doc` knows it.
#[must_use]
pub fn explain_list(doc: impl Fn(Code) -> Option<CodeDoc>) -> Vec<u8> {
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
    let mut out = String::new();
    for code in Code::ALL {
        let what = doc(*code).map_or("", |doc| doc.what);
        let what = escape::visible(what.lines().next().unwrap_or(""));
        let line = format!("{:<width$}  {:<9}  {what}", code.name(), code.severity().name());
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.into_bytes()
}
