//! Ceremonies in words: what would change, by which keys, and who approved it.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::escape;
use crate::ceremony::Request;
use crate::model::registry::REGISTRY_PATH;
use crate::model::{Approval, Fingerprint, KeyFile};
use crate::registry::{Change, KeyName};

/// How long lines are looked at for what they have in common; it is for the eye only.
const DIFF_TIME: std::time::Duration = std::time::Duration::from_secs(2);

/// What a ceremony is, what it changes and by which keys. `verified` says for each approval of the
/// record whether its signature verifies, in words.
#[must_use]
pub fn ceremony(request: &Request, verified: &[String]) -> String {
    let record = &request.record;
    let mut text = format!("ceremony {:04}: {}", record.serial, record.kind);
    if let Some(about) = crate::model::RecordName::of(request.path()).and_then(|n| n.reviewer) {
        text.push_str(&format!(" {about}"));
    }
    text.push_str(&match request.previous.project.as_str() {
        "" => "\n".to_owned(),
        project => format!(", project {}\n", said(project)),
    });
    let mut fact = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {name:<13}{}\n", said(value)));
        }
    };
    fact("record", request.path());
    fact("mainline", &request.previous.mainline);
    fact("prepared on", &record.parent.to_string());
    fact("reason", &record.reason);
    fact("decision log", &record.charter_ack);
    for whom in &record.concerns {
        fact("concerns", whom);
    }
    for who in &record.witnesses {
        fact("witness", who);
    }
    for file in &record.files {
        fact("brings", &file.path);
    }
    for path in &record.removed {
        fact("takes away", path);
    }
    let changes = request.changes();
    text.push_str("\nwhat changes\n");
    text.push_str(&lines(changes.iter().map(ToString::to_string)));
    let keys = keys(&changes);
    if !keys.is_empty() {
        text.push_str("\nkeys to compare, digit by digit\n");
        text.push_str(&lines(keys));
    }
    if !record.approvals.is_empty() {
        text.push_str("\napprovals\n");
        let words = record.approvals.iter().zip(verified).map(|(one, how)| approval(one, how));
        text.push_str(&lines(words));
    }
    text
}

/// One approval in a line.
#[must_use]
pub fn approval(approval: &Approval, verified: &str) -> String {
    format!(
        "{} by {} at {}, with {}: {verified}",
        approval.role.name(),
        approval.reviewer_id,
        approval.timestamp,
        approval.fingerprint.grouped()
    )
}

/// The registry before and after as a unified diff; empty where they are the same.
#[must_use]
pub fn registry_diff(request: &Request) -> String {
    let (old, new) = (request.previous.source.text(), request.next.source.text());
    let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(old, new);
    let name = format!("b/{REGISTRY_PATH}");
    let unified = diff
        .unified_diff()
        .context_radius(2)
        .header(&format!("a/{REGISTRY_PATH}"), &name)
        .to_string();
    unified.lines().map(|line| format!("{}\n", inert(line))).collect()
}

/// The key files that a ceremony brings and the keys in them, each a line; empty where it brings
/// none. `read` is what the files say, by path.
#[must_use]
pub fn key_files(request: &Request, read: &BTreeMap<String, KeyFile>) -> String {
    let before = request.previous.key_paths();
    let mut text = String::new();
    for file in &request.record.files {
        let how = if before.contains(&file.path) { "in place of what is there" } else { "new" };
        text.push_str(&format!(
            "  {}, {how}, SHA-256 {}\n",
            said(&file.path),
            hex::encode(file.sha256)
        ));
        let Some(content) = read.get(&file.path) else { continue };
        let primaries = content.certificates.iter().map(|certificate| certificate.primary);
        for key in primaries.chain(content.ssh_keys.iter().map(|(key, _)| *key)) {
            text.push_str(&format!("    holds {}  {}\n", key.grouped(), whose(request, key)));
        }
        for problem in &content.problems {
            text.push_str(&format!("    cannot be read in part: {}\n", said(problem)));
        }
    }
    if text.is_empty() { text } else { format!("\nkey files\n{text}") }
}

/// Whose a key is by the registry after, its subkeys' entries left aside.
fn whose(request: &Request, key: Fingerprint) -> String {
    match request.next.entries(key).next() {
        Some(entry) => entry.reviewer.to_string(),
        None => "of nobody: no entry names it".to_owned(),
    }
}

/// Keys that come and go, with their fingerprints in groups.
fn keys(changes: &[Change]) -> Vec<String> {
    let named = |mark: &str, key: &KeyName| {
        Some(format!("{mark} {}  {}", key.fingerprint.as_ref()?.grouped(), key.reviewer))
    };
    let one = |change: &Change| match change {
        Change::KeyAdded { key, .. } | Change::RetiredKeyAdded { key, .. } => named("comes", key),
        Change::KeyRetired { key, .. } | Change::KeyRemoved { key, .. } => named("goes ", key),
        _ => None,
    };
    changes.iter().filter_map(one).collect()
}

/// Signatures that are valid no more, and from when, in words.
#[must_use]
pub fn ends(changes: &[Change]) -> Vec<String> {
    use crate::model::registry::RetiredReason::Compromised;
    let key = |fingerprint: &Option<Fingerprint>| {
        fingerprint.map_or("a placeholder".to_owned(), |fingerprint| fingerprint.grouped())
    };
    let one = |change: &Change| match change {
        Change::KeyRetired { key: name, reason: Compromised, .. } => Some(format!(
            "everything signed by {} of {}, but for what `trusted_until` and `acknowledged` keep",
            key(&name.fingerprint),
            name.reviewer
        )),
        Change::KeyRetired { key: name, at, .. } => Some(format!(
            "what {} of {} signs from {at} on, and whatever lands after this ceremony; what it \
             signed before stays valid",
            key(&name.fingerprint),
            name.reviewer
        )),
        Change::DomainReviewers { id, removed, .. } if !removed.is_empty() => {
            let names: Vec<&str> = removed.iter().map(|id| id.as_str()).collect();
            Some(format!(
                "sign-offs of {} for domain {id}, from this ceremony on",
                names.join(", ")
            ))
        }
        _ => None,
    };
    changes.iter().filter_map(one).collect()
}

/// Indented lines.
#[must_use]
pub fn lines(all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().map(|line| format!("  {}\n", escape::line(&line))).collect()
}

/// Whole: people sign what they read here. The bounds on files bound it.
fn said(text: &str) -> String {
    escape::line_up_to(text, usize::MAX)
}

/// As [`said`], for a line of the file, which may begin with what a build service obeys: blanks
/// before that do not help.
fn inert(line: &str) -> String {
    let safe = said(line);
    match safe.split_once("::") {
        Some((before, rest)) if before.trim().is_empty() => format!("{before}\\u{{3a}}:{rest}"),
        _ => safe,
    }
}
