//! Rule: the project can go on with the new registry.

use std::collections::BTreeSet;

use super::{Proposal, listed, threshold};
use crate::finding::{Code, CodeDoc, Finding, Severity};
use crate::model::{KeyEntry, ReviewerId};
use crate::rules::{Context, certificate};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::CoverageGap,
        what: "A domain has nobody with an open key window.",
        why: "No gate can pass until somebody can vouch for that domain.",
        fix: "Enrol or rotate a key for one of the domain's people.",
    },
    CodeDoc {
        code: Code::InvalidThreshold,
        what: "A threshold asks for more people than there are, or for none.",
        why: "A threshold that nobody can meet locks the registry; one of zero lets anybody change it.",
        fix: "Set a number that the listed people can meet.",
    },
];

/// Everybody who is needed is there, with a key that its file holds.
#[must_use]
pub fn check(p: &Proposal<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let able = able(p);
    for domain in p.new.domains.values() {
        if domain.people().any(|person| able.contains(person)) {
            continue;
        }
        let people: BTreeSet<&ReviewerId> = domain.people().collect();
        findings.push(
            Finding::new(
                Code::CoverageGap,
                format!("nobody could sign off {} after this ceremony", domain.id),
            )
            .domain(&domain.id)
            .compared(
                format!("no open window among {}", listed(people)),
                format!("somebody whose key may act at {}", p.time()),
            )
            .at(p.new_place(domain.spot, "this domain"))
            .help("let the new key begin at the ceremony, or name somebody else for the domain"),
        );
    }
    let needed = threshold::needed(
        p.new.policy.ceremony.threshold,
        super::standing_people(p.new).len() as u64,
    );
    let there = able.len() as u64;
    if there <= needed && !p.new.reviewers.is_empty() {
        let enough = there == needed;
        let finding = Finding::new(
            Code::InvalidThreshold,
            if enough {
                "after this ceremony every single person is needed to change the registry again"
            } else {
                "after this ceremony nobody could change the registry any more"
            },
        )
        .compared(
            format!("{there} with an open window: {}", listed(&able)),
            format!("more than {needed}, so that one may be missing"),
        )
        .help("enroll somebody, or lower `[policy.ceremony] threshold`");
        let place =
            p.new.policy.spot("ceremony.threshold").map(|spot| p.new_place(spot, "asked for here"));
        findings.push(finding.at_some(place).severity(if enough {
            Severity::Warning
        } else {
            Severity::Error
        }));
    }
    findings.extend(files(p));
    findings
}

/// People who could act at once.
fn able(p: &Proposal<'_>) -> BTreeSet<ReviewerId> {
    let time = p.time();
    let open = |key: &&KeyEntry| {
        key.is_standing() && key.fingerprint.is_some() && key.window.contains(time)
    };
    let keys = p.new.keys.iter().filter(open);
    keys.map(|key| key.reviewer.clone()).filter(|id| p.new.is_human(id)).collect()
}

/// Every standing key is in the file that its entry names, in this very tree.
fn files(p: &Proposal<'_>) -> Vec<Finding> {
    let cx =
        Context { registry: p.new, registry_commit: Some(p.step.id), keyring: p.in_tree, ..p.cx };
    let missing = certificate::missing_keys(&cx).into_iter();
    let help = "bring the file in the ceremony's own commit, where the record lists it; one that lay there before without being in force does not count";
    missing.map(|finding| finding.help(help)).collect()
}
