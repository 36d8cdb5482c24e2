//! `gatecheck ceremony …`: change the registry, from the plan to the commit.

mod apply;
mod approve;
mod ask;
mod log;
mod plan;
mod show;

use std::path::Path;

use clap::{ArgAction, Args, Subcommand};

pub use self::apply::CeremonyApplyArgs;
pub use self::approve::CeremonyApproveArgs;
pub use self::log::CeremonyLogArgs;
pub use self::plan::CeremonyPlanArgs;
pub use self::show::CeremonyShowArgs;
use super::arguments::{
    RepositoryArgs, TrustArgs, parse_commit, parse_fingerprint, parse_limit, parse_time,
};
use super::environment::Environment;
use super::exit::Exit;
use super::judge::read_up_to;
use super::streams::Streams;
use crate::ceremony::{self, Request};
use crate::check;
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::model::text::shown;
use crate::model::{Fingerprint, Limits, Oid, Time};
use crate::render::{self, Format, Style};
use crate::repo::Repository;

/// Arguments of `ceremony`.
#[derive(Args, Clone, Debug)]
pub struct CeremonyArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CeremonyCommand,
}

/// What can be done with a ceremony.
#[derive(Subcommand, Clone, Debug)]
pub enum CeremonyCommand {
    /// Prepare a change of the registry: one file that people approve
    Plan(CeremonyPlanArgs),
    /// Sign a request with your own key; no repository is needed
    Approve(Box<CeremonyApproveArgs>),
    /// Put an approved request into the work tree, ready to be committed
    Apply(Box<CeremonyApplyArgs>),
    /// Tell what a ceremony changes, and who approved it
    Show(Box<CeremonyShowArgs>),
    /// List the ceremonies since the anchor, accepted or refused
    Log(Box<CeremonyLogArgs>),
}

/// Does it.
pub fn run(
    args: &CeremonyArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    match &args.command {
        CeremonyCommand::Plan(args) => plan::run(args, environment, streams),
        CeremonyCommand::Approve(args) => approve::run(args, environment, streams),
        CeremonyCommand::Apply(args) => apply::run(args, environment, streams),
        CeremonyCommand::Show(args) => show::run(args, environment, streams),
        CeremonyCommand::Log(args) => log::run(args, environment, streams),
    }
}

/// What the user trusts, and what time it is for them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Trust")]
pub struct AnchorArgs {
    /// The full id of the commit that trust starts from (else GATECHECK_ANCHOR, else your git configuration)
    #[arg(long, value_name = "COMMIT", value_parser = parse_commit)]
    pub anchor: Option<Oid>,

    /// The full fingerprint of the key that must have signed the anchor
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    pub anchor_signer: Option<Fingerprint>,

    /// Without an anchor, trust the first registry that the history brings
    #[arg(long, conflicts_with = "anchor")]
    pub trust_on_first_use: bool,

    /// Take this for the time of the run (RFC 3339), instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Time>,
}

impl AnchorArgs {
    /// What is asked of the judge: the history up to what is checked out.
    fn request(&self, environment: &Environment, limits: Limits) -> Result<check::Request, Error> {
        let trust = TrustArgs {
            anchor: self.anchor,
            trust_on_first_use: self.trust_on_first_use,
            ..TrustArgs::default()
        };
        Ok(check::Request {
            tip: Some("HEAD".to_owned()),
            anchor: trust.anchor(environment)?,
            anchor_signer: self.anchor_signer,
            trust_on_first_use: self.trust_on_first_use,
            ..check::Request::new(self.now(environment), limits, environment.cores.max(1))
        })
    }

    fn now(&self, environment: &Environment) -> Time {
        self.at.unwrap_or(environment.now)
    }
}

/// Bounds on what is read.
#[derive(Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// Raise or lower a bound on what is read, for example `file-bytes=4194304`
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse_limit, action = ArgAction::Append)]
    pub limits: Vec<(&'static str, u64)>,
}

/// What a ceremony rests on: which repository, what is trusted of it, and how much is read.
#[derive(Args, Clone, Debug, Default)]
pub struct BasisArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub anchor: AnchorArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub limits: LimitArgs,
}

impl BasisArgs {
    fn open(&self, environment: &Environment) -> Result<(Repository, Limits), Error> {
        let limits = self.limits.limits()?;
        Ok((Repository::open(&self.repository.folder(environment), &limits)?, limits))
    }
}

impl LimitArgs {
    fn limits(&self) -> Result<Limits, Error> {
        let mut limits = Limits::default();
        for (name, value) in &self.limits {
            limits
                .set(name, *value)
                .map_err(|unknown| Error::unusable(unknown.to_string(), "use one of these"))?;
        }
        Ok(limits)
    }
}

/// Reads a request; what is wrong with it is told in full.
fn read_request(
    path: &Path,
    environment: &Environment,
    limits: &Limits,
    streams: &mut Streams<'_>,
) -> Result<Request, Error> {
    let bytes = read_file(path, environment, limits)?;
    ceremony::request::read(&path.to_string_lossy(), &bytes, limits)
        .map_err(|problems| refused_file(path, &problems, streams))
}

fn read_file(path: &Path, environment: &Environment, limits: &Limits) -> Result<Vec<u8>, Error> {
    read_up_to(&environment.folder.join(path), limits.request_bytes, "request-bytes")
}

fn refused_file(path: &Path, problems: &[Finding], streams: &mut Streams<'_>) -> Error {
    tell(problems, streams);
    Error::unusable(
        format!("{} is no request that can be used", shown(&path.to_string_lossy())),
        "take the file as it was planned: gatecheck ceremony plan makes one",
    )
}

/// Findings, to standard error.
fn tell(problems: &[Finding], streams: &mut Streams<'_>) {
    let text = render::findings(problems, Format::Human, &Style::default());
    streams.say(String::from_utf8_lossy(&text).trim_end());
}

/// Parts findings into approvals that are missing, and everything else.
fn part(findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
    findings.into_iter().partition(|finding| {
        matches!(finding.code, Code::PossessionMissing)
            || finding.code == Code::UnauthorisedRegistryChange
                && finding.severity == Severity::Error
    })
}

/// A path as a shell reads it back, and no command takes for an option.
fn word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let clear = if text.starts_with('-') { "./" } else { "" };
    super::signoff::quoted(&format!("{clear}{text}"))
}

/// Adds lines to a text, with a title, where there are any.
fn section(text: &mut String, title: &str, lines: impl IntoIterator<Item = String>) {
    let lines = render::ceremony::lines(lines);
    if !lines.is_empty() {
        text.push_str(&format!("\n{title}\n{lines}"));
    }
}
