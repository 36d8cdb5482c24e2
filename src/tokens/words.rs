//! Words and marks of a text whose language nobody told.

use std::borrow::Cow;

use super::Token;

/// Words are letters, digits and underscores side by side; every other character that can be seen
/// is a mark of its own.
pub(super) fn cut(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut word: Option<usize> = None;
    let take = |from: usize, to: usize| Token {
        text: Cow::Borrowed(text.get(from..to).unwrap_or("")),
        from,
        to,
    };
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() || c == '_' {
            word.get_or_insert(at);
            continue;
        }
        tokens.extend(word.take().map(|from| take(from, at)));
        if !c.is_whitespace() {
            tokens.push(take(at, at.saturating_add(c.len_utf8())));
        }
    }
    tokens.extend(word.map(|from| take(from, text.len())));
    tokens
}
