//! Every format over the same reports: what they look like, and what they never hold.

use proptest::prelude::*;

use super::samples::{self, HOSTILE};
use super::*;
use crate::finding::{Code, Finding, Place};
use crate::model::text::is_unsafe;
use crate::report::Verdict;
use crate::source::Spot;

fn style() -> Style {
    Style { color: false, width: 100, tool_version: "9.9.9".into() }
}

fn text(report: &Report, format: Format) -> String {
    String::from_utf8(render(report, format, &style())).unwrap()
}

/// As [`text`], with lines where a format has none.
pub(super) fn legible(report: &Report, format: Format) -> String {
    let text = text(report, format);
    if format != Format::Sarif {
        return text;
    }
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn a_refused_run_in_every_format() {
    for format in Format::ALL {
        insta::assert_snapshot!(
            format!("refused-{}", format.name()),
            legible(&samples::refused(), *format)
        );
    }
}

#[test]
fn a_passing_run_in_every_format() {
    for format in Format::ALL {
        insta::assert_snapshot!(
            format!("passing-{}", format.name()),
            legible(&samples::passing(), *format)
        );
    }
}

#[test]
fn colours_are_only_colours() {
    let report = samples::refused();
    let colored = Style { color: true, ..style() };
    for format in Format::ALL {
        let plain = text(&report, *format);
        let bytes = render(&report, *format, &colored);
        let bare = without_colors(&String::from_utf8(bytes.clone()).unwrap());
        assert_eq!(bare, plain, "{}", format.name());
        assert_eq!(bytes.contains(&0x1b), *format == Format::Human, "{}", format.name());
    }
}

/// Drops `ESC [ digits-and-semicolons m` and nothing else.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut bare = parts.next().unwrap().to_owned();
    for part in parts {
        bare.push_str(
            part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')[0..]
                .strip_prefix('m')
                .unwrap(),
        );
    }
    bare
}

#[test]
fn long_histories_are_folded() {
    let mut report = samples::passing();
    report.gates = (0..40)
        .map(|epoch| {
            let refused = matches!(epoch, 17 | 18);
            samples::gate(epoch, if refused { Verdict::Refused } else { Verdict::Pass })
        })
        .collect();
    let out = text(&report, Format::Human);
    insta::assert_snapshot!(gate_lines(&out), @r"
pass      epoch 0 to 16   17 gates in a row
refused   epoch 17        121212121212  2026-06-11  signed by clancy; 2 of 2 sign-offs counted
refused   epoch 18        131313131313  2026-06-11  signed by clancy; 2 of 2 sign-offs counted
pass      epoch 19 to 38  20 gates in a row
pass      epoch 39        282828282828  2026-06-11  signed by clancy; 2 of 2 sign-offs counted
");
}

#[test]
fn a_history_of_nothing_but_refusals_is_cut() {
    let mut report = samples::passing();
    report.gates = (0..100).map(|epoch| samples::gate(epoch, Verdict::Refused)).collect();
    let out = gate_lines(&text(&report, Format::Human));
    assert_eq!(out.lines().count(), 21, "{out}");
    assert!(out.contains("and 80 more that do not hold"), "{out}");
}

fn gate_lines(human: &str) -> String {
    human.split("\n\n").nth(1).unwrap().to_owned()
}

#[test]
fn verdicts_are_said_in_words() {
    let mut report = samples::passing();
    let last = |report: &Report| text(report, Format::Concise).lines().last().unwrap().to_owned();
    assert_eq!(last(&report), "pass: all 2 gates hold");
    report.counts.warnings = 1;
    assert_eq!(last(&report), "pass: all 2 gates hold; 1 warning");
    report.counts.gates = 1;
    assert_eq!(last(&report), "pass: the gate that was judged holds; 1 warning");
    report.commits_only = true;
    assert_eq!(last(&report), "pass: all 9 commits hold; 1 warning");
    report.verdict = Verdict::Undecided;
    report.findings = vec![Finding::new(Code::NoAnchor, "no anchor")];
    assert_eq!(
        last(&report),
        "undecided: this cannot be told from what is here; 0 errors, 1 undecided, 1 warning"
    );
    report.verdict = Verdict::Pass;
    report.input_unusable = true;
    assert!(last(&report).starts_with("unusable: "), "{}", last(&report));
}

#[test]
fn hostile_strings_are_inert_in_every_format() {
    let report = samples::hostile();
    for format in Format::ALL {
        let out = text(&report, *format);
        let name = format.name();
        insta::assert_snapshot!(format!("hostile-{name}"), legible(&report, *format));
        assert_inert(&out, *format);
        let escaped = match format {
            Format::Sarif => "u{{1b}}",
            _ => "u{1b}",
        };
        assert!(out.contains(escaped), "{name} shows what was there");
        if matches!(format, Format::Json | Format::Ndjson) {
            for markup in ["::", "##", "<", ">"] {
                assert!(!out.contains(markup), "{markup} in {name}");
            }
        }
    }
    assert!(HOSTILE.contains('\n'));
}

/// No control or invisible characters, no line that a build service obeys, but for those that are
/// there for it to obey.
fn assert_inert(out: &str, format: Format) {
    let name = format.name();
    assert!(!out.chars().any(|c| c != '\n' && is_unsafe(c)), "{name}: {out:?}");
    for line in out.lines() {
        let ours = ["::error ", "::warning ", "::notice "];
        if format != Format::Github || !ours.iter().any(|command| line.starts_with(command)) {
            assert!(!line.trim_start().starts_with("::"), "{name}: {line}");
        }
        assert!(!line.contains("##["), "{name}: {line}");
        assert!(!line.contains("##vso["), "{name}: {line}");
    }
}

#[test]
fn json_reads_back_with_every_field_in_order() {
    let report = samples::refused();
    let json = text(&report, Format::Json);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["schema"], "gatecheck-report/1");
    assert_eq!(value["tool"]["version"], "9.9.9");
    let order = [
        "schema",
        "tool",
        "verdict",
        "anchor",
        "tip",
        "object_format",
        "project",
        "registry",
        "covered",
        "checkpoint",
        "counts",
        "gates",
        "findings",
    ];
    let places: Vec<_> = order.iter().map(|k| json.find(&format!("\n  \"{k}\": "))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    assert_eq!(value.as_object().unwrap().len(), order.len());
    assert!(value["checkpoint"].is_null());
    let findings = value["findings"].as_array().unwrap();
    assert_eq!(findings.len(), report.findings.len());
    assert!(findings.last().unwrap().get("commit").is_none(), "absent, not null");
}

#[test]
fn absent_things_are_null_where_the_format_says_so() {
    let mut report = samples::passing();
    report.anchor = None;
    report.covered = None;
    report.registry = None;
    report.tip.reference = None;
    report.gates[0].signer = None;
    report.gates[0].signature_time = None;
    report.gates[0].epoch = None;
    let value: serde_json::Value = serde_json::from_str(&text(&report, Format::Json)).unwrap();
    for pointer in [
        "/anchor",
        "/covered",
        "/registry",
        "/tip/ref",
        "/gates/0/signer",
        "/gates/0/signature_time",
    ] {
        assert_eq!(value.pointer(pointer), Some(&serde_json::Value::Null), "{pointer}");
    }
    assert_eq!(value.pointer("/gates/0/epoch"), None);
}

#[test]
fn ndjson_is_one_document_a_judged_commit() {
    let out = text(&samples::refused(), Format::Ndjson);
    let commits: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(commits.len(), samples::refused().commits.len());
    assert_eq!(commits[2]["code"], "key-retired");
    assert!(commits[2].get("reviewer_id").is_none());
    assert!(
        commits[2].get("fingerprint").is_some(),
        "a key that verified is named, registered or not"
    );
}

#[test]
fn every_code_has_a_line_in_the_list_and_a_page() {
    let doc = |code| {
        Some(crate::finding::CodeDoc {
            code,
            what: "What was found.",
            why: "Who could do what.\nAnd more.",
            fix: "Type this:\n    gatecheck status",
        })
    };
    let list = String::from_utf8(explain_list(doc)).unwrap();
    assert_eq!(list.lines().count(), Code::ALL.len());
    assert!(list.lines().all(|line| line.ends_with("What was found.")));
    let page = String::from_utf8(explain(&doc(Code::KeyRetired).unwrap())).unwrap();
    insta::assert_snapshot!(page, @r"
key-retired (error)

What was found.

Why it matters:
  Who could do what.
  And more.

What to do:
  Type this:
      gatecheck status
");
}

#[test]
fn formats_are_found_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(*format));
    }
    assert_eq!(Format::from_name("xml"), None);
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("::".to_owned()),
        Just("##".to_owned()),
        Just("[".to_owned()),
        Just("vso".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just(" ".to_owned()),
        Just("\u{1b}[31m".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("\u{9b}".to_owned()),
        Just("漢字".to_owned()),
        Just("e\u{301}".to_owned()),
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_the_strings_nothing_steers_the_reader(
        texts in proptest::collection::vec(any_text(), 10),
        line in any::<u32>(), column in prop_oneof![0u32..400, any::<u32>()],
        width in 0usize..300, color in any::<bool>(),
    ) {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        let mut report = samples::refused();
        report.project = next();
        report.tip.reference = Some(next());
        report.gates[3].name = Some(next());
        report.gates[2].signoffs[0].why = Some(next());
        let place = Place {
            path: next(),
            commit: None,
            spot: Spot { line, column },
            label: next(),
            line_text: next(),
        };
        report.findings[0] = Finding::new(Code::ForbiddenText, next())
            .help(next())
            .compared(next(), "x")
            .at(place);
        let style = Style { color, width, ..style() };
        for format in Format::ALL {
            let out = String::from_utf8(render(&report, *format, &style)).unwrap();
            let out = if color { without_colors(&out) } else { out };
            assert_inert(&out, *format);
        }
    }
}
