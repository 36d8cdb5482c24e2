//! Why a registry was not edited.

use crate::error::Error;
use crate::finding::Finding;
use crate::model::text::shown;
use crate::model::{DomainId, Fingerprint, ReviewerId};

use super::Role;

/// Why a registry was not edited. Nothing was changed then.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the words name")]
pub enum EditError {
    /// The text that was given is no usable registry.
    #[error("the registry cannot be used as it is: {}", told(.0))]
    Unusable(Vec<Finding>),
    /// What the edit wrote has problems that were not there before.
    #[error("the registry would get a problem that it does not have now: {}", told(.0))]
    Problems(Vec<Finding>),
    /// The stub of version 1.0.0 has neither serial nor domains.
    #[error("a registry of version 1.0.0 takes no ceremonies but an amendment to version 1.1.0")]
    OldVersion,
    /// The list is written as one value, so that nothing can be put beside an entry.
    #[error("`{field}` is written as a list in brackets; entries are added as tables")]
    Inline { field: &'static str },
    /// Nobody of that id.
    #[error("the registry lists no reviewer {id}; there are: {}", joined(.known))]
    NoSuchPerson { id: ReviewerId, known: Vec<ReviewerId> },
    /// Enrolled already.
    #[error("{id} is listed already, with a standing key")]
    AlreadyThere { id: ReviewerId },
    /// Listed already, with other words.
    #[error("{id} is listed already, as a {kind}, and name, addresses or kind differ")]
    OtherWords { id: ReviewerId, kind: &'static str },
    /// No standing key.
    #[error("{id} has no standing key")]
    NotStanding { id: ReviewerId },
    /// No domain of that id.
    #[error("the registry has no domain {id}; there are: {}", joined(.known))]
    NoSuchDomain { id: DomainId, known: Vec<DomainId> },
    /// Not a standing key of that person.
    #[error("{fingerprint} is no standing key of {id}; standing: {}", joined(.standing))]
    NotTheirKey { fingerprint: Fingerprint, id: ReviewerId, standing: Vec<Fingerprint> },
    /// No key of the registry.
    #[error("the registry has no entry for the key {fingerprint}")]
    NoSuchKey { fingerprint: Fingerprint },
    /// Keys of several people.
    #[error("the keys belong to several people: {first} and {second}")]
    SeveralPeople { first: ReviewerId, second: ReviewerId },
    /// A reason that the edit does not take.
    #[error("`{reason}` is no reason for this; it can be: {}", .allowed.join(", "))]
    Reason { reason: &'static str, allowed: &'static [&'static str] },
    /// A compromise without a heading in the decision log.
    #[error("a compromised key needs a heading in the decision log (`charter_ack`)")]
    NoCharterAck,
    /// The place is not one that the person leaves.
    #[error("{id} leaves no place as {} of domain {}", .role.place.name(), .role.domain)]
    NotTheirPlace { id: ReviewerId, role: Role },
    /// One place, named twice.
    #[error("two people are named as {} of domain {}", .role.place.name(), .role.domain)]
    TwoForOnePlace { role: Role },
    /// The person who leaves cannot take their own place.
    #[error("{id} cannot take their own place in domain {domain}")]
    OwnStandin { id: ReviewerId, domain: DomainId },
    /// Nothing would change.
    #[error("nothing would change in the registry")]
    NothingToDo,
    /// The new text has another serial than the next one, or the old one.
    #[error("the new registry has serial {new}; the one that it follows has {old}")]
    Serial { old: u64, new: u64 },
    /// What was written is not what should have been: a defect.
    #[error("{0}")]
    Defect(String),
}

impl EditError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        let text = match self {
            Self::Unusable(problems) | Self::Problems(problems) => {
                return problems
                    .iter()
                    .map(|problem| problem.help.clone())
                    .next()
                    .unwrap_or_else(|| "look it over: gatecheck registry lint".to_owned());
            }
            Self::OldVersion => {
                "write the registry anew in version 1.1.0; gatecheck init shows one in an empty repository"
            }
            Self::Inline { field } => {
                return format!("write each entry below a line of its own: [[{field}]]");
            }
            Self::NoSuchPerson { .. } => {
                "name one of these, or enroll the person first: gatecheck ceremony plan enroll"
            }
            Self::AlreadyThere { id } => {
                return format!("a further key comes by: gatecheck ceremony plan rotate {id}");
            }
            Self::OtherWords { .. } => {
                "leave them as the registry has them, and amend them afterwards: gatecheck ceremony plan amend"
            }
            Self::NotStanding { id } => {
                return format!("give them a key first: gatecheck ceremony plan enroll {id}");
            }
            Self::NoSuchDomain { .. } => {
                "name one of these; a domain comes by: gatecheck ceremony plan amend"
            }
            Self::NotTheirKey { .. } => "name one of these in full",
            Self::NoSuchKey { .. } => "see which keys there are: gatecheck registry timeline",
            Self::SeveralPeople { .. } => "hold one ceremony for each person",
            Self::Reason { .. } => {
                "name one of these; for a key that somebody else may hold: gatecheck ceremony plan compromise"
            }
            Self::NoCharterAck => {
                "write what happened under a heading of its own, and name it: DECISION_LOG.md#2026-06-11-key-compromise"
            }
            Self::NotTheirPlace { .. } => {
                "other changes of domains come by: gatecheck ceremony plan amend"
            }
            Self::TwoForOnePlace { .. } => "name one of them",
            Self::OwnStandin { .. } => "name somebody else",
            Self::NothingToDo => "say what should change",
            Self::Serial { old, .. } => {
                return format!("write `serial = {}`, or leave it at {old}", old.saturating_add(1));
            }
            Self::Defect(_) => "please report it with the command that you ran",
        };
        text.to_owned()
    }
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Defect(why) => Self::Defect(why),
            error => Self::unusable(format!("{error}; nothing was written"), error.help()),
        }
    }
}

/// Messages of findings; they were made inert.
fn told(problems: &[Finding]) -> String {
    let all: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).take(4).collect();
    let more = problems.len().saturating_sub(all.len());
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", all.join("; "))
}

fn joined<T: ToString>(items: &[T]) -> String {
    let all: Vec<String> = items.iter().take(16).map(|item| shown(&item.to_string())).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
