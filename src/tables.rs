//! A typed reader over TOML that knows where every value stands and collects every problem.
//!
//! Shared by the rooms that read files. The way through:
//!
//! ```
//! use gatecheck::finding::Code;
//! use gatecheck::tables::{self, Problems, Table};
//!
//! let source = tables::source("a.toml", b"[schema]\nserial = 4\nsize = 1\n", 1 << 20, Code::RegistryInvalid)?;
//! let problems = Problems::new(&source, Code::RegistryInvalid);
//! let parsed = tables::parse(&source, &problems); // every syntax error becomes a problem
//! let mut root = Table::root(&parsed, &problems);
//! if let Some(mut schema) = root.required("schema", Table::table) {
//!     let serial = schema.required("serial", Table::integer); // Option<At<u64>>: value and spot
//!     assert_eq!(serial.map(|at| at.value), Some(4));
//!     schema.finish(); // "`size` is not a field of [schema]"
//! }
//! root.finish();
//! assert!(problems.unusable());
//! assert_eq!(problems.into_findings().len(), 1);
//! # Ok::<(), Box<gatecheck::finding::Finding>>(())
//! ```
//!
//! Everything that the reader itself reports makes the file unusable ([`Problems::unusable`]).
//! A room adds its own problems with [`Problems::refuse`] (unusable too) or [`Problems::add`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::finding::{Code, Finding, Place, Severity};
use crate::model::Time;
use crate::model::text::shown;
use crate::model::time::NotATime;
use crate::source::{Source, Spot};

mod signed;
mod whole;

pub use signed::{signed_text, signed_texts};
pub use whole::parse_whole;

/// How many problems of one file are told one by one. Further ones are counted, and reported as
/// one finding of the worst severity among them.
pub const MAX_PROBLEMS: usize = 100;
/// How many characters of a line a [`Place`] made here carries.
pub const MAX_LINE_CHARS: usize = 1_000;
/// How many entries a list of strings can have (the bound `list-items`).
pub const MAX_ITEMS: usize = 10_000;

/// A value and where its field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where its key stands (for an element of a list: where the element stands).
    pub spot: Spot,
}

impl<T> At<T> {
    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> At<U> {
        At { value: change(self.value), spot: self.spot }
    }
}

/// Takes a file's bytes as text. Errors: larger than `max_bytes` (the bound `file-bytes`), or not
/// UTF-8; as a finding with `code`.
pub fn source(
    path: &str,
    bytes: &[u8],
    max_bytes: u64,
    code: Code,
) -> Result<Arc<Source>, Box<Finding>> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > max_bytes {
        let message = format!("{} is larger than the bound file-bytes allows", shown(path));
        return Err(Box::new(
            Finding::new(code, message)
                .compared(format!("{size} bytes"), format!("at most {max_bytes} bytes"))
                .help(format!(
                    "make the file smaller, or raise the bound with --limit file-bytes={size}"
                ))
                .at(Place::new(&Source::new(path, ""), None, Spot::START, "this file")),
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(error) => {
            // What stands before the first bad byte is text; the line is shown up to there.
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let text = Source::new(path, String::from_utf8_lossy(good));
            let spot = text.spot(good.len());
            let bad = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let message = format!("{} is not UTF-8", shown(path));
            Err(Box::new(
                Finding::new(code, message)
                    .compared(format!("the byte 0x{bad:02x}"), "UTF-8 text")
                    .help("save the file as UTF-8")
                    .at(place(&text, spot, "the first byte that is not UTF-8")),
            ))
        }
    }
}

/// A parsed file, as far as it could be parsed.
pub type Parsed<'s> = Spanned<DeTable<'s>>;

/// Parses a source; every syntax error (duplicate keys too) becomes a problem that makes the file
/// unusable. What could be read despite them is returned, so that more problems can be found.
#[must_use]
pub fn parse<'s>(source: &'s Source, problems: &Problems) -> Parsed<'s> {
    let (root, errors) = DeTable::parse_recoverable(source.text());
    for (n, error) in errors.into_iter().enumerate() {
        if n >= MAX_PROBLEMS {
            // A small file can have a great many; what is not told is counted.
            problems.drop_one(problems.code.severity());
            continue;
        }
        let spot = source.spot(error.span().map_or(0, |span| span.start));
        let what = shown(error.message());
        let help = if what.starts_with("duplicate key") {
            "remove one of the two; a name can stand only once in a table"
        } else {
            "mend the line; https://toml.io describes the syntax"
        };
        problems.refuse(
            Finding::new(problems.code, format!("not valid TOML: {what}"))
                .help(help)
                .at(problems.place(spot, "here")),
        );
    }
    root
}

/// As [`Place::new`], without copying more of a long line than is kept.
fn place(source: &Source, spot: Spot, label: &str) -> Place {
    Place {
        path: source.path().to_owned(),
        commit: None,
        spot,
        label: label.to_owned(),
        line_text: source.line(spot.line).chars().take(MAX_LINE_CHARS).collect(),
    }
}

/// Collects what is wrong with one file.
#[derive(Debug)]
pub struct Problems {
    source: Arc<Source>,
    code: Code,
    found: RefCell<Vec<Finding>>,
    dropped: Cell<usize>,
    worst_dropped: Cell<Severity>,
    unusable: Cell<bool>,
}

impl Problems {
    /// For one file; `code` is what its malformations are reported as.
    #[must_use]
    pub fn new(source: &Arc<Source>, code: Code) -> Self {
        Self {
            source: Arc::clone(source),
            code,
            found: RefCell::default(),
            dropped: Cell::new(0),
            worst_dropped: Cell::new(Severity::Note),
            unusable: Cell::new(false),
        }
    }

    /// A place in this file.
    #[must_use]
    pub fn place(&self, spot: Spot, label: &str) -> Place {
        place(&self.source, spot, label)
    }

    /// A finding with this file's code at a place, to be completed and handed to
    /// [`Problems::refuse`] or [`Problems::add`].
    #[must_use]
    pub fn invalid(&self, spot: Spot, message: impl Into<String>) -> Finding {
        Finding::new(self.code, message).at(self.place(spot, "here"))
    }

    /// Adds a problem that leaves the file usable.
    pub fn add(&self, finding: Finding) {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_PROBLEMS {
            found.push(finding);
        } else {
            self.drop_one(finding.severity);
        }
    }

    fn drop_one(&self, severity: Severity) {
        self.dropped.set(self.dropped.get().saturating_add(1));
        self.worst_dropped.set(self.worst_dropped.get().max(severity));
    }

    /// Adds a problem that makes the file unusable.
    pub fn refuse(&self, finding: Finding) {
        self.unusable.set(true);
        self.add(finding);
    }

    /// Whether a problem makes the file unusable.
    #[must_use]
    pub fn unusable(&self) -> bool {
        self.unusable.get()
    }

    /// All problems in the order of the file's lines.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|finding| finding.places.first().map(|place| place.spot));
        let dropped = self.dropped.get();
        if dropped > 0 {
            let message = format!("{dropped} more problems in {}", shown(self.source.path()));
            found.push(
                Finding::new(self.code, message)
                    .severity(self.worst_dropped.get())
                    .help("mend those above first"),
            );
        }
        found
    }
}

/// One table, field by field. A field that is absent, or that has the wrong type (which is
/// reported), reads as `None`.
#[derive(Debug)]
pub struct Table<'t> {
    fields: &'t DeTable<'t>,
    problems: &'t Problems,
    name: String,
    /// Dotted name without brackets, to name tables below this one.
    path: String,
    spot: Spot,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    /// The file's root table.
    #[must_use]
    pub fn root(parsed: &'t Parsed<'_>, problems: &'t Problems) -> Self {
        Self {
            fields: parsed.get_ref(),
            problems,
            name: "the file".to_owned(),
            path: String::new(),
            spot: Spot::START,
            asked: Vec::new(),
        }
    }

    /// The table's name for people: `[schema]`, `[[keys]] number 2`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the table stands: its header.
    #[must_use]
    pub const fn spot(&self) -> Spot {
        self.spot
    }

    /// The collector of problems that this table reports to.
    #[must_use]
    pub const fn problems(&self) -> &'t Problems {
        self.problems
    }

    /// Where each field stands, known or not.
    #[must_use]
    pub fn spots(&self) -> BTreeMap<String, Spot> {
        self.fields
            .iter()
            .map(|(key, _)| (key.get_ref().to_string(), self.spot_of(key.span())))
            .collect()
    }

    /// Whether a field is there, whatever its type. Counts as knowing the field.
    pub fn has(&mut self, field: &'static str) -> bool {
        self.raw(field).is_some()
    }

    /// A field that must be there: `table.required("id", Table::string)`.
    pub fn required<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if self.raw(field).is_none() {
            let message = format!("`{field}` is missing in {}", self.name);
            self.problems.refuse(
                self.problems
                    .invalid(self.spot, message)
                    .compared("absent", format!("`{field}`"))
                    .help(format!("add a line `{field} = …` to {}", self.name)),
            );
            return None;
        }
        read(self, field)
    }

    /// A string.
    pub fn string(&mut self, field: &'static str) -> Option<At<String>> {
        let (spot, value) = self.raw(field)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), spot }),
            other => self.wrong(field, spot, other, "a string", "\"…\""),
        }
    }

    /// A whole number from 0 to 2^63 − 1.
    pub fn integer(&mut self, field: &'static str) -> Option<At<u64>> {
        let (spot, value) = self.raw(field)?;
        let number = value.get_ref().as_integer().and_then(|n| {
            let number = i64::from_str_radix(n.as_str(), n.radix()).ok()?;
            u64::try_from(number).ok()
        });
        match number {
            Some(value) => Some(At { value, spot }),
            None => self.wrong(field, spot, value.get_ref(), "a whole number, 0 or more", "1"),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, field: &'static str) -> Option<At<bool>> {
        let (spot, value) = self.raw(field)?;
        match value.get_ref() {
            DeValue::Boolean(value) => Some(At { value: *value, spot }),
            other => self.wrong(field, spot, other, "true or false", "true"),
        }
    }

    /// A list of strings, each with its own place.
    pub fn strings(&mut self, field: &'static str) -> Option<At<Vec<At<String>>>> {
        let (spot, value) = self.raw(field)?;
        let DeValue::Array(items) = value.get_ref() else {
            return self.wrong(field, spot, value.get_ref(), "a list of strings", "[\"…\"]");
        };
        if items.len() > MAX_ITEMS {
            let message = format!("`{field}` of {} holds too many entries", self.name);
            self.problems.refuse(
                self.problems
                    .invalid(spot, message)
                    .compared(items.len().to_string(), format!("at most {MAX_ITEMS} (list-items)"))
                    .help("shorten the list"),
            );
            return None;
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items.iter() {
            let spot = self.spot_of(item.span());
            match item.get_ref() {
                DeValue::String(text) => texts.push(At { value: text.to_string(), spot }),
                other => {
                    return self.wrong(field, spot, other, "a list of strings", "[\"…\"]");
                }
            }
        }
        Some(At { value: texts, spot })
    }

    /// A date (00:00:00Z) or a date-time with an offset, as TOML's own type or as a string of the
    /// same form. Local date-times, times alone and fractions of a second are problems.
    pub fn time(&mut self, field: &'static str) -> Option<At<Time>> {
        let (spot, value) = self.raw(field)?;
        let form = "a date, or a date-time with an offset";
        let time = match value.get_ref() {
            DeValue::Datetime(at) => read_datetime(at),
            DeValue::String(text) if text.contains('.') => Err(NotATime::Fraction),
            DeValue::String(text) => Time::parse(text),
            other => return self.wrong(field, spot, other, form, "2026-06-11"),
        };
        match time {
            Ok(value) => Some(At { value, spot }),
            Err(why) => {
                let seen = match value.get_ref() {
                    DeValue::Datetime(at) => at.to_string(),
                    other => other.as_str().unwrap_or_default().to_owned(),
                };
                let message = format!("`{field}` of {} is no time: {why}", self.name);
                self.problems.refuse(
                    self.problems.invalid(spot, message).compared(shown(&seen), form).help(
                        format!("write `{field} = 2026-06-11` or `{field} = 2026-06-11T12:00:00Z`"),
                    ),
                );
                None
            }
        }
    }

    /// A table below this one, `[name]` or `name = { … }`.
    pub fn table(&mut self, field: &'static str) -> Option<Table<'t>> {
        let (spot, value) = self.raw(field)?;
        match value.get_ref() {
            DeValue::Table(fields) => {
                let path = self.path_of(field);
                let spot = self.spot_of(value.span());
                Some(self.below(fields, format!("[{path}]"), path, spot))
            }
            other => self.wrong(field, spot, other, "a table", "{ … }"),
        }
    }

    /// The tables of `[[name]]` or `name = [{ … }]`; empty where the field is absent.
    pub fn tables(&mut self, field: &'static str) -> Vec<Table<'t>> {
        let Some((spot, value)) = self.raw(field) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let _: Option<()> =
                self.wrong(field, spot, value.get_ref(), "a list of tables", "[{ … }]");
            return Vec::new();
        };
        let path = self.path_of(field);
        let mut tables = Vec::with_capacity(items.len());
        for (n, item) in items.iter().enumerate() {
            let spot = self.spot_of(item.span());
            match item.get_ref() {
                DeValue::Table(fields) => {
                    let name = format!("[[{path}]] number {}", n.saturating_add(1));
                    tables.push(self.below(fields, name, path.clone(), spot));
                }
                other => {
                    let _: Option<()> =
                        self.wrong(field, spot, other, "a list of tables", "[{ … }]");
                }
            }
        }
        tables
    }

    /// The tables of a map whose keys are free (`epochs."0" = { … }`): key with its place, table.
    /// Empty where the field is absent.
    pub fn map(&mut self, field: &'static str) -> Vec<(At<String>, Table<'t>)> {
        let Some(table) = self.table(field) else { return Vec::new() };
        let mut entries = Vec::with_capacity(table.fields.len());
        for (key, value) in table.fields {
            let spot = table.spot_of(key.span());
            let name = shown(key.get_ref());
            match value.get_ref() {
                DeValue::Table(fields) => {
                    let path = format!("{}.\"{name}\"", table.path);
                    let below = table.below(fields, format!("[{path}]"), path, spot);
                    entries.push((At { value: key.get_ref().to_string(), spot }, below));
                }
                other => {
                    let _: Option<()> = table.wrong(&name, spot, other, "a table", "{ … }");
                }
            }
        }
        entries
    }

    /// What type a field has, so that a field can be of several; `None` where it is absent.
    pub fn kind(&mut self, field: &'static str) -> Option<Kind> {
        self.raw(field).map(|(_, value)| Kind::of(value.get_ref()))
    }

    /// Reports a field whose type or value is none of those allowed. `form` says what is
    /// (`"unanimous", "majority" or { at_least = 2 }`), `example` what to type after `=`.
    pub fn refuse_value(&mut self, field: &'static str, form: &str, example: &str) {
        if let Some((spot, value)) = self.raw(field) {
            let _: Option<()> = self.wrong(field, spot, value.get_ref(), form, example);
        }
    }

    /// Reports every field that was not asked for. Call it when all have been read.
    pub fn finish(self) {
        for (key, _) in self.fields {
            if !self.asked.iter().any(|asked| asked == key.get_ref()) {
                self.unknown(key.get_ref(), self.spot_of(key.span()));
            }
        }
    }

    fn unknown(&self, field: &str, spot: Spot) {
        let near = self.asked.iter().find(|known| is_near(field, known));
        let help = near.map_or_else(
            || "remove it; fields that gatecheck does not know decide nothing".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let mut known: Vec<&str> = self.asked.clone();
        known.sort_unstable();
        known.dedup();
        let message = format!("`{}` is not a field of {}", shown(field), self.name);
        self.problems.refuse(
            self.problems
                .invalid(spot, message)
                .compared(shown(field), known.join(", "))
                .help(help),
        );
    }

    fn wrong<T>(
        &self,
        field: &str,
        spot: Spot,
        seen: &DeValue<'_>,
        form: &str,
        example: &str,
    ) -> Option<T> {
        let message = format!("`{field}` of {} must be {form}", self.name);
        self.problems.refuse(
            self.problems
                .invalid(spot, message)
                .compared(describe(seen), form)
                .help(format!("write `{field} = {example}`")),
        );
        None
    }

    fn raw(&mut self, field: &'static str) -> Option<(Spot, &'t Spanned<DeValue<'t>>)> {
        self.asked.push(field);
        let (key, value) = self.fields.get_key_value(field)?;
        Some((self.spot_of(key.span()), value))
    }

    fn below(&self, fields: &'t DeTable<'t>, name: String, path: String, spot: Spot) -> Table<'t> {
        Table { fields, problems: self.problems, name, path, spot, asked: Vec::new() }
    }

    fn path_of(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    fn spot_of(&self, span: Range<usize>) -> Spot {
        self.problems.source.spot(span.start)
    }
}

/// The types of TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of TOML")]
pub enum Kind {
    String,
    Integer,
    Float,
    Boolean,
    Datetime,
    Array,
    Table,
}

impl Kind {
    const fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::String,
            DeValue::Integer(_) => Self::Integer,
            DeValue::Float(_) => Self::Float,
            DeValue::Boolean(_) => Self::Boolean,
            DeValue::Datetime(_) => Self::Datetime,
            DeValue::Array(_) => Self::Array,
            DeValue::Table(_) => Self::Table,
        }
    }
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string \"{}\"", shown(text)),
        DeValue::Integer(number) => format!("the number {}", shown(number.as_str())),
        DeValue::Float(number) => format!("the fraction {}", shown(number.as_str())),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(at) => format!("the date {at}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn read_datetime(at: &toml::value::Datetime) -> Result<Time, NotATime> {
    match (&at.date, &at.time, &at.offset) {
        (Some(_), None, None) => Time::parse(&at.to_string()),
        (Some(_), Some(time), Some(_)) => {
            if time.nanosecond.is_some() {
                return Err(NotATime::Fraction);
            }
            Time::parse(&at.to_string())
        }
        (Some(_), Some(_), None) => Err(NotATime::Local),
        _ => Err(NotATime::Malformed),
    }
}

/// Whether two names differ by at most two letters (added, left out or exchanged).
fn is_near(a: &str, b: &str) -> bool {
    if a.len() > 64 || a.len().abs_diff(b.len()) > 2 {
        return false;
    }
    let mut before: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut left = i.saturating_add(1);
        let mut row = vec![left];
        for (y, pair) in b.bytes().zip(before.windows(2)) {
            let (diagonal, up) = match pair {
                [diagonal, up] => (*diagonal, *up),
                _ => return false,
            };
            let exchanged = diagonal.saturating_add(usize::from(x != y));
            left = exchanged.min(up.saturating_add(1)).min(left.saturating_add(1));
            row.push(left);
        }
        before = row;
    }
    before.last().is_some_and(|distance| *distance <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(text: &str, with: impl FnOnce(&mut Table<'_>) -> T) -> (T, Vec<Finding>) {
        let source = source("a.toml", text.as_bytes(), 1 << 20, Code::RegistryInvalid).unwrap();
        let problems = Problems::new(&source, Code::RegistryInvalid);
        let parsed = parse(&source, &problems);
        let value = {
            let mut root = Table::root(&parsed, &problems);
            let value = with(&mut root);
            root.finish();
            value
        };
        assert_eq!(problems.unusable(), !problems.found.borrow().is_empty());
        (value, problems.into_findings())
    }

    fn spot(line: u32, column: u32) -> Spot {
        Spot { line, column }
    }

    #[test]
    fn values_come_with_their_places() {
        let text = "a = 'x'\nn = 0x1_F\nb = true\nl = [\n  'p', 'q']\nd = 2026-06-11\n";
        let (values, problems) = read(text, |t| {
            (t.string("a"), t.integer("n"), t.boolean("b"), t.strings("l"), t.time("d"))
        });
        assert_eq!(problems, []);
        assert_eq!(values.0, Some(At { value: "x".to_owned(), spot: spot(1, 1) }));
        assert_eq!(values.1, Some(At { value: 0x1f, spot: spot(2, 1) }));
        assert_eq!(values.2.map(|b| b.value), Some(true));
        let list = values.3.unwrap();
        assert_eq!(list.spot, spot(4, 1));
        assert_eq!(list.value[1], At { value: "q".to_owned(), spot: spot(5, 8) });
        assert_eq!(values.4.unwrap().value, Time::parse("2026-06-11").unwrap());
    }

    #[test]
    fn wrong_types_are_problems_and_read_as_absent() {
        for text in ["a = 1", "a = -1", "a = 1.5", "a = []", "a = {}", "a = true", "a = 2026-01-01"]
        {
            let (value, problems) = read(text, |t| t.string("a"));
            assert_eq!((value, problems.len()), (None, 1), "{text}");
            assert_eq!(problems[0].places[0].spot, spot(1, 1));
        }
        for text in ["a = -1", "a = 9223372036854775808", "a = '1'", "a = 1.0"] {
            assert_eq!(read(text, |t| t.integer("a")).1.len(), 1, "{text}");
        }
        assert_eq!(read("a = ['x', 1]", |t| t.strings("a")).1.len(), 1);
    }

    #[test]
    fn lists_are_bounded() {
        let list = |n: usize| read(&format!("a = [{}]", "'',".repeat(n)), |t| t.strings("a"));
        assert_eq!(list(MAX_ITEMS).0.unwrap().value.len(), MAX_ITEMS);
        let (value, problems) = list(MAX_ITEMS + 1);
        assert_eq!((value, problems.len()), (None, 1));
    }

    #[test]
    fn only_single_moments_are_times() {
        let time = |value: &str| read(&format!("a = {value}"), |t| t.time("a"));
        let noon = Time::parse("2026-06-11T12:00:00Z").unwrap();
        for good in [
            "2026-06-11T12:00:00Z",
            "'2026-06-11T12:00:00Z'",
            "2026-06-11 14:00:00+02:00",
            "2026-06-12T02:00:00+14:00",
            "'2026-06-11T00:00:00-12:00'",
        ] {
            let (value, problems) = time(good);
            assert_eq!((value.map(|v| v.value), problems.as_slice()), (Some(noon), [].as_slice()));
        }
        for bad in [
            "2026-06-11T12:00:00",
            "'2026-06-11T12:00:00'",
            "12:00:00",
            "2026-06-11T12:00:00.0Z",
            "2026-06-11T12:00:00.5Z",
            "'2026-06-11T12:00:00.0Z'",
            "'soon'",
            "7",
        ] {
            let (value, problems) = time(bad);
            assert_eq!((value, problems.len()), (None, 1), "{bad}");
        }
    }

    #[test]
    fn all_problems_come_at_once_in_the_order_of_the_lines() {
        let text = "[t]\nretird = true\nid = 4\n[t]\n\n[[k]]\nx = 1\n[[k]]\n";
        let ((), problems) = read(text, |root| {
            for mut k in root.tables("k") {
                k.required("x", Table::integer);
                k.finish();
            }
            if let Some(mut t) = root.required("t", Table::table) {
                t.boolean("retired");
                t.string("id");
                t.finish();
            }
        });
        let lines: Vec<u32> = problems.iter().map(|p| p.places[0].spot.line).collect();
        let words: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
        // A table that stands twice is dropped by the parser: its fields are not read.
        assert_eq!(lines.last(), Some(&8), "{words:?}");
        assert!(words.iter().any(|w| w.contains("duplicate key")), "{words:?}");
        assert!(words.contains(&"`x` is missing in [[k]] number 2"), "{words:?}");
    }

    #[test]
    fn unknown_fields_are_named_with_the_one_that_was_meant() {
        let ((), problems) = read("[t]\nretird = true\n", |root| {
            let mut t = root.table("t").unwrap();
            t.boolean("retired");
            t.string("id");
            t.finish();
        });
        assert_eq!(problems[0].message, "`retird` is not a field of [t]");
        assert_eq!(problems[0].help, "did you mean `retired`?");
        assert_eq!(problems[0].required.as_deref(), Some("id, retired"));
        assert_eq!(problems[0].places[0].line_text, "retird = true");
    }

    #[test]
    fn free_keys_are_read_as_a_map() {
        let (keys, problems) = read("e.\"0\" = { n = 1 }\ne.x = 2\n", |root| {
            let mut keys = Vec::new();
            for (key, mut table) in root.map("e") {
                table.integer("n");
                table.finish();
                keys.push(key.value);
            }
            keys
        });
        assert_eq!(keys, ["0"]);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn size_and_encoding_are_checked_first() {
        let big = source("a.toml", b"12345", 4, Code::ManifestInvalid).unwrap_err();
        assert_eq!(big.required.as_deref(), Some("at most 4 bytes"));
        assert!(big.message.contains("file-bytes"));
        let bad = source("a.toml", b"ok\nx\xff", 1 << 20, Code::ManifestInvalid).unwrap_err();
        assert_eq!(bad.places[0].spot, spot(2, 2));
        assert!(source("a.toml", b"1234", 4, Code::ManifestInvalid).is_ok());
    }

    #[test]
    fn problems_are_bounded_and_the_rest_keeps_its_severity() {
        let source = Source::new("a.toml", "x".repeat(5_000));
        let problems = Problems::new(&source, Code::RegistryInvalid);
        for _ in 0..MAX_PROBLEMS {
            problems.add(problems.invalid(Spot::START, "w").severity(Severity::Warning));
        }
        problems.add(problems.invalid(Spot::START, "e"));
        assert!(!problems.unusable());
        let found = problems.into_findings();
        assert_eq!(found.len(), MAX_PROBLEMS + 1);
        assert_eq!(found[0].places[0].line_text.len(), MAX_LINE_CHARS);
        assert_eq!(found.last().unwrap().severity, Severity::Error);
    }
}
