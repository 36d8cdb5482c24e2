//! `gatecheck man`: manual pages.

use std::path::PathBuf;

use clap::Args;

use super::environment::Environment;
use super::exit::Exit;
use super::output::write_whole;
use super::streams::Streams;
use crate::error::Error;

/// Arguments of `man`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples: look at one page, and write all of them\n  \
    gatecheck man | man -l -\n  \
    gatecheck man --output ~/.local/share/man/man1\n\n\
    There is a page for each command: gatecheck-verify.1, gatecheck-registry-lint.1, and so on.")]
pub struct ManArgs {
    /// Write the pages of all commands into this folder, which is made where it is not there
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}

/// Prints the first page, or writes all.
pub fn run(
    args: &ManArgs,
    command: clap::Command,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let pages = pages(command)?;
    let Some(folder) = &args.output else {
        if let Some((_, page)) = pages.first() {
            streams.print(page)?;
        }
        return Ok(Exit::PASS);
    };
    let folder = environment.folder.join(folder);
    std::fs::create_dir_all(&folder)
        .map_err(|source| Error::File { path: folder.clone(), source })?;
    for (name, page) in &pages {
        let path = folder.join(name);
        write_whole(&path, page).map_err(|source| Error::File { path: path.clone(), source })?;
    }
    streams.say(&format!("{} pages written", pages.len()));
    Ok(Exit::PASS)
}

/// Every page with its file name, the program's own first.
pub(super) fn pages(command: clap::Command) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut all = Vec::new();
    let mut open = vec![command];
    while let Some(command) = open.pop() {
        let children = command.get_subcommands().filter(|child| !child.is_hide_set()).cloned();
        let children: Vec<clap::Command> = children.collect();
        open.extend(children.into_iter().rev());
        let page = clap_mangen::Man::new(command);
        let mut bytes = Vec::new();
        page.render(&mut bytes)
            .map_err(|error| Error::Defect(format!("a page could not be made: {error}")))?;
        all.push((page.get_filename(), bytes));
    }
    Ok(all)
}
