//! `gatecheck-status/1`: frozen. A change of meaning, name or order needs a `status_v2`.
//!
//! The conventions are those of `gatecheck-report/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::outlook::{Domain, Problem};
use super::v1;

/// How things stand at the tip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck-status/1")]
pub struct Status {
    /// Always `gatecheck-status/1`.
    #[schemars(extend("const" = "gatecheck-status/1"))]
    pub schema: &'static str,
    /// What made this.
    pub tool: v1::Tool,
    /// The project's id; empty where the registry has none.
    pub project: String,
    /// Where trust starts.
    pub anchor: v1::Anchor,
    /// What was looked at.
    pub tip: v1::Tip,
    /// The registry in force.
    pub registry: v1::Registry,
    /// The run's clock.
    pub now: String,
    /// Why this may be otherwise in truth; empty where the history was decided.
    pub open: Vec<Problem>,
    /// The next epoch gate.
    pub next: Next,
    /// Everybody in the registry, by id.
    pub people: Vec<Person>,
    /// Attested dissents that block the next gate.
    pub dissents: Vec<Dissent>,
    /// What runs out within the days that were asked about; null where none were.
    pub due: Option<DueWithin>,
}

/// The next epoch gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Next {
    /// Its epoch.
    pub epoch: u64,
    /// The id of the gate before it, or `none`.
    pub previous_gate: String,
    /// Where its manifest lies.
    pub manifest: String,
    /// How many domains must be signed off: `unanimous`, `majority`, or `at_least`.
    pub rule: &'static str,
    /// The number that belongs to `at_least`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// Counted people in each domain.
    pub per_domain: u64,
    /// Different people over all.
    pub distinct_reviewers: u64,
    /// Whether it could be made now, if everybody who can signs off.
    pub possible_now: bool,
    /// Why not.
    pub missing: Vec<Problem>,
    /// Domains, by id; none where manifests name them.
    pub domains: Vec<Domain>,
}

/// Whether somebody's sign-off would count now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Counts alone.
    Current,
    /// Has missed too much: counts beside somebody who counts alone.
    Stale,
    /// Is new: counts beside somebody who counts alone.
    Newcomer,
}

/// A reviewer, bot or forge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Person {
    /// The id.
    pub reviewer_id: String,
    /// `human`, `bot` or `forge`.
    pub kind: &'static str,
    /// Domains that they may sign off.
    pub domains: Vec<String>,
    /// Whether they hold a key that would count now.
    pub has_usable_key: bool,
    /// What they would be at the next gate, were it made now.
    pub condition: Condition,
    /// Why they need help; null where they need none.
    pub why: Option<String>,
    /// The last epoch taken part in (−1 and below: before the first); null where unknown.
    pub last_epoch: Option<i64>,
    /// The time of it.
    pub last_time: Option<String>,
    /// The last epoch at which they are current.
    pub current_through_epoch: Option<i64>,
    /// The last moment at which they are current.
    pub current_until: Option<String>,
    /// Co-signed gates that a newcomer still lacks.
    pub cosigns_lacking: u64,
    /// Their keys, in the registry's order.
    pub keys: Vec<Key>,
}

/// One entry of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Key {
    /// The key; null for a placeholder.
    pub fingerprint: Option<String>,
    /// `openpgp` or `ssh`.
    pub format: &'static str,
    /// `standing`, or why it was retired.
    pub state: &'static str,
    /// First moment inside the window.
    pub from: String,
    /// First moment outside again; null while open.
    pub until: Option<String>,
    /// Whether a signature made now would count.
    pub usable: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Problem>,
    /// The keys that it covers and that may sign.
    pub signing: Vec<SigningKey>,
}

/// A key that may sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SigningKey {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Algorithm and size, as reports name them.
    pub algorithm: String,
    /// Its strength in words, for people.
    pub strength: &'static str,
    /// Whether a large quantum computer would not break it.
    pub post_quantum: bool,
    /// When its certificate lapses; null for never.
    pub expires: Option<String>,
    /// Cut-offs of `[policy.crypto]`.
    pub cut_offs: Vec<CutOff>,
}

/// A cut-off of `[policy.crypto]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CutOff {
    /// What is refused; `classical` where post-quantum keys are asked for.
    pub what: String,
    /// From this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// From this epoch on. Without either: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_epoch: Option<u64>,
    /// Whether the key counts all the same.
    pub counts: bool,
}

/// An attested dissent that nobody has lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Dissent {
    /// Who dissents.
    pub reviewer_id: String,
    /// The epoch whose gate it blocks.
    pub epoch: u64,
    /// Since when.
    pub since: String,
    /// Whole days since then.
    pub days: u64,
    /// Days after which policy calls it old.
    pub dissent_days: u64,
    /// In their words.
    pub words: String,
    /// The commit that carries it.
    pub commit: Option<String>,
}

/// What runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DueWithin {
    /// The days that were asked about.
    pub days: u32,
    /// The earliest first; what has run out already is among them.
    pub items: Vec<Due>,
}

/// Something that runs out, or has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Due {
    /// `window`, `certificate`, `cut-off`, `refused` (does not count already), `currency`, or `epochs`.
    pub kind: &'static str,
    /// Whose.
    pub reviewer_id: String,
    /// The key, where one runs out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The first moment at which it is over; left out for epochs, which no clock counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}
