//! Whatever the bytes: an answer, in bounded time, that never mistakes damage for a registry.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::document::Document;
use super::super::{diff, fmt, lint, read, timeline};
use super::{FULL, STUB, told};
use crate::finding::Severity;
use crate::model::Limits;
use crate::model::step::RegistryReading;
use crate::tables::testing::spent;

/// Everything that is done with a reading; it must hold together.
fn exercise(bytes: &[u8]) -> RegistryReading {
    let reading = read("r.toml", bytes, &Limits::default());
    let worst = reading.problems.iter().map(|problem| problem.severity).max();
    match &reading.registry {
        None => assert!(worst >= Some(Severity::Undecided), "unusable without an error"),
        Some(registry) => {
            assert_eq!(diff(registry, registry), []);
            let _ = timeline(registry, &[], 80, None);
            let text = std::str::from_utf8(bytes).unwrap();
            let once = fmt(text).unwrap_or_else(|why| panic!("{why:?}\n{text}"));
            assert_eq!(fmt(&once).unwrap(), once, "{text}");
        }
    }
    for problem in lint(&reading, None) {
        let words = [Some(&problem.message), problem.observed.as_ref(), problem.required.as_ref()];
        for text in words.into_iter().flatten() {
            assert!(!text.chars().any(crate::model::text::is_unsafe), "{text:?}");
        }
        assert!(!problem.help.is_empty(), "{}", problem.message);
    }
    reading
}

/// Pieces of which registries are made, sound and not.
fn line() -> impl Strategy<Value = String> {
    let lines: Vec<String> =
        FULL.lines().chain(STUB.lines()).map(str::to_owned).collect::<Vec<_>>();
    prop_oneof![
        8 => proptest::sample::select(lines),
        1 => "\\PC{0,20}",
        1 => "[a-z_]{1,8} = [0-9\"'\\[{]{0,4}",
        1 => proptest::sample::select(vec![
            "[policy]", "[[policy]]", "[schema.version]", "keys = 1", "keys = [{}]", "x = \"\\u202e\"",
            "a.b.c = {}", "[a]\n[a]", "[[a]]\n[a]", "\"\" = 1", "'\u{1b}' = 1", "[policy.quorum.epochs.7]",
            "epochs = { \"1\" = {} }", "fingerprint = \"\"", "effective_from = 9999-12-31T23:59:59-23:59",
        ].into_iter().map(str::to_owned).collect::<Vec<_>>()),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 256, ..Config::default() })]

    #[test]
    fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
    }

    #[test]
    fn any_lines_have_an_answer(lines in proptest::collection::vec(line(), 0..60)) {
        exercise(lines.join("\n").as_bytes());
    }

    #[test]
    fn one_damaged_byte_has_an_answer(at in 0..FULL.len(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = FULL.as_bytes().to_vec();
        if cut { bytes.remove(at); } else { bytes[at] = byte; }
        exercise(&bytes);
    }

    #[test]
    fn lines_of_a_registry_left_out_have_an_answer(left in proptest::collection::vec(0usize..145, 1..4)) {
        let lines: Vec<&str> = FULL.lines().enumerate()
            .filter(|(n, _)| !left.contains(n)).map(|(_, line)| line).collect();
        exercise(lines.join("\n").as_bytes());
    }

    #[test]
    fn line_ends_do_not_matter(crlf in any::<bool>()) {
        let text = if crlf { FULL.replace('\n', "\r\n") } else { FULL.to_owned() };
        let reading = exercise(text.as_bytes());
        let registry = reading.registry.unwrap();
        prop_assert_eq!(Document::of(&registry), Document::of(&super::registry(FULL)));
    }
}

#[test]
fn what_is_large_costs_little() {
    let before = spent();
    let max = 1 << 20;
    let fill = |unit: &str| unit.repeat(max / unit.len());
    let many = |head: &str, unit: &str, tail: &str| {
        format!("{head}{}{tail}", unit.repeat((max - head.len() - tail.len()) / unit.len()))
    };
    let schema = "[schema]\nversion = \"1.1.0\"\nserial = 1\n";
    for text in [
        fill("a = 1\n"),
        fill("["),
        fill("a."),
        fill("[[keys]]\n"),
        many(&format!("{schema}zzz = ["), "\"\",", "]"),
        many(&format!("{schema}zzz = {{"), "a = 1,", "}"),
        many(&format!("{schema}[[domains]]\npaths = ["), "\"?\",", "]\n"),
        many(
            &format!("{schema}[[domains]]\npaths = ["),
            "\"????????????????????????????????\",",
            "]\n",
        ),
        many(
            &format!("{schema}[[policy.forbidden]]\nname = \"x\"\npattern = \""),
            "\\\\w{99}",
            "\"\n",
        ),
        many(
            schema,
            "[[keys]]\nreviewer_id = \"a\"\nfingerprint = \"1111111111111111111111111111111111111111\"\neffective_from = 2026-01-01\n",
            "",
        ),
        many(schema, "[[policy.forbidden]]\nname = \"x\"\npattern = \"\\\\w{50}\"\n", ""),
        many(
            "[schema]\nversion = \"1.0.0\"\n",
            "[[keys]]\nreviewer_id = \"a\"\nfingerprint = \"1111111111111111111111111111111111111111\"\neffective_from = 2026-01-01\n",
            "",
        ),
    ] {
        let reading = read("r.toml", text.as_bytes(), &Limits::default());
        assert!(reading.registry.is_none(), "{}", &text[..80]);
        assert!(
            reading.problems.len() <= crate::tables::MAX_PROBLEMS + 1,
            "{}",
            told(&reading.problems)
        );
    }
    // A debug build takes a few seconds; what grows with the square takes minutes.
    let cost = spent() - before;
    assert!(cost.as_secs() < 60, "{cost:?}");
}
