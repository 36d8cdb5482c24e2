//! `gatecheck registry …`: look at a registry, or bring it into shape.

mod diff;
mod export;
mod fmt;
mod import;
mod lint;
mod timeline;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

pub use self::diff::RegistryDiffArgs;
pub use self::export::{ExportKind, RegistryExportArgs};
pub use self::fmt::RegistryFmtArgs;
pub use self::import::{ImportSource, RegistryImportArgs};
pub use self::lint::RegistryLintArgs;
pub use self::timeline::RegistryTimelineArgs;
use super::environment::Environment;
use super::exit::Exit;
use super::streams::Streams;
use crate::error::Error;
use crate::model::Limits;
use crate::model::registry::REGISTRY_PATH;
use crate::repo::Repository;

/// Arguments of `registry`.
#[derive(Args, Clone, Debug)]
pub struct RegistryArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RegistryCommand,
}

/// What can be done with a registry.
#[derive(Subcommand, Clone, Debug)]
pub enum RegistryCommand {
    /// Report everything that is wrong with a registry and the key files beside it
    Lint(RegistryLintArgs),
    /// Write a registry in its canonical form
    Fmt(RegistryFmtArgs),
    /// Say what changed between two registries
    Diff(RegistryDiffArgs),
    /// Show whose keys are in force when, and the gates
    Timeline(Box<RegistryTimelineArgs>),
    /// Write a registry's keys as git, gpg and ssh-keygen read them
    Export(RegistryExportArgs),
    /// Make a registry from keys that a project has already
    Import(RegistryImportArgs),
}

/// Does it.
pub fn run(
    args: &RegistryArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    match &args.command {
        RegistryCommand::Lint(args) => lint::run(args, environment, streams),
        RegistryCommand::Fmt(args) => fmt::run(args, environment, streams),
        RegistryCommand::Diff(args) => diff::run(args, environment, streams),
        RegistryCommand::Timeline(args) => timeline::run(args, environment, streams),
        RegistryCommand::Export(args) => export::run(args, environment, streams),
        RegistryCommand::Import(args) => import::run(args, environment, streams),
    }
}

/// A registry file: where it is, and what messages call it.
struct Located {
    path: PathBuf,
    name: String,
}

/// The file that was named; else the usual one, here or at the top of the work tree.
fn locate(file: Option<&Path>, folder: &Path) -> Result<Located, Error> {
    if let Some(file) = file {
        let name = file.to_string_lossy().into_owned();
        return Ok(Located { path: folder.join(file), name });
    }
    let here = folder.join(REGISTRY_PATH);
    let top = || {
        let repo = Repository::open(folder, &Limits::default()).ok()?;
        Some(repo.work_dir()?.join(REGISTRY_PATH))
    };
    let found = if here.is_file() { Some(here) } else { top().filter(|path| path.is_file()) };
    match found {
        Some(path) => Ok(Located { path, name: REGISTRY_PATH.to_owned() }),
        None => Err(Error::unusable(
            format!("there is no {REGISTRY_PATH} here"),
            "name the file, or write one: gatecheck init",
        )),
    }
}
