//! What a report says of a change that is not on the mainline yet.

use crate::finding::{Code, Finding, Severity};
use crate::model::{GateKind, Oid};
use crate::report::{Report, Verdict};

/// A change as one merge commit, which is in no repository.
#[derive(Clone, Copy, Debug)]
pub struct Merged {
    /// The commit that was judged in its place.
    pub commit: Oid,
    /// The change's last commit, which people know.
    pub head: Oid,
    /// Sign-offs without a signature rest on whoever signs the commit that lands them.
    pub rests_on_signer: bool,
}

/// The report about the merge of a change, told of the change. The merge is not there yet: that
/// nobody signed it is no fault, and neither is it a gate.
#[must_use]
pub fn landed(mut report: Report, merged: Merged) -> Report {
    let Merged { commit, head, .. } = merged;
    let mut gates = Vec::new();
    report.gates.retain(|gate| {
        let stays = gate.carrier != commit && gate.commit != commit;
        if !stays {
            gates.push(match (gate.kind, gate.epoch) {
                (GateKind::Epoch, Some(epoch)) => format!("the gate of epoch {epoch}"),
                (GateKind::Epoch, None) => "an epoch gate".to_owned(),
                (GateKind::Squash, _) => "a squash gate".to_owned(),
                (GateKind::Ceremony, _) => "a ceremony".to_owned(),
            });
        }
        stays
    });
    for finding in &mut report.findings {
        if finding.commit != Some(commit) {
            continue;
        }
        finding.commit = Some(head);
        for place in &mut finding.places {
            if place.commit == Some(commit) {
                place.commit = Some(head);
            }
        }
        match finding.code {
            Code::Unsigned => {
                finding.severity = Severity::Note;
                finding.message = match gates.as_slice() {
                    [] => "the commit that lands this change has to be signed".to_owned(),
                    gates => format!(
                        "this change would be {}; the commit that lands it has to be signed, and is judged then",
                        gates.join(" and ")
                    ),
                };
                "land it with a signed merge, and judge the mainline afterwards: gatecheck verify"
                    .clone_into(&mut finding.help);
            }
            Code::SignoffUnattested | Code::QuorumNotMet | Code::TooFewPeople
                if merged.rests_on_signer && finding.severity == Severity::Error =>
            {
                finding.severity = Severity::Undecided;
                "bring the branch on top of its target, so that its own commits are judged: git rebase"
                    .clone_into(&mut finding.help);
            }
            _ => {}
        }
    }
    report.commits.retain(|judged| judged.commit != commit);
    report.tip.commit = head;
    recounted(report)
}

/// Most changes bring no gate, and need none to be acceptable.
#[must_use]
pub fn without_gate(mut report: Report) -> Report {
    for finding in &mut report.findings {
        if finding.code == Code::NoGate {
            finding.severity = Severity::Note;
            "this change brings no gate".clone_into(&mut finding.message);
            "nothing to do; --require-gate asks for one".clone_into(&mut finding.help);
        }
    }
    recounted(report)
}

/// Verdict and numbers, from what is found now.
#[must_use]
pub fn recounted(mut report: Report) -> Report {
    let of = |findings: &[Finding], severity| {
        findings.iter().filter(|finding| finding.severity == severity).count() as u64
    };
    let verdict = Verdict::of(report.findings.iter().map(|finding| finding.severity));
    report.verdict = if report.input_unusable { verdict.max(Verdict::Undecided) } else { verdict };
    report.counts.errors = of(&report.findings, Severity::Error);
    report.counts.warnings = of(&report.findings, Severity::Warning);
    let gates = |verdict| report.gates.iter().filter(|gate| gate.verdict == verdict).count() as u64;
    report.counts.refused = gates(Verdict::Refused);
    report.counts.undecided = gates(Verdict::Undecided);
    report.counts.gates = report.gates.len() as u64;
    report
}
