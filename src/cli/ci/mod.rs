//! `gatecheck ci`: judges what an event of a build service is about.

mod judge;
mod keep_out;
mod outputs;
mod propose;
mod read;
mod trust;

use std::path::PathBuf;

use clap::Args;

use self::judge::Answer;
use self::outputs::Told;
use super::environment::Environment;
use super::exit::Exit;
use super::progress;
use super::streams::Streams;
use super::verify::{RunArgs, VerifyArgs};
use crate::error::Error;
use crate::render::{Format, annotation_of_failure};
use crate::report::Report;

/// Arguments of `ci`.
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Example: in GitHub Actions, Forgejo and Gitea, which say the rest themselves\n  \
    gatecheck ci --anchor 0123456789abcdef0123456789abcdef01234567\n\
    Anywhere else\n  \
    gatecheck ci --event push --base BEFORE --head AFTER --ref refs/heads/main\n\n\
    Registry and policy come from the pinned anchor, else from the event's base; never from the change.\n\n\
    Exit status: 0 pass; 1 refused; 2 your own input cannot be used; 3 undecided."
)]
pub struct CiArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub event: EventArgs,

    /// A change that brings no gate is undecided
    #[arg(long)]
    pub require_gate: bool,

    /// Fail when commits lie beyond the last accepted gate; not asked of what is only proposed
    #[arg(long)]
    pub require_covered: bool,

    /// Judge the signature of every commit between tip and anchor
    #[arg(long)]
    pub every_commit: bool,

    /// Add the report as Markdown to this file [default: GITHUB_STEP_SUMMARY; `-` for none]
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Add `verdict`, `status` and `covered` as NAME=VALUE lines to this file
    #[arg(long, value_name = "FILE")]
    pub step_outputs: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub run: RunArgs,
}

/// What happened, where the environment does not tell. The heading stands at each argument, because one
/// for the next arguments would hold for those of others, too.
#[derive(Args, Clone, Debug, Default)]
pub struct EventArgs {
    /// The event, as GitHub calls it: push, pull_request, … [default: GITHUB_EVENT_NAME]
    #[arg(help_heading = "Event", long = "event", value_name = "NAME")]
    pub name: Option<String>,

    /// The event's file [default: GITHUB_EVENT_PATH, unless --event names the event]
    #[arg(help_heading = "Event", long = "event-file", value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// The commit that stands in the branch, or stood there before the push
    #[arg(help_heading = "Event", long, value_name = "COMMIT")]
    pub base: Option<String>,

    /// The commit to judge
    #[arg(help_heading = "Event", long, value_name = "COMMIT")]
    pub head: Option<String>,

    /// The ref that changes; for a pull request the branch that it is to land on
    #[arg(help_heading = "Event", long = "ref", value_name = "REF")]
    pub reference: Option<String>,

    /// The project's default branch
    #[arg(help_heading = "Event", long, value_name = "BRANCH")]
    pub default_branch: Option<String>,
}

impl CiArgs {
    /// The same asked of `verify`.
    fn judging(&self) -> VerifyArgs {
        VerifyArgs {
            bundle: None,
            tip: None,
            require_covered: self.require_covered,
            every_commit: self.every_commit,
            run: self.run.clone(),
        }
    }
}

/// Judges the event, delivers the report, and tells the build service.
pub fn run(
    args: &CiArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let answered = answer(args, environment, streams);
    let told = match &answered {
        Ok((exit, Some(report))) => Told { exit: *exit, report: Ok(Some(report)) },
        Ok((exit, None)) => Told { exit: *exit, report: Ok(None) },
        Err(error) => Told { exit: Exit::of_error(error), report: Err(error.to_string()) },
    };
    if let (Err(why), Some(Format::Github)) = (&told.report, args.run.output.format) {
        // Standard error has it too, and nobody looks there first.
        streams.print(annotation_of_failure(told.verdict(), why).as_bytes())?;
    }
    // Whether these can be written changes no verdict.
    for warning in outputs::tell(args, environment, &told) {
        streams.say(&format!("warning: {warning}"));
    }
    answered.map(|(exit, _)| exit)
}

fn answer(
    args: &CiArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<(Exit, Option<Report>), Error> {
    let output = args.run.output.plan(environment)?;
    let mut request = args.judging().request(environment)?;
    // The summary is made of the same report.
    request.record_commits = output.needs_commits();
    keep_out::keep_out(args, &request, &output.paths(), environment)?;
    let plan = read::plan(&args.event, &request, environment)?;
    let answer = {
        // Gone before the report is printed.
        let progress = progress::reporter(environment, !args.run.resources.no_progress);
        judge::judge(&request, &plan, args.require_gate, progress.as_ref())?
    };
    let report = match answer {
        Answer::Nothing(why) => {
            streams.say(&format!("gatecheck: nothing to judge: {why}"));
            return Ok((Exit::PASS, None));
        }
        Answer::Judged(report) => report,
    };
    let exit = Exit::of_report(&report);
    match output.deliver(&report, &args.run.output.style(environment), streams) {
        Ok(()) => Ok((exit, Some(*report))),
        Err(error) => {
            streams.say(&format!("error: {error}"));
            Ok((exit.but_failed(&error), Some(*report)))
        }
    }
}
