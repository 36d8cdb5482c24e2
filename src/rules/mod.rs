//! One file a rule: what it checks, its codes with their explanation, and an accepted and a
//! refused case beside it.
//!
//! Rules are pure functions from plain values to findings. They know no git, no cryptography and
//! no clock; [`Context`] carries what they may look at.

pub mod again;
pub mod ai_assisted;
pub mod attestation;
pub mod authority;
pub mod binding;
pub mod ceremony;
pub mod certificate;
pub mod charter;
pub mod checklist;
pub mod clock;
pub mod commit_signature;
pub mod currency;
pub mod dissent;
pub mod forbidden;
pub mod keyring;
pub mod manifest_file;
pub mod merges;
pub mod membership;
pub mod quorum;
pub mod reference;
pub mod registry_change;
pub mod scope;
pub mod second_review;
pub mod self_review;
pub mod sequence;
pub mod since;
pub mod strength;
pub mod summary;
pub mod tag;
pub mod supersede;
pub mod window;

#[cfg(test)]
pub(crate) mod testing;

use crate::finding::{Code, CodeDoc, Place};
use crate::model::owners::OwnersFile;
use crate::model::{Domain, Oid, Registry, Time};
use keyring::Keyring;

/// What every rule may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The registry in force.
    pub registry: &'a Registry,
    /// The mainline commit that brought it; `None` for a pinned file.
    pub registry_commit: Option<Oid>,
    /// What the key files say, up to here.
    pub keyring: &'a Keyring,
    /// CODEOWNERS as the last accepted epoch gate left it, the anchor's before the first.
    pub owners: &'a OwnersFile,
    /// The time of the previous accepted gate: nothing is dated back past it.
    pub previous_time: Option<Time>,
    /// The run's clock. Only `future-dated` may look at it.
    pub now: Time,
    /// The registry was pinned by the verifier: dates decide, retired windows count.
    pub pinned: bool,
}

impl<'a> Context<'a> {
    /// For a look at a registry outside of a fold: no commit brought it, and no gate came before.
    #[must_use]
    pub fn outside(registry: &'a Registry, keyring: &'a Keyring, now: Time) -> Self {
        Self {
            registry,
            registry_commit: None,
            keyring,
            owners: &OwnersFile::NotAsked,
            previous_time: None,
            now,
            pinned: false,
        }
    }

    /// The same for a registry that the verifier pins.
    #[must_use]
    pub fn pinned(registry: &'a Registry, keyring: &'a Keyring, now: Time) -> Self {
        Self { pinned: true, ..Self::outside(registry, keyring, now) }
    }

    /// Whether a changed path belongs to a domain.
    #[must_use]
    pub fn owns(&self, domain: &Domain, path: &[u8]) -> bool {
        self.owners.gives(self.registry, domain, path)
    }

    /// The line of the registry that decided, by the name of a policy field.
    #[must_use]
    pub fn policy_place(&self, field: &str, label: &str) -> Option<Place> {
        let spot = self.registry.policy.spot(field)?;
        Some(Place::new(&self.registry.source, self.registry_commit, spot, label))
    }

    /// A line of the registry.
    #[must_use]
    pub fn registry_place(&self, spot: crate::source::Spot, label: &str) -> Place {
        Place::new(&self.registry.source, self.registry_commit, spot, label)
    }
}

/// Every rule's documentation. A test holds this list complete.
const DOCS: &[&[CodeDoc]] = &[
    commit_signature::DOCS,
    authority::DOCS,
    window::DOCS,
    certificate::DOCS,
    strength::DOCS,
    clock::DOCS,
    merges::DOCS,
    registry_change::DOCS,
    manifest_file::DOCS,
    sequence::DOCS,
    binding::DOCS,
    attestation::DOCS,
    membership::DOCS,
    self_review::DOCS,
    currency::DOCS,
    supersede::DOCS,
    scope::DOCS,
    quorum::DOCS,
    dissent::DOCS,
    tag::DOCS,
    summary::DOCS,
    second_review::DOCS,
    ai_assisted::DOCS,
    forbidden::DOCS,
    charter::DOCS,
    checklist::DOCS,
    reference::DOCS,
];

/// All explanations, in the order of [`Code::ALL`].
#[must_use]
pub fn explanations() -> Vec<CodeDoc> {
    let mut all: Vec<CodeDoc> = every_doc().collect();
    all.sort_by_key(|doc| doc.code);
    all
}

/// The explanation of one code.
#[must_use]
pub fn explanation(code: Code) -> Option<CodeDoc> {
    every_doc().find(|doc| doc.code == code)
}

fn every_doc() -> impl Iterator<Item = CodeDoc> {
    DOCS.iter().chain(ceremony::DOCS).flat_map(|docs| docs.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_exactly_once() {
        let explained: Vec<Code> = explanations().iter().map(|doc| doc.code).collect();
        assert_eq!(explained, Code::ALL, "each code once, none missing");
        for doc in explanations() {
            for text in [doc.what, doc.why, doc.fix] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", doc.code);
            }
        }
    }
}
