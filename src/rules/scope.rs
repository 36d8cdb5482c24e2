//! Rule: together, a domain's counted sign-offs cover all documents of the domain.

use std::collections::BTreeSet;

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::registry::Domain;
use crate::model::text::shown;

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::ScopeIncomplete,
    what: "The scopes of the domain's counted sign-offs leave out documents that the registry lists.",
    why: "What no scope names, nobody said they read.",
    fix: "Have a reviewer of the domain sign off with the missing documents in `scope`.",
}];

/// Checks one domain that has at least one counted sign-off. `scopes` is their union.
#[must_use]
pub fn check(cx: &Context<'_>, domain: &Domain, scopes: &BTreeSet<&str>) -> Option<Finding> {
    let missing: Vec<&str> =
        domain.docs.iter().map(String::as_str).filter(|doc| !scopes.contains(doc)).collect();
    if missing.is_empty() {
        return None;
    }
    let show = |names: &[&str]| names.iter().map(|n| shown(n)).collect::<Vec<_>>().join(", ");
    let seen: Vec<&str> = scopes.iter().copied().collect();
    Some(
        Finding::new(
            Code::ScopeIncomplete,
            format!("nobody's scope for {} covers {}", domain.id, show(&missing)),
        )
        .domain(&domain.id)
        .compared(
            if seen.is_empty() { "an empty scope".to_owned() } else { show(&seen) },
            show(&domain.docs.iter().map(String::as_str).collect::<Vec<_>>()),
        )
        .at(cx.registry_place(domain.spot, "the domain's documents stand here"))
        .help("have a reviewer of the domain sign off with the missing documents in `scope`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    #[test]
    fn the_union_must_cover_every_document() {
        let mut world = World::new();
        world.domain("kernel").docs = vec!["A".into(), "B".into()];
        let kernel = world.registry.domains.values().find(|d| d.id.as_str() == "kernel").unwrap();
        let cx = world.context();
        assert_eq!(check(&cx, kernel, &BTreeSet::from(["A", "B", "C"])), None);
        let found = check(&cx, kernel, &BTreeSet::from(["A"])).unwrap();
        assert_eq!(found.code, Code::ScopeIncomplete);
        assert!(found.message.contains('B') && !found.message.contains("A,"));
        assert!(check(&cx, kernel, &BTreeSet::new()).is_some());
    }
}
