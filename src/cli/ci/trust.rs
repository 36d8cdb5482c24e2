//! Where trust starts for a change of a branch.

use super::judge::{Run, found};
use crate::check::TagRef;
use crate::ci::{Change, ChangeKind};
use crate::error::{Error, Result};
use crate::history;
use crate::model::Oid;
use crate::model::text::{shown, typed};
use crate::report::AnchorSource;

impl Run<'_> {
    /// Where trust starts: what is pinned, else the event's base where that may stand in. Without
    /// either the verdict will be undecided.
    pub(super) fn anchor(
        &self,
        change: &Change,
        here: Option<Oid>,
    ) -> Result<Option<(Oid, AnchorSource)>> {
        if let Some(pinned) = self.pinned(here)? {
            return Ok(Some(pinned));
        }
        let Some(named) = here else {
            // Whoever pushes a branch aside chooses what its first registry is.
            let is_default = change.default_branch.as_ref() == Some(&change.target);
            if self.request.trust_on_first_use && !is_default {
                let target = shown(&change.target);
                let known = change.default_branch.is_some();
                let why = match known {
                    true => format!(
                        "--trust-on-first-use is for the default branch, and not for {target}"
                    ),
                    false => format!(
                        "--trust-on-first-use is for the default branch, and nothing says that {target} is it (--default-branch would)"
                    ),
                };
                return Err(untrusted(&why));
            }
            return Ok(None);
        };
        let queued = change.kind == ChangeKind::MergeGroup;
        let base = if queued { self.landed(change, named)? } else { named };
        // What has not landed may call the project otherwise.
        if base != named
            && let Some(pinned) = self.pinned(Some(base))?
        {
            return Ok(Some(pinned));
        }
        let mainline = self.registry(base).map(|registry| registry.mainline);
        match change.distrust(mainline.as_deref()) {
            None => Ok(Some((base, AnchorSource::Event))),
            Some(why) => Err(untrusted(&why)),
        }
    }

    /// First use takes a tag of the default branch alone: who may push one chooses what history it
    /// has, and which registry is the first one there.
    pub(super) fn first_use_of(&self, tag: &TagRef, default: Option<&str>) -> Result<()> {
        let repo = self.repo();
        // What leads to no commit is refused without a look at any history.
        let Ok(commit) = repo.peel(tag.id) else { return Ok(()) };
        if !self.request.trust_on_first_use || self.pinned(Some(commit))?.is_some() {
            return Ok(());
        }
        let reference = shown(&tag.reference);
        let Some(default) = default else {
            return Err(untrusted(&format!(
                "--trust-on-first-use is for the default branch, and nothing says which one that is, to find {reference} on it (--default-branch would)"
            )));
        };
        let standing = self.standing_branch(default)?;
        let tip = repo.reference(&standing)?.map(|id| repo.peel(id)).transpose()?;
        let on = tip.map(|tip| history::on_mainline(repo, tip, commit)).transpose();
        match on {
            Ok(Some(true)) => Ok(()),
            Ok(_) => Err(untrusted(&format!(
                "--trust-on-first-use is for the default branch, and {reference} is not on {}",
                shown(default)
            ))),
            Err(failure) => {
                let finding = found(failure)?;
                Err(Error::cannot_read(finding.message, finding.help))
            }
        }
    }

    /// The commit of the queue's target that an entry's own change is judged from.
    ///
    /// The event names as base what stands before the entry in the queue, and that need not have
    /// landed: it is the entry before, which may have been refused and land with this one all the
    /// same, where a queue asks only its last entry. Then everything since the target is the change.
    fn landed(&self, change: &Change, base: Oid) -> Result<Oid> {
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

fn untrusted(why: &str) -> Error {
    Error::cannot_read(
        format!("nobody outside this repository says where trust starts: {why}"),
        "pin the anchor (--anchor COMMIT), or run this only for the default branch (on GitHub: branches: [main])",
    )
}
