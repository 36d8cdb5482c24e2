//! How things stand at the tip.

use std::sync::Arc;

use super::Request;
use super::facts::Facts;
use super::lookup::{folded, undecided};
use crate::error::Result;
use crate::finding::Finding;
use crate::ledger::{Due, Standing};
use crate::model::{Age, Registry};
use crate::progress::Progress;
use crate::repo::Repository;
use crate::report::{Anchor, RegistryInForce, Tip};
use crate::signature::FactCache;

/// How things stand at the tip.
#[derive(Clone, Debug)]
pub struct Status {
    /// Where trust starts.
    pub anchor: Anchor,
    /// What was looked at.
    pub tip: Tip,
    /// The registry in force.
    pub registry: Arc<Registry>,
    /// The same for the report.
    pub in_force: RegistryInForce,
    /// People, keys, and the next gate.
    pub standing: Standing,
    /// Days within which nothing may run out, where asked for.
    pub due_days: Option<u32>,
    /// What runs out within them, or has; the earliest first.
    pub due: Vec<Due>,
    /// Why this may be otherwise in truth: undecided, or not the history that was expected.
    pub open: Vec<Finding>,
}

/// Looks how things stand at the tip.
///
/// # Errors
/// [`crate::Error::Unusable`] where no registry can be in force, [`crate::Error::CannotRead`]
/// where the history cannot be read up to the tip.
pub fn status(
    repo: &Repository,
    request: &Request,
    due_days: Option<u32>,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Status> {
    let facts = Facts::new(request.limits, request.jobs, cache);
    let folded = folded(repo, request, &facts, None, progress)?;
    facts.save();
    let registry = Arc::clone(folded.ledger.registry());
    let standing = folded.ledger.standing();
    let outcome = folded.ledger.finish(folded.seen.values());
    let due = due_days.map(|days| {
        let horizon = request.now.plus(Age::days(days));
        standing.due(&registry.policy, horizon)
    });
    let mut open = folded.open;
    open.extend(undecided(&outcome.findings));
    Ok(Status {
        anchor: folded.anchor,
        tip: folded.tip,
        registry,
        in_force: outcome.in_force,
        standing,
        due_days,
        due: due.unwrap_or_default(),
        open,
    })
}
