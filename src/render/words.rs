//! Sentences that several formats for people share.

use super::escape;
use crate::finding::{Finding, Severity};
use crate::model::GateKind;
use crate::report::{AnchorSource, GateReport, Report, Verdict};

/// `1 gate`, `2 gates`.
pub(super) fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// What was judged, in one line.
pub(super) fn title(report: &Report) -> String {
    let project = escape::line(&report.project);
    let project = if project.is_empty() { "a project without a name" } else { &project };
    format!("gatecheck: {project}, {}", tip(report))
}

/// The verdict in one line: the word, then what it rests on.
pub(super) fn verdict(report: &Report) -> String {
    if report.input_unusable {
        return format!(
            "unusable: the anchor or the pinned registry cannot be used, so nothing was proved ({})",
            problems(report)
        );
    }
    let (judged, noun) = judged(report);
    match report.verdict {
        Verdict::Pass => {
            let all = match judged {
                0 => format!("no {noun} was to be judged, and nothing else is wrong"),
                1 => format!("the {noun} that was judged holds"),
                n => format!("all {n} {noun}s hold"),
            };
            match report.counts.warnings {
                0 => format!("pass: {all}"),
                n => format!("pass: {all}; {}", count(n, "warning")),
            }
        }
        Verdict::Refused => match report.counts.refused {
            0 => format!("refused: {}", problems(report)),
            n => format!("refused: {n} of {}; {}", count(judged, noun), problems(report)),
        },
        Verdict::Undecided => match report.counts.undecided {
            0 => format!("undecided: this cannot be told from what is here; {}", problems(report)),
            n => format!(
                "undecided: {n} of {} cannot be told from what is here; {}",
                count(judged, noun),
                problems(report)
            ),
        },
    }
}

fn judged(report: &Report) -> (u64, &'static str) {
    if report.commits_only {
        (report.counts.commits, "commit")
    } else {
        (report.counts.gates, "gate")
    }
}

fn problems(report: &Report) -> String {
    let undecided = number(&report.findings, Severity::Undecided);
    numbers(report.counts.errors, undecided, report.counts.warnings)
}

fn numbers(errors: u64, undecided: u64, warnings: u64) -> String {
    let mut parts = vec![count(errors, "error")];
    if undecided > 0 {
        parts.push(format!("{undecided} undecided"));
    }
    parts.push(count(warnings, "warning"));
    parts.join(", ")
}

fn number(findings: &[Finding], severity: Severity) -> u64 {
    let all = findings.iter().filter(|finding| finding.severity == severity).count();
    u64::try_from(all).unwrap_or(u64::MAX)
}

/// How many findings there are of each severity.
pub(super) fn totals(findings: &[Finding]) -> String {
    let of = |severity| number(findings, severity);
    numbers(of(Severity::Error), of(Severity::Undecided), of(Severity::Warning))
}

/// What the verdict rests on, name by name.
pub(super) fn basis(report: &Report) -> [(&'static str, String); 5] {
    let counts = &report.counts;
    let judged = format!(
        "{}, {}, {}",
        count(counts.gates, "gate"),
        count(counts.commits, "commit"),
        count(counts.signatures, "signature")
    );
    [
        ("judged", judged),
        ("covered", coverage(report)),
        ("registry", registry(report)),
        ("anchor", anchor(report)),
        ("checkpoint", checkpoint(report)),
    ]
}

/// Up to where the history is covered.
pub(super) fn coverage(report: &Report) -> String {
    match report.covered {
        Some(covered) => {
            let commit = covered.commit.short();
            match covered.behind {
                0 => format!("up to epoch {} ({commit}), the tip", covered.epoch),
                n => format!(
                    "up to epoch {} ({commit}); {} beyond it not vouched for yet",
                    covered.epoch,
                    count(n, "commit")
                ),
            }
        }
        None if report.commits_only => "signatures of commits only; no gate was judged".to_owned(),
        None => "by no accepted epoch gate".to_owned(),
    }
}

/// Where trust starts and who said so.
pub(super) fn anchor(report: &Report) -> String {
    let Some(anchor) = &report.anchor else {
        return "none: nothing outside of the repository says where trust starts".to_owned();
    };
    let source = match anchor.source {
        AnchorSource::Flag => "from --anchor",
        AnchorSource::Environment => "from GATECHECK_ANCHOR",
        AnchorSource::Config => "from your git configuration",
        AnchorSource::Event => "from the event of the build service, which is trusted for the past",
        AnchorSource::FirstUse => "taken from the repository itself, on first use: not a proof",
    };
    format!("{} {source}", anchor.commit)
}

/// Whether a checkpoint applies.
pub(super) fn checkpoint(report: &Report) -> String {
    match report.checkpoint {
        Some(checkpoint) => {
            format!("gate {}, registry serial {}", checkpoint.commit.short(), checkpoint.serial)
        }
        None => "none: an old or forked but once valid history would not be noticed".to_owned(),
    }
}

/// The registry that was in force at the end.
pub(super) fn registry(report: &Report) -> String {
    let Some(registry) = &report.registry else { return "none".to_owned() };
    let digest: String = hex::encode(registry.sha256).chars().take(12).collect();
    let from = match (registry.pinned, registry.commit) {
        (true, _) => "pinned with --registry".to_owned(),
        (false, Some(commit)) => format!("in force since {}", commit.short()),
        (false, None) => "from the history".to_owned(),
    };
    format!("serial {}, sha256 {digest}…, {from}", registry.serial)
}

/// What was judged.
pub(super) fn tip(report: &Report) -> String {
    match &report.tip.reference {
        Some(reference) => format!("{} at {}", escape::line(reference), report.tip.commit.short()),
        None => report.tip.commit.to_string(),
    }
}

/// `epoch 7`, `squash big-import`, `ceremony`.
pub(super) fn gate(gate: &GateReport) -> String {
    match (gate.kind, gate.epoch, &gate.name) {
        (GateKind::Epoch, Some(epoch), _) => format!("epoch {epoch}"),
        (GateKind::Squash, _, Some(name)) => format!("squash {}", escape::line(name)),
        (kind, _, _) => kind.name().to_owned(),
    }
}

/// What a finding is about: `epoch 3, commit 0123…`; empty when it is about nothing in particular.
pub(super) fn about(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some(epoch) = finding.epoch {
        parts.push(format!("epoch {epoch}"));
    }
    if let Some(commit) = finding.commit {
        parts.push(format!("commit {commit}"));
    }
    if let Some(tag) = &finding.tag {
        parts.push(format!("tag {}", escape::line(tag)));
    }
    parts.join(", ")
}

/// Text whose parts between backticks are written by `code`, and the others by `plain`; where the
/// backticks do not pair up, all of it is plain.
pub(super) fn with_code(
    text: &str,
    plain: impl Fn(&str) -> String,
    code: impl Fn(&str) -> String,
) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let mut is_code = false;
    let mut out = String::new();
    for part in parts {
        out.push_str(&if is_code { code(part) } else { plain(part) });
        is_code = !is_code;
    }
    out
}

/// Everything that decided, name by name: for formats that list it.
pub(super) fn facts(finding: &Finding) -> Vec<(&'static str, String)> {
    let about = about(finding);
    let dates = match (finding.signature_time, finding.committer_time) {
        (Some(signed), Some(committed)) => Some(format!("signed {signed}, committed {committed}")),
        (Some(signed), None) => Some(format!("signed {signed}")),
        (None, Some(committed)) => Some(format!("committed {committed}")),
        (None, None) => None,
    };
    [
        ("about", (!about.is_empty()).then_some(about)),
        ("reviewer", finding.reviewer_id.as_ref().map(ToString::to_string)),
        ("domain", finding.domain.as_ref().map(ToString::to_string)),
        ("key", finding.fingerprint.map(|key| key.to_string())),
        ("observed", finding.observed.as_deref().map(escape::line)),
        ("required", finding.required.as_deref().map(escape::line)),
        ("dates", dates),
    ]
    .into_iter()
    .filter_map(|(name, text)| text.map(|text| (name, text)))
    .collect()
}
