//! The anchor: what the fold starts from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::brought::tree_of;
use super::changes::Trees;
use super::failure::{Failure, commit_gap, gap, malformed, object_gap};
use super::reach::known_parents;
use super::steps::Steps;
use crate::error::Error;
use crate::model::step::{StandingManifest, Start};
use crate::model::{ManifestName, Oid, Time};
use crate::repo::tree::MODE_FILE;
use crate::repo::{ReadFailure, parse_commit};

impl Steps<'_> {
    /// The anchor's state, and the anchor itself as a step against its first parent.
    ///
    /// Where that parent is not here, the step changes nothing and has a gap, which matters only
    /// where the anchor itself is judged as a gate.
    ///
    /// # Errors
    /// [`Failure::Found`] where the anchor's tree cannot be read or the anchor is malformed.
    pub fn start(&mut self) -> Result<Start, Failure> {
        let anchor = self
            .survey
            .anchor()
            .ok_or_else(|| Error::Defect("a survey without an anchor".to_owned()))?;
        let conditions = &self.survey.conditions;
        let raw = self.repo.read_commit(anchor).map_err(|f| commit_gap(&f, None, conditions))?;
        let commit = parse_commit(anchor, &raw).map_err(|bad| malformed(anchor, &bad))?;
        let before = match commit.parents.first() {
            None => Ok(None),
            Some(parent) => tree_of(self.repo, *parent),
        };
        let (before, hole) = match before {
            Ok(before) => (before, None),
            Err(failure) => {
                (Some(commit.tree), Some(commit_gap(&failure, Some(anchor), conditions)))
            }
        };
        let mut draft = self.draft(anchor, 0, before, false);
        draft.step.gaps.extend(hole.map(gap));
        let step = self
            .settle_one(draft)
            .ok_or_else(|| Error::Defect("a step went missing".to_owned()))?;
        self.state(anchor, commit.tree, step)
            .map_err(|failure| object_gap(&failure, anchor, &self.survey.conditions).into())
    }

    fn state(
        &mut self,
        anchor: Oid,
        tree: Oid,
        step: crate::model::step::Step,
    ) -> Result<Start, ReadFailure> {
        let whole = Trees { before: None, after: Some(tree) };
        let mut keys = self.material.keys(whole)?;
        if let Some(failure) = keys.failures.pop() {
            return Err(failure);
        }
        Ok(Start {
            registry: self.material.registry(tree)?,
            key_files: keys.key_files,
            manifests: self.standing(anchor, whole)?,
            owners: self.owners_in(tree)?,
            records: keys.records,
            step,
        })
    }

    fn standing(
        &mut self,
        anchor: Oid,
        whole: Trees,
    ) -> Result<Vec<StandingManifest>, ReadFailure> {
        let changes = self.material.manifests(whole, &self.survey.manifest_paths)?;
        let mut standing: Vec<StandingManifest> = changes
            .into_iter()
            .filter_map(|change| {
                let (mode, blob) = change.file.after?;
                let reading = change.reading.filter(|_| mode == MODE_FILE)?;
                Some(StandingManifest {
                    name: change.name,
                    path: change.file.path,
                    blob,
                    reading: Arc::clone(&reading),
                    added_by: None,
                })
            })
            .collect();
        let highest = standing
            .iter()
            .filter_map(|manifest| match manifest.name {
                ManifestName::Epoch(epoch) => Some(epoch),
                _ => None,
            })
            .max();
        let mut known: BTreeMap<String, Option<(Oid, Time)>> = BTreeMap::new();
        for manifest in &mut standing {
            if highest.is_some_and(|epoch| manifest.name == ManifestName::Epoch(epoch)) {
                let added_by = match known.get(&manifest.path) {
                    Some(found) => *found,
                    None => self.added_by(anchor, &manifest.path),
                };
                known.insert(manifest.path.clone(), added_by);
                manifest.added_by = added_by;
            }
        }
        Ok(standing)
    }

    /// The first-parent ancestor of the anchor (or the anchor) since which the path is there.
    /// `None` where the past is not all here.
    fn added_by(&self, anchor: Oid, path: &str) -> Option<(Oid, Time)> {
        let mut here = anchor;
        for _ in 0..self.repo.limits().commits {
            let parent = known_parents(self.repo, here).ok()?.first().copied();
            let there_before = match parent {
                None => false,
                Some(parent) => {
                    let tree = tree_of(self.repo, parent).ok()??;
                    self.repo.lookup(tree, path).ok()?.is_some()
                }
            };
            match parent {
                Some(parent) if there_before => here = parent,
                _ => {
                    let commit = parse_commit(here, &self.repo.read_commit(here).ok()?).ok()?;
                    return Some((here, commit.committer.time));
                }
            }
        }
        None
    }
}
