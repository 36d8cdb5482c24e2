//! Commit by commit: everything reachable from the tip and not from the anchor.

use rayon::ThreadPool;
use rayon::prelude::*;

use super::brought::{plain, read, take_apart};
use super::descent::Descent;
use super::failure::{Failure, commit_gap, gap, too_many_commits};
use super::reach::{Reach, is_ancestor};
use super::traits::{Options, SignatureRequest};
use crate::finding::{Code, Finding};
use crate::model::Oid;
use crate::model::step::{Brought, Gap};
use crate::repo::{Conditions, ReadFailure, Repository};

/// Every reachable commit, for judging one by one.
///
/// Commits are read while those before them are verified and judged. Without an anchor each is
/// read once, in the order in which the walk meets it; with one it must be known first which
/// commits are the anchor's past, and each is read twice.
pub struct Reachable<'a> {
    repo: &'a Repository,
    conditions: Conditions,
    source: Source,
    /// What was read and not yet judged.
    ahead: Vec<Item>,
    chunk: usize,
    gaps: Vec<Gap>,
}

/// A commit that was read, and the question about its signature.
pub struct Unverified {
    /// The commit. Its fact is there where it needs no cryptography; its paths are left empty.
    pub brought: Brought,
    /// `None` where there is no signature, or the commit is malformed.
    pub request: Option<SignatureRequest>,
}

enum Source {
    /// In the order of the report.
    Known { order: std::vec::IntoIter<Oid>, total: usize, next: u32 },
    /// In the order of meeting.
    Met(Box<Descent>),
}

/// A commit with its number, and its bytes where they were read on the way.
struct Item {
    number: u32,
    id: Oid,
    raw: Option<Vec<u8>>,
}

/// Where commits stand in the report.
pub struct Places(Option<Vec<u32>>);

impl Places {
    /// The place of the commit with this number: parents come before children.
    #[must_use]
    pub fn of(&self, number: u32) -> u32 {
        match &self.0 {
            None => number,
            Some(places) => {
                let at = usize::try_from(number).ok();
                at.and_then(|at| places.get(at)).copied().unwrap_or(number)
            }
        }
    }
}

impl Source {
    fn read(&mut self, repo: &Repository, commits: usize) -> Vec<Item> {
        match self {
            Self::Known { order, next, .. } => order
                .by_ref()
                .take(commits)
                .map(|id| {
                    let number = *next;
                    *next = next.saturating_add(1);
                    Item { number, id, raw: None }
                })
                .collect(),
            Self::Met(descent) => descent
                .read(repo, commits)
                .into_iter()
                .map(|(number, id, raw)| Item { number, id, raw: Some(raw) })
                .collect(),
        }
    }
}

impl<'a> Reachable<'a> {
    /// Begins at the tip. With an anchor, walks first and orders what is to be judged.
    ///
    /// # Errors
    /// [`Failure::Found`] with `not-descendant` where the anchor is not reachable from the tip.
    pub fn new(
        repo: &'a Repository,
        tip: Oid,
        anchor: Option<Oid>,
        options: &Options,
    ) -> Result<Self, Failure> {
        let conditions = repo.conditions();
        let chunk = options.chunk.max(1);
        let Some(anchor) = anchor else {
            let source = Source::Met(Box::new(Descent::new(tip)));
            let gaps = Vec::new();
            return Ok(Self { repo, conditions, source, ahead: Vec::new(), chunk, gaps });
        };
        let mut reach = Reach::new(repo, conditions.clone(), Some(anchor));
        let found = reach.explore(&[tip], None);
        // The walk may have stopped at a hole before it came to the anchor.
        if !found.met_anchor && !is_ancestor(repo, &conditions, tip, anchor)? {
            return Err(not_descendant(tip, anchor).into());
        }
        let total = found.order.len();
        Ok(Self {
            repo,
            conditions,
            source: Source::Known { order: found.order.into_iter(), total, next: 0 },
            ahead: Vec::new(),
            chunk,
            gaps: found.gaps.into_iter().map(gap).collect(),
        })
    }

    /// Has `work` look at the next commits, on these threads, and reads on meanwhile. What came
    /// of each commit, with its number; `None` at the end.
    pub fn next<T: Send>(
        &mut self,
        threads: Option<&ThreadPool>,
        work: impl Fn(Unverified) -> T + Sync,
    ) -> Option<Vec<(u32, T)>> {
        let (repo, chunk, source) = (self.repo, self.chunk, &mut self.source);
        let mut now = std::mem::take(&mut self.ahead);
        if now.is_empty() {
            now = source.read(repo, chunk);
        }
        if now.is_empty() {
            self.end();
            return None;
        }
        let one = |item: Item| (item.number, look(repo, item, &work));
        let (ahead, done): (_, Vec<(u32, Result<T, ReadFailure>)>) = match threads {
            Some(threads) => threads.install(|| {
                rayon::join(|| source.read(repo, chunk), || now.into_par_iter().map(one).collect())
            }),
            None => (Vec::new(), now.into_iter().map(one).collect()),
        };
        self.ahead = ahead;
        let mut out = Vec::with_capacity(done.len());
        for (number, result) in done {
            match result {
                Ok(value) => out.push((number, value)),
                Err(failure) => {
                    self.gaps.push(gap(commit_gap(&failure, None, &self.conditions)));
                }
            }
        }
        Some(out)
    }

    /// What the walk itself could not read.
    fn end(&mut self) {
        let Source::Met(descent) = &mut self.source else { return };
        let unread = std::mem::take(&mut descent.unread);
        self.gaps.extend(
            unread
                .into_iter()
                .map(|(child, failure)| gap(commit_gap(&failure, child, &self.conditions))),
        );
        if let Some(at) = descent.stopped.take() {
            self.gaps.push(gap(too_many_commits(at, self.repo.limits().commits)));
        }
    }

    /// How many commits there are, as far as that is known.
    #[must_use]
    pub fn total(&self) -> usize {
        match &self.source {
            Source::Known { total, .. } => *total,
            Source::Met(descent) => descent.met(),
        }
    }

    /// Where each commit belongs in the report. Ask after the last chunk.
    #[must_use]
    pub fn places(&self) -> Places {
        match &self.source {
            Source::Known { .. } => Places(None),
            Source::Met(descent) => Places(Some(descent.places())),
        }
    }

    /// What could not be read; whole after the last chunk.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

fn look<T>(
    repo: &Repository,
    item: Item,
    work: impl Fn(Unverified) -> T,
) -> Result<T, ReadFailure> {
    let read = match item.raw {
        Some(raw) => take_apart(repo, item.id, &raw)?,
        None => read(repo, item.id)?,
    };
    let signature = read.plain_fact();
    let brought = Brought { signature, ..plain(item.id, read.commit) };
    Ok(work(Unverified { brought, request: read.request }))
}

fn not_descendant(tip: Oid, anchor: Oid) -> Finding {
    Finding::new(
        Code::NotDescendant,
        format!("{} does not descend from the anchor {}", tip.short(), anchor.short()),
    )
    .help("check the anchor, and that the remote serves the history that you know")
    .commit(tip)
    .compared("a history without the anchor", format!("the anchor {anchor} in it"))
}
