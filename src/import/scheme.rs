//! As much of Scheme's syntax as `.guix-authorizations` is written in: lists, strings, words,
//! comments.

/// How deep lists may stand in each other.
const MAX_DEPTH: usize = 32;

/// A datum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Datum {
    List(Vec<Datum>),
    Text(String),
    /// A symbol or number.
    Word(String),
}

impl Datum {
    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }
}

/// Reads the only datum of a text. The error says what is wrong, with the line.
pub(super) fn read(text: &str) -> Result<Datum, String> {
    let mut reader = Reader { rest: text, line: 1 };
    // Lists that are open, the innermost last.
    let mut open: Vec<Vec<Datum>> = Vec::new();
    let mut result: Option<Datum> = None;
    while let Some(token) = reader.token()? {
        let datum = match token {
            Token::Open if open.len() >= MAX_DEPTH => {
                return Err(reader.error(&format!("more than {MAX_DEPTH} lists in each other")));
            }
            Token::Open if result.is_none() => {
                open.push(Vec::new());
                continue;
            }
            Token::Open => return Err(reader.error("more than one datum")),
            Token::Close => match open.pop() {
                Some(items) => Datum::List(items),
                None => return Err(reader.error("`)` closes nothing")),
            },
            Token::Datum(datum) => datum,
        };
        match open.last_mut() {
            Some(items) => items.push(datum),
            None if result.is_none() => result = Some(datum),
            None => return Err(reader.error("more than one datum")),
        }
    }
    if !open.is_empty() {
        return Err(reader.error("a list is never closed"));
    }
    result.ok_or_else(|| reader.error("there is nothing in it"))
}

enum Token {
    Open,
    Close,
    Datum(Datum),
}

struct Reader<'t> {
    rest: &'t str,
    line: u64,
}

impl Reader<'_> {
    fn error(&self, what: &str) -> String {
        format!("line {}: {what}", self.line)
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        if c == '\n' {
            self.line = self.line.saturating_add(1);
        }
        Some(c)
    }

    fn token(&mut self) -> Result<Option<Token>, String> {
        while let Some(c) = self.next() {
            match c {
                c if c.is_whitespace() => {}
                ';' => while self.next().is_some_and(|c| c != '\n') {},
                '(' => return Ok(Some(Token::Open)),
                ')' => return Ok(Some(Token::Close)),
                '"' => return self.text().map(|text| Some(Token::Datum(Datum::Text(text)))),
                // What these begin (quotes, vectors, datum comments) is never needed here, and
                // to skip it wrongly could bring back a key that was commented out.
                '\'' | '`' | ',' | '#' | '[' | ']' | '{' | '}' | '|' | '\\' => {
                    return Err(self.error(&format!("`{c}` is not expected here")));
                }
                c => return Ok(Some(Token::Datum(Datum::Word(self.word(c))))),
            }
        }
        Ok(None)
    }

    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '"' => return Ok(text),
                '\\' => match self.next() {
                    Some(c @ ('"' | '\\')) => text.push(c),
                    _ => return Err(self.error("only \\\" and \\\\ are read in a string")),
                },
                c => text.push(c),
            }
        }
        Err(self.error("a string is never closed"))
    }

    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        while let Some(c) = self.rest.chars().next() {
            if c.is_whitespace() || matches!(c, '(' | ')' | '"' | ';') {
                break;
            }
            word.push(c);
            self.next();
        }
        word
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word(text: &str) -> Datum {
        Datum::Word(text.into())
    }

    #[test]
    fn lists_strings_words_and_comments() {
        let text = ";; a \"(\n(a (version 0) ; (b\n \"x \\\"y\\\\\" ()c)\n";
        let version = Datum::List(vec![word("version"), word("0")]);
        let string = Datum::Text("x \"y\\".into());
        let expected =
            Datum::List(vec![word("a"), version, string, Datum::List(Vec::new()), word("c")]);
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, problem) in [
            ("", "line 1: there is nothing in it"),
            ("(a\n(b)", "line 2: a list is never closed"),
            ("(a))", "line 1: `)` closes nothing"),
            ("(a) (b)", "line 1: more than one datum"),
            ("a b", "line 1: more than one datum"),
            ("(a \"b", "line 1: a string is never closed"),
            ("(\n#;(a) b)", "line 2: `#` is not expected here"),
            ("(\"\\x41;\")", "line 1: only \\\" and \\\\ are read in a string"),
        ] {
            assert_eq!(read(text), Err(problem.to_owned()), "{text}");
        }
        assert!(read(&"(".repeat(100_000)).unwrap_err().contains("more than 32 lists"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[()\"\\\\;#a \n\u{e9}]{0,40}|.{0,20}") {
            let _ = read(&text);
        }
    }
}
