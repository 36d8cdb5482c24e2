//! Rule: whose signature it is, and whether the registry in force lets that key act.
//!
//! Order before clocks: first whether the key is active in the registry in force, then its window
//! and the strength of the cryptography, last the plausibility of dates (in `clock`).

use std::collections::HashMap;

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::registry::KeyFormat;
use crate::model::{Fingerprint, KeyEntry, ReviewerId, Signer, Time, VerifiedSignature};

use super::{Context, certificate, strength, window};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::UnknownSigner,
    what: "The signature was made by a key that the registry in force does not list.",
    why: "Anybody can make a key that carries a reviewer's name; only the fingerprint in the registry decides.",
    fix: "If the signer should be a reviewer, enrol the key in a ceremony first; else have a reviewer sign.",
}];

/// A signature by an active key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorised {
    /// Whose key it is.
    pub signer: Signer,
    /// The signature's time: its own, or what stood in for it.
    pub time: Time,
    /// What is worth saying all the same.
    pub warnings: Vec<Finding>,
}

/// A signature that verifies but does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAuthorised {
    /// Whose key it is, where the registry lists it at all.
    pub owner: Option<ReviewerId>,
    /// Why it does not count.
    pub finding: Box<Finding>,
}

/// Finds the entries of a registry by fingerprint without walking the list.
#[derive(Clone, Debug, Default)]
pub struct EntryIndex(HashMap<Fingerprint, Vec<usize>>);

impl EntryIndex {
    /// Indexes a registry's keys.
    #[must_use]
    pub fn new(keys: &[KeyEntry]) -> Self {
        let mut index: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
        for (n, key) in keys.iter().enumerate() {
            if let Some(fingerprint) = key.fingerprint {
                index.entry(fingerprint).or_default().push(n);
            }
        }
        Self(index)
    }

    fn get<'a>(&self, keys: &'a [KeyEntry], fingerprint: Fingerprint) -> Vec<&'a KeyEntry> {
        let found = self.0.get(&fingerprint).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|n| keys.get(*n)).collect()
    }
}

/// The entries that cover a key: its own, which outrank, or else its primary's.
fn covering<'a>(
    cx: &Context<'a>,
    index: &EntryIndex,
    signature: &VerifiedSignature,
) -> Vec<&'a KeyEntry> {
    let keys = cx.registry.keys.as_slice();
    let own = index.get(keys, signature.key);
    if !own.is_empty() {
        return own;
    }
    // A key file can put anybody's key into anybody's certificate. Where a listed certificate really
    // binds the key, what others claim of it does not count; else the claims name the refusal.
    let claimed = signature.primaries.iter().flat_map(|primary| {
        index.get(keys, *primary).into_iter().map(move |entry| (*primary, entry))
    });
    let (bound, others): (Vec<_>, Vec<_>) = claimed
        .partition(|(primary, entry)| cx.keyring.binds(&entry.public_key, *primary, signature.key));
    let entries = if bound.is_empty() { others } else { bound };
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// Decides whose signature it is. `stand_in` is the time for a signature that carries none.
pub fn authorise(
    cx: &Context<'_>,
    index: &EntryIndex,
    signature: &VerifiedSignature,
    stand_in: Time,
) -> Result<Authorised, NotAuthorised> {
    let time = signature.created.unwrap_or(stand_in);
    let entries = covering(cx, index, signature);
    let Some(first) = entries.first() else {
        return Err(NotAuthorised { owner: None, finding: Box::new(unknown(cx, signature)) });
    };
    let owner = first.reviewer.clone();
    decide(cx, &entries, signature, time).map_err(|mut finding| {
        finding.fingerprint.get_or_insert(signature.key);
        finding.reviewer_id.get_or_insert_with(|| owner.clone());
        finding.signature_time = finding.signature_time.or(Some(time));
        NotAuthorised { owner: Some(owner), finding }
    })
}

fn decide(
    cx: &Context<'_>,
    entries: &[&KeyEntry],
    signature: &VerifiedSignature,
    time: Time,
) -> Result<Authorised, Box<Finding>> {
    if let Some(entry) = entries.iter().find(|entry| entry.is_compromised()) {
        return Err(Box::new(compromised(cx, entry)));
    }
    let (standing, retired): (Vec<&KeyEntry>, Vec<&KeyEntry>) =
        entries.iter().copied().partition(|entry| entry.is_standing());
    let entry = window::check(cx, &standing, &retired, time)?;
    let expects_ssh = entry.format == KeyFormat::Ssh;
    if expects_ssh != signature.key.is_ssh() {
        return Err(Box::new(certificate::missing_key(cx, entry)));
    }
    if let Some(finding) = strength::check_key(cx, signature.algorithm, time)
        .or_else(|| strength::check_digest(cx, signature.digest, time))
    {
        return Err(Box::new(finding));
    }
    let mut primary = signature.key;
    let mut warnings = Vec::new();
    if !expects_ssh {
        warnings = certificate::check(cx, entry, signature.key, time)?;
        let listed = entry.fingerprint;
        if let Some(holder) = cx.keyring.certificate_for(&entry.public_key, listed, signature.key) {
            primary = holder.primary;
        }
    }
    for warning in &mut warnings {
        warning.fingerprint = Some(signature.key);
        warning.reviewer_id = Some(entry.reviewer.clone());
        warning.signature_time = Some(time);
    }
    let signer =
        Signer { reviewer_id: entry.reviewer.clone(), fingerprint: signature.key, primary };
    Ok(Authorised { signer, time, warnings })
}

fn unknown(cx: &Context<'_>, signature: &VerifiedSignature) -> Finding {
    let mut finding = Finding::new(
        Code::UnknownSigner,
        "the signature is by a key that the registry in force does not list",
    )
    .fingerprint(signature.key)
    .signature_time(signature.created)
    .compared(signature.key.to_string(), "a key in the registry in force")
    .help("have a reviewer sign, or enrol the key in a ceremony first");
    if cx.registry.keys.iter().all(|key| key.fingerprint.is_none()) {
        finding = finding.help(
            "the registry lists no usable key yet: put the reviewers' full fingerprints into it, \
             and their public keys beside it",
        );
    }
    finding
}

fn compromised(cx: &Context<'_>, entry: &KeyEntry) -> Finding {
    Finding::new(
        Code::KeyCompromised,
        "the registry in force lists this key as compromised; whatever its date, it authorises nothing",
    )
    .compared("a signature by a compromised key", "a signature by a standing key")
    .at(cx.registry_place(entry.spot("reason"), "declared here"))
    .help("sign again with a standing key of the reviewer")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, at};

    fn run(world: &World, who: &str, t: &str) -> Result<Authorised, NotAuthorised> {
        let index = EntryIndex::new(&world.registry.keys);
        authorise(&world.context(), &index, &world.signature(who, t), at(t))
    }

    #[test]
    fn an_active_key_names_its_owner() {
        let world = World::new();
        let good = run(&world, "alice", "2026-02-01").unwrap();
        assert_eq!(good.signer.reviewer_id.as_str(), "alice");
        assert!(good.warnings.is_empty());
    }

    #[test]
    fn a_stranger_is_unknown_whatever_the_name() {
        let world = World::new();
        let refused = run(&world, "mallory", "2026-02-01").unwrap_err();
        assert_eq!((refused.owner, refused.finding.code), (None, Code::UnknownSigner));
    }

    #[test]
    fn a_subkey_entry_outranks_its_primary() {
        let mut world = World::new();
        let sub = world.add_subkey("alice");
        let index = EntryIndex::new(&world.registry.keys);
        let signature = world.signature_by(sub, "alice", "2026-02-01");
        let good = authorise(&world.context(), &index, &signature, at("2026-02-01")).unwrap();
        assert_eq!(good.signer.fingerprint, sub);
        assert_eq!(Some(good.signer.primary), world.key("alice").fingerprint);

        let mut retired = world.retired("alice");
        retired.fingerprint = Some(sub);
        world.registry.keys.push(retired);
        let index = EntryIndex::new(&world.registry.keys);
        let refused =
            authorise(&world.context(), &index, &signature, at("2026-02-01")).unwrap_err();
        assert_eq!(refused.finding.code, Code::KeyRetired);
    }

    #[test]
    fn a_compromised_key_never_counts() {
        let mut world = World::new();
        world.compromise("alice");
        let refused = run(&world, "alice", "2025-02-01").unwrap_err();
        assert_eq!(refused.finding.code, Code::KeyCompromised);
        assert_eq!(refused.owner.unwrap().as_str(), "alice");
    }

    #[test]
    fn weak_keys_and_digests_are_named() {
        let world = World::new();
        let index = EntryIndex::new(&world.registry.keys);
        let mut signature = world.signature("alice", "2026-02-01");
        signature.digest = crate::model::Digest::Sha1;
        let code = |s: &VerifiedSignature| {
            authorise(&world.context(), &index, s, at("2026-02-01")).unwrap_err().finding.code
        };
        assert_eq!(code(&signature), Code::WeakDigest);
        signature.algorithm = crate::model::KeyAlgorithm::Rsa(1024);
        assert_eq!(code(&signature), Code::WeakKey);
    }
}
