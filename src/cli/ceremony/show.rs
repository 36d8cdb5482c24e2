//! `gatecheck ceremony show`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::arguments::RepositoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::read_up_to;
use super::super::revision::resolve;
use super::super::streams::Streams;
use super::{LimitArgs, read_request};
use crate::ceremony::Request;
use crate::check::{self, AddedRecord, Carried};
use crate::error::Error;
use crate::model::registry::CEREMONIES_FOLDER;
use crate::model::text::shown;
use crate::model::{Limits, Oid, RecordName};
use crate::render::ceremony as words;
use crate::repo::Repository;

/// Arguments of `ceremony show`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: what did ceremony 5 change, and who approved it?\n  \
    gatecheck ceremony show 5\n\n\
    It tells what a record says and whether its signatures verify. Whether the ceremony was\n\
    accepted is for the judge: gatecheck ceremony log.\n\n\
    Exit status: 0 every signature verifies; 1 one does not.")]
pub struct CeremonyShowArgs {
    /// A request, a record below keys/ceremonies/, a serial, or a commit
    #[arg(value_name = "FILE|SERIAL|COMMIT")]
    pub what: String,

    /// Show the registry's text, before and after, as well
    #[arg(long)]
    pub diff: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub limits: LimitArgs,
}

pub(super) fn run(
    args: &CeremonyShowArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let limits = args.limits.limits()?;
    let file = environment.folder.join(&args.what);
    // A file of the repository must not stand in for a serial or a commit.
    let in_history = args.what.parse::<u64>().is_ok() || Oid::from_hex(&args.what).is_some();
    let file = Some(file).filter(|file| !in_history && file.is_file());
    let record = file.as_deref().and_then(record_name);
    let open = || Repository::open(&args.repository.folder(environment), &limits);
    let shown_ones: Vec<(Request, Vec<String>)> = match (&file, &record) {
        (Some(_), None) => {
            if open().is_ok_and(|repo| repo.resolve(&args.what).is_ok()) {
                return Err(ambiguous(&args.what));
            }
            let path = PathBuf::from(&args.what);
            vec![(read_request(&path, environment, &limits, streams)?, Vec::new())]
        }
        (file, record) => {
            let repo = open()?;
            let mut all = Vec::new();
            for added in committed(args, record.as_ref(), &repo)? {
                let (request, mut problems) = check::recorded(&repo, &added)?;
                if let Some(file) = file {
                    let here = read_up_to(file, limits.file_bytes, "file-bytes")?;
                    if here != request.record.source.text().as_bytes() {
                        problems.push("the file is not what was committed; this is".to_owned());
                    }
                }
                all.push((request, problems));
            }
            all
        }
    };
    let mut exit = Exit::PASS;
    for (n, (request, problems)) in shown_ones.iter().enumerate() {
        if n > 0 {
            streams.print(b"\n")?;
        }
        if !one(args, request, problems, &limits, streams)? {
            exit = Exit::REFUSED;
        }
    }
    Ok(exit)
}

/// Says one, and whether everything in it fits.
fn one(
    args: &CeremonyShowArgs,
    request: &Request,
    problems: &[String],
    limits: &Limits,
    streams: &mut Streams<'_>,
) -> Result<bool, Error> {
    let carried = Carried::of(request, limits);
    let mut text = words::ceremony(request, &carried.words(request, limits));
    if request.record.approvals.is_empty() {
        text.push_str("\napprovals\n  none yet\n");
    }
    text.push_str(&words::key_files(request, &carried.brought));
    if args.diff {
        text.push_str(&format!("\nthe registry's text\n{}", words::registry_diff(request)));
    }
    super::section(&mut text, "what does not fit", problems.iter().cloned());
    streams.print(text.as_bytes())?;
    let approvals = request.record.approvals.iter();
    let verify = approvals.map(|approval| carried.verified(request, approval, limits));
    Ok(verify.into_iter().all(|one| one.is_ok()) && problems.is_empty())
}

/// The name of a record where records lie. A request can bear the same name elsewhere.
fn record_name(file: &Path) -> Option<RecordName> {
    let file = std::fs::canonicalize(file).ok()?;
    let folder = file.parent().filter(|folder| folder.ends_with(CEREMONIES_FOLDER))?;
    let name = file.strip_prefix(folder).ok()?.to_str()?;
    RecordName::of(&format!("{CEREMONIES_FOLDER}/{name}"))
}

fn ambiguous(what: &str) -> Error {
    let what = shown(what);
    Error::unusable(
        format!("{what} is a file here, and a name for a commit as well"),
        format!("for the file: ./{what}; for the commit: {what}~0"),
    )
}

/// The records that are meant, in the history of what is checked out.
fn committed(
    args: &CeremonyShowArgs,
    record: Option<&RecordName>,
    repo: &Repository,
) -> Result<Vec<AddedRecord>, Error> {
    let serial = record.map(|name| name.serial).or_else(|| args.what.parse().ok());
    if let Some(serial) = serial {
        let tip = repo.head()?.commit;
        let all = check::records_of_serial(repo, tip, serial)?;
        let is_meant = |added: &&AddedRecord| record.is_none_or(|name| added.path == name.path());
        let found: Vec<AddedRecord> = all.iter().filter(is_meant).cloned().collect();
        let what = record.map_or_else(|| format!("record of serial {serial}"), RecordName::path);
        return match found.is_empty() {
            false => Ok(found),
            true => Err(Error::unusable(
                format!("HEAD's history holds no {what}"),
                "gatecheck ceremony log lists those that there are",
            )),
        };
    }
    let commit = resolve(repo, &args.what)?;
    let added = check::records_added(repo, commit)?;
    if added.is_empty() {
        return Err(Error::unusable(
            format!("{} adds no ceremony record", shown(&args.what)),
            "gatecheck ceremony log lists the commits that do",
        ));
    }
    Ok(added)
}
