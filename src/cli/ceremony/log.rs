//! `gatecheck ceremony log`.

use std::collections::BTreeSet;

use clap::Args;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::progress;
use super::super::streams::Streams;
use super::{BasisArgs, tell};
use crate::check;
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::model::{GateKind, Oid, RecordName};
use crate::repo::Repository;
use crate::report::{GateReport, Report, Verdict};

/// Arguments of `ceremony log`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: how did the registry become what it is?\n  \
    gatecheck ceremony log --anchor 0123456789abcdef0123456789abcdef01234567\n\n\
    Exit status: 0 every ceremony is accepted; 1 one is refused; 2 the anchor cannot be used;\n\
    3 undecided.")]
pub struct CeremonyLogArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub basis: BasisArgs,
}

pub(super) fn run(
    args: &CeremonyLogArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (repo, limits) = args.basis.open(environment)?;
    let asked = args.basis.anchor.request(environment, limits)?;
    let report = {
        let progress = progress::reporter(environment, true);
        check::verify(&repo, &asked, None, progress.as_ref())?
    };
    let ceremonies: Vec<&GateReport> =
        report.gates.iter().filter(|gate| gate.kind == GateKind::Ceremony).collect();
    let mut text = String::new();
    for gate in &ceremonies {
        text.push_str(&line(&repo, gate, &report)?);
    }
    let count = ceremonies.len();
    let noun = if count == 1 { "ceremony" } else { "ceremonies" };
    let now = report
        .registry
        .as_ref()
        .map(|registry| format!("; serial {} is in force", registry.serial));
    text.push_str(&format!("{count} {noun} since the anchor{}\n", now.unwrap_or_default()));
    streams.print(text.as_bytes())?;
    let about = concerning(&report, &ceremonies);
    if !about.is_empty() {
        tell(&about, streams);
    }
    Ok(exit(&report, &ceremonies, &about))
}

/// One ceremony in a line.
fn line(repo: &Repository, gate: &GateReport, report: &Report) -> Result<String, Error> {
    let records = check::records_added(repo, gate.carrier)?;
    let name = records.first().and_then(|added| RecordName::of(&added.path));
    let what = match name {
        Some(RecordName { serial, kind, reviewer }) => {
            let about = reviewer.map(|id| format!(" {id}")).unwrap_or_default();
            format!("{serial:04} {kind}{about}")
        }
        None => "a change of the registry without a record".to_owned(),
    };
    let codes: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| {
            finding.commit == Some(gate.carrier) && finding.severity > Severity::Warning
        })
        .map(|finding| finding.code.name())
        .collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let verdict = match gate.verdict {
        Verdict::Pass => "accepted".to_owned(),
        Verdict::Undecided => format!("undecided: {}", codes.join(", ")),
        Verdict::Refused => format!("refused: {}", codes.join(", ")),
    };
    let date = gate.committer_time.map_or_else(|| "no date".to_owned(), |time| time.date());
    let signer = gate.signer.as_ref().map_or_else(
        || "landed by nobody known".to_owned(),
        |signer| format!("landed by {}", signer.reviewer_id),
    );
    Ok(format!("{date}  {what}  {}  {signer}  {verdict}\n", gate.carrier))
}

/// Findings that concern the ceremonies, or leave open whether there are others.
fn concerning(report: &Report, ceremonies: &[&GateReport]) -> Vec<Finding> {
    let carriers: BTreeSet<Oid> = ceremonies.iter().map(|gate| gate.carrier).collect();
    let about = |finding: &&Finding| match finding.severity {
        Severity::Error => {
            finding.commit.is_none_or(|commit| carriers.contains(&commit))
                || is_about_the_registry(finding.code)
        }
        Severity::Undecided => finding.code != Code::NoGate,
        _ => false,
    };
    report.findings.iter().filter(about).cloned().collect()
}

/// What an ordinary commit or a merge can do to the registry, its keys and its records.
const fn is_about_the_registry(code: Code) -> bool {
    matches!(
        code,
        Code::MainlineReplaced
            | Code::UnauthorisedRegistryChange
            | Code::RegistryRollback
            | Code::RegistryMissing
            | Code::RegistryInvalid
            | Code::RegistryNotRegular
            | Code::CeremonyMismatch
            | Code::CertMismatch
            | Code::SecretKeyCommitted
    )
}

fn exit(report: &Report, ceremonies: &[&GateReport], about: &[Finding]) -> Exit {
    let verdicts = ceremonies.iter().map(|gate| gate.verdict);
    let found = Verdict::of(about.iter().map(|finding| finding.severity));
    match verdicts.fold(found, Verdict::max) {
        _ if report.input_unusable => Exit::UNUSABLE,
        Verdict::Pass => Exit::PASS,
        Verdict::Undecided => Exit::UNDECIDED,
        Verdict::Refused => Exit::REFUSED,
    }
}
