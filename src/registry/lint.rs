//! What is worth knowing about a registry beside its problems. Only this looks at a clock's time,
//! and no verdict on history comes from here.

use std::collections::BTreeSet;

use crate::finding::{Code, Finding, Place, Severity};
use crate::model::registry::ReviewerKind;
use crate::model::step::RegistryReading;
use crate::model::window::Position;
use crate::model::{Age, Domain, KeyEntry, Registry, ReviewerId, Time};
use crate::source::Spot;

/// The reading's own problems, and what people should know: bots and forges that stand for a
/// domain, people without a key, and, where a time is given, keys that end soon or have ended and
/// domains that nobody can sign off at that time.
#[must_use]
pub fn lint(reading: &RegistryReading, now: Option<Time>) -> Vec<Finding> {
    let mut findings = reading.problems.clone();
    if let Some(registry) = &reading.registry {
        not_human(registry, &mut findings);
        without_key(registry, &mut findings);
        if let Some(now) = now {
            ending(registry, now, &mut findings);
            uncovered(registry, now, &mut findings);
        }
    }
    findings
}

fn place(registry: &Registry, spot: Spot, label: &str) -> Place {
    Place::new(&registry.source, None, spot, label)
}

/// Standing keys that end within `[policy.ceremony] warn_days` of `now`, and not before it.
#[must_use]
pub fn expiring_soon(registry: &Registry, now: Time) -> Vec<Finding> {
    let mut findings = Vec::new();
    ending(registry, now, &mut findings);
    findings.retain(|finding| finding.code == Code::ExpiringSoon);
    findings
}

/// Sign-offs of programs never count.
fn not_human(registry: &Registry, findings: &mut Vec<Finding>) {
    for domain in registry.domains.values() {
        let people: BTreeSet<&ReviewerId> = domain.people().collect();
        for id in people.into_iter().filter(|id| !registry.is_human(id)) {
            let kind = registry.reviewers.get(id).map_or("nobody", |person| person.kind.name());
            findings.push(
                Finding::new(Code::NotAHuman, format!("{id} of domain {} is a {kind}", domain.id))
                    .severity(Severity::Warning)
                    .reviewer(id)
                    .domain(&domain.id)
                    .compared(kind, "human")
                    .help("name a person; sign-offs of programs never count")
                    .at(place(registry, domain.spot, "this domain")),
            );
        }
    }
}

/// People whose sign-offs cannot count because they have no key.
fn without_key(registry: &Registry, findings: &mut Vec<Finding>) {
    let standing = |key: &&KeyEntry| key.is_standing() && key.fingerprint.is_some();
    let able: BTreeSet<&ReviewerId> =
        registry.keys.iter().filter(standing).map(|key| &key.reviewer).collect();
    let awaited: BTreeSet<&ReviewerId> =
        registry.domains.values().flat_map(Domain::people).collect();
    for person in registry.reviewers.values() {
        let human = person.kind == ReviewerKind::Human;
        if human && awaited.contains(&person.id) && !able.contains(&person.id) {
            findings.push(
                Finding::new(Code::CoverageGap, format!("{} has no standing key", person.id))
                    .severity(Severity::Warning)
                    .reviewer(&person.id)
                    .compared("no entry in [[keys]]", "a key to sign off with")
                    .help(format!("gatecheck ceremony plan enroll {}", person.id))
                    .at(place(registry, person.spot, "this person")),
            );
        }
    }
}

fn ending(registry: &Registry, now: Time, findings: &mut Vec<Finding>) {
    let horizon = now.plus(Age::days(registry.policy.ceremony.warn_days));
    for key in registry.keys.iter().filter(|key| key.is_standing()) {
        let Some(until) = key.window.until.filter(|until| *until <= horizon) else { continue };
        let days = until.distance(now) / 86_400;
        let (code, message) = if until <= now {
            let message = format!("a key of {} has ended: {days} days ago", key.reviewer);
            (Code::KeyWindowClosed, message)
        } else {
            let message = format!("a key of {} ends in {days} days", key.reviewer);
            (Code::ExpiringSoon, message)
        };
        let mut finding = Finding::new(code, message)
            .severity(Severity::Warning)
            .reviewer(&key.reviewer)
            .compared(
                format!("ends at {until}"),
                format!("an end after {horizon} ({} days)", registry.policy.ceremony.warn_days),
            )
            .help(format!("gatecheck ceremony plan rotate {}", key.reviewer))
            .at(place(registry, key.spot("effective_until"), "this end"));
        finding.fingerprint = key.fingerprint;
        findings.push(finding);
    }
}

/// Domains whose people have standing keys, none of which is inside its window.
fn uncovered(registry: &Registry, now: Time, findings: &mut Vec<Finding>) {
    let keys = || registry.keys.iter().filter(|key| key.is_standing() && key.fingerprint.is_some());
    let humans = || keys().filter(|key| registry.is_human(&key.reviewer));
    let all: BTreeSet<&ReviewerId> = humans().map(|key| &key.reviewer).collect();
    let open: BTreeSet<&ReviewerId> = humans()
        .filter(|key| key.window.position(now) == Position::Inside)
        .map(|key| &key.reviewer)
        .collect();
    for domain in registry.domains.values() {
        let some = |people: &BTreeSet<&ReviewerId>| domain.people().any(|id| people.contains(id));
        // That nobody has a key at all is among the problems already.
        if some(&all) && !some(&open) {
            findings.push(
                Finding::new(
                    Code::CoverageGap,
                    format!("nobody can sign off domain {} at {now}", domain.id),
                )
                .domain(&domain.id)
                .compared("no open window", "at least one person with an open window")
                .help("rotate a key: gatecheck ceremony plan rotate")
                .at(place(registry, domain.spot, "this domain")),
            );
        }
    }
}
