//! One line a gate, in mainline order; long rows of gates that hold are folded.

use super::paint::Paint;
use crate::render::{escape, words};
use crate::report::{GateReport, Report, SignoffReport, Verdict};

/// Up to so many gates are shown one by one whatever their verdict.
const MOST_UNFOLDED: usize = 12;
/// Gates that hold are folded only where so many stand in a row.
const SHORTEST_FOLD: usize = 3;
/// Gates that do not hold, shown one by one.
const MOST_BROKEN: usize = 20;
/// Sign-offs that do not count, listed under one gate.
const MOST_SIGNOFFS: usize = 6;

pub(super) fn render(report: &Report, paint: &Paint) -> String {
    let rows = rows(&report.gates);
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
        out.push_str(&row.line(width, paint));
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

#[derive(Clone, Copy)]
enum Row<'a> {
    One(&'a GateReport),
    /// Gates in a row that hold.
    Fold(&'a [GateReport]),
}

fn rows(gates: &[GateReport]) -> Vec<Row<'_>> {
    if gates.len() <= MOST_UNFOLDED {
        return gates.iter().map(Row::One).collect();
    }
    // The last gate always stands for itself: it says where the history is now.
    let Some((last, earlier)) = gates.split_last() else { return Vec::new() };
    let mut rows = Vec::new();
    for run in earlier.chunk_by(|a, b| plain(a) && plain(b)) {
        if run.len() >= SHORTEST_FOLD {
            rows.push(Row::Fold(run));
        } else {
            rows.extend(run.iter().map(Row::One));
        }
    }
    rows.push(Row::One(last));
    rows
}

fn plain(gate: &GateReport) -> bool {
    gate.verdict == Verdict::Pass
}

impl Row<'_> {
    fn name(&self) -> String {
        match self {
            Self::One(gate) => words::gate(gate),
            Self::Fold(gates) => {
                let mut epochs = gates.iter().filter_map(|gate| gate.epoch);
                match (epochs.next(), epochs.next_back()) {
                    (Some(first), Some(last)) => format!("epoch {first} to {last}"),
                    (Some(only), None) => format!("with epoch {only}"),
                    (None, _) => "no epoch".to_owned(),
                }
            }
        }
    }

    fn line(&self, width: usize, paint: &Paint) -> String {
        let (verdict, text) = match self {
            Self::One(gate) => (gate.verdict, summary(gate)),
            Self::Fold(gates) => (Verdict::Pass, format!("{} gates in a row", gates.len())),
        };
        let verdict = paint.verdict(verdict, &format!("{:<9}", verdict.name()));
        format!("{verdict} {:<width$}  {text}\n", self.name())
    }
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
