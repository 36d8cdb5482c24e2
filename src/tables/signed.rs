//! Strings that are part of what people sign.

use super::{At, Table};
use crate::model::text::shown;

/// A string that is part of a statement; empty where it is absent.
pub fn signed_text(table: &mut Table<'_>, field: &'static str) -> String {
    let Some(text) = table.string(field) else { return String::new() };
    refuse_carriage_return(table, field, &text);
    text.value
}

/// A list of strings that are part of a statement; empty where it is absent.
pub fn signed_texts(table: &mut Table<'_>, field: &'static str) -> Vec<String> {
    let Some(texts) = table.strings(field) else { return Vec::new() };
    for text in &texts.value {
        refuse_carriage_return(table, field, text);
    }
    texts.value.into_iter().map(|at| at.value).collect()
}

/// Line ends change on the way through git and mail; the signed bytes must not depend on them.
fn refuse_carriage_return(table: &Table<'_>, field: &str, text: &At<String>) {
    if !text.value.contains('\r') {
        return;
    }
    let problems = table.problems();
    problems.refuse(
        problems
            .invalid(
                text.spot,
                format!(
                    "a carriage return stands in `{field}` of {}, which is signed",
                    table.name()
                ),
            )
            .compared(shown(&text.value), "line ends of a line feed alone")
            .help(
                "save the file with LF line ends, and set `*.toml text eol=lf` in .gitattributes",
            ),
    );
}
