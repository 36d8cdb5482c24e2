//! What a commit's message says of itself: subject and trailers. Unproven words.

use crate::model::commit::Trailer;

/// Characters of a subject or trailer that are kept.
const KEPT: usize = 200;

/// The first line of the message that is not blank, cut.
pub(super) fn subject(message: &[u8]) -> String {
    let line = lines(message).find(|line| !line.trim_ascii().is_empty()).unwrap_or(&[]);
    cut(line.trim_ascii())
}

/// Every line of the form `Token: value`, wherever it stands, the subject included. Git takes only
/// the last paragraph; a rule that asks more of a commit because of a trailer must not be
/// escaped by a blank line below it, nor by the indentation that `git merge --squash` gives to
/// the messages it collects, nor by the marks of a list that forges make of them. Folded lines
/// belong to the trailer above, and are read as trailers too.
pub(super) fn trailers(message: &[u8]) -> Vec<Trailer> {
    let mut found: Vec<Trailer> = Vec::new();
    let mut open: Option<usize> = None;
    for line in lines(message) {
        let folded = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        let (line, next) = (line.trim_ascii(), found.len());
        let new = trailer(line);
        match open.filter(|_| folded) {
            Some(at) => {
                // The nearest has it too, where it is folded itself.
                let nearest = next.checked_sub(1).filter(|last| *last > at && new.is_none());
                for above in [Some(at), nearest].into_iter().flatten() {
                    found.get_mut(above).into_iter().for_each(|above| join(above, line));
                }
            }
            None => open = new.as_ref().map(|_| next),
        }
        found.extend(new);
    }
    found
}

fn join(above: &mut Trailer, line: &[u8]) {
    if above.value.chars().count() < KEPT {
        above.value = format!("{} {}", above.value, cut(line)).trim().to_owned();
    }
}

/// How many marks of one message are kept.
const MARKS: usize = 64;

/// Lines that are one word alone, the first line among them.
pub(super) fn marks(message: &[u8]) -> Vec<String> {
    let words = lines(message).map(<[u8]>::trim_ascii);
    let alone = |line: &&[u8]| {
        !line.is_empty() && line.len() <= 64 && !line.iter().any(u8::is_ascii_whitespace)
    };
    words.filter(alone).take(MARKS).map(cut).collect()
}

/// The addresses of `Co-authored-by` trailers, lower or upper case.
pub(super) fn co_authors(trailers: &[Trailer]) -> Vec<String> {
    trailers
        .iter()
        .filter(|trailer| trailer.token.eq_ignore_ascii_case("co-authored-by"))
        .filter_map(|trailer| {
            let (_, rest) = trailer.value.split_once('<')?;
            Some(rest.split_once('>')?.0.trim().to_owned())
        })
        .collect()
}

/// The last word without quotes and stress, where only the marks of lists stand before it: what
/// has no letters, and the cross in a box.
fn bare(text: &[u8]) -> Option<&[u8]> {
    let (mut text, end) = (text, |b: &u8| !b.is_ascii_alphanumeric());
    while let [rest @ .., last] = text
        && end(last)
    {
        text = rest;
    }
    let begin = text.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at.saturating_add(1));
    let (marks, mut word) = text.split_at_checked(begin)?;
    let boxed = |mark: &str| matches!(mark, "[x]" | "[X]");
    let lettered = |mark: &str| mark.chars().any(char::is_alphabetic) && !boxed(mark);
    if String::from_utf8_lossy(marks).split_ascii_whitespace().any(lettered) {
        return None;
    }
    while let [first, rest @ ..] = word
        && end(first)
    {
        word = rest;
    }
    Some(word)
}

fn trailer(line: &[u8]) -> Option<Trailer> {
    let colon = line.iter().position(|b| *b == b':')?;
    let (token, value) = line.split_at_checked(colon)?;
    let token = bare(token)?;
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if token.is_empty() || token.len() > 64 || !token.iter().all(plain) {
        return None;
    }
    let token = String::from_utf8_lossy(token).into_owned();
    let stress = |c: char| c.is_whitespace() || "*_`~".contains(c);
    Some(Trailer { token, value: cut(value.get(1..)?).trim_matches(stress).to_owned() })
}

fn lines(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    message.split(|b| *b == b'\n')
}

fn cut(bytes: &[u8]) -> String {
    // No character is longer than four bytes.
    let bytes = bytes.get(..KEPT * 4).unwrap_or(bytes);
    String::from_utf8_lossy(bytes).chars().take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_found_in_every_paragraph_and_folded_lines_are_joined() {
        let message = b"Subject: a trailer too\n\nco-authored-by: A <a@x>\n\nmore\n\
            Assisted-by:\n  some model\nhttp://no\nCo-Authored-By : B\n <b@x>\n\nlast words\n";
        let found = trailers(message);
        let pairs: Vec<_> = found.iter().map(|t| (t.token.as_str(), t.value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("Subject", "a trailer too"),
                ("co-authored-by", "A <a@x>"),
                ("Assisted-by", "some model"),
                ("http", "//no"),
                ("Co-Authored-By", "B <b@x>"),
            ]
        );
        assert_eq!(co_authors(&found), ["a@x", "b@x"]);
    }

    #[test]
    fn indentation_hides_no_trailer() {
        let message =
            b"Squashed\n\ncommit 1\nAuthor: A <a@x>\n\n    Work\n\n    Assisted-by: a model\n\
            Foo: a\n more\n\tCo-authored-by: B <b@x>\n end\n";
        let found = trailers(message);
        let pairs: Vec<_> = found.iter().map(|t| (t.token.as_str(), t.value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("Author", "A <a@x>"),
                ("Assisted-by", "a model"),
                ("Foo", "a more Co-authored-by: B <b@x> end"),
                ("Co-authored-by", "B <b@x> end"),
            ]
        );
    }

    #[test]
    fn the_marks_of_a_list_hide_no_trailer() {
        let message = "Work (#7)\n\n* Assisted-by: a\n\n- Assisted-by: b\n* more\n  * > Assisted-by: c\n\
            **Assisted-by**: d\n\u{2022} Assisted-by: e\n* \n*: x\n";
        let found = trailers(message.as_bytes());
        let pairs: Vec<_> = found.iter().map(|t| (t.token.as_str(), t.value.as_str())).collect();
        assert_eq!(pairs, ["a", "b", "c", "d", "e"].map(|value| ("Assisted-by", value)));
    }

    #[test]
    fn stress_and_numbers_hide_no_trailer() {
        let message = "Work\n\n1. Assisted-by: a\n12) Assisted-by: b\n__Assisted-by__: c\n\
            **Assisted-by:** d\n* `Assisted-by:` e\n- [x] _Assisted-by_: f\n#7: none\n\
            ## Assisted-by: g\n| Assisted-by: h\n~~Assisted-by~~: i\n";
        let found = trailers(message.as_bytes());
        let pairs: Vec<_> = found.iter().map(|t| (t.token.as_str(), t.value.as_str())).collect();
        let expected = ["a", "b", "c", "d", "e", "f"].map(|value| ("Assisted-by", value));
        let behind = ["g", "h", "i"].map(|value| ("Assisted-by", value));
        assert_eq!(pairs, [&expected[..], &[("7", "none")], &behind].concat());
    }

    #[test]
    fn what_is_folded_belongs_to_every_trailer_above() {
        let message = b"Work\n\nFoo: a\n Co-authored-by:\n  B\n <b@x>\n\n\
            \x20   Assisted-by: m\n    Co-authored-by: C\n      <c@x>\n";
        let found = trailers(message);
        assert_eq!(co_authors(&found), ["b@x", "c@x"]);
        assert_eq!(found[1].value, "B <b@x>");
    }

    #[test]
    fn marks_are_words_alone_on_their_line() {
        let message = b"marked\n\n  charter-amendment\r\nnot this one\n\nToken: value\n";
        assert_eq!(marks(message), ["marked", "charter-amendment"]);
        assert_eq!(marks("x\n".repeat(100).as_bytes()).len(), MARKS);
    }

    #[test]
    fn the_subject_is_the_first_line_that_says_something() {
        assert_eq!(subject(b"\n \n one \ntwo"), "one");
        assert_eq!(subject(b""), "");
        assert_eq!(subject(&[b'x'; 3_000]).len(), 200);
        assert_eq!(subject("é".repeat(300).as_bytes()).chars().count(), 200);
    }
}
