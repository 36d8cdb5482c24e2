//! Findings without a report around them: about a file that was looked at, not a judged history.

use super::json::findings_v1::Findings;
use super::json::{self, v1};
use super::{Format, Style, concise, github, human, words};
use crate::finding::Finding;

/// Writes findings as [`super::render`] writes those of a report. What is for people ends with a
/// line of numbers; [`Format::Ndjson`] has one document a line and no more. A format that tells of
/// gates has nothing to tell here, and is [`Format::Concise`].
#[must_use]
pub fn findings(findings: &[Finding], format: Format, style: &Style) -> Vec<u8> {
    let frozen = || findings.iter().map(v1::Finding::from).collect::<Vec<_>>();
    match format {
        Format::Human => {
            let mut sorted: Vec<&Finding> = findings.iter().collect();
            sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            let mut text = human::findings::render(&sorted, "--format json", style);
            if !text.is_empty() {
                text.push('\n');
            }
            format!("{text}{}\n", words::totals(findings)).into_bytes()
        }
        Format::Github => {
            let mut sorted: Vec<&Finding> = findings.iter().collect();
            sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            format!("{}{}\n", github::annotations(&sorted), words::totals(findings)).into_bytes()
        }
        Format::Concise
        | Format::Sarif
        | Format::Markdown
        | Format::Junit
        | Format::Html
        | Format::Timeline => {
            let lines: String =
                findings.iter().map(|finding| concise::line(finding) + "\n").collect();
            format!("{lines}{}\n", words::totals(findings)).into_bytes()
        }
        Format::Json => {
            json::to_pretty(&Findings { schema: "gatecheck-findings/1", findings: frozen() })
        }
        Format::Ndjson => frozen().iter().flat_map(json::to_line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Code, Place, Severity};
    use crate::source::{Source, Spot};

    fn two() -> Vec<Finding> {
        let source = Source::new("keys/x\u{1b}.toml", "serial = 4");
        vec![
            Finding::new(Code::MissingBackup, "warned").severity(Severity::Warning),
            Finding::new(Code::RegistryInvalid, "refused")
                .at(Place::new(&source, None, Spot::START, "here"))
                .help("mend it"),
        ]
    }

    fn text(format: Format) -> String {
        String::from_utf8(findings(&two(), format, &Style::default())).unwrap()
    }

    #[test]
    fn people_see_the_worst_first_and_the_numbers_last() {
        let human = text(Format::Human);
        assert!(human.starts_with("error[registry-invalid]: refused"), "{human}");
        assert!(
            human.ends_with("\n1 error, 1 warning\n") && human.contains("serial = 4"),
            "{human}"
        );
        assert!(!human.contains('\u{1b}'));
        let none = findings(&[], Format::Human, &Style::default());
        assert_eq!(none, b"0 errors, 0 warnings\n");
    }

    #[test]
    fn programs_get_the_findings_of_the_report() {
        let concise = text(Format::Concise);
        assert_eq!(concise.lines().count(), 3);
        assert!(concise.contains(":1:1: error[registry-invalid]: refused"), "{concise}");
        let json: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
        assert_eq!(json["schema"], "gatecheck-findings/1");
        assert_eq!(json["findings"][1]["places"][0]["line"], 1);
        assert_eq!(text(Format::Ndjson).lines().count(), 2);
    }
}
