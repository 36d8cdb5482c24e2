//! `gatecheck verify-attestation FILE`: is it signed by somebody who may, and is it true?

use std::path::PathBuf;

use clap::Args;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::{Prepared, read_bounded};
use super::super::judging::JudgeArgs;
use super::super::progress;
use super::super::streams::Streams;
use super::{attest, parse_uri, untrue};
use crate::check;
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::model::text::shown;
use crate::render::Format;
use crate::rules::summary as rule;
use crate::statement::{self, Envelope, Summary};

/// Arguments of `verify-attestation`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: check an attestation against your own clone and your own anchor\n  \
    gatecheck verify-attestation verdict.json --anchor 0123456789abcdef0123456789abcdef01234567\n\n\
    The repository is judged again, at the commit that the attestation names, and must say the same:\n\
    nothing is taken from the file on trust. The signature must be one that the registry in force at\n\
    that commit lets count, by a person's key that nobody has reported lost since.\n\n\
    Exit status: 0 signed and true; 1 refused; 2 your own input cannot be used; 3 undecided."
)]
pub struct VerifyAttestationArgs {
    /// The attestation
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The resource that it must be about
    #[arg(long, value_name = "URI", value_parser = parse_uri)]
    pub resource: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub judging: JudgeArgs,
}

/// Reads the file, judges the repository, compares.
pub fn run(
    args: &VerifyAttestationArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let judging = &args.judging;
    let limits = judging.resources.limits()?;
    let bytes = read_bounded(&environment.folder.join(&args.file), limits.file_bytes)?;
    let (envelope, said) = match read(&bytes, &limits) {
        Ok(read) => read,
        Err(finding) => {
            return tell(args, vec![*finding], Exit::REFUSED, None, environment, streams);
        }
    };
    let Prepared { repo, asked, cache } =
        judging.prepare(Some(said.tip.to_string()), false, said.every_commit, environment)?;
    let attested = {
        let progress = progress::reporter(environment, !judging.resources.no_progress);
        let signed = Some((&envelope, said.time));
        check::judge_attestation(&repo, &asked, signed, cache, progress.as_ref())?
    };
    let (mut findings, _) = attest::verdict(&attested);
    findings.extend(untrue(&attested, &asked, &said));
    if let Some(expected) = args.resource.as_deref().filter(|expected| *expected != said.resource) {
        findings.push(rule::other_resource(&said.resource, expected));
    }
    let exit = match findings.iter().map(|finding| finding.severity).max() {
        _ if attested.report.input_unusable => Exit::UNUSABLE,
        Some(Severity::Error) => Exit::REFUSED,
        Some(Severity::Undecided) => Exit::UNDECIDED,
        _ if attested.signers.is_empty() => Exit::UNDECIDED,
        _ => Exit::of_report(&attested.report),
    };
    let who: Vec<String> = attested
        .signers
        .iter()
        .map(|s| format!("{} of {}", s.fingerprint, s.reviewer_id))
        .collect();
    tell(args, findings, exit, Some((&said, who)), environment, streams)
}

/// The envelope, and what its statement says.
fn read(bytes: &[u8], limits: &crate::model::Limits) -> Result<(Envelope, Summary), Box<Finding>> {
    let envelope = Envelope::read(bytes, limits).map_err(|error| {
        let bare = statement::read_summary(bytes.trim_ascii_end()).is_ok();
        Box::new(if bare { rule::unsigned() } else { rule::not_one(&error.to_string()) })
    })?;
    let said = statement::read_summary(&envelope.payload)
        .map_err(|error| Box::new(rule::not_one(&error.to_string())))?;
    Ok((envelope, said))
}

fn tell(
    args: &VerifyAttestationArgs,
    findings: Vec<Finding>,
    exit: Exit,
    said: Option<(&Summary, Vec<String>)>,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let judging = &args.judging;
    let human = judging.format == Format::Human;
    judging.print(&findings, environment, streams)?;
    if !human {
        return Ok(exit);
    }
    let mut text = String::new();
    if let Some((said, who)) = said.filter(|_| exit == Exit::PASS) {
        text.push_str(&format!("commit: {}\n", said.tip));
        if let Some((epoch, gate)) = said.gate {
            text.push_str(&format!("gate: epoch {epoch}, {gate}\n"));
        }
        text.push_str(&format!("judged: {} from {}\n", said.time, said.anchor));
        for who in who {
            text.push_str(&format!("signed: {who}\n"));
        }
        let resource = shown(&said.resource);
        let known = said.resource == statement::project_resource(&said.project);
        if !known && args.resource.is_none() {
            text.push_str(&format!(
                "resource: {resource}, as the attestation says; --resource URI checks it\n"
            ));
        }
    }
    text.push_str(match exit {
        Exit::PASS => "yes: the attestation is signed by somebody who may, and it is true\n",
        Exit::UNDECIDED => "undecided: whether the attestation is true cannot be told\n",
        Exit::UNUSABLE => "no answer: your own input cannot be used\n",
        _ => "no: the attestation does not hold\n",
    });
    streams.print(text.as_bytes())?;
    Ok(exit)
}
