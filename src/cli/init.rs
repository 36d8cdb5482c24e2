//! `gatecheck init`: the first registry of a project.

use clap::Args;

use super::arguments::{RepositoryArgs, parse_fingerprint};
use crate::model::Fingerprint;

/// Arguments of `init`.
#[derive(Args, Clone, Debug, Default)]
pub struct InitArgs {
    /// The project's id [default: the name of the repository's folder]
    #[arg(long, value_name = "ID")]
    pub project: Option<String>,

    /// The first reviewer's id
    #[arg(long, value_name = "ID")]
    pub reviewer: Option<String>,

    /// The first reviewer's key, in full [default: `user.signingKey`]
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    pub key: Option<Fingerprint>,

    /// The mainline [default: the branch that is checked out]
    #[arg(long, value_name = "REF")]
    pub mainline: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,
}
