//! Judges what is only proposed, and what would land of it.

use super::judge::{Run, add, found};
use crate::check;
use crate::ci::{Merged, landed};
use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::history;
use crate::model::Oid;
use crate::model::policy::UnsignedSignoffs;
use crate::repo::{Merge, Repository};
use crate::report::{Report, Verdict};

impl Run<'_> {
    /// What is proposed: its commits one by one where they stand on the base, else, or where that
    /// is refused, as the one merge that would land it.
    pub(super) fn proposed(&self, asked: &check::Request, base: Oid, head: Oid) -> Result<Report> {
        let repo = self.repo();
        let direct = match history::on_mainline(repo, head, base) {
            Ok(true) => {
                let asked = check::Request { tip: Some(head.to_string()), ..asked.clone() };
                Some(self.verify(repo, &asked)?)
            }
            Ok(false) => None,
            Err(failure) => return self.undecided(asked, head, found(failure)?),
        };
        let direct = match direct {
            Some(report) if report.verdict != Verdict::Refused || report.input_unusable => {
                return Ok(report);
            }
            other => other,
        };
        let mut report = self.as_merge(asked, base, head)?;
        for mut finding in direct.into_iter().flat_map(|direct| direct.findings) {
            if finding.severity != Severity::Error {
                continue;
            }
            // Some things are wrong whatever the way in which they land.
            if !matches!(finding.code, Code::SecretKeyCommitted | Code::MalformedObject) {
                finding.severity = Severity::Warning;
                "land the change as one merge or squash; its commits one by one, by rebase or fast-forward, would be refused"
                    .clone_into(&mut finding.help);
            }
            let known = report
                .findings
                .iter()
                .any(|known| known.code == finding.code && known.severity == Severity::Error);
            if !known {
                add(&mut report, finding);
            }
        }
        Ok(report)
    }

    fn as_merge(&self, asked: &check::Request, base: Oid, head: Oid) -> Result<Report> {
        let fork = match history::fork_points(self.repo(), base, head) {
            Ok(forks) => match forks.as_slice() {
                [] => None,
                [fork] => Some(*fork),
                // Which of them the service starts from decides what lands.
                [one, other, ..] => {
                    return Err(Error::cannot_read(
                        format!(
                            "what would land cannot be told: {head} and its target fork at {} commits, {one} and {other} among them",
                            forks.len()
                        ),
                        format!("bring the target into the branch: git merge {base}"),
                    ));
                }
            },
            Err(failure) => return self.undecided(asked, head, found(failure)?),
        };
        let folder = tempfile::tempdir().map_err(|source| Error::File {
            path: "the folder for temporary files".into(),
            source,
        })?;
        let limits = &self.request.limits;
        let format = self.repo().format();
        let scratch = Repository::create(folder.path(), format, "refs/heads/main", limits)?;
        let merged = scratch.merge_from(self.repo(), (base, head, fork), asked.now)?;
        let commit = match merged {
            Merge::Commit(commit) => commit,
            Merge::Conflict(paths) => {
                return Err(Error::cannot_read(
                    format!(
                        "what would land cannot be told: {head} conflicts with its target in {}",
                        paths.join(", ")
                    ),
                    format!("bring the branch on top of its target: git rebase {base}"),
                ));
            }
        };
        let repo =
            Repository::open_with_objects(&self.request.folder, limits, &[scratch.objects_dir()])?;
        let asked = check::Request { tip: Some(commit.to_string()), ..asked.clone() };
        let report = self.verify(&repo, &asked)?;
        let registry = asked.anchor.and_then(|(anchor, _)| self.registry(anchor));
        let rests_on_signer = registry
            .is_some_and(|r| r.policy.gates.unsigned_signoffs == UnsignedSignoffs::GateSigner);
        Ok(landed(report, Merged { commit, head, rests_on_signer }))
    }

    /// The report on a change of which too little is known: its base is judged, and the finding added.
    fn undecided(&self, asked: &check::Request, head: Oid, finding: Finding) -> Result<Report> {
        let tip = asked.anchor.map_or(head, |(anchor, _)| anchor);
        let asked = check::Request { tip: Some(tip.to_string()), ..asked.clone() };
        let mut report = self.verify(self.repo(), &asked)?;
        report.tip.commit = head;
        add(&mut report, finding);
        Ok(report)
    }
}
