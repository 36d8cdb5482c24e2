//! Foreign text in XML and in HTML, between tags and in quoted attributes.

use super::{escape, words};

/// Text in which every mark that XML or HTML knows is a reference, and every character is one that
/// XML 1.0 allows (<https://www.w3.org/TR/xml/#charsets>).
pub(super) fn text(text: &str) -> String {
    of_line(&escape::line(text))
}

/// As [`text`], with what stands between backticks as `<code>`. For HTML.
pub(super) fn prose(text: &str) -> String {
    words::with_code(&escape::line(text), of_line, |code| format!("<code>{}</code>", of_line(code)))
}

fn of_line(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // No control characters are left, so these two are all that XML forbids.
            '\u{fffe}' => safe.push_str("\\u{fffe}"),
            '\u{ffff}' => safe.push_str("\\u{ffff}"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_forbidden_characters_are_text() {
        assert_eq!(
            text("<a b='c' d=\"e\">&]]>\u{0}\u{fffe}\u{ffff}\r"),
            "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;]]&gt;\\u{0}\\u{fffe}\\u{ffff}\\r"
        );
    }

    #[test]
    fn backticks_in_pairs_are_code() {
        assert_eq!(prose("type `a <b>` now"), "type <code>a &lt;b&gt;</code> now");
        assert_eq!(prose("an odd ` one"), "an odd ` one");
    }
}
