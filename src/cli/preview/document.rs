//! A preview as `gatecheck-preview/1`.

use super::super::signoff::vouch;
use super::super::signoff::who::{self, Could, DomainNeed};
use super::{Coming, foreseen_epoch, full};
use crate::model::ReviewerId;
use crate::render::json::preview_v1::{Domain, Manifest, Preview, Since, Why};
use crate::render::json::v1::Finding;

/// How many paths of a domain are listed.
const PATHS: usize = 20;

pub(super) fn of(coming: &Coming, verdict: &'static str) -> Preview {
    let Coming { outlook, foreseen, .. } = coming;
    let registry = &outlook.in_force.registry;
    Preview {
        schema: "gatecheck-preview/1",
        verdict,
        project: registry.project.clone(),
        epoch: foreseen_epoch(coming),
        commit: full(outlook.change.content),
        reference: coming.branch.clone(),
        since: Since {
            commit: full(outlook.change.base),
            epoch: outlook.last_gate.map(|(epoch, _)| epoch),
        },
        registry_serial: registry.serial,
        manifest: Manifest { path: coming.path.clone(), state: coming.state.name() },
        files: outlook.change.paths.len(),
        files_in_no_domain: outlook.change.paths_elsewhere().count(),
        ai_assisted: outlook.change.ai_assisted(registry).into_iter().map(full).collect(),
        domains: who::domains(outlook, foreseen)
            .into_iter()
            .map(|need| domain(coming, &need))
            .collect(),
        missing: who::missing_lines(outlook, foreseen, &coming.findings),
        findings: coming.findings.iter().map(Finding::from).collect(),
    }
}

fn domain(coming: &Coming, need: &DomainNeed) -> Domain {
    let domains = &coming.outlook.in_force.registry.domains;
    let paths: Vec<&[u8]> = domains
        .get(&need.domain)
        .map(|domain| coming.outlook.change.paths_in(domain).take(PATHS).collect())
        .unwrap_or_default();
    let names = |people: &[ReviewerId]| people.iter().map(ToString::to_string).collect();
    let why = |reviewer: &ReviewerId, why: &str| Why {
        reviewer_id: reviewer.to_string(),
        why: why.to_owned(),
    };
    let others = |wanted: &dyn Fn(&Could) -> Option<String>| -> Vec<Why> {
        let others = need.others.iter();
        others.filter_map(|p| Some(why(&p.reviewer, &wanted(&p.could)?))).collect()
    };
    let alone = need.others.iter().filter(|person| person.could == Could::Sign);
    Domain {
        domain: need.domain.to_string(),
        files: need.files,
        paths: vouch::some(&paths, PATHS),
        needed: need.needed,
        counted: names(&need.counted),
        not_counted: need.not_counted.iter().map(|(id, reason)| why(id, reason)).collect(),
        could_sign: alone.map(|person| person.reviewer.to_string()).collect(),
        could_sign_beside: others(&|could| match could {
            Could::Beside(why) => Some(why.clone()),
            _ => None,
        }),
        cannot_sign: others(&|could| match could {
            Could::Not(why) => Some(why.clone()),
            _ => None,
        }),
        docs_missing: need.docs.clone(),
    }
}
