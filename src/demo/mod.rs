//! A small governed project that the program carries with it, for people who want to see a verdict
//! before they govern anything.
//!
//! Its objects were made and signed beforehand (`examples/make-demo`), so that showing it needs no
//! other program and every id is always the same. The secret keys are gone.

mod container;

use std::path::Path;

pub use container::{Container, read};

use crate::error::{Error, Result};
use crate::model::{Limits, ObjectFormat, Oid, Time};
use crate::repo::Repository;

/// The objects.
pub const OBJECTS: &[u8] = include_bytes!("../../fixtures/demo/objects.bin");
/// The branch that passes.
pub const MAINLINE: &str = "refs/heads/main";
/// The branch that does not.
pub const ATTACK: &str = "refs/heads/attack";
/// What the reviewers signed off, before somebody changed it.
pub const REVIEWED: &str = "refs/heads/reviewed";
/// The tag on the commit that trust starts from. A person would get its id from elsewhere.
pub const ANCHOR: &str = "refs/tags/anchor";

/// The demo's present: after everything that happens in it.
#[must_use]
pub fn present() -> Time {
    Time::from_unix_clamped(1_748_736_000)
}

/// Writes the demo's repository into a folder that is empty or not there yet, with its mainline
/// checked out. Returns the anchor.
///
/// # Errors
/// [`Error::Unusable`] where the folder cannot be used.
pub fn write(folder: &Path) -> Result<Oid> {
    let container = read(OBJECTS)?;
    let anchor = container.refs.iter().find(|(name, _)| *name == ANCHOR).map(|(_, id)| *id);
    let anchor = anchor.ok_or_else(|| Error::Defect("the demo has no anchor".to_owned()))?;
    let repo = Repository::create(folder, ObjectFormat::Sha1, MAINLINE, &Limits::default())?;
    repo.unpack(container.objects)?;
    for (name, id) in container.refs {
        repo.set_reference(name, id)?;
    }
    repo.check_out()?;
    Ok(anchor)
}
