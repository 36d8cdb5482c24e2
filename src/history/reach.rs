//! Which commits a mainline commit brings, in time that is linear over the whole walk.
//!
//! Dates lie, so nothing here looks at them. A walk from a merged parent stops at commits that
//! were met before. Should it come to a root (or to something missing) without a way back to
//! the anchor, the branch may have forked off before the anchor: then, and only then, everything
//! reachable from the anchor is painted, once.

use std::collections::HashSet;

use super::failure::{Failure, commit_gap, too_many_commits};
use crate::finding::{Code, Finding};
use crate::model::Oid;
use crate::repo::{Conditions, ReadFailure, Repository, parents_of, parse_commit};

/// What was met so far.
pub(super) struct Reach<'a> {
    repo: &'a Repository,
    conditions: Conditions,
    anchor: Option<Oid>,
    /// The anchor, and every commit that surely is none of its ancestors.
    after: HashSet<Oid>,
    /// Ancestors of the anchor, and commits that may be.
    before: HashSet<Oid>,
    painted: Painted,
}

enum Painted {
    /// Nobody needed it yet.
    Not,
    /// `before` holds every ancestor of the anchor.
    Whole,
    /// Some ancestors of the anchor could not be read.
    Holes,
}

/// The outcome of one walk.
#[derive(Default)]
pub(super) struct Found {
    /// New commits, every parent before its children.
    pub(super) order: Vec<Oid>,
    /// What could not be read and matters.
    pub(super) gaps: Vec<Finding>,
    /// The walk met the anchor.
    pub(super) met_anchor: bool,
}

/// A walk before it is known which of its commits are the anchor's past.
#[derive(Default)]
struct Walk {
    /// Commits in order; whether a way leads from it back to `after`.
    order: Vec<(Oid, bool)>,
    /// Parents that could not be read, with the child that named them.
    unread: Vec<(Option<Oid>, ReadFailure)>,
    /// The walk came to a commit without (known) parents.
    rooted: bool,
    met_anchor: bool,
    /// The limit on commits was hit here.
    stopped: Option<Oid>,
}

struct Frame {
    id: Oid,
    parents: std::vec::IntoIter<Oid>,
    leads_back: bool,
}

impl<'a> Reach<'a> {
    pub(super) fn new(repo: &'a Repository, conditions: Conditions, anchor: Option<Oid>) -> Self {
        Self {
            repo,
            conditions,
            anchor,
            after: anchor.into_iter().collect(),
            before: HashSet::new(),
            painted: if anchor.is_some() { Painted::Not } else { Painted::Whole },
        }
    }

    /// Whether a commit was met: it is the anchor, or came after it.
    pub(super) fn met(&self, id: Oid) -> bool {
        self.after.contains(&id)
    }

    /// Marks a commit as met without walking from it.
    pub(super) fn meet(&mut self, id: Oid) {
        self.after.insert(id);
    }

    /// Everything reachable from `from` that was not met before and is not reachable from the
    /// anchor.
    /// `child` is the commit that names `from` as its parents.
    pub(super) fn explore(&mut self, from: &[Oid], child: Option<Oid>) -> Found {
        let walk = self.walk(from, child);
        let mut found = Found { met_anchor: walk.met_anchor, ..Found::default() };
        if walk.rooted || !walk.unread.is_empty() || walk.stopped.is_some() {
            self.paint();
        }
        let whole = !matches!(self.painted, Painted::Holes);
        for (id, leads_back) in walk.order {
            if self.before.contains(&id) {
                continue;
            }
            if leads_back || whole {
                self.after.insert(id);
                found.order.push(id);
            } else {
                // It may be the anchor's past: judging it could refuse it wrongly.
                self.before.insert(id);
                found.gaps.extend(found.gaps.is_empty().then(|| self.unknown_past(id)));
            }
        }
        for (at, failure) in walk.unread {
            let named_by = |c: Oid| Some(c) == child || self.after.contains(&c);
            let matters = at.is_none_or(named_by);
            if matters && !self.before.contains(&failure.id()) {
                found.gaps.push(commit_gap(&failure, at, &self.conditions));
            }
        }
        if let Some(at) = walk.stopped {
            found.gaps.push(too_many_commits(at, self.repo.limits().commits));
        }
        found
    }

    /// Depth first without recursion; a commit is done when all of its parents are.
    fn walk(&self, from: &[Oid], child: Option<Oid>) -> Walk {
        let mut walk = Walk::default();
        let mut fresh: HashSet<Oid> = HashSet::new();
        // Fresh commits with a way back to `after`; kept for those that several children share.
        let mut back: HashSet<Oid> = HashSet::new();
        let mut stack: Vec<Frame> = Vec::new();
        for start in from {
            self.enter(*start, child, &mut fresh, &mut stack, &mut walk);
            while let Some(frame) = stack.last_mut() {
                let child = frame.id;
                let Some(parent) = frame.parents.next() else {
                    let leads_back = frame.leads_back;
                    stack.pop();
                    walk.order.push((child, leads_back));
                    if leads_back {
                        back.insert(child);
                        if let Some(below) = stack.last_mut() {
                            below.leads_back = true;
                        }
                    }
                    continue;
                };
                frame.leads_back |= self.after.contains(&parent) || back.contains(&parent);
                self.enter(parent, Some(child), &mut fresh, &mut stack, &mut walk);
            }
        }
        walk
    }

    fn enter(
        &self,
        id: Oid,
        child: Option<Oid>,
        fresh: &mut HashSet<Oid>,
        stack: &mut Vec<Frame>,
        walk: &mut Walk,
    ) {
        walk.met_anchor |= self.anchor == Some(id);
        if self.after.contains(&id) || self.before.contains(&id) || fresh.contains(&id) {
            return;
        }
        let met = fresh.len().saturating_add(self.after.len());
        if u64::try_from(met).unwrap_or(u64::MAX) >= self.repo.limits().commits {
            walk.stopped = Some(id);
            return;
        }
        match known_parents(self.repo, id) {
            Ok(parents) => {
                walk.rooted |= parents.is_empty();
                fresh.insert(id);
                stack.push(Frame { id, parents: parents.into_iter(), leads_back: false });
            }
            Err(failure) => walk.unread.push((child, failure)),
        }
    }

    /// Everything reachable from the anchor.
    fn paint(&mut self) {
        if !matches!(self.painted, Painted::Not) {
            return;
        }
        self.painted = Painted::Whole;
        let allowed = self.repo.limits().commits;
        let mut left: Vec<Oid> = self.anchor.into_iter().collect();
        while let Some(id) = left.pop() {
            let count = u64::try_from(self.before.len()).unwrap_or(u64::MAX);
            match known_parents(self.repo, id) {
                Ok(parents) if count < allowed => {
                    left.extend(parents.into_iter().filter(|parent| self.before.insert(*parent)));
                }
                _ => self.painted = Painted::Holes,
            }
        }
    }

    fn unknown_past(&self, id: Oid) -> Finding {
        let (code, help) = if self.conditions.shallow.is_empty() {
            (Code::MissingObject, "git fetch --refetch --no-filter origin")
        } else {
            (Code::ShallowHistory, "git fetch --unshallow (in GitHub Actions: fetch-depth: 0)")
        };
        Finding::new(
            code,
            format!(
                "commit {} comes from a branch that may have forked off before the anchor, and \
                 the anchor's own past is not all here: whether the commit was there already \
                 cannot be told",
                id.short()
            ),
        )
        .help(help)
        .commit(id)
        .compared("a history that ends before the fork", "every ancestor of the anchor")
    }
}

/// Parents as far as they can be told; none of a commit too malformed to say.
pub(super) fn known_parents(repo: &Repository, id: Oid) -> Result<Vec<Oid>, ReadFailure> {
    Ok(parents_in(id, &repo.read_commit(id)?))
}

/// The same of a commit that was read.
pub(super) fn parents_in(id: Oid, raw: &[u8]) -> Vec<Oid> {
    parents_of(raw, id.format()).unwrap_or_else(|| {
        parse_commit(id, raw).map_or_else(|bad| bad.parents.unwrap_or_default(), |c| c.parents)
    })
}

/// Whether `ancestor` is reachable from `tip` at all, along any parents.
///
/// # Errors
/// [`Failure::Found`] where history ends or cannot be read before that can be told.
pub fn contains(repo: &Repository, tip: Oid, ancestor: Oid) -> Result<bool, Failure> {
    Ok(is_ancestor(repo, &repo.conditions(), tip, ancestor)?)
}

/// Whether `ancestor` is reachable from `tip` at all; the finding is why that cannot be told.
pub(super) fn is_ancestor(
    repo: &Repository,
    conditions: &Conditions,
    tip: Oid,
    ancestor: Oid,
) -> Result<bool, Finding> {
    let mut seen = HashSet::from([tip]);
    let mut left = vec![(tip, None)];
    let mut gap = None;
    while let Some((id, child)) = left.pop() {
        if id == ancestor {
            return Ok(true);
        }
        if u64::try_from(seen.len()).unwrap_or(u64::MAX) > repo.limits().commits {
            return Err(too_many_commits(id, repo.limits().commits));
        }
        match known_parents(repo, id) {
            Ok(parents) => {
                left.extend(parents.into_iter().filter(|p| seen.insert(*p)).map(|p| (p, Some(id))));
            }
            Err(failure) => {
                gap.get_or_insert_with(|| commit_gap(&failure, child, conditions));
            }
        }
    }
    gap.map_or(Ok(false), Err)
}
