//! Where comments stand when a registry is formatted.

use toml_edit::{Decor, DocumentMut, Item, RawString, Table};

/// Comment lines without the space around them, at most one blank line between them, each with a
/// line end; nothing where there are none.
pub(super) fn tidy(raw: &str) -> String {
    let mut tidy = String::new();
    let mut blank = false;
    for line in raw.lines().map(str::trim) {
        if line.is_empty() {
            blank = !tidy.is_empty();
            continue;
        }
        if blank {
            tidy.push('\n');
            blank = false;
        }
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy
}

fn text(raw: Option<&RawString>) -> &str {
    raw.and_then(RawString::as_str).unwrap_or_default()
}

/// Comments above a key, and `key = `.
pub(super) fn tidy_key(decor: &mut Decor) {
    let above = tidy(text(decor.prefix()));
    *decor = Decor::new(above, " ");
}

/// One blank line, then the comments above a header; a comment behind it.
pub(super) fn tidy_header(decor: &mut Decor) {
    let above = tidy(text(decor.prefix()));
    let behind = text(decor.suffix()).trim();
    let behind = if behind.is_empty() { String::new() } else { format!(" {behind}") };
    *decor = Decor::new(format!("\n{above}"), behind);
}

/// Takes the comments that speak of the whole file: those above the first table, up to the last
/// blank line, so that they stay first when tables change places.
pub(super) fn take_header(document: &mut DocumentMut) -> String {
    let Some(first) = first(document.as_table_mut()) else { return String::new() };
    let decor = first.decor_mut();
    let prefix = text(decor.prefix()).replace("\r\n", "\n");
    let lines: Vec<&str> = prefix.lines().map(str::trim).collect();
    // A line `#:schema …` speaks to editors about the file, wherever the blank line is.
    let directive = lines.iter().rposition(|line| line.starts_with("#:schema"));
    let blank = lines.iter().rposition(|line| line.is_empty());
    let Some(last) = directive.max(blank) else { return String::new() };
    let (header, own) = lines.split_at_checked(last.saturating_add(1)).unwrap_or((&lines, &[]));
    let separate = blank == Some(last);
    let mut header = tidy(&header.join("\n"));
    if separate && !header.is_empty() {
        header.push('\n');
    }
    decor.set_prefix(own.join("\n"));
    header
}

/// Puts what speaks of the whole file before the first table.
pub(super) fn give_header(document: &mut DocumentMut, header: &str) {
    if let Some(first) = first(document.as_table_mut()) {
        let decor = first.decor_mut();
        let own = text(decor.prefix()).trim_start_matches('\n').to_owned();
        decor.set_prefix(format!("{header}{own}"));
    }
}

/// The table whose header stands first in the file.
fn first(root: &mut Table) -> Option<&mut Table> {
    let mut all = Vec::new();
    collect(root, &mut all);
    all.into_iter().min_by_key(|table| table.position().unwrap_or(isize::MAX))
}

/// Tables that have a header of their own.
pub(super) fn collect<'t>(table: &'t mut Table, all: &mut Vec<&'t mut Table>) {
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(child) => {
                // What stands below a table with a header stands after it.
                if child.is_implicit() || child.is_dotted() {
                    collect(child, all);
                } else {
                    all.push(child);
                }
            }
            Item::ArrayOfTables(tables) => all.extend(tables.iter_mut()),
            _ => {}
        }
    }
}
