//! Compares what the program said with what the story expects.

use std::collections::BTreeSet;

use gatecheck::finding::Code;
use serde_json::{Value, json};

use super::build::World;
use super::run::Answer;

/// Everything that is wrong with the answers; empty where the story is told right.
pub(crate) fn judge(world: &World, answer: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    let expect = &world.story.expect;
    let allowed: Vec<&str> = expect.verdict.split(" | ").collect();
    let exits: Vec<i32> = allowed.iter().map(|verdict| status(verdict)).collect();
    if answer.exit == Some(0) && !exits.contains(&0) {
        wrong.push("!!! FALSE PASS: exit status 0 !!!".into());
    } else if !answer.exit.is_some_and(|exit| exits.contains(&exit)) {
        wrong.push(format!("exit status {:?}, expected {exits:?}", answer.exit));
    }
    for text in ["panicked at", "RUST_BACKTRACE"] {
        if answer.stderr.contains(text) {
            wrong.push("the program panicked".into());
        }
    }
    for text in &expect.never_printed {
        if answer.stdout.contains(text) || answer.stderr.contains(text) {
            wrong.push(format!("printed as it is: {text:?}"));
        }
    }
    let all = format!("{}{}", answer.stdout, answer.stderr).to_lowercase();
    for texts in &expect.printed {
        if !world.told(texts).split(" | ").any(|text| all.contains(&text.to_lowercase())) {
            wrong.push(format!("not printed: {texts:?}"));
        }
    }
    if answer.exit == Some(2) && allowed.contains(&"unusable") {
        return wrong;
    }
    let Some(report) = &answer.report else {
        wrong.push("standard output is no JSON report".into());
        return wrong;
    };
    let verdict = report["verdict"].as_str().unwrap_or("");
    if verdict == "pass" && !allowed.contains(&"pass") {
        wrong.push("!!! FALSE PASS: the report's verdict is pass !!!".into());
    } else if !allowed.contains(&verdict) {
        wrong.push(format!("verdict {verdict:?}, expected {:?}", expect.verdict));
    } else if answer.exit != Some(status(verdict)) {
        wrong.push(format!("exit status {:?} with verdict {verdict:?}", answer.exit));
    }
    shape(report, &mut wrong);
    findings(world, report, &mut wrong);
    gates(world, report, &mut wrong);
    signoffs(world, report, &mut wrong);
    wrong
}

/// section 11 of the rules.
fn status(verdict: &str) -> i32 {
    match verdict {
        "pass" => 0,
        "refused" => 1,
        "unusable" => 2,
        "undecided" => 3,
        other => panic!("no verdict: {other:?}"),
    }
}

/// What the same history must say whatever the clock: the report without what may differ.
pub(crate) fn about_history(answer: &Answer) -> Value {
    let mut report = answer.report.clone().unwrap_or(Value::Null);
    if let Some(findings) = report["findings"].as_array() {
        let kept: Vec<Value> =
            findings.iter().filter(|finding| finding["code"] != "expiring-soon").cloned().collect();
        report["findings"] = kept.into();
    }
    if report["counts"].is_object() {
        report["counts"]["warnings"] = json!(null);
    }
    report
}

/// Invariants of every report.
fn shape(report: &Value, wrong: &mut Vec<String>) {
    if report["schema"] != "gatecheck-report/1" {
        wrong.push(format!("schema is {}", report["schema"]));
    }
    for field in ["tool", "tip", "object_format", "counts", "gates", "findings"] {
        if report[field].is_null() {
            wrong.push(format!("the report has no {field:?}"));
        }
    }
    for finding in report["findings"].as_array().into_iter().flatten() {
        let code = finding["code"].as_str().unwrap_or("");
        if !is_code(code) {
            wrong.push(format!("{code:?} is no code of the documentation"));
        }
        for field in ["message", "help"] {
            if finding[field].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{code}: no {field}"));
            }
        }
        if finding["message"].as_str().is_some_and(|m| m.chars().any(char::is_control)) {
            wrong.push(format!("{code}: a control character in the message"));
        }
    }
}

pub(crate) fn is_code(name: &str) -> bool {
    Code::ALL.iter().any(|code| code.name() == name)
}

/// The severity that section 10 of the rules gives a code: the product's own list is not asked.
fn usual_severity(code: &str) -> &'static str {
    match code {
        "unsupported-version"
        | "weak-certificate"
        | "future-dated"
        | "shallow-history"
        | "missing-object"
        | "no-anchor"
        | "no-gate" => "undecided",
        "signed-by-later-compromised-key"
        | "cert-expired"
        | "clock-skew"
        | "non-monotonic-time"
        | "missing-backup"
        | "key-too-long-lived"
        | "expiring-soon"
        | "not-covered"
        | "replace-refs"
        | "other-signature-ignored"
        | "cured" => "warning",
        "pinned-by-date" => "note",
        _ => "error",
    }
}

/// (commit, code, severity)
type Found = (String, String, String);

/// `commit: code [severity]`, and alternatives after ` | `.
pub(crate) fn parse_finding(text: &str) -> Vec<Found> {
    let (commit, rest) = text.split_once(": ").unwrap_or_else(|| panic!("no colon: {text}"));
    rest.split(" | ")
        .map(|one| {
            let mut words = one.split_whitespace();
            let code = words.next().unwrap();
            assert!(is_code(code), "{code:?} is no code of the documentation");
            let severity = words.next().unwrap_or_else(|| usual_severity(code));
            (commit.to_owned(), code.to_owned(), severity.to_owned())
        })
        .collect()
}

fn findings(world: &World, report: &Value, wrong: &mut Vec<String>) {
    let expect = &world.story.expect;
    let found: BTreeSet<Found> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| {
            let text = |field: &str| finding[field].as_str().unwrap_or("").to_owned();
            (name_of(world, &text("commit")), text("code"), text("severity"))
        })
        .collect();
    let matches = |wanted: &Found, found: &Found| {
        (wanted.0 == "*" || wanted.0 == found.0) && wanted.1 == found.1 && wanted.2 == found.2
    };
    let mut explained: BTreeSet<&Found> = BTreeSet::new();
    for text in &expect.findings {
        let hits: Vec<&Found> = found
            .iter()
            .filter(|f| parse_finding(text).iter().any(|wanted| matches(wanted, f)))
            .collect();
        if hits.is_empty() {
            wrong.push(format!("not found: {text}"));
        }
        explained.extend(hits);
    }
    for text in &expect.allowed {
        explained.extend(
            found.iter().filter(|f| parse_finding(text).iter().any(|wanted| matches(wanted, f))),
        );
    }
    for code in &expect.absent {
        assert!(is_code(code), "{code:?} is no code of the documentation");
        if found.iter().any(|f| f.1 == *code) {
            wrong.push(format!("must not be found: {code}"));
        }
    }
    for other in found.difference(&explained.into_iter().cloned().collect()) {
        let (commit, code, severity) = other;
        // A pass is without blemish; a refusal may come with advice.
        let harmless = matches!(severity.as_str(), "warning" | "note")
            && (expect.verdict != "pass" || code == "not-covered");
        if !harmless {
            wrong.push(format!("not expected: {commit}: {code} {severity}"));
        }
    }
}

fn gates(world: &World, report: &Value, wrong: &mut Vec<String>) {
    let expect = &world.story.expect;
    let found: Vec<String> = report["gates"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|gate| {
            let text = |field: &str| gate[field].as_str().unwrap_or("").to_owned();
            format!("{}: {} {}", name_of(world, &text("commit")), text("kind"), text("verdict"))
        })
        .collect();
    for wanted in &expect.gates {
        let (name, rest) = wanted.split_once(": ").unwrap();
        let full =
            if rest.contains(' ') { wanted.clone() } else { format!("{name}: epoch {rest}") };
        if !found.contains(&full) {
            wrong.push(format!("no gate {full:?} among {found:?}"));
        }
    }
    if !expect.gates.is_empty() {
        let passed = |line: &&String| line.ends_with(" pass");
        let wanted = expect.gates.iter().filter(passed).count();
        let passed: Vec<&String> = found.iter().filter(passed).collect();
        if passed.len() > wanted {
            wrong.push(format!("!!! FALSE PASS of a gate: {passed:?} !!!"));
        }
    }
    // section 8.7 of the rules: a refused commit is never accepted, but once cured it does not block.
    let cured: BTreeSet<String> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| finding["code"] == "cured")
        .map(|finding| name_of(world, finding["commit"].as_str().unwrap_or("")))
        .collect();
    for line in found.iter().filter(|line| line.ends_with(" refused")) {
        let name = line.split(':').next().unwrap_or("");
        if report["verdict"] == "pass" && !cured.contains(name) {
            wrong.push(format!("!!! FALSE PASS with a refused gate: {line} !!!"));
        }
    }
}

fn signoffs(world: &World, report: &Value, wrong: &mut Vec<String>) {
    let mut found = Vec::new();
    for gate in report["gates"].as_array().into_iter().flatten() {
        let name = name_of(world, gate["commit"].as_str().unwrap_or(""));
        for signoff in gate["signoffs"].as_array().into_iter().flatten() {
            let text = |field: &str| signoff[field].as_str().unwrap_or("").to_owned();
            let flag = |field: &str| {
                if signoff[field] == true { field.to_owned() } else { format!("!{field}") }
            };
            found.push(format!(
                "{name} {} {}: {} {}",
                text("reviewer_id"),
                text("domain"),
                flag("attested"),
                flag("counted")
            ));
        }
    }
    for wanted in &world.story.expect.signoffs {
        if !found.contains(wanted) {
            wrong.push(format!("no sign-off {wanted:?} among {found:?}"));
        }
    }
}

fn name_of(world: &World, id: &str) -> String {
    world
        .commits
        .iter()
        .find(|made| made.id == id)
        .map_or_else(|| if id.is_empty() { "-".into() } else { id.into() }, |m| m.spec.name.clone())
}

/// The judge of the program is no push-over: a false pass is called out in every way.
#[test]
fn a_false_pass_and_a_silent_refusal_are_both_called_out() {
    let story = r#"
story = "An unsigned gate."
[[commits]]
name = "gate0"
epoch = 0
signed_by = ""
[expect]
verdict = "refused"
findings = ["gate0: unsigned"]
gates = ["gate0: refused"]
"#;
    let world = World::new(toml::from_str(story).unwrap());
    let gate = world.commit("gate0").id.clone();
    let answer = |exit, verdict: &str, code: &str| {
        let report = json!({
            "schema": "gatecheck-report/1", "tool": {}, "verdict": verdict, "tip": {},
            "object_format": "sha1", "counts": {},
            "gates": [{ "kind": "epoch", "commit": gate, "verdict": verdict, "signoffs": [] }],
            "findings": [
                { "code": code, "severity": "error", "message": "m", "help": "h", "commit": gate },
            ],
        });
        let stdout = report.to_string();
        Answer { exit: Some(exit), stdout, stderr: String::new(), report: Some(report) }
    };
    assert_eq!(judge(&world, &answer(1, "refused", "unsigned")), Vec::<String>::new());
    let passed = judge(&world, &answer(0, "pass", "unsigned"));
    assert_eq!(passed.iter().filter(|line| line.contains("FALSE PASS")).count(), 3, "{passed:?}");
    let other = judge(&world, &answer(1, "refused", "bad-signature"));
    assert_eq!(other, ["not found: gate0: unsigned", "not expected: gate0: bad-signature error"]);
    assert_eq!(judge(&world, &answer(101, "refused", "unsigned")).len(), 2);
}
