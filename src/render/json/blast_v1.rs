//! `gatecheck-blast-radius/1` and `gatecheck-revocations/1`: frozen. A change of meaning, name or
//! order needs a `blast_v2`.
//!
//! The conventions are those of `gatecheck-report/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::outlook::{Domain, Problem};
use super::v1;

/// What rests on a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck-blast-radius/1")]
pub struct BlastRadius {
    /// Always `gatecheck-blast-radius/1`.
    #[schemars(extend("const" = "gatecheck-blast-radius/1"))]
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
    /// The key that was asked about.
    pub key: String,
    /// The registry entry that covers it; null where the registry in force has none.
    pub entry: Option<String>,
    /// Whose it is; null where the registry in force does not say.
    pub owner: Option<String>,
    /// The last mainline commit at which the key is known good; null for none.
    pub from: Option<String>,
    /// Why this may be otherwise in truth; empty where the history was decided.
    pub open: Vec<Problem>,
    /// Everything accepted that rests on the key, in mainline order.
    pub items: Vec<Item>,
    /// Tags that the key signed, or that stand for a gate in doubt, by name.
    pub tags: Vec<Tag>,
    /// What has to be attested again.
    pub reattest: Reattest,
    /// What to type, in this order.
    pub commands: Vec<String>,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A gate of an epoch.
    Epoch,
    /// A squash gate.
    Squash,
    /// A ceremony.
    Ceremony,
    /// A re-attestation.
    Reattestation,
    /// A tag (in a list of revocations).
    Tag,
}

/// One thing that rests on the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// The gate's id; for a re-attestation that of the gate that it is about.
    pub commit: String,
    /// The mainline commit that carries the signatures.
    pub carrier: String,
    /// Its epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// What `gatecheck verify` says of it now; null for a re-attestation.
    pub verdict: Option<v1::Verdict>,
    /// Whether it would stand without what the key signed, by the rules that it was judged by.
    pub verdict_without: v1::Verdict,
    /// What would be missing.
    pub missing: Vec<Problem>,
    /// The signatures in doubt.
    pub signatures: Vec<Signature>,
    /// Registry entries that a ceremony in doubt brought.
    pub brought: Vec<Entry>,
    /// What changed under it since the gate before; null where there is nothing to compare.
    pub changed: Option<Changed>,
}

/// What was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signed {
    /// The commit itself.
    Commit,
    /// A sign-off.
    Signoff,
    /// An approval of the ceremony.
    Approval,
    /// A proof of possession.
    Possession,
}

/// One signature that is in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Signature {
    /// What was signed.
    pub signed: Signed,
    /// The domain, for a sign-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Whose it is.
    pub reviewer_id: String,
    /// The key that verified it.
    pub fingerprint: String,
    /// The primary key that it belongs to.
    pub primary: String,
    /// When.
    pub time: String,
    /// Where the key came with a ceremony in doubt: that ceremony.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brought_by: Option<String>,
}

/// A registry entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Entry {
    /// The key.
    pub fingerprint: String,
    /// Whose.
    pub reviewer_id: String,
}

/// Paths that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Changed {
    /// How many.
    pub count: u64,
    /// The first of them, at most 20.
    pub paths: Vec<String>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Tag {
    /// The full ref name.
    pub name: String,
    /// The commit that it stands for; null where it stands for none.
    pub commit: Option<String>,
    /// Whether a key in doubt signed the tag itself.
    pub signed: bool,
    /// Whether the commit is a gate in doubt.
    pub points_at_doubt: bool,
}

/// What has to be attested again, and who could do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Reattest {
    /// Gates, the oldest first.
    pub epochs: Vec<Epoch>,
    /// Who could sign off now without any key in doubt.
    pub domains: Vec<Domain>,
}

/// The gate of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Epoch {
    /// Its number.
    pub epoch: u64,
    /// The gate's id.
    pub commit: String,
}

/// What nobody should rely on until the doubt is settled, for those who consume releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck-revocations/1")]
pub struct Revocations {
    /// Always `gatecheck-revocations/1`.
    #[schemars(extend("const" = "gatecheck-revocations/1"))]
    pub schema: &'static str,
    /// The project's id; empty where the registry has none.
    pub project: String,
    /// The commit up to which the history was read.
    pub tip: String,
    /// The key in doubt.
    pub key: String,
    /// The last mainline commit at which it is known good; null for none.
    pub from: Option<String>,
    /// Gates and ceremonies in mainline order, then tags by name.
    pub list: Vec<Revocation>,
}

/// One thing not to rely on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Revocation {
    /// What it is.
    pub kind: Kind,
    /// Its commit; null for a tag that stands for no commit.
    pub commit: Option<String>,
    /// Its epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// The full ref name, for a tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Whether it stands without what the key signed: `pass` where others suffice.
    pub verdict_without: v1::Verdict,
}
