//! `gatecheck registry …`: look at a registry, or bring it into shape.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::{RepositoryArgs, TrustArgs, parse_time};
use crate::model::Time;

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
    /// Say what changed between two registries, and what ceremony that needs
    Diff(RegistryDiffArgs),
    /// Show whose keys are in force when
    Timeline(RegistryTimelineArgs),
    /// Make a registry from keys that a project has already
    Import(RegistryImportArgs),
}

/// Where a registry usually lies.
const USUAL_PATH: &str = "keys/reviewer-registry.toml";

/// Arguments of `registry lint`.
#[derive(Args, Clone, Debug)]
pub struct RegistryLintArgs {
    /// The registry
    #[arg(value_name = "FILE", default_value = USUAL_PATH)]
    pub file: PathBuf,

    /// Take this for the time of the run (RFC 3339), instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Time>,
}

/// Arguments of `registry fmt`.
#[derive(Args, Clone, Debug)]
pub struct RegistryFmtArgs {
    /// The registry
    #[arg(value_name = "FILE", default_value = USUAL_PATH)]
    pub file: PathBuf,

    /// Change nothing; fail with the difference where there is one
    #[arg(long)]
    pub check: bool,
}

/// Arguments of `registry diff`.
#[derive(Args, Clone, Debug)]
pub struct RegistryDiffArgs {
    /// The old one: a commit, or a file
    #[arg(value_name = "OLD")]
    pub old: String,

    /// The new one: a commit, or a file [default: the one in the work tree]
    #[arg(value_name = "NEW")]
    pub new: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,
}

/// Arguments of `registry timeline`.
#[derive(Args, Clone, Debug)]
pub struct RegistryTimelineArgs {
    /// Only this reviewer
    #[arg(long, value_name = "ID")]
    pub reviewer: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: TrustArgs,
}

/// Arguments of `registry import`.
#[derive(Args, Clone, Debug)]
pub struct RegistryImportArgs {
    /// Key files, or an `allowed_signers` file
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// The project's id
    #[arg(long, value_name = "ID")]
    pub project: Option<String>,

    /// Where the registry is written, which must not be there yet; `-` for standard output
    #[arg(long, value_name = "PATH", default_value = "-")]
    pub to: PathBuf,
}
