//! `compromise`: keys that somebody else may hold.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::leave::{finish, give_places};
use super::{Compromise, EditError, Edited, entry};
use crate::model::registry::{KeyState, RetiredReason};
use crate::model::{Fingerprint, KeyEntry, Limits, ReviewerId};

/// Marks keys of one person compromised, in every entry that they have, says more of those that
/// are marked already, adds new keys of the person, and gives their places to those who are named.
///
/// # Errors
/// [`EditError`]: a key that is not there, keys of two people, no heading in the decision log, or
/// the registry would get a problem.
pub fn compromise(text: &str, order: &Compromise, limits: &Limits) -> Result<Edited, EditError> {
    let mut draft = Draft::open(text, limits)?;
    let person = owner(&draft, &order.keys)?;
    let meant = |key: &KeyEntry| key.fingerprint.is_some_and(|key| order.keys.contains(&key));
    let unexplained = |key: &KeyEntry| match &key.state {
        KeyState::Standing => true,
        KeyState::Retired(retirement) => retirement.charter_ack.is_empty(),
    };
    let all = || draft.registry.keys.iter().filter(|key| meant(key));
    if order.charter_ack.trim().is_empty() && all().any(unexplained) {
        return Err(EditError::NoCharterAck);
    }
    let standing = draft.entries(true, meant);
    let retired = draft.entries(false, meant);
    give_places(&mut draft, &person, &order.standins)?;
    // Before the move: it adds to this list.
    draft.change("retired_keys", &retired, |table| entry::compromise(table, order))?;
    let new = order.new_keys.iter().map(|key| entry::key(&person, key)).collect();
    draft.move_keys(&standing, new, |table| {
        entry::retire(table, order.at, RetiredReason::Compromised);
        entry::compromise(table, order);
    })?;
    let edited = finish(draft, &person)?;
    if edited.changes.len() < 2 {
        return Err(EditError::NothingToDo);
    }
    Ok(edited)
}

/// Whose keys they are.
fn owner(draft: &Draft<'_>, keys: &[Fingerprint]) -> Result<ReviewerId, EditError> {
    let mut owners: BTreeSet<ReviewerId> = BTreeSet::new();
    for key in keys {
        let entry = draft.registry.entries(*key).next();
        let entry = entry.ok_or(EditError::NoSuchKey { fingerprint: *key })?;
        owners.insert(entry.reviewer.clone());
    }
    let mut owners = owners.into_iter();
    match (owners.next(), owners.next()) {
        (Some(one), None) => Ok(one),
        (Some(first), Some(second)) => Err(EditError::SeveralPeople { first, second }),
        (None, _) => Err(EditError::NothingToDo),
    }
}
