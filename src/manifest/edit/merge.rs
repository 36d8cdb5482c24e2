//! Unites the sign-offs of two manifests about the same gate.

use std::collections::BTreeMap;

use super::layout::{Edit, Key, Layout, apply, key};
use super::{EditError, Editing, plain, same_head};
use crate::model::manifest::{Binding, Target};
use crate::model::{Manifest, Signoff};

/// Why two manifests were not united.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MergeError {
    /// One of the texts cannot be used: "ours", "theirs" or "the base".
    #[error("{0} cannot be used: {1}")]
    Unusable(&'static str, EditError),
    /// They are about different gates or content.
    #[error("they are not about the same gate and content")]
    Heads {
        /// Fields that differ, with both values.
        fields: Vec<(&'static str, String, String)>,
    },
    /// Both changed the same person's sign-off for the same domain.
    #[error("both sides changed the sign-off of {reviewer} for {domain}")]
    Both {
        /// Whose.
        reviewer: String,
        /// For which domain.
        domain: String,
    },
    /// The text came out other than it should.
    #[error("{0}")]
    Edit(EditError),
}

type Group<'m> = Vec<(usize, &'m Signoff)>;

/// The text of `ours` with what only `theirs` added, took out or signed. Without a `base`, nothing
/// counts as taken out.
///
/// # Errors
/// See [`MergeError`].
pub fn merge(
    editing: &Editing<'_>,
    ours: &str,
    theirs: &str,
    base: Option<&str>,
) -> Result<String, MergeError> {
    let read = |whose, text| editing.read(text).map_err(|e| MergeError::Unusable(whose, e));
    let (our, their) = (read("ours", ours)?, read("theirs", theirs)?);
    check_heads(&our, &their)?;
    // A base about something else says nothing of these sign-offs.
    let base = match base {
        Some(text) => Some(read("the base", text)?).filter(|base| same_head(base, &our)),
        None => None,
    };
    let (our_groups, their_groups) = (groups(&our), groups(&their));
    let base_groups = base.as_deref().map(groups).unwrap_or_default();
    let layout = |text, manifest| Layout::of(text, manifest).map_err(MergeError::Edit);
    let (our_layout, their_layout) = (layout(ours, &our)?, layout(theirs, &their)?);
    let mut edits: Vec<Edit> = Vec::new();
    let mut expected: Vec<&Signoff> = Vec::new();
    let none = Group::new();
    let mut keys: Vec<&Key> = our_groups.keys().chain(their_groups.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let mine = our_groups.get(key).unwrap_or(&none);
        let other = their_groups.get(key).unwrap_or(&none);
        let was = base_groups.get(key).unwrap_or(&none);
        if take_theirs(mine, other, was, base.is_some())
            .ok_or_else(|| MergeError::Both { reviewer: key.1.clone(), domain: key.0.clone() })?
        {
            edits.extend(mine.iter().filter_map(|(index, _)| our_layout.removal(*index)));
            for (index, signoff) in other {
                let chunk = their_layout.chunk(*index).unwrap_or_default();
                let chunk = format!("{}\n", chunk.trim_end_matches(['\r', '\n']));
                edits.push(our_layout.insertion(signoff, chunk));
                expected.push(signoff);
            }
        } else {
            expected.extend(mine.iter().map(|(_, signoff)| *signoff));
        }
    }
    let text = apply(ours, edits);
    editing.holds(&our, &text, &expected).map_err(MergeError::Edit)?;
    Ok(text)
}

fn groups(manifest: &Manifest) -> BTreeMap<Key, Group<'_>> {
    let mut groups: BTreeMap<Key, Group<'_>> = BTreeMap::new();
    for (index, signoff) in (0_usize..).zip(&manifest.signoffs) {
        groups.entry(key(signoff)).or_default().push((index, signoff));
    }
    groups
}

/// Whether their side is the one to keep; `None` where neither gives way.
fn take_theirs(ours: &Group<'_>, theirs: &Group<'_>, was: &Group<'_>, base: bool) -> Option<bool> {
    let same = |a: &Group<'_>, b: &Group<'_>| {
        a.len() == b.len() && a.iter().zip(b).all(|((_, a), (_, b))| plain(a) == plain(b))
    };
    if same(ours, theirs) {
        return Some(false);
    }
    if base && same(theirs, was) {
        return Some(false);
    }
    if base && same(ours, was) {
        return Some(true);
    }
    match (ours.as_slice(), theirs.as_slice()) {
        ([], _) if was.is_empty() => Some(true),
        (_, []) if was.is_empty() => Some(false),
        ([(_, ours)], [(_, theirs)]) => later(ours, theirs),
        _ => None,
    }
}

/// One sign-off in two states: a signature is only ever added, and so is a withdrawal.
fn later(ours: &Signoff, theirs: &Signoff) -> Option<bool> {
    let bare = |s: &Signoff| Signoff { signature: String::new(), withdrawn: false, ..plain(s) };
    if bare(ours) != bare(theirs) {
        return None;
    }
    let adds = |to: &Signoff, from: &Signoff| {
        (from.signature == to.signature || from.signature.is_empty())
            && (!from.withdrawn || to.withdrawn)
    };
    if adds(ours, theirs) { Some(false) } else { adds(theirs, ours).then_some(true) }
}

fn check_heads(ours: &Manifest, theirs: &Manifest) -> Result<(), MergeError> {
    if same_head(ours, theirs) {
        return Ok(());
    }
    let values = |m: &Manifest| {
        let gate = m.previous_gate.map(|gate| gate.to_string()).unwrap_or_default();
        let content = m.subject_sha256.map(hex::encode).unwrap_or_default();
        [
            ("epoch or name", target(&m.target)),
            ("previous_gate", gate),
            ("subject_tree or gate_commit", binding(&m.binding)),
            ("subject_sha256", content),
            ("mv_team_justification", m.mv_team_justification.clone()),
            ("cures", m.cures.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        ]
    };
    let fields = values(ours)
        .into_iter()
        .zip(values(theirs))
        .filter(|((_, a), (_, b))| a != b)
        .map(|((name, a), (_, b))| (name, a, b));
    Err(MergeError::Heads { fields: fields.collect() })
}

fn target(target: &Target) -> String {
    match target {
        Target::Epoch(epoch) => format!("epoch {epoch}"),
        Target::Squash(name) => name.clone(),
    }
}

fn binding(binding: &Binding) -> String {
    match binding {
        Binding::Tree(id) => format!("tree {id}"),
        Binding::Commit(id) => format!("commit {id}"),
        Binding::UnresolvableCommit(text) => text.clone(),
        Binding::Missing => "neither".to_owned(),
    }
}
