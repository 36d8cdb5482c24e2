//! Foreign text inside a cell of a table in GitHub-flavoured Markdown.
//!
//! What has a meaning in Markdown or HTML becomes a character reference, which never stands for
//! structure (<https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references>).
//! Mentions, issues and emoji are looked for in the rendered text, where references are resolved;
//! there, a `<code>` around the one mark that makes them keeps them from being found.

use crate::render::{escape, words};

/// Text without any markup.
pub(super) fn text(text: &str) -> String {
    of_line(&escape::line(text))
}

/// As [`text`], with what stands between backticks as code.
pub(super) fn prose(text: &str) -> String {
    words::with_code(&escape::line(text), of_line, |code| format!("<code>{}</code>", of_line(code)))
}

fn of_line(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let (mut before, mut gh) = (' ', false);
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '#' if begins_number(after) => safe.push_str("<code>#</code>"),
            '-' if begins_number(after) && gh => safe.push_str("<code>-</code>"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '!' | '#' | '^' | '=' => {
                safe.push_str(&format!("&#{};", u32::from(c)));
            }
            ':' if after.starts_with("//") => safe.push_str("&#58;"),
            ':' if begins_emoji(after) => safe.push_str("<code>:</code>"),
            '.' if matches!(before, 'w' | 'W') => safe.push_str("&#46;"),
            '@' if !before.is_ascii_alphanumeric() => safe.push_str("<code>@</code>"),
            c => safe.push(c),
        }
        gh = matches!((before, c), ('g' | 'G', 'h' | 'H'));
        before = c;
    }
    safe
}

/// Whether `#` or `GH-` and this would be an issue.
fn begins_number(after: &str) -> bool {
    after.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether `:` and this would be an emoji: `tada:`. The minutes of a time are none.
fn begins_emoji(after: &str) -> bool {
    after.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-'))
            && !(name.len() == 2 && name.chars().all(|c| c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(
            text("a|b `c` **d** _e_ [f](g) <h> &amp; \\| ~~i~~ ![j](k) $l$"),
            "a&#124;b &#96;c&#96; &#42;&#42;d&#42;&#42; &#95;e&#95; &#91;f&#93;(g) &lt;h&gt; &amp;amp; \
             &#92;&#124; &#126;&#126;i&#126;&#126; &#33;&#91;j&#93;(k) &#36;l&#36;"
        );
    }

    #[test]
    fn nothing_is_a_link_a_mention_or_an_emoji() {
        assert_eq!(
            text("https://x.example www.y.example"),
            "https&#58;//x.example www&#46;y.example"
        );
        assert_eq!(text("@octocat git@example.org"), "<code>@</code>octocat git@example.org");
        assert_eq!(
            text(":white_check_mark: :+1:"),
            "<code>:</code>white&#95;check&#95;mark: <code>:</code>+1:"
        );
        assert_eq!(text("2026-06-11T12:00:00Z"), "2026-06-11T12:00:00Z");
    }

    #[test]
    fn nothing_refers_to_an_issue_and_no_letter_hides_a_mention() {
        assert_eq!(
            text("#12 o/r#3 GH-4 gh-5 a-6 C#"),
            "<code>#</code>12 o/r<code>#</code>3 GH<code>-</code>4 gh<code>-</code>5 a-6 C&#35;"
        );
        // The words of who looks for mentions are of ASCII.
        assert_eq!(text("漢@octocat é@octocat"), "漢<code>@</code>octocat é<code>@</code>octocat");
    }

    #[test]
    fn commands_are_code() {
        assert_eq!(prose("type `a | b` now"), "type <code>a &#124; b</code> now");
    }
}
