//! The record's JSON schema, for editors. The reader decides; a test holds the two together.

#![expect(dead_code, reason = "these types only describe the format")]

use schemars::JsonSchema;
use serde_json::Value;

/// Where the schema is kept in gatecheck's own repository.
pub const SCHEMA_PATH: &str = "docs/schema/ceremony-record.schema.json";

/// The JSON schema of ceremony records (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// How the registry was changed, and who approved it: `keys/ceremonies/NNNN-<kind>.toml`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck ceremony record")]
struct Document {
    /// From which registry to which, and why.
    ceremony: Ceremony,
    /// Every key file that is added or changed.
    #[schemars(default)]
    files: Vec<File>,
    /// Who approved it, one signature each.
    #[schemars(default)]
    approvals: Vec<Approval>,
}

/// From which registry to which, and why.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Ceremony {
    /// The new registry's serial: NNNN of the file's name.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    serial: u64,
    /// What it is for: the word of the file's name.
    kind: Kind,
    /// SHA-256 of the registry before; zeros for the first one.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    previous_registry_sha256: String,
    /// SHA-256 of the registry after.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    registry_sha256: String,
    /// Full id of the mainline tip that it was prepared on.
    #[schemars(regex(pattern = r"^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$"))]
    parent: String,
    /// Why.
    #[schemars(default)]
    reason: String,
    /// FILE#heading in the decision log: for compromise, override and requalify.
    #[schemars(default)]
    charter_ack: String,
    /// Who watched, in free words. Not signed.
    #[schemars(default)]
    witnesses: Vec<String>,
    /// Whom or what it concerns. override: "epoch-7:clancy"; requalify: reviewer ids.
    #[schemars(default)]
    concerns: Vec<String>,
    /// Paths of key files taken away.
    #[schemars(default)]
    removed: Vec<String>,
}

/// What a ceremony is for.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Kind {
    Genesis,
    Enroll,
    Rotate,
    Retire,
    Compromise,
    Amend,
    Requalify,
    Override,
}

/// One key file.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct File {
    /// Its path, below keys/.
    #[schemars(regex(pattern = r"^keys/."))]
    path: String,
    /// SHA-256 of its bytes.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    sha256: String,
}

/// One person's approval with one key.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Approval {
    /// As what.
    role: Role,
    /// Whose it is.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,63}$"))]
    reviewer_id: String,
    /// The key that signed, in full.
    fingerprint: String,
    /// When it was made: a date-time with an offset, to the second.
    timestamp: String,
    /// Armored signature over the statement.
    #[schemars(default)]
    signature: String,
}

/// As what somebody approves.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Role {
    /// With a key of the registry before: counts towards the threshold.
    Authorise,
    /// With a key that the ceremony brings: its owner holds it.
    Possession,
    /// Was there; counts for nothing.
    Witness,
}
