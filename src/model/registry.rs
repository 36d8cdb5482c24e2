//! The reviewer registry as a value. Read in `registry`, judged in `rules`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::id::{DomainId, ReviewerId};
use super::oid::Oid;
use super::pattern::PathPattern;
use super::policy::Policy;
use super::time::Time;
use super::window::Window;
use crate::source::{Source, Spot};

/// Where the registry stands in a tree.
pub const REGISTRY_PATH: &str = "keys/reviewer-registry.toml";
/// The folder of the registry and its key files.
pub const KEYS_FOLDER: &str = "keys";
/// The folder of ceremony records.
pub const CEREMONIES_FOLDER: &str = "keys/ceremonies";

/// The registry formats that we read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaVersion {
    /// The stub that some projects carry.
    V1_0,
    /// The format of today.
    V1_1,
}

/// A registry that was read without a problem that makes it unusable.
#[derive(Clone, Debug)]
pub struct Registry {
    /// The file it was read from.
    pub source: Arc<Source>,
    /// SHA-256 of the file's bytes.
    pub sha256: [u8; 32],
    /// Format version.
    pub version: SchemaVersion,
    /// `[schema] serial`; 0 in version 1.0.0.
    pub serial: u64,
    /// `[project] id`; empty in version 1.0.0.
    pub project: String,
    /// `[project] mainline`, a full ref name.
    pub mainline: String,
    /// `[project] branches`: further branches with gates of their own.
    pub branches: Vec<PathPattern>,
    /// People, by id.
    pub reviewers: BTreeMap<ReviewerId, Reviewer>,
    /// Domains, by id. Empty in version 1.0.0, where manifests name them.
    pub domains: BTreeMap<DomainId, Domain>,
    /// Keys, standing and retired, in file order.
    pub keys: Vec<KeyEntry>,
    /// Policy, defaults filled in.
    pub policy: Policy,
}

impl Registry {
    /// Every entry for exactly this fingerprint (a key can have several windows).
    pub fn entries(&self, fingerprint: Fingerprint) -> impl Iterator<Item = &KeyEntry> {
        self.keys.iter().filter(move |key| key.fingerprint == Some(fingerprint))
    }

    /// Whether a person belongs to a domain. In version 1.0.0 everybody belongs to all.
    #[must_use]
    pub fn belongs(&self, reviewer: &ReviewerId, domain: &DomainId) -> bool {
        if self.version == SchemaVersion::V1_0 {
            return self.reviewers.contains_key(reviewer);
        }
        self.domains.get(domain).is_some_and(|d| d.people().any(|person| person == reviewer))
    }

    /// Whether a branch (full ref name) beside the mainline has gates of its own.
    #[must_use]
    pub fn has_own_gates(&self, full: &str) -> bool {
        let Some(short) = full.strip_prefix("refs/heads/") else { return false };
        full != self.mainline
            && short.split('/').all(|part| !matches!(part, "" | "." | ".."))
            && self.branches.iter().any(|pattern| pattern.matches(short.as_bytes()))
    }

    /// Paths of the key files that entries name.
    #[must_use]
    pub fn key_paths(&self) -> BTreeSet<String> {
        self.keys.iter().map(|key| key.public_key.clone()).collect()
    }

    /// Whether a rule asks who changed which path.
    #[must_use]
    pub fn asks_for_paths(&self) -> bool {
        self.domains.values().any(Domain::declares_paths)
            || !self.policy.second_review.is_empty()
            || self.policy.ai_assisted.is_some()
            || self.policy.charter.is_some()
    }

    /// Whether a domain takes paths from CODEOWNERS.
    #[must_use]
    pub fn asks_for_owners(&self) -> bool {
        self.domains.values().any(|domain| domain.codeowners)
    }

    /// Whether a person is human. People whom the registry does not list are not.
    #[must_use]
    pub fn is_human(&self, reviewer: &ReviewerId) -> bool {
        self.reviewers.get(reviewer).is_some_and(|r| r.kind == ReviewerKind::Human)
    }
}

/// A person, a bot or a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// Stable id.
    pub id: ReviewerId,
    /// Name for people, unescaped.
    pub name: String,
    /// Author identities that are this person, lower case.
    pub emails: Vec<String>,
    /// What they are; only humans vouch.
    pub kind: ReviewerKind,
    /// Where the entry stands.
    pub spot: Spot,
}

/// `kind` of a reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReviewerKind {
    /// A person.
    Human,
    /// A program.
    Bot,
    /// A hosting service that signs merges.
    Forge,
}

impl ReviewerKind {
    /// The word in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bot => "bot",
            Self::Forge => "forge",
        }
    }
}

/// A review domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Stable id.
    pub id: DomainId,
    /// Who answers for it.
    pub primary: ReviewerId,
    /// Who stands in.
    pub backup: Option<ReviewerId>,
    /// Further people who may sign it off.
    pub reviewers: Vec<ReviewerId>,
    /// Paths that belong to it.
    pub paths: Vec<PathPattern>,
    /// What a full scope must list.
    pub docs: Vec<String>,
    /// Paths also come from CODEOWNERS.
    pub codeowners: bool,
    /// Where the entry stands.
    pub spot: Spot,
}

impl Domain {
    /// Everybody who may sign it off; somebody can come up twice.
    pub fn people(&self) -> impl Iterator<Item = &ReviewerId> {
        std::iter::once(&self.primary).chain(&self.backup).chain(&self.reviewers)
    }

    /// Whether a path matches one of its own patterns. What CODEOWNERS gives it besides, only
    /// [`super::owners::OwnersFile::gives`] can tell.
    #[must_use]
    pub fn lists(&self, path: &[u8]) -> bool {
        self.paths.iter().any(|pattern| pattern.matches(path))
    }

    /// Whether it says anything about paths.
    #[must_use]
    pub const fn declares_paths(&self) -> bool {
        !self.paths.is_empty() || self.codeowners
    }
}

/// One `[[keys]]` or `[[retired_keys]]` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// Whose key it is.
    pub reviewer: ReviewerId,
    /// OpenPGP or SSH.
    pub format: KeyFormat,
    /// The key; `None` for a placeholder in version 1.0.0, which authorises nothing.
    pub fingerprint: Option<Fingerprint>,
    /// Path of its key file, below `keys/`.
    pub public_key: String,
    /// When it may act. For a retired key the end is `retired_at` (or its planned end, if that came first).
    pub window: Window,
    /// Standing or retired.
    pub state: KeyState,
    /// Where the entry stands.
    pub spot: Spot,
    /// Where its fields stand, by name.
    pub spots: BTreeMap<String, Spot>,
}

impl KeyEntry {
    /// Where a field stands, else the entry.
    #[must_use]
    pub fn spot(&self, field: &str) -> Spot {
        self.spots.get(field).copied().unwrap_or(self.spot)
    }

    /// Whether the entry is in `[[keys]]`.
    #[must_use]
    pub const fn is_standing(&self) -> bool {
        matches!(self.state, KeyState::Standing)
    }

    /// Whether the entry says that the key was compromised.
    #[must_use]
    pub fn is_compromised(&self) -> bool {
        matches!(&self.state, KeyState::Retired(r) if r.reason == RetiredReason::Compromised)
    }
}

/// `format` of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyFormat {
    /// An OpenPGP certificate or subkey.
    OpenPgp,
    /// An SSH public key.
    Ssh,
}

/// Whether a key still stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// In `[[keys]]`.
    Standing,
    /// In `[[retired_keys]]`.
    Retired(Retirement),
}

/// What a retired entry adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retirement {
    /// When it was retired.
    pub at: Time,
    /// Why.
    pub reason: RetiredReason,
    /// Compromised: last mainline commit known good. `None`: none is.
    pub trusted_until: Option<Oid>,
    /// Compromised: gates re-attested since.
    pub acknowledged: Vec<Oid>,
    /// Heading in the decision log.
    pub charter_ack: String,
}

/// `reason` of a retirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the registry")]
pub enum RetiredReason {
    Rotated,
    Expired,
    Departed,
    Superseded,
    Compromised,
}

impl RetiredReason {
    /// The word in the registry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Expired => "expired",
            Self::Departed => "departed",
            Self::Superseded => "superseded",
            Self::Compromised => "compromised",
        }
    }
}
