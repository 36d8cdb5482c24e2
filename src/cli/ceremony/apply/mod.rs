//! `gatecheck ceremony apply`.

mod install;
mod journal;
mod work_tree;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use self::install::{Halt, Install};
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::progress;
use super::super::signoff::say_registry;
use super::super::streams::Streams;
use super::plan::words::missing;
use super::{BasisArgs, part, read_file, read_request, refused_file, section, tell};
use crate::ceremony::Request;
use crate::ceremony::request::{Supplied, add, differences, read_supplied};
use crate::check::{self, Carried, ForeseenCeremony};
use crate::error::Error;
use crate::finding::{Code, Severity};
use crate::model::text::shown;
use crate::model::{Approval, Limits, RecordName, ReviewerId};
use crate::render::ceremony as words;
use crate::repo::Repository;

/// Arguments of `ceremony apply`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: two people approved copies of one request\n  \
    gatecheck ceremony apply ceremony-0002-rotate-ada.toml ada/ceremony-0002-rotate-ada.toml\n\n\
    It is judged as the commit will be judged, and written only if it holds. A run that was cut\n\
    short is finished by the same command, or dropped with --abort.\n\n\
    Exit status: 0 written; 1 refused, or an approval is missing; 3 undecided.")]
pub struct CeremonyApplyArgs {
    /// The request [default: the one that an interrupted run was about]
    #[arg(value_name = "REQUEST")]
    pub request: Option<PathBuf>,

    /// Copies of it with other approvals, or files with approvals alone
    #[arg(value_name = "APPROVALS")]
    pub approvals: Vec<PathBuf>,

    /// Drop what an interrupted run has written
    #[arg(long, conflicts_with_all = ["request", "commit", "dry_run"])]
    pub abort: bool,

    /// Commit it with your git, signed
    #[arg(long)]
    pub commit: bool,

    /// Write nothing
    #[arg(long, conflicts_with = "commit")]
    pub dry_run: bool,

    /// Stand still before the Nth write, so that a test can end the program there
    #[arg(long, value_name = "N", hide = true)]
    pub halt_before: Option<u32>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub basis: BasisArgs,
}

pub(super) fn run(
    args: &CeremonyApplyArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (repo, limits) = args.basis.open(environment)?;
    let Some(top) = repo.work_dir().map(Path::to_path_buf) else {
        return Err(Error::unusable(
            "this repository is bare: there is no work tree to write to",
            "run it in a clone with a work tree",
        ));
    };
    let begun = journal::read(&repo, &limits)?;
    if args.abort {
        return abort(&repo, &top, begun, streams);
    }
    let request = match (&args.request, &begun) {
        (None, Some(begun)) => begun.clone(),
        _ => gather(args, environment, &limits, streams)?,
    };
    if let Some(begun) = begun.filter(|begun| !differences(begun, &request).is_empty()) {
        return Err(Error::unusable(
            format!("another ceremony was being written when it was cut short: {}", title(&begun)),
            "finish that one first with its own request, or drop it: gatecheck ceremony apply --abort",
        ));
    }
    let asked = args.basis.anchor.request(environment, limits)?;
    let staged = repo.staged()?;
    let foreseen = {
        let progress = progress::reporter(environment, true);
        let staged = staged.as_ref();
        check::foresee_ceremony(&repo, &asked, &request, staged, progress.as_ref())?
    };
    say_registry(&foreseen.in_force, streams);
    if foreseen.in_force.registry.sha256 != request.previous.sha256 {
        return Err(Error::unusable(
            format!(
                "the registry went on since this was planned: serial {} is in force, and the request follows serial {}",
                foreseen.in_force.registry.serial, request.previous.serial
            ),
            "plan it anew on what is in force: gatecheck ceremony plan",
        ));
    }
    let carried = Carried::of(&request, &limits);
    streams.print(words::ceremony(&request, &carried.words(&request, &limits)).as_bytes())?;
    if let Some(exit) = judged(&foreseen, streams)? {
        return Ok(exit);
    }
    work_tree::check(&repo, &top, &request)?;
    let besides = work_tree::besides(&repo, &request, staged.as_ref())?;
    if args.commit && !besides.is_empty() {
        return Err(Error::unusable(
            format!(
                "the commit would take along what nobody approved: {}; nothing was written",
                besides.join(", ")
            ),
            "git restore --staged PATH leaves a file out, git merge --abort a branch; without --commit \
             you commit by hand, all of it",
        ));
    }
    let install = Install { repo: &repo, top: &top, request: &request };
    if args.dry_run {
        let mut text = String::new();
        section(&mut text, "would be written and staged", install.words()?);
        section(&mut text, ALSO_STAGED, besides);
        streams.print(text.as_bytes())?;
        return Ok(Exit::PASS);
    }
    let mut halt = Halt::new(args.halt_before, &mut *streams);
    install.run(&mut halt)?;
    let mut text = String::new();
    section(&mut text, "written and staged", install.words()?);
    section(&mut text, ALSO_STAGED, besides);
    streams.print(text.as_bytes())?;
    finish(args, &request, &top, environment, streams)
}

/// What the commit brings that is no part of the ceremony.
const ALSO_STAGED: &str = "besides, and part of the commit";

/// Variables of git's that say who makes the commit and when. All others could lead git elsewhere.
const IDENTITY: [&str; 6] = [
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
];

/// The request with every approval that was handed in.
fn gather(
    args: &CeremonyApplyArgs,
    environment: &Environment,
    limits: &Limits,
    streams: &mut Streams<'_>,
) -> Result<Request, Error> {
    let Some(first) = &args.request else {
        return Err(Error::unusable("no request is named", "gatecheck ceremony apply REQUEST"));
    };
    let mut request = read_request(first, environment, limits, streams)?;
    for path in &args.approvals {
        let name = path.to_string_lossy();
        let bytes = read_file(path, environment, limits)?;
        let supplied = read_supplied(&name, &bytes, limits)
            .map_err(|problems| refused_file(path, &problems, streams))?;
        let approvals = match supplied {
            Supplied::Request(other) => {
                let different = differences(&request, &other);
                if !different.is_empty() {
                    return Err(Error::unusable(
                        format!(
                            "{} is no copy of {}: they differ in {}",
                            shown(&name),
                            shown(&first.to_string_lossy()),
                            different.join("; ")
                        ),
                        "have everybody approve the same request",
                    ));
                }
                other.record.approvals
            }
            Supplied::Approvals { record_path, request_sha256, approvals } => {
                if request_sha256 != request.digest() {
                    return Err(Error::unusable(
                        format!(
                            "{} holds approvals of another request: {} with SHA-256 {}, not {} with {}",
                            shown(&name),
                            shown(&record_path),
                            hex::encode(request_sha256),
                            request.path(),
                            hex::encode(request.digest())
                        ),
                        "have it approved anew: gatecheck ceremony approve",
                    ));
                }
                approvals
            }
        };
        let approvals = better(&mut request, approvals, &name, limits, streams);
        add(&mut request, approvals);
    }
    let count = request.record.approvals.len() as u64;
    if count > limits.approvals {
        return Err(Error::unusable(
            format!("there are {count} approvals, and at most {} are read", limits.approvals),
            format!("raise the bound: --limit approvals={count}"),
        ));
    }
    Ok(request)
}

/// Approvals that take nobody's place who signed: of two by one person in one role, the one that
/// verifies is kept, whatever they say of their time.
fn better(
    request: &mut Request,
    approvals: Vec<Approval>,
    name: &str,
    limits: &Limits,
    streams: &mut Streams<'_>,
) -> Vec<Approval> {
    let carried = Carried::of(request, limits);
    let mut kept = Vec::new();
    for approval in approvals {
        let known = request.same(&approval).filter(|known| **known != approval).cloned();
        let good = |one: &Approval| carried.verified(request, one, limits).is_ok();
        match known.map(|known| (good(&known), good(&approval), known)) {
            Some((true, false, _)) => streams.say(&format!(
                "note: an approval by {} in {} does not verify; the one that does is kept",
                approval.reviewer_id,
                shown(name)
            )),
            Some((false, true, bad)) => {
                request.record.approvals.retain(|one| *one != bad);
                kept.push(approval);
            }
            _ => kept.push(approval),
        }
    }
    kept
}

/// Says what is found; the exit status where nothing may be written.
fn judged(foreseen: &ForeseenCeremony, streams: &mut Streams<'_>) -> Result<Option<Exit>, Error> {
    let (lacking, others) = part(foreseen.findings.clone());
    let unshown: Vec<(ReviewerId, String)> = lacking
        .iter()
        .filter(|finding| finding.code == Code::PossessionMissing)
        .filter_map(|finding| Some((finding.reviewer_id.clone()?, finding.fingerprint?.grouped())))
        .collect();
    let worst = others.iter().map(|finding| finding.severity).max();
    if !others.is_empty() {
        tell(&others, streams);
    }
    let mut text = String::new();
    section(&mut text, "still missing", missing(&foreseen.asked, &unshown));
    if !text.is_empty() {
        text.push_str("\n  they sign with: gatecheck ceremony approve REQUEST\n");
    } else if !lacking.is_empty() {
        // What no approval mends is told as the judge tells it.
        tell(&lacking, streams);
    }
    streams.print(text.as_bytes())?;
    let exit = match worst {
        Some(Severity::Error) => Some(Exit::REFUSED),
        _ if !lacking.is_empty() => Some(Exit::REFUSED),
        Some(Severity::Undecided) => Some(Exit::UNDECIDED),
        _ => None,
    };
    if exit.is_some() {
        streams.say("nothing was written");
    }
    Ok(exit)
}

fn abort(
    repo: &Repository,
    top: &Path,
    begun: Option<Request>,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let Some(request) = begun else {
        streams.say("no ceremony was cut short here: there is nothing to drop");
        return Ok(Exit::PASS);
    };
    let left = Install { repo, top, request: &request }.undo()?;
    streams.say(&format!("dropped: {}", title(&request)));
    for path in left {
        streams.say(&format!(
            "note: {} was changed since by somebody else, and was left as it is",
            shown(&path)
        ));
    }
    Ok(Exit::PASS)
}

/// "Ceremony 0002: rotate ada"
fn title(request: &Request) -> String {
    let about = RecordName::of(request.path()).and_then(|name| name.reviewer);
    let about = about.map(|id| format!(" {id}")).unwrap_or_default();
    format!("Ceremony {:04}: {}{about}", request.record.serial, request.record.kind)
}

/// The commit, or how it is made.
fn finish(
    args: &CeremonyApplyArgs,
    request: &Request,
    top: &Path,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let title = title(request);
    if !args.commit {
        let mut text = String::new();
        let mut next = vec![format!("git commit -S -m '{title}'")];
        if !request.record.files.is_empty() {
            next.push(
                "signed with a key of the registry before: a key that this brings cannot sign its own commit"
                    .to_owned(),
            );
        }
        section(&mut text, "next", next);
        streams.print(text.as_bytes())?;
        return Ok(Exit::PASS);
    }
    let mut git = Command::new("git");
    for variable in environment.names().filter(|name| name.to_string_lossy().starts_with("GIT_")) {
        if !IDENTITY.iter().any(|known| variable == *known) {
            git.env_remove(variable);
        }
    }
    git.current_dir(top).args(["commit", "-S", "-m", &title]);
    if !request.record.reason.is_empty() {
        git.args(["-m", &request.record.reason]);
    }
    let ended = git.status().map_err(|error| {
        Error::unusable(
            format!("git could not be started: {error}"),
            format!("everything is staged; commit it: git commit -S -m '{title}'"),
        )
    })?;
    if !ended.success() {
        return Err(Error::unusable(
            "git did not commit; its words stand above",
            format!("everything is staged; commit it: git commit -S -m '{title}'"),
        ));
    }
    streams.say("committed; gatecheck verify judges it");
    Ok(Exit::PASS)
}
