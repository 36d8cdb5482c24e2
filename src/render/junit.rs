//! JUnit XML: a test case for the history as a whole, and one for each gate.
//!
//! A gate that is refused is a `failure`, one that cannot be told an `error`; nothing is ever
//! `skipped`, which many readers take for a pass. There is no schema that all agree on; this keeps to
//! what <https://github.com/testmoapp/junitxml> describes.

use std::collections::{BTreeMap, BTreeSet};

use super::{concise, escape, words, xml};
use crate::finding::Finding;
use crate::model::Oid;
use crate::report::{GateReport, Report, Verdict};

/// Test cases; gates that do not hold go before those that do.
const MOST_CASES: usize = 2_000;
/// Findings told in one test case.
const MOST_FINDINGS: usize = 50;
/// Characters of one text.
const MOST_CHARS: usize = 1_000;

pub(super) fn render(report: &Report) -> String {
    let project = escape::line_up_to(&report.project, MOST_CHARS);
    let suite =
        if project.is_empty() { "gatecheck".to_owned() } else { format!("gatecheck {project}") };
    let cases = cases(report);
    let tests = cases.len();
    let count = |verdict| cases.iter().filter(|case| case.verdict == verdict).count();
    let (failures, errors) = (count(Verdict::Refused), count(Verdict::Undecided));
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"");
    let name = xml::text(&suite);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gatecheck\" {counts}>\n  \
         <testsuite name=\"{name}\" {counts}>\n    <properties>\n"
    );
    for (name, text) in [("verdict", words::verdict(report)), ("tip", words::tip(report))]
        .into_iter()
        .chain(words::basis(report))
    {
        let value = xml::text(&text);
        out.push_str(&format!("      <property name=\"{name}\" value=\"{value}\"/>\n"));
    }
    out.push_str("    </properties>\n");
    for case in &cases {
        out.push_str(&case.render(&name));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

struct Case {
    name: String,
    verdict: Verdict,
    /// The verdict in a line.
    message: String,
    /// What was found, a line each.
    told: Vec<String>,
}

/// The findings of each commit, the worst first.
type ByCommit<'a> = BTreeMap<Oid, Vec<&'a Finding>>;

fn cases(report: &Report) -> Vec<Case> {
    let gate_commits: BTreeSet<Oid> =
        report.gates.iter().flat_map(|gate| [gate.commit, gate.carrier]).collect();
    let mut of_gates = ByCommit::new();
    let mut others = Vec::new();
    for finding in report.worst_first() {
        match finding.commit.filter(|commit| gate_commits.contains(commit)) {
            Some(commit) => of_gates.entry(commit).or_default().push(finding),
            None => others.push(finding),
        }
    }
    // Unusable input proves nothing; where all gates pass, something else may still be wrong.
    let verdict =
        if report.input_unusable { report.verdict.max(Verdict::Undecided) } else { report.verdict };
    let mut cases = vec![Case {
        name: "the history as a whole".to_owned(),
        verdict,
        message: words::verdict(report),
        told: told(&others),
    }];
    let mut gates: Vec<&GateReport> = report.gates.iter().collect();
    if gates.len() >= MOST_CASES {
        gates.sort_by_key(|gate| std::cmp::Reverse(gate.verdict));
    }
    let shown = if gates.len() < MOST_CASES { MOST_CASES } else { MOST_CASES.saturating_sub(2) };
    cases.extend(gates.iter().take(shown).map(|gate| case(gate, &of_gates)));
    let rest = gates.get(shown..).unwrap_or(&[]);
    if let Some(worst) = rest.iter().map(|gate| gate.verdict).max() {
        cases.push(Case {
            name: format!("and {} more gates", rest.len()),
            verdict: worst,
            message: format!("the worst of them: {}", worst.name()),
            told: vec!["`gatecheck --format json` lists every gate".to_owned()],
        });
    }
    cases
}

fn case(gate: &GateReport, of_gates: &ByCommit<'_>) -> Case {
    let carrier = (gate.carrier != gate.commit).then_some(gate.carrier);
    let findings: Vec<&Finding> = std::iter::once(gate.commit)
        .chain(carrier)
        .filter_map(|commit| of_gates.get(&commit))
        .flatten()
        .copied()
        .collect();
    let first = findings.first().map(|finding| escape::line_up_to(&finding.message, MOST_CHARS));
    let message = match gate.verdict {
        Verdict::Pass => String::new(),
        verdict => first.unwrap_or_else(|| verdict.name().to_owned()),
    };
    Case {
        name: format!(
            "{} {}",
            escape::line_up_to(&words::gate(gate), MOST_CHARS),
            gate.commit.short()
        ),
        verdict: gate.verdict,
        message,
        told: told(&findings),
    }
}

fn told(findings: &[&Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings.iter().take(MOST_FINDINGS) {
        lines.push(escape::line_up_to(&concise::line(finding), MOST_CHARS.saturating_mul(2)));
        for (name, text) in words::facts(finding) {
            lines.push(format!("  {name}: {}", escape::line_up_to(&text, MOST_CHARS)));
        }
        if !finding.help.is_empty() {
            lines.push(format!("  help: {}", escape::line_up_to(&finding.help, MOST_CHARS)));
        }
    }
    if let Some(more) = findings.len().checked_sub(MOST_FINDINGS).filter(|more| *more > 0) {
        lines.push(format!("and {more} more; `gatecheck --format json` lists every finding"));
    }
    lines
}

impl Case {
    fn render(&self, class: &str) -> String {
        let head =
            format!("    <testcase classname=\"{class}\" name=\"{}\"", xml::text(&self.name));
        let lines: Vec<String> = self.told.iter().map(|line| xml::text(line)).collect();
        let text = lines.join("\n");
        let message = xml::text(&self.message);
        let element = match self.verdict {
            Verdict::Pass if self.told.is_empty() => return format!("{head}/>\n"),
            Verdict::Pass => {
                return format!(
                    "{head}>\n      <system-out>{text}</system-out>\n    </testcase>\n"
                );
            }
            Verdict::Refused => "failure",
            Verdict::Undecided => "error",
        };
        let kind = self.verdict.name();
        format!(
            "{head}>\n      <{element} type=\"{kind}\" message=\"{message}\">{text}</{element}>\n    </testcase>\n"
        )
    }
}
