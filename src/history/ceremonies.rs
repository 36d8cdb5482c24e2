//! What judging ceremonies needs beside a commit's own registry: the registries of merged parents
//! with the records that lead to them, and what records cite.

use std::collections::BTreeSet;

use super::brought::tree_of;
use super::steps::{Steps, push_gap};
use crate::finding::{Code, Finding};
use crate::model::registry::CEREMONIES_FOLDER;
use crate::model::step::{MergedRegistry, RegistryFile, Step};
use crate::model::{Oid, RecordName};
use crate::repo::ReadFailure;
use crate::repo::tree::MODE_FILE;
use crate::source::Source;

impl Steps<'_> {
    /// Registries of merged parents that are neither the first parent's nor the commit's own.
    pub(super) fn merged_registries(
        &mut self,
        step: &mut Step,
        before: Option<Oid>,
        own: Option<Oid>,
        parents: &[Oid],
    ) {
        if parents.len() < 2 {
            return;
        }
        let trees = [before, own].map(|tree| self.registry_in(tree));
        let [before, own] = trees.map(|file| self.note(step, file).flatten());
        let known: Vec<Oid> =
            [&before, &own].into_iter().flatten().filter_map(RegistryFile::blob).collect();
        let above = before.as_ref().and_then(serial);
        for parent in parents.iter().skip(1) {
            let tree = tree_of(self.repo, *parent);
            let Some(Some(tree)) = self.note(step, tree) else { continue };
            let file = self.registry_in(Some(tree));
            let Some(Some(file)) = self.note(step, file) else { continue };
            if file.blob().is_some_and(|blob| !known.contains(&blob)) {
                let mut merged = MergedRegistry { parent: *parent, file, records: Vec::new() };
                self.records_above(step, tree, above, &mut merged);
                step.merged_registries.push(merged);
            }
        }
    }

    fn registry_in(&mut self, tree: Option<Oid>) -> Result<Option<RegistryFile>, ReadFailure> {
        tree.map(|tree| self.material.registry(tree)).transpose()
    }

    /// The records of a merged tree that are newer than what the mainline had: what would have to
    /// be approved for its registry to follow.
    fn records_above(
        &mut self,
        step: &mut Step,
        tree: Oid,
        above: Option<u64>,
        merged: &mut MergedRegistry,
    ) {
        let listed = self.listed_above(tree, above);
        // However many parents a commit has, an honest one merges one branch.
        let taken: usize = step.merged_registries.iter().map(|other| other.records.len()).sum();
        let left = MergedRegistry::MAX_RECORDS.saturating_sub(taken);
        let listed = self.note(step, listed).unwrap_or_default();
        if listed.len() > left {
            push_gap(step, too_many_records(step.id, listed.len()));
        }
        for (_, path, blob) in listed.into_iter().take(left) {
            let reading = self.material.record(&path, blob);
            merged.records.extend(self.note(step, reading));
        }
    }

    /// Serial, path and blob of each record, lowest first.
    fn listed_above(
        &self,
        tree: Oid,
        above: Option<u64>,
    ) -> Result<BTreeSet<(u64, String, Oid)>, ReadFailure> {
        let Some(folder) = self.repo.folder(tree, CEREMONIES_FOLDER)? else {
            return Ok(BTreeSet::new());
        };
        let tree = self.repo.tree(folder)?;
        let records = tree.entries().iter().filter(|entry| entry.mode == MODE_FILE);
        let named = records.filter_map(|entry| {
            let name = std::str::from_utf8(&entry.name).ok()?;
            let path = format!("{CEREMONIES_FOLDER}/{name}");
            let serial = RecordName::of(&path)?.serial;
            above.is_none_or(|above| serial > above).then_some((serial, path, entry.id))
        });
        Ok(named.collect())
    }

    /// Reads the files that the step's records cite, from the commit's own tree.
    pub(super) fn cite(&self, step: &mut Step, tree: Oid) {
        let records = step.records.iter().filter_map(|reading| reading.record.as_ref());
        let files: BTreeSet<String> =
            records.filter_map(|record| Some(record.cited()?.0.to_owned())).collect();
        for path in files.into_iter().take(Step::MAX_CITED) {
            let text = self.text_at(tree, &path);
            if let Some(Some(text)) = self.note(step, text) {
                step.cited.insert(path.clone(), Source::new(path, text));
            }
        }
    }

    /// A regular file of UTF-8 text; `None` for anything else.
    fn text_at(&self, tree: Oid, path: &str) -> Result<Option<String>, ReadFailure> {
        let entry = self.repo.lookup(tree, path)?;
        let Some(entry) = entry.filter(|entry| entry.mode == MODE_FILE) else { return Ok(None) };
        // One that is too large is a gap: what it says cannot be told.
        Ok(String::from_utf8(self.repo.read_blob(entry.id)?).ok())
    }
}

/// A registry whose way here was not followed to its end could be an approved one.
fn too_many_records(commit: Oid, count: usize) -> Finding {
    let most = MergedRegistry::MAX_RECORDS;
    Finding::new(
        Code::MissingObject,
        format!("commit {} merges more ceremony records than are read", commit.short()),
    )
    .help("merge a branch that is behind the mainline's registry, not ahead of it")
    .commit(commit)
    .compared(format!("{count} records"), format!("at most {most} that the mainline does not have"))
}

fn serial(file: &RegistryFile) -> Option<u64> {
    match file {
        RegistryFile::File(_, reading) => reading.registry.as_ref().map(|registry| registry.serial),
        _ => None,
    }
}
