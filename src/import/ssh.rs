//! An SSH `allowed_signers` file becomes a registry.

use std::collections::BTreeMap;

use super::allowed_signers::{self, Line};
use super::people::{Candidate, DraftKey, UniqueNames, people};
use super::{ImportOptions, Imported, write};
use crate::error::{Error, Result};
use crate::model::registry::KeyFormat;
use crate::model::text::shown;
use crate::model::{Fingerprint, Window};

/// Builds a registry from an `allowed_signers` file (ssh-keygen(1)).
///
/// # Errors
/// Unusable input: larger than `file-bytes`, more keys than `key-files`, or no usable line.
/// A line that cannot be taken over is left out, and a note says why.
pub fn import_allowed_signers(bytes: &[u8], options: &ImportOptions<'_>) -> Result<Imported> {
    super::check_size("the allowed_signers file", bytes, options)?;
    let mut notes = Vec::new();
    let lines = usable_lines(bytes, &mut notes);
    if lines.iter().any(|(_, line)| line.narrowed) {
        notes.push(
            "times without Z are local to whoever reads the file; the windows were narrowed so \
             that they hold in every time zone: valid-after by 12 hours, valid-before by 14"
                .to_owned(),
        );
    }
    let (candidates, mut files) = candidates(lines, &mut notes);
    if candidates.is_empty() {
        let mut problem = "no line of the allowed_signers file could be taken over".to_owned();
        for note in &notes {
            problem.push_str("\n  ");
            problem.push_str(note);
        }
        return Err(Error::unusable(problem, "ssh-keygen(1), ALLOWED SIGNERS, tells the format"));
    }
    super::check_count(files.len(), options)?;
    let mut people = people(candidates, &mut notes);
    let mut key_files = BTreeMap::new();
    let mut paths: BTreeMap<Fingerprint, String> = BTreeMap::new();
    let mut names = UniqueNames::default();
    for person in &mut people {
        for key in &mut person.keys {
            // A key with several windows has one file.
            if let Some(file) = files.remove(&key.fingerprint) {
                let path = format!("keys/{}.pub", names.name(person.id.as_str()));
                key_files.insert(path.clone(), file.into_bytes());
                paths.insert(key.fingerprint, path);
            }
            key.public_key = paths.get(&key.fingerprint).cloned().unwrap_or_default();
        }
    }
    let registry = write::registry("an allowed_signers file", &people, options);
    Ok(Imported { registry, key_files, notes })
}

fn usable_lines(bytes: &[u8], notes: &mut Vec<String>) -> Vec<(usize, Line)> {
    let mut lines = Vec::new();
    for (number, line) in (1usize..).zip(bytes.split(|byte| *byte == b'\n')) {
        let parsed = std::str::from_utf8(line)
            .map_err(|_| "it is not UTF-8".to_owned())
            .and_then(allowed_signers::parse);
        match parsed {
            Ok(Some(line)) => lines.push((number, line)),
            Ok(None) => {}
            Err(why) => notes.push(format!("line {number} was left out: {why}")),
        }
    }
    lines
}

/// One candidate a key: all lines that name the key, with the union of their windows.
fn candidates(
    lines: Vec<(usize, Line)>,
    notes: &mut Vec<String>,
) -> (Vec<Candidate>, BTreeMap<Fingerprint, String>) {
    let mut order = Vec::new();
    let mut by_key: BTreeMap<Fingerprint, Vec<(usize, Line)>> = BTreeMap::new();
    for (number, line) in lines {
        let fingerprint = line.fingerprint();
        let lines = by_key.entry(fingerprint).or_default();
        if lines.is_empty() {
            order.push(fingerprint);
        }
        lines.push((number, line));
    }
    let mut files = BTreeMap::new();
    let mut candidates = Vec::new();
    for fingerprint in order {
        let Some(lines) = by_key.remove(&fingerprint) else { continue };
        if let Some((_, first)) = lines.first() {
            files.insert(fingerprint, first.public_key());
        }
        candidates.push(candidate(fingerprint, &lines, notes));
    }
    (candidates, files)
}

fn candidate(
    fingerprint: Fingerprint,
    lines: &[(usize, Line)],
    notes: &mut Vec<String>,
) -> Candidate {
    let mut principals: Vec<String> = Vec::new();
    for principal in lines.iter().flat_map(|(_, line)| &line.principals) {
        if !principals.contains(principal) {
            principals.push(principal.clone());
        }
    }
    let (literal, patterns): (Vec<String>, Vec<String>) =
        principals.into_iter().partition(|one| !one.contains(['*', '?', '!']));
    if literal.is_empty() {
        notes.push(format!(
            "{fingerprint} is allowed for {}: whoever holds it became one person",
            shown(&patterns.join(","))
        ));
    }
    let windows = union(lines.iter().map(|(_, line)| line.window).collect());
    // Whoever is excluded is not whom the key belongs to.
    let patterns: Vec<String> = patterns.into_iter().filter(|one| !one.starts_with('!')).collect();
    let name = literal.first().or(patterns.first()).cloned().unwrap_or_default();
    let keys = windows.into_iter().map(|window| DraftKey {
        format: KeyFormat::Ssh,
        fingerprint,
        public_key: String::new(),
        window,
        retired: None,
    });
    Candidate {
        id_from: literal.iter().chain(&patterns).map(|one| local_part(one)).collect(),
        name,
        emails: literal.iter().filter(|one| one.contains('@')).cloned().collect(),
        marks: literal.iter().map(|one| one.to_lowercase()).collect(),
        keys: keys.collect(),
    }
}

/// `ada` of `ada@example.org`; of a pattern what makes a better name than nothing.
fn local_part(principal: &str) -> String {
    let (local, host) = principal.split_once('@').unwrap_or((principal, ""));
    if local.contains(|c: char| c.is_alphanumeric()) { local.to_owned() } else { host.to_owned() }
}

/// The same moments in windows that neither overlap nor touch.
fn union(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort();
    let mut joined: Vec<Window> = Vec::new();
    for window in windows {
        match joined.last_mut() {
            Some(last) if last.until.is_none_or(|until| window.from <= until) => {
                last.until = last.until.zip(window.until).map(|(a, b)| a.max(b));
            }
            _ => joined.push(window),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
