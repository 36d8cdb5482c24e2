//! A plan in words: what changes, who is asked, what ends, what comes next.

use std::collections::BTreeMap;

use super::super::section;
use crate::ceremony::Request;
use crate::check::ForeseenCeremony;
use crate::model::registry::KeyState;
use crate::model::{Fingerprint, KeyFile, Registry, ReviewerId, Time};
use crate::render::ceremony as words;
use crate::rules::ceremony::asked::Asked;

/// Everything that is said about a plan.
pub(super) fn plan(
    request: &Request,
    brought: &BTreeMap<String, KeyFile>,
    foreseen: &ForeseenCeremony,
    refused: bool,
    file: &str,
) -> String {
    let mut text = words::ceremony(request, &[]);
    text.push_str(&words::key_files(request, brought));
    let diff = words::registry_diff(request);
    if !diff.is_empty() {
        text.push_str(&format!("\nthe registry's text\n{diff}"));
    }
    section(&mut text, "who is asked", asked(&foreseen.asked));
    section(&mut text, "what ends", words::ends(&request.changes()));
    section(&mut text, "when", deadline(request));
    section(&mut text, "places that nobody holds afterwards", uncovered(&request.next));
    section(&mut text, "covered for a shorter time", sooner(request));
    if !refused {
        let next = [
            format!("each of them, with their own key: gatecheck ceremony approve {file}"),
            format!("then, in the repository: gatecheck ceremony apply {file}"),
        ];
        section(&mut text, "next", next);
    }
    text
}

/// Whose approvals are needed, and who must sign with which key.
pub(in super::super) fn asked(asked: &Asked) -> Vec<String> {
    let mut lines = Vec::new();
    let people = names(&asked.people);
    let count = asked.people.len() as u64;
    if asked.needed >= count {
        let why = asked.everybody_for.first().map(|why| format!(" ({why})")).unwrap_or_default();
        lines.push(format!("all of these approve: {people}{why}"));
    } else {
        lines.push(format!("{} of these {count} approve: {people}", asked.needed));
    }
    for why in asked.everybody_for.iter().skip(1) {
        lines.push(format!("  everybody is asked also because: {why}"));
    }
    if asked.at_least > count && !asked.against.is_empty() {
        let who = names(&asked.against);
        lines.push(format!(
            "{who} approves too: one person alone never changes the registry of several"
        ));
    } else if asked.at_least > asked.needed {
        lines.push(format!("at least {} people approve, whatever the threshold", asked.at_least));
    }
    for who in &asked.own {
        lines.push(format!(
            "{who} is one of them, with an old key, or else everybody else approves"
        ));
    }
    for who in &asked.against {
        let compromised = asked.compromised.contains(who);
        if !compromised && asked.at_least <= count {
            lines.push(format!(
                "without {who}'s approval: more than half of the others, and nothing else may change"
            ));
        }
    }
    for who in &asked.compromised {
        lines.push(format!("{who} is not counted: the key may be in other hands"));
    }
    for (who, key) in &asked.possession {
        let key =
            key.map_or("a key without a fingerprint".to_owned(), |key: Fingerprint| key.grouped());
        lines.push(format!("{who} shows to hold the new key, by signing with it: {key}"));
    }
    lines
}

/// What is still missing; empty where everybody has answered.
pub(in super::super) fn missing(asked: &Asked, unshown: &[(ReviewerId, String)]) -> Vec<String> {
    let mut lines = Vec::new();
    let missing = names(&asked.missing());
    let lacking = asked.lacking();
    if lacking > 0 {
        lines.push(format!("{} by: {missing}", count(lacking)));
    }
    for who in asked.own_lacking() {
        lines.push(format!("{who}, with an old key; or else everybody of: {missing}"));
    }
    if asked.against_more || asked.against.len() > 1 {
        let who = names(&asked.against);
        lines.push(format!("{who}: more changes than may be changed without them"));
    }
    for (who, key) in unshown {
        lines.push(format!("{who}, with the new key {key} (role possession)"));
    }
    lines
}

fn count(number: u64) -> String {
    if number == 1 { "one more approval".to_owned() } else { format!("{number} more approvals") }
}

fn names<'a>(people: impl IntoIterator<Item = &'a ReviewerId>) -> String {
    let all: Vec<&str> = people.into_iter().map(ReviewerId::as_str).collect();
    if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
}

/// Until when it must begin, where it moves an end that must not lie in the past.
fn deadline(request: &Request) -> Option<String> {
    let moved = |key: &crate::model::KeyEntry| {
        let KeyState::Retired(retirement) = &key.state else { return None };
        let before = key.fingerprint.and_then(|fingerprint| {
            request.previous.entries(fingerprint).find(|old| old.window.from == key.window.from)
        })?;
        (before.is_standing() && before.window.until != key.window.until).then_some(retirement.at)
    };
    let first: Option<Time> = request.next.keys.iter().filter_map(moved).min();
    let last = first?.plus(request.previous.policy.max_skew);
    Some(format!(
        "the first approval is made before {last}, and no gate passes after that and before this \
         lands: no window may end further in the past; a later --date gives more time"
    ))
}

/// Domains without a primary or backup who could act, and who ends when.
fn uncovered(registry: &Registry) -> Vec<String> {
    let standing = |person: &ReviewerId| {
        registry.is_human(person)
            && registry.keys.iter().any(|key| {
                key.is_standing() && key.reviewer == *person && key.fingerprint.is_some()
            })
    };
    let mut lines = Vec::new();
    for domain in registry.domains.values() {
        if !standing(&domain.primary) {
            lines.push(format!("{}: primary ({} has no standing key)", domain.id, domain.primary));
        }
        let held =
            domain.backup.as_ref().is_some_and(|who| *who != domain.primary && standing(who));
        if !held {
            lines.push(match &domain.backup {
                Some(who) => format!("{}: backup ({who} cannot stand in)", domain.id),
                None => format!("{}: backup", domain.id),
            });
        }
    }
    lines
}

/// Domains for which nobody's window is open any more, sooner than before.
fn sooner(request: &Request) -> Vec<String> {
    // `None` is open for ever.
    let last = |registry: &Registry, people: Vec<ReviewerId>| -> Option<Time> {
        let keys = registry.keys.iter().filter(|key| key.is_standing());
        let ends: Vec<Option<Time>> = keys
            .filter(|key| people.contains(&key.reviewer) && registry.is_human(&key.reviewer))
            .map(|key| key.window.until)
            .collect();
        if ends.contains(&None) { None } else { ends.into_iter().flatten().max() }
    };
    let mut lines = Vec::new();
    for domain in request.next.domains.values() {
        let Some(before) = request.previous.domains.get(&domain.id) else { continue };
        let was = last(&request.previous, before.people().cloned().collect());
        let Some(is) = last(&request.next, domain.people().cloned().collect()) else { continue };
        if was.is_none_or(|was| is < was) {
            let was = was.map_or("without an end".to_owned(), |was| format!("until {was}"));
            lines.push(format!("{}: until {is}, and before this {was}", domain.id));
        }
    }
    lines
}
