//! Ceremonies: how a registry changes. Records as values; read in `ceremony`, judged in `rules`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::id::ReviewerId;
use super::oid::Oid;
use super::registry::CEREMONIES_FOLDER;
use super::time::Time;
use crate::finding::Finding;
use crate::source::{Source, Spot};

/// What a ceremony says it is for. What the registry's change needs is decided by the change
/// itself; only `override` and `requalify`, which change nothing, mean something by their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the records")]
pub enum CeremonyKind {
    Genesis,
    Enroll,
    Rotate,
    Retire,
    Compromise,
    Amend,
    Requalify,
    Override,
}

impl CeremonyKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Genesis,
        Self::Enroll,
        Self::Rotate,
        Self::Retire,
        Self::Compromise,
        Self::Amend,
        Self::Requalify,
        Self::Override,
    ];

    /// The word in records, file names and statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Genesis => "genesis",
            Self::Enroll => "enroll",
            Self::Rotate => "rotate",
            Self::Retire => "retire",
            Self::Compromise => "compromise",
            Self::Amend => "amend",
            Self::Requalify => "requalify",
            Self::Override => "override",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for CeremonyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What somebody approves a ceremony as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApprovalRole {
    /// With a key of the registry before: counts towards the threshold.
    Authorise,
    /// With a key that the ceremony brings: its owner holds it.
    Possession,
    /// Was there. Counts for nothing.
    Witness,
}

impl ApprovalRole {
    /// The word in records and statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorise => "authorise",
            Self::Possession => "possession",
            Self::Witness => "witness",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Authorise, Self::Possession, Self::Witness]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A key file as a record states it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedFile {
    /// Its path, below `keys/`.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// One `[[approvals]]` entry. Unproven until its signature was verified and judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// As what.
    pub role: ApprovalRole,
    /// Whose it says it is.
    pub reviewer_id: ReviewerId,
    /// The key that it says signed.
    pub fingerprint: Fingerprint,
    /// When the person says it was made.
    pub timestamp: Time,
    /// The armored signature over the statement; empty where nobody has signed yet.
    pub signature: String,
    /// Where the entry stands.
    pub spot: Spot,
    /// Where its fields stand, by name.
    pub spots: BTreeMap<String, Spot>,
}

impl Approval {
    /// Where a field stands, else the entry.
    #[must_use]
    pub fn spot(&self, field: &str) -> Spot {
        self.spots.get(field).copied().unwrap_or(self.spot)
    }
}

/// `keys/ceremonies/NNNN-<kind>[-<reviewer>].toml`, read. Strings are unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CeremonyRecord {
    /// The file.
    pub source: Arc<Source>,
    /// The new registry's serial.
    pub serial: u64,
    /// What it says it is for.
    pub kind: CeremonyKind,
    /// SHA-256 of the registry before; all zeros for `genesis`.
    pub previous_registry_sha256: [u8; 32],
    /// SHA-256 of the registry after.
    pub registry_sha256: [u8; 32],
    /// The mainline tip that it was prepared on.
    pub parent: Oid,
    /// Why.
    pub reason: String,
    /// `FILE#heading` in the decision log, or `""`.
    pub charter_ack: String,
    /// Who watched, in free words.
    pub witnesses: Vec<String>,
    /// `override`: `epoch-7:clancy`; `requalify`: reviewer ids.
    pub concerns: Vec<String>,
    /// Key files taken away, as listed.
    pub removed: Vec<String>,
    /// Key files added or changed, as listed.
    pub files: Vec<RecordedFile>,
    /// The approvals in order.
    pub approvals: Vec<Approval>,
    /// Where the `[ceremony]` table's fields stand, by name; the table under `"ceremony"`.
    pub spots: BTreeMap<String, Spot>,
}

impl CeremonyRecord {
    /// What `charter_ack` cites: a file of the repository and a heading in it. `None` unless it
    /// reads `FILE#heading`.
    #[must_use]
    pub fn cited(&self) -> Option<(&str, &str)> {
        let (file, heading) = self.charter_ack.split_once('#')?;
        (!file.is_empty() && !heading.is_empty()).then_some((file, heading))
    }

    /// Where a field of `[ceremony]` stands, else the table, else the file's beginning.
    #[must_use]
    pub fn spot(&self, field: &str) -> Spot {
        self.spots.get(field).or_else(|| self.spots.get("ceremony")).copied().unwrap_or(Spot::START)
    }
}

/// A record that was read: the value where it is usable, and all problems.
#[derive(Clone, Debug)]
pub struct RecordReading {
    /// The file's path.
    pub path: String,
    /// The record; `None` where there is any problem, so that nobody can take half of one for it.
    pub record: Option<Arc<CeremonyRecord>>,
    /// Every problem, as findings without a commit (`ceremony-mismatch`).
    pub problems: Vec<Finding>,
}

/// What a record's path says: `0005-rotate-clancy.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordName {
    /// NNNN.
    pub serial: u64,
    /// The kind.
    pub kind: CeremonyKind,
    /// The person it is about.
    pub reviewer: Option<ReviewerId>,
}

impl RecordName {
    /// Reads a path below `keys/ceremonies/`. `None` for anything that [`RecordName::path`] would
    /// not have written.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let name = path.strip_prefix(CEREMONIES_FOLDER)?.strip_prefix('/')?;
        let (number, rest) = name.strip_suffix(".toml")?.split_once('-')?;
        let serial = number.parse().ok()?;
        let (kind, reviewer) = match rest.split_once('-') {
            Some((kind, reviewer)) => (kind, Some(ReviewerId::new(reviewer)?)),
            None => (rest, None),
        };
        let read = Self { serial, kind: CeremonyKind::parse(kind)?, reviewer };
        (read.path() == path).then_some(read)
    }

    /// The path of such a record. The serial has at least four digits.
    #[must_use]
    pub fn path(&self) -> String {
        let about = self.reviewer.as_ref().map(|id| format!("-{id}")).unwrap_or_default();
        format!("{CEREMONIES_FOLDER}/{:04}-{}{about}.toml", self.serial, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_only_as_they_are_written() {
        let name = RecordName::of("keys/ceremonies/0005-rotate-clancy.toml").unwrap();
        assert_eq!((name.serial, name.kind), (5, CeremonyKind::Rotate));
        assert_eq!(name.reviewer.as_ref().unwrap().as_str(), "clancy");
        assert_eq!(name.path(), "keys/ceremonies/0005-rotate-clancy.toml");
        assert_eq!(RecordName::of("keys/ceremonies/12345-amend.toml").unwrap().serial, 12_345);
        for bad in [
            "keys/ceremonies/5-rotate.toml",
            "keys/ceremonies/00005-rotate.toml",
            "keys/ceremonies/+005-rotate.toml",
            "keys/ceremonies/0005-rotated.toml",
            "keys/ceremonies/0005-rotate-.toml",
            "keys/ceremonies/0005-rotate-Clancy.toml",
            "keys/ceremonies/x/0005-rotate.toml",
            "keys/0005-rotate.toml",
        ] {
            assert_eq!(RecordName::of(bad), None, "{bad}");
        }
    }
}
