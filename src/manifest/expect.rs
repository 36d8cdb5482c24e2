//! What a manifest must be for, by the name of its file alone.

use crate::model::manifest::Target;
use crate::model::{ManifestName, ReviewerId};

/// What the file's name asks of its content.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// The epoch or squash gate; `None` where the name itself is no good.
    pub(super) target: Option<Target>,
    /// K of a re-attestation, else 0.
    pub(super) reattest: u64,
    /// Whose dissent file this is.
    pub(super) dissenter: Option<ReviewerId>,
}

impl Expected {
    pub(super) fn of(name: &ManifestName) -> Self {
        let plain = |target| Self { target, reattest: 0, dissenter: None };
        match name {
            ManifestName::Epoch(epoch) => plain(Some(Target::Epoch(*epoch))),
            ManifestName::NearlyEpoch(_) => plain(None),
            ManifestName::Reattest { epoch, number } => {
                Self { reattest: *number, ..plain(Some(Target::Epoch(*epoch))) }
            }
            ManifestName::Dissent { epoch, reviewer } => {
                Self { dissenter: Some(reviewer.clone()), ..plain(Some(Target::Epoch(*epoch))) }
            }
            ManifestName::Squash(name) => plain(Some(Target::Squash(name.clone()))),
        }
    }

    /// Whether the file stands for a squash gate.
    pub(super) const fn is_squash(&self) -> bool {
        matches!(self.target, Some(Target::Squash(_)))
    }

    /// The epoch in the file's name.
    pub(super) const fn epoch(&self) -> Option<u64> {
        match self.target {
            Some(Target::Epoch(epoch)) => Some(epoch),
            _ => None,
        }
    }
}
