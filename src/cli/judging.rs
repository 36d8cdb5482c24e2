//! What commands share that judge as `verify` does, and have findings to tell and no report.

use clap::Args;

use super::arguments::{RepositoryArgs, ResourceArgs, TrustArgs};
use super::environment::Environment;
use super::judge::{self, Prepared};
use super::output::{Color, findings_parser};
use super::streams::Streams;
use super::verify::{RunArgs, VerifyArgs};
use crate::error::Error;
use crate::finding::Finding;
use crate::render::{self, Format};

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
    /// Opens the repository and makes the request of a command that judges as `verify` does.
    ///
    /// # Errors
    /// As [`judge::prepare`].
    pub(super) fn prepare(
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
            run: RunArgs {
                repository: self.repository.clone(),
                trust: self.trust.clone(),
                resources: self.resources.clone(),
                ..RunArgs::default()
            },
            ..VerifyArgs::default()
        };
        judge::prepare(&judging.request(environment)?)
    }

    /// Prints findings as they were asked for: for people, nothing where there are none.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub fn print(
        &self,
        findings: &[Finding],
        environment: &Environment,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        if self.format == Format::Human && findings.is_empty() {
            return Ok(());
        }
        streams.print(&render::findings(findings, self.format, &self.color.style(environment)))
    }
}
