//! What changed between two registries. Pure: nothing is judged here.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, DomainPeople, KeyName};
use super::diff_policy;
use crate::model::registry::{Retirement, SchemaVersion};
use crate::model::{Domain, KeyEntry, KeyState, PathPattern, Registry, Reviewer};

/// Every difference, in the order of the file's reference. Empty where both say the same, however
/// they are written (order, comments, defaults written out).
#[must_use]
pub fn diff(old: &Registry, new: &Registry) -> Vec<Change> {
    let mut changes = Vec::new();
    head(old, new, &mut changes);
    people(old, new, &mut changes);
    domains(old, new, &mut changes);
    keys(old, new, &mut changes);
    diff_policy::policy(&old.policy, &new.policy, &mut changes);
    changes
}

fn head(old: &Registry, new: &Registry, changes: &mut Vec<Change>) {
    let name = |registry: &Registry| match registry.version {
        SchemaVersion::V1_0 => "1.0.0",
        SchemaVersion::V1_1 => "1.1.0",
    };
    if old.version != new.version {
        changes.push(Change::Version { old: name(old), new: name(new) });
    }
    if old.serial != new.serial {
        changes.push(Change::Serial { old: old.serial, new: new.serial });
    }
    if old.project != new.project {
        changes.push(Change::Project { old: old.project.clone(), new: new.project.clone() });
    }
    if old.mainline != new.mainline {
        changes.push(Change::Mainline { old: old.mainline.clone(), new: new.mainline.clone() });
    }
    if old.branches != new.branches {
        changes.push(Change::Branches { old: texts(&old.branches), new: texts(&new.branches) });
    }
}

fn texts(patterns: &[PathPattern]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
}

/// What was added and what was removed.
fn sides<T: Ord + Clone>(old: &BTreeSet<T>, new: &BTreeSet<T>) -> (BTreeSet<T>, BTreeSet<T>) {
    (new.difference(old).cloned().collect(), old.difference(new).cloned().collect())
}

fn people(old: &Registry, new: &Registry, changes: &mut Vec<Change>) {
    for (id, person) in &old.reviewers {
        match new.reviewers.get(id) {
            Some(now) => person_changes(person, now, changes),
            None => {
                changes.push(Change::ReviewerRemoved { id: id.clone(), kind: person.kind });
            }
        }
    }
    for (id, person) in &new.reviewers {
        if !old.reviewers.contains_key(id) {
            changes.push(Change::ReviewerAdded { id: id.clone(), kind: person.kind });
        }
    }
}

fn person_changes(old: &Reviewer, new: &Reviewer, changes: &mut Vec<Change>) {
    let id = || old.id.clone();
    if old.kind != new.kind {
        changes.push(Change::ReviewerKind { id: id(), old: old.kind, new: new.kind });
    }
    if old.name != new.name {
        let (old, new) = (old.name.clone(), new.name.clone());
        changes.push(Change::ReviewerName { id: id(), old, new });
    }
    let set = |person: &Reviewer| person.emails.iter().cloned().collect();
    let (added, removed) = sides(&set(old), &set(new));
    if !added.is_empty() || !removed.is_empty() {
        changes.push(Change::ReviewerEmails { id: id(), added, removed });
    }
}

fn in_domain(domain: &Domain) -> DomainPeople {
    DomainPeople {
        primary: domain.primary.clone(),
        backup: domain.backup.clone(),
        reviewers: domain.reviewers.iter().cloned().collect(),
    }
}

fn domains(old: &Registry, new: &Registry, changes: &mut Vec<Change>) {
    for (id, domain) in &old.domains {
        match new.domains.get(id) {
            Some(now) => domain_changes(domain, now, changes),
            None => {
                let people = in_domain(domain);
                changes.push(Change::DomainRemoved { id: id.clone(), people });
            }
        }
    }
    for (id, domain) in &new.domains {
        if !old.domains.contains_key(id) {
            let people = in_domain(domain);
            changes.push(Change::DomainAdded { id: id.clone(), people });
        }
    }
}

fn domain_changes(old: &Domain, new: &Domain, changes: &mut Vec<Change>) {
    let id = || old.id.clone();
    if old.primary != new.primary {
        let (old, new) = (old.primary.clone(), new.primary.clone());
        changes.push(Change::DomainPrimary { id: id(), old, new });
    }
    if old.backup != new.backup {
        let (old, new) = (old.backup.clone(), new.backup.clone());
        changes.push(Change::DomainBackup { id: id(), old, new });
    }
    let (added, removed) = sides(&in_domain(old).reviewers, &in_domain(new).reviewers);
    if !added.is_empty() || !removed.is_empty() {
        changes.push(Change::DomainReviewers { id: id(), added, removed });
    }
    if old.paths != new.paths {
        changes.push(Change::DomainPaths {
            id: id(),
            old: texts(&old.paths),
            new: texts(&new.paths),
        });
    }
    if old.docs != new.docs {
        let (old, new) = (old.docs.clone(), new.docs.clone());
        changes.push(Change::DomainDocs { id: id(), old, new });
    }
    if old.codeowners != new.codeowners {
        changes.push(Change::DomainCodeowners { id: id(), new: new.codeowners });
    }
}

/// A name for an entry.
#[must_use]
pub fn key_name(key: &KeyEntry) -> KeyName {
    KeyName { reviewer: key.reviewer.clone(), fingerprint: key.fingerprint, from: key.window.from }
}

/// Pairs entries: first those of equal person, fingerprint and beginning; what is left is paired
/// in order within person and fingerprint, so that a moved beginning is a move and no removal.
fn keys(old: &Registry, new: &Registry, changes: &mut Vec<Change>) {
    let mut left: BTreeMap<KeyName, Vec<&KeyEntry>> = BTreeMap::new();
    for key in &new.keys {
        left.entry(key_name(key)).or_default().push(key);
    }
    let mut unpaired = Vec::new();
    for key in &old.keys {
        match left.get_mut(&key_name(key)).filter(|same| !same.is_empty()) {
            Some(same) => key_changes(key, same.remove(0), changes),
            None => unpaired.push(key),
        }
    }
    let mut moved: BTreeMap<_, Vec<&KeyEntry>> = BTreeMap::new();
    for key in left.into_values().flatten() {
        moved.entry((&key.reviewer, key.fingerprint)).or_default().push(key);
    }
    for key in unpaired {
        let same = moved.get_mut(&(&key.reviewer, key.fingerprint));
        match same.filter(|same| !same.is_empty()) {
            Some(same) => key_changes(key, same.remove(0), changes),
            None => {
                changes.push(Change::KeyRemoved { key: key_name(key), standing: key.is_standing() })
            }
        }
    }
    for key in moved.into_values().flatten() {
        changes.push(added(key));
    }
}

fn added(key: &KeyEntry) -> Change {
    match &key.state {
        KeyState::Standing => Change::KeyAdded {
            key: key_name(key),
            window: key.window,
            public_key: key.public_key.clone(),
        },
        KeyState::Retired(retirement) => Change::RetiredKeyAdded {
            key: key_name(key),
            window: key.window,
            reason: retirement.reason,
        },
    }
}

fn key_changes(old: &KeyEntry, new: &KeyEntry, changes: &mut Vec<Change>) {
    let key = || key_name(old);
    match (&old.state, &new.state) {
        (KeyState::Standing, KeyState::Retired(now)) => {
            changes.push(Change::KeyRetired { key: key(), at: now.at, reason: now.reason });
            // A new retirement's own fields, against none.
            let blank = Retirement {
                trusted_until: None,
                acknowledged: Vec::new(),
                charter_ack: String::new(),
                ..now.clone()
            };
            retirement_changes(&key(), &blank, now, changes);
        }
        (KeyState::Retired(_), KeyState::Standing) => {
            changes.push(Change::KeyReinstated { key: key() });
        }
        (KeyState::Retired(old), KeyState::Retired(new)) => {
            retirement_changes(&key(), old, new, changes);
        }
        (KeyState::Standing, KeyState::Standing) => {}
    }
    // That a retirement ends the window is no move of its own; anything else is.
    let expected = match (&old.state, &new.state) {
        (KeyState::Standing, KeyState::Retired(now)) => {
            Some(old.window.until.map_or(now.at, |until| until.min(now.at)))
        }
        _ => old.window.until,
    };
    if (old.window.from, expected) != (new.window.from, new.window.until) {
        changes.push(Change::WindowMoved { key: key(), old: old.window, new: new.window });
    }
    if old.public_key != new.public_key {
        changes.push(Change::PublicKeyMoved {
            key: key(),
            old: old.public_key.clone(),
            new: new.public_key.clone(),
        });
    }
}

fn retirement_changes(
    key: &KeyName,
    old: &Retirement,
    new: &Retirement,
    changes: &mut Vec<Change>,
) {
    let key = || key.clone();
    if old.at != new.at {
        changes.push(Change::RetiredAtMoved { key: key(), old: old.at, new: new.at });
    }
    if old.reason != new.reason {
        changes.push(Change::ReasonChanged { key: key(), old: old.reason, new: new.reason });
    }
    if old.trusted_until != new.trusted_until {
        let (old, new) = (old.trusted_until, new.trusted_until);
        changes.push(Change::TrustedUntil { key: key(), old, new });
    }
    let set = |retirement: &Retirement| retirement.acknowledged.iter().copied().collect();
    let (added, removed) = sides(&set(old), &set(new));
    if !added.is_empty() || !removed.is_empty() {
        changes.push(Change::Acknowledged { key: key(), added, removed });
    }
    if old.charter_ack != new.charter_ack {
        let (old, new) = (old.charter_ack.clone(), new.charter_ack.clone());
        changes.push(Change::CharterAck { key: key(), old, new });
    }
}
