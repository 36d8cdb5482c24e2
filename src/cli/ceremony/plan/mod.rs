//! `gatecheck ceremony plan …`.

mod args;
mod draft;
mod keys;
pub(super) mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub use self::args::CeremonyPlanArgs;
pub(super) use self::args::parse_reviewer;
use self::args::{CommonArgs, KeyArgs, PlanKind};
use self::draft::{Draft, draft};
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::output::write_whole;
use super::super::progress;
use super::super::signoff::say_registry;
use super::super::streams::Streams;
use super::{part, tell, word};
use crate::ceremony::{self, Request};
use crate::check::{self, InForce};
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::model::text::shown;
use crate::model::{CeremonyRecord, Limits, RecordName, RecordedFile, Time};
use crate::repo::digest::sha256;
use crate::source::Source;

impl PlanKind {
    const fn common(&self) -> &CommonArgs {
        match self {
            Self::Enroll(args) => &args.common,
            Self::Rotate(args) => &args.common,
            Self::Retire(args) => &args.common,
            Self::Compromise(args) => &args.common,
            Self::Amend(args) => &args.common,
            Self::Requalify(args) | Self::Override(args) => &args.common,
        }
    }
}

pub(super) fn run(
    args: &CeremonyPlanArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let common = args.kind.common();
    let (repo, limits) = common.basis.open(environment)?;
    let asked = common.basis.anchor.request(environment, limits)?;
    let in_force = {
        let progress = progress::reporter(environment, true);
        check::in_force(&repo, &asked, None, progress.as_ref())?
    };
    say_registry(&in_force, streams);
    let mut known = check::key_files_in_force(&repo, &in_force)?;
    let draft = draft(&args.kind, &in_force.registry, &known, environment, &limits)?;
    // Retired keys approve nothing.
    let keys = in_force.registry.keys.iter().filter(|key| key.is_standing());
    let standing: BTreeSet<&str> = keys.map(|key| key.public_key.as_str()).collect();
    known.retain(|path, _| standing.contains(path.as_str()));
    let request = request(common, &in_force, draft, known, &limits)?;
    let staged = repo.staged()?;
    let silent = &crate::progress::Silent;
    let foreseen = check::foresee_ceremony(&repo, &asked, &request, staged.as_ref(), silent)?;
    let (_, others) = part(foreseen.findings.clone());
    let refused = others.iter().any(|finding| finding.severity >= Severity::Undecided);
    let name = default_name(&request);
    let target = common.output.clone().unwrap_or_else(|| PathBuf::from(&name));
    let to_stdout = target.as_os_str() == "-";
    let brought = check::Carried::of(&request, &limits).brought;
    let file = next_file(&target, to_stdout, &name);
    let text = words::plan(&request, &brought, &foreseen, refused, &file);
    if to_stdout {
        streams.say(text.trim_end());
    } else {
        streams.print(text.as_bytes())?;
    }
    if !others.is_empty() {
        tell(&others, streams);
    }
    if refused {
        streams.say("nothing was written: approvals would not make this hold");
        return Ok(Exit::REFUSED);
    }
    if common.dry_run {
        streams.say("nothing was written (--dry-run)");
        return Ok(Exit::PASS);
    }
    let text = ceremony::request::write(&request);
    if to_stdout {
        streams.print(text.as_bytes())?;
        return Ok(Exit::PASS);
    }
    let path = environment.folder.join(&target);
    if common.output.is_none() && path.symlink_metadata().is_ok() {
        return Err(Error::unusable(
            format!("{} is there already, perhaps with approvals", shown(&name)),
            format!("move it away, or name the file: --output {name}"),
        ));
    }
    write_whole(&path, text.as_bytes())
        .map_err(|source| Error::File { path: target.clone(), source })?;
    streams.say(&format!("written: {}", word(&target)));
    Ok(Exit::PASS)
}

fn next_file(target: &std::path::Path, to_stdout: bool, name: &str) -> String {
    if to_stdout { name.to_owned() } else { word(target) }
}

fn default_name(request: &Request) -> String {
    let last = request.path().rsplit('/').next().unwrap_or_default();
    format!("ceremony-{last}")
}

/// Puts the parts together, and reads the record as everybody will.
fn request(
    common: &CommonArgs,
    in_force: &InForce,
    draft: Draft,
    known: BTreeMap<String, Vec<u8>>,
    limits: &Limits,
) -> Result<Request, Error> {
    let previous = &in_force.registry;
    let next = draft.edited.registry;
    let name = RecordName { serial: next.serial, kind: draft.kind, reviewer: draft.about };
    let path = name.path();
    let files: BTreeMap<String, Vec<u8>> = draft.files;
    let record = CeremonyRecord {
        source: Source::new(path.as_str(), ""),
        serial: next.serial,
        kind: draft.kind,
        previous_registry_sha256: previous.sha256,
        registry_sha256: next.sha256,
        parent: in_force.tip,
        reason: common.reason.clone(),
        charter_ack: common.charter_ack.clone(),
        witnesses: common.witness.clone(),
        concerns: draft.concerns,
        removed: draft.removed,
        files: files
            .iter()
            .map(|(path, bytes)| RecordedFile { path: path.clone(), sha256: sha256(bytes) })
            .collect(),
        approvals: Vec::new(),
        spots: BTreeMap::new(),
    };
    let text = ceremony::write(&record);
    let reading = ceremony::read(&path, text.as_bytes(), limits);
    let Some(record) = reading.record else {
        return Err(because(&reading.problems));
    };
    let request = Request {
        record: record.as_ref().clone(),
        previous: std::sync::Arc::clone(previous),
        next,
        files,
        known,
    };
    // What is written must be read again where it is approved.
    let text = ceremony::request::write(&request);
    ceremony::request::read("the request", text.as_bytes(), limits)
        .map_err(|problems| because(&problems))
}

fn because(problems: &[Finding]) -> Error {
    let (why, help) = problems
        .first()
        .map_or(("it cannot be written", ""), |p| (p.message.as_str(), p.help.as_str()));
    Error::unusable(format!("this makes no ceremony: {why}; nothing was written"), help)
}

/// The beginning of the day.
fn midnight(time: Time) -> Result<Time, Error> {
    Time::parse(&time.date()).map_err(|error| Error::Defect(format!("today is no date: {error}")))
}
