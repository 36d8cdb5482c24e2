//! `gatecheck [verify] [TIP]`: the main job.

use std::path::PathBuf;

use clap::Args;

use super::arguments::{HistoryArgs, RepositoryArgs, ResourceArgs, TrustArgs};
use super::checkout::{Checkout, outside};
use super::environment::Environment;
use super::exit::Exit;
use super::output::OutputArgs;
use super::progress;
use super::streams::Streams;
use crate::error::Error;
use crate::model::{Fingerprint, Limits, Oid, Time};
use crate::progress::Progress;
use crate::report::{AnchorSource, Report};

/// Arguments of `verify`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: judge the mainline from a commit that you trust\n  \
    gatecheck verify --anchor 0123456789abcdef0123456789abcdef01234567\n\n\
    Exit status: 0 pass; 1 refused; 2 your own input cannot be used; 3 undecided.")]
pub struct VerifyArgs {
    /// What to judge: a ref or a full commit id [default: the registry's mainline]
    #[arg(value_name = "TIP")]
    pub tip: Option<String>,

    /// Judge the history in this bundle, and no repository
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tip", "repo", "registry"])]
    pub bundle: Option<PathBuf>,

    /// Fail when commits lie beyond the last accepted gate
    #[arg(long)]
    pub require_covered: bool,

    /// Judge the signature of every commit between tip and anchor
    #[arg(long)]
    pub every_commit: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub run: RunArgs,
}

/// Which history, what is trusted of it, where the report goes, and how much may be used.
#[derive(Args, Clone, Debug, Default)]
pub struct RunArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: TrustArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub output: OutputArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub resources: ResourceArgs,
}

/// The same, with the report as it is by default.
impl From<&HistoryArgs> for RunArgs {
    fn from(history: &HistoryArgs) -> Self {
        let HistoryArgs { repository, trust, resources } = history.clone();
        Self { repository, trust, output: OutputArgs::default(), resources }
    }
}

/// What is asked, as plain values: nothing below has to ask the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where to begin to look for the repository.
    pub folder: PathBuf,
    /// What to judge; `None` for the registry's mainline.
    pub tip: Option<String>,
    /// The anchor of flag or environment; `None` leaves git configuration and events.
    pub anchor: Option<(Oid, AnchorSource)>,
    /// The key that must have signed the anchor.
    pub anchor_signer: Option<Fingerprint>,
    /// Go on without an anchor.
    pub trust_on_first_use: bool,
    /// Where the last accepted gate is remembered.
    pub checkpoint: Option<PathBuf>,
    /// A bundle to judge in the place of a repository.
    pub bundle: Option<PathBuf>,
    /// A branch with gates of its own.
    pub branch: Option<String>,
    /// A pinned registry.
    pub registry: Option<PathBuf>,
    /// Commits beyond the last gate are an error.
    pub require_covered: bool,
    /// Judge every commit.
    pub every_commit: bool,
    /// The report must list every judged commit.
    pub record_commits: bool,
    /// The run's clock.
    pub now: Time,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Threads.
    pub jobs: usize,
    /// The folder where facts about signatures are kept; `None` keeps none.
    pub cache: Option<PathBuf>,
}

impl VerifyArgs {
    /// What is asked.
    pub fn request(&self, environment: &Environment) -> Result<Request, Error> {
        let RunArgs { repository, trust, output, resources } = &self.run;
        let within = |path: &Option<PathBuf>| path.as_ref().map(|p| environment.folder.join(p));
        Ok(Request {
            folder: repository.folder(environment),
            tip: self.tip.clone(),
            anchor: trust.anchor(environment)?,
            anchor_signer: trust.anchor_signer,
            trust_on_first_use: trust.trust_on_first_use,
            checkpoint: within(&trust.checkpoint),
            bundle: within(&self.bundle),
            branch: trust.branch.clone(),
            registry: within(&trust.registry),
            require_covered: self.require_covered,
            every_commit: self.every_commit,
            record_commits: output.plan(environment)?.needs_commits(),
            now: trust.now(environment),
            limits: resources.limits()?,
            jobs: resources.jobs(environment),
            cache: resources.cache_folder(environment),
        })
    }
}

/// Reads the arguments, has `judge` do the work, and delivers the report.
pub fn run(
    args: &VerifyArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
    judge: impl FnOnce(&Request, &dyn Progress) -> Result<Report, Error>,
) -> Result<Exit, Error> {
    let plan = args.run.output.plan(environment)?;
    let request = args.request(environment)?;
    if let Some(checkout) = Checkout::around(&request.folder, &request.limits)
        && let Some(path) = plan.paths().into_iter().find(|path| checkout.links(path))
    {
        return Err(outside(path));
    }
    let report = {
        // Gone before the report is printed.
        let progress = progress::reporter(environment, !args.run.resources.no_progress);
        judge(&request, progress.as_ref())?
    };
    let exit = Exit::of_report(&report);
    match plan.deliver(&report, &args.run.output.style(environment), streams) {
        Ok(()) => Ok(exit),
        Err(error) => {
            streams.say(&format!("error: {error}"));
            Ok(exit.but_failed(&error))
        }
    }
}
