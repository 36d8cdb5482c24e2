//! `gatecheck bundle`: one file for a verifier without a network.

use std::io::{BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::{Prepared, read_bounded};
use super::super::judging::JudgeArgs;
use super::super::output::{new_file_beside, new_folder_beside, no_link};
use super::super::progress;
use super::super::streams::Streams;
use crate::bundle::{self, Papers};
use crate::check;
use crate::error::Error;
use crate::model::registry::REGISTRY_PATH;
use crate::model::text::{shown, typed};
use crate::model::{Limits, Oid};
use crate::render::{self, Format, Style};
use crate::repo::{EntryKind, Packed, Repository, parse_commit};
use crate::report::{AnchorSource, Report};
use crate::statement::{self, Envelope};

/// Arguments of `bundle`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Examples: pack what a verifier without a network needs, and judge it there\n  \
    gatecheck bundle --output project.tar\n  \
    gatecheck bundle v1.0 --output project.tar --attestation verdict.json\n  \
    gatecheck verify --bundle project.tar --anchor 0123456789abcdef0123456789abcdef01234567\n\n\
    The file holds the whole history of the judged commit, the registry there, the report and digests.\n\
    It is written whatever the verdict, so that a refusal can be shown as well; without\n\
    an anchor it is not. No anchor is taken from a bundle: whoever judges it pins one.\n\n\
    Exit status: that of the verdict. 0 pass; 1 refused; 2 your own input cannot be used; 3 undecided."
)]
pub struct BundleArgs {
    /// What to judge: a ref or a full commit id [default: the registry's mainline]
    #[arg(value_name = "TIP")]
    pub tip: Option<String>,

    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,

    /// A signed attestation of the same commit, to be put in
    #[arg(long, value_name = "FILE")]
    pub attestation: Option<PathBuf>,

    /// Fail when commits lie beyond the last accepted gate
    #[arg(long)]
    pub require_covered: bool,

    /// Judge the signature of every commit between tip and anchor
    #[arg(long)]
    pub every_commit: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub judging: JudgeArgs,
}

/// Judges and packs.
pub fn run(
    args: &BundleArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let judging = &args.judging;
    let Prepared { repo, asked, cache } =
        judging.prepare(args.tip.clone(), args.require_covered, args.every_commit, environment)?;
    if asked.pinned.is_some() {
        return Err(Error::unusable(
            "--registry pins a registry for commits, and a bundle holds the one of its history",
            "leave --registry out",
        ));
    }
    let report = {
        let progress = progress::reporter(environment, !judging.resources.no_progress);
        check::verify(&repo, &asked, cache, progress.as_ref())?
    };
    let style = judging.color.style(environment);
    streams.print(&render::render(&report, judging.format, &style))?;
    let exit = Exit::of_report(&report);
    let from = report.anchor.as_ref().map(|anchor| anchor.source);
    let pinned = from.is_some_and(|from| from != AnchorSource::FirstUse);
    if report.input_unusable || !(pinned || (from.is_some() && asked.trust_on_first_use)) {
        streams.say("nothing was packed: nobody said where trust starts, with --anchor COMMIT");
        return Ok(exit);
    }
    let tip = report.tip.commit;
    let attestation = match &args.attestation {
        None => None,
        Some(path) => {
            let path = environment.folder.join(path);
            Some(attestation(&path, tip, &asked.limits)?)
        }
    };
    let papers = Papers {
        registry: registry_at(&repo, tip)?,
        report: render::render(&report, Format::Json, &Style::default()),
        attestation,
    };
    let path = environment.folder.join(&args.output);
    written(&repo, &report, &papers, &path, &asked.limits)?;
    let name = typed(&args.output.to_string_lossy());
    streams.say(&format!(
        "packed: {tip} and all before it\n  gatecheck verify --bundle {name} --anchor COMMIT"
    ));
    Ok(exit)
}

/// Written beside its place and moved there when it is whole.
fn written(
    repo: &Repository,
    report: &Report,
    papers: &Papers,
    path: &Path,
    limits: &Limits,
) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    no_link(path).map_err(failed)?;
    let mut history = new_file_beside(path).map_err(failed)?;
    let packed = Packed { tip: report.tip.commit, reference: report.tip.reference.clone() };
    {
        let scratch = new_folder_beside(path).map_err(failed)?;
        let mut buffered = std::io::BufWriter::new(history.as_file_mut());
        repo.write_history(&packed, scratch.path(), &mut buffered)?;
        buffered.flush().map_err(failed)?;
    }
    // What is written here must be readable elsewhere.
    history.as_file_mut().seek(SeekFrom::Start(0)).map_err(failed)?;
    Repository::measure_history(&mut BufReader::new(history.as_file_mut()), limits)?;
    let mut file = new_file_beside(path).map_err(failed)?;
    {
        let mut buffered = std::io::BufWriter::new(file.as_file_mut());
        bundle::write(history.as_file_mut(), papers, &mut buffered).map_err(failed)?;
        buffered.flush().map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The bytes of the registry in a commit's tree.
pub(super) fn registry_at(repo: &Repository, commit: Oid) -> Result<Vec<u8>, Error> {
    let tree = match parse_commit(commit, &repo.read_commit(commit)?) {
        Ok(commit) => Some(commit.tree),
        Err(malformed) => malformed.tree,
    };
    let entry = match tree {
        Some(tree) => repo.lookup(tree, REGISTRY_PATH)?,
        None => None,
    };
    match entry.filter(|entry| entry.kind() == EntryKind::File) {
        Some(entry) => Ok(repo.read_blob(entry.id)?),
        None => Err(Error::unusable(
            format!("the commit {commit} holds no registry that could be put into a bundle"),
            "name a commit that has one: gatecheck bundle COMMIT --output FILE",
        )),
    }
}

/// The bytes of a signed attestation about this commit. Whether it counts is judged with the bundle.
fn attestation(path: &Path, tip: Oid, limits: &Limits) -> Result<Vec<u8>, Error> {
    let bytes = read_bounded(path, limits.file_bytes)?;
    let name = shown(&path.to_string_lossy());
    let refused = |why: String| {
        Error::unusable(
            format!("{name} cannot be put into the bundle: {why}"),
            format!("make one for this commit: gatecheck attest {tip} --sign --output FILE"),
        )
    };
    let envelope =
        Envelope::read(&bytes, limits).map_err(|why| refused(shown(&why.to_string())))?;
    let said = statement::read_summary(&envelope.payload)
        .map_err(|why| refused(shown(&why.to_string())))?;
    if said.tip != tip {
        return Err(refused(format!("it is about the commit {}", said.tip)));
    }
    Ok(bytes)
}
