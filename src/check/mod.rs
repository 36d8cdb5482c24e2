//! The order of it all: a request and a repository become a report.

mod blast;
mod ceremony;
mod facts;
mod foresee;
mod outlook;
mod lookup;
mod pinned;
mod recorded;
mod request;
mod tags;
mod signed_tags;
mod status;
mod trust;

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::history::{self, Failure, Steps, Which};
use crate::ledger::{self, Ledger, Unusable};
use crate::model::step::RegistryReading;
use crate::model::{KeyFile, Oid};
use crate::progress::Progress;
use crate::repo::{Conditions, Repository};
use crate::report::{Anchor, AnchorSource, Checkpoint, Counts, KeyWindow, Report, Tip, Verdict};
use crate::signature::FactCache;
pub use blast::{BlastRadius, Changed, InDoubt, blast_radius};
pub use ceremony::{Carried, ForeseenCeremony, foresee_ceremony, key_files_in_force};
use facts::Facts;
pub use foresee::{Foreseen, InForce, Proposal, foresee, in_force};
pub use outlook::{Change, Outlook, change, outlook, with_staged};
pub use pinned::{PinnedRegistry, passed_over};
pub use recorded::{AddedRecord, recorded, records_added, records_of_serial};
pub use request::Request;
pub use signed_tags::TagInDoubt;
pub use status::{Status, status};
pub use tags::{Attested, Readiness, TagRef, Words, judge_attestation, ready_to_tag, verify_tags};
pub use trust::{FirstRegistry, first_registry, registry_of};

/// Judges a repository.
///
/// # Errors
/// [`Error::Unusable`] for arguments that name nothing, [`Error::CannotRead`] for a repository
/// that cannot be read at all. Everything that is about the history is in the report.
pub fn verify(
    repo: &Repository,
    request: &Request,
    cache: Option<FactCache>,
    progress: &dyn Progress,
) -> Result<Report> {
    if let Some(pinned) = &request.pinned {
        return pinned::verify(repo, request, pinned, cache, progress);
    }
    let facts = Facts::new(request.limits, request.jobs, cache);
    let trust = trust::decide(repo, request)?;
    let mut draft = Draft::new(repo, request, &trust);
    let Some(anchor) = &trust.anchor else {
        return Ok(draft.finish());
    };
    let run = Run { repo, request, facts: &facts, progress, trust: &trust };
    match run.fold(anchor.commit, &mut draft) {
        Ok(()) => {}
        Err(Failure::Found(finding)) => draft.findings.push(*finding),
        Err(Failure::Error(error)) => return Err(error),
    }
    facts.save();
    Ok(draft.finish())
}

struct Run<'a> {
    repo: &'a Repository,
    request: &'a Request,
    facts: &'a Facts,
    progress: &'a dyn Progress,
    trust: &'a trust::Trust,
}

impl Run<'_> {
    fn fold(&self, anchor: Oid, draft: &mut Draft) -> Result<(), Failure> {
        let Some((ledger, seen)) = self.walk(anchor, draft)? else { return Ok(()) };
        self.conclude(ledger, &seen, draft);
        Ok(())
    }

    /// Ends a fold.
    fn conclude(&self, ledger: Ledger, seen: &BTreeMap<Oid, KeyFile>, draft: &mut Draft) {
        draft.project.clone_from(&ledger.registry().project);
        let outcome = ledger.finish(seen.values());
        if let Some(recorded) = self.request.checkpoint
            && outcome.registry.serial < recorded.serial
        {
            draft.findings.push(serial_went_back(outcome.registry.serial, recorded.serial));
        }
        let soon = crate::registry::expiring_soon(&outcome.registry, self.request.now);
        draft.findings.extend(outcome.findings);
        draft.findings.extend(soon);
        draft.gates = outcome.gates;
        draft.commits = outcome.commits;
        draft.counts = outcome.counts;
        draft.covered = outcome.covered;
        draft.registry = Some(outcome.in_force);
        draft.keys = KeyWindow::of(&outcome.registry, self.request.now);
    }

    /// The fold up to the tip, and every version of every key file; `None` where the anchor
    /// cannot start one.
    fn walk(
        &self,
        anchor: Oid,
        draft: &mut Draft,
    ) -> Result<Option<(Ledger, BTreeMap<Oid, KeyFile>)>, Failure> {
        self.walk_asked(anchor, draft, None)
    }

    /// The same, with a question to the fold.
    fn walk_asked(
        &self,
        anchor: Oid,
        draft: &mut Draft,
        doubt: Option<ledger::Question>,
    ) -> Result<Option<(Ledger, BTreeMap<Oid, KeyFile>)>, Failure> {
        let registry = self.trust.registry.as_ref().and_then(|reading| reading.registry.as_ref());
        let branch = match (&self.request.branch, registry) {
            (Some(branch), Some(registry)) => trust::branch(branch, registry)?,
            _ => None,
        };
        let mut options =
            history::Options { branch: branch.clone(), ..history::Options::default() };
        let survey =
            history::survey(self.repo, self.facts, self.trust.tip.commit, anchor, &options)?;
        // Which of the registries will be in force is for the fold to say: it gets what any asks.
        options.which = which(self.request, survey.asks.every_commit);
        options.brought_paths = survey.asks.changed_paths;
        self.facts.bind(&survey.asks.projects, branch.as_deref());
        draft.gaps(survey.gaps.iter().map(|gap| &gap.finding));
        draft.findings.extend(self.check_checkpoint(&survey.mainline)?);
        let seen = self.key_files(&survey)?;
        self.progress.set_total(survey.mainline.len().saturating_sub(1) as u64);
        let mut steps = Steps::new(self.repo, &survey, self.facts, self.facts, &options)
            .map_err(|failure| Box::new(failure.finding(anchor)))
            .map_err(Failure::Found)?;
        let start = steps.start()?;
        let judging = ledger::Options { doubt, ..self.judging(branch) };
        let mut ledger = match Ledger::start(&start, judging) {
            Ok(ledger) => ledger,
            Err(Unusable(findings)) => {
                draft.input_unusable = true;
                draft.findings.extend(findings);
                return Ok(None);
            }
        };
        for chunk in steps {
            for step in &chunk {
                ledger.step(step);
            }
            self.progress.advance(chunk.len() as u64);
        }
        Ok(Some((ledger, seen)))
    }

    fn judging(&self, branch: Option<String>) -> ledger::Options {
        ledger::Options {
            now: self.request.now,
            every_commit: self.request.every_commit,
            record_commits: self.request.record_commits,
            branch,
            anchor_signer: self.request.anchor_signer,
            require_covered: self.request.require_covered,
            doubt: None,
        }
    }

    /// Every version of every key file: all keys and all revocations are known before judging.
    fn key_files(&self, survey: &history::Survey) -> Result<BTreeMap<Oid, KeyFile>, Failure> {
        let mut seen = BTreeMap::new();
        for (blob, about) in &survey.key_blobs {
            let bytes = self
                .repo
                .read_blob(*blob)
                .map_err(|failure| Failure::Found(Box::new(failure.finding(about.seen_in))))?;
            seen.insert(*blob, self.facts.learn(&bytes));
        }
        Ok(seen)
    }

    /// The mainline must pass through the checkpoint.
    fn check_checkpoint(&self, mainline: &[Oid]) -> Result<Option<Finding>, Failure> {
        let Some(recorded) = self.request.checkpoint else { return Ok(None) };
        if mainline.contains(&recorded.commit) {
            return Ok(None);
        }
        let tip = self.trust.tip.commit;
        let held = self.repo.is_commit(recorded.commit);
        let anchor = mainline.first().copied().unwrap_or(tip);
        // A newer anchor than the checkpoint: what lies before it is trusted as it stands. That is
        // for the verifier to say; a history could bring its first registry anew at any time.
        let pinned = self
            .trust
            .anchor
            .as_ref()
            .is_some_and(|anchor| anchor.source != AnchorSource::FirstUse);
        if pinned && held && history::contains(self.repo, anchor, recorded.commit)? {
            return Ok(None);
        }
        let (code, message) = if held && history::contains(self.repo, tip, recorded.commit)? {
            (
                Code::MainlineReplaced,
                "the checkpoint is contained in the tip, but not on its mainline",
            )
        } else {
            (
                Code::Rollback,
                "the tip does not contain the recorded checkpoint: it is older, or another history",
            )
        };
        Ok(Some(
            Finding::new(code, message)
                .commit(tip)
                .compared(format!("tip {tip}"), format!("a mainline through {}", recorded.commit))
                .help("fetch again from a source that you trust; remove the checkpoint file only if it is wrong"),
        ))
    }
}

fn serial_went_back(seen: u64, recorded: u64) -> Finding {
    Finding::new(
        Code::RegistryRollback,
        "the registry is older than the one that an earlier run accepted",
    )
    .compared(format!("serial {seen}"), format!("serial {recorded} or later"))
    .help("fetch again from a source that you trust")
}

fn which(request: &Request, every_mainline: bool) -> Which {
    if request.every_commit {
        Which::Everything
    } else if every_mainline {
        Which::EveryMainline
    } else {
        Which::Gates
    }
}

/// A report in the making.
struct Draft {
    input_unusable: bool,
    anchor: Option<Anchor>,
    tip: Tip,
    object_format: crate::model::ObjectFormat,
    project: String,
    registry: Option<crate::report::RegistryInForce>,
    covered: Option<crate::report::Covered>,
    checkpoint: Option<Checkpoint>,
    commits_only: bool,
    counts: Counts,
    gates: Vec<crate::report::GateReport>,
    findings: Vec<Finding>,
    commits: Vec<crate::report::JudgedCommit>,
    keys: Vec<KeyWindow>,
}

impl Draft {
    fn new(repo: &Repository, request: &Request, trust: &trust::Trust) -> Self {
        let mut findings = trust.findings.clone();
        findings.extend(bent(&repo.conditions()));
        let registry = trust.registry.as_ref().and_then(|reading| reading.registry.as_ref());
        Self {
            input_unusable: trust.input_unusable,
            anchor: trust.anchor.clone(),
            tip: trust.tip.clone(),
            object_format: repo.format(),
            project: registry.map(|registry| registry.project.clone()).unwrap_or_default(),
            registry: None,
            covered: None,
            checkpoint: request.checkpoint,
            commits_only: false,
            counts: Counts::default(),
            gates: Vec::new(),
            findings,
            commits: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn gaps<'a>(&mut self, gaps: impl Iterator<Item = &'a Finding>) {
        for gap in gaps {
            if !self.findings.contains(gap) {
                self.findings.push(gap.clone());
            }
        }
    }

    fn finish(self) -> Report {
        let of = |severity| self.findings.iter().filter(|f| f.severity == severity).count() as u64;
        let verdict = Verdict::of(self.findings.iter().map(|f| f.severity));
        Report {
            // Input that cannot be used proves nothing, whatever else was found.
            verdict: if self.input_unusable { verdict.max(Verdict::Undecided) } else { verdict },
            input_unusable: self.input_unusable,
            anchor: self.anchor,
            tip: self.tip,
            object_format: self.object_format,
            project: self.project,
            registry: self.registry,
            covered: self.covered,
            checkpoint: self.checkpoint,
            commits_only: self.commits_only,
            counts: Counts {
                errors: of(Severity::Error),
                warnings: of(Severity::Warning),
                ..self.counts
            },
            gates: self.gates,
            findings: self.findings,
            commits: self.commits,
            keys: self.keys,
        }
    }
}

/// Local files that make git show another history; the real objects were judged.
fn bent(conditions: &Conditions) -> Option<Finding> {
    let replaced = conditions.replaced.len();
    if replaced == 0 && !conditions.grafts {
        return None;
    }
    let mut seen = Vec::new();
    if replaced > 0 {
        seen.push(format!("{replaced} replaced object(s)"));
    }
    if conditions.grafts {
        seen.push("a grafts file".to_owned());
    }
    Some(
        Finding::new(Code::ReplaceRefs, "git shows another history here than the real objects tell; the real objects were judged")
            .compared(seen.join(", "), "neither replace refs nor grafts")
            .help("git replace -l lists them and git replace -d removes them; remove .git/info/grafts"),
    )
}

/// Problems of a registry, as findings at a commit.
fn problems_at(reading: &RegistryReading, commit: Option<Oid>) -> Vec<Finding> {
    let mut problems = reading.problems.clone();
    for problem in &mut problems {
        problem.commit = problem.commit.or(commit);
        for place in &mut problem.places {
            place.commit = place.commit.or(commit);
        }
    }
    problems
}

/// A text that names nothing usable.
fn unusable(problem: impl Into<String>, help: impl Into<String>) -> Error {
    Error::unusable(problem, help)
}
