//! Commits that `superseded_by` leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::brought::{self, plain, tree_of};
use super::changes::Trees;
use super::draft::{Draft, Place};
use super::failure::object_gap;
use super::material::Material;
use super::steps::{Steps, manifests, push_gap};
use super::traits::{Readers, SignatureRequest};
use crate::model::gate::ManifestPaths;
use crate::model::step::{Correction, ManifestChange, Step};
use crate::model::{Manifest, Oid};
use crate::repo::{ReadFailure, Repository};

/// Corrections, and the questions about their signatures.
type Gathered = (BTreeMap<Oid, Correction>, Vec<(Oid, SignatureRequest)>);

/// Follows `superseded_by` from some manifests through commits that were `met`.
///
/// # Errors
/// [`ReadFailure`] where a commit that is named cannot be read.
pub fn corrections<'m>(
    repo: &Repository,
    readers: &dyn Readers,
    namings: &[ManifestPaths],
    manifests: impl Iterator<Item = &'m Manifest>,
    met: &dyn Fn(Oid) -> bool,
) -> Result<Gathered, ReadFailure> {
    gather(&Material::new(repo, readers), namings, manifests, met)
}

fn gather<'m>(
    material: &Material<'_>,
    namings: &[ManifestPaths],
    manifests: impl Iterator<Item = &'m Manifest>,
    met: &dyn Fn(Oid) -> bool,
) -> Result<Gathered, ReadFailure> {
    let mut found: BTreeMap<Oid, Correction> = BTreeMap::new();
    let mut requests = Vec::new();
    let mut left: BTreeSet<Oid> = manifests.flat_map(named).collect();
    while let Some(id) = left.pop_first() {
        if found.len() >= Step::MAX_CORRECTIONS || found.contains_key(&id) || !met(id) {
            continue;
        }
        let read = brought::read(material.repo, id)?;
        let mut changes: Vec<ManifestChange> = Vec::new();
        if let Ok(head) = &read.commit {
            let before = match head.parents.first() {
                Some(parent) => tree_of(material.repo, *parent)?,
                None => None,
            };
            changes = material.manifests(Trees { before, after: Some(head.tree) }, namings)?;
        }
        let read_manifests =
            changes.iter().filter_map(|change| change.reading.as_ref()?.manifest.as_deref());
        left.extend(read_manifests.flat_map(named));
        let mut commit = plain(id, read.commit.clone());
        commit.signature = read.plain_fact();
        requests.extend(read.request.map(|request| (id, request)));
        found.insert(id, Correction { commit, manifests: changes });
    }
    Ok((found, requests))
}

fn named(manifest: &Manifest) -> impl Iterator<Item = Oid> {
    manifest.signoffs.iter().filter_map(|signoff| Oid::from_hex(&signoff.superseded_by))
}

impl Steps<'_> {
    /// The corrections that the step's sign-offs name.
    pub(super) fn correct(&self, draft: &mut Draft) {
        let met = |id| self.reach.met(id);
        let namings = &self.survey.manifest_paths;
        match gather(&self.material, namings, manifests(&draft.step), &met) {
            Ok((found, requests)) => {
                draft.step.corrections = found;
                draft
                    .questions
                    .extend(requests.into_iter().map(|(id, r)| (Place::Correction(id), r)));
            }
            Err(failure) => {
                let finding = object_gap(&failure, draft.step.id, &self.survey.conditions);
                push_gap(&mut draft.step, finding);
            }
        }
    }
}
