//! One JSON document a line, a line a judged commit, in mainline order.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::to_line;
use crate::report::{JudgedCommit, Report};

pub(super) fn render(report: &Report) -> Vec<u8> {
    report.commits.iter().flat_map(|commit| to_line(&Line::from(commit))).collect()
}

/// What was judged of one commit. Frozen with `gatecheck-report/1`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "a line of --format ndjson")]
pub(super) struct Line {
    /// The commit's id, in full.
    commit: String,
    /// `epoch`, `squash`, `ceremony` or `ordinary`; several are joined with `+`.
    kind: String,
    /// Whether it holds.
    #[schemars(extend("enum" = ["pass", "refused", "undecided"]))]
    verdict: &'static str,
    /// The worst finding's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Who signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewer_id: Option<String>,
    /// The key that verified the signature, registered or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    /// The primary key that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<String>,
    /// When the signature says that it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_time: Option<String>,
    /// When it was committed, as the commit says; null where that cannot be read.
    committer_time: Option<String>,
}

impl From<&JudgedCommit> for Line {
    fn from(judged: &JudgedCommit) -> Self {
        let signer = judged.signer.as_ref();
        let fingerprint = judged.fingerprint.or_else(|| signer.map(|signer| signer.fingerprint));
        Self {
            commit: judged.commit.to_string(),
            kind: super::escape::visible(&judged.kind),
            verdict: judged.verdict.name(),
            code: judged.code.map(crate::finding::Code::name),
            reviewer_id: signer.map(|signer| signer.reviewer_id.to_string()),
            fingerprint: fingerprint.map(|key| key.to_string()),
            primary: signer.map(|signer| signer.primary.to_string()),
            signature_time: judged.signature_time.map(|time| time.to_string()),
            committer_time: judged.committer_time.map(|time| time.to_string()),
        }
    }
}
