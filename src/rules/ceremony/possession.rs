//! Rule: somebody holds every key that appears.

use super::{Proposal, approvals, by_name};
use crate::finding::{Code, CodeDoc, Finding};
use crate::model::registry::KeyFormat;
use crate::model::{ApprovalRole, KeyEntry, VerifiedSignature};
use crate::registry::Change;
use crate::rules::{Context, certificate, strength};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::PossessionMissing,
    what: "A key appears in the registry without having signed the ceremony that brings it.",
    why: "Without proof of possession somebody could enrol another person's key, or one that nobody holds.",
    fix: "Have the new key's owner approve the ceremony with that key, in the role `possession`.",
}];

/// Every entry that appears has an approval in the role `possession`, by its own key; and every
/// such approval is about an entry that appears.
#[must_use]
pub fn check(p: &Proposal<'_>, changes: &[Change]) -> Vec<Finding> {
    let appearing: Vec<&KeyEntry> = appearing(p, changes).collect();
    let proofs: Vec<_> = p
        .record
        .approvals
        .iter()
        .enumerate()
        .filter(|(_, approval)| approval.role == ApprovalRole::Possession)
        .filter_map(|(n, approval)| {
            let fact = p.facts.get(n).copied().flatten();
            Some((approval, approvals::verified(p, approval, fact).ok()?))
        })
        .collect();
    let mut findings = Vec::new();
    for entry in &appearing {
        let mut why = format!("no approval in the role possession by {}", entry.reviewer);
        let held =
            proofs.iter().filter(|(a, _)| a.reviewer_id == entry.reviewer).any(|(_, signature)| {
                match proves(p, entry, signature) {
                    Ok(()) => true,
                    Err(not) => {
                        why = not.unwrap_or_else(|| why.clone());
                        false
                    }
                }
            });
        if !held {
            let mut finding = Finding::new(
                Code::PossessionMissing,
                format!("nobody has shown to hold the new key of {}", entry.reviewer),
            )
            .reviewer(&entry.reviewer)
            .compared(why, "an approval in the role possession, signed by the new key")
            .at(p.new_place(entry.spot("fingerprint"), "this key appears here"))
            .help(format!(
                "{} approves with the new key: gatecheck ceremony approve --role possession",
                entry.reviewer
            ));
            finding.fingerprint = entry.fingerprint;
            findings.push(finding);
        }
    }
    for (approval, signature) in &proofs {
        let about = appearing.iter().any(|entry| {
            entry.reviewer == approval.reviewer_id && proves(p, entry, signature).is_ok()
        });
        if !about {
            findings.push(
                Finding::new(
                    Code::CeremonyMismatch,
                    format!(
                        "{} shows to hold a key that this ceremony does not bring",
                        approval.reviewer_id
                    ),
                )
                .reviewer(&approval.reviewer_id)
                .fingerprint(signature.key)
                .compared(signature.key.to_string(), "a key that appears in the new registry")
                .at(p.place(approval.spot, "this approval"))
                .help(
                    "take it out, or let it authorise: `role = \"authorise\"` is another statement",
                ),
            );
        }
    }
    findings
}

/// Entries that appear.
pub(super) fn appearing<'p>(
    p: &'p Proposal<'_>,
    changes: &'p [Change],
) -> impl Iterator<Item = &'p KeyEntry> {
    let names = changes.iter().filter_map(|change| match change {
        Change::KeyAdded { key, .. } | Change::RetiredKeyAdded { key, .. } => Some(key),
        _ => None,
    });
    let entries = by_name(&p.new.keys);
    names.filter_map(move |name| entries.get(name).copied())
}

/// Whether a signature is by the key of an entry; the error says why not, `None` for another key.
fn proves(
    p: &Proposal<'_>,
    entry: &KeyEntry,
    signature: &VerifiedSignature,
) -> Result<(), Option<String>> {
    let listed = entry.fingerprint.ok_or(None)?;
    let own = signature.key == listed;
    let ssh = entry.format == KeyFormat::Ssh;
    let by_subkey = !ssh && p.in_tree.binds(&entry.public_key, listed, signature.key);
    if !(own || by_subkey) || ssh != signature.key.is_ssh() {
        return Err(None);
    }
    // The window may begin later than the ceremony, so only the key itself is asked about.
    let cx = Context { registry: p.new, keyring: p.keyring, ..p.cx };
    let time = signature.created.unwrap_or_else(|| p.time());
    let weak = strength::check_key(&cx, signature.algorithm, time)
        .or_else(|| strength::check_digest(&cx, signature.digest, time));
    if let Some(weak) = weak {
        return Err(Some(weak.message));
    }
    if !ssh {
        certificate::check(&cx, entry, signature.key, time).map_err(|no| Some(no.message))?;
    }
    Ok(())
}
