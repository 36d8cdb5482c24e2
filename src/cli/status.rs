//! `gatecheck status`.

use clap::Args;

use super::arguments::HistoryArgs;
use super::environment::Environment;
use super::exit::Exit;
use super::lookup::{AnswerFormat, look, say_unpinned};
use super::progress;
use super::streams::Streams;
use crate::check;
use crate::error::Error;
use crate::render::{self, Style};

/// Arguments of `status`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: fail a scheduled job when something runs out within six weeks\n  \
    gatecheck status --due 42\n\n\
    Exit status: 0 told, and nothing is due; 1 something runs out within --due DAYS, or has;\n\
    2 your own input cannot be used; 3 the history is undecided, so this may be otherwise in truth."
)]
pub struct StatusArgs {
    /// Fail when a key, a certificate that policy enforces, or somebody's currency runs out within so many days, or when a key does not count already
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(..=36_500))]
    pub due: Option<u32>,

    /// Tell also how strong the keys are, and which cut-offs of policy they outlive (in JSON always)
    #[arg(long)]
    pub crypto: bool,

    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: AnswerFormat,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

/// Tells how things stand.
pub fn run(
    args: &StatusArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let look = look(None, &args.history, environment)?;
    let status = {
        let progress = progress::reporter(environment, !args.history.resources.no_progress);
        check::status(&look.repo, &look.request, args.due, look.cache, progress.as_ref())?
    };
    say_unpinned(&status.anchor, &status.registry, streams);
    let answer = match args.format {
        AnswerFormat::Human => render::status(&status, args.crypto),
        AnswerFormat::Json => render::status_json(&status, &Style::default()),
    };
    let exit = if !status.due.is_empty() {
        Exit::REFUSED
    } else if !status.open.is_empty() {
        Exit::UNDECIDED
    } else {
        Exit::PASS
    };
    match streams.print(&answer) {
        Ok(()) => Ok(exit),
        Err(error) => {
            streams.say(&format!("error: {error}"));
            Ok(exit.but_failed(&error))
        }
    }
}
