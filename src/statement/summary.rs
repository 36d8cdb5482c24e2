//! A verdict as others read it: an in-toto Statement v1 whose predicate is a SLSA Verification
//! Summary (<https://slsa.dev/spec/v1.1/verification_summary>).
//!
//! It is written in canonical form and read in no other: what is read is written again, and the
//! bytes must be the same. So whatever they do not say, a reader cannot be led to believe.

use serde::{Deserialize, Serialize};

use super::document::{NoStatement, STATEMENT_TYPE, Statement, exact};
use crate::model::registry::REGISTRY_PATH;
use crate::model::{ObjectFormat, Oid, Time};

/// `predicateType` of a verdict.
pub const SUMMARY_PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// Every gate that was judged holds.
pub const LEVEL_GATES: &str = "GATECHECK_GATES_PASSED";
/// No mainline commit lies beyond the last accepted gate.
pub const LEVEL_COVERED: &str = "GATECHECK_TIP_COVERED";
/// The signature of every commit between anchor and tip was judged as well.
pub const LEVEL_EVERY_COMMIT: &str = "GATECHECK_EVERY_COMMIT_SIGNED";

/// Bytes of one URI.
const URI_BYTES: usize = 2_048;

/// A verdict of `pass`, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Who verified: a URI.
    pub verifier: String,
    /// The version of gatecheck.
    pub version: String,
    /// The run's clock.
    pub time: Time,
    /// What was judged, without scheme prefix and ref: a URI.
    pub resource: String,
    /// The full name of the ref that was judged, or the commit's id.
    pub reference: String,
    /// The project's id.
    pub project: String,
    /// Where trust started.
    pub anchor: Oid,
    /// Whether nobody had pinned it.
    pub first_use: bool,
    /// The judged commit.
    pub tip: Oid,
    /// The last accepted epoch gate and its epoch.
    pub gate: Option<(u64, Oid)>,
    /// No mainline commit lies beyond that gate.
    pub covered: bool,
    /// Every commit's signature was judged.
    pub every_commit: bool,
    /// Serial of the registry in force at the tip.
    pub registry_serial: u64,
    /// SHA-256 of its bytes.
    pub registry_sha256: [u8; 32],
    /// The mainline commit that brought it.
    pub registry_commit: Oid,
}

/// Why bytes are no summary of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASummary {
    /// Not the JSON of such a statement: another type, a field too many, twice, or missing.
    #[error("it is no verification summary of gatecheck's: {0}")]
    Form(String),
    /// A value that a summary cannot hold.
    #[error("its {0} is not one that gatecheck writes")]
    Value(&'static str),
    /// The same values in other bytes.
    #[error("it is not in the canonical form")]
    NotCanonical,
}

/// What stands for a project where no URI was given.
#[must_use]
pub fn project_resource(project: &str) -> String {
    format!("urn:x-gatecheck:project:{project}")
}

/// Whether a text can stand where a URI is asked for: a scheme, then printable ASCII without `#`,
/// quotes and brackets, at most 2,048 bytes. Scheme and authority are in lower case, as in-toto
/// asks (RFC 3986, 6.2.2.1).
#[must_use]
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let authority = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next());
    let mut letters = scheme.bytes();
    text.len() <= URI_BYTES
        && !rest.is_empty()
        && letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'))
        && !authority.unwrap_or_default().contains(|c: char| c.is_ascii_uppercase())
        && unescaped(rest).is_some()
        && rest.bytes().all(|b| {
            b.is_ascii_graphic()
                && !matches!(
                    b,
                    b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
                )
        })
}

/// What a URI says for a ref, whose name may hold nearly any character.
fn escaped(reference: &str) -> String {
    let mut text = String::new();
    for byte in reference.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(byte)),
            // What a path is made of besides.
            _ if b"-._~/!$&'()*+,;=:@".contains(&byte) => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The bytes that a text with `%` and two digits stands for; `None` where they are not two.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.extend(hex::decode(digits).ok()?);
        bytes.extend(rest.as_bytes());
    }
    Some(bytes)
}

/// The statement of a verdict.
///
/// # Errors
/// Says why there is none: a number that JSON does not carry.
pub fn summary_statement(summary: &Summary) -> Result<Statement, NoStatement> {
    let base = format!("git+{}", summary.resource);
    let mut subject = vec![Subject::of("tip", summary.tip)];
    subject.extend(summary.gate.map(|(_, gate)| Subject::of("gate", gate)));
    let mut levels = vec![LEVEL_GATES.to_owned()];
    levels.extend(summary.covered.then(|| LEVEL_COVERED.to_owned()));
    levels.extend(summary.every_commit.then(|| LEVEL_EVERY_COMMIT.to_owned()));
    Statement::of(&Vsa {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject,
        predicate_type: SUMMARY_PREDICATE_TYPE.to_owned(),
        predicate: Predicate {
            verifier: Verifier {
                id: summary.verifier.clone(),
                version: Version { gatecheck: summary.version.clone() },
            },
            time_verified: summary.time.to_string(),
            resource_uri: format!("{base}@{}", escaped(&summary.reference)),
            policy: Policy {
                uri: format!("{base}@{}#{REGISTRY_PATH}", summary.registry_commit),
                digest: Sha256 { sha256: hex::encode(summary.registry_sha256) },
            },
            verification_result: PASSED.to_owned(),
            verified_levels: levels,
            judged: Judged {
                anchor: summary.anchor.to_string(),
                trust_on_first_use: summary.first_use,
                epoch: summary.gate.map(|(epoch, _)| exact(epoch)).transpose()?,
                project: summary.project.clone(),
                registry_serial: exact(summary.registry_serial)?,
            },
        },
    })
}

/// Reads the statement of a verdict. The caller has bounded its length.
///
/// # Errors
/// See [`NotASummary`]; its words are inert but for what [`crate::model::text::shown`] escapes.
pub fn read_summary(bytes: &[u8]) -> Result<Summary, NotASummary> {
    let read: Vsa =
        serde_json::from_slice(bytes).map_err(|error| NotASummary::Form(error.to_string()))?;
    if read.statement_type != STATEMENT_TYPE {
        return Err(NotASummary::Value("_type"));
    }
    if read.predicate_type != SUMMARY_PREDICATE_TYPE {
        return Err(NotASummary::Value("predicateType"));
    }
    let summary = summary_of(&read).map_err(NotASummary::Value)?;
    // Fields that do not agree with one another come out here as well.
    let again = summary_statement(&summary).map_err(|_| NotASummary::Value("epoch or serial"))?;
    if again.json().as_bytes() != bytes {
        return Err(NotASummary::NotCanonical);
    }
    Ok(summary)
}

fn summary_of(read: &Vsa) -> Result<Summary, &'static str> {
    let predicate = &read.predicate;
    if predicate.verification_result != PASSED {
        return Err("verificationResult");
    }
    let tip = read.subject.first().and_then(Subject::oid).ok_or("subject")?;
    let gate = match (read.subject.get(1), predicate.judged.epoch) {
        (None, None) => None,
        (Some(subject), Some(epoch)) => Some((epoch, subject.oid().ok_or("subject")?)),
        _ => return Err("epoch"),
    };
    let anchor = Oid::from_hex(&predicate.judged.anchor).ok_or("anchor")?;
    let policy = predicate.policy.uri.strip_prefix("git+").ok_or("policy")?;
    let policy = policy.strip_suffix(REGISTRY_PATH).and_then(|p| p.strip_suffix('#'));
    let (resource, commit) = policy.and_then(|p| p.rsplit_once('@')).ok_or("policy")?;
    let registry_commit = Oid::from_hex(commit).ok_or("policy")?;
    let uri = predicate.resource_uri.strip_prefix("git+").ok_or("resourceUri")?;
    let reference = uri.strip_prefix(resource).and_then(|rest| rest.strip_prefix('@'));
    let reference = reference.and_then(unescaped).and_then(|name| String::from_utf8(name).ok());
    let reference = reference.ok_or("resourceUri")?;
    let format: ObjectFormat = tip.format();
    let gate_oid = gate.map(|(_, oid)| oid);
    let all = [Some(anchor), Some(registry_commit), gate_oid];
    if all.into_iter().flatten().any(|oid| oid.format() != format) {
        return Err("mixture of object formats");
    }
    if !is_uri(resource) || !is_uri(&predicate.verifier.id) {
        return Err("resourceUri or verifier");
    }
    let mut sha256 = [0; 32];
    hex::decode_to_slice(&predicate.policy.digest.sha256, &mut sha256).map_err(|_| "policy")?;
    let has = |level: &str| predicate.verified_levels.iter().any(|stated| stated == level);
    Ok(Summary {
        verifier: predicate.verifier.id.clone(),
        version: predicate.verifier.version.gatecheck.clone(),
        time: Time::parse(&predicate.time_verified).map_err(|_| "timeVerified")?,
        resource: resource.to_owned(),
        reference,
        project: predicate.judged.project.clone(),
        anchor,
        first_use: predicate.judged.trust_on_first_use,
        tip,
        gate,
        covered: has(LEVEL_COVERED),
        every_commit: has(LEVEL_EVERY_COMMIT),
        registry_serial: predicate.judged.registry_serial,
        registry_sha256: sha256,
        registry_commit,
    })
}

const PASSED: &str = "PASSED";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vsa {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: GitCommit,
}

impl Subject {
    fn of(name: &str, commit: Oid) -> Self {
        Self { name: name.to_owned(), digest: GitCommit { git_commit: commit.to_string() } }
    }

    fn oid(&self) -> Option<Oid> {
        Oid::from_hex(&self.digest.git_commit)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GitCommit {
    #[serde(rename = "gitCommit")]
    git_commit: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Predicate {
    verifier: Verifier,
    time_verified: String,
    resource_uri: String,
    policy: Policy,
    verification_result: String,
    verified_levels: Vec<String>,
    /// Fields of one's own carry a URI for a name (in-toto, parsing rules).
    #[serde(rename = "urn:x-gatecheck:summary:v1")]
    judged: Judged,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verifier {
    id: String,
    version: Version,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    gatecheck: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    uri: String,
    digest: Sha256,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Judged {
    anchor: String,
    epoch: Option<u64>,
    project: String,
    registry_serial: u64,
    trust_on_first_use: bool,
}
