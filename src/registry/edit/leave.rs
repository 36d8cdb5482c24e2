//! `retire`: somebody leaves. And who takes the places of people whose keys go.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::{EditError, Edited, Place, Retire, Role, Standin, entry, list, rotate};
use crate::model::{Domain, Limits, Registry, ReviewerId};

/// Moves all standing keys of a person to `[[retired_keys]]`, takes the person out of the
/// `reviewers` of domains, and gives their places to those who are named. Where nobody is named,
/// the domain keeps naming them: [`Edited::left`] tells.
///
/// # Errors
/// [`EditError`]: nobody of that id, no standing key, a stand-in for a place that is not left, or
/// the registry would get a problem (a domain that nobody could sign off).
pub fn retire(text: &str, order: &Retire, limits: &Limits) -> Result<Edited, EditError> {
    let mut draft = Draft::open(text, limits)?;
    draft.person(&order.reviewer)?;
    rotate::reason(order.reason, &["departed", "expired", "rotated", "superseded"])?;
    let old = draft.entries(true, |key| key.reviewer == order.reviewer);
    if old.is_empty() {
        return Err(EditError::NotStanding { id: order.reviewer.clone() });
    }
    give_places(&mut draft, &order.reviewer, &order.standins)?;
    let member = |domain: &&Domain| domain.reviewers.contains(&order.reviewer);
    let domains = draft.registry.domains.values().filter(member).map(|domain| domain.id.clone());
    for id in domains.collect::<Vec<_>>() {
        list::remove(draft.further(&id)?, order.reviewer.as_str());
    }
    draft.move_keys(&old, Vec::new(), |table| entry::retire(table, order.at, order.reason))?;
    finish(draft, &order.reviewer)
}

/// What a person is named as, in the order of the domains' ids.
#[must_use]
pub fn roles(registry: &Registry, person: &ReviewerId) -> Vec<Role> {
    let mut roles = Vec::new();
    for domain in registry.domains.values() {
        if domain.primary == *person {
            roles.push(Role { domain: domain.id.clone(), place: Place::Primary });
        }
        if domain.backup.as_ref() == Some(person) {
            roles.push(Role { domain: domain.id.clone(), place: Place::Backup });
        }
    }
    roles
}

/// Names the stand-ins as primary or backup.
pub(super) fn give_places(
    draft: &mut Draft<'_>,
    leaving: &ReviewerId,
    standins: &[Standin],
) -> Result<(), EditError> {
    let mut given = BTreeSet::new();
    for Standin { role, person } in standins {
        draft.person(person)?;
        let domain = draft.domain(&role.domain)?;
        let theirs = domain.primary == *leaving
            || role.place == Place::Backup && domain.backup.as_ref() == Some(leaving);
        if !theirs {
            return Err(EditError::NotTheirPlace { id: leaving.clone(), role: role.clone() });
        }
        if person == leaving {
            let (id, domain) = (leaving.clone(), role.domain.clone());
            return Err(EditError::OwnStandin { id, domain });
        }
        if !given.insert(role) {
            return Err(EditError::TwoForOnePlace { role: role.clone() });
        }
        let table = draft.domain_table(&role.domain)?;
        entry::set_behind(table, role.place.name(), person.as_str(), &["id", "primary"]);
    }
    Ok(())
}

/// Finishes, and tells which places of the domains that the person had one in are left.
pub(super) fn finish(draft: Draft<'_>, leaving: &ReviewerId) -> Result<Edited, EditError> {
    let before = roles(&draft.registry, leaving);
    let mut edited = draft.finish()?;
    let domains: BTreeSet<_> = before.iter().map(|role| &role.domain).collect();
    let new = &edited.registry;
    edited.left =
        domains.iter().filter_map(|id| new.domains.get(*id)).flat_map(|d| left(new, d)).collect();
    Ok(edited)
}

fn left(registry: &Registry, domain: &Domain) -> Vec<Role> {
    let able = |person: &ReviewerId| {
        registry.is_human(person)
            && registry.keys.iter().any(|key| {
                key.reviewer == *person && key.is_standing() && key.fingerprint.is_some()
            })
    };
    let mut left = Vec::new();
    if !able(&domain.primary) {
        left.push(Role { domain: domain.id.clone(), place: Place::Primary });
    }
    if !domain.backup.as_ref().is_some_and(|backup| *backup != domain.primary && able(backup)) {
        left.push(Role { domain: domain.id.clone(), place: Place::Backup });
    }
    left
}
