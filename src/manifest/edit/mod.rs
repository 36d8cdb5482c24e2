//! Edits a manifest's text as reviewers do, and keeps what people wrote around it.
//!
//! Sign-offs stand in one order, by domain and reviewer, with one blank line before each; a draft
//! has a line of comment for each domain, so that git can merge what two people added to different
//! ones. Every edit is read again, and is refused unless it did exactly what it should.

mod draft;
mod entry;
mod layout;
mod merge;
#[cfg(test)]
mod tests;

use toml_edit::{DocumentMut, Item, Table};

pub use draft::{Draft, Section};
pub use merge::{MergeError, merge};

use self::layout::{Edit, Layout, apply};
use super::read::{NO_SIGNOFF, read};
use crate::finding::{Finding, Severity};
use crate::model::manifest::Target;
use crate::model::step::ManifestReading;
use crate::model::{Limits, Manifest, ManifestName, Signoff};

/// Why a manifest's text was not edited.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    /// What is there cannot be used.
    #[error("the manifest cannot be used as it stands")]
    Unusable(Vec<Finding>),
    /// What was asked for would not be read.
    #[error("what was asked for makes no usable manifest")]
    Problems(Vec<Finding>),
    /// Sign-offs do not stand in `[[signoffs]]` tables of their own.
    #[error("the sign-offs are written in a form that is not edited here")]
    Form,
    /// The text came out other than it should.
    #[error("the text came out other than it should: {0}")]
    Defect(String),
}

/// A manifest that is being edited: which one, its path, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Editing<'a> {
    /// What its path says it is.
    pub name: &'a ManifestName,
    /// The path in the repository.
    pub path: &'a str,
    /// Bounds on what is read.
    pub limits: &'a Limits,
}

/// Whether a reading found a draft: nothing is wrong with it but that nobody has signed off.
#[must_use]
pub fn is_draft(reading: &ManifestReading) -> bool {
    reading.manifest.as_ref().is_some_and(|manifest| manifest.signoffs.is_empty())
        && refused(reading).is_empty()
}

/// Whether a problem is that nobody has signed off yet.
#[must_use]
pub fn is_no_signoff(problem: &Finding) -> bool {
    problem.message == NO_SIGNOFF
}

/// What makes a manifest unusable, but for that nobody has signed off yet.
#[must_use]
pub fn refused(reading: &ManifestReading) -> Vec<Finding> {
    let problems = reading.problems.iter();
    let problems = problems
        .filter(|problem| problem.severity >= Severity::Undecided && !is_no_signoff(problem));
    problems.cloned().collect()
}

impl Editing<'_> {
    /// Reads a text that can be edited.
    ///
    /// # Errors
    /// [`EditError::Unusable`] with everything that is wrong with it.
    pub fn read(&self, text: &str) -> Result<std::sync::Arc<Manifest>, EditError> {
        let reading = read(self.name, self.path, text.as_bytes(), self.limits);
        let refused = refused(&reading);
        match reading.manifest {
            Some(manifest) if refused.is_empty() => Ok(manifest),
            _ => Err(EditError::Unusable(refused)),
        }
    }

    /// Adds a sign-off in its place. Where `replaced` names sign-offs by their index, these are
    /// taken out.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn add(
        &self,
        text: &str,
        signoff: &Signoff,
        replaced: &[usize],
    ) -> Result<String, EditError> {
        let before = self.read(text)?;
        let layout = Layout::of(text, &before)?;
        let mut edits: Vec<Edit> =
            replaced.iter().filter_map(|index| layout.removal(*index)).collect();
        edits.push(layout.insertion(signoff, entry::written(&before.target, signoff)));
        let after = apply(text, edits);
        let mut expected: Vec<&Signoff> = (0_usize..)
            .zip(&before.signoffs)
            .filter(|(index, _)| !replaced.contains(index))
            .map(|(_, signoff)| signoff)
            .collect();
        expected.push(signoff);
        self.holds(&before, &after, &expected)?;
        Ok(after)
    }

    /// Gives the sign-off of an index its signature.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn sign(&self, text: &str, index: usize, signature: &str) -> Result<String, EditError> {
        let signature = entry::signature(signature);
        self.set(text, index, "signature", &signature, |signoff, written| {
            signoff.signature.clone_from(&written.signature);
        })
    }

    /// Marks the sign-off of an index as withdrawn, which is no part of what was signed.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn withdraw(&self, text: &str, index: usize) -> Result<String, EditError> {
        self.set(text, index, "withdrawn", "true", |signoff, _| signoff.withdrawn = true)
    }

    /// Marks the sign-off of an index as superseded by a commit, which is no part of what was signed.
    ///
    /// # Errors
    /// See [`EditError`].
    pub fn supersede(
        &self,
        text: &str,
        index: usize,
        by: crate::model::Oid,
    ) -> Result<String, EditError> {
        let by = by.to_string();
        self.set(text, index, "superseded_by", &entry::quoted(&by), |signoff, _| {
            signoff.superseded_by.clone_from(&by);
        })
    }

    fn set(
        &self,
        text: &str,
        index: usize,
        field: &str,
        value: &str,
        change: impl Fn(&mut Signoff, &Signoff),
    ) -> Result<String, EditError> {
        let before = self.read(text)?;
        let defect = |why: String| EditError::Defect(why);
        let mut document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| defect(error.to_string()))?;
        let value: DocumentMut = format!("{field} = {value}\n")
            .parse()
            .map_err(|error: toml_edit::TomlError| defect(error.to_string()))?;
        let value = value.get(field).cloned().ok_or_else(|| defect(field.to_owned()))?;
        let tables = document.get_mut("signoffs").and_then(Item::as_array_of_tables_mut);
        let table: &mut Table =
            tables.and_then(|tables| tables.get_mut(index)).ok_or(EditError::Form)?;
        match table.get_mut(field) {
            Some(old) => *old = value,
            None => drop(table.insert(field, value)),
        }
        let after = layout::with_line_ends_of(text, &document.to_string());
        let read = self.read(&after).map_err(as_problems)?;
        let mut expected: Vec<Signoff> = before.signoffs.clone();
        if let (Some(signoff), Some(written)) = (expected.get_mut(index), read.signoffs.get(index))
        {
            change(signoff, written);
        }
        self.holds(&before, &after, &expected.iter().collect::<Vec<_>>())?;
        Ok(after)
    }

    /// Reads what was written: the same head, and these sign-offs, in any order.
    fn holds(&self, before: &Manifest, text: &str, expected: &[&Signoff]) -> Result<(), EditError> {
        let after = self.read(text).map_err(as_problems)?;
        if !same_head(before, &after) {
            return Err(EditError::Defect("its head changed".to_owned()));
        }
        let sorted = |signoffs: Vec<&Signoff>| {
            let mut all: Vec<Signoff> = signoffs.into_iter().map(plain).collect();
            all.sort_by_cached_key(|signoff| format!("{signoff:?}"));
            all
        };
        if sorted(after.signoffs.iter().collect()) != sorted(expected.to_vec()) {
            return Err(EditError::Defect("a sign-off changed that should not".to_owned()));
        }
        Ok(())
    }
}

fn as_problems(error: EditError) -> EditError {
    match error {
        EditError::Unusable(problems) => EditError::Problems(problems),
        other => other,
    }
}

/// Whether two sign-offs say the same, wherever they stand.
#[must_use]
pub fn says_the_same(a: &Signoff, b: &Signoff) -> bool {
    plain(a) == plain(b)
}

/// A sign-off without the places where it stands.
fn plain(signoff: &Signoff) -> Signoff {
    Signoff {
        spot: crate::source::Spot::START,
        spots: std::collections::BTreeMap::new(),
        ..signoff.clone()
    }
}

fn same_head(a: &Manifest, b: &Manifest) -> bool {
    a.target == b.target
        && a.reattest == b.reattest
        && a.previous_gate == b.previous_gate
        && a.binding == b.binding
        && a.subject_sha256 == b.subject_sha256
        && a.mv_team_justification == b.mv_team_justification
        && a.cures == b.cures
}

/// The epoch that entries of a manifest state.
fn epoch_of(target: &Target) -> Option<u64> {
    match target {
        Target::Epoch(epoch) => Some(*epoch),
        Target::Squash(_) => None,
    }
}

/// A sign-off for a manifest, before it says anything.
#[must_use]
pub fn blank(
    target: &Target,
    reviewer: crate::model::ReviewerId,
    domain: crate::model::DomainId,
    timestamp: crate::model::Time,
) -> Signoff {
    Signoff {
        reviewer_id: reviewer,
        domain,
        scope: Vec::new(),
        reviews: Vec::new(),
        checklist: Vec::new(),
        epoch: epoch_of(target),
        timestamp,
        dissent: String::new(),
        withdrawn: false,
        superseded_by: String::new(),
        authored_by: String::new(),
        multi_domain_roles: Vec::new(),
        multi_domain_justification: String::new(),
        ai_attestation: None,
        signature: String::new(),
        spot: crate::source::Spot::START,
        spots: std::collections::BTreeMap::new(),
    }
}
