//! What stands below `keys/` beside what is in force: refreshes, repairs, and what waits for one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Ledger;
use crate::finding::Finding;
use crate::model::registry::REGISTRY_PATH;
use crate::model::step::{FileChange, Step};
use crate::rules::{manifest_file, registry_change};

impl Ledger {
    /// Takes over key files to which their owners added something.
    pub(super) fn refresh(&mut self, step: &Step) {
        for (path, blob, file) in registry_change::refreshed(step, &self.in_force) {
            self.keyring.accept(path, file);
            self.in_force.key_files.insert(path.to_owned(), (blob, Arc::clone(file)));
        }
    }

    /// Which commits left the registry, a key file that it names, or a ceremony record other than it
    /// is in force.
    pub(super) fn note_repairs(&mut self, step: &Step) {
        let named = self.registry.key_paths();
        let refreshed: BTreeSet<&str> = registry_change::refreshed(step, &self.in_force)
            .into_iter()
            .map(|(path, ..)| path)
            .collect();
        for change in &step.keys {
            let path = change.path.as_str();
            if registry_change::is_record(path) {
                self.note_record(step, change);
                continue;
            }
            let accepted = if path == REGISTRY_PATH {
                self.in_force.registry
            } else if named.contains(path) {
                self.in_force.key_files.get(path).map(|(blob, _)| *blob)
            } else {
                continue;
            };
            let stands = accepted.map(|blob| (0o100_644, blob));
            if change.after == stands || refreshed.contains(path) {
                self.unrepaired.remove(path);
            } else {
                self.unrepaired.entry(path.to_owned()).or_default().insert(step.id);
            }
        }
    }

    /// What stood before the first illegal change of a record is what is in force.
    fn note_record(&mut self, step: &Step, change: &FileChange) {
        if self.in_force.is_repaired(change) {
            self.in_force.records.remove(&change.path);
            self.unrepaired.remove(&change.path);
        } else {
            self.in_force.records.entry(change.path.clone()).or_insert(change.before);
            self.unrepaired.entry(change.path.clone()).or_default().insert(step.id);
        }
    }

    /// `record` is the path of the record by which the commit changes the registry.
    pub(super) fn check_files(&self, step: &Step, record: Option<&str>) -> Vec<Finding> {
        let mut findings = registry_change::check(&self.context(), step, &self.in_force, record);
        for change in &step.manifests {
            if let Some(accepted) = self.manifests.get(&change.file.path) {
                findings.extend(manifest_file::check_written_once(change, *accepted));
            }
        }
        findings
    }
}
