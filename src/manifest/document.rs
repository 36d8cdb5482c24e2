//! The manifest's JSON schema, for editors. The reader decides; a test holds the two together.

#![expect(dead_code, reason = "these types only describe the format")]

use schemars::JsonSchema;
use serde_json::Value;

/// Where the schema is kept in gatecheck's own repository.
pub const SCHEMA_PATH: &str = "docs/schema/epoch-manifest.schema.json";

/// The JSON schema of manifests (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null: what may be left out is left out.
fn without_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(fields) => {
            fields.values_mut().for_each(without_null);
            if let Some(kind) = fields.get_mut("type") {
                without_null_type(kind);
            }
            let only = fields.get_mut("anyOf").and_then(Value::as_array_mut).and_then(|choices| {
                choices.retain(|choice| choice.get("type") != Some(&Value::from("null")));
                if choices.len() == 1 { choices.pop() } else { None }
            });
            if let Some(Value::Object(only)) = only {
                fields.remove("anyOf");
                fields.extend(only);
            }
        }
        _ => {}
    }
}

fn without_null_type(kind: &mut Value) {
    let only = kind.as_array_mut().and_then(|kinds| {
        kinds.retain(|kind| *kind != "null");
        if kinds.len() == 1 { kinds.pop() } else { None }
    });
    if let Some(only) = only {
        *kind = only;
    }
}

/// Who vouches for one gate: `epoch-N.toml` or `squash-<name>.toml`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck epoch manifest")]
struct Document {
    /// What the sign-offs are about.
    manifest: Head,
    /// One reviewer's statement for one domain, each.
    #[schemars(length(min = 1))]
    signoffs: Vec<Signoff>,
}

/// What the sign-offs are about.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Head {
    /// N of the file's name. Not in a squash manifest.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    epoch: Option<u64>,
    /// The name in the file's name. Only in a squash manifest.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"))]
    name: Option<String>,
    /// Full id of the last accepted epoch gate, or "none" before the first.
    #[schemars(regex(pattern = r"^(none|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$"))]
    previous_gate: Option<String>,
    /// Full id of the gate commit's tree without the manifests that it adds. This or gate_commit.
    #[schemars(regex(pattern = r"^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$"))]
    subject_tree: Option<String>,
    /// Content digest of that tree, checked when given.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    subject_sha256: Option<String>,
    /// Full id of a commit that was made first and is signed off later. This or subject_tree.
    #[schemars(regex(pattern = r"^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$"))]
    gate_commit: Option<String>,
    /// Why so few people sign off so many domains.
    mv_team_justification: Option<String>,
    /// Full ids of refused commits that this gate has looked into.
    cures: Option<Vec<String>>,
}

/// One reviewer's statement for one domain.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Signoff {
    /// Whose sign-off this is.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,63}$"))]
    reviewer_id: String,
    /// For which domain.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]{0,63}$"))]
    domain: String,
    /// What was looked at: a list, or one string with commas.
    scope: Option<Scope>,
    /// Second reviews that this covers.
    reviews: Option<Vec<String>>,
    /// Items of the epoch checklist that the reviewer has seen done.
    checklist: Option<Vec<String>>,
    /// The manifest's epoch once more.
    epoch: Option<u64>,
    /// The squash gate's name once more.
    name: Option<String>,
    /// When the sign-off was made: a date-time with an offset, to the second.
    timestamp: String,
    /// Anything but blank blocks the gate.
    dissent: Option<String>,
    /// True: not counted. Not signed.
    withdrawn: Option<bool>,
    /// Full id of a signed correction commit for the same epoch: not counted. Not signed.
    superseded_by: Option<String>,
    /// Who wrote the change, where that is not the commits' author.
    authored_by: Option<String>,
    /// The domains that this person signs off together.
    multi_domain_roles: Option<Vec<String>>,
    /// Why one person does.
    multi_domain_justification: Option<String>,
    /// What the reviewer attests of AI-assisted changes.
    ai_attestation: Option<Attestation>,
    /// Armored signature over the statement.
    signature: Option<String>,
}

/// What was looked at.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Scope {
    /// One string, split at commas.
    Text(String),
    /// A list.
    List(Vec<String>),
}

/// What the reviewer attests of AI-assisted changes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Attestation {
    /// The reviewer understood the output.
    understood: Option<bool>,
    /// Invariants that it was checked against.
    invariants: Option<Vec<String>>,
    /// In the reviewer's words.
    statement: Option<String>,
}
