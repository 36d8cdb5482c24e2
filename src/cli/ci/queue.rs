//! Where trust starts for an entry of a merge queue.

use super::judge::{Run, found};
use crate::ci::Change;
use crate::error::{Error, Result};
use crate::history;
use crate::model::Oid;
use crate::model::text::{shown, typed};

impl Run<'_> {
    /// The commit of the queue's target that an entry's own change is judged from.
    ///
    /// The event names as base what stands before the entry in the queue, and that need not have
    /// landed: it is the entry before, which may have been refused and land with this one all the
    /// same, where a queue asks only its last entry. Then everything since the target is the change.
    pub(super) fn landed(&self, change: &Change, base: Oid) -> Result<Oid> {
        let repo = self.repo();
        let on_mainline = |tip, commit| match history::on_mainline(repo, tip, commit) {
            Ok(answer) => Ok(answer),
            Err(failure) => {
                let finding = found(failure)?;
                Err(Error::cannot_read(finding.message, finding.help))
            }
        };
        let short = change.target.strip_prefix("refs/heads/").unwrap_or(&change.target);
        let there = format!("refs/remotes/origin/{short}");
        let fetch = typed(&format!("+{}:{there}", change.target));
        let fetch = format!("git fetch origin {fetch}, or pin the anchor (--anchor COMMIT)");
        let tip = match repo.reference(&there)? {
            Some(tip) => Some(tip),
            None => repo.reference(&change.target)?,
        };
        let Some(tip) = tip else {
            return Err(Error::cannot_read(
                format!(
                    "{} is not in this clone, so whether the queue's base {base} has landed there cannot be told",
                    shown(&change.target)
                ),
                fetch,
            ));
        };
        if on_mainline(tip, base)? {
            return Ok(base);
        }
        if on_mainline(base, tip)? {
            return Ok(tip);
        }
        Err(Error::cannot_read(
            format!(
                "the queue's base {base} neither has landed on {} nor builds on it, as this clone has it ({tip})",
                shown(&change.target)
            ),
            fetch,
        ))
    }
}
