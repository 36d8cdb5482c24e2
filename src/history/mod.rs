//! A repository turned into plain values: the mainline step by step, oldest first.
//!
//! [`survey`] walks from the tip to the anchor along first parents and learns what must be known
//! before the first commit is judged: which commits there are, every version of every key file,
//! where manifests can lie. [`Steps`] then goes the other way and yields what the fold needs, in
//! chunks, so that memory stays flat. [`Reachable`] is the other way through, for judging every
//! commit by a pinned registry.
//!
//! Reading files and verifying signatures is other rooms' business and comes in as traits.

mod asked;
mod brought;
mod ceremonies;
mod changes;
mod corrections;
mod descent;
mod draft;
mod failure;
mod fork;
mod material;
mod owners;
mod probes;
mod reach;
mod reachable;
mod since;
mod start;
mod steps;
mod subjects;
mod survey;
mod traits;
mod weight;

pub use corrections::corrections;
pub use failure::Failure;
pub use fork::{fork_points, on_mainline};
pub use owners::owners;
pub use probes::{After, Between, Prober};
pub use reach::contains;
pub use reachable::{Reachable, Unverified};
pub use since::since;
pub use steps::Steps;
pub use survey::{Asks, KeyBlob, Survey, survey};
pub use traits::{Options, Purpose, Readers, SignatureRequest, Verifier, Which};

#[cfg(test)]
mod tests;
