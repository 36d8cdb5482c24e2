//! The summary of a step: verdict, gates, findings, as GitHub-flavoured Markdown.

mod text;

use self::text::{prose, text};
use super::rows::{Row, within};
use super::{escape, words};
use crate::finding::{Finding, Severity};
use crate::report::{GateReport, Report, Verdict};

/// Bytes of the whole document. A step may write 1 MiB, and other tools write to the same summary.
const MOST_BYTES: usize = 900 << 10;
/// Bytes of the table of gates.
const MOST_GATE_BYTES: usize = 300 << 10;
/// Bytes kept free for the lines that say what was left out.
const CLOSING_BYTES: usize = 1 << 10;
/// Characters of one text in a cell.
const MOST_CHARS: usize = 1_000;
/// Places of one finding.
const MOST_PLACES: usize = 8;
/// Sign-offs of one gate that do not count.
const MOST_SIGNOFFS: usize = 6;

pub(super) fn render(report: &Report) -> String {
    let mut out = head(report);
    if !report.gates.is_empty() {
        out.push_str("\n### Gates\n\n| verdict | gate | commit | date | signed by | sign-offs |\n|---|---|---|---|---|---|\n");
        let rows = Row::of(&report.gates);
        let (rows, more) = within(rows.into_iter().map(gate_row), MOST_GATE_BYTES);
        out.push_str(&rows);
        out.push_str(&left_out(more, "gate"));
    }
    if !report.findings.is_empty() {
        out.push_str("\n### Findings\n\n| severity | code | what | about |\n|---|---|---|---|\n");
        let room = MOST_BYTES.saturating_sub(CLOSING_BYTES).saturating_sub(out.len());
        let rows = report.worst_first().into_iter().map(finding_row);
        let (rows, more) = within(rows, room);
        out.push_str(&rows);
        out.push_str(&left_out(more, "finding"));
    }
    out
}

fn head(report: &Report) -> String {
    let word = if report.input_unusable { "unusable input" } else { report.verdict.name() };
    let mut out = format!(
        "## gatecheck: {word}\n\n**{}**\n\n| | |\n|---|---|\n",
        prose(&words::verdict(report))
    );
    let project = escape::line_up_to(&report.project, MOST_CHARS);
    for (name, value) in
        [("project", project), ("tip", escape::line_up_to(&words::tip(report), MOST_CHARS))]
            .into_iter()
            .chain(words::basis(report))
    {
        out.push_str(&format!("| {name} | {} |\n", text(&value)));
    }
    out
}

fn left_out(more: usize, noun: &str) -> String {
    if more == 0 {
        return String::new();
    }
    let rows = words::count(u64::try_from(more).unwrap_or(u64::MAX), &format!("more {noun} row"));
    format!("\n…and {rows}; `gatecheck --format json` has all of them.\n")
}

const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✅ pass",
        Verdict::Undecided => "❓ undecided",
        Verdict::Refused => "❌ refused",
    }
}

fn gate_row(row: Row<'_>) -> String {
    let name = text(&escape::line_up_to(&row.name(), MOST_CHARS));
    let cells = match row {
        Row::Fold(gates) => {
            [String::new(), String::new(), String::new(), format!("{} gates in a row", gates.len())]
        }
        Row::One(gate) => [
            format!("`{}`", gate.commit.short()),
            gate.committer_time.map(crate::model::Time::date).unwrap_or_default(),
            gate.signer.as_ref().map_or_else(
                || "nobody known".to_owned(),
                |signer| text(signer.reviewer_id.as_str()),
            ),
            signoffs(gate),
        ],
    };
    let verdict = match row {
        Row::Fold(_) => Verdict::Pass,
        Row::One(gate) => gate.verdict,
    };
    format!("| {} | {name} | {} |\n", sign(verdict), cells.join(" | "))
}

fn signoffs(gate: &GateReport) -> String {
    if gate.signoffs.is_empty() {
        return "none".to_owned();
    }
    let counted = gate.signoffs.iter().filter(|signoff| signoff.counted).count();
    let mut parts = vec![format!("{counted} of {} counted", gate.signoffs.len())];
    let silent: Vec<_> = gate.signoffs.iter().filter(|signoff| !signoff.counted).collect();
    for signoff in silent.iter().take(MOST_SIGNOFFS) {
        let state = if signoff.attested { "does not count" } else { "is not attested" };
        let why = signoff.why.as_deref().unwrap_or("no reason was recorded");
        parts.push(format!(
            "{} for {} {state}: {}",
            text(signoff.reviewer_id.as_str()),
            text(signoff.domain.as_str()),
            text(&escape::line_up_to(why, MOST_CHARS))
        ));
    }
    let more = silent.len().saturating_sub(MOST_SIGNOFFS);
    if more > 0 {
        parts.push(format!("and {more} more that do not count"));
    }
    parts.join("<br>")
}

fn finding_row(finding: &Finding) -> String {
    let sign = match finding.severity {
        Severity::Error => "❌ error",
        Severity::Undecided => "❓ undecided",
        Severity::Warning => "⚠ warning",
        Severity::Note => "ℹ note",
    };
    let message = prose(&escape::line_up_to(&finding.message, MOST_CHARS));
    let mut details = Vec::new();
    for (name, value) in words::facts(finding) {
        if name != "about" {
            details.push(format!("{name}: {}", text(&escape::line_up_to(&value, MOST_CHARS))));
        }
    }
    for place in finding.places.iter().take(MOST_PLACES) {
        let label = escape::line_up_to(&place.label, MOST_CHARS);
        let label = if label.is_empty() { label } else { format!(" ({})", text(&label)) };
        details.push(format!(
            "at <code>{}:{}:{}</code>{label}",
            text(&escape::line_up_to(&place.path, MOST_CHARS)),
            place.spot.line,
            place.spot.column,
        ));
    }
    let more = finding.places.len().saturating_sub(MOST_PLACES);
    if more > 0 {
        details.push(format!("and {more} more places"));
    }
    let help = match finding.help.as_str() {
        "" => String::new(),
        help => format!("<br><b>help:</b> {}", prose(&escape::line_up_to(help, MOST_CHARS))),
    };
    let details = if details.is_empty() {
        String::new()
    } else {
        format!("<details><summary>details</summary>{}</details>", details.join("<br>"))
    };
    format!("| {sign} | `{}` | {message}{help}{details} | {} |\n", finding.code, about(finding))
}

fn about(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some(epoch) = finding.epoch {
        parts.push(format!("epoch {epoch}"));
    }
    if let Some(commit) = finding.commit {
        parts.push(format!("`{}`", commit.short()));
    }
    if let Some(tag) = &finding.tag {
        parts.push(format!("tag {}", text(&escape::line_up_to(tag, MOST_CHARS))));
    }
    parts.join("<br>")
}
