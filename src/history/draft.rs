//! A step while its signatures are still to be verified.

use super::traits::{SignatureRequest, Verifier};
use crate::model::{Oid, RequestId, SignatureFact, step::Step};

/// A step and the questions that it raises.
pub(super) struct Draft {
    pub(super) step: Step,
    pub(super) questions: Vec<(Place, SignatureRequest)>,
}

/// Where an answer goes.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// `step.signature`, and its own entry in `brought`.
    Own,
    /// `step.brought` at this index.
    Brought(usize),
    /// `step.named` under this id.
    Named(Oid),
    /// `step.corrections` under this id.
    Correction(Oid),
    /// `step.facts` under this id.
    Statement(RequestId),
}

/// A step about which nothing is known yet.
pub(super) fn empty_step(
    id: Oid,
    position: u64,
    commit: Result<crate::model::step::Head, crate::model::MalformedObject>,
) -> Step {
    Step { position, ..Step::empty(id, commit) }
}

/// How many questions are put at once: enough for all processors, little memory.
const BATCH: usize = 2_048;
/// Signed bytes after which questions are put, however few they are.
const BATCH_BYTES: usize = 32 << 20;

/// Has all questions of a chunk answered and gives the steps away.
pub(super) fn settle(drafts: Vec<Draft>, verifier: &dyn Verifier) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(drafts.len());
    let mut places: Vec<(usize, Place)> = Vec::new();
    let mut requests: Vec<SignatureRequest> = Vec::new();
    let mut bytes = 0_usize;
    for draft in drafts {
        let at = steps.len();
        // Statements are made when their turn comes: all of a chunk at once would be large.
        let statements = verifier.statements(&draft.step);
        let statements = statements.into_iter().map(|(id, asked)| (Place::Statement(id), asked));
        steps.push(draft.step);
        for (place, request) in draft.questions.into_iter().chain(statements) {
            bytes = bytes.saturating_add(request.payload.len());
            places.push((at, place));
            requests.push(request);
            if requests.len() >= BATCH || bytes >= BATCH_BYTES {
                answer(&mut steps, &mut places, &mut requests, verifier);
                bytes = 0;
            }
        }
    }
    answer(&mut steps, &mut places, &mut requests, verifier);
    steps
}

fn answer(
    steps: &mut [Step],
    places: &mut Vec<(usize, Place)>,
    requests: &mut Vec<SignatureRequest>,
    verifier: &dyn Verifier,
) {
    // Should an answer be lacking, the fact is not made, and nothing passes without one.
    let facts = verifier.verify(requests);
    for ((at, place), fact) in places.drain(..).zip(facts) {
        if let Some(step) = steps.get_mut(at) {
            put(step, place, fact);
        }
    }
    requests.clear();
}

/// Writes a fact to its place.
pub(super) fn put(step: &mut Step, place: Place, fact: SignatureFact) {
    match place {
        Place::Own => {
            if let Some(own) = step.brought.last_mut() {
                own.signature = Some(fact.clone());
            }
            step.signature = Some(fact);
        }
        Place::Brought(at) => {
            if let Some(brought) = step.brought.get_mut(at) {
                brought.signature = Some(fact);
            }
        }
        Place::Named(id) => {
            if let Some(named) = step.named.get_mut(&id) {
                named.signature = Some(fact);
            }
        }
        Place::Correction(id) => {
            if let Some(correction) = step.corrections.get_mut(&id) {
                correction.commit.signature = Some(fact);
            }
        }
        Place::Statement(id) => step.facts.insert(id, fact),
    }
}
