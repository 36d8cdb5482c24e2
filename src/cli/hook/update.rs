//! Judges one change of a ref.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::exit::Exit;
use crate::check::{self, Request, TagRef};
use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::history;
use crate::model::Oid;
use crate::model::step::RegistryReading;
use crate::model::text::shown;
use crate::progress::Silent;
use crate::repo::Repository;
use crate::report::{Checkpoint, Report};
use crate::rules::tag as rule;

/// A change of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Update {
    /// Its full name, where it is pushed to.
    pub(super) reference: String,
    /// What it stood for; `None` where it is made.
    pub(super) old: Option<Oid>,
    /// What it will stand for; `None` where it is deleted.
    pub(super) new: Option<Oid>,
}

/// What is said of a change.
pub(super) enum Answer {
    /// Nobody's business here.
    Untouched,
    /// Judged: it may go on only with [`Exit::PASS`].
    Judged(Exit, Vec<Finding>),
}

/// The branches that gates are made on.
pub(super) enum Protected {
    /// The mainline, by all its full names, and the anchor's registry, which tells the branches with
    /// gates of their own.
    Known(BTreeSet<String>, Arc<RegistryReading>),
    /// It cannot be told which: the anchor is not here, or holds no registry.
    Unknown,
}

/// How often a registry may have named another mainline.
const RENAMES: usize = 8;

impl Protected {
    /// The mainline by the anchor's registry, and, where it was renamed since, by the one that
    /// stands there now.
    pub(super) fn of(repo: &Repository, anchor: Oid) -> Self {
        let mut known = BTreeSet::new();
        let mut first = None;
        let mut here = Some(anchor);
        for _ in 0..RENAMES {
            let Some(commit) = here else { break };
            let reading = check::registry_of(repo, commit);
            let Some(reading) = reading.ok().flatten() else { break };
            let Some(registry) = reading.registry.clone() else { break };
            first.get_or_insert(reading);
            if !known.insert(registry.mainline.clone()) {
                break;
            }
            here =
                repo.reference(&registry.mainline).ok().flatten().filter(|id| repo.is_commit(*id));
        }
        first.map_or(Self::Unknown, |first| Self::Known(known, first))
    }

    /// What a ref is, or leads to where it is a symbolic one.
    fn guard(&self, repo: &Repository, reference: &str) -> Result<Guard> {
        let Self::Known(known, _) = self else { return Ok(Guard::Mainline) };
        let own = self.with_own_gates(repo)?;
        let mut name = reference.to_owned();
        for _ in 0..RENAMES {
            if known.iter().any(|known| is_one_file(known, &name)) {
                return Ok(Guard::Mainline);
            }
            if self.has_own_gates(&name) {
                return Ok(Guard::Branch(name));
            }
            if let Some((twin, _)) = own.iter().find(|(own, _)| is_one_file(own, &name)) {
                return Ok(Guard::Branch(twin.clone()));
            }
            match repo.symbolic_target(&name)? {
                Some(target) => name = target,
                None => return Ok(Guard::None),
            }
        }
        // Nobody's intention; what it leads to is not known.
        Ok(Guard::Mainline)
    }

    fn has_own_gates(&self, reference: &str) -> bool {
        let Self::Known(_, reading) = self else { return false };
        reading.registry.as_ref().is_some_and(|registry| registry.has_own_gates(reference))
    }

    /// The branches here that have gates of their own, with their tips; those of the remote where
    /// they are not here.
    fn with_own_gates(&self, repo: &Repository) -> Result<BTreeMap<String, Oid>> {
        let mut all = BTreeMap::new();
        let Self::Known(_, reading) = self else { return Ok(all) };
        if reading.registry.as_ref().is_none_or(|registry| registry.branches.is_empty()) {
            return Ok(all);
        }
        for (name, tip) in repo.references()? {
            let remote = name.strip_prefix("refs/remotes/origin/");
            let name = remote.map_or(name.clone(), |short| format!("refs/heads/{short}"));
            if self.has_own_gates(&name) {
                all.entry(name).or_insert(tip);
            }
        }
        Ok(all)
    }
}

/// What a ref is.
enum Guard {
    /// Nobody's business here.
    None,
    /// The mainline.
    Mainline,
    /// The branch of this name, which has gates of its own.
    Branch(String),
}

/// Whether two refs may lie in one file: a disk that tells no letter cases apart writes a push to
/// `refs/heads/Main` over `refs/heads/main`.
fn is_one_file(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// Judges a change. `request` has an anchor, and no tip.
pub(super) fn judge(
    repo: &Repository,
    request: &Request,
    protected: &Protected,
    update: &Update,
) -> Result<Answer> {
    let below = |folder: &str| {
        update.reference.get(..folder.len()).is_some_and(|start| is_one_file(start, folder))
    };
    if below("refs/tags/") {
        return tag(repo, request, protected, update);
    }
    // Whatever it is called, a symbolic ref to the mainline moves the mainline. Where that is not
    // known, branches alone can be it.
    let other = matches!(protected, Protected::Unknown) && !below("refs/heads/");
    if other {
        return Ok(Answer::Untouched);
    }
    match protected.guard(repo, &update.reference)? {
        Guard::None => Ok(Answer::Untouched),
        Guard::Mainline => mainline(repo, request, protected, update),
        Guard::Branch(name) => {
            let request = Request { branch: Some(name), ..request.clone() };
            mainline(repo, &request, protected, update)
        }
    }
}

fn tag(
    repo: &Repository,
    request: &Request,
    protected: &Protected,
    update: &Update,
) -> Result<Answer> {
    let refused = |finding| Ok(Answer::Judged(Exit::REFUSED, vec![finding]));
    let (reference, old) = (&update.reference, update.old);
    match (old, update.new) {
        (Some(old), None) => refused(
            rule::exists(reference, old, "deleted")
                .help("who keeps the server can delete it there; releases have no second edition"),
        ),
        (Some(old), Some(new)) if old != new => refused(rule::exists(reference, old, "moved")),
        (_, None) => Ok(Answer::Untouched),
        (_, Some(id)) => {
            let tag = TagRef { reference: reference.clone(), id, fresh: true };
            let on_mainline = judged(check::verify_tags(
                repo,
                request,
                std::slice::from_ref(&tag),
                None,
                &Silent,
            )?);
            if matches!(on_mainline, Answer::Judged(Exit::PASS, _)) {
                return Ok(on_mainline);
            }
            let Ok(commit) = repo.peel(id) else { return Ok(on_mainline) };
            of_a_branch(repo, request, protected, &tag, commit).map(|of| of.unwrap_or(on_mainline))
        }
    }
}

/// A release of a branch with gates of its own, where one holds the tagged commit and the mainline
/// does not: what is said of it there.
fn of_a_branch(
    repo: &Repository,
    request: &Request,
    protected: &Protected,
    tag: &TagRef,
    commit: Oid,
) -> Result<Option<Answer>> {
    let holds = |tip: Oid| history::on_mainline(repo, tip, commit).unwrap_or(false);
    let mut said = None;
    for (branch, tip) in protected.with_own_gates(repo)? {
        if !holds(tip) {
            continue;
        }
        let request = Request { branch: Some(branch), ..request.clone() };
        let report = check::verify_tags(repo, &request, std::slice::from_ref(tag), None, &Silent)?;
        let answer = judged(report);
        if matches!(answer, Answer::Judged(Exit::PASS, _)) {
            return Ok(Some(answer));
        }
        said.get_or_insert(answer);
    }
    // A commit of the mainline is told what the mainline says.
    let Protected::Known(mainlines, _) = protected else { return Ok(said) };
    for mainline in mainlines {
        if repo.reference(mainline)?.is_some_and(holds) {
            return Ok(None);
        }
    }
    Ok(said)
}

fn mainline(
    repo: &Repository,
    request: &Request,
    protected: &Protected,
    update: &Update,
) -> Result<Answer> {
    if matches!(protected, Protected::Unknown) {
        return Err(Error::unusable(
            "the pinned anchor is not in this repository, or holds no registry, so it is not known which branch is the mainline",
            "push the mainline that holds it first, or check the anchor: gatecheck hook install --force --anchor COMMIT",
        ));
    }
    let name = shown(&update.reference);
    let Some(new) = update.new else {
        let old = update.old.map_or_else(|| "nothing".to_owned(), |old| old.to_string());
        let finding = Finding::new(
            Code::MainlineReplaced,
            format!("{name}, where gates are made, would be deleted"),
        )
        .compared(format!("{old} -> nothing"), "a branch that goes on")
        .help("push to another branch; who keeps the server can delete this one there");
        return Ok(Answer::Judged(Exit::REFUSED, vec![finding]));
    };
    let request = Request {
        tip: Some(new.to_string()),
        // What stood there has to stay on the first-parent chain.
        checkpoint: update.old.map(|commit| Checkpoint { commit, serial: 0 }),
        ..request.clone()
    };
    let mut report = check::verify(repo, &request, None, &Silent)?;
    // Other findings of these codes are about an anchor, or about what was merged.
    let through = update.old.map(|old| format!("a mainline through {old}"));
    for finding in &mut report.findings {
        match finding.code {
            // A project's first gate is still to come; nothing was judged, so nothing is wrong.
            Code::NoGate => finding.severity = Severity::Warning,
            Code::Rollback | Code::MainlineReplaced
                if finding.commit == Some(new) && finding.required == through =>
            {
                // Nobody here keeps a checkpoint: it is what stands there that must stay.
                finding.message = match finding.code {
                    Code::Rollback => format!("{name} would lose commits that it has"),
                    _ => format!(
                        "what {name} is now would be a merged branch, and no more the mainline"
                    ),
                };
                let held = update.old.is_none_or(|old| repo.is_commit(old));
                finding.help = if held {
                    format!(
                        "bring your work on top of {name} as it is: git pull --rebase=merges, or merge it into {name}, and push that"
                    )
                } else {
                    format!("fetch first: {name} has commits that are not here")
                };
            }
            _ => {}
        }
    }
    Ok(judged(report))
}

fn judged(report: Report) -> Answer {
    let exit = if report.input_unusable {
        Exit::UNUSABLE
    } else {
        match report.findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Exit::REFUSED,
            Some(Severity::Undecided) => Exit::UNDECIDED,
            _ => Exit::PASS,
        }
    };
    Answer::Judged(exit, report.findings)
}
