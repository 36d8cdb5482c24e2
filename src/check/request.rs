//! What is asked of the judge.

use super::PinnedRegistry;
use crate::model::{Fingerprint, Limits, Oid, Time};
use crate::report::{AnchorSource, Checkpoint};

/// What one run is asked, as plain values.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to judge; `None` for the registry's mainline.
    pub tip: Option<String>,
    /// The anchor that flag, environment or event name; `None` leaves the user's git configuration.
    pub anchor: Option<(Oid, AnchorSource)>,
    /// The key that must have signed the anchor.
    pub anchor_signer: Option<Fingerprint>,
    /// Go on without an anchor.
    pub trust_on_first_use: bool,
    /// What an earlier run accepted.
    pub checkpoint: Option<Checkpoint>,
    /// A branch with gates of its own (full ref name, or short).
    pub branch: Option<String>,
    /// A registry that the verifier pins: every commit is judged, and no gates.
    pub pinned: Option<PinnedRegistry>,
    /// Commits beyond the last gate are an error.
    pub require_covered: bool,
    /// Judge every commit.
    pub every_commit: bool,
    /// List every judged commit in the report.
    pub record_commits: bool,
    /// The run's clock.
    pub now: Time,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Threads that verify signatures, at least one.
    pub jobs: usize,
}

impl Request {
    /// About the gates of the registry's mainline, with nothing pinned and nothing asked beyond.
    #[must_use]
    pub fn new(now: Time, limits: Limits, jobs: usize) -> Self {
        Self {
            tip: None,
            anchor: None,
            anchor_signer: None,
            trust_on_first_use: false,
            checkpoint: None,
            branch: None,
            pinned: None,
            require_covered: false,
            every_commit: false,
            record_commits: false,
            now,
            limits,
            jobs,
        }
    }
}
