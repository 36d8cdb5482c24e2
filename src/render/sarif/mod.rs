//! SARIF 2.1.0, for code scanning: one run, one result a finding.
//!
//! What cannot be told is level `error`: code scanning shows nothing that has kind `open`, and an
//! answer that is missing must not look like a pass.

mod locations;
mod v2_1_0;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use self::locations::{BASE, locations};
use self::v2_1_0 as sarif;
use super::{Style, escape, json, words};
use crate::finding::{Code, Finding, Severity};
use crate::report::Report;
use crate::rules;

/// Results of a run: GitHub takes 25,000 and shows 5,000
/// (<https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit>).
const MOST_RESULTS: usize = 5_000;
/// Bytes of all results; an upload may have ten million, and rules come on top.
const MOST_BYTES: usize = 8 << 20;
/// Characters of one text.
const MOST_CHARS: usize = 1_000;
/// The rule of the result that tells how many there are beyond these.
const MORE: &str = "more-findings";

pub(super) fn render(report: &Report, style: &Style) -> Vec<u8> {
    json::to_line(&log(report, style))
}

fn log(report: &Report, style: &Style) -> sarif::Log {
    let (rules, results) = results(report);
    sarif::Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [sarif::Run {
            tool: sarif::Tool {
                driver: sarif::Driver {
                    name: "gatecheck",
                    version: escape::visible(&style.tool_version),
                    rules,
                },
            },
            automation_details: sarif::AutomationDetails { id: category(report) },
            invocations: [sarif::Invocation {
                execution_successful: !report.input_unusable,
                exit_code: report.exit_status(),
                exit_code_description: words::verdict(report),
            }],
            original_uri_base_ids: BTreeMap::from([(
                BASE,
                sarif::BaseId { description: plain("The root of the repository.") },
            )]),
            // Columns count characters.
            column_kind: "unicodeCodePoints",
            properties: sarif::RunProperties {
                verdict: report.verdict.name(),
                tip: report.tip.commit.to_string(),
                anchor: report.anchor.as_ref().map(|anchor| anchor.commit.to_string()),
            },
            results,
        }],
    }
}

/// What tells this analysis from others of the same commit: what it was of, and nothing that is
/// different in the next run. Code scanning takes what stands before the last `/`.
fn category(report: &Report) -> String {
    let project = escape::line_up_to(&report.project, MOST_CHARS).replace('/', "-");
    let reference = report.tip.reference.as_deref().unwrap_or("");
    format!("gatecheck/{project}/{}/", escape::line_up_to(reference, MOST_CHARS))
}

fn results(report: &Report) -> (Vec<sarif::Rule>, Vec<sarif::Result>) {
    let sorted = report.worst_first();
    let shown =
        if sorted.len() > MOST_RESULTS { MOST_RESULTS.saturating_sub(1) } else { MOST_RESULTS };
    let used: BTreeSet<Code> = sorted.iter().take(shown).map(|finding| finding.code).collect();
    let mut rules: Vec<sarif::Rule> = used.iter().map(|code| rule(*code)).collect();
    let index: BTreeMap<Code, usize> =
        used.into_iter().enumerate().map(|(n, code)| (code, n)).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut results = Vec::new();
    let mut room = MOST_BYTES;
    for finding in sorted.iter().take(shown) {
        let rule_index = index.get(&finding.code).copied().unwrap_or_default();
        let result = result(finding, rule_index, &mut seen);
        let size = serde_json::to_vec(&result).map_or(usize::MAX, |bytes| bytes.len());
        let Some(left) = room.checked_sub(size) else { break };
        room = left;
        results.push(result);
    }
    if let Some(first) = sorted.get(results.len()) {
        let more = sorted.len().saturating_sub(results.len());
        let rule_index = rules.len();
        rules.push(more_rule());
        results.push(more_result(more, rule_index, level(first.severity)));
    }
    (rules, results)
}

fn rule(code: Code) -> sarif::Rule {
    let (what, why, fix) = match rules::explanation(code) {
        Some(doc) => (doc.what, doc.why, doc.fix),
        None => ("", "", ""),
    };
    sarif::Rule {
        id: code.name(),
        short_description: plain(what),
        full_description: plain(why),
        help: sarif::Text { text: lines(fix) },
        default_configuration: sarif::Configuration { level: level(code.severity()) },
    }
}

const fn level(severity: Severity) -> sarif::Level {
    match severity {
        Severity::Error | Severity::Undecided => sarif::Level::Error,
        Severity::Warning => sarif::Level::Warning,
        Severity::Note => sarif::Level::Note,
    }
}

fn result(
    finding: &Finding,
    rule_index: usize,
    seen: &mut BTreeMap<String, usize>,
) -> sarif::Result {
    let mut parts = vec![escape::line_up_to(&finding.message, MOST_CHARS)];
    for (name, text) in words::facts(finding) {
        parts.push(format!("{name}: {}", escape::line_up_to(&text, MOST_CHARS)));
    }
    let (location, related) = locations(finding);
    sarif::Result {
        rule_id: finding.code.name(),
        rule_index,
        level: level(finding.severity),
        message: sarif::Text {
            text: parts.iter().map(|part| in_message(part)).collect::<Vec<_>>().join("\n"),
        },
        locations: [location],
        related_locations: related,
        partial_fingerprints: fingerprints(finding, seen),
        properties: sarif::ResultProperties {
            severity: finding.severity.name(),
            help: escape::line_up_to(&finding.help, MOST_CHARS),
        },
    }
}

/// The same finding of a later run has the same: nothing of it depends on lines, times or words.
/// The second of two that are alike in all of this ends in `:2`.
fn fingerprints(
    finding: &Finding,
    seen: &mut BTreeMap<String, usize>,
) -> BTreeMap<&'static str, String> {
    let parts = [
        Some(finding.code.name().to_owned()),
        finding.commit.map(|id| id.to_string()),
        finding.reviewer_id.as_ref().map(ToString::to_string),
        finding.domain.as_ref().map(ToString::to_string),
        finding.fingerprint.map(|key| key.to_string()),
        finding.epoch.map(|epoch| epoch.to_string()),
        finding.tag.clone(),
        finding.places.first().map(|place| place.path.clone()),
    ];
    let mut hasher = Sha256::new();
    for part in parts {
        // No part holds a NUL that an absent one would not: each is preceded by whether it is there.
        hasher.update([u8::from(part.is_some())]);
        let part = part.unwrap_or_default();
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    let digest = hex::encode(hasher.finalize());
    let count = seen.entry(digest.clone()).or_default();
    *count = count.saturating_add(1);
    let value = format!("{digest}:{count}");
    // The second name is the one by which code scanning knows an alert again.
    BTreeMap::from([("gatecheckFinding/v1", value.clone()), ("primaryLocationLineHash", value)])
}

fn more_rule() -> sarif::Rule {
    sarif::Rule {
        id: MORE,
        short_description: plain("There are more findings than this file tells."),
        full_description: plain(
            "Code scanning takes a bounded number of results; the worst come first.",
        ),
        help: plain("`gatecheck --format json` lists every finding."),
        default_configuration: sarif::Configuration { level: sarif::Level::Error },
    }
}

fn more_result(more: usize, rule_index: usize, level: sarif::Level) -> sarif::Result {
    let message =
        format!("and {more} more findings; `gatecheck --format json` lists every one of them");
    sarif::Result {
        rule_id: MORE,
        rule_index,
        level,
        message: plain(&message),
        locations: [locations::nowhere(None)],
        related_locations: Vec::new(),
        partial_fingerprints: BTreeMap::from([("gatecheckFinding/v1", MORE.to_owned())]),
        properties: sarif::ResultProperties { severity: "note", help: String::new() },
    }
}

fn plain(text: &str) -> sarif::Text {
    sarif::Text { text: in_message(&escape::line_up_to(text, MOST_CHARS)) }
}

/// Words of our own, which may have lines.
fn lines(text: &str) -> String {
    text.lines().map(|line| in_message(&escape::line(line))).collect::<Vec<_>>().join("\n")
}

/// In a message, `{0}` is a placeholder and `[text](target)` a link (sections 3.11.5 and 3.11.6).
/// A backslash before the bracket would not do: the text may have one there, which takes it away.
fn in_message(text: &str) -> String {
    text.replace("](", "]\\u{28}").replace('{', "{{").replace('}', "}}")
}

#[cfg(test)]
mod tests;
