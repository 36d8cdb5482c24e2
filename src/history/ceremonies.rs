//! What judging ceremonies needs beside a commit's own registry: the registries of merged parents
//! with the records that lead to them, and what records cite.

use std::collections::{BTreeSet, HashSet};

use super::brought::tree_of;
use super::steps::{Steps, push_gap};
use super::survey::known_parts;
use crate::finding::{Code, Finding};
use crate::model::registry::CEREMONIES_FOLDER;
use crate::model::step::{MergedRegistry, RegistryFile, Step};
use crate::model::{Oid, RecordName};
use crate::repo::tree::MODE_FILE;
use crate::repo::{ReadFailure, parse_commit};
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
        let first = before;
        let [before, own] = trees.map(|file| self.note(step, file).flatten());
        let known: Vec<Oid> =
            [&before, &own].into_iter().flatten().filter_map(RegistryFile::blob).collect();
        for parent in parents.iter().skip(1) {
            let tree = tree_of(self.repo, *parent);
            let Some(Some(tree)) = self.note(step, tree) else { continue };
            let file = self.registry_in(Some(tree));
            let Some(Some(file)) = self.note(step, file) else { continue };
            if file.blob().is_some_and(|blob| !known.contains(&blob)) {
                let mut merged = MergedRegistry { parent: *parent, file, records: Vec::new() };
                self.new_records(step, tree, first, &mut merged);
                step.merged_registries.push(merged);
            }
        }
    }

    fn registry_in(&mut self, tree: Option<Oid>) -> Result<Option<RegistryFile>, ReadFailure> {
        tree.map(|tree| self.material.registry(tree)).transpose()
    }

    /// The records of a merged tree that the mainline did not have: what would have to be approved
    /// for its registry to follow. What serial the mainline's registry states says nothing here,
    /// for that may be one that nobody approved.
    fn new_records(
        &mut self,
        step: &mut Step,
        tree: Oid,
        before: Option<Oid>,
        merged: &mut MergedRegistry,
    ) {
        let listed = self.listed_anew(tree, before);
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
    fn listed_anew(
        &self,
        tree: Oid,
        before: Option<Oid>,
    ) -> Result<BTreeSet<(u64, String, Oid)>, ReadFailure> {
        let Some(folder) = self.repo.folder(tree, CEREMONIES_FOLDER)? else {
            return Ok(BTreeSet::new());
        };
        let tree = self.repo.tree(folder)?;
        // By content too: junk under the name of an approved record must not hide it.
        let known: BTreeSet<(Vec<u8>, Oid)> = match before {
            Some(before) => match self.repo.folder(before, CEREMONIES_FOLDER)? {
                Some(folder) => {
                    let tree = self.repo.tree(folder)?;
                    tree.entries().iter().map(|e| (e.name.clone(), e.id)).collect()
                }
                None => BTreeSet::new(),
            },
            None => BTreeSet::new(),
        };
        let records = tree.entries().iter().filter(|entry| entry.mode == MODE_FILE);
        let named = records.filter_map(|entry| {
            let name = std::str::from_utf8(&entry.name).ok()?;
            let path = format!("{CEREMONIES_FOLDER}/{name}");
            let serial = RecordName::of(&path)?.serial;
            (!known.contains(&(entry.name.clone(), entry.id))).then_some((serial, path, entry.id))
        });
        Ok(named.collect())
    }

    /// Which of the records' `parent`s lie on the mainline before the anchor, whose past is trusted
    /// as it stands.
    pub(super) fn look_before_anchor(&self, step: &mut Step) {
        let records = step.records.iter().filter_map(|reading| reading.record.as_ref());
        let parents: BTreeSet<Oid> = records.map(|record| record.parent).collect();
        for parent in parents {
            if !self.survey.mainline.contains(&parent) && self.repo.is_commit(parent) {
                let older = self.older.get_or_init(|| self.first_parents_of_anchor());
                if older.contains(&parent) {
                    step.before_anchor.insert(parent);
                }
            }
        }
    }

    /// The mainline before the anchor, as far as it is here: what cannot be read leaves a ceremony
    /// refused that was prepared there.
    fn first_parents_of_anchor(&self) -> HashSet<Oid> {
        let mut older = HashSet::new();
        let allowed = self.repo.limits().commits;
        let mut here = self.survey.anchor();
        while let Some(id) = here.filter(|_| (older.len() as u64) < allowed) {
            let Ok(raw) = self.repo.read_commit(id) else { break };
            let parsed = parse_commit(id, &raw);
            let (_, parents) = known_parts(&parsed);
            here = parents.and_then(|parents| parents.first().copied());
            older.extend(here);
        }
        older
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
