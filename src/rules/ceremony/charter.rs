//! Rule: emergency powers leave a heading in the decision log that everybody can read.

use super::Proposal;
use super::change::Needs;
use crate::finding::{Code, CodeDoc, Finding};
use crate::model::CeremonyKind;
use crate::model::text::shown;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::CharterAckMissing,
        what: "The ceremony needs an acknowledgment in the decision log, and there is none in its commit.",
        why: "Emergency powers leave a trace that everybody can read.",
        fix: "Add the heading to the decision log in the same commit and name it in `charter_ack`.",
    },
    CodeDoc {
        code: Code::OverrideUnrecorded,
        what: "A dissent was overridden without an entry in the decision log.",
        why: "Overriding somebody must stay visible.",
        fix: "Add the entry to the decision log in the override ceremony's commit.",
    },
];

/// The decision log of projects whose policy names none.
pub const DECISION_LOG: &str = "DECISION_LOG.md";

/// `compromise`, `override` and `requalify` are acknowledged; the last two are also bound to what
/// is really the matter.
#[must_use]
pub fn check(p: &Proposal<'_>, needs: &Needs) -> Vec<Finding> {
    let mut findings = Vec::new();
    let code = match p.record.kind {
        CeremonyKind::Override => Code::OverrideUnrecorded,
        CeremonyKind::Requalify => Code::CharterAckMissing,
        _ if needs.compromise => Code::CharterAckMissing,
        _ => return findings,
    };
    let policy = p.cx.registry.policy.charter.as_ref();
    let log = policy.map_or(DECISION_LOG, |charter| charter.decision_log.as_str());
    if let Some(why) = unacknowledged(p, log) {
        findings.push(
            Finding::new(code, "the decision log does not acknowledge this ceremony")
                .compared(
                    why,
                    format!(
                        "charter_ack = \"{}#heading\", and that heading in this commit",
                        shown(log)
                    ),
                )
                .at(p.place(p.record.spot("charter_ack"), "stated here"))
                .at_some(
                    p.cx.policy_place("charter.decision_log", "the decision log is named here"),
                )
                .help(format!(
                    "write a heading about it into {}, and plan the ceremony with --charter-ack",
                    shown(log)
                )),
        );
    }
    if p.record.kind == CeremonyKind::Requalify {
        findings.extend(closed(p));
    }
    findings
}

fn unacknowledged(p: &Proposal<'_>, log: &str) -> Option<String> {
    let stated = p.record.charter_ack.as_str();
    if crate::model::text::is_blank(stated) {
        return Some("no charter_ack".to_owned());
    }
    let Some((path, heading)) = stated.split_once('#') else {
        return Some(format!("\"{}\", which names no heading", shown(stated)));
    };
    if path != log {
        return Some(format!("a heading in {}", shown(path)));
    }
    let Some(text) = p.step.cited.get(path) else {
        return Some(format!("no file {} in this commit", shown(path)));
    };
    let found = !heading.is_empty() && headings(text.text()).any(|slug| slug == heading);
    (!found)
        .then(|| format!("no heading #{} in {}{}", shown(heading), shown(path), known(text.text())))
}

/// The last headings of a decision log, as they are named: newest entries stand last.
fn known(text: &str) -> String {
    let all: Vec<String> = headings(text).map(|slug| format!("#{}", shown(&slug))).collect();
    let last = all.get(all.len().saturating_sub(5)..).unwrap_or_default();
    if last.is_empty() { String::new() } else { format!("; it has {}", last.join(", ")) }
}

/// The anchors of the Markdown headings of a text, as forges make them: lower case, spaces as
/// hyphens, punctuation left out.
fn headings(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| {
        let marks = line.bytes().take_while(|b| *b == b'#').count();
        let (marks, title) = line.split_at_checked(marks)?;
        let title = title.strip_prefix([' ', '\t'])?;
        (1..=6).contains(&marks.len()).then(|| slug(title))
    })
}

/// One heading's anchor.
#[must_use]
pub fn slug(title: &str) -> String {
    let title = title.trim().trim_end_matches('#').trim_end();
    title
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// `requalify` is open only where nobody current could help the people whom it names.
fn closed(p: &Proposal<'_>) -> Option<Finding> {
    let open = |text: &String| {
        crate::model::ReviewerId::new(text).is_some_and(|id| p.stranded.contains(&id))
    };
    let not: Vec<String> =
        p.record.concerns.iter().filter(|text| !open(text)).map(|text| shown(text)).collect();
    if !p.record.concerns.is_empty() && not.is_empty() {
        return None;
    }
    let stranded = super::listed(&p.stranded);
    Some(
        Finding::new(
            Code::CeremonyMismatch,
            "somebody current and qualified could still sign off beside the people named",
        )
        .compared(
            if not.is_empty() { "nobody named".to_owned() } else { super::some_of(&not, ", ") },
            format!("people whom nobody current can help: {stranded}"),
        )
        .at(p.place(p.record.spot("concerns"), "named here"))
        .help("have somebody current sign off beside them; gatecheck status tells who is"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_as_forges_link_them() {
        let text = "# Log\n\n## 2026-06-11: Key compromise ##\n#no heading\n####### seven\n";
        let found: Vec<String> = headings(text).collect();
        assert_eq!(found, ["log", "2026-06-11-key-compromise"]);
        assert_eq!(known(text), "; it has #log, #2026-06-11-key-compromise");
        assert_eq!(known("nothing"), "");
    }
}
