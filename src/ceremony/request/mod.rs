//! Requests: a ceremony on its way from person to person, before it is committed.
//!
//! One file carries the record, the registry before and after, and the key files, so that it can be
//! read, understood and approved on a machine that has no repository. It is trusted for nothing:
//! what is judged in the end is the record and the files that it leads to.

mod merge;
mod read;
mod write;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::model::{Approval, CeremonyRecord, Registry};
use crate::registry::{Change, diff};

pub use merge::{add, differences};
pub use read::{Supplied, read, read_supplied};
pub use write::{write, write_approvals};

/// A ceremony before it is committed. Made by [`read`], which holds its parts against each other.
#[derive(Clone, Debug)]
pub struct Request {
    /// The record with the approvals made so far.
    pub record: CeremonyRecord,
    /// The registry before.
    pub previous: Arc<Registry>,
    /// The registry after.
    pub next: Arc<Registry>,
    /// Contents of the key files that the record lists, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Contents of key files of the registry before, by path, so that approvals can be verified
    /// where there is no repository. Not signed.
    pub known: BTreeMap<String, Vec<u8>>,
}

impl Request {
    /// Where the record will stand.
    #[must_use]
    pub fn path(&self) -> &str {
        self.record.source.path()
    }

    /// What the new registry says otherwise than the old one.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        diff(&self.previous, &self.next)
    }

    /// SHA-256 over everything but the approvals.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut unsigned = self.clone();
        unsigned.record.approvals.clear();
        sha256(write(&unsigned).as_bytes())
    }

    /// The files that the ceremony's commit brings, by path: key files, the record, the registry.
    #[must_use]
    pub fn brings(&self) -> BTreeMap<String, Vec<u8>> {
        let mut all = self.files.clone();
        all.insert(self.path().to_owned(), super::write(&self.record).into_bytes());
        all.insert(
            crate::model::registry::REGISTRY_PATH.to_owned(),
            self.next.source.text().as_bytes().to_vec(),
        );
        all
    }

    /// An approval by the same person, in the same role and with the same key.
    #[must_use]
    pub fn same(&self, approval: &Approval) -> Option<&Approval> {
        self.record.approvals.iter().find(|known| merge::is_same(known, approval))
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
