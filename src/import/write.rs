//! The registry as text.

use std::fmt::Write as _;

use super::ImportOptions;
use super::people::{DraftKey, Person};
use crate::model::registry::{KeyFormat, RetiredReason};
use crate::model::text::is_unsafe;
use crate::model::{ReviewerId, Time};

/// Writes a registry of format 1.1.0, serial 1, without domains: they are not needed where
/// commits are judged and no gates.
pub(super) fn registry(source: &str, people: &[Person], options: &ImportOptions<'_>) -> String {
    let mut text = format!(
        "# Made by `gatecheck registry import` from {source}.\n\
         # Read it, then pin it: gatecheck verify --every-commit --registry FILE\n\
         [schema]\nversion = \"1.1.0\"\nserial = 1\n\n\
         [project]\nid = {}\nmainline = {}\n",
        quoted(options.project),
        quoted(options.mainline)
    );
    for person in people {
        push_person(&mut text, person);
    }
    for person in people {
        for key in &person.keys {
            push_key(&mut text, &person.id, key);
        }
    }
    text
}

fn push_person(text: &mut String, person: &Person) {
    let emails: Vec<String> = person.emails.iter().map(|email| quoted(email)).collect();
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        text,
        "\n[[reviewers]]\nid = {}\nname = {}\nemails = [{}]\nkind = {}\n",
        quoted(person.id.as_str()),
        quoted(&person.name),
        emails.join(", "),
        quoted(person.kind.name())
    );
}

fn push_key(text: &mut String, reviewer: &ReviewerId, key: &DraftKey) {
    let end = key.window.until.zip(key.retired);
    let table = if end.is_some() { "retired_keys" } else { "keys" };
    let format = match key.format {
        KeyFormat::OpenPgp => "openpgp",
        KeyFormat::Ssh => "ssh",
    };
    let _ = write!(
        text,
        "\n[[{table}]]\nreviewer_id = {}\nformat = \"{format}\"\nfingerprint = {}\n\
         public_key = {}\neffective_from = {}\n",
        quoted(reviewer.as_str()),
        quoted(&key.fingerprint.to_string()),
        quoted(&key.public_key),
        date(key.window.from)
    );
    match (end, key.window.until) {
        (Some((at, reason)), _) => push_retirement(text, at, reason),
        (None, Some(until)) => {
            let _ = writeln!(text, "effective_until = {}", date(until));
        }
        (None, None) => {}
    }
}

fn push_retirement(text: &mut String, at: Time, reason: RetiredReason) {
    let _ = write!(text, "retired_at = {}\nreason = {}\n", date(at), quoted(reason.name()));
}

/// A date where that says it all, else a date-time in UTC.
fn date(time: Time) -> String {
    let text = time.to_string();
    text.strip_suffix("T00:00:00Z").map_or_else(|| text.clone(), str::to_owned)
}

/// A basic string of TOML; nothing in it can steer a terminal or hide from a reader.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if is_unsafe(c) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn strings_come_back_from_toml(text in any::<String>()) {
            let line = quoted(&text);
            prop_assert!(!line.chars().any(is_unsafe));
            let table: toml::Table = format!("a = {line}").parse().unwrap();
            prop_assert_eq!(table["a"].as_str(), Some(text.as_str()));
        }
    }

    #[test]
    fn midnight_is_a_date() {
        assert_eq!(date(Time::parse("2026-06-11").unwrap()), "2026-06-11");
        assert_eq!(date(Time::parse("2026-06-11T00:00:01Z").unwrap()), "2026-06-11T00:00:01Z");
    }
}
