//! `gatecheck registry timeline`.

use std::sync::Arc;

use clap::Args;

use super::super::arguments::HistoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge;
use super::super::progress;
use super::super::streams::Streams;
use super::super::verify::{RunArgs, VerifyArgs};
use crate::check;
use crate::error::Error;
use crate::model::text::{shown, typed};
use crate::model::{Limits, Registry, ReviewerId, Time};
use crate::registry;
use crate::repo::Repository;
use crate::report::{AnchorSource, Report, Verdict};

/// Arguments of `registry timeline`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: when could ada sign, and which gates fall into that time?\n  \
    gatecheck registry timeline --reviewer ada\n\n\
    This is a picture, not a verdict: `gatecheck verify` judges.")]
pub struct RegistryTimelineArgs {
    /// Only this reviewer
    #[arg(long, value_name = "ID")]
    pub reviewer: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

pub(super) fn run(
    args: &RegistryTimelineArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (registry, gates) = match &args.history.trust.registry {
        Some(file) => {
            let limits = args.history.resources.limits()?;
            let pinned = judge::read_pinned(&environment.folder.join(file), &limits)?;
            let name = shown(&file.to_string_lossy());
            streams.say(&format!("the registry is {name}; a registry of your own has no gates"));
            let help = format!("gatecheck registry lint {}", typed(&file.to_string_lossy()));
            (usable(pinned.reading.registry.as_ref(), &name, help)?, Vec::new())
        }
        None => of_history(args, environment, streams)?,
    };
    let registry = match &args.reviewer {
        Some(name) => only(&registry, name)?,
        None => registry,
    };
    let now = args.history.trust.now(environment);
    let picture = registry::timeline(&registry, &gates, environment.width, Some(now));
    streams.print(picture.as_bytes())?;
    Ok(Exit::PASS)
}

fn usable(
    registry: Option<&Arc<Registry>>,
    name: &str,
    help: String,
) -> Result<Arc<Registry>, Error> {
    let registry = registry.map(Arc::clone);
    registry.ok_or_else(|| Error::unusable(format!("the registry {name} cannot be used"), help))
}

/// Epochs and their dates.
type Gates = Vec<(u64, Time)>;

/// The registry in force at the end of the judged history, and the gates that passed.
fn of_history(
    args: &RegistryTimelineArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<(Arc<Registry>, Gates), Error> {
    let judging = VerifyArgs { run: RunArgs::from(&args.history), ..VerifyArgs::default() };
    let mut request = judging.request(environment)?;
    // A look must not move the checkpoint on.
    request.checkpoint = None;
    let report = {
        let progress = progress::reporter(environment, !args.history.resources.no_progress);
        judge::judge(&request, progress.as_ref())?
    };
    if report.anchor.as_ref().is_none_or(|anchor| anchor.source == AnchorSource::FirstUse) {
        streams.say("no anchor is pinned: this shows what the repository says of itself");
    }
    let pinned = report.anchor.as_ref().is_some_and(|a| a.source != AnchorSource::FirstUse);
    if report.verdict == Verdict::Refused || (pinned && report.verdict != Verdict::Pass) {
        let verdict = report.verdict.name();
        streams.say(&format!("this history is {verdict}: gatecheck verify says why"));
    }
    let repo = Repository::open(&request.folder, &Limits::default())?;
    let commit = report.registry.as_ref().and_then(|registry| registry.commit);
    let reading = match commit {
        Some(commit) => check::registry_of(&repo, commit)?,
        None => None,
    };
    let Some(reading) = reading else { return Err(nothing(&report)) };
    let help = "gatecheck verify says what is wrong with it".to_owned();
    let registry = usable(reading.registry.as_ref(), "of the history", help)?;
    let refused = report.gates.iter().filter(|gate| gate.verdict != Verdict::Pass).count();
    if refused > 0 {
        streams.say(&format!("{refused} gates that do not hold are left out"));
    }
    let gates = report.gates.iter().filter(|gate| gate.verdict == Verdict::Pass);
    let gates = gates.filter_map(|gate| Some((gate.epoch?, gate.committer_time?))).collect();
    Ok((registry, gates))
}

fn nothing(report: &Report) -> Error {
    let worst = report.worst_first();
    let why = worst.first().map_or("it holds none", |finding| finding.message.as_str());
    Error::unusable(
        format!("no registry was in force in the judged history: {why}"),
        "gatecheck verify says what is wrong; --registry FILE shows a registry of your own",
    )
}

fn only(registry: &Registry, name: &str) -> Result<Arc<Registry>, Error> {
    let known = ReviewerId::new(name).filter(|id| registry.reviewers.contains_key(id));
    let Some(id) = known else {
        let all: Vec<&str> = registry.reviewers.keys().map(ReviewerId::as_str).collect();
        return Err(Error::unusable(
            format!("the registry lists no reviewer {}", shown(name)),
            format!("there are: {}", all.join(", ")),
        ));
    };
    let mut registry = registry.clone();
    registry.keys.retain(|key| key.reviewer == id);
    Ok(Arc::new(registry))
}
