//! What others can check without taking our word for it: attestations of a verdict, and whole histories in
//! one file.

pub mod attest;
pub mod bundle;
pub(super) mod unpack;
pub mod verify_attestation;

use clap::Args;

use super::arguments::{RepositoryArgs, ResourceArgs, TrustArgs};
use super::environment::Environment;
use super::judge::{self, Prepared};
use super::output::{Color, findings_parser};
use super::verify::VerifyArgs;
use crate::error::Error;
use crate::render::Format;
use crate::statement;

/// What `verifier.id` says where nobody else is named.
const VERIFIER: &str = "urn:x-gatecheck:verifier";

/// What is judged, and how its findings look. As `verify` has it, without reports to files.
#[derive(Args, Clone, Debug)]
pub struct JudgeArgs {
    /// How the findings are written
    #[arg(long, value_name = "FORMAT", value_parser = findings_parser(), default_value = "human")]
    pub format: Format,

    /// Whether to use colours (NO_COLOR and CLICOLOR_FORCE are heeded)
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: TrustArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub resources: ResourceArgs,
}

impl JudgeArgs {
    fn prepare(
        &self,
        tip: Option<String>,
        require_covered: bool,
        every_commit: bool,
        environment: &Environment,
    ) -> Result<Prepared, Error> {
        let judging = VerifyArgs {
            tip,
            require_covered,
            every_commit,
            repository: self.repository.clone(),
            trust: self.trust.clone(),
            resources: self.resources.clone(),
            ..VerifyArgs::default()
        };
        judge::prepare(&judging.request(environment)?)
    }
}

/// A value that must be a URI.
fn parse_uri(text: &str) -> Result<String, String> {
    if statement::is_uri(text) {
        return Ok(text.to_owned());
    }
    Err("a URI has a scheme and no spaces, like https://example.org/project.git".to_owned())
}
