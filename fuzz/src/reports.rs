//! Reports in every format, of words that anybody may have written.

use gatecheck::finding::{Code, Finding, Place};
use gatecheck::model::text::is_unsafe;
use gatecheck::model::{DomainId, GateKind, ObjectFormat, Oid, ReviewerId, Time};
use gatecheck::render::{Format, Style, render};
use gatecheck::report::{
    Anchor, AnchorSource, Counts, GateReport, JudgedCommit, Report, SignoffReport, Tip, Verdict,
};
use gatecheck::source::{Source, Spot};

const CODES: [Code; 4] = [Code::Unsigned, Code::MissingObject, Code::ClockSkew, Code::PinnedByDate];

/// Four bytes say where a finding points and how wide a line is, the rest are words, cut at NUL. No
/// word steers a terminal, a build service, a page or a table, in none of the formats.
pub fn report(bytes: &[u8]) -> bool {
    let (choice, rest) = bytes.split_at(bytes.len().min(4));
    let choose = |n: usize| choice.get(n).copied().unwrap_or(0);
    let text = String::from_utf8_lossy(rest);
    let mut words = text.split('\0').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    let at = Time::from_unix_clamped(1_781_000_000);
    let commit = Oid::from_bytes(&[1; 20]).unwrap();
    let source = Source::new(word(), word());
    let spot = Spot { line: u32::from(choose(0) % 4) + 1, column: u32::from(choose(1)) + 1 };
    let place = Place::new(&source, Some(commit), spot, word());
    let beyond =
        Place { spot: source.spot(usize::from(choose(1)) * 7), commit: None, ..place.clone() };
    let mut finding = Finding::new(CODES[usize::from(choose(2) % 4)], word()).help(word());
    finding = finding.compared(word(), word()).commit(commit).at(place).at(beyond);
    finding.tag = Some(word()).filter(|tag| !tag.is_empty());
    let signoff = SignoffReport {
        reviewer_id: ReviewerId::new("clancy").unwrap(),
        domain: DomainId::new("kernel").unwrap(),
        attested: false,
        counted: false,
        why: Some(word()),
        fingerprint: None,
        timestamp: at,
    };
    let gate = GateReport {
        kind: GateKind::Squash,
        epoch: None,
        name: Some(word()),
        commit,
        carrier: commit,
        verdict: Verdict::Refused,
        subject: None,
        signer: None,
        signature_time: None,
        committer_time: Some(at),
        signoffs: vec![signoff],
    };
    let report = Report {
        verdict: Verdict::Refused,
        input_unusable: false,
        anchor: Some(Anchor { commit, source: AnchorSource::Flag }),
        tip: Tip { reference: Some(word()), commit },
        object_format: ObjectFormat::Sha1,
        project: word(),
        registry: None,
        covered: None,
        checkpoint: None,
        commits_only: false,
        counts: Counts { gates: 1, refused: 1, errors: 1, ..Counts::default() },
        gates: vec![gate],
        findings: vec![finding],
        commits: vec![JudgedCommit {
            commit,
            kind: "squash".to_owned(),
            verdict: Verdict::Refused,
            code: Some(Code::Unsigned),
            signer: None,
            fingerprint: None,
            signature_time: None,
            committer_time: Some(at),
        }],
        keys: Vec::new(),
    };
    let width = usize::from(choose(3)) + 40;
    for format in Format::ALL {
        let style = Style { width, tool_version: "0".to_owned(), color: false };
        let out = render(&report, *format, &style);
        if usize::from(choose(0)) % Format::ALL.len() == *format as usize {
            assert_eq!(out, render(&report, *format, &style), "the same report in other bytes");
        }
        let out = String::from_utf8(out).expect("text");
        assert_plain(&out, *format);
        if *format == Format::Human {
            let colored = render(&report, *format, &Style { color: true, ..style });
            let bare = without_colors(&String::from_utf8(colored).expect("text"));
            assert_plain(&bare, *format);
        }
    }
    !rest.is_empty()
}

fn assert_plain(out: &str, format: Format) {
    let name = format.name();
    assert!(!out.chars().any(|c| c != '\n' && is_unsafe(c)), "{name}: {out:?}");
    for line in out.lines() {
        let ours = ["::error ", "::warning ", "::notice "];
        let command = format == Format::Github && ours.iter().any(|one| line.starts_with(one));
        assert!(command || !line.trim_start().starts_with("::"), "{name}: {line}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{name}: {line}");
    }
    match format {
        Format::Json | Format::Sarif => {
            serde_json::from_str::<serde_json::Value>(out).expect("JSON");
        }
        Format::Ndjson => {
            for line in out.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON");
            }
        }
        Format::Junit | Format::Html => {
            let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
            let read = roxmltree::Document::parse_with_options(out, options).expect("a document");
            let mut names = read.descendants().map(|node| node.tag_name().name());
            assert!(!names.any(|name| name.eq_ignore_ascii_case("script")), "{name}");
        }
        Format::Github => {
            for line in out.lines().filter(|line| line.starts_with("::")) {
                let (properties, _) = line[2..].split_once("::").expect("a message");
                let (_, properties) = properties.split_once(' ').expect("properties");
                for property in properties.split(',') {
                    let (key, value) = property.split_once('=').expect("a value");
                    assert!(["file", "line", "col", "title"].contains(&key), "{line}");
                    assert!(!value.contains(':'), "{line}");
                }
            }
        }
        Format::Human | Format::Concise | Format::Markdown | Format::Timeline => {}
    }
}

/// Without the colours that are ours: `ESC [ digits m`.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('m').expect("a colour ends");
        assert!(code.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{code:?} is no colour");
        bare.push_str(rest);
    }
    bare
}
