//! What tests of the rooms that read files have in common.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::finding::Finding;
use crate::model::text::is_unsafe;

/// Problems as a person would read them.
pub(crate) fn told(problems: &[Finding]) -> String {
    let mut text = String::new();
    for p in problems {
        let place = &p.places[0];
        writeln!(
            text,
            "{} {}:{}: {}\n  seen: {}\n  needed: {}\n  help: {}",
            p.code,
            place.spot.line,
            place.spot.column,
            p.message,
            p.observed.as_deref().unwrap_or("-"),
            p.required.as_deref().unwrap_or("-"),
            p.help
        )
        .unwrap();
    }
    text
}

/// Whether problems can be printed as they are, and say what helps.
pub(crate) fn can_be_shown(problems: &[Finding]) {
    for problem in problems {
        for text in [Some(&problem.message), Some(&problem.help), problem.observed.as_ref()] {
            assert!(!text.is_some_and(|t| t.chars().any(is_unsafe)), "{problem:?}");
        }
        assert!(!problem.help.is_empty(), "{problem:?}");
    }
}

/// What this thread has had of a processor so far. On a busy machine the time that passes says nothing
/// of what something costs; it is what is told where the system tells no better.
pub(crate) fn spent() -> Duration {
    let Ok(stat) = std::fs::read_to_string("/proc/thread-self/stat") else {
        static BEGUN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        return BEGUN.get_or_init(std::time::Instant::now).elapsed();
    };
    // proc_pid_stat(5): utime and stime, in hundredths of a second, behind a name that may hold anything.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |n: usize| fields[n].parse::<u64>().unwrap();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(schema: &Value) -> String {
    serde_json::to_string_pretty(schema).unwrap() + "\n"
}

/// Writes a schema where it is shipped.
pub(crate) fn write_schema(path: &str, schema: &Value) {
    std::fs::write(shipped(path), text(schema)).unwrap();
}

/// Compares a schema with the one that is shipped; `writer` is the test that writes it.
#[track_caller]
pub(crate) fn schema_is_shipped(path: &str, schema: &Value, writer: &str) {
    let shipped = std::fs::read_to_string(shipped(path)).unwrap();
    assert_eq!(shipped, text(schema), "run: cargo test --lib {writer} -- --ignored");
}

/// Properties of a schema's object; `name` is one of `$defs`, or "" for the root.
pub(crate) fn properties(schema: &Value, name: &str) -> BTreeSet<String> {
    let object = if name.is_empty() { schema } else { &schema["$defs"][name] };
    assert_eq!(object["additionalProperties"], false, "{name}");
    object["properties"].as_object().unwrap().keys().cloned().collect()
}

/// The fields that the reader knows where it met the unknown one `unheard_of`.
pub(crate) fn known(problems: &[Finding]) -> BTreeSet<String> {
    let found = problems.iter().find(|p| p.message.contains("`unheard_of`")).unwrap();
    found.required.as_deref().unwrap().split(", ").map(str::to_owned).collect()
}
