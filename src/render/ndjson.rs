//! One JSON document a line, a line a judged commit, in mainline order.

use serde::Serialize;

use super::json::to_line;
use crate::report::{JudgedCommit, Report};

pub(super) fn render(report: &Report) -> Vec<u8> {
    report.commits.iter().flat_map(|commit| to_line(&Line::from(commit))).collect()
}

/// Frozen with `gatecheck-report/1`.
#[derive(Serialize)]
struct Line {
    commit: String,
    kind: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_time: Option<String>,
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
