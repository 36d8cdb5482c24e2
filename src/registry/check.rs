//! What no single entry shows: names that look alike, fingerprints with two meanings, numbers of
//! people that nobody can meet, domains that nobody can sign off.

use std::collections::{BTreeMap, BTreeSet};

use super::confusable::look_alikes;
use crate::finding::{Code, Finding, Severity};
use crate::model::policy::QuorumRule;
use crate::model::registry::{ReviewerKind, SchemaVersion};
use crate::model::{Age, Domain, Fingerprint, KeyEntry, Registry, ReviewerId};
use crate::source::Spot;
use crate::tables::{At, Problems};

/// What would let one name or key mean two things.
pub(super) fn ambiguities(registry: &Registry, problems: &Problems) {
    let people = registry.reviewers.values();
    let people = people.map(|person| At { value: person.id.as_str(), spot: person.spot });
    look_alikes(people, "reviewers", problems);
    let domains = registry.domains.values();
    let domains = domains.map(|domain| At { value: domain.id.as_str(), spot: domain.spot });
    look_alikes(domains, "domains", problems);

    let mut by_key: BTreeMap<Fingerprint, Vec<&KeyEntry>> = BTreeMap::new();
    for key in &registry.keys {
        if let Some(fingerprint) = key.fingerprint {
            by_key.entry(fingerprint).or_default().push(key);
        }
    }
    for (fingerprint, entries) in by_key {
        one_owner(fingerprint, &entries, problems);
        one_window_at_a_time(fingerprint, &entries, problems);
        compromised_never_returns(fingerprint, &entries, problems);
    }
}

fn one_owner(fingerprint: Fingerprint, entries: &[&KeyEntry], problems: &Problems) {
    let Some((first, others)) = entries.split_first() else { return };
    if let Some(other) = others.iter().find(|other| other.reviewer != first.reviewer) {
        let message =
            format!("one key belongs to two people: {} and {}", first.reviewer, other.reviewer);
        problems.refuse(
            Finding::new(Code::DuplicateFingerprint, message)
                .fingerprint(fingerprint)
                .reviewer(&other.reviewer)
                .compared(fingerprint.to_string(), "a key of their own for each person")
                .help("write the fingerprint of each person's own key")
                .at(problems.place(other.spot("fingerprint"), "here"))
                .at(problems.place(first.spot("fingerprint"), "and here")),
        );
    }
}

fn one_window_at_a_time(fingerprint: Fingerprint, entries: &[&KeyEntry], problems: &Problems) {
    let mut sorted: Vec<&KeyEntry> = entries.to_vec();
    sorted.sort_by_key(|key| key.window.from);
    // The entry whose window reaches furthest of those before.
    let mut furthest: Option<&KeyEntry> = None;
    for key in sorted {
        let Some(before) = furthest else {
            furthest = Some(key);
            continue;
        };
        if before.reviewer == key.reviewer
            && (before.window.overlaps(&key.window) || before.window == key.window)
        {
            let message = format!("two windows of one key of {} overlap", key.reviewer);
            problems.refuse(
                Finding::new(Code::DuplicateFingerprint, message)
                    .fingerprint(fingerprint)
                    .reviewer(&key.reviewer)
                    .compared(
                        format!("{} and {}", span(before), span(key)),
                        "windows that share no moment",
                    )
                    .help("join the two entries, or end the first where the second begins")
                    .at(problems.place(key.spot("effective_from"), "this window"))
                    .at(problems.place(before.spot("effective_from"), "overlaps this one")),
            );
        }
        let reaches = |key: &KeyEntry| key.window.until.map_or(i64::MAX, |until| until.unix());
        if reaches(key) > reaches(before) {
            furthest = Some(key);
        }
    }
}

/// A window in words.
pub(super) fn span(key: &KeyEntry) -> String {
    let until = key.window.until.map_or_else(|| "…".to_owned(), |until| until.to_string());
    format!("{} to {until}", key.window.from)
}

fn compromised_never_returns(fingerprint: Fingerprint, entries: &[&KeyEntry], problems: &Problems) {
    let Some(bad) = entries.iter().find(|key| key.is_compromised()) else { return };
    for key in entries.iter().filter(|key| key.is_standing()) {
        let message = format!("a compromised key of {} stands in [[keys]] again", key.reviewer);
        problems.refuse(
            problems
                .invalid(key.spot("fingerprint"), message)
                .fingerprint(fingerprint)
                .reviewer(&key.reviewer)
                .compared(fingerprint.to_string(), "a key that was never compromised")
                .help("remove the entry and enroll a new key: gatecheck ceremony plan rotate")
                .at(problems.place(bad.spot("reason"), "compromised here")),
        );
    }
}

/// What can never be met, and what is short of people. Needs a registry without contradictions.
pub(super) fn reach(registry: &Registry, problems: &Problems) {
    if registry.version == SchemaVersion::V1_0 {
        return;
    }
    let able = able(registry);
    domains(registry, &able, problems);
    quorum(registry, problems);
    ceremony(registry, &able, problems);
    lifetimes(registry, problems);
}

/// People with a standing human key.
fn able(registry: &Registry) -> BTreeSet<&ReviewerId> {
    let standing = registry.keys.iter().filter(|key| key.is_standing());
    let usable = standing.filter(|key| key.fingerprint.is_some());
    usable.map(|key| &key.reviewer).filter(|id| registry.is_human(id)).collect()
}

fn humans<'d>(registry: &'d Registry, domain: &'d Domain) -> BTreeSet<&'d ReviewerId> {
    domain.people().filter(|id| registry.is_human(id)).collect()
}

fn domains(registry: &Registry, able: &BTreeSet<&ReviewerId>, problems: &Problems) {
    for domain in registry.domains.values() {
        let place = problems.place(domain.spot, "this domain");
        match &domain.backup {
            Some(backup) if *backup != domain.primary => {}
            backup => {
                let why = if backup.is_some() { "is its own backup" } else { "has no backup" };
                problems.add(
                    Finding::new(
                        Code::MissingBackup,
                        format!("{} of domain {} {why}", domain.primary, domain.id),
                    )
                    .domain(&domain.id)
                    .compared(
                        backup.as_ref().map_or("no backup".to_owned(), ToString::to_string),
                        "a second person",
                    )
                    .help("name somebody else: `backup = \"…\"`")
                    .at(place.clone()),
                );
            }
        }
        if !domain.people().any(|id| able.contains(id)) {
            let people: BTreeSet<&ReviewerId> = domain.people().collect();
            problems.add(
                Finding::new(
                    Code::CoverageGap,
                    format!("nobody can sign off domain {}", domain.id),
                )
                .domain(&domain.id)
                .compared(
                    format!("no standing key of a human among {}", joined(people)),
                    "at least one person with a standing key",
                )
                .help("enroll somebody, or a key: gatecheck ceremony plan enroll")
                .at(place),
            );
        }
    }
}

fn joined(people: BTreeSet<&ReviewerId>) -> String {
    let mut names: Vec<&str> = people.iter().map(|id| id.as_str()).take(8).collect();
    if people.len() > names.len() {
        names.push("…");
    }
    names.join(", ")
}

fn quorum(registry: &Registry, problems: &Problems) {
    let policy = &registry.policy.quorum;
    let everybody = count(registry.reviewers.values().filter(|r| r.kind == ReviewerKind::Human));
    if registry.domains.is_empty() {
        // No sign-off can belong to a domain, so no gate can pass: safe, but worth knowing.
        problems.add(
            Finding::new(Code::CoverageGap, "the registry has no domain: no sign-off can count")
                .severity(Severity::Warning)
                .compared("no [[domains]]", "at least one domain")
                .help("add a [[domains]] entry with `id`, `primary` and `backup`")
                .at(problems.place(Spot::START, "this file")),
        );
        return;
    }
    let overrides =
        policy.epochs.iter().map(|(epoch, one)| (format!("quorum.epochs.{epoch}"), one));
    for (table, one) in std::iter::once(("quorum".to_owned(), &policy.base)).chain(overrides) {
        let check = |field: &str, needed: u64, there: u64, of: &str| {
            if needed > there {
                unmet(registry, &format!("{table}.{field}"), needed, there, of, problems);
            }
        };
        check("distinct_reviewers", one.distinct_reviewers, everybody, "people");
        if let QuorumRule::AtLeast(least) = one.rule {
            check("rule", least, count(registry.domains.values()), "domains");
        }
        let fewest = registry
            .domains
            .values()
            .map(|domain| (count(humans(registry, domain).into_iter()), &domain.id))
            // Where there is nobody at all, `coverage-gap` says so.
            .filter(|(people, _)| *people > 0)
            .min();
        if let Some((people, domain)) = fewest {
            check("per_domain", one.per_domain, people, &format!("people in domain {domain}"));
        }
    }
    if let Some(people) = policy.squash_people.filter(|people| *people > everybody) {
        unmet(registry, "quorum.squash_people", people, everybody, "people", problems);
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u64 {
    u64::try_from(of.count()).unwrap_or(u64::MAX)
}

/// A number that is safe, because it refuses everything, and useless for the same reason.
fn unmet(registry: &Registry, field: &str, needed: u64, there: u64, of: &str, problems: &Problems) {
    let spot = registry.policy.spot(field).unwrap_or(Spot::START);
    problems.add(
        Finding::new(
            Code::InvalidThreshold,
            format!("nobody can meet policy.{field}: it asks for more {of} than there are"),
        )
        .compared(format!("{there} {of}"), format!("{needed} {of}"))
        .help("lower the number, or enroll people first")
        .at(problems.place(spot, "this decides")),
    );
}

fn ceremony(registry: &Registry, able: &BTreeSet<&ReviewerId>, problems: &Problems) {
    let there = count(able.iter());
    let needed = match registry.policy.ceremony.threshold {
        QuorumRule::AtLeast(least) => least,
        QuorumRule::Unanimous | QuorumRule::Majority => 1,
    };
    if needed > there {
        let of = "people with a standing key";
        unmet(registry, "ceremony.threshold", needed, there, of, problems);
    }
}

fn lifetimes(registry: &Registry, problems: &Problems) {
    let most = registry.policy.ceremony.max_key_days;
    for key in registry.keys.iter().filter(|key| key.is_standing()) {
        // How long a forge keeps its key is not the project's choice.
        let forge = registry.reviewers.get(&key.reviewer).map(|person| person.kind);
        let latest = key.window.from.plus(Age::days(most));
        if forge == Some(ReviewerKind::Forge) || key.window.until.is_some_and(|end| end <= latest) {
            continue;
        }
        let (why, spot) = match key.window.until {
            Some(_) => ("lives too long", key.spot("effective_until")),
            None => ("has no planned end", key.spot("effective_from")),
        };
        let mut finding =
            Finding::new(Code::KeyTooLongLived, format!("a key of {} {why}", key.reviewer))
                .reviewer(&key.reviewer)
                .compared(span(key), format!("an end at {latest} or before ({most} days)"))
                .help(format!("write `effective_until = {}`", latest.date()))
                .at(problems.place(spot, "this window"));
        finding.fingerprint = key.fingerprint;
        problems.add(finding);
    }
}
