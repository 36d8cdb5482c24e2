//! Judges one change of a ref.

use std::collections::BTreeSet;

use super::super::exit::Exit;
use crate::check::{self, Request, TagRef};
use crate::error::{Error, Result};
use crate::finding::{Code, Finding, Severity};
use crate::model::Oid;
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
    /// These refs, by full name.
    Known(BTreeSet<String>),
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
        let mut here = Some(anchor);
        for _ in 0..RENAMES {
            let Some(commit) = here else { break };
            let reading = check::registry_of(repo, commit);
            let registry = reading.ok().flatten().and_then(|reading| reading.registry.clone());
            let Some(registry) = registry else { break };
            if !known.insert(registry.mainline.clone()) {
                break;
            }
            here =
                repo.reference(&registry.mainline).ok().flatten().filter(|id| repo.is_commit(*id));
        }
        if known.is_empty() { Self::Unknown } else { Self::Known(known) }
    }

    /// Whether a ref is one of them, or a symbolic ref that leads to one.
    fn holds(&self, repo: &Repository, reference: &str) -> Result<bool> {
        let Self::Known(known) = self else { return Ok(true) };
        let mut name = reference.to_owned();
        for _ in 0..RENAMES {
            if known.iter().any(|known| is_one_file(known, &name)) {
                return Ok(true);
            }
            match repo.symbolic_target(&name)? {
                Some(target) => name = target,
                None => return Ok(false),
            }
        }
        // Nobody's intention; what it leads to is not known.
        Ok(true)
    }
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
        return tag(repo, request, update);
    }
    // Whatever it is called, a symbolic ref to the mainline moves the mainline. Where that is not
    // known, branches alone can be it.
    let other = matches!(protected, Protected::Unknown) && !below("refs/heads/");
    if other || !protected.holds(repo, &update.reference)? {
        return Ok(Answer::Untouched);
    }
    mainline(repo, request, protected, update)
}

fn tag(repo: &Repository, request: &Request, update: &Update) -> Result<Answer> {
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
            let report = check::verify_tags(repo, request, &[tag], None, &Silent)?;
            Ok(judged(report))
        }
    }
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
        let finding =
            Finding::new(Code::MainlineReplaced, format!("the mainline {name} would be deleted"))
                .compared(format!("{old} -> nothing"), "a mainline that goes on")
                .help("push to another branch; the mainline is never deleted");
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
