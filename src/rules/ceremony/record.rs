//! Rule: the record describes this very change, from this very registry.

use std::collections::{BTreeMap, BTreeSet};

use super::{Proposal, some_of, standing_people};
use crate::finding::{Code, CodeDoc, Finding};
use crate::model::registry::REGISTRY_PATH;
use crate::model::text::shown;
use crate::model::{CeremonyKind, RecordName};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::RegistryRollback,
        what: "The registry's serial went back, stayed, or skipped a number, or an old registry was put back.",
        why: "An old registry gives authority back to keys that were retired since.",
        fix: "Put the registry in force back; changes go through a ceremony with the next serial.",
    },
    CodeDoc {
        code: Code::CeremonyMismatch,
        what: "The ceremony record and the commit do not describe the same change, or the record cannot be read.",
        why: "People approved what the record says, not what the commit does.",
        fix: "Plan the ceremony anew from the mainline as it is now, and collect approvals for that.",
    },
];

/// Names everything in which record and commit differ.
#[must_use]
pub fn check(p: &Proposal<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let old = p.cx.registry;
    let next = old.serial.checked_add(1);
    if next != Some(p.new.serial) {
        findings.push(
            Finding::new(
                Code::RegistryRollback,
                "the new registry's serial is not the one that follows the registry in force",
            )
            .compared(
                format!("serial {}", p.new.serial),
                next.map_or("no number left".to_owned(), |next| format!("serial {next}")),
            )
            .help(format!(
                "plan the ceremony from the registry in force (serial {}), which raises it by one",
                old.serial
            )),
        );
    }
    if p.record.kind == CeremonyKind::Genesis {
        findings.push(
            mismatch(p, "kind", "a registry begins once only, and this one has begun")
                .compared("kind = \"genesis\"", "another kind")
                .help("a project that starts anew pins a new anchor"),
        );
    }
    if p.record.serial != p.new.serial {
        findings.push(
            mismatch(p, "serial", "the record is about another serial than the registry's")
                .compared(p.record.serial.to_string(), p.new.serial.to_string()),
        );
    }
    digest(
        p,
        &mut findings,
        "previous_registry_sha256",
        p.record.previous_registry_sha256,
        old.sha256,
    );
    digest(p, &mut findings, "registry_sha256", p.record.registry_sha256, p.new.sha256);
    if !p.parent_on_mainline {
        findings.push(
            mismatch(
                p,
                "parent",
                "the ceremony was prepared on a commit that is not on the mainline",
            )
            .compared(p.record.parent.to_string(), "a mainline commit before this one"),
        );
    }
    files(p, &mut findings);
    findings.extend(named_newcomer(p));
    findings
}

/// The name of an `enroll` record tells later verifiers who is a newcomer, and nobody signs it.
fn named_newcomer(p: &Proposal<'_>) -> Option<Finding> {
    let name = RecordName::of(p.record.source.path())?;
    let who = name.reviewer.filter(|_| name.kind == CeremonyKind::Enroll)?;
    standing_people(p.cx.registry).contains(&who).then(|| {
        mismatch(
            p,
            "ceremony",
            &format!("the record is named for {who}, who is no newcomer"),
        )
        .compared(shown(p.record.source.path()), "the name of somebody whom the ceremony enrols")
        .help("rename the record for the person who is enrolled, or leave the name out; the approvals stay valid")
    })
}

fn mismatch(p: &Proposal<'_>, field: &str, message: &str) -> Finding {
    Finding::new(Code::CeremonyMismatch, message)
        .at(p.place(p.record.spot(field), "stated here"))
        .help("plan the ceremony anew from the mainline as it is now: gatecheck ceremony plan")
}

fn digest(
    p: &Proposal<'_>,
    findings: &mut Vec<Finding>,
    field: &str,
    stated: [u8; 32],
    seen: [u8; 32],
) {
    if stated != seen {
        let which = if field == "registry_sha256" { "brings" } else { "replaces" };
        let message = format!("the record was made for another registry than the commit {which}");
        findings
            .push(mismatch(p, field, &message).compared(hex::encode(stated), hex::encode(seen)));
    }
}

/// Key files: exactly those that the commit adds, changes or removes, each with its digest.
fn files(p: &Proposal<'_>, findings: &mut Vec<Finding>) {
    let mut named = p.cx.registry.key_paths();
    named.extend(p.new.key_paths());
    let mut changed: BTreeMap<&str, Option<[u8; 32]>> = BTreeMap::new();
    let mut removed: BTreeSet<&str> = BTreeSet::new();
    for change in &p.step.keys {
        let path = change.path.as_str();
        if path == REGISTRY_PATH || !named.contains(path) {
            continue;
        }
        match change.after {
            None => {
                removed.insert(path);
            }
            Some((0o100_644, _)) => {
                changed.insert(path, p.step.sha256.get(path).copied());
            }
            Some(_) => {
                findings.push(
                    mismatch(
                        p,
                        "ceremony",
                        &format!("the key file {} is not a plain file", shown(path)),
                    )
                    .compared("another mode", "a regular file (mode 100644)"),
                );
            }
        }
    }
    let stated: BTreeMap<&str, [u8; 32]> =
        p.record.files.iter().map(|file| (file.path.as_str(), file.sha256)).collect();
    for (path, sha256) in &changed {
        // A file that is put back as it is in force is a repair, and need not be listed.
        let same = p.in_force.key_files.get(*path).map(|(blob, _)| *blob)
            == p.step.key_files.get(*path).map(|(blob, _)| *blob);
        match (stated.get(path), sha256) {
            (Some(stated), Some(seen)) if stated == seen => {}
            (None, _) if same => {}
            (stated, seen) => {
                let word =
                    |digest: Option<&[u8; 32]>| digest.map_or("not listed".to_owned(), hex::encode);
                findings.push(
                    mismatch(
                        p,
                        "ceremony",
                        &format!("the record does not describe the key file {}", shown(path)),
                    )
                    .compared(word(stated), word(seen.as_ref())),
                );
            }
        }
    }
    for path in stated.keys().filter(|path| !changed.contains_key(*path)) {
        findings.push(
            mismatch(
                p,
                "ceremony",
                &format!("the record lists {}, which the commit does not change", shown(path)),
            )
            .compared("listed", "a key file of the registry that the commit adds or changes"),
        );
    }
    let listed: BTreeSet<&str> = p.record.removed.iter().map(String::as_str).collect();
    if listed != removed {
        let words = |paths: &BTreeSet<&str>| {
            let paths: Vec<String> = paths.iter().map(|path| shown(path)).collect();
            if paths.is_empty() { "none".to_owned() } else { some_of(&paths, ", ") }
        };
        findings.push(
            mismatch(p, "removed", "the record and the commit differ in the key files taken away")
                .compared(words(&listed), words(&removed)),
        );
    }
}
