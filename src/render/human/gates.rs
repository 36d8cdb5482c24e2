//! One line a gate, in mainline order; long rows of gates that hold are folded.

use super::paint::Paint;
use crate::render::escape;
use crate::render::rows::Row;
use crate::report::{GateReport, Report, SignoffReport, Verdict};

/// Gates that do not hold, shown one by one.
const MOST_BROKEN: usize = 20;
/// Sign-offs that do not count, listed under one gate.
const MOST_SIGNOFFS: usize = 6;

pub(super) fn render(report: &Report, paint: &Paint) -> String {
    let rows = Row::of(&report.gates);
    let width = rows.iter().map(|row| row.name().chars().count()).max().unwrap_or(0).min(24);
    let mut out = String::new();
    let mut broken = 0_usize;
    for row in rows {
        if let Row::One(gate) = row
            && gate.verdict != Verdict::Pass
        {
            broken = broken.saturating_add(1);
            if broken > MOST_BROKEN {
                continue;
            }
        }
        out.push_str(&line(row, width, paint));
        if let Row::One(gate) = row {
            out.push_str(&uncounted(gate));
        }
    }
    if let Some(more) = broken.checked_sub(MOST_BROKEN).filter(|more| *more > 0) {
        out.push_str(&format!(
            "… and {more} more that do not hold; `gatecheck --format json` lists every gate\n"
        ));
    }
    out
}

fn line(row: Row<'_>, width: usize, paint: &Paint) -> String {
    let (verdict, text) = match row {
        Row::One(gate) => (gate.verdict, summary(gate)),
        Row::Fold(gates) => (Verdict::Pass, format!("{} gates in a row", gates.len())),
    };
    let verdict = paint.verdict(verdict, &format!("{:<9}", verdict.name()));
    format!("{verdict} {:<width$}  {text}\n", row.name())
}

fn summary(gate: &GateReport) -> String {
    let mut parts = vec![gate.commit.short()];
    if let Some(time) = gate.committer_time {
        parts.push(time.date());
    }
    let signer = match &gate.signer {
        Some(signer) => format!("signed by {}", signer.reviewer_id),
        None => "signed by nobody known".to_owned(),
    };
    let signoffs = gate.signoffs.len();
    if signoffs == 0 {
        parts.push(signer);
    } else {
        let counted = gate.signoffs.iter().filter(|signoff| signoff.counted).count();
        let plural = if signoffs == 1 { "" } else { "s" };
        parts.push(format!("{signer}; {counted} of {signoffs} sign-off{plural} counted"));
    }
    if gate.carrier != gate.commit {
        parts.push(format!("signed off in {}", gate.carrier.short()));
    }
    parts.join("  ")
}

fn uncounted(gate: &GateReport) -> String {
    let silent: Vec<_> = gate.signoffs.iter().filter(|signoff| !signoff.counted).collect();
    let mut out: String = silent.iter().take(MOST_SIGNOFFS).map(|s| not_counted(s)).collect();
    if let Some(more) = silent.len().checked_sub(MOST_SIGNOFFS).filter(|more| *more > 0) {
        out.push_str(&format!("            … and {more} more that do not count\n"));
    }
    out
}

fn not_counted(signoff: &SignoffReport) -> String {
    let state = if signoff.attested { "does not count" } else { "is not attested" };
    let why =
        signoff.why.as_deref().map_or(String::new(), |why| format!(": {}", escape::line(why)));
    format!("            {} for {} {state}{why}\n", signoff.reviewer_id, signoff.domain)
}
