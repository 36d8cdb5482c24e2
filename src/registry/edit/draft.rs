//! A registry that is being edited: what it says, and its text as a tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, RawString, Table};

use super::super::{diff, read};
use super::{EditError, Edited, entry};
use crate::finding::{Finding, Severity};
use crate::model::registry::{REGISTRY_PATH, SchemaVersion};
use crate::model::step::RegistryReading;
use crate::model::{Domain, DomainId, KeyEntry, Limits, Registry, Reviewer, ReviewerId};

/// Lists of tables in the order of the reference.
const LISTS: [&str; 4] = ["reviewers", "domains", "keys", "retired_keys"];

pub(super) struct Draft<'l> {
    pub(super) registry: Arc<Registry>,
    old: RegistryReading,
    document: DocumentMut,
    /// Whether every line ends with CR LF.
    crlf: bool,
    limits: &'l Limits,
}

impl<'l> Draft<'l> {
    /// Reads what is to be edited.
    pub(super) fn open(text: &str, limits: &'l Limits) -> Result<Self, EditError> {
        let (old, registry) = usable(text, limits)?;
        if registry.version == SchemaVersion::V1_0 {
            return Err(EditError::OldVersion);
        }
        let document = parse(text)?;
        Ok(Self { registry, old, document, crlf: has_crlf(text), limits })
    }

    pub(super) fn person(&self, id: &ReviewerId) -> Result<&Reviewer, EditError> {
        let known = || self.registry.reviewers.keys().cloned().collect();
        let found = self.registry.reviewers.get(id);
        found.ok_or_else(|| EditError::NoSuchPerson { id: id.clone(), known: known() })
    }

    pub(super) fn domain(&self, id: &DomainId) -> Result<&Domain, EditError> {
        let known = || self.registry.domains.keys().cloned().collect();
        let found = self.registry.domains.get(id);
        found.ok_or_else(|| EditError::NoSuchDomain { id: id.clone(), known: known() })
    }

    /// Which entries of `[[keys]]` (or of `[[retired_keys]]`) are meant, counted from 0.
    pub(super) fn entries(
        &self,
        standing: bool,
        meant: impl Fn(&KeyEntry) -> bool,
    ) -> BTreeSet<usize> {
        let list = self.registry.keys.iter().filter(|key| key.is_standing() == standing);
        list.enumerate().filter(|(_, key)| meant(key)).map(|(n, _)| n).collect()
    }

    /// Adds an entry at the end of a list.
    pub(super) fn add(&mut self, field: &'static str, mut table: Table) -> Result<(), EditError> {
        let position = self.end_of(field);
        table.set_position(position);
        self.list(field)?.push(table);
        Ok(())
    }

    /// Moves entries from `[[keys]]` to `[[retired_keys]]`, as `change` makes them. New keys come
    /// in the place of the first.
    pub(super) fn move_keys(
        &mut self,
        indices: &BTreeSet<usize>,
        new: Vec<Table>,
        change: impl Fn(&mut Table),
    ) -> Result<(), EditError> {
        // Where retired keys go is told before the keys that they follow are moved.
        let end = self.end_of("retired_keys");
        let Some(first) = indices.first() else {
            return new.into_iter().try_for_each(|table| self.add("keys", table));
        };
        let (mut standing, mut moved, mut new) = (ArrayOfTables::new(), Vec::new(), new);
        let mut orphaned = Vec::new();
        for (n, mut table) in std::mem::take(self.list("keys")?).into_iter().enumerate() {
            let position = table.position();
            if n == *first {
                for mut table in std::mem::take(&mut new) {
                    table.set_position(position);
                    standing.push(table);
                }
            }
            if indices.contains(&n) {
                orphaned.push((position, own_comments(&mut table)));
                change(&mut table);
                table.set_position(end);
                moved.push(table);
            } else {
                standing.push(table);
            }
        }
        let none_stands = standing.is_empty();
        *self.list("keys")? = standing;
        if none_stands {
            self.document.remove("keys");
        }
        let retired = self.list("retired_keys")?;
        moved.into_iter().for_each(|table| retired.push(table));
        for (position, comments) in orphaned.into_iter().rev() {
            self.give(position, &comments);
        }
        Ok(())
    }

    /// Changes entries of a list in their places.
    pub(super) fn change(
        &mut self,
        field: &'static str,
        indices: &BTreeSet<usize>,
        change: impl Fn(&mut Table),
    ) -> Result<(), EditError> {
        if indices.is_empty() {
            return Ok(());
        }
        let tables = self.list(field)?.iter_mut().enumerate();
        tables.filter(|(n, _)| indices.contains(n)).for_each(|(_, table)| change(table));
        Ok(())
    }

    /// The table of a domain.
    pub(super) fn domain_table(&mut self, id: &DomainId) -> Result<&mut Table, EditError> {
        let named =
            |table: &&mut Table| table.get("id").and_then(Item::as_str) == Some(id.as_str());
        let found = self.list("domains")?.iter_mut().find(named);
        found.ok_or_else(|| EditError::Defect(format!("the domain {id} is not in the text")))
    }

    /// The further reviewers of a domain.
    pub(super) fn further(&mut self, id: &DomainId) -> Result<&mut Array, EditError> {
        let table = self.domain_table(id)?;
        if !table.contains_key("reviewers") {
            entry::set_behind(table, "reviewers", Array::new(), &["id", "primary", "backup"]);
        }
        let list = table.get_mut("reviewers").and_then(Item::as_array_mut);
        list.ok_or_else(|| EditError::Defect(format!("`reviewers` of {id} is no list")))
    }

    /// Raises the serial, and reads what was written.
    pub(super) fn finish(mut self) -> Result<Edited, EditError> {
        set_serial(&mut self.document, self.registry.serial.saturating_add(1))?;
        let text = written(&self.document, self.crlf);
        reread(&self.old, &self.registry, text, self.limits)
    }

    fn list(&mut self, field: &'static str) -> Result<&mut ArrayOfTables, EditError> {
        let item = self.document.entry(field).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        item.as_array_of_tables_mut().ok_or(EditError::Inline { field })
    }

    /// The position of the last table of a list, or of what stands before the list in the
    /// reference. A table with the same position is written behind it.
    fn end_of(&self, field: &str) -> Option<isize> {
        let before = LISTS.iter().rev().skip_while(|list| **list != field);
        let last = before.filter_map(|list| self.document.get(list)?.as_array_of_tables());
        last.filter_map(|tables| tables.iter().filter_map(Table::position).max()).next()
    }

    /// Puts comments before what now stands at a position or follows it.
    fn give(&mut self, position: Option<isize>, comments: &str) {
        if comments.is_empty() {
            return;
        }
        let mut all = Vec::new();
        super::super::fmt_comments::collect(self.document.as_table_mut(), &mut all);
        let next = all
            .into_iter()
            .filter(|table| table.position() >= position)
            .min_by_key(|table| table.position());
        match next {
            Some(table) => {
                let own = text(table.decor().prefix());
                table.decor_mut().set_prefix(format!("{comments}{own}"));
            }
            None => {
                let own = text(Some(self.document.trailing()));
                self.document.set_trailing(format!("{comments}{own}"));
            }
        }
    }
}

fn text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Leaves a table the comments that stand right above it, and hands out those of the section, which
/// a blank line sets apart.
fn own_comments(table: &mut Table) -> String {
    let prefix = text(table.decor().prefix());
    let lines: Vec<&str> = prefix.split_inclusive('\n').collect();
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    let blank = lines
        .iter()
        .enumerate()
        .rposition(|(n, line)| line.trim().is_empty() && lines.iter().take(n).any(&is_comment));
    let (section, own) = lines.split_at(blank.unwrap_or(0));
    let (section, own) = (section.concat(), own.concat());
    let gap = if own.starts_with(['\n', '\r']) { "" } else { "\n" };
    table.decor_mut().set_prefix(format!("{gap}{own}"));
    section
}

/// Whether every line ends with CR LF.
pub(super) fn has_crlf(text: &str) -> bool {
    let lines = text.matches('\n').count();
    lines > 0 && text.matches("\r\n").count() == lines
}

/// The text of a document, which knows no line ends but LF.
pub(super) fn written(document: &DocumentMut, crlf: bool) -> String {
    let text = document.to_string();
    if crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text }
}

pub(super) fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| EditError::Defect(error.to_string()))
}

/// Sets `[schema] serial`.
pub(super) fn set_serial(document: &mut DocumentMut, serial: u64) -> Result<(), EditError> {
    let serial = i64::try_from(serial).map_err(|error| EditError::Defect(error.to_string()))?;
    let schema = document.get_mut("schema").and_then(Item::as_table_like_mut);
    let value = schema.and_then(|schema| schema.get_mut("serial")).and_then(Item::as_value_mut);
    let value = value.ok_or_else(|| EditError::Defect("the text has no serial".to_owned()))?;
    let mut new = toml_edit::Value::from(serial);
    std::mem::swap(new.decor_mut(), value.decor_mut());
    *value = new;
    Ok(())
}

/// Reads a text that must be a usable registry.
pub(super) fn usable(
    text: &str,
    limits: &Limits,
) -> Result<(RegistryReading, Arc<Registry>), EditError> {
    let reading = read(REGISTRY_PATH, text.as_bytes(), limits);
    match reading.registry.clone() {
        Some(registry) => Ok((reading, registry)),
        None => Err(EditError::Unusable(errors(&reading.problems))),
    }
}

fn errors(problems: &[Finding]) -> Vec<Finding> {
    problems.iter().filter(|problem| problem.severity >= Severity::Undecided).cloned().collect()
}

/// Reads what an edit wrote, and holds it against what was there.
pub(super) fn reread(
    old: &RegistryReading,
    before: &Registry,
    text: String,
    limits: &Limits,
) -> Result<Edited, EditError> {
    let reading = read(REGISTRY_PATH, text.as_bytes(), limits);
    let mut known = errors(&old.problems);
    let mut new = errors(&reading.problems);
    // Not by their words, which count entries: these change places.
    let about = |p: &Finding| {
        let who = (p.reviewer_id.clone(), p.domain.clone(), p.fingerprint);
        (p.code, who, p.observed.clone(), p.required.clone())
    };
    new.retain(|problem| {
        let same = known.iter().position(|old| about(old) == about(problem));
        same.map(|at| known.swap_remove(at)).is_none()
    });
    let Some(registry) = reading.registry.filter(|_| new.is_empty()) else {
        return Err(EditError::Problems(new));
    };
    let changes = diff(before, &registry);
    Ok(Edited { text, registry, changes, left: Vec::new() })
}
