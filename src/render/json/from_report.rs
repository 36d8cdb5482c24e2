//! From the report to the frozen shapes of [`super::v1`].

use super::v1;
use crate::finding::{self, Severity};
use crate::model::{GateKind, ObjectFormat};
use crate::render::escape::visible;
use crate::report::{self, AnchorSource};

impl v1::Report {
    /// The report of this version of the program.
    #[must_use]
    pub fn new(report: &report::Report, tool_version: &str) -> Self {
        Self {
            schema: "gatecheck-report/1",
            tool: v1::Tool { name: "gatecheck", version: visible(tool_version) },
            verdict: report.verdict.into(),
            anchor: report.anchor.as_ref().map(Into::into),
            tip: (&report.tip).into(),
            object_format: report.object_format.into(),
            project: visible(&report.project),
            registry: report.registry.as_ref().map(Into::into),
            covered: report.covered.as_ref().map(Into::into),
            checkpoint: report.checkpoint.as_ref().map(Into::into),
            counts: (&report.counts).into(),
            gates: report.gates.iter().map(Into::into).collect(),
            findings: report.findings.iter().map(Into::into).collect(),
        }
    }
}

/// As made by this build of the library.
impl From<&report::Report> for v1::Report {
    fn from(report: &report::Report) -> Self {
        Self::new(report, env!("CARGO_PKG_VERSION"))
    }
}

impl From<report::Verdict> for v1::Verdict {
    fn from(verdict: report::Verdict) -> Self {
        match verdict {
            report::Verdict::Pass => Self::Pass,
            report::Verdict::Undecided => Self::Undecided,
            report::Verdict::Refused => Self::Refused,
        }
    }
}

impl From<&report::Anchor> for v1::Anchor {
    fn from(anchor: &report::Anchor) -> Self {
        Self {
            commit: anchor.commit.to_string(),
            source: match anchor.source {
                AnchorSource::Flag => v1::AnchorSource::Flag,
                AnchorSource::Environment => v1::AnchorSource::Environment,
                AnchorSource::Config => v1::AnchorSource::Config,
                AnchorSource::Event => v1::AnchorSource::Event,
                AnchorSource::FirstUse => v1::AnchorSource::TrustOnFirstUse,
            },
        }
    }
}

impl From<&report::Tip> for v1::Tip {
    fn from(tip: &report::Tip) -> Self {
        Self { reference: tip.reference.as_deref().map(visible), commit: tip.commit.to_string() }
    }
}

impl From<ObjectFormat> for v1::ObjectFormat {
    fn from(format: ObjectFormat) -> Self {
        match format {
            ObjectFormat::Sha1 => Self::Sha1,
            ObjectFormat::Sha256 => Self::Sha256,
        }
    }
}

impl From<&report::RegistryInForce> for v1::Registry {
    fn from(registry: &report::RegistryInForce) -> Self {
        Self {
            serial: registry.serial,
            sha256: hex::encode(registry.sha256),
            commit: registry.commit.map(|id| id.to_string()),
            source: if registry.pinned {
                v1::RegistrySource::Pinned
            } else {
                v1::RegistrySource::History
            },
        }
    }
}

impl From<&report::Covered> for v1::Covered {
    fn from(covered: &report::Covered) -> Self {
        Self { commit: covered.commit.to_string(), epoch: covered.epoch, behind: covered.behind }
    }
}

impl From<&report::Checkpoint> for v1::Checkpoint {
    fn from(checkpoint: &report::Checkpoint) -> Self {
        Self { commit: checkpoint.commit.to_string(), serial: checkpoint.serial }
    }
}

impl From<&report::Counts> for v1::Counts {
    fn from(counts: &report::Counts) -> Self {
        Self {
            commits: counts.commits,
            signatures: counts.signatures,
            gates: counts.gates,
            refused: counts.refused,
            undecided: counts.undecided,
            errors: counts.errors,
            warnings: counts.warnings,
        }
    }
}

impl From<&report::GateReport> for v1::Gate {
    fn from(gate: &report::GateReport) -> Self {
        Self {
            kind: match gate.kind {
                GateKind::Epoch => v1::GateKind::Epoch,
                GateKind::Squash => v1::GateKind::Squash,
                GateKind::Ceremony => v1::GateKind::Ceremony,
            },
            epoch: gate.epoch,
            commit: gate.commit.to_string(),
            verdict: gate.verdict.into(),
            subject: gate.subject.map(|id| id.to_string()),
            signer: gate.signer.as_ref().map(Into::into),
            signature_time: gate.signature_time.map(|time| time.to_string()),
            committer_time: gate.committer_time.map(|time| time.to_string()),
            signoffs: gate.signoffs.iter().map(Into::into).collect(),
        }
    }
}

impl From<&report::Signer> for v1::Signer {
    fn from(signer: &report::Signer) -> Self {
        Self {
            reviewer_id: signer.reviewer_id.to_string(),
            fingerprint: signer.fingerprint.to_string(),
            primary: signer.primary.to_string(),
        }
    }
}

impl From<&report::SignoffReport> for v1::Signoff {
    fn from(signoff: &report::SignoffReport) -> Self {
        Self {
            reviewer_id: signoff.reviewer_id.to_string(),
            domain: signoff.domain.to_string(),
            attested: signoff.attested,
            counted: signoff.counted,
            why: signoff.why.as_deref().map(visible),
            fingerprint: signoff.fingerprint.map(|key| key.to_string()),
            timestamp: signoff.timestamp.to_string(),
        }
    }
}

impl From<Severity> for v1::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Warning => Self::Warning,
            Severity::Undecided => Self::Undecided,
            Severity::Error => Self::Error,
        }
    }
}

impl From<&finding::Finding> for v1::Finding {
    fn from(finding: &finding::Finding) -> Self {
        Self {
            code: finding.code.name(),
            severity: finding.severity.into(),
            message: visible(&finding.message),
            help: visible(&finding.help),
            commit: finding.commit.map(|id| id.to_string()),
            tag: finding.tag.as_deref().map(visible),
            epoch: finding.epoch,
            reviewer_id: finding.reviewer_id.as_ref().map(ToString::to_string),
            domain: finding.domain.as_ref().map(ToString::to_string),
            fingerprint: finding.fingerprint.map(|key| key.to_string()),
            observed: finding.observed.as_deref().map(visible),
            required: finding.required.as_deref().map(visible),
            signature_time: finding.signature_time.map(|time| time.to_string()),
            committer_time: finding.committer_time.map(|time| time.to_string()),
            places: finding.places.iter().map(Into::into).collect(),
        }
    }
}

impl From<&finding::Place> for v1::Place {
    fn from(place: &finding::Place) -> Self {
        Self {
            path: visible(&place.path),
            commit: place.commit.map(|id| id.to_string()),
            line: place.spot.line,
            column: place.spot.column,
            label: visible(&place.label),
        }
    }
}
