//! Lists of strings, changed so that they look as their author wrote them.

use toml_edit::{Array, RawString, Value};

fn text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Adds an entry at the end, unless it is there.
pub(super) fn add(array: &mut Array, entry: &str) {
    if position(array, entry).is_some() {
        return;
    }
    let mut value = Value::from(entry);
    let (count, comma) = (array.len(), array.trailing_comma());
    let Some(last) = count.checked_sub(1).and_then(|last| array.get_mut(last)) else {
        array.push(entry);
        return;
    };
    let before = text(last.decor().prefix());
    // The only entry of a list on one line stands without a space before it.
    let before = if count == 1 && !before.contains('\n') { " ".to_owned() } else { before };
    // Comments above the last entry are its own.
    let line_start = before.rfind('\n').and_then(|at| before.get(at..)).unwrap_or(&before);
    let mut prefix = line_start.to_owned();
    if comma {
        // What stands behind the last comma is about the entry before it.
        let behind = text(Some(array.trailing()));
        if let Some((about, rest)) =
            behind.rsplit_once('\n').filter(|(about, _)| about.contains('#'))
        {
            prefix = format!("{about}{line_start}");
            let rest = format!("\n{rest}");
            array.set_trailing(rest);
        }
    } else {
        let behind = text(last.decor().suffix());
        if !behind.contains('#') {
            last.decor_mut().set_suffix("");
            value.decor_mut().set_suffix(behind);
        }
    }
    value.decor_mut().set_prefix(prefix);
    array.push_formatted(value);
}

/// Takes an entry out, with the comments above it and beside it. What stands beside the entry before
/// it, behind the comma, stays.
pub(super) fn remove(array: &mut Array, entry: &str) {
    while let Some(at) = position(array, entry) {
        let gone = array.remove(at);
        let before = text(gone.decor().prefix());
        if let Some(next) = array.get_mut(at) {
            let behind = text(next.decor().prefix());
            next.decor_mut().set_prefix(joined(&before, &behind, at == 0));
        } else if array.trailing_comma() {
            let behind = joined(&before, &text(Some(array.trailing())), false);
            array.set_trailing(behind);
        } else if let Some(last) = at.checked_sub(1).and_then(|last| array.get_mut(last)) {
            let behind = joined(&before, &text(gone.decor().suffix()), false);
            last.decor_mut().set_suffix(behind);
        }
        if array.is_empty() && !text(Some(array.trailing())).contains('#') {
            array.set_trailing("");
        }
    }
}

/// What stands between two neighbours when an entry between them is gone: `before` stood before it,
/// `behind` behind it. The first line of each belongs to what comes before.
fn joined(before: &str, behind: &str, first: bool) -> String {
    match (before.split_once('\n'), behind.split_once('\n')) {
        (Some((own, _)), Some((_, rest))) => format!("{own}\n{rest}"),
        (None, Some((_, rest))) => format!("\n{rest}"),
        (Some(_), None) => before.to_owned(),
        (None, None) if first => before.to_owned(),
        (None, None) => behind.to_owned(),
    }
}

fn position(array: &Array, entry: &str) -> Option<usize> {
    array.iter().position(|value| value.as_str() == Some(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(list: &str, edit: impl Fn(&mut Array)) -> String {
        let mut document: toml_edit::DocumentMut = format!("x = {list}\n").parse().unwrap();
        edit(document["x"].as_array_mut().unwrap());
        let text = document.to_string();
        text.parse::<toml_edit::DocumentMut>().unwrap();
        text.strip_prefix("x = ").unwrap().trim_end().to_owned()
    }

    #[test]
    fn lists_keep_their_looks_when_they_grow() {
        for (before, after) in [
            ("[]", "[\"c\"]"),
            ("[\"a\"]", "[\"a\", \"c\"]"),
            ("[ \"a\" ]", "[ \"a\", \"c\" ]"),
            ("[\"a\",\"b\"]", "[\"a\",\"b\",\"c\"]"),
            ("[\"c\", \"a\"]", "[\"c\", \"a\"]"),
            ("[\n  \"a\",\n  \"b\",\n]", "[\n  \"a\",\n  \"b\",\n  \"c\",\n]"),
            ("[\n  \"a\"\n]", "[\n  \"a\",\n  \"c\"\n]"),
            ("[\n  \"a\", # A\n  # who?\n]", "[\n  \"a\", # A\n  # who?\n  \"c\",\n]"),
            ("[\n  # A\n  \"a\",\n]", "[\n  # A\n  \"a\",\n  \"c\",\n]"),
            ("[\n  \"a\" # A\n]", "[\n  \"a\" # A\n,\n  \"c\"]"),
        ] {
            assert_eq!(edited(before, |list| add(list, "c")), after, "{before}");
        }
    }

    #[test]
    fn lists_keep_their_looks_when_they_shrink() {
        for (before, after) in [
            ("[\"c\"]", "[]"),
            ("[\"a\", \"b\"]", "[\"a\", \"b\"]"),
            ("[ \"c\", \"b\" ]", "[ \"b\" ]"),
            ("[\"a\", \"c\"]", "[\"a\"]"),
            ("[ \"a\", \"c\", \"c\" ]", "[ \"a\" ]"),
            ("[\n  \"a\",\n  \"c\",\n]", "[\n  \"a\",\n]"),
            ("[\n  \"a\", # A\n  \"c\", # C\n]", "[\n  \"a\", # A\n]"),
            ("[\n  \"a\", # A\n  \"c\" # C\n]", "[\n  \"a\" # A\n]"),
            ("[\n  \"c\", # C\n  \"b\", # B\n]", "[\n  \"b\", # B\n]"),
            ("[ # all\n  \"c\",\n]", "[ # all\n]"),
            ("[\n  \"c\",\n]", "[]"),
            ("[\n  \"c\",\n  # B\n  \"b\"\n]", "[\n  # B\n  \"b\"\n]"),
        ] {
            assert_eq!(edited(before, |list| remove(list, "c")), after, "{before}");
        }
    }
}
