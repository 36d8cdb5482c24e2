//! `enroll`: somebody new.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::{EditError, Edited, Enroll, entry, list};
use crate::model::{Limits, Reviewer};

/// Adds a person, their keys, and them to the `reviewers` of domains.
///
/// # Errors
/// [`EditError`]: somebody with a standing key has the id, a domain is not there, or the registry
/// would get a problem.
pub fn enroll(text: &str, order: &Enroll, limits: &Limits) -> Result<Edited, EditError> {
    let mut draft = Draft::open(text, limits)?;
    for id in &order.domains {
        draft.domain(id)?;
    }
    match draft.registry.reviewers.get(&order.id) {
        None => draft.add("reviewers", entry::person(order))?,
        Some(listed) => {
            let id = order.id.clone();
            if !draft.entries(true, |key| key.reviewer == id).is_empty() {
                return Err(EditError::AlreadyThere { id });
            }
            if !is_the_same(listed, order) {
                return Err(EditError::OtherWords { id, kind: listed.kind.name() });
            }
            if order.keys.is_empty() && order.domains.is_empty() {
                return Err(EditError::NothingToDo);
            }
        }
    }
    for key in &order.keys {
        draft.add("keys", entry::key(&order.id, key))?;
    }
    for id in &order.domains {
        if !draft.domain(id)?.people().any(|person| *person == order.id) {
            list::add(draft.further(id)?, order.id.as_str());
        }
    }
    draft.finish()
}

fn is_the_same(listed: &Reviewer, order: &Enroll) -> bool {
    let given: BTreeSet<String> = order.emails.iter().map(|email| email.to_lowercase()).collect();
    listed.kind == order.kind
        && (order.name.is_empty() || listed.name == order.name)
        && (given.is_empty() || given == listed.emails.iter().cloned().collect())
}
