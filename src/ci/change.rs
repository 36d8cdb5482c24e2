//! A change of a branch, and whether the event's word is enough to judge it.

use crate::model::text::shown;
use crate::model::{Oid, Registry};

/// How a change comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is on the branch already.
    Push,
    /// Somebody asks for it.
    PullRequest,
    /// A merge queue is about to put it there, as it is.
    MergeGroup,
}

/// A change of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How it comes.
    pub kind: ChangeKind,
    /// The branch that changes, by its full name.
    pub target: String,
    /// The project's default branch, where the event tells it.
    pub default_branch: Option<String>,
    /// What stands there, or stood there before; `None` where the branch is new.
    pub base: Option<Oid>,
    /// What is to be judged.
    pub head: Oid,
    /// The event says that the push was forced.
    pub forced: bool,
}

impl Change {
    /// Why the event's base cannot stand in for a pinned anchor; `None` where it can. `mainline` is
    /// what the base's own registry calls the mainline.
    ///
    /// The platform is trusted for the past of the branch that it guards. On any other branch the
    /// past is whatever somebody pushed a minute ago, and a commit that is found good there counts
    /// as checked wherever it is proposed next.
    #[must_use]
    pub fn distrust(&self, mainline: Option<&str>) -> Option<String> {
        let target = shown(&self.target);
        if self.base.is_none() {
            return Some(format!("{target} is new, so the event names no commit to trust"));
        }
        match (&self.default_branch, mainline) {
            (Some(default), _) if *default == self.target => None,
            (Some(default), _) => Some(format!(
                "{target} is not the default branch {}, so what the event names as its past may be anybody's",
                shown(default)
            )),
            (None, Some(mainline)) if mainline == self.target => None,
            (None, _) => {
                Some(format!("nothing says that {target} is the mainline (--default-branch would)"))
            }
        }
    }

    /// The branch, where a registry lists it among those with gates of their own.
    #[must_use]
    pub fn own_gates(&self, registry: &Registry) -> Option<String> {
        registry.has_own_gates(&self.target).then(|| self.target.clone())
    }

    /// Whether gates are made on the branch, so that what stands on it must stay there.
    #[must_use]
    pub fn is_guarded(&self, registry: &Registry) -> bool {
        registry.mainline == self.target
            || self.default_branch.as_ref() == Some(&self.target)
            || self.own_gates(registry).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_past_of_the_default_branch_is_taken_from_an_event() {
        let change = |target: &str, default: Option<&str>, base: bool| Change {
            kind: ChangeKind::Push,
            target: format!("refs/heads/{target}"),
            default_branch: default.map(|name| format!("refs/heads/{name}")),
            base: Oid::from_hex(&"a".repeat(40)).filter(|_| base),
            head: Oid::from_hex(&"b".repeat(40)).unwrap(),
            forced: false,
        };
        let says = |change: Change, mainline: &str| change.distrust(Some(mainline)).is_none();
        assert!(says(change("main", Some("main"), true), "refs/heads/main"));
        assert!(says(change("main", None, true), "refs/heads/main"));
        // What the registry of the base itself says does not make a branch the default one.
        assert!(!says(change("topic", Some("main"), true), "refs/heads/topic"));
        assert!(!says(change("topic", None, true), "refs/heads/main"));
        assert!(!says(change("main", Some("main"), false), "refs/heads/main"));
        assert!(change("main", None, true).distrust(None).is_some());
        assert!(change("main", Some("main"), true).distrust(None).is_none());
    }
}
