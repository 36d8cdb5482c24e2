//! `gatecheck report [TIP]`: the verdict as one page to keep, print or hand on.

use std::path::PathBuf;

use clap::Args;

use super::arguments::HistoryArgs;
use super::environment::Environment;
use super::exit::Exit;
use super::output::{OutputArgs, Target};
use super::streams::Streams;
use super::verify::{self, Request, RunArgs, VerifyArgs};
use crate::error::Error;
use crate::progress::Progress;
use crate::render::Format;
use crate::report::Report;

/// Arguments of `report`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: a page for the auditor, from what he was sent\n  \
    gatecheck report --bundle release.gatecheck --anchor 0123456789abcdef0123456789abcdef01234567 --to audit.html\n\n\
    The page needs no network and no script. It shows the verdict, who could sign when, and every\n\
    gate with its sign-offs. It proves nothing by itself: whoever doubts it judges the history anew.\n\n\
    Exit status: that of verify.")]
pub struct ReportArgs {
    /// What to judge: a ref or a full commit id [default: the registry's mainline]
    #[arg(value_name = "TIP")]
    pub tip: Option<String>,

    /// Where the page is written; `-` stands for standard output
    #[arg(long, value_name = "FILE", default_value = "gatecheck-report.html")]
    pub to: PathBuf,

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
    pub history: HistoryArgs,
}

/// Judges as `verify` does, and writes the page beside the words.
pub fn run(
    args: &ReportArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
    judge: impl FnOnce(&Request, &dyn Progress) -> Result<Report, Error>,
) -> Result<Exit, Error> {
    let to = match args.to.to_str() {
        Some("-") => Target::Stdout,
        _ => Target::File(args.to.clone()),
    };
    let output = OutputArgs { outputs: vec![(Format::Html, to)], ..OutputArgs::default() };
    let verify = VerifyArgs {
        tip: args.tip.clone(),
        bundle: args.bundle.clone(),
        require_covered: args.require_covered,
        every_commit: args.every_commit,
        run: RunArgs { output, ..RunArgs::from(&args.history) },
    };
    verify::run(&verify, environment, streams, judge)
}
