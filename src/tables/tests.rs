//! Of the reader.

use super::*;
use crate::finding::{Finding, Severity};
use crate::model::Time;

fn read<T>(text: &str, with: impl FnOnce(&mut Table<'_>) -> T) -> (T, Vec<Finding>) {
    let source = source("a.toml", text.as_bytes(), 1 << 20, Code::RegistryInvalid).unwrap();
    let problems = Problems::new(&source, Code::RegistryInvalid);
    let parsed = parse(&source, &problems);
    let value = {
        let mut root = Table::root(&parsed, &problems);
        let value = with(&mut root);
        root.finish();
        value
    };
    let unusable = problems.unusable();
    let found = problems.into_findings();
    assert_eq!(unusable, !found.is_empty());
    (value, found)
}

fn spot(line: u32, column: u32) -> Spot {
    Spot { line, column }
}

#[test]
fn values_come_with_their_places() {
    let text = "a = 'x'\nn = 0x1_F\nb = true\nl = [\n  'p', 'q']\nd = 2026-06-11\n";
    let (values, problems) = read(text, |t| {
        (t.string("a"), t.integer("n"), t.boolean("b"), t.strings("l"), t.time("d"))
    });
    assert_eq!(problems, []);
    assert_eq!(values.0, Some(At { value: "x".to_owned(), spot: spot(1, 1) }));
    assert_eq!(values.1, Some(At { value: 0x1f, spot: spot(2, 1) }));
    assert_eq!(values.2.map(|b| b.value), Some(true));
    let list = values.3.unwrap();
    assert_eq!(list.spot, spot(4, 1));
    assert_eq!(list.value[1], At { value: "q".to_owned(), spot: spot(5, 8) });
    assert_eq!(values.4.unwrap().value, Time::parse("2026-06-11").unwrap());
}

#[test]
fn wrong_types_are_problems_and_read_as_absent() {
    for text in ["a = 1", "a = -1", "a = 1.5", "a = []", "a = {}", "a = true", "a = 2026-01-01"] {
        let (value, problems) = read(text, |t| t.string("a"));
        assert_eq!((value, problems.len()), (None, 1), "{text}");
        assert_eq!(problems[0].places[0].spot, spot(1, 1));
    }
    for text in ["a = -1", "a = 9223372036854775808", "a = '1'", "a = 1.0"] {
        assert_eq!(read(text, |t| t.integer("a")).1.len(), 1, "{text}");
    }
    assert_eq!(read("a = ['x', 1]", |t| t.strings("a")).1.len(), 1);
}

#[test]
fn lists_are_bounded() {
    let list = |n: usize| read(&format!("a = [{}]", "'',".repeat(n)), |t| t.strings("a"));
    assert_eq!(list(MAX_ITEMS).0.unwrap().value.len(), MAX_ITEMS);
    let (value, problems) = list(MAX_ITEMS + 1);
    assert_eq!((value, problems.len()), (None, 1));
}

#[test]
fn only_single_moments_are_times() {
    let time = |value: &str| read(&format!("a = {value}"), |t| t.time("a"));
    let noon = Time::parse("2026-06-11T12:00:00Z").unwrap();
    for good in [
        "2026-06-11T12:00:00Z",
        "'2026-06-11T12:00:00Z'",
        "2026-06-11 14:00:00+02:00",
        "2026-06-12T02:00:00+14:00",
        "'2026-06-11T00:00:00-12:00'",
    ] {
        let (value, problems) = time(good);
        assert_eq!((value.map(|v| v.value), problems.as_slice()), (Some(noon), [].as_slice()));
    }
    for bad in [
        "2026-06-11T12:00:00",
        "'2026-06-11T12:00:00'",
        "12:00:00",
        "2026-06-11T12:00:00.0Z",
        "2026-06-11T12:00:00.5Z",
        "'2026-06-11T12:00:00.0Z'",
        "'soon'",
        "7",
    ] {
        let (value, problems) = time(bad);
        assert_eq!((value, problems.len()), (None, 1), "{bad}");
    }
}

#[test]
fn all_problems_come_at_once_in_the_order_of_the_lines() {
    let text = "[t]\nretird = true\nid = 4\n[t]\n\n[[k]]\nx = 1\n[[k]]\n";
    let ((), problems) = read(text, |root| {
        for mut k in root.tables("k") {
            k.required("x", Table::integer);
            k.finish();
        }
        if let Some(mut t) = root.required("t", Table::table) {
            t.boolean("retired");
            t.string("id");
            t.finish();
        }
    });
    let lines: Vec<u32> = problems.iter().map(|p| p.places[0].spot.line).collect();
    let words: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
    // A table that stands twice is dropped by the parser: its fields are not read.
    assert_eq!(lines.last(), Some(&8), "{words:?}");
    assert!(words.iter().any(|w| w.contains("duplicate key")), "{words:?}");
    assert!(words.contains(&"`x` is missing in [[k]] number 2"), "{words:?}");
}

#[test]
fn unknown_fields_are_named_with_the_one_that_was_meant() {
    let ((), problems) = read("[t]\nretird = true\n", |root| {
        let mut t = root.table("t").unwrap();
        t.boolean("retired");
        t.string("id");
        t.finish();
    });
    assert_eq!(problems[0].message, "`retird` is not a field of [t]");
    assert_eq!(problems[0].help, "did you mean `retired`?");
    assert_eq!(problems[0].required.as_deref(), Some("id, retired"));
    assert_eq!(problems[0].places[0].line_text, "retird = true");
}

#[test]
fn free_keys_are_read_as_a_map() {
    let (keys, problems) = read("e.\"0\" = { n = 1 }\ne.x = 2\n", |root| {
        let mut keys = Vec::new();
        for (key, mut table) in root.map("e") {
            table.integer("n");
            table.finish();
            keys.push(key.value);
        }
        keys
    });
    assert_eq!(keys, ["0"]);
    assert_eq!(problems.len(), 1);
}

#[test]
fn size_and_encoding_are_checked_first() {
    let big = source("a.toml", b"12345", 4, Code::ManifestInvalid).unwrap_err();
    assert_eq!(big.required.as_deref(), Some("at most 4 bytes"));
    assert!(big.message.contains("file-bytes"));
    let bad = source("a.toml", b"ok\nx\xff", 1 << 20, Code::ManifestInvalid).unwrap_err();
    assert_eq!(bad.places[0].spot, spot(2, 2));
    assert!(source("a.toml", b"1234", 4, Code::ManifestInvalid).is_ok());
}

#[test]
fn problems_are_bounded_and_the_rest_keeps_its_severity() {
    let source = Source::new("a.toml", "x".repeat(5_000));
    let problems = Problems::new(&source, Code::RegistryInvalid);
    for _ in 0..MAX_PROBLEMS {
        problems.add(problems.invalid(Spot::START, "w").severity(Severity::Warning));
    }
    problems.add(problems.invalid(Spot::START, "e"));
    assert!(!problems.unusable());
    let found = problems.into_findings();
    assert_eq!(found.len(), MAX_PROBLEMS + 1);
    assert_eq!(found[0].places[0].line_text.len(), MAX_LINE_CHARS);
    assert_eq!(found.last().unwrap().severity, Severity::Error);
}
