//! `gatecheck completions SHELL`.

use clap::Args;
use clap_complete::Shell;

use super::exit::Exit;
use super::streams::Streams;
use crate::error::Error;

/// Arguments of `completions`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:\n  \
    gatecheck completions bash > ~/.local/share/bash-completion/completions/gatecheck")]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the script that the shell is to source.
pub fn run(
    args: &CompletionsArgs,
    mut command: clap::Command,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "gatecheck", &mut script);
    streams.print(&script)?;
    Ok(Exit::PASS)
}
