//! Judges what an event asks.

use super::super::arguments::configured_anchor;
use super::super::judge::{Prepared, advance, prepare, standing_tag};
use super::super::verify::Request;
use crate::check::{self, TagRef};
use crate::ci::{Change, ChangeKind, Plan, gone, recounted, without_gate};
use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::history::{self, Failure};
use crate::model::text::shown;
use crate::model::{Oid, Registry};
use crate::progress::Progress;
use crate::repo::Repository;
use crate::report::{Anchor, AnchorSource, Report, Verdict};
use crate::rules::tag as rule;
use crate::signature::FactCache;

/// What is said of an event.
pub(super) enum Answer {
    /// There is nothing to judge, and why.
    Nothing(String),
    /// Judged.
    Judged(Box<Report>),
}

/// Judges what `plan` asks, with the trust that `request` brings.
pub(super) fn judge(
    request: &Request,
    plan: &Plan,
    require_gate: bool,
    progress: &dyn Progress,
) -> Result<Answer> {
    if let Plan::Nothing(why) = plan {
        return Ok(Answer::Nothing(why.clone()));
    }
    let prepared = prepare(request)?;
    let run = Run { request, prepared: &prepared, progress };
    let report = match plan {
        Plan::Nothing(why) => return Ok(Answer::Nothing(why.clone())),
        Plan::DeletedBranch { reference, old, default_branch } => {
            return run.deleted(reference, *old, default_branch.as_deref());
        }
        Plan::Mainline { branch } => run.mainline(branch.as_deref())?,
        Plan::Tag { reference, old, new, default_branch } => {
            run.tag(reference, *old, *new, default_branch.as_deref())?
        }
        Plan::Change(change) => run.change(change, require_gate)?,
    };
    Ok(Answer::Judged(Box::new(report)))
}

pub(super) struct Run<'a> {
    pub(super) request: &'a Request,
    prepared: &'a Prepared,
    progress: &'a dyn Progress,
}

impl Run<'_> {
    pub(super) const fn repo(&self) -> &Repository {
        &self.prepared.repo
    }

    /// Opened for each judgement; one that cannot be used costs time, nothing else.
    fn cache(&self) -> Option<FactCache> {
        self.request.cache.as_deref().and_then(|folder| FactCache::open(folder).ok())
    }

    pub(super) fn verify(&self, repo: &Repository, asked: &check::Request) -> Result<Report> {
        check::verify(repo, asked, self.cache(), self.progress)
    }

    /// The anchor of flag or variable, else that of the user's git configuration for the project
    /// that `commit` names.
    pub(super) fn pinned(&self, commit: Option<Oid>) -> Result<Option<(Oid, AnchorSource)>> {
        if self.request.anchor.is_some() {
            return Ok(self.request.anchor);
        }
        let Some(project) = commit.and_then(|commit| self.registry(commit)).map(|r| r.project)
        else {
            return Ok(None);
        };
        if project.is_empty() {
            return Ok(None);
        }
        configured_anchor(&project)
    }

    /// The registry in a commit's tree, where there is a usable one.
    pub(super) fn registry(&self, commit: Oid) -> Option<Registry> {
        let reading = check::registry_of(self.repo(), commit).ok()??;
        reading.registry.as_deref().cloned()
    }

    /// Schedules and manual runs: the mainline as it stands.
    fn mainline(&self, branch: Option<&str>) -> Result<Report> {
        let mut asked = self.prepared.asked.clone();
        let pinned = asked.anchor.and_then(|(anchor, _)| self.registry(anchor));
        let named = asked.branch.clone().or_else(|| pinned.map(|registry| registry.mainline));
        if let Some(branch) = named.as_deref().or(branch) {
            asked.tip = Some(self.standing_branch(branch)?);
        }
        let report = self.verify(self.repo(), &asked)?;
        self.kept(report)
    }

    /// A branch as the remote `origin` has it, else as it is here: the clone that a build service
    /// keeps has a branch of that name from its first day, which nobody moves on.
    pub(super) fn standing_branch(&self, name: &str) -> Result<String> {
        let short = name.strip_prefix("refs/heads/").unwrap_or(name);
        let (here, there) = (format!("refs/heads/{short}"), format!("refs/remotes/origin/{short}"));
        let repo = self.repo();
        match (repo.reference(&here)?, repo.reference(&there)?) {
            (Some(own), Some(remote)) if own == remote => Ok(here),
            (_, Some(_)) => Ok(there),
            (Some(_), None) => Ok(here),
            (None, None) => Err(Error::cannot_read(
                format!("the branch {} is not in this clone", shown(name)),
                format!("git fetch origin {}", shown(short)),
            )),
        }
    }

    fn tag(
        &self,
        reference: &str,
        old: Option<Oid>,
        new: Option<Oid>,
        default: Option<&str>,
    ) -> Result<Report> {
        let repo = self.repo();
        let tag = match new {
            // The checkout may have put a lightweight tag in its place.
            Some(id) if repo.holds(id) => {
                TagRef { reference: reference.to_owned(), id, fresh: true }
            }
            Some(id) => {
                return Err(Error::cannot_read(
                    format!("the tag object {id} of {} is not in this clone", shown(reference)),
                    format!("git fetch --force origin {0}:{0}", shown(reference)),
                ));
            }
            None => standing_tag(repo, reference)?,
        };
        self.first_use_of(&tag, default)?;
        let asked = check::Request { require_covered: false, ..self.prepared.asked.clone() };
        let mut report = check::verify_tags(repo, &asked, &[tag], self.cache(), self.progress)?;
        if let Some(old) = old
            && Some(old) != new
        {
            report.findings.push(rule::exists(reference, old, "moved"));
            report.verdict = Verdict::Refused;
            report.counts.errors = report.counts.errors.saturating_add(1);
        }
        Ok(report)
    }

    fn deleted(&self, reference: &str, old: Option<Oid>, default: Option<&str>) -> Result<Answer> {
        let stood = old.filter(|old| self.repo().is_commit(*old));
        let anchor = self.pinned(stood)?;
        let is = |name: Option<&str>| name == Some(reference);
        let mainline = match anchor {
            None => None,
            Some((anchor, _)) => match self.registry(anchor) {
                Some(registry) => Some(registry.mainline),
                None if is(default) => None,
                // The default branch need not be the one that gates are made on.
                None => return Err(self.no_registry(reference, anchor)),
            },
        };
        if mainline.is_none() && default.is_none() {
            return Err(Error::cannot_read(
                format!(
                    "{} was deleted, and nothing says whether it was the mainline",
                    shown(reference)
                ),
                "pin an anchor (--anchor COMMIT), or name the default branch: --default-branch NAME",
            ));
        }
        if !is(mainline.as_deref()) && !is(default) {
            return Ok(Answer::Nothing(format!(
                "{} was deleted, and it is not the mainline",
                shown(reference)
            )));
        }
        let what = old.map_or_else(|| "a commit".to_owned(), |old| old.to_string());
        let back = old.map_or_else(|| "COMMIT".to_owned(), |old| old.to_string());
        let finding = Finding::new(
            Code::MainlineReplaced,
            format!("the mainline {} was deleted", shown(reference)),
        )
        .compared(format!("{what} -> nothing"), "a mainline that goes on")
        .help(format!("push back what stood there: git push origin {back}:{}", shown(reference)));
        let told = anchor.map(|(commit, _)| commit).into_iter().chain(stood);
        let project = told.filter_map(|commit| self.registry(commit)).map(|r| r.project).next();
        let anchor = anchor.map(|(commit, source)| Anchor { commit, source });
        let trust = (anchor, project.unwrap_or_default());
        let mut report = gone((reference, old), self.repo().format(), trust, finding);
        report.checkpoint = self.prepared.asked.checkpoint;
        Ok(Answer::Judged(Box::new(report)))
    }

    fn no_registry(&self, reference: &str, anchor: Oid) -> Error {
        Error::cannot_read(
            format!(
                "{} was deleted, and the registry of the anchor {anchor}, which says what the mainline is, cannot be read",
                shown(reference)
            ),
            format!("git fetch origin {anchor}"),
        )
    }

    fn change(&self, change: &Change, require_gate: bool) -> Result<Report> {
        let repo = self.repo();
        let here = change.base.filter(|base| repo.is_commit(*base));
        // Other branches come and go as they like; by a pinned anchor they are judged as they stand.
        let pinned = self.request.anchor.and_then(|(anchor, _)| self.registry(anchor));
        // Registries of the branch itself can add to what is guarded, and take nothing away.
        let own =
            || here.into_iter().chain([change.head]).filter_map(|commit| self.registry(commit));
        let aside = change.kind == ChangeKind::Push
            && pinned.is_some_and(|registry| !change.is_guarded(&registry))
            && !own().any(|registry| change.own_gates(&registry).is_some());
        if let (Some(base), None) = (change.base, here)
            && !aside
        {
            return Err(self.absent(base, change.forced));
        }
        if !repo.is_commit(change.head) {
            return Err(self.absent(change.head, false));
        }
        let anchor = self.anchor(change, here)?;
        let mut asked = check::Request { anchor, ..self.prepared.asked.clone() };
        asked.trust_on_first_use &= anchor.is_none() && here.is_none();
        if change.kind == ChangeKind::PullRequest {
            asked.require_covered = false;
        }
        if asked.branch.is_none()
            && let Some(registry) = anchor.and_then(|(anchor, _)| self.registry(anchor))
        {
            asked.branch = change.own_gates(&registry);
        }
        let report = match (change.kind, change.base) {
            (ChangeKind::PullRequest, Some(base)) if asked.pinned.is_none() => {
                self.proposed(&asked, base, change.head)?
            }
            _ => self.pushed(&asked, change, aside)?,
        };
        let from_event = anchor.is_some_and(|(_, source)| source == AnchorSource::Event);
        let gateless = change.kind == ChangeKind::PullRequest || from_event;
        Ok(if gateless && !require_gate { without_gate(report) } else { report })
    }

    fn absent(&self, commit: Oid, forced: bool) -> Error {
        if self.repo().holds(commit) {
            return Error::cannot_read(
                format!("{commit}, which the event names, is there and is no commit"),
                format!("name a commit; what it is tells: git cat-file -t {commit}"),
            );
        }
        let conditions = self.repo().conditions();
        let forced =
            if forced { "; the push was forced, which takes it off its branch" } else { "" };
        let help = if conditions.shallow.is_empty() {
            format!("git fetch origin {commit}")
        } else {
            format!(
                "git fetch --unshallow (in GitHub Actions: fetch-depth: 0), and if it is not there then: git fetch origin {commit}"
            )
        };
        Error::cannot_read(
            format!("the commit {commit} that the event names is not in this clone{forced}"),
            help,
        )
    }

    /// What is, or is about to be, on the branch just so.
    fn pushed(&self, asked: &check::Request, change: &Change, aside: bool) -> Result<Report> {
        let repo = self.repo();
        let asked = check::Request { tip: Some(change.head.to_string()), ..asked.clone() };
        let mut report = self.verify(repo, &asked)?;
        report.tip.reference = Some(change.target.clone());
        if aside {
            return Ok(report);
        }
        let stood = change.base.filter(|_| change.kind != ChangeKind::PullRequest);
        if let Some(base) = stood {
            let found = match history::on_mainline(repo, change.head, base) {
                Ok(true) => None,
                Ok(false) => Some(self.replaced(change, base)),
                Err(failure) => Some(found(failure)?),
            };
            if let Some(finding) = found {
                // Said once: where the event's base is the anchor, the walk has found it too.
                report.findings.retain(|known| {
                    known.commit != Some(change.head)
                        || !matches!(known.code, Code::NotDescendant | Code::MainlineReplaced)
                });
                report.findings.push(finding);
                report = recounted(report);
            }
        }
        // Gates of another branch are none of the mainline's.
        let registry = asked.anchor.and_then(|(anchor, _)| self.registry(anchor));
        let lands = registry.is_some_and(|registry| registry.mainline == change.target);
        if change.kind == ChangeKind::Push && lands { self.kept(report) } else { Ok(report) }
    }

    /// What stood on the branch is not on its mainline any more.
    fn replaced(&self, change: &Change, base: Oid) -> Finding {
        let repo = self.repo();
        let contained = history::contains(repo, change.head, base).unwrap_or(false);
        let (code, how) = if contained {
            (Code::MainlineReplaced, "holds what stood there only as a merged branch")
        } else if change.forced {
            (Code::Rollback, "was forced, and does not contain what stood there")
        } else {
            (Code::Rollback, "does not contain what stood there")
        };
        let target = shown(&change.target);
        Finding::new(code, format!("the push to {target} {how}"))
            .commit(change.head)
            .compared(format!("tip {}", change.head), format!("a mainline through {base}"))
            .help(format!("push back what stood there, and bring the work on top of it: git push --force origin {base}:{target}"))
    }

    /// Moves the checkpoint on.
    fn kept(&self, mut report: Report) -> Result<Report> {
        if let Some(path) = &self.request.checkpoint {
            advance(path, &mut report)?;
        }
        Ok(report)
    }
}

pub(super) fn found(failure: Failure) -> Result<Finding> {
    match failure {
        Failure::Found(finding) => Ok(*finding),
        Failure::Error(error) => Err(error),
    }
}

pub(super) fn add(report: &mut Report, finding: Finding) {
    let severity = finding.severity;
    report.findings.push(finding);
    match severity {
        Severity::Error => report.counts.errors = report.counts.errors.saturating_add(1),
        Severity::Warning => report.counts.warnings = report.counts.warnings.saturating_add(1),
        Severity::Undecided | Severity::Note => {}
    }
    report.verdict = report.verdict.max(Verdict::of([severity]));
}
