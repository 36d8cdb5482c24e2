//! The small forms that registry fields have: one word of several, ids, paths, patterns.

use std::cell::Cell;

use regex::{Regex, RegexBuilder};

use crate::finding::{Code, Finding};
use crate::model::gate::MAX_EPOCH;
use crate::model::text::{is_unsafe, shown};
use crate::model::{Age, PathPattern};
use crate::source::Spot;
use crate::tables::{At, Problems, Table};

/// Path patterns in one registry (the bound `patterns`).
pub const MAX_PATTERNS: usize = 1_024;
/// Bytes of all path patterns of one registry together (the bound `pattern-bytes`).
pub const MAX_PATTERN_BYTES: usize = 64 << 10;
/// Regular expressions in one registry (the bound `regexes`).
pub const MAX_REGEXES: usize = 64;
/// Bytes that one compiled regular expression may take (the bound `regex-bytes`).
pub const MAX_REGEX_BYTES: usize = 1 << 20;

/// One of several words: `("human", ReviewerKind::Human)`.
pub(crate) fn choice<T: Copy>(
    table: &mut Table<'_>,
    field: &'static str,
    words: &[(&'static str, T)],
) -> Option<At<T>> {
    let read = table.string(field)?;
    let found = chosen(table, field, &read, words)?;
    Some(At { value: found, spot: read.spot })
}

/// As [`choice`], for a string that was read already.
pub(crate) fn chosen<T: Copy>(
    table: &Table<'_>,
    field: &str,
    read: &At<String>,
    words: &[(&'static str, T)],
) -> Option<T> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == read.value) {
        return Some(*value);
    }
    let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let problems = table.problems();
    let message = format!("`{field}` of {} is none of the words it can be", table.name());
    problems.refuse(
        problems
            .invalid(read.spot, message)
            .compared(quoted(&read.value), known.join(" or "))
            .help(format!("write one of {}", known.join(", "))),
    );
    None
}

/// A foreign string in quotes, inert.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// Refuses the value of a field in words: `why` completes "`field` of [table] …".
pub(crate) fn refuse(
    table: &Table<'_>,
    field: &str,
    spot: Spot,
    why: &str,
    observed: impl Into<String>,
    required: &str,
    help: &str,
) {
    let problems = table.problems();
    problems.refuse(
        problems
            .invalid(spot, format!("`{field}` of {} {why}", table.name()))
            .compared(observed, required)
            .help(help),
    );
}

/// A length of time: `"6 months"`.
pub(super) fn age(table: &mut Table<'_>, field: &'static str) -> Option<At<Age>> {
    let read = table.string(field)?;
    let age = Age::parse(&read.value);
    if age.is_none() {
        let form = "a number and a unit (second, minute, hour, day, week, month, year)";
        let help = format!("write `{field} = \"6 months\"` or `{field} = \"1 day\"`");
        refuse(table, field, read.spot, "is no length of time", quoted(&read.value), form, &help);
    }
    Some(At { value: age?, spot: read.spot })
}

/// A number that JSON carries exactly (RFC 8785): at most 2^53 − 1.
pub(crate) fn number(table: &mut Table<'_>, field: &'static str) -> Option<At<u64>> {
    let read = table.integer(field)?;
    if read.value > MAX_EPOCH {
        let form = format!("at most {MAX_EPOCH}");
        refuse(
            table,
            field,
            read.spot,
            "is too large",
            read.value.to_string(),
            &form,
            "use a smaller number",
        );
        return None;
    }
    Some(read)
}

/// A number of people: zero would need nobody and is `invalid-threshold`.
pub(super) fn people(table: &mut Table<'_>, field: &'static str) -> Option<At<u64>> {
    let read = number(table, field)?;
    if read.value == 0 {
        let problems = table.problems();
        let message = format!("`{field}` of {} is 0: nobody would be needed", table.name());
        problems.refuse(
            Finding::new(Code::InvalidThreshold, message)
                .compared("0", "1 or more")
                .help(format!("write `{field} = 1` or more"))
                .at(problems.place(read.spot, "here")),
        );
        return None;
    }
    Some(read)
}

/// A number of days, 1 to 36,500 (`least` = 0 lets it be switched off).
pub(super) fn days(table: &mut Table<'_>, field: &'static str, least: u32) -> Option<At<u32>> {
    let read = table.integer(field)?;
    match u32::try_from(read.value) {
        Ok(days) if (least..=36_500).contains(&days) => Some(At { value: days, spot: read.spot }),
        _ => {
            let form = format!("{least} to 36500 days");
            let help = "write a number of days";
            refuse(table, field, read.spot, "is out of range", read.value.to_string(), &form, help);
            None
        }
    }
}

/// Whether a text is a relative path with `/`, without empty parts, `.`, `..`, backslashes, and
/// characters that cannot be seen.
pub(super) fn is_plain_path(path: &str) -> bool {
    path.len() <= 1_024
        && !path.contains('\\')
        && !path.chars().any(is_unsafe)
        && !path.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// A path inside the repository.
pub(super) fn path(table: &mut Table<'_>, field: &'static str) -> Option<At<String>> {
    let read = table.string(field)?;
    if !is_plain_path(&read.value) {
        let form = "a relative path with `/`, without empty parts, `.` or `..`";
        let help =
            format!("write the path from the top of the repository: `{field} = \"docs/A.md\"`");
        refuse(table, field, read.spot, "is no path", quoted(&read.value), form, &help);
        return None;
    }
    Some(read)
}

/// A string that is not blank.
pub(super) fn words(table: &mut Table<'_>, field: &'static str) -> Option<At<String>> {
    let read = table.string(field)?;
    if is_nothing(&read.value) {
        refuse(table, field, read.spot, "is blank", quoted(&read.value), "a text", "fill it in");
        return None;
    }
    Some(read)
}

fn is_nothing(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_unsafe(c))
}

/// A list of strings that are not blank; `None` where the field is absent.
pub(super) fn list(table: &mut Table<'_>, field: &'static str) -> Option<Vec<At<String>>> {
    let read = table.strings(field)?.value;
    for item in read.iter().filter(|item| is_nothing(&item.value)) {
        let help = "remove the entry, or fill it in";
        refuse(table, field, item.spot, "holds a blank entry", quoted(&item.value), "a text", help);
    }
    Some(read)
}

/// The strings alone.
pub(super) fn values(read: Vec<At<String>>) -> Vec<String> {
    read.into_iter().map(|item| item.value).collect()
}

/// Compiles what a registry holds of patterns, within bounds over the whole file: patterns are
/// short to write and large in memory.
#[derive(Debug)]
pub(super) struct Compiler {
    patterns: Cell<usize>,
    pattern_bytes: Cell<usize>,
    regexes: Cell<usize>,
}

impl Compiler {
    pub(super) const fn new() -> Self {
        Self { patterns: Cell::new(0), pattern_bytes: Cell::new(0), regexes: Cell::new(0) }
    }

    /// Path patterns; `None` where the field is absent.
    pub(super) fn patterns(
        &self,
        table: &mut Table<'_>,
        field: &'static str,
    ) -> Option<Vec<PathPattern>> {
        let read = table.strings(field)?;
        let mut patterns = Vec::new();
        for item in &read.value {
            let count = self.patterns.get().saturating_add(1);
            let bytes = self.pattern_bytes.get().saturating_add(item.value.len());
            self.patterns.set(count);
            self.pattern_bytes.set(bytes);
            if count > MAX_PATTERNS || bytes > MAX_PATTERN_BYTES {
                too_many(
                    table.problems(),
                    item.spot,
                    "path patterns",
                    &format!("patterns: {MAX_PATTERNS}; pattern-bytes: {MAX_PATTERN_BYTES}"),
                );
                return Some(patterns);
            }
            match PathPattern::new(&item.value) {
                Ok(pattern) => patterns.push(pattern),
                Err(why) => refuse(
                    table,
                    field,
                    item.spot,
                    &format!("holds no pattern: {why}"),
                    quoted(&item.value),
                    "a relative path with `*`, `**` and `?`",
                    "write it from the top of the repository: \"kernel/**\"",
                ),
            }
        }
        Some(patterns)
    }

    /// As [`Compiler::patterns`], where an empty list would switch a rule off in silence.
    pub(super) fn some_patterns(
        &self,
        table: &mut Table<'_>,
        field: &'static str,
    ) -> Option<Vec<PathPattern>> {
        let spot = table.spots().get(field).copied().unwrap_or(table.spot());
        let patterns = self.patterns(table, field)?;
        if patterns.is_empty() && !table.problems().unusable() {
            let help = format!("write `{field} = [\"**\"]` for every path");
            refuse(
                table,
                field,
                spot,
                "is empty: it would match nothing",
                "[]",
                "a pattern",
                &help,
            );
        }
        Some(patterns)
    }

    /// One regular expression.
    pub(super) fn regex(&self, table: &Table<'_>, field: &str, read: &At<String>) -> Option<Regex> {
        let count = self.regexes.get().saturating_add(1);
        self.regexes.set(count);
        if count > MAX_REGEXES {
            // Told once.
            if count == MAX_REGEXES.saturating_add(1) {
                let bound = format!("regexes: {MAX_REGEXES}");
                too_many(table.problems(), read.spot, "regular expressions", &bound);
            }
            return None;
        }
        let built = RegexBuilder::new(&read.value)
            .size_limit(MAX_REGEX_BYTES)
            .dfa_size_limit(MAX_REGEX_BYTES)
            .nest_limit(64)
            .build();
        let why = match built {
            Ok(regex) => return Some(regex),
            Err(regex::Error::CompiledTooBig(_)) => {
                format!("is too large when compiled; the bound regex-bytes is {MAX_REGEX_BYTES}")
            }
            Err(_) => "is no regular expression".to_owned(),
        };
        let form = "a regular expression as Rust's regex crate reads it";
        let help = "look it up at https://docs.rs/regex/latest/regex/#syntax";
        refuse(table, field, read.spot, &why, quoted(&read.value), form, help);
        None
    }
}

fn too_many(problems: &Problems, spot: Spot, what: &str, bound: &str) {
    problems.refuse(
        problems
            .invalid(spot, format!("the registry holds too many {what}"))
            .compared("more", format!("at most ({bound})"))
            .help("join patterns: \"kernel/**\" covers every path below kernel/"),
    );
}
