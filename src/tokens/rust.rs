//! Tokens of Rust, by the compiler's own lexer.
//!
//! Editions disagree about a few beginnings, and nobody tells which edition a file is for. A file
//! that holds one of them is read both ways, so that nothing that some compiler would read is hidden.

use std::borrow::Cow;

use ra_ap_rustc_lexer::{Cursor, FrontmatterAllowed, LiteralKind, TokenKind, strip_shebang};
use rustc_literal_escaper::unescape_str;

use super::Token;

/// One way to read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct View {
    /// As before the edition of 2021.
    old: bool,
    /// What stands between `---` at the beginning belongs to a tool.
    frontmatter: bool,
}

impl View {
    pub(super) const PLAIN: Self = Self { old: false, frontmatter: false };
}

/// Beginnings that older editions cut elsewhere, and where they do.
const OLD: [(&str, usize); 3] = [("cr\"", 2), ("cr#", 2), ("'r#", 2)];

/// Every way in which a compiler could read this text.
pub(super) fn views(text: &str) -> Vec<View> {
    let mut views = vec![View::PLAIN];
    if OLD.iter().any(|(begin, _)| text.contains(begin)) {
        views.push(View { old: true, ..View::PLAIN });
    }
    if text.get(beginning(text)..).unwrap_or("").trim_start().starts_with("---") {
        let more: Vec<View> = views.iter().map(|v| View { frontmatter: true, ..*v }).collect();
        views.extend(more);
    }
    views
}

/// Where Rust begins: after a byte order mark and a line for the shell.
fn beginning(text: &str) -> usize {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = text.len().saturating_sub(rest.len());
    mark.saturating_add(strip_shebang(rest).unwrap_or(0))
}

pub(super) fn cut(text: &str, view: View) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = beginning(text);
    let allowed = if view.frontmatter { FrontmatterAllowed::Yes } else { FrontmatterAllowed::No };
    let mut cursor = Cursor::new(text.get(at..).unwrap_or(""), allowed);
    loop {
        let rest = text.get(at..).unwrap_or("");
        let cut_at = if view.old { old_cut(rest) } else { None };
        let (kind, length) = match cut_at {
            Some(length) => (TokenKind::Ident, length),
            None => {
                let token = cursor.advance_token();
                (token.kind, usize::try_from(token.len).unwrap_or(usize::MAX))
            }
        };
        if matches!(kind, TokenKind::Eof) {
            return tokens;
        }
        // The editions before 2024 read `#` alone here, and a literal may begin right after it.
        let length = if matches!(kind, TokenKind::GuardedStrPrefix) { 1 } else { length };
        let to = at.saturating_add(length.max(1));
        push(&mut tokens, kind, rest.get(..length).unwrap_or(""), at, to);
        at = to;
        if cut_at.is_some() || matches!(kind, TokenKind::GuardedStrPrefix) {
            cursor = Cursor::new(text.get(at..).unwrap_or(""), FrontmatterAllowed::No);
        }
    }
}

/// How long the first token is for an older edition, where that differs.
fn old_cut(rest: &str) -> Option<usize> {
    OLD.iter().find(|(begin, _)| rest.starts_with(begin)).map(|(_, length)| *length)
}

fn push<'t>(tokens: &mut Vec<Token<'t>>, kind: TokenKind, text: &'t str, from: usize, to: usize) {
    let text = match kind {
        TokenKind::LineComment { .. }
        | TokenKind::BlockComment { .. }
        | TokenKind::Whitespace
        | TokenKind::Frontmatter { .. } => return,
        // `k#unsafe` is the keyword, or three tokens of which the last is.
        TokenKind::ForcedKeywordIdent => Cow::Borrowed(text.strip_prefix("k#").unwrap_or(text)),
        TokenKind::Literal { kind, suffix_start } => {
            let end = usize::try_from(suffix_start).unwrap_or(usize::MAX);
            literal(kind, text, text.get(..end).unwrap_or(text))
        }
        _ => Cow::Borrowed(text),
    };
    tokens.push(Token { text, from, to });
}

/// A string stands for what it holds, however that is written. `bare` is without its suffix.
fn literal<'t>(kind: LiteralKind, text: &'t str, bare: &'t str) -> Cow<'t, str> {
    let inner = match kind {
        LiteralKind::Str { terminated: true } => {
            bare.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'))
        }
        LiteralKind::RawStr { n_hashes: Some(_) } => {
            let inner = bare.strip_prefix('r').map(|rest| rest.trim_matches('#'));
            let inner = inner.and_then(|i| i.strip_prefix('"')).and_then(|i| i.strip_suffix('"'));
            return inner.map_or(Cow::Borrowed(text), |inner| Cow::Owned(format!("\"{inner}\"")));
        }
        _ => None,
    };
    let Some(inner) = inner else { return Cow::Borrowed(text) };
    if !inner.contains('\\') {
        return Cow::Borrowed(bare);
    }
    let mut plain = String::from("\"");
    unescape_str(inner, |_, c| plain.extend(c));
    plain.push('"');
    Cow::Owned(plain)
}
