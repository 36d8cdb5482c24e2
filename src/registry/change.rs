//! What can change between two registries, one value each, and in words.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::registry::{RetiredReason, ReviewerKind};
use crate::model::text::shown;
use crate::model::{DomainId, Fingerprint, Oid, ReviewerId, Time, Window};

/// A key entry, named so that people and programs find it: its person, its fingerprint and the
/// beginning of its window (one fingerprint can have several).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName {
    /// Whose.
    pub reviewer: ReviewerId,
    /// Which; `None` for a placeholder.
    pub fingerprint: Option<Fingerprint>,
    /// `effective_from`.
    pub from: Time,
}

/// A field of `[[domains]]` that names people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainPeople {
    /// Who answers for it.
    pub primary: ReviewerId,
    /// Who stands in.
    pub backup: Option<ReviewerId>,
    /// Further people.
    pub reviewers: BTreeSet<ReviewerId>,
}

/// One difference between two registries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "old and new are the values before and after")]
pub enum Change {
    /// `[schema] version`.
    Version { old: &'static str, new: &'static str },
    /// `[schema] serial`.
    Serial { old: u64, new: u64 },
    /// `[project] id`.
    Project { old: String, new: String },
    /// `[project] mainline`.
    Mainline { old: String, new: String },
    /// `[project] branches`.
    Branches { old: Vec<String>, new: Vec<String> },
    /// A person came.
    ReviewerAdded { id: ReviewerId, kind: ReviewerKind },
    /// A person's entry is gone.
    ReviewerRemoved { id: ReviewerId, kind: ReviewerKind },
    /// `kind` of a reviewer.
    ReviewerKind { id: ReviewerId, old: ReviewerKind, new: ReviewerKind },
    /// `name` of a reviewer.
    ReviewerName { id: ReviewerId, old: String, new: String },
    /// `emails` of a reviewer.
    ReviewerEmails { id: ReviewerId, added: BTreeSet<String>, removed: BTreeSet<String> },
    /// A domain came.
    DomainAdded { id: DomainId, people: DomainPeople },
    /// A domain is gone.
    DomainRemoved { id: DomainId, people: DomainPeople },
    /// `primary` of a domain.
    DomainPrimary { id: DomainId, old: ReviewerId, new: ReviewerId },
    /// `backup` of a domain.
    DomainBackup { id: DomainId, old: Option<ReviewerId>, new: Option<ReviewerId> },
    /// `reviewers` of a domain.
    DomainReviewers { id: DomainId, added: BTreeSet<ReviewerId>, removed: BTreeSet<ReviewerId> },
    /// `paths` of a domain.
    DomainPaths { id: DomainId, old: Vec<String>, new: Vec<String> },
    /// `docs` of a domain.
    DomainDocs { id: DomainId, old: Vec<String>, new: Vec<String> },
    /// `codeowners` of a domain.
    DomainCodeowners { id: DomainId, new: bool },
    /// A standing entry came.
    KeyAdded { key: KeyName, window: Window, public_key: String },
    /// An entry came that is retired already.
    RetiredKeyAdded { key: KeyName, window: Window, reason: RetiredReason },
    /// A standing entry was retired.
    KeyRetired { key: KeyName, at: Time, reason: RetiredReason },
    /// A retired entry stands again.
    KeyReinstated { key: KeyName },
    /// An entry is gone from both lists.
    KeyRemoved { key: KeyName, standing: bool },
    /// The window of an entry moved. For a retired entry this is the window that is in effect.
    WindowMoved { key: KeyName, old: Window, new: Window },
    /// `public_key` of an entry.
    PublicKeyMoved { key: KeyName, old: String, new: String },
    /// `retired_at` of a retired entry.
    RetiredAtMoved { key: KeyName, old: Time, new: Time },
    /// `reason` of a retired entry.
    ReasonChanged { key: KeyName, old: RetiredReason, new: RetiredReason },
    /// `trusted_until` of a compromised entry.
    TrustedUntil { key: KeyName, old: Option<Oid>, new: Option<Oid> },
    /// `acknowledged` of a compromised entry.
    Acknowledged { key: KeyName, added: BTreeSet<Oid>, removed: BTreeSet<Oid> },
    /// `charter_ack` of a retired entry.
    CharterAck { key: KeyName, old: String, new: String },
    /// A field of the policy, by dotted name; values as the file writes them, `None` where off.
    Policy { field: String, old: Option<String>, new: Option<String> },
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fingerprint {
            Some(fingerprint) => write!(f, "key {fingerprint} of {}", self.reviewer),
            None => write!(f, "placeholder of {}", self.reviewer),
        }
    }
}

impl fmt::Display for DomainPeople {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "primary {}, backup {}", self.primary, or_nobody(self.backup.as_ref()))?;
        if !self.reviewers.is_empty() {
            write!(f, ", reviewers {}", joined(&self.reviewers))?;
        }
        Ok(())
    }
}

fn or_nobody(id: Option<&ReviewerId>) -> &str {
    id.map_or("nobody", ReviewerId::as_str)
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| shown(&item.to_string())).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// `2026-06-11 to 2028-06-11`; times of day only where they are not midnight.
fn words(window: &Window) -> String {
    match window.until {
        Some(until) => format!("{} to {}", moment(window.from), moment(until)),
        None => format!("{} without an end", moment(window.from)),
    }
}

fn moment(time: Time) -> String {
    let text = time.to_string();
    text.strip_suffix("T00:00:00Z").unwrap_or(&text).to_owned()
}

/// `+a, +b, -c`
fn both<T: ToString>(added: &BTreeSet<T>, removed: &BTreeSet<T>) -> String {
    let added = added.iter().map(|item| format!("+{}", shown(&item.to_string())));
    let removed = removed.iter().map(|item| format!("-{}", shown(&item.to_string())));
    added.chain(removed).collect::<Vec<_>>().join(", ")
}

/// One line in plain English; foreign strings are made inert.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { old, new } => write!(f, "format version: {old} → {new}"),
            Self::Serial { old, new } => write!(f, "serial: {old} → {new}"),
            Self::Project { old, new } => {
                write!(f, "project: \"{}\" → \"{}\"", shown(old), shown(new))
            }
            Self::Mainline { old, new } => {
                write!(f, "mainline: {} → {}", shown(old), shown(new))
            }
            Self::Branches { old, new } => {
                write!(f, "branches with gates: {} → {}", joined(old), joined(new))
            }
            Self::ReviewerAdded { id, kind } => write!(f, "{} {id} added", kind.name()),
            Self::ReviewerRemoved { id, kind } => write!(f, "{} {id} removed", kind.name()),
            Self::ReviewerKind { id, old, new } => {
                write!(f, "{id}: {} → {}", old.name(), new.name())
            }
            Self::ReviewerName { id, old, new } => {
                write!(f, "{id}: name \"{}\" → \"{}\"", shown(old), shown(new))
            }
            Self::ReviewerEmails { id, added, removed } => {
                write!(f, "{id}: addresses {}", both(added, removed))
            }
            Self::DomainAdded { id, people } => write!(f, "domain {id} added: {people}"),
            Self::DomainRemoved { id, people } => write!(f, "domain {id} removed: {people}"),
            Self::DomainPrimary { id, old, new } => write!(f, "domain {id}: primary {old} → {new}"),
            Self::DomainBackup { id, old, new } => {
                let (old, new) = (or_nobody(old.as_ref()), or_nobody(new.as_ref()));
                write!(f, "domain {id}: backup {old} → {new}")
            }
            Self::DomainReviewers { id, added, removed } => {
                write!(f, "domain {id}: reviewers {}", both(added, removed))
            }
            Self::DomainPaths { id, old, new } => {
                write!(f, "domain {id}: paths {} → {}", joined(old), joined(new))
            }
            Self::DomainDocs { id, old, new } => {
                write!(f, "domain {id}: docs {} → {}", joined(old), joined(new))
            }
            Self::DomainCodeowners { id, new } => {
                write!(f, "domain {id}: paths from CODEOWNERS: {}", if *new { "on" } else { "off" })
            }
            key => fmt_key(key, f),
        }
    }
}

fn fmt_key(change: &Change, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match change {
        Change::KeyAdded { key, window, public_key } => {
            write!(f, "{key} added: {} ({})", words(window), shown(public_key))
        }
        Change::RetiredKeyAdded { key, window, reason } => {
            write!(f, "{key} added as retired ({}): {}", reason.name(), words(window))
        }
        Change::KeyRetired { key, at, reason } => {
            write!(f, "{key} retired ({}) at {}", reason.name(), moment(*at))
        }
        Change::KeyReinstated { key } => write!(f, "{key}: retired → standing"),
        Change::KeyRemoved { key, standing } => {
            let from = if *standing { "[[keys]]" } else { "[[retired_keys]]" };
            write!(f, "{key} removed from {from}")
        }
        Change::WindowMoved { key, old, new } => {
            write!(f, "{key}: window {} → {}", words(old), words(new))
        }
        Change::PublicKeyMoved { key, old, new } => {
            write!(f, "{key}: file {} → {}", shown(old), shown(new))
        }
        Change::RetiredAtMoved { key, old, new } => {
            write!(f, "{key}: retired at {} → {}", moment(*old), moment(*new))
        }
        Change::ReasonChanged { key, old, new } => {
            write!(f, "{key}: {} → {}", old.name(), new.name())
        }
        Change::TrustedUntil { key, old, new } => {
            let word = |id: &Option<Oid>| id.map_or("never".to_owned(), |id| id.to_string());
            write!(f, "{key}: trusted until {} → {}", word(old), word(new))
        }
        Change::Acknowledged { key, added, removed } => {
            write!(f, "{key}: acknowledged {}", both(added, removed))
        }
        Change::CharterAck { key, old, new } => {
            write!(f, "{key}: charter acknowledgment \"{}\" → \"{}\"", shown(old), shown(new))
        }
        Change::Policy { field, old, new } => {
            let word = |value: &Option<String>| {
                value.as_ref().map_or("off".to_owned(), |value| shown(value))
            };
            write!(f, "policy {}: {} → {}", shown(field), word(old), word(new))
        }
        // The others were written by the caller.
        _ => Ok(()),
    }
}
