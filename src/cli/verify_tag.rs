//! `gatecheck verify-tag NAME…`: are these releases what they say they are?

use clap::Args;

use super::environment::Environment;
use super::exit::Exit;
use super::judge;
use super::streams::Streams;
use super::verify::{self, RunArgs, VerifyArgs};
use crate::error::Error;

/// Arguments of `verify-tag`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: judge a release before building it\n  \
    gatecheck verify-tag v1.0 --anchor 0123456789abcdef0123456789abcdef01234567\n\n\
    A tag passes if it is signed by an active reviewer, stands under its own name, and names an\n\
    accepted epoch gate; the history up to that is judged as `gatecheck verify` does.\n\n\
    Exit status: 0 pass; 1 refused; 2 your own input cannot be used; 3 undecided.")]
pub struct VerifyTagArgs {
    /// The tags, by short or full name
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub run: RunArgs,
}

/// Judges the tags and delivers the report.
pub fn run(
    args: &VerifyTagArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let judging = VerifyArgs { run: args.run.clone(), ..VerifyArgs::default() };
    verify::run(&judging, environment, streams, |request, progress| {
        judge::judge_tags(&args.names, request, progress)
    })
}
