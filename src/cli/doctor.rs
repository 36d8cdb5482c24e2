//! `gatecheck doctor`: is this repository fit to be judged?

use clap::Args;

use super::arguments::{RepositoryArgs, TrustArgs};
use super::environment::Environment;
use super::exit::Exit;
use super::judge;
use super::streams::Streams;
use super::verify::{Request, RunArgs, VerifyArgs};
use crate::error::Error;
use crate::finding::{Code, Severity};
use crate::model::Limits;
use crate::model::text::shown_up_to;
use crate::progress::Silent;
use crate::repo::{self, Ailment, Repository};
use crate::report::AnchorSource;

/// Arguments of `doctor`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: say why a verdict is undecided in a fresh checkout\n  \
    gatecheck doctor --repo ~/src/project\n\n\
    Exit status: 0 nothing keeps a verdict from being reached; 3 something does.")]
pub struct DoctorArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: TrustArgs,
}

/// Characters of one line.
const LINE_CHARS: usize = 4_096;

/// Looks the repository over, and says what mends it.
pub fn run(
    args: &DoctorArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let folder = args.repository.folder(environment);
    let repo = match Repository::open(&folder, &Limits::default()) {
        Ok(repo) => repo,
        // That it cannot even be opened is what people come here for.
        Err(Error::CannotRead { problem, help }) => {
            let ailment = Ailment { what: problem, command: help, undecides: true };
            return tell(&[ailment], "this had to be mended first; then run it again", streams);
        }
        Err(error) => return Err(error),
    };
    let tip = repo.head().ok().map(|head| head.commit);
    let mut ailments = repo::doctor(&repo, tip)?;
    drop(repo);
    let judging = VerifyArgs {
        run: RunArgs {
            repository: args.repository.clone(),
            trust: args.trust.clone(),
            ..RunArgs::default()
        },
        ..VerifyArgs::default()
    };
    let more = judged(judging.request(environment)?, &mut ailments);
    ailments.extend(more);
    tell(&ailments, "", streams)
}

/// What keeps the judge itself from a verdict, as far as it is about the clone or the anchor.
/// Where the judge came through from a pinned anchor, what the clone lacks does not matter.
fn judged(request: Request, known: &mut [Ailment]) -> Vec<Ailment> {
    // A look must not move the checkpoint on.
    let request = Request { checkpoint: None, record_commits: false, ..request };
    let report = match judge::judge(&request, &Silent) {
        Ok(report) => report,
        Err(Error::Unusable { problem, help } | Error::CannotRead { problem, help }) => {
            return vec![Ailment { what: problem, command: help, undecides: true }];
        }
        Err(error) => {
            let help = "gatecheck verify".to_owned();
            return vec![Ailment { what: error.to_string(), command: help, undecides: true }];
        }
    };
    let gap = |code| matches!(code, Code::MissingObject | Code::ShallowHistory);
    let pinned = report.anchor.as_ref().is_some_and(|a| a.source != AnchorSource::FirstUse);
    if pinned && !report.input_unusable && !report.findings.iter().any(|f| gap(f.code)) {
        for ailment in known.iter_mut() {
            ailment.undecides = false;
        }
    }
    // A clone that lacks something is told once, by the first thing that it lacks.
    let lacking = known.iter().any(|ailment| ailment.undecides);
    let mut found: Vec<Ailment> = report
        .findings
        .iter()
        .filter(|finding| match finding.code {
            code if gap(code) => !lacking,
            Code::NoAnchor | Code::RegistryMissing | Code::FutureDated => true,
            _ => false,
        })
        .filter(|finding| finding.severity >= Severity::Undecided)
        .map(|finding| Ailment {
            what: finding.message.clone(),
            command: finding.help.clone(),
            undecides: true,
        })
        .collect();
    found.dedup();
    found
}

fn tell(ailments: &[Ailment], last: &str, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let undecided = ailments.iter().filter(|ailment| ailment.undecides).count();
    let mut text = String::new();
    for ailment in ailments {
        let severity = if ailment.undecides { Severity::Undecided } else { Severity::Note };
        let shown = |text: &str| shown_up_to(text, LINE_CHARS);
        text.push_str(&format!("{}: {}\n", severity.name(), shown(&ailment.what)));
        text.push_str(&format!("  help: {}\n", shown(&ailment.command)));
    }
    if !ailments.is_empty() {
        text.push('\n');
    }
    text.push_str(&match (undecided, ailments.len()) {
        (0, 0) => "healthy: nothing here keeps a verdict from being reached\n".to_owned(),
        (0, n) => {
            format!("healthy: nothing here keeps a verdict from being reached; {n} to know about\n")
        }
        (1, _) => "undecided: 1 thing keeps a verdict from being reached\n".to_owned(),
        (n, _) => format!("undecided: {n} things keep a verdict from being reached\n"),
    });
    streams.print(text.as_bytes())?;
    if !last.is_empty() {
        streams.say(last);
    }
    Ok(if undecided > 0 { Exit::UNDECIDED } else { Exit::PASS })
}
