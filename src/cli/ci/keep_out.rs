//! Files of the run that lie in the checkout, where the change under judgement may have put them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::super::checkout::{Checkout, outside};
use super::super::environment::Environment;
use super::super::verify::Request;
use super::CiArgs;
use crate::error::{Error, Result};
use crate::model::text::shown;

/// Makes sure that the run reads nothing that the change wrote, and leaves no report to be taken
/// for its own.
pub(super) fn keep_out(
    args: &CiArgs,
    request: &Request,
    reports: &[&Path],
    environment: &Environment,
) -> Result<()> {
    // What cannot be opened is told by whoever needs it.
    let checkout = Checkout::around(&request.folder, &request.limits);
    let (away, within): (Vec<&Path>, Vec<&Path>) =
        reports.iter().partition(|path| checkout.as_ref().is_some_and(|all| all.links(path)));
    // Reports are replaced. Where the run comes to none, an older one would be taken for its answer.
    within.into_iter().try_for_each(take_away)?;
    if let Some(path) = away.first() {
        return Err(outside(path));
    }
    let event = args.event.file.as_ref().map(|file| environment.folder.join(file));
    let read = [
        ("--registry", request.registry.as_deref()),
        ("--checkpoint", request.checkpoint.as_deref()),
        ("--event-file", event.as_deref()),
    ];
    for (option, path) in read {
        if let (Some(path), Some(checkout)) = (path, &checkout)
            && checkout.brings(path)
        {
            return Err(Error::unusable(
                format!(
                    "{} is a file of the repository, so the change that is judged may have written it ({option})",
                    shown(&path.to_string_lossy())
                ),
                "keep it outside of the checkout; without --registry that of the anchor or of the event's base is used",
            ));
        }
    }
    Ok(())
}

/// Removes a file, where there is one.
pub(super) fn take_away(path: &Path) -> Result<()> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(Error::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
