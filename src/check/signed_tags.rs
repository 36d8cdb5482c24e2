//! Annotated tags that a key signed, and tags that point at what is in doubt.

use std::collections::BTreeSet;

use super::facts::Facts;
use crate::error::{Error, Result};
use crate::history::{Purpose, SignatureRequest, Verifier as _};
use crate::model::{Fingerprint, Oid, SignatureFact};
use crate::repo::{ObjectKind, Repository, Tag, parse_tag};

/// A tag that nobody should rely on until the doubt is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagInDoubt {
    /// The full ref name.
    pub name: String,
    /// The commit that it stands for; `None` where it stands for no commit.
    pub commit: Option<Oid>,
    /// Whether a key in doubt signed the tag itself, or its signature at least says so.
    pub signed: bool,
    /// Whether the commit is a gate in doubt.
    pub points_at_doubt: bool,
}

const TAGS: &str = "refs/tags/";

/// Finds them among all tags of the repository. A tag has no place in history, so that no date and
/// no point of trust excuses one.
pub(super) fn in_doubt(
    repo: &Repository,
    facts: &Facts,
    keys: &BTreeSet<Fingerprint>,
    gates: &BTreeSet<Oid>,
) -> Result<Vec<TagInDoubt>> {
    let mut found = Vec::new();
    let all = repo.references()?.into_iter().filter(|(name, _)| name.starts_with(TAGS));
    let most = usize::try_from(repo.limits().commits).unwrap_or(usize::MAX);
    for (n, (name, id)) in all.enumerate() {
        if n >= most {
            return Err(Error::cannot_read(
                format!("the repository has more than {most} tags"),
                "raise the bound: --limit commits=N",
            ));
        }
        let signed = tag_object(repo, id)?.is_some_and(|tag| signed_by(facts, &tag, keys));
        let commit = repo.peel(id).ok();
        let points_at_doubt = commit.is_some_and(|commit| gates.contains(&commit));
        if signed || points_at_doubt {
            found.push(TagInDoubt { name, commit, signed, points_at_doubt });
        }
    }
    Ok(found)
}

/// The tag object; `None` for a lightweight tag, and for one that nobody could take for signed.
fn tag_object(repo: &Repository, id: Oid) -> Result<Option<Tag>> {
    let object = repo.read(id).map_err(|no| Error::cannot_read(no.to_string(), no.help()))?;
    if object.kind != ObjectKind::Tag {
        return Ok(None);
    }
    Ok(parse_tag(id, &object.data).ok())
}

fn signed_by(facts: &Facts, tag: &Tag, keys: &BTreeSet<Fingerprint>) -> bool {
    let Some(signature) = tag.signature.clone() else { return false };
    let request =
        SignatureRequest { purpose: Purpose::Git, payload: tag.payload.clone(), signature };
    match facts.verify(&[request]).first() {
        Some(SignatureFact::Verified(by)) => {
            keys.contains(&by.key) || by.primaries.iter().any(|primary| keys.contains(primary))
        }
        // No key file holds the key: what the signature says of itself must do for a warning.
        Some(SignatureFact::Refused { hints, .. }) => {
            hints.iter().any(|hint| keys.iter().any(|key| hint.matches(*key)))
        }
        Some(SignatureFact::Absent) | None => false,
    }
}
