//! Changes that are written by hand, and those that change nothing but the serial.

use super::draft::{Draft, has_crlf, parse, reread, set_serial, usable, written};
use super::{EditError, Edited};
use crate::model::Limits;
use crate::model::registry::SchemaVersion;

/// Raises the serial and changes nothing else: `override` and `requalify`.
///
/// # Errors
/// [`EditError`]: the registry cannot be used, or has the last serial there is.
pub fn bump(text: &str, limits: &Limits) -> Result<Edited, EditError> {
    Draft::open(text, limits)?.finish()
}

/// Takes a registry that was changed by hand. Where it still has the old serial, the next one is
/// set. A stub of version 1.0.0 may have been written anew.
///
/// # Errors
/// [`EditError`]: one of the two cannot be used, the serial is another one, nothing was changed
/// beside it, or the new registry has a problem that the old one has not.
pub fn amend(old: &str, new: &str, limits: &Limits) -> Result<Edited, EditError> {
    let (reading, before) = usable(old, limits)?;
    let (_, after) = usable(new, limits)?;
    if after.version == SchemaVersion::V1_0 {
        return Err(EditError::OldVersion);
    }
    let next = before.serial.saturating_add(1);
    let text = if after.serial == before.serial {
        let mut document = parse(new)?;
        set_serial(&mut document, next)?;
        written(&document, has_crlf(new))
    } else if after.serial == next {
        new.to_owned()
    } else {
        return Err(EditError::Serial { old: before.serial, new: after.serial });
    };
    let edited = reread(&reading, &before, text, limits)?;
    if edited.changes.len() < 2 {
        return Err(EditError::NothingToDo);
    }
    Ok(edited)
}
