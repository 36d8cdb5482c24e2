//! Who could sign a domain off, and what is still missing, in people's terms.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Foreseen, Outlook};
use crate::finding::{Code, Finding};
use crate::manifest::edit::is_no_signoff;
use crate::model::manifest::Target;
use crate::model::policy::{CosignScope, QuorumRule};
use crate::model::registry::SchemaVersion;
use crate::model::text::shown;
use crate::model::{Domain, DomainId, ReviewerId};
use crate::report::SignoffReport;
use crate::rules::currency::Condition;

/// What one person could do for a domain at the next gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Could {
    /// Sign, and it counts.
    Sign,
    /// Sign, and it counts beside somebody who needs no help; why.
    Beside(String),
    /// Nothing; why.
    Not(String),
}

/// A person of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Someone {
    pub(in crate::cli) reviewer: ReviewerId,
    pub(in crate::cli) could: Could,
}

/// What a domain has, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct DomainNeed {
    pub(in crate::cli) domain: DomainId,
    /// Changed files that belong to it.
    pub(in crate::cli) files: usize,
    /// People it needs.
    pub(in crate::cli) needed: u64,
    /// Who counts for it.
    pub(in crate::cli) counted: Vec<ReviewerId>,
    /// Who signed and does not count, and why.
    pub(in crate::cli) not_counted: Vec<(ReviewerId, String)>,
    /// Everybody else of the domain.
    pub(in crate::cli) others: Vec<Someone>,
    /// Documents that a full scope must list and nobody's does.
    pub(in crate::cli) docs: Vec<String>,
}

impl DomainNeed {
    /// People that it lacks.
    pub(in crate::cli) fn lacks(&self) -> u64 {
        self.needed.saturating_sub(self.counted.len() as u64)
    }
}

/// By domain, who wrote every change to it.
type OnlyAuthors = BTreeMap<DomainId, BTreeSet<ReviewerId>>;

/// What one person could do for a domain.
fn could(outlook: &Outlook, authors: &OnlyAuthors, domain: &DomainId, who: &ReviewerId) -> Could {
    let registry = &outlook.in_force.registry;
    let Some(person) = outlook.next.people.get(who) else {
        return Could::Not("not human".to_owned());
    };
    if !person.has_key {
        return Could::Not("holds no key that stands in an open window".to_owned());
    }
    let only = authors.get(domain);
    if only.is_some_and(|only| only.contains(who)) {
        return Could::Not("wrote every change to it".to_owned());
    }
    match &person.condition {
        Condition::Unaided => Could::Sign,
        Condition::NeedsHelp { code, observed, .. } => {
            let place = match registry.policy.currency.cosign_scope {
                CosignScope::Domain => format!("in {domain}"),
                CosignScope::Gate => "in this gate".to_owned(),
            };
            let what = if *code == Code::ReviewerStale { "stale" } else { "new" };
            Could::Beside(format!("{what}: {observed}; counts beside somebody current {place}"))
        }
    }
}

/// Everybody of a domain, once, and what they could do for it at the next gate.
pub(in crate::cli) fn people(outlook: &Outlook, domain: &Domain) -> Vec<Someone> {
    people_beside(outlook, &outlook.next.only_authors, domain)
}

fn people_beside(outlook: &Outlook, authors: &OnlyAuthors, domain: &Domain) -> Vec<Someone> {
    let mut seen = BTreeSet::new();
    let people = domain.people().filter(|person| seen.insert((*person).clone()));
    people
        .map(|who| Someone {
            reviewer: who.clone(),
            could: could(outlook, authors, &domain.id, who),
        })
        .collect()
}

/// What each domain of the registry has and lacks.
pub(in crate::cli) fn domains(outlook: &Outlook, foreseen: &Foreseen) -> Vec<DomainNeed> {
    let registry = &outlook.in_force.registry;
    let signoffs: &[SignoffReport] =
        foreseen.gate.as_ref().map_or(&[], |gate| gate.signoffs.as_slice());
    // A re-attestation is about the change of its own gate.
    let again = foreseen.manifest.as_deref().filter(|manifest| manifest.reattest > 0);
    let again = again.and_then(|manifest| match manifest.target {
        Target::Epoch(epoch) => Some((epoch, outlook.next.accepted.get(&epoch)?)),
        Target::Squash(_) => None,
    });
    let (epoch, authors) = again.map_or_else(
        || (outlook.next.next_epoch, &outlook.next.only_authors),
        |(epoch, accepted)| (epoch, &accepted.only_authors),
    );
    let quorum = registry.policy.quorum.for_epoch(epoch);
    let need = |domain: &Domain| {
        let of = |counted: bool| {
            signoffs.iter().filter(move |s| s.domain == domain.id && s.counted == counted)
        };
        let mut counted: Vec<ReviewerId> = of(true).map(|s| s.reviewer_id.clone()).collect();
        counted.sort();
        counted.dedup();
        let not_counted = of(false)
            .filter(|s| !counted.contains(&s.reviewer_id))
            .map(|s| (s.reviewer_id.clone(), s.why.clone().unwrap_or_default()))
            .collect();
        let others = people_beside(outlook, authors, domain);
        let others = others.into_iter().filter(|p| !counted.contains(&p.reviewer)).collect();
        let scopes: BTreeSet<&str> = foreseen
            .manifest
            .iter()
            .flat_map(|manifest| &manifest.signoffs)
            .filter(|s| s.domain == domain.id && counted.contains(&s.reviewer_id))
            .flat_map(|s| s.scope.iter().map(String::as_str))
            .collect();
        let docs = domain.docs.iter().filter(|doc| !scopes.contains(doc.as_str()));
        DomainNeed {
            domain: domain.id.clone(),
            files: outlook.change.paths_in(domain).count(),
            needed: quorum.per_domain.max(1),
            counted,
            not_counted,
            others,
            docs: docs.cloned().collect(),
        }
    };
    registry.domains.values().map(need).collect()
}

/// The rule over domains, in words, where not every domain is needed.
pub(in crate::cli) fn rule(outlook: &Outlook) -> Option<String> {
    let registry = &outlook.in_force.registry;
    let total = registry.domains.len();
    match registry.policy.quorum.for_epoch(outlook.next.next_epoch).rule {
        QuorumRule::Unanimous => None,
        QuorumRule::Majority => Some(format!("more than half of {total} domains are needed")),
        QuorumRule::AtLeast(n) => Some(format!("{n} of {total} domains are needed")),
    }
}

/// What more sign-offs mend.
pub(in crate::cli) fn is_missing(finding: &Finding) -> bool {
    matches!(
        finding.code,
        Code::QuorumNotMet
            | Code::TooFewPeople
            | Code::ScopeIncomplete
            | Code::SecondReviewMissing
            | Code::AiAttestationMissing
            | Code::ChecklistIncomplete
    ) || is_no_signoff(finding)
}

/// What nobody's sign-off was refused for: it is for others to do something, or for a newer
/// version.
pub(super) fn is_for_others(finding: &Finding) -> bool {
    matches!(
        finding.code,
        Code::ReviewerStale
            | Code::ReviewerNotQualified
            | Code::UnresolvedDissent
            | Code::CharterAmendmentInvalid
            | Code::UnsupportedVersion
    )
}

/// The people of a domain in one line each.
pub(in crate::cli) fn people_lines(people: &[Someone]) -> Vec<String> {
    let alone: Vec<&str> =
        people.iter().filter(|p| p.could == Could::Sign).map(|p| p.reviewer.as_str()).collect();
    let mut lines = Vec::new();
    if !alone.is_empty() {
        lines.push(format!("could sign: {}", alone.join(", ")));
    }
    for person in people {
        match &person.could {
            Could::Sign => {}
            Could::Beside(why) => lines.push(format!("{}: {why}", person.reviewer)),
            Could::Not(why) => lines.push(format!("{} cannot: {why}", person.reviewer)),
        }
    }
    if lines.is_empty() {
        lines.push("nobody could sign it".to_owned());
    }
    lines
}

/// What is still missing and who could fill it, a line each; none where nothing is.
pub(in crate::cli) fn missing_lines(
    outlook: &Outlook,
    foreseen: &Foreseen,
    findings: &[Finding],
) -> Vec<String> {
    let registry = &outlook.in_force.registry;
    let has = |code: Code| findings.iter().any(|finding| finding.code == code);
    let mut lines = Vec::new();
    let squash = foreseen.gate.as_ref().is_some_and(|gate| gate.name.is_some());
    let needs = if squash { Vec::new() } else { domains(outlook, foreseen) };
    if has(Code::QuorumNotMet) {
        if let Some(rule) = rule(outlook) {
            lines.push(rule);
        }
        for need in needs.iter().filter(|need| need.lacks() > 0) {
            lines.push(format!("{}: {}", need.domain, more(need.lacks(), &need.others)));
        }
        if registry.version == SchemaVersion::V1_0 {
            lines.push("sign-offs for the domains that the manifest names".to_owned());
        }
    }
    for need in needs.iter().filter(|need| !need.counted.is_empty() && !need.docs.is_empty()) {
        let docs: Vec<String> = need.docs.iter().map(|doc| shown(doc)).collect();
        lines.push(format!("{}: nobody's scope lists {}", need.domain, docs.join(", ")));
    }
    if let Some(people) = findings.iter().find(|finding| finding.code == Code::TooFewPeople) {
        let signed: BTreeSet<&ReviewerId> = counted(foreseen).collect();
        let all = domains(outlook, foreseen);
        // A squash gate counts people of the domains that it touches, if it touches any.
        let touched = squash && all.iter().any(|need| need.files > 0);
        let asked: Vec<&DomainNeed> = all.iter().filter(|n| !touched || n.files > 0).collect();
        let could = |id: &ReviewerId| {
            let mut theirs = asked.iter().flat_map(|need| &need.others);
            all.is_empty() || theirs.any(|p| p.reviewer == *id && p.could == Could::Sign)
        };
        let others = outlook.next.people.iter().filter(|(id, person)| {
            !signed.contains(id)
                && person.has_key
                && person.condition == Condition::Unaided
                && could(id)
        });
        let others: Vec<&str> = others.map(|(id, _)| id.as_str()).collect();
        let who = if others.is_empty() {
            "nobody else is current".to_owned()
        } else {
            others.join(" or ")
        };
        let observed = match squash {
            // Not everybody who counts does so for the domains that it touches.
            true => match people.observed.as_deref().and_then(|seen| seen.split_once(": ")) {
                Some((number, _)) => number.to_owned(),
                None => "0".to_owned(),
            },
            false => signed.len().to_string(),
        };
        let needed = people.required.as_deref().unwrap_or("the people");
        lines.push(format!("another person: {observed} of {needed} stand behind the gate; {who}"));
    }
    lines.extend(policy_lines(findings));
    lines
}

fn counted(foreseen: &Foreseen) -> impl Iterator<Item = &ReviewerId> {
    let signoffs = foreseen.gate.iter().flat_map(|gate| &gate.signoffs);
    signoffs.filter(|signoff| signoff.counted).map(|signoff| &signoff.reviewer_id)
}

fn more(lacks: u64, others: &[Someone]) -> String {
    let noun = if lacks == 1 { "person" } else { "people" };
    let of = |wanted: fn(&Could) -> bool| {
        let names = others.iter().filter(move |p| wanted(&p.could)).map(|p| p.reviewer.as_str());
        names.collect::<Vec<_>>().join(if lacks == 1 { " or " } else { ", " })
    };
    let alone = of(|could| *could == Could::Sign);
    let beside = of(|could| matches!(could, Could::Beside(_)));
    let who = match (alone.as_str(), beside.as_str()) {
        ("", "") => "and nobody of the domain could sign now".to_owned(),
        ("", beside) => {
            format!("{beside} would count only beside somebody current, and nobody else is")
        }
        (alone, "") => alone.to_owned(),
        (alone, beside) => format!("{alone}; beside them also {beside}"),
    };
    format!("{lacks} more {noun}: {who}")
}

/// What policy asks beyond the quorum, and dissent, as the judge told it: a line each.
pub(in crate::cli) fn policy_lines(findings: &[Finding]) -> Vec<String> {
    let asked = findings.iter().filter(|finding| {
        matches!(
            finding.code,
            Code::SecondReviewMissing
                | Code::AiAttestationMissing
                | Code::ChecklistIncomplete
                | Code::CharterAmendmentInvalid
                | Code::ForbiddenText
                | Code::UnresolvedDissent
                | Code::UnsupportedVersion
        )
    });
    asked
        .map(|finding| format!("{}: {}; {}", finding.code, finding.message, finding.help))
        .collect()
}
