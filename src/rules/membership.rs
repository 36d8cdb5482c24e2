//! Rule: a sign-off is by a listed human reviewer, for a domain that exists and is theirs.

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::Oid;
use crate::model::manifest::{Manifest, Signoff};
use crate::model::registry::SchemaVersion;

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::UnknownReviewer,
        what: "The sign-off names a reviewer whom the registry in force does not list.",
        why: "Only people with authority at that point in history vouch.",
        fix: "Correct the id, or enrol the person in a ceremony before the gate.",
    },
    CodeDoc {
        code: Code::UnknownDomain,
        what: "The sign-off names a domain that the registry in force does not have.",
        why: "A sign-off for a domain that does not exist covers nothing.",
        fix: "Correct the domain; `gatecheck registry lint` lists the domains there are.",
    },
    CodeDoc {
        code: Code::WrongDomain,
        what: "The reviewer does not belong to the domain that they signed off.",
        why: "Domains exist so that each part is vouched for by people who know it.",
        fix: "Have the domain's primary, backup or one of its reviewers sign off.",
    },
];

/// Checks who a sign-off says it is by, and for what.
#[must_use]
pub fn check(
    cx: &Context<'_>,
    manifest: &Manifest,
    signoff: &Signoff,
    carrier: Oid,
) -> Vec<Finding> {
    let place = |field: &str, label: &str| {
        Place::new(&manifest.source, Some(carrier), signoff.spot(field), label)
    };
    let finding = |code, message: String, observed: String, required: String| {
        Finding::new(code, message)
            .reviewer(&signoff.reviewer_id)
            .domain(&signoff.domain)
            .compared(observed, required)
    };
    let mut findings = Vec::new();
    let known = cx.registry.reviewers.get(&signoff.reviewer_id);
    match known {
        None => findings.push(
            finding(
                Code::UnknownReviewer,
                format!("the registry lists no reviewer {}", signoff.reviewer_id),
                signoff.reviewer_id.to_string(),
                list(cx.registry.reviewers.keys()),
            )
            .at(place("reviewer_id", "named here"))
            .help("correct the id, or enrol the person in a ceremony before the gate"),
        ),
        Some(reviewer) if !cx.registry.is_human(&signoff.reviewer_id) => findings.push(
            finding(
                Code::NotAHuman,
                format!(
                    "{} is a {} and cannot sign off",
                    signoff.reviewer_id,
                    reviewer.kind.name()
                ),
                reviewer.kind.name().to_owned(),
                "a human reviewer".to_owned(),
            )
            .at(place("reviewer_id", "named here"))
            .at(cx.registry_place(reviewer.spot, "its kind stands here"))
            .help("have a person sign off"),
        ),
        Some(_) => {}
    }
    if cx.registry.version == SchemaVersion::V1_0 {
        return findings;
    }
    match cx.registry.domains.get(&signoff.domain) {
        None => findings.push(
            finding(
                Code::UnknownDomain,
                format!("the registry has no domain {}", signoff.domain),
                signoff.domain.to_string(),
                list(cx.registry.domains.keys()),
            )
            .at(place("domain", "named here"))
            .help("correct the domain"),
        ),
        Some(domain)
            if known.is_some() && !cx.registry.belongs(&signoff.reviewer_id, &signoff.domain) =>
        {
            findings.push(
                finding(
                    Code::WrongDomain,
                    format!(
                        "{} does not belong to the domain {}",
                        signoff.reviewer_id, signoff.domain
                    ),
                    signoff.reviewer_id.to_string(),
                    list(domain.people()),
                )
                .at(place("domain", "signed off here"))
                .at(cx.registry_place(domain.spot, "the domain's people stand here"))
                .help("have one of the domain's people sign off"),
            );
        }
        Some(_) => {}
    }
    findings
}

fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let mut names: Vec<String> = items.map(|item| item.to_string()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() { "nobody".to_owned() } else { format!("one of: {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registry::ReviewerKind;
    use crate::rules::testing::{World, id, manifest, signoff};

    fn codes(world: &World, who: &str, domain: &str) -> Vec<Code> {
        let signoff = signoff(who, domain);
        check(&world.context(), &manifest(0), &signoff, id(9)).iter().map(|f| f.code).collect()
    }

    #[test]
    fn people_sign_off_their_own_domains() {
        let world = World::new();
        assert_eq!(codes(&world, "alice", "kernel"), vec![]);
        assert_eq!(codes(&world, "bob", "evidence"), vec![]);
    }

    #[test]
    fn strangers_bots_and_other_domains_are_refused() {
        let mut world = World::new();
        assert_eq!(codes(&world, "mallory", "kernel"), vec![Code::UnknownReviewer]);
        assert_eq!(codes(&world, "alice", "evidence"), vec![Code::WrongDomain]);
        assert_eq!(codes(&world, "alice", "poetry"), vec![Code::UnknownDomain]);
        world.set_kind("alice", ReviewerKind::Bot);
        assert_eq!(codes(&world, "alice", "kernel"), vec![Code::NotAHuman]);
    }
}
