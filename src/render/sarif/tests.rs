//! What SARIF and code scanning require, and what must not change between runs.

use serde_json::Value;

use super::*;
use crate::render::samples;

fn sarif(report: &Report) -> Value {
    serde_json::from_slice(&render(report, &Style::default())).unwrap()
}

/// What the schema requires of the parts that we write, and what GitHub requires beyond it.
#[test]
fn every_part_has_what_is_required() {
    for report in [samples::passing(), samples::refused(), samples::hostile(), samples::empty()] {
        let log = sarif(&report);
        assert_eq!(log["version"], "2.1.0");
        assert_eq!(log["runs"].as_array().unwrap().len(), 1);
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "gatecheck");
        assert_eq!(run["invocations"][0]["exitCode"], report.exit_status());
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rules.len());
        for rule in rules {
            for text in ["shortDescription", "fullDescription", "help"] {
                assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
            }
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), report.findings.len());
        let used: BTreeSet<&str> =
            results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
        assert_eq!(used, ids, "only the rules that are used, and all of them");
        for result in results {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            for location in result["locations"].as_array().unwrap() {
                let place = &location["physicalLocation"];
                let uri = place["artifactLocation"]["uri"].as_str().unwrap();
                assert!(uri.is_ascii() && !uri.starts_with('/') && !uri.contains(':'), "{uri}");
                assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
                assert!(place["region"]["startColumn"].as_u64().unwrap() >= 1);
            }
        }
    }
}

#[test]
fn what_cannot_be_told_is_an_error_to_look_at() {
    let mut report = samples::empty();
    report.findings = vec![Finding::new(Code::MissingObject, "x")];
    let result = &sarif(&report)["runs"][0]["results"][0];
    assert_eq!(result["level"], "error");
    assert_eq!(result["properties"]["severity"], "undecided");
}

fn prints(report: &Report) -> Vec<String> {
    let log = sarif(report);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let of = |result: &Value| {
        result["partialFingerprints"]["gatecheckFinding/v1"].as_str().unwrap().to_owned()
    };
    results.iter().map(of).collect()
}

#[test]
fn a_finding_is_known_again_by_what_it_is_about() {
    let report = samples::refused();
    let before = prints(&report);
    let distinct: BTreeSet<&String> = before.iter().collect();
    assert_eq!(distinct.len(), before.len());

    let mut later = report.clone();
    for finding in &mut later.findings {
        finding.message.push('!');
        finding.help.push('!');
        finding.observed = None;
        finding.signature_time = None;
        for place in &mut finding.places {
            place.spot.line += 7;
            place.label.push('!');
            place.line_text.push('!');
        }
    }
    later.findings.insert(0, Finding::new(Code::NoAnchor, "new"));
    let after = prints(&later);
    assert!(before.iter().all(|print| after.contains(print)), "{before:#?}\n{after:#?}");

    let changes: [fn(&mut Finding); 4] = [
        |finding| finding.code = Code::KeyCompromised,
        |finding| finding.commit = Some(samples::oid(0x66)),
        |finding| finding.reviewer_id = None,
        |finding| finding.places[0].path.push('x'),
    ];
    for change in changes {
        let mut other = report.clone();
        change(&mut other.findings[2]);
        assert_ne!(prints(&other), before);
    }
}

#[test]
fn no_message_holds_a_link() {
    let mut report = samples::empty();
    let text = r"[a](https://x.example) [b\](https://y.example) [c\\](1) {0}";
    report.findings = vec![Finding::new(Code::NoAnchor, text).compared(text, text)];
    let log = sarif(&report);
    let message = log["runs"][0]["results"][0]["message"]["text"].as_str().unwrap();
    assert!(!message.contains("]("), "{message}");
    assert!(message.contains(r"[a]\u{{28}}https://x.example) [b\]\u{{28}}"), "{message}");
}

#[test]
fn results_that_are_alike_are_counted() {
    let mut report = samples::empty();
    report.findings = vec![Finding::new(Code::NoAnchor, "x"); 2];
    let prints = prints(&report);
    assert_eq!(prints[0].strip_suffix(":1"), prints[1].strip_suffix(":2"));
    assert!(prints[0].ends_with(":1"), "{prints:?}");
}

#[test]
fn results_are_bounded_and_the_rest_is_told() {
    let report = samples::many_findings(10_000);
    let bytes = render(&report, &Style::default());
    assert!(bytes.len() < 10_000_000, "{}", bytes.len());
    let log = sarif(&report);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), MOST_RESULTS);
    let last = results.last().unwrap();
    assert_eq!(last["ruleId"], MORE);
    assert!(last["message"]["text"].as_str().unwrap().starts_with("and 5001 more findings"));
    let exact = samples::many_findings(MOST_RESULTS);
    assert_eq!(prints_of_rules(&exact, MORE), 0);
}

#[test]
fn long_texts_do_not_make_a_file_that_nobody_takes() {
    let mut report = samples::many_findings(5_000);
    for finding in &mut report.findings {
        finding.message = "\u{1b}".repeat(3_000);
        finding.help.clone_from(&finding.message);
        finding.observed = Some(finding.message.clone());
    }
    let bytes = render(&report, &Style::default());
    assert!(bytes.len() < 10_000_000, "{}", bytes.len());
    assert_eq!(prints_of_rules(&report, MORE), 1);
}

fn prints_of_rules(report: &Report, rule: &str) -> usize {
    let log = sarif(report);
    let results = log["runs"][0]["results"].as_array().unwrap();
    results.iter().filter(|result| result["ruleId"] == rule).count()
}

#[test]
fn messages_hold_neither_placeholders_nor_links() {
    assert_eq!(in_message("{0} [a](http://b)"), "{{0}} [a]\\u{{28}}http://b)");
}
