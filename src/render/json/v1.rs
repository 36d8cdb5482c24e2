//! `gatecheck-report/1`: frozen. A change of meaning, name or order needs a `v2`.
//!
//! Optional fields that are absent are left out; fields that may be `null` are always there.
//! Times are RFC 3339 UTC to the second, ids are given in full and in lower case. Control
//! characters, line ends and invisible characters inside strings stand as visible escapes
//! (`\u{1b}` as six characters of text).

use schemars::JsonSchema;
use serde::Serialize;

/// The report of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "gatecheck-report/1")]
pub struct Report {
    /// Always `gatecheck-report/1`.
    #[schemars(extend("const" = "gatecheck-report/1"))]
    pub schema: &'static str,
    /// What made the report.
    pub tool: Tool,
    /// The answer over all.
    pub verdict: Verdict,
    /// Where trust starts; null without an anchor.
    pub anchor: Option<Anchor>,
    /// What was judged.
    pub tip: Tip,
    /// The repository's object format.
    pub object_format: ObjectFormat,
    /// The project's id; empty where the registry has none.
    pub project: String,
    /// The registry in force at the tip; null where there is none.
    pub registry: Option<Registry>,
    /// Up to where accepted epoch gates cover the mainline; null where none does.
    pub covered: Option<Covered>,
    /// The checkpoint that applies; null without one.
    pub checkpoint: Option<Checkpoint>,
    /// Numbers.
    pub counts: Counts,
    /// Gates in mainline order.
    pub gates: Vec<Gate>,
    /// Findings in mainline order.
    pub findings: Vec<Finding>,
}

/// The program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Tool {
    /// `gatecheck`.
    pub name: &'static str,
    /// Its version.
    pub version: String,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything that was judged holds.
    Pass,
    /// Something is refused.
    Refused,
    /// It cannot be told; nothing was refused.
    Undecided,
}

/// Where trust starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Anchor {
    /// The commit.
    pub commit: String,
    /// Who named it.
    pub source: AnchorSource,
}

/// Who named the anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnchorSource {
    /// `--anchor`.
    Flag,
    /// `GATECHECK_ANCHOR`.
    Environment,
    /// The user's or the system's git configuration.
    Config,
    /// The event of the build service.
    Event,
    /// Nobody.
    TrustOnFirstUse,
}

/// What was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Tip {
    /// The ref; null where the tip was named by its id.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The commit.
    pub commit: String,
}

/// How a repository names its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ObjectFormat {
    /// 40 hexadecimal digits.
    Sha1,
    /// 64 hexadecimal digits.
    Sha256,
}

/// The registry in force at the tip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Registry {
    /// Its serial.
    pub serial: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// The mainline commit that brought it; null for a pinned file.
    pub commit: Option<String>,
    /// Where it comes from.
    pub source: RegistrySource,
}

/// Where the registry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistrySource {
    /// From the judged history.
    History,
    /// From a file that the verifier pinned.
    Pinned,
}

/// Up to where the mainline is covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Covered {
    /// The last accepted epoch gate.
    pub commit: String,
    /// Its epoch.
    pub epoch: u64,
    /// Mainline commits beyond it.
    pub behind: u64,
}

/// A gate and serial that an earlier run accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Checkpoint {
    /// The gate.
    pub commit: String,
    /// The registry's serial then.
    pub serial: u64,
}

/// Numbers over the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Counts {
    /// Commits walked.
    pub commits: u64,
    /// Signatures looked at.
    pub signatures: u64,
    /// Gates judged.
    pub gates: u64,
    /// Gates (commit by commit: commits) refused.
    pub refused: u64,
    /// Gates (or commits) undecided.
    pub undecided: u64,
    /// Findings that are errors.
    pub errors: u64,
    /// Findings that are warnings.
    pub warnings: u64,
}

/// One gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gate {
    /// Which kind.
    pub kind: GateKind,
    /// Its epoch; only for an epoch gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub epoch: Option<u64>,
    /// The gate's id.
    pub commit: String,
    /// The answer for this gate.
    pub verdict: Verdict,
    /// The tree or commit that its sign-offs are bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub subject: Option<String>,
    /// Who signed the commit; null where that is not known.
    pub signer: Option<Signer>,
    /// When the commit's signature says it was made; null where there is none.
    pub signature_time: Option<String>,
    /// The commit's committer date; null where it cannot be read.
    pub committer_time: Option<String>,
    /// Its sign-offs in the order of the manifest.
    pub signoffs: Vec<Signoff>,
}

/// The kinds of gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GateKind {
    /// Adds an epoch manifest.
    Epoch,
    /// Adds a squash manifest.
    Squash,
    /// Changes the registry.
    Ceremony,
}

/// Who signed a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Signer {
    /// Whose key it is.
    pub reviewer_id: String,
    /// The key.
    pub fingerprint: String,
    /// Its primary key.
    pub primary: String,
}

/// One sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Signoff {
    /// Whose it says it is.
    pub reviewer_id: String,
    /// For which domain.
    pub domain: String,
    /// The reviewer's own key signed it.
    pub attested: bool,
    /// It counts for the quorum.
    pub counted: bool,
    /// Why it is not attested or does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub why: Option<String>,
    /// The key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub fingerprint: Option<String>,
    /// When the reviewer says it was made.
    pub timestamp: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Refused.
    Error,
    /// Does not change the verdict.
    Warning,
    /// It cannot be told: never a pass.
    Undecided,
    /// Worth knowing.
    Note,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// Stable name; `gatecheck explain CODE` tells about it.
    pub code: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub help: String,
    /// The judged commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub commit: Option<String>,
    /// The judged tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub tag: Option<String>,
    /// The epoch of the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub epoch: Option<u64>,
    /// Whose key or sign-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub reviewer_id: Option<String>,
    /// Which domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub domain: Option<String>,
    /// Which key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub fingerprint: Option<String>,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub observed: Option<String>,
    /// What was needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub required: Option<String>,
    /// When the signature says it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub signature_time: Option<String>,
    /// The commit's committer date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub committer_time: Option<String>,
    /// The lines that decided: the offence first.
    pub places: Vec<Place>,
}

/// A line of a file that decided something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Place {
    /// The file's path.
    pub path: String,
    /// In whose tree; absent for a file outside of history.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub commit: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What the line has to do with the finding.
    pub label: String,
}
