//! Policies that a registry may state and that this version cannot judge: the gate stays undecided.

use crate::finding::{Code, Finding};
use crate::model::PathPattern;
use crate::rules::Context;
use crate::rules::self_review::Contribution;

/// Names every policy that would have to be judged at an epoch gate and cannot be.
pub(super) fn check(cx: &Context<'_>, since: &[&Contribution]) -> Vec<Finding> {
    let policy = &cx.registry.policy;
    let touched = |matches: &dyn Fn(&[u8]) -> bool| {
        since.iter().any(|c| c.paths.iter().any(|path| matches(path)))
    };
    let mut names: Vec<(&str, String)> = Vec::new();
    for review in &policy.second_review {
        if touched(&|path| review.paths.iter().any(|p: &PathPattern| p.matches(path))) {
            names.push(("second_review", format!("the second review {}", review.name)));
        }
    }
    if policy.ai_assisted.is_some() {
        names.push(("ai_assisted", "AI-assisted changes".to_owned()));
    }
    for forbidden in &policy.forbidden {
        names.push(("forbidden", format!("the forbidden text {}", forbidden.name)));
    }
    if let Some(charter) = &policy.charter
        && touched(&|path| path == charter.path.as_bytes())
    {
        names.push(("charter", "the charter amendment".to_owned()));
    }
    if !policy.gates.checklist.is_empty() {
        names.push(("gates.checklist", "the checklist".to_owned()));
    }
    names
        .into_iter()
        .map(|(field, what)| {
            let what = crate::model::text::shown(&what);
            Finding::new(
                Code::UnsupportedVersion,
                format!("policy asks for {what}, which this version of gatecheck cannot judge"),
            )
            .compared("a policy that cannot be judged", "a version of gatecheck that knows it")
            .at_some(cx.policy_place(field, "asked for here"))
            .help("use a newer gatecheck")
        })
        .collect()
}
