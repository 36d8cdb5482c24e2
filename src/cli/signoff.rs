//! `gatecheck signoff …`: the bytes that reviewers sign.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::{RepositoryArgs, TrustArgs};

/// Arguments of `signoff`.
#[derive(Args, Clone, Debug)]
pub struct SignoffArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SignoffCommand,
}

/// What can be done with a sign-off.
#[derive(Subcommand, Clone, Debug)]
pub enum SignoffCommand {
    /// Print the exact bytes that a reviewer signs
    Payload(SignoffPayloadArgs),
    /// Check the sign-offs of a manifest before it is committed
    Check(SignoffCheckArgs),
}

/// Arguments of `signoff payload`.
#[derive(Args, Clone, Debug)]
pub struct SignoffPayloadArgs {
    /// The manifest
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,

    /// Whose sign-off
    #[arg(long, value_name = "ID")]
    pub reviewer: String,

    /// For which domain, where the reviewer signs off several
    #[arg(long, value_name = "ID")]
    pub domain: Option<String>,

    /// Print the statement (JSON) instead of its signing bytes
    #[arg(long)]
    pub statement: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: TrustArgs,
}

/// Arguments of `signoff check`.
#[derive(Args, Clone, Debug)]
pub struct SignoffCheckArgs {
    /// The manifest
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: TrustArgs,
}
