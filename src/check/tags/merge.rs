//! One report of the reports of several tags.

use crate::finding::{Finding, Severity};
use crate::report::{Report, Verdict};

/// Adds findings to a finished report.
pub(super) fn add(report: &mut Report, found: Vec<Finding>) {
    report.findings.extend(found);
    recount(report);
}

fn recount(report: &mut Report) {
    let of = |severity| report.findings.iter().filter(|f| f.severity == severity).count() as u64;
    report.counts.errors = of(Severity::Error);
    report.counts.warnings = of(Severity::Warning);
    let verdict = Verdict::of(report.findings.iter().map(|finding| finding.severity));
    report.verdict = if report.input_unusable { verdict.max(Verdict::Undecided) } else { verdict };
}

/// One report of several: the longest history, with what the others have beside it. What is about a
/// tag stands last, in the order in which the tags were named.
pub(super) fn merged(reports: Vec<Report>) -> Option<Report> {
    let longest =
        (0..reports.len()).rev().max_by_key(|n| reports.get(*n).map(|r| r.counts.commits))?;
    let mut base = reports.get(longest)?.clone();
    let (mut history, mut about_tags) = (Vec::new(), Vec::new());
    let others = reports.iter().enumerate().filter(|(n, _)| *n != longest).map(|(_, r)| r);
    for report in std::iter::once(&base).chain(others) {
        for finding in report.findings.iter().filter(|finding| finding.tag.is_none()) {
            if !history.contains(finding) {
                history.push(finding.clone());
            }
        }
    }
    for report in &reports {
        about_tags.extend(report.findings.iter().filter(|f| f.tag.is_some()).cloned());
        base.input_unusable |= report.input_unusable;
        for gate in &report.gates {
            let known =
                base.gates.iter_mut().find(|g| (g.carrier, g.kind) == (gate.carrier, gate.kind));
            match known {
                Some(known) => known.verdict = known.verdict.max(gate.verdict),
                None => base.gates.push(gate.clone()),
            }
        }
        for line in &report.commits {
            if !base.commits.iter().any(|known| known.commit == line.commit) {
                base.commits.push(line.clone());
            }
        }
    }
    let of = |verdict| base.gates.iter().filter(|gate| gate.verdict == verdict).count() as u64;
    let (refused, undecided) = (of(Verdict::Refused), of(Verdict::Undecided));
    base.counts.refused = refused;
    base.counts.undecided = undecided;
    base.counts.gates = base.gates.len() as u64;
    base.findings = history;
    base.findings.extend(about_tags);
    recount(&mut base);
    Some(base)
}
