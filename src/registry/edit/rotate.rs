//! `rotate`: one person's keys come and go.

use super::draft::Draft;
use super::{EditError, Edited, Rotate, entry};
use crate::model::registry::RetiredReason;
use crate::model::{Fingerprint, Limits, ReviewerId};

/// Adds keys for a person with a standing key, and moves old ones of theirs to `[[retired_keys]]`.
///
/// # Errors
/// [`EditError`]: nobody of that id, no standing key of theirs, a reason for other ceremonies, or
/// the registry would get a problem.
pub fn rotate(text: &str, order: &Rotate, limits: &Limits) -> Result<Edited, EditError> {
    let mut draft = Draft::open(text, limits)?;
    draft.person(&order.reviewer)?;
    reason(order.reason, &["rotated", "expired", "superseded"])?;
    if standing(&draft, &order.reviewer).is_empty() {
        return Err(EditError::NotStanding { id: order.reviewer.clone() });
    }
    for fingerprint in &order.retire {
        is_theirs(&draft, &order.reviewer, *fingerprint)?;
    }
    if order.keys.is_empty() && order.retire.is_empty() {
        return Err(EditError::NothingToDo);
    }
    let old = draft.entries(true, |key| {
        key.fingerprint.is_some_and(|fingerprint| order.retire.contains(&fingerprint))
    });
    let new = order.keys.iter().map(|key| entry::key(&order.reviewer, key)).collect();
    draft.move_keys(&old, new, |table| entry::retire(table, order.at, order.reason))?;
    draft.finish()
}

pub(super) fn reason(
    given: RetiredReason,
    allowed: &'static [&'static str],
) -> Result<(), EditError> {
    if allowed.contains(&given.name()) {
        return Ok(());
    }
    Err(EditError::Reason { reason: given.name(), allowed })
}

/// Fingerprints of a person's standing keys.
fn standing(draft: &Draft<'_>, person: &ReviewerId) -> Vec<Fingerprint> {
    let keys = draft.registry.keys.iter().filter(|key| key.is_standing());
    keys.filter(|key| key.reviewer == *person).filter_map(|key| key.fingerprint).collect()
}

fn is_theirs(draft: &Draft<'_>, person: &ReviewerId, key: Fingerprint) -> Result<(), EditError> {
    let standing = standing(draft, person);
    if standing.contains(&key) {
        return Ok(());
    }
    Err(EditError::NotTheirKey { fingerprint: key, id: person.clone(), standing })
}
