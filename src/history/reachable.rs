//! Commit by commit: everything reachable from the tip and not from the anchor.

use rayon::prelude::*;

use super::brought::{self, plain};
use super::failure::{Failure, commit_gap, gap};
use super::reach::{Reach, is_ancestor};
use super::traits::{Options, SignatureRequest, Verifier};
use crate::finding::{Code, Finding};
use crate::model::Oid;
use crate::model::step::{Brought, Gap};
use crate::repo::{Conditions, Repository};

/// Yields every reachable commit with the fact about its signature, each commit after its
/// parents, in chunks of [`Options::chunk`]. Paths are left empty.
pub struct Reachable<'a> {
    repo: &'a Repository,
    verifier: &'a dyn Verifier,
    conditions: Conditions,
    order: std::vec::IntoIter<Oid>,
    chunk: usize,
    total: usize,
    gaps: Vec<Gap>,
}

impl<'a> Reachable<'a> {
    /// Orders the commits; one read each.
    ///
    /// # Errors
    /// [`Failure::Found`] with `not-descendant` where the anchor is not reachable from the tip.
    pub fn new(
        repo: &'a Repository,
        verifier: &'a dyn Verifier,
        tip: Oid,
        anchor: Option<Oid>,
        options: &Options,
    ) -> Result<Self, Failure> {
        let conditions = repo.conditions();
        let mut reach = Reach::new(repo, conditions.clone(), anchor);
        let found = reach.explore(&[tip], None);
        if let Some(anchor) = anchor.filter(|_| !found.met_anchor) {
            // The walk may have stopped at a hole before it came to the anchor.
            if !is_ancestor(repo, &conditions, tip, anchor)? {
                return Err(not_descendant(tip, anchor).into());
            }
        }
        Ok(Self {
            repo,
            verifier,
            total: found.order.len(),
            order: found.order.into_iter(),
            chunk: options.chunk.max(1),
            gaps: found.gaps.into_iter().map(gap).collect(),
            conditions,
        })
    }

    /// How many commits there are in all.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// What could not be read so far; look again after the last chunk.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

impl Iterator for Reachable<'_> {
    type Item = Vec<Brought>;

    fn next(&mut self) -> Option<Vec<Brought>> {
        let ids: Vec<Oid> = self.order.by_ref().take(self.chunk).collect();
        if ids.is_empty() {
            return None;
        }
        let mut commits = Vec::with_capacity(ids.len());
        let mut places: Vec<usize> = Vec::new();
        let mut requests: Vec<SignatureRequest> = Vec::new();
        let reads: Vec<_> =
            ids.into_par_iter().map(|id| (id, brought::read(self.repo, id))).collect();
        for (id, read) in reads {
            match read {
                Ok(read) => {
                    let fact = read.plain_fact();
                    if let Some(request) = read.request {
                        places.push(commits.len());
                        requests.push(request);
                    }
                    commits.push(Brought { signature: fact, ..plain(id, read.commit) });
                }
                Err(failure) => {
                    self.gaps.push(gap(commit_gap(&failure, None, &self.conditions)));
                }
            }
        }
        for (at, fact) in places.into_iter().zip(self.verifier.verify(&requests)) {
            if let Some(commit) = commits.get_mut(at) {
                commit.signature = Some(fact);
            }
        }
        Some(commits)
    }
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
