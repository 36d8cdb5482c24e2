//! The formats that other programs show to people: sizes, syntax, and what no string gets through.

use std::collections::BTreeSet;

use super::samples::{self, HOSTILE};
use super::*;
use crate::finding::{Code, Finding};
use crate::model::ReviewerId;
use crate::model::text::is_unsafe;
use crate::report::Verdict;

fn text(report: &Report, format: Format) -> String {
    let style = Style { tool_version: "9.9.9".into(), ..Style::default() };
    String::from_utf8(render(report, format, &style)).unwrap()
}

/// Every element and attribute, read by a parser that knows nothing of ours.
fn parsed(text: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    roxmltree::Document::parse_with_options(text, options).unwrap()
}

#[test]
fn a_run_that_came_to_nothing_in_every_format() {
    for format in Format::ALL {
        insta::assert_snapshot!(
            format!("empty-{}", format.name()),
            super::tests::legible(&samples::empty(), *format)
        );
    }
}

#[test]
fn ten_thousand_findings_are_bounded_and_counted() {
    let report = samples::many_findings(10_000);
    let mut told = String::new();
    for (format, most) in [
        (Format::Human, 60_000),
        (Format::Sarif, 10_000_000),
        (Format::Github, 40_000),
        (Format::Markdown, 1 << 20),
        (Format::Junit, 200_000),
        (Format::Html, 2_000_000),
        (Format::Timeline, 10_000),
    ] {
        let out = text(&report, format);
        assert!(out.len() < most, "{}: {}", format.name(), out.len());
        let more = out.lines().filter(|line| line.contains("more")).map(|line| {
            let at = line.find("more").unwrap();
            let from = line[..at].char_indices().rev().nth(24).map_or(0, |(n, _)| n);
            let end = line[at..].char_indices().nth(30).map_or(line.len(), |(n, _)| at + n);
            format!("{}: {}\n", format.name(), &line[from..end])
        });
        told.extend(more);
    }
    insta::assert_snapshot!("many-findings", told);
}

#[test]
fn markdown_stays_below_its_bound_whatever_stands_in_it() {
    let mut report = samples::many_findings(3_000);
    for finding in &mut report.findings {
        finding.message = "|".repeat(5_000);
        finding.help.clone_from(&finding.message);
    }
    report.gates = (0..3_000).map(|epoch| samples::gate(epoch, Verdict::Refused)).collect();
    for gate in &mut report.gates {
        gate.signoffs = vec![samples::signoff("ada", "kernel", Some(&"<".repeat(900))); 9];
    }
    let out = text(&report, Format::Markdown);
    assert!(out.len() <= 900 << 10, "{}", out.len());
    assert!(out.len() > 600 << 10, "the room is used: {}", out.len());
    for line in out.lines().filter(|line| line.starts_with('|')) {
        assert!(line.ends_with(" |") || line.ends_with("--|"), "a row is whole: {line}");
    }
    assert_eq!(out.matches("gate rows; ").count(), 1);
    assert_eq!(out.matches("finding rows; ").count(), 1);
}

#[test]
fn a_long_history_is_a_page_of_bounded_size() {
    for (reviewers, gates) in [(3, 10), (40, 10), (3, 500), (40, 500), (300, 1_000)] {
        let report = samples::busy(reviewers, gates);
        let page = text(&report, Format::Html);
        assert!(page.len() < 2_000_000, "{reviewers} {gates}: {}", page.len());
        let document = parsed(&page);
        assert!(document.descendants().any(|n| n.has_tag_name("table")));
        let lanes = samples_lanes(&page);
        if reviewers <= 40 {
            assert_eq!(lanes, usize::try_from(reviewers).unwrap() + 1, "with the lane of gates");
        }
        // For people who look at the pages: LOOK_AT=folder cargo test a_long_history
        if let Some(folder) = std::env::var_os("LOOK_AT") {
            let folder = std::path::Path::new(&folder);
            std::fs::write(folder.join(format!("{reviewers}-{gates}.html")), page).unwrap();
            let lanes = text(&report, Format::Timeline);
            std::fs::write(folder.join(format!("{reviewers}-{gates}.txt")), lanes).unwrap();
        }
    }
    if let Some(folder) = std::env::var_os("LOOK_AT") {
        for (name, report) in [
            ("refused", samples::refused()),
            ("passing", samples::passing()),
            ("hostile", samples::hostile()),
            ("empty", samples::empty()),
            ("many", samples::many_findings(10_000)),
        ] {
            for format in Format::ALL {
                let path = std::path::Path::new(&folder).join(format!("{name}.{}", format.name()));
                std::fs::write(path, text(&report, *format)).unwrap();
            }
        }
    }
}

/// Names at the left of the picture, each once: every drawing has the gates.
fn samples_lanes(page: &str) -> usize {
    let document = parsed(page);
    let drawings = document.descendants().filter(|n| n.attribute("class") == Some("names"));
    let texts = drawings.flat_map(|n| n.descendants()).filter(|n| n.tag_name().name() == "text");
    let names = texts.filter_map(|n| n.descendants().find(|n| n.tag_name().name() == "title"));
    names.filter_map(|n| n.text()).collect::<BTreeSet<_>>().len()
}

#[test]
fn the_verdict_comes_first_and_the_picture_fits_on_paper() {
    let mut report = samples::busy(3, 2);
    for key in &mut report.keys {
        key.reviewer_id =
            ReviewerId::new(&format!("a-name-that-begins-{}", key.reviewer_id)).unwrap();
    }
    let page = text(&report, Format::Html);
    let document = parsed(&page);
    let body = document.descendants().find(|n| n.has_tag_name("body")).unwrap();
    let first =
        body.descendants().filter(|n| n.is_text()).find(|n| !n.text().unwrap().trim().is_empty());
    assert!(first.unwrap().text().unwrap().starts_with("✗ refused: "), "{first:?}");
    // Names that begin alike are told apart without a pointer.
    let drawn = |page: &str| -> BTreeSet<String> {
        let document = parsed(page);
        let names = document.descendants().filter(|n| n.attribute("class") == Some("names"));
        let texts = names.flat_map(|n| n.children()).filter(|n| n.tag_name().name() == "text");
        texts
            .map(|n| {
                let parts = n.descendants().filter(|n| n.is_text());
                let parts = parts.filter(|n| n.parent().unwrap().tag_name().name() != "title");
                parts.filter_map(|n| n.text()).collect()
            })
            .collect()
    };
    let names = drawn(&page);
    assert!(names.len() > 3, "{names:?}");
    // Two drawings where one would be taller than a sheet.
    let page = text(&samples::busy(120, 3), Format::Html);
    assert_eq!(drawn(&page).len(), 121);
    let document = parsed(&page);
    let drawings = document.descendants().filter(|n| n.attribute("class") == Some("lanes"));
    let heights: Vec<u32> =
        drawings.map(|n| n.attribute("height").unwrap().parse().unwrap()).collect();
    assert!(heights.len() > 2 && heights.iter().all(|height| *height < 1_500), "{heights:?}");
    assert_eq!(page.matches("<pattern id=\"retired\"").count(), 1);
}

#[test]
fn the_page_runs_nothing_and_loads_nothing() {
    for report in [samples::passing(), samples::refused(), samples::hostile(), samples::empty()] {
        let page = text(&report, Format::Html);
        let document = parsed(&page);
        let allowed: BTreeSet<&str> = [
            "article",
            "b",
            "body",
            "br",
            "circle",
            "code",
            "dd",
            "defs",
            "div",
            "dl",
            "dt",
            "figcaption",
            "figure",
            "footer",
            "g",
            "h1",
            "h2",
            "h3",
            "head",
            "header",
            "html",
            "li",
            "mark",
            "meta",
            "p",
            "path",
            "pattern",
            "pre",
            "rect",
            "section",
            "span",
            "style",
            "svg",
            "tspan",
            "table",
            "tbody",
            "td",
            "text",
            "th",
            "thead",
            "title",
            "tr",
            "ul",
        ]
        .into();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            assert!(allowed.contains(node.tag_name().name()), "{:?}", node.tag_name());
            for attribute in node.attributes() {
                let name = attribute.name();
                assert!(!name.starts_with("on"), "{name}");
                assert!(!["href", "src", "style", "action"].contains(&name), "{name}");
            }
        }
        assert!(page.contains("default-src 'none'; style-src 'sha256-"));
        let style = document.descendants().find(|n| n.has_tag_name("style")).unwrap();
        assert!(!style.text().unwrap().contains("@import"));
        let urls = style.text().unwrap().matches("url(").count();
        assert_eq!(urls, style.text().unwrap().matches("url(#").count());
    }
}

/// The text of the hostile string, as it must come out again where a parser has read it.
#[test]
fn hostile_strings_are_text_and_nothing_else() {
    let shown = crate::model::text::shown_up_to(HOSTILE, 1_000)
        .replace("##[", "#\\u{23}[")
        .replace('\u{ffff}', "\\u{ffff}");
    let report = samples::hostile();
    for format in [Format::Html, Format::Junit] {
        let out = text(&report, format);
        let document = parsed(&out);
        let texts = document.descendants().filter_map(|node| node.text());
        let attributes =
            document.descendants().flat_map(|node| node.attributes().map(|a| a.value()));
        let count = texts.chain(attributes).filter(|text| text.contains(&shown)).count();
        assert!(count > 5, "{}: {count} times {shown}", format.name());
        // As many elements as the same report has with harmless strings.
        let harmless = out_of_harmless(format);
        let elements = |document: &roxmltree::Document<'_>| {
            document.descendants().filter(roxmltree::Node::is_element).count()
        };
        assert_eq!(elements(&document), elements(&parsed(&harmless)), "{}", format.name());
    }
    let sarif: serde_json::Value = serde_json::from_str(&text(&report, Format::Sarif)).unwrap();
    let message = sarif["runs"][0]["results"][7]["message"]["text"].as_str().unwrap();
    assert!(message.contains("{{1b}}"), "{message}");
    assert!(message.contains("]\\u{{28}}") && !message.contains("]("), "{message}");
}

fn out_of_harmless(format: Format) -> String {
    let mut report = samples::hostile();
    report.tip.reference = Some("x".into());
    report.project = "x".into();
    for finding in &mut report.findings {
        // What has a backtick without a partner has no code.
        finding.help = finding.help.replace(HOSTILE, "`");
        finding.message = finding.message.replace(HOSTILE, "x");
        for text in [&mut finding.observed, &mut finding.required, &mut finding.tag] {
            *text = text.as_ref().map(|text| text.replace(HOSTILE, "x"));
        }
        for place in &mut finding.places {
            place.path = "x".into();
            place.label = "x".into();
            place.line_text = "x".into();
        }
    }
    for gate in &mut report.gates {
        gate.name = Some("x".into());
        for signoff in &mut gate.signoffs {
            signoff.why = Some("x".into());
        }
    }
    text(&report, format)
}

#[test]
fn no_format_lets_control_characters_or_scripts_through() {
    let report = samples::hostile();
    for format in Format::ALL {
        let out = text(&report, *format);
        let name = format.name();
        assert!(!out.chars().any(|c| c != '\n' && is_unsafe(c)), "{name}");
        assert!(!out.contains("##[") && !out.contains("\n::stop"), "{name}");
        if !matches!(format, Format::Human | Format::Concise | Format::Github | Format::Timeline) {
            assert!(!out.to_lowercase().contains("<script"), "{name}");
        }
        match format {
            Format::Json | Format::Sarif => {
                serde_json::from_str::<serde_json::Value>(&out).unwrap();
            }
            Format::Html | Format::Junit => {
                parsed(&out);
            }
            Format::Github => {
                for line in out.lines().filter(|line| line.starts_with("::")) {
                    let rest = line.strip_prefix("::").unwrap();
                    let (command, _) = rest.split_once("::").unwrap();
                    let (level, properties) = command.split_once(' ').unwrap();
                    assert!(properties.contains("title=gatecheck"), "cut short: {line}");
                    assert!(["error", "warning", "notice"].contains(&level), "{line}");
                    for property in properties.split(',') {
                        let (name, value) = property.split_once('=').unwrap();
                        assert!(["file", "line", "col", "title"].contains(&name), "{line}");
                        assert!(!value.contains(':'), "{line}");
                    }
                }
            }
            Format::Markdown => {
                for line in out.lines().filter(|line| line.starts_with('|')) {
                    let cells = line.matches('|').count();
                    assert!([3, 5, 7].contains(&cells), "{cells} marks in {line}");
                    let codes = line.matches("<code>").count();
                    assert_eq!(codes, line.matches("</code>").count(), "{line}");
                    assert_eq!(line.matches('`').count() % 2, 0, "{line}");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn nothing_in_junit_is_skipped_or_passes_by_mistake() {
    let gates = |verdict| {
        let mut report = samples::passing();
        report.verdict = verdict;
        report.gates[1].verdict = verdict;
        report
    };
    let cases = |report: &Report| -> Vec<String> {
        let out = text(report, Format::Junit);
        let document = parsed(&out);
        assert_eq!(document.descendants().filter(|n| n.has_tag_name("skipped")).count(), 0);
        let suite = document.descendants().find(|n| n.has_tag_name("testsuite")).unwrap();
        let cases: Vec<_> = suite.children().filter(|n| n.has_tag_name("testcase")).collect();
        assert_eq!(suite.attribute("tests").unwrap(), cases.len().to_string());
        for (tag, attribute) in [("failure", "failures"), ("error", "errors")] {
            let count = suite.descendants().filter(|n| n.has_tag_name(tag)).count();
            assert_eq!(suite.attribute(attribute).unwrap(), count.to_string());
        }
        let outcome = |case: &roxmltree::Node<'_, '_>| {
            let tags = ["failure", "error"];
            case.children()
                .find(|n| tags.contains(&n.tag_name().name()))
                .map_or_else(|| "passed".to_owned(), |node| node.tag_name().name().to_owned())
        };
        cases.iter().map(outcome).collect()
    };
    assert_eq!(cases(&samples::passing()), ["passed", "passed", "passed"]);
    assert_eq!(cases(&gates(Verdict::Refused)), ["failure", "passed", "failure"]);
    assert_eq!(cases(&gates(Verdict::Undecided)), ["error", "passed", "error"]);
    assert_eq!(cases(&samples::empty()), ["error"]);
    let mut report = samples::passing();
    report.input_unusable = true;
    assert_eq!(cases(&report)[0], "error", "unusable input proves nothing");
    let mut report = samples::passing();
    report.gates = (0..5_000).map(|epoch| samples::gate(epoch, Verdict::Pass)).collect();
    report.gates[4_999].verdict = Verdict::Refused;
    report.verdict = Verdict::Refused;
    let seen = cases(&report);
    assert_eq!(seen.len(), 2_000);
    assert_eq!(seen.iter().filter(|case| *case == "failure").count(), 2);
    for gate in report.gates.iter_mut().skip(1) {
        gate.verdict = Verdict::Refused;
    }
    assert_eq!(cases(&report).last().unwrap(), "failure", "the rest holds refused gates");
}

#[test]
fn the_text_lanes_show_what_the_page_shows() {
    let out = text(&samples::busy(6, 40), Format::Timeline);
    insta::assert_snapshot!("busy-timeline", out);
    for mark in ['=', '-', '~', '!', '>', '|', 'x', '?', 'o'] {
        let drawn =
            out.lines().filter(|line| line.starts_with("reviewer") || line.starts_with("gates "));
        assert!(
            drawn.clone().any(|line| line.chars().skip(20).any(|c| c == mark)),
            "{mark}\n{out}"
        );
    }
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
}

#[test]
fn annotations_are_for_findings_alone_too() {
    let found =
        [Finding::new(Code::MissingBackup, "later"), Finding::new(Code::RegistryInvalid, "first")];
    let out = findings(&found, Format::Github, &Style::default());
    let out = String::from_utf8(out).unwrap();
    assert!(
        out.starts_with("::error title=gatecheck registry-invalid::first\n::warning "),
        "{out}"
    );
    let same = |format| findings(&found, format, &Style::default());
    assert_eq!(same(Format::Html), same(Format::Concise));
}
