//! `[policy.*]` as serde sees it. Every field is optional: what is absent has its default.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Moment;

macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }
    };
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($word:ident),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        #[expect(missing_docs, reason = "the words of the registry")]
        pub enum $name { $($word,)* }
    };
}

table! {
    /// `[policy]`: absent mainline, gates, quorum, currency, ceremony, crypto and clock tables take
    /// their defaults; the others are off when absent.
    PolicyTable {
        /// Which mainline commits must be signed.
        mainline: MainlineTable,
        /// How gates are made.
        gates: GatesTable,
        /// How many people a gate needs.
        quorum: QuorumTable,
        /// How long a reviewer stays current.
        currency: CurrencyTable,
        /// Changes that need more eyes.
        second_review: Vec<SecondReviewTable>,
        /// Changes that an AI had a part in.
        ai_assisted: AiAssistedTable,
        /// Text that must not stand in the tree at an epoch gate.
        forbidden: Vec<ForbiddenTable>,
        /// How the charter changes.
        charter: CharterTable,
        /// How the registry changes.
        ceremony: CeremonyTable,
        /// Which algorithms are refused.
        crypto: CryptoTable,
        /// How far clocks may differ.
        clock: ClockTable,
    }
}

words! {
    /// `require_signature`
    RequireSignature { Gates, EveryCommit }
}
table! {
    /// `[policy.mainline]`
    MainlineTable {
        /// Default: gates.
        require_signature: RequireSignature,
        /// A forge's key will do for ordinary commits. Default: false.
        accept_forge: bool,
    }
}

words! {
    /// One entry of `binding`
    Binding { Tree, Commit }
}
words! {
    /// `unsigned_signoffs`
    UnsignedSignoffs { Refuse, GateSigner }
}
words! {
    /// `commit_signature`
    CommitSignature { Reviewer, Forge }
}
table! {
    /// `[policy.gates]`
    GatesTable {
        /// Where manifests are kept. Default: `epoch_signoffs/epoch-{epoch}.toml`.
        manifest: String,
        /// The first epoch's number. Default: 0.
        first_epoch: u64,
        /// What sign-offs may be bound to. Default: both.
        binding: Vec<Binding>,
        /// What a sign-off without a signature is worth. Default: refuse.
        unsigned_signoffs: UnsignedSignoffs,
        /// Who may sign the gate's commit. Default: reviewer.
        commit_signature: CommitSignature,
        /// Path of the checklist. Default: none.
        checklist: String,
    }
}

words! {
    /// A rule in one word
    RuleWord { Unanimous, Majority }
}
/// `rule`: a word, or `{ at_least = 2 }`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Rule {
    /// All, or more than half.
    Word(RuleWord),
    /// So many.
    AtLeast(AtLeast),
}
/// `{ at_least = 2 }`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    /// How many.
    #[schemars(range(min = 1))]
    pub at_least: u64,
}
table! {
    /// `[policy.quorum]`
    QuorumTable {
        /// Over domains. Default: unanimous.
        rule: Rule,
        /// Counted people that each domain needs. Default: 1.
        per_domain: u64,
        /// Counted people overall. Default: 2.
        distinct_reviewers: u64,
        /// One person may stand for several domains, with roles and a justification. Default: true.
        allow_multi_domain: bool,
        /// Counted people that a squash gate needs. Default: distinct_reviewers.
        squash_people: u64,
        /// Single epochs that need something else, by their number.
        epochs: BTreeMap<String, EpochQuorumTable>,
    }
}
table! {
    /// `epochs."N"`: what it does not say, `[policy.quorum]` does.
    EpochQuorumTable {
        /// Over domains.
        rule: Rule,
        /// Counted people that each domain needs.
        per_domain: u64,
        /// Counted people overall.
        distinct_reviewers: u64,
        /// One person may stand for several domains.
        allow_multi_domain: bool,
    }
}

words! {
    /// `cosign_scope`
    CosignScope { Domain, Gate }
}
table! {
    /// `[policy.currency]`
    CurrencyTable {
        /// Epochs after the last one taken part in. Default: 2.
        max_epochs: u64,
        /// Age of the last participation. Default: 6 months.
        max_age: String,
        /// A newcomer's first sign-offs that need a co-sign. Default: 2.
        newcomer_cosigns: u64,
        /// Where the co-sign must stand. Default: domain.
        cosign_scope: CosignScope,
    }
}

words! {
    /// `at`
    ReviewedAt { Gate, Commit }
}
/// `[[policy.second_review]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondReviewTable {
    /// Its name, which sign-offs list in `reviews`.
    pub name: String,
    /// Paths that trigger it.
    pub paths: Vec<String>,
    /// Tokens whose addition triggers it. Default: any change does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added_tokens: Vec<String>,
    /// People needed. Default: 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewers: Option<u64>,
    /// They must be of another domain than the author. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_domain: Option<bool>,
    /// Over the whole gate, or commit by commit. Default: gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<ReviewedAt>,
}

table! {
    /// `[policy.ai_assisted]`
    AiAssistedTable {
        /// Trailers that mark a commit. Default: Assisted-by, AI-Assisted.
        trailers: Vec<String>,
        /// Co-authors that mark a commit, regular expressions.
        co_authors: Vec<String>,
        /// The second review that is needed. Default: none.
        second_review: String,
        /// Invariants that the attestation must name.
        invariants: Vec<String>,
    }
}

/// `[[policy.forbidden]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForbiddenTable {
    /// Its name.
    pub name: String,
    /// A regular expression.
    pub pattern: String,
    /// In which files. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
}

table! {
    /// `[policy.charter]`
    CharterTable {
        /// The charter. Default: CHARTER.md.
        path: String,
        /// The decision log. Default: DECISION_LOG.md.
        decision_log: String,
        /// What marks an amendment. Default: charter-amendment.
        marker: String,
        /// After how many days an open dissent is overdue. Default: 14.
        dissent_days: u64,
    }
}

/// `threshold`: a word, or a number of people
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Threshold {
    /// All, or more than half.
    Word(RuleWord),
    /// So many.
    People(#[schemars(range(min = 1))] u64),
}
table! {
    /// `[policy.ceremony]`
    CeremonyTable {
        /// How many people must authorise. Default: majority.
        threshold: Threshold,
        /// Longest window of a key, in days. Default: 900.
        max_key_days: u32,
        /// How many days ahead to warn. Default: 42.
        warn_days: u32,
    }
}

words! {
    /// `cert_expiry`
    CertExpiry { Warn, Ignore, Enforce }
}
/// One entry of `refuse`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalTable {
    /// md5, sha1, ripemd160, sha224, sha256, sha384, sha512, `rsa<BITS`, rsa, dsa, ecdsa, ed25519
    /// or ed448.
    pub what: String,
    /// From when on. Absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
}
table! {
    /// `[policy.crypto]`
    CryptoTable {
        /// What is refused. An entry replaces the default for the same thing; the other defaults
        /// stay (md5, ripemd160, sha1, rsa<2048, dsa).
        refuse: Vec<RefusalTable>,
        /// What a lapsed certificate means. Default: warn.
        cert_expiry: CertExpiry,
        /// From which epoch on only post-quantum keys count. Default: never.
        post_quantum_from_epoch: u64,
    }
}

table! {
    /// `[policy.clock]`
    ClockTable {
        /// How far dates may differ. Default: 1 day.
        max_skew: String,
    }
}
