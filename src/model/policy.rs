//! The `[policy.*]` tables of a registry, with their defaults.

use std::collections::BTreeMap;

use regex::Regex;

use super::crypto::{Digest, WeakThing};
use super::gate::ManifestPaths;
use super::pattern::PathPattern;
use super::time::{Age, Time};
use crate::source::Spot;

/// All of `[policy]`.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `[policy.mainline]`.
    pub mainline: MainlinePolicy,
    /// `[policy.gates]`.
    pub gates: GatesPolicy,
    /// `[policy.quorum]`.
    pub quorum: QuorumPolicy,
    /// `[policy.currency]`.
    pub currency: CurrencyPolicy,
    /// `[[policy.second_review]]`; empty is off.
    pub second_review: Vec<SecondReview>,
    /// `[policy.ai_assisted]`; absent is off.
    pub ai_assisted: Option<AiAssisted>,
    /// `[[policy.forbidden]]`; empty is off.
    pub forbidden: Vec<Forbidden>,
    /// `[policy.charter]`; absent is off.
    pub charter: Option<CharterPolicy>,
    /// `[policy.ceremony]`.
    pub ceremony: CeremonyPolicy,
    /// `[policy.crypto]`.
    pub crypto: CryptoPolicy,
    /// `[policy.clock] max_skew`: 1 day.
    pub max_skew: Age,
    /// Where fields stand, by dotted name (`"quorum.rule"`); tables under their own name (`"quorum"`).
    pub spots: BTreeMap<String, Spot>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mainline: MainlinePolicy::default(),
            gates: GatesPolicy::default(),
            quorum: QuorumPolicy::default(),
            currency: CurrencyPolicy::default(),
            second_review: Vec::new(),
            ai_assisted: None,
            forbidden: Vec::new(),
            charter: None,
            ceremony: CeremonyPolicy::default(),
            crypto: CryptoPolicy::default(),
            max_skew: Age::Seconds(86_400),
            spots: BTreeMap::new(),
        }
    }
}

impl Policy {
    /// Where a field stands, else its table; `None` where neither was written (a default decided).
    #[must_use]
    pub fn spot(&self, field: &str) -> Option<Spot> {
        let table = field.split('.').next().unwrap_or(field);
        self.spots.get(field).or_else(|| self.spots.get(table)).copied()
    }
}

/// `[policy.mainline]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MainlinePolicy {
    /// Which mainline commits must be signed.
    pub require_signature: RequireSignature,
    /// A forge's key will do for ordinary commits.
    pub accept_forge: bool,
}

/// `require_signature`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequireSignature {
    /// Gates only.
    #[default]
    Gates,
    /// Every mainline commit.
    EveryCommit,
}

/// `[policy.gates]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatesPolicy {
    /// Where manifests are kept.
    pub manifest: ManifestPaths,
    /// The first epoch's number.
    pub first_epoch: u64,
    /// `binding = "tree"` is accepted.
    pub bind_tree: bool,
    /// `binding = "commit"` is accepted.
    pub bind_commit: bool,
    /// What a sign-off without a signature is worth.
    pub unsigned_signoffs: UnsignedSignoffs,
    /// Who may sign the gate commit.
    pub commit_signature: CommitSignature,
    /// Path of the checklist; empty is none.
    pub checklist: String,
}

impl Default for GatesPolicy {
    fn default() -> Self {
        Self {
            manifest: ManifestPaths::default(),
            first_epoch: 0,
            bind_tree: true,
            bind_commit: true,
            unsigned_signoffs: UnsignedSignoffs::Refuse,
            commit_signature: CommitSignature::Reviewer,
            checklist: String::new(),
        }
    }
}

/// `unsigned_signoffs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsignedSignoffs {
    /// Nothing.
    Refuse,
    /// It counts for the person whose key signed the commit that carries it.
    GateSigner,
}

/// `commit_signature`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitSignature {
    /// A reviewer.
    Reviewer,
    /// A forge's key will do as well, where every sign-off is signed.
    Forge,
}

/// A rule over how many there must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuorumRule {
    /// All.
    Unanimous,
    /// More than half.
    Majority,
    /// At least so many.
    AtLeast(u64),
}

/// `[policy.quorum]`, with the overrides of single epochs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumPolicy {
    /// The rule for epochs without an override.
    pub base: Quorum,
    /// `squash_people`; absent is `distinct_reviewers`.
    pub squash_people: Option<u64>,
    /// `epochs."N"`, already completed from the base.
    pub epochs: BTreeMap<u64, Quorum>,
}

/// What a gate needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Over domains: how many must have their `per_domain` people.
    pub rule: QuorumRule,
    /// Counted people that a domain needs.
    pub per_domain: u64,
    /// Counted people overall.
    pub distinct_reviewers: u64,
    /// One person may stand for several domains, with roles and a justification.
    pub allow_multi_domain: bool,
}

impl Default for QuorumPolicy {
    fn default() -> Self {
        Self {
            base: Quorum {
                rule: QuorumRule::Unanimous,
                per_domain: 1,
                distinct_reviewers: 2,
                allow_multi_domain: true,
            },
            squash_people: None,
            epochs: BTreeMap::new(),
        }
    }
}

impl QuorumPolicy {
    /// What the gate of this epoch needs.
    #[must_use]
    pub fn for_epoch(&self, epoch: u64) -> Quorum {
        self.epochs.get(&epoch).copied().unwrap_or(self.base)
    }
}

/// `[policy.currency]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyPolicy {
    /// Epochs that a reviewer may miss before being stale: N − last ≤ this.
    pub max_epochs: u64,
    /// Age of the last participation.
    pub max_age: Age,
    /// A newcomer's first sign-offs that need a co-sign.
    pub newcomer_cosigns: u64,
    /// Where the co-sign must stand.
    pub cosign_scope: CosignScope,
}

/// `cosign_scope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CosignScope {
    /// In the same domain.
    Domain,
    /// Anywhere in the same gate.
    Gate,
}

impl Default for CurrencyPolicy {
    fn default() -> Self {
        Self {
            max_epochs: 2,
            max_age: Age::Months(6),
            newcomer_cosigns: 2,
            cosign_scope: CosignScope::Domain,
        }
    }
}

/// One `[[policy.second_review]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondReview {
    /// Its name, which sign-offs list in `reviews`.
    pub name: String,
    /// Paths that trigger it.
    pub paths: Vec<PathPattern>,
    /// Tokens whose addition triggers it; empty is any change.
    pub added_tokens: Vec<String>,
    /// People needed.
    pub reviewers: u64,
    /// They must be of another domain than the author.
    pub other_domain: bool,
    /// At each commit rather than at the gate.
    pub at_commit: bool,
}

/// `[policy.ai_assisted]`.
#[derive(Clone, Debug)]
pub struct AiAssisted {
    /// Trailers that mark a commit.
    pub trailers: Vec<String>,
    /// Co-authors that mark a commit.
    pub co_authors: Vec<Regex>,
    /// The second review that is needed.
    pub second_review: String,
    /// Invariants that the attestation must name.
    pub invariants: Vec<String>,
}

/// One `[[policy.forbidden]]`.
#[derive(Clone, Debug)]
pub struct Forbidden {
    /// Its name.
    pub name: String,
    /// What must not stand in the tree.
    pub pattern: Regex,
    /// In which files.
    pub paths: Vec<PathPattern>,
}

/// `[policy.charter]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharterPolicy {
    /// The charter.
    pub path: String,
    /// The decision log.
    pub decision_log: String,
    /// What marks an amendment.
    pub marker: String,
    /// After how many days an open dissent is overdue.
    pub dissent_days: u64,
}

impl Default for CharterPolicy {
    fn default() -> Self {
        Self {
            path: "CHARTER.md".into(),
            decision_log: "DECISION_LOG.md".into(),
            marker: "charter-amendment".into(),
            dissent_days: 14,
        }
    }
}

/// `[policy.ceremony]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CeremonyPolicy {
    /// How many people must authorise.
    pub threshold: QuorumRule,
    /// Longest window of a key, in days.
    pub max_key_days: u32,
    /// How many days ahead `expiring-soon` warns.
    pub warn_days: u32,
}

impl Default for CeremonyPolicy {
    fn default() -> Self {
        Self { threshold: QuorumRule::Majority, max_key_days: 900, warn_days: 42 }
    }
}

/// `[policy.crypto]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptoPolicy {
    /// Refused algorithms: the defaults, each replaced by the registry's own entry for the same thing.
    pub refuse: Vec<Refusal>,
    /// What a lapsed certificate means.
    pub cert_expiry: CertExpiry,
    /// From which epoch only post-quantum keys count.
    pub post_quantum_from_epoch: Option<u64>,
}

/// One entry of `refuse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is refused.
    pub what: WeakThing,
    /// From when on; absent is always.
    pub from: Option<Time>,
}

/// `cert_expiry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertExpiry {
    /// A warning.
    Warn,
    /// Nothing.
    Ignore,
    /// A refusal.
    Enforce,
}

impl Default for CryptoPolicy {
    fn default() -> Self {
        let always = |what| Refusal { what, from: None };
        Self {
            refuse: vec![
                always(WeakThing::Digest(Digest::Md5)),
                always(WeakThing::Digest(Digest::Ripemd160)),
                always(WeakThing::Digest(Digest::Sha1)),
                always(WeakThing::RsaBelow(2048)),
                always(WeakThing::Dsa),
            ],
            cert_expiry: CertExpiry::Warn,
            post_quantum_from_epoch: None,
        }
    }
}
