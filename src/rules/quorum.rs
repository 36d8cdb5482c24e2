//! Rule: enough domains have enough counted people, and enough people stand behind the gate.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::manifest::{Manifest, Signoff};
use crate::model::policy::{Quorum, QuorumRule};
use crate::model::registry::SchemaVersion;
use crate::model::{DomainId, Oid, ReviewerId};

use super::Context;
use super::since::says_something;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::QuorumNotMet,
        what: "Too few domains have the people that `[policy.quorum]` asks for.",
        why: "A gate stands for the whole project, so each part needs somebody who vouches for it.",
        fix: "Have people of the missing domains sign off.",
    },
    CodeDoc {
        code: Code::TooFewPeople,
        what: "Fewer different people stand behind the gate than `distinct_reviewers` (or `squash_people`) asks for.",
        why: "One stolen key, or one person under pressure, must not be enough.",
        fix: "Have another reviewer sign off.",
    },
    CodeDoc {
        code: Code::MultiDomainUnjustified,
        what: "One person stands for several domains without saying so, without a reason, or where policy does not allow it.",
        why: "Small teams have to combine roles; doing it silently would hide that fewer people looked.",
        fix: "List all of the person's domains in `multi_domain_roles` with a `multi_domain_justification` in each of their sign-offs, or have another person sign off.",
    },
];

type ByDomain<'a> = BTreeMap<&'a DomainId, BTreeSet<&'a ReviewerId>>;

fn by_domain<'a>(counted: &[&'a Signoff]) -> ByDomain<'a> {
    let mut domains = ByDomain::new();
    for signoff in counted {
        domains.entry(&signoff.domain).or_default().insert(&signoff.reviewer_id);
    }
    domains
}

fn people<'a>(counted: &[&'a Signoff]) -> BTreeSet<&'a ReviewerId> {
    counted.iter().map(|signoff| &signoff.reviewer_id).collect()
}

/// Checks an epoch gate.
#[must_use]
pub fn check_epoch(
    cx: &Context<'_>,
    manifest: &Manifest,
    epoch: u64,
    counted: &[&Signoff],
    carrier: Oid,
) -> Vec<Finding> {
    let quorum = cx.registry.policy.quorum.for_epoch(epoch);
    let mut findings = check_roles(manifest, counted, quorum, carrier);
    let domains = by_domain(counted);
    let all: BTreeSet<&DomainId> = if cx.registry.version == SchemaVersion::V1_0 {
        manifest.signoffs.iter().map(|signoff| &signoff.domain).collect()
    } else {
        cx.registry.domains.keys().collect()
    };
    let enough = |domain: &&DomainId| {
        domains.get(*domain).map_or(0, BTreeSet::len) as u64 >= quorum.per_domain.max(1)
    };
    let (met, missing): (Vec<&DomainId>, Vec<&DomainId>) = all.into_iter().partition(enough);
    let total = met.len().saturating_add(missing.len());
    let needed = match quorum.rule {
        QuorumRule::Unanimous => total.max(1),
        QuorumRule::Majority => (total / 2).saturating_add(1),
        QuorumRule::AtLeast(n) => usize::try_from(n.max(1)).unwrap_or(usize::MAX),
    };
    if met.len() < needed {
        let list = missing.iter().map(|d| d.as_str()).collect::<Vec<_>>().join(", ");
        findings.push(
            Finding::new(
                Code::QuorumNotMet,
                format!("the quorum is not met: counted sign-offs are missing for {list}"),
            )
            .compared(
                format!("{} of {total} domains", met.len()),
                format!(
                    "{needed} of {total} domains, {} each",
                    count(quorum.per_domain, "person", "people")
                ),
            )
            .at(Place::new(
                &manifest.source,
                Some(carrier),
                manifest.spot("manifest"),
                "this manifest",
            ))
            .at_some(cx.policy_place("quorum.rule", "asked for here"))
            .help(format!("have people of these domains sign off: {list}")),
        );
    }
    findings.extend(check_people(
        cx,
        manifest,
        counted,
        quorum.distinct_reviewers,
        "quorum.distinct_reviewers",
        carrier,
    ));
    findings
}

/// Checks a squash gate; `counted` are the sign-offs of touched domains only, where it touches any.
#[must_use]
pub fn check_squash(
    cx: &Context<'_>,
    manifest: &Manifest,
    counted: &[&Signoff],
    touched: &BTreeSet<&DomainId>,
    carrier: Oid,
) -> Vec<Finding> {
    let policy = &cx.registry.policy.quorum;
    let needed = policy.squash_people.unwrap_or(policy.base.distinct_reviewers);
    let mut findings = check_roles(manifest, counted, policy.base, carrier);
    let people = check_people(cx, manifest, counted, needed, "quorum.squash_people", carrier);
    let names = touched.iter().map(|domain| domain.as_str()).collect::<Vec<_>>().join(", ");
    findings.extend(people.map(|finding| {
        if names.is_empty() {
            return finding;
        }
        let observed = finding.observed.clone().unwrap_or_default();
        let required = count(needed.max(1), "person", "people");
        finding
            .compared(observed, format!("{required} of the domains that it touches: {names}"))
            .help(format!("have another reviewer of these domains sign off: {names}"))
    }));
    findings
}

fn check_people(
    cx: &Context<'_>,
    manifest: &Manifest,
    counted: &[&Signoff],
    needed: u64,
    field: &str,
    carrier: Oid,
) -> Option<Finding> {
    let people = people(counted);
    let needed = needed.max(1);
    if people.len() as u64 >= needed {
        return None;
    }
    let names = people.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(", ");
    Some(
        Finding::new(Code::TooFewPeople, "too few different people stand behind this gate")
            .compared(
                if names.is_empty() {
                    "nobody".to_owned()
                } else {
                    format!("{}: {names}", people.len())
                },
                count(needed, "person", "people"),
            )
            .at(Place::new(
                &manifest.source,
                Some(carrier),
                manifest.spot("manifest"),
                "this manifest",
            ))
            .at_some(cx.policy_place(field, "asked for here"))
            .help("have another reviewer sign off"),
    )
}

/// One person in several domains needs roles that name them all, a reason, and policy's leave.
fn check_roles(
    manifest: &Manifest,
    counted: &[&Signoff],
    quorum: Quorum,
    carrier: Oid,
) -> Vec<Finding> {
    let mut domains: BTreeMap<&ReviewerId, BTreeSet<&str>> = BTreeMap::new();
    for signoff in counted {
        domains.entry(&signoff.reviewer_id).or_default().insert(signoff.domain.as_str());
    }
    let mut findings = Vec::new();
    for (reviewer, domains) in domains.into_iter().filter(|(_, domains)| domains.len() > 1) {
        let theirs = counted.iter().filter(|signoff| signoff.reviewer_id == *reviewer);
        let flawed = theirs.filter_map(|signoff| {
            let named: BTreeSet<&str> =
                signoff.multi_domain_roles.iter().map(String::as_str).collect();
            let justified = says_something(&signoff.multi_domain_justification)
                || says_something(&manifest.mv_team_justification);
            let why = if !quorum.allow_multi_domain {
                "policy does not allow it"
            } else if !domains.is_subset(&named) {
                "`multi_domain_roles` does not name all of them"
            } else if !justified {
                "no justification is given"
            } else {
                return None;
            };
            Some((*signoff, why))
        });
        if let Some((signoff, why)) = flawed.into_iter().next() {
            let list = domains.into_iter().collect::<Vec<_>>().join(", ");
            findings.push(
                Finding::new(
                    Code::MultiDomainUnjustified,
                    format!("{reviewer} stands for several domains ({list}), but {why}"),
                )
                .reviewer(reviewer)
                .domain(&signoff.domain)
                .compared(why, format!("roles that name {list}, a justification, and `allow_multi_domain`"))
                .at(Place::new(
                    &manifest.source,
                    Some(carrier),
                    signoff.spot("multi_domain_roles"),
                    "this sign-off",
                ))
                .help("name all domains in multi_domain_roles and say why, or have another person sign off"),
            );
        }
    }
    findings
}

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, id, manifest, signoff};

    fn codes(world: &World, counted: &[&Signoff]) -> Vec<Code> {
        check_epoch(&world.context(), &manifest(0), 0, counted, id(9))
            .iter()
            .map(|f| f.code)
            .collect()
    }

    #[test]
    fn everybody_needed_is_accepted() {
        let world = World::new();
        let (a, b) = (signoff("alice", "kernel"), signoff("bob", "evidence"));
        assert_eq!(codes(&world, &[&a, &b]), vec![]);
    }

    #[test]
    fn rules_over_domains() {
        let mut world = World::new();
        let (a, b) = (signoff("alice", "kernel"), signoff("bob", "kernel"));
        assert_eq!(codes(&world, &[&a, &b]), vec![Code::QuorumNotMet]);
        world.registry.policy.quorum.base.rule = QuorumRule::AtLeast(1);
        assert_eq!(codes(&world, &[&a, &b]), vec![]);
        world.registry.policy.quorum.base.rule = QuorumRule::Majority;
        assert_eq!(codes(&world, &[&a, &b]), vec![Code::QuorumNotMet], "1 of 2 is no majority");
        assert_eq!(codes(&world, &[]), vec![Code::QuorumNotMet, Code::TooFewPeople]);
        world.registry.policy.quorum.base.rule = QuorumRule::AtLeast(0);
        assert_eq!(codes(&world, &[])[0], Code::QuorumNotMet, "nothing is never enough");
    }

    #[test]
    fn people_are_counted_once() {
        let mut world = World::new();
        world.registry.policy.quorum.base.rule = QuorumRule::AtLeast(1);
        let a = signoff("alice", "kernel");
        assert_eq!(codes(&world, &[&a, &a]), vec![Code::TooFewPeople]);
    }

    #[test]
    fn one_person_in_two_domains_says_so() {
        let mut world = World::new();
        world.registry.policy.quorum.base.distinct_reviewers = 1;
        let (mut a, mut b) = (signoff("alice", "kernel"), signoff("alice", "evidence"));
        assert_eq!(codes(&world, &[&a, &b]), vec![Code::MultiDomainUnjustified]);
        for signoff in [&mut a, &mut b] {
            signoff.multi_domain_roles = vec!["kernel".into(), "evidence".into()];
        }
        assert_eq!(codes(&world, &[&a, &b]), vec![Code::MultiDomainUnjustified]);
        for signoff in [&mut a, &mut b] {
            signoff.multi_domain_justification = " \u{200b}".into();
        }
        let unseen = codes(&world, &[&a, &b]);
        assert_eq!(unseen, vec![Code::MultiDomainUnjustified], "nobody can read that");
        for signoff in [&mut a, &mut b] {
            signoff.multi_domain_justification = "small team".into();
        }
        assert_eq!(codes(&world, &[&a, &b]), vec![]);
        world.registry.policy.quorum.base.allow_multi_domain = false;
        assert_eq!(codes(&world, &[&a, &b]), vec![Code::MultiDomainUnjustified]);
    }
}
