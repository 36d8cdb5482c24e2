//! `gatecheck blast-radius FINGERPRINT`.

use std::path::PathBuf;

use clap::Args;

use super::arguments::{HistoryArgs, parse_commit, parse_fingerprint};
use super::environment::Environment;
use super::exit::Exit;
use super::lookup::{AnswerFormat, look, say_unpinned};
use super::output::write_whole;
use super::progress;
use super::streams::Streams;
use crate::check;
use crate::error::Error;
use crate::ledger::Question;
use crate::model::{Fingerprint, Oid};
use crate::render::{self, Style};

/// Arguments of `blast-radius`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: a key was stolen, at the earliest after this commit\n  \
    gatecheck blast-radius 0123456789abcdef0123456789abcdef01234567 \\\n    \
    --from 89abcdef0123456789abcdef0123456789abcdef\n\n\
    Exit status: 0 answered; 2 your own input cannot be used (also: nobody knows the key);\n\
    3 the history is undecided, so this may be otherwise in truth.")]
pub struct BlastRadiusArgs {
    /// The key's full fingerprint; that of a primary key stands for its subkeys as well
    #[arg(value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    pub key: Fingerprint,

    /// What to look through: a ref or a full commit id [default: the registry's mainline]
    #[arg(value_name = "TIP")]
    pub tip: Option<String>,

    /// The last mainline commit at which the key is known good: only what lies after it is in doubt
    #[arg(long, value_name = "COMMIT", value_parser = parse_commit)]
    pub from: Option<Oid>,

    /// Write the list of what not to rely on here, for those who consume releases
    #[arg(long, value_name = "FILE")]
    pub revocations: Option<PathBuf>,

    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: AnswerFormat,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

/// Tells what rests on the key.
pub fn run(
    args: &BlastRadiusArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let look = look(args.tip.as_ref(), &args.history, environment)?;
    let question = Question { key: args.key, from: args.from };
    let radius = {
        let progress = progress::reporter(environment, !args.history.resources.no_progress);
        check::blast_radius(&look.repo, &look.request, &question, look.cache, progress.as_ref())?
    };
    say_unpinned(&radius.anchor, &radius.registry, streams);
    if let Some(file) = &args.revocations {
        let path = environment.folder.join(file);
        write_whole(&path, &render::revocations_json(&radius))
            .map_err(|source| Error::File { path, source })?;
    }
    let answer = match args.format {
        AnswerFormat::Human => render::blast_radius(&radius),
        AnswerFormat::Json => render::blast_radius_json(&radius, &Style::default()),
    };
    streams.print(&answer)?;
    Ok(if radius.open.is_empty() { Exit::PASS } else { Exit::UNDECIDED })
}
