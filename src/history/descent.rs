//! From a tip down to the roots, each commit read once, when it is met.
//!
//! What is met first is judged first, so that reading and judging go on at the same time. The
//! order of the report, parents before children, is worked out at the end from numbers alone.

use std::collections::HashMap;

use super::reach::parents_in;
use crate::model::Oid;
use crate::repo::{ReadFailure, Repository};

/// Bytes of commits that are read before they are handed over.
const CHUNK_BYTES: usize = 4 << 20;

/// The walk.
pub(super) struct Descent {
    /// Every commit that was met, by the order of meeting.
    numbers: HashMap<Oid, u32>,
    /// Where each commit's parents stand in `parents`: begin and end.
    spans: Vec<(u32, u32)>,
    /// Parents by number, those of one commit together.
    parents: Vec<u32>,
    /// Met and not read yet, with the child that named it.
    left: Vec<(Oid, u32, Option<Oid>)>,
    /// What could not be read, with the child that named it.
    pub(super) unread: Vec<(Option<Oid>, ReadFailure)>,
    /// The limit on commits was hit here.
    pub(super) stopped: Option<Oid>,
}

impl Descent {
    pub(super) fn new(tip: Oid) -> Self {
        Self {
            numbers: HashMap::from([(tip, 0)]),
            spans: vec![(0, 0)],
            parents: Vec::new(),
            left: vec![(tip, 0, None)],
            unread: Vec::new(),
            stopped: None,
        }
    }

    /// How many commits were met so far.
    pub(super) fn met(&self) -> usize {
        self.spans.len()
    }

    /// Reads on: at most so many commits, and not many more bytes than [`CHUNK_BYTES`].
    pub(super) fn read(&mut self, repo: &Repository, commits: usize) -> Vec<(u32, Oid, Vec<u8>)> {
        let mut chunk = Vec::new();
        let mut bytes = 0_usize;
        while chunk.len() < commits && bytes < CHUNK_BYTES {
            let Some((id, number, child)) = self.left.pop() else { break };
            match repo.read_commit(id) {
                Ok(raw) => {
                    self.meet_parents(repo, id, number, &raw);
                    bytes = bytes.saturating_add(raw.len());
                    chunk.push((number, id, raw));
                }
                Err(failure) => self.unread.push((child, failure)),
            }
        }
        chunk
    }

    fn meet_parents(&mut self, repo: &Repository, id: Oid, number: u32, raw: &[u8]) {
        let begin = self.edges();
        let fresh = self.left.len();
        for parent in parents_in(id, raw) {
            if let Some(parent) = self.number(repo, parent, id) {
                self.parents.push(parent);
            }
        }
        // The first parent goes on top: its line is followed first.
        if let Some(fresh) = self.left.get_mut(fresh..) {
            fresh.reverse();
        }
        let end = self.edges();
        if let Some(span) = usize::try_from(number).ok().and_then(|n| self.spans.get_mut(n)) {
            *span = (begin, end);
        }
    }

    fn edges(&self) -> u32 {
        u32::try_from(self.parents.len()).unwrap_or(u32::MAX)
    }

    /// The number of a parent, which is met now if it was not before.
    fn number(&mut self, repo: &Repository, parent: Oid, child: Oid) -> Option<u32> {
        if let Some(known) = self.numbers.get(&parent) {
            return Some(*known);
        }
        let met = u32::try_from(self.met()).ok().filter(|_| self.edges() < u32::MAX);
        let Some(number) = met.filter(|met| u64::from(*met) < repo.limits().commits) else {
            self.stopped = Some(parent);
            return None;
        };
        self.numbers.insert(parent, number);
        self.spans.push((0, 0));
        self.left.push((parent, number, Some(child)));
        Some(number)
    }

    /// For each number its place in the order of the report: depth first from the tip, every
    /// parent before its children.
    pub(super) fn places(&self) -> Vec<u32> {
        let mut places = vec![u32::MAX; self.spans.len()];
        let mut entered = vec![false; self.spans.len()];
        let mut next = 0_u32;
        let mut stack: Vec<(u32, u32)> = Vec::new();
        let mut enter = |number: u32, stack: &mut Vec<(u32, u32)>| {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            if let (Some(entered), Some((begin, _))) = (entered.get_mut(at), self.spans.get(at))
                && !std::mem::replace(entered, true)
            {
                stack.push((number, *begin));
            }
        };
        enter(0, &mut stack);
        while let Some((number, edge)) = stack.last_mut() {
            let at = usize::try_from(*number).unwrap_or(usize::MAX);
            let end = self.spans.get(at).map_or(0, |(_, end)| *end);
            if *edge < end {
                let parent = usize::try_from(*edge).ok().and_then(|e| self.parents.get(e)).copied();
                *edge = edge.saturating_add(1);
                if let Some(parent) = parent {
                    enter(parent, &mut stack);
                }
                continue;
            }
            stack.pop();
            if let Some(place) = places.get_mut(at) {
                *place = next;
                next = next.saturating_add(1);
            }
        }
        places
    }
}
