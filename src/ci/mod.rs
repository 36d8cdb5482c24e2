//! What the event of a build service asks: pure, from plain values.
//!
//! An event says which commit stood there before and which one is to be judged. Registry and policy come
//! from the pinned anchor, else from the commit that the event names as base, and never from the change.

mod change;
mod event;
mod gone;
mod landed;
mod plan;

pub use change::{Change, ChangeKind};
pub use event::{Given, payload};
pub use gone::gone;
pub use landed::{Merged, landed, recounted, without_gate};
pub use plan::{Plan, plan};
