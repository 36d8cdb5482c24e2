//! What a report says of a mainline that is gone.

use crate::finding::{Finding, Severity};
use crate::model::{ObjectFormat, Oid};
use crate::report::{Anchor, Counts, Report, Tip, Verdict};

/// The report of a branch that was deleted: its tip is what stood there (zeros where nobody says),
/// no commit was judged, and the finding says the rest.
#[must_use]
pub fn gone(
    (reference, stood): (&str, Option<Oid>),
    object_format: ObjectFormat,
    (anchor, project): (Option<Anchor>, String),
    finding: Finding,
) -> Report {
    let commit = stood.unwrap_or_else(|| Oid::zero(object_format));
    let errors = u64::from(finding.severity == Severity::Error);
    Report {
        verdict: Verdict::of([finding.severity]),
        input_unusable: false,
        anchor,
        tip: Tip { reference: Some(reference.to_owned()), commit },
        object_format,
        project,
        registry: None,
        covered: None,
        checkpoint: None,
        commits_only: false,
        counts: Counts { errors, ..Counts::default() },
        gates: Vec::new(),
        findings: vec![finding],
        commits: Vec::new(),
        keys: Vec::new(),
    }
}
