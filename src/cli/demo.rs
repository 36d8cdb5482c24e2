//! `gatecheck demo [DIR]`: a small repository with gates that pass and gates that do not.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `demo`.
#[derive(Args, Clone, Debug, Default)]
pub struct DemoArgs {
    /// Where to make it; must be empty or not there yet [default: a new temporary folder]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}
