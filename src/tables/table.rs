//! One table, field by field.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::kind::{Kind, describe, read_datetime};
use super::{At, MAX_ITEMS, Parsed, Problems};
use crate::model::Time;
use crate::model::text::shown;
use crate::model::time::NotATime;
use crate::source::Spot;

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

/// Whether two names differ by at most two letters (added, left out or exchanged).
fn is_near(a: &str, b: &str) -> bool {
    a.len() <= 64 && a.len().abs_diff(b.len()) <= 2 && strsim::levenshtein(a, b) <= 2
}
