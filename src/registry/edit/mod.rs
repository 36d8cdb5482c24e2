//! Edits of a registry's text: what ceremonies write. Pure: text in, text out.
//!
//! Comments, order and layout of everything that an edit does not concern stay as they are. Each
//! edit raises `[schema] serial` by one, and what it wrote is read again: an edit never brings a
//! problem that the registry did not have.

mod amend;
mod compromise;
mod draft;
mod enroll;
mod entry;
mod error;
mod leave;
mod list;
mod rotate;

use std::sync::Arc;

use super::Change;
use crate::model::registry::{RetiredReason, ReviewerKind};
use crate::model::{DomainId, Fingerprint, Oid, Registry, ReviewerId, Time, Window};

pub use amend::{amend, bump};
pub use compromise::compromise;
pub use enroll::enroll;
pub use error::EditError;
pub use leave::{retire, roles};
pub use rotate::rotate;

/// What an edit made.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The registry's new text.
    pub text: String,
    /// What it says.
    pub registry: Arc<Registry>,
    /// What it says otherwise than before, the serial among it.
    pub changes: Vec<Change>,
    /// Of the domains that the person answered for or stood in for: what nobody with a standing key
    /// does now.
    pub left: Vec<Role>,
}

/// A key to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// In full; it says the format, too.
    pub fingerprint: Fingerprint,
    /// The key file, below `keys/`.
    pub public_key: String,
    /// `effective_from` and `effective_until`.
    pub window: Window,
}

/// [`enroll`]: a person, their keys, and the domains that they may sign off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enroll {
    /// The person's id. Who is listed already, without a standing key, is not listed twice: then
    /// name, addresses and kind stay as the file has them.
    pub id: ReviewerId,
    /// Name for people; it may be empty.
    pub name: String,
    /// Author identities that are this person.
    pub emails: Vec<String>,
    /// What they are.
    pub kind: ReviewerKind,
    /// Their keys.
    pub keys: Vec<NewKey>,
    /// Domains to whose `reviewers` they are added.
    pub domains: Vec<DomainId>,
}

/// [`rotate`]: new keys for a person who has one, and old keys to retire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotate {
    /// Whose.
    pub reviewer: ReviewerId,
    /// What comes.
    pub keys: Vec<NewKey>,
    /// What goes: fingerprints of standing keys of that person.
    pub retire: Vec<Fingerprint>,
    /// `retired_at` of these.
    pub at: Time,
    /// `rotated`, `expired` or `superseded`.
    pub reason: RetiredReason,
}

/// [`retire`]: a person leaves with all their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retire {
    /// Who.
    pub reviewer: ReviewerId,
    /// `retired_at` of their standing keys.
    pub at: Time,
    /// Any reason but `compromised`.
    pub reason: RetiredReason,
    /// Who takes their place.
    pub standins: Vec<Standin>,
}

/// [`compromise`]: keys that somebody else may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compromise {
    /// Standing or retired keys of one person; every entry for them is marked.
    pub keys: Vec<Fingerprint>,
    /// `retired_at` of those that stand. A retired key keeps its own.
    pub at: Time,
    /// What stays trusted.
    pub trusted: Trusted,
    /// Gates re-attested since, added to `acknowledged`.
    pub acknowledged: Vec<Oid>,
    /// Heading in the decision log, for entries that name none yet.
    pub charter_ack: String,
    /// New keys of the person.
    pub new_keys: Vec<NewKey>,
    /// Who takes the person's place.
    pub standins: Vec<Standin>,
}

/// `trusted_until` of compromised keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// As the entry has it: nothing, where it was not marked compromised before.
    AsItStands,
    /// Nothing is.
    Nothing,
    /// What this mainline commit can reach.
    Until(Oid),
}

/// A place in a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `primary`
    Primary,
    /// `backup`
    Backup,
}

impl Place {
    /// The field of `[[domains]]`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Backup => "backup",
        }
    }
}

/// A place in a given domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Role {
    /// The domain.
    pub domain: DomainId,
    /// The place.
    pub place: Place,
}

/// Somebody who takes a place that another person leaves. Where `primary` goes to the backup, name
/// somebody for `backup` as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standin {
    /// The place that is left. `backup` also of a domain whose primary leaves.
    pub role: Role,
    /// Who takes it.
    pub person: ReviewerId,
}

#[cfg(test)]
mod tests;
