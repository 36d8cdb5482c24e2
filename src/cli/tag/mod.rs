//! `gatecheck tag NAME [COMMIT]`: may this be tagged as a release, and with `--create` do it.

mod create;

use std::path::PathBuf;

use clap::Args;

use super::environment::Environment;
use super::exit::Exit;
use super::judge::{self, Prepared};
use super::judging::JudgeArgs;
use super::progress;
use super::revision;
use super::streams::Streams;
use crate::check::{self, Readiness, TagRef};
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::model::text::{shown, typed};
use crate::model::{GateKind, KeyFile, Oid};
use crate::render::Format;
use crate::report::{AnchorSource, Report, Verdict};
use crate::rules::tag as rule;
use crate::signature;
use crate::signing::Settings;

/// Arguments of `tag`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: may HEAD be released, and then do it\n  \
    gatecheck tag v1.0\n  \
    gatecheck tag v1.0 --create\n\n\
    A release is an accepted epoch gate with nothing uncovered after it. --create has your own git\n\
    sign the tag, judges it as `gatecheck verify-tag` does, and deletes it again if it does not pass.\n\n\
    Exit status: 0 yes (or made); 1 no; 2 your own input cannot be used; 3 undecided.")]
pub struct TagArgs {
    /// The name of the new tag
    #[arg(value_name = "NAME")]
    pub name: String,

    /// What to tag: a ref or a full commit id, with ~N for its Nth first parent [default: HEAD]
    #[arg(value_name = "COMMIT")]
    pub commit: Option<String>,

    /// Sign the tag with git, and judge it
    #[arg(long)]
    pub create: bool,

    /// The tag's message [default: which gate it names]
    #[arg(long, value_name = "TEXT", requires = "create")]
    pub message: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub judging: JudgeArgs,
}

/// How many changed paths a message names.
const PATHS_NAMED: usize = 3;

/// Says yes or no, and tags.
pub fn run(
    args: &TagArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let reference = judge::tag_reference(&args.name)?;
    let judging = &args.judging;
    let Prepared { repo, asked, cache } = judging.prepare(None, false, false, environment)?;
    let commit = revision::resolve(&repo, args.commit.as_deref().unwrap_or("HEAD"))?;
    let settings = Settings::of_user()?;
    let keys = signing_key(&settings, environment, &asked)?;
    let ready = {
        let progress = progress::reporter(environment, !judging.resources.no_progress);
        let keys = Some(&keys);
        check::ready_to_tag(&repo, &asked, &reference, commit, keys, cache, progress.as_ref())?
    };
    let standing = repo.reference(&reference)?;
    let mut findings = ready.report.findings.clone();
    findings.extend(standing.map(|id| rule::exists(&reference, id, "made again")));
    let unclean = repo.uncommitted(PATHS_NAMED.saturating_add(1))?;
    let exit = answer(&findings, &unclean, &ready.report);
    judging.print(&findings, environment, streams)?;
    if judging.format == Format::Human {
        streams.print(told(args, exit, &ready, commit, &unclean).as_bytes())?;
    } else if !unclean.is_empty() {
        streams.say(&format!("error: {}", not_clean(&unclean)));
    }
    if exit != Exit::PASS || !args.create {
        return Ok(exit);
    }
    let message = args.message.clone().unwrap_or_else(|| message(&args.name, &ready.report));
    create::sign_tag(&repo, &settings, environment, rule::short(&reference), commit, &message)?;
    let id = repo.reference(&reference)?.ok_or_else(|| {
        Error::unusable(
            format!("git said that it made the tag {}, and it is not there", shown(&args.name)),
            "git tag --list; check core.hooksPath and the disk",
        )
    })?;
    let tag = TagRef { reference, id, fresh: true };
    // It was signed after this run began.
    let asked = check::Request { now: environment.by_now(asked.now), ..asked };
    let judged = check::verify_tags(
        &repo,
        &asked,
        std::slice::from_ref(&tag),
        None,
        &crate::progress::Silent,
    );
    match judged {
        Ok(report) if report.verdict == Verdict::Pass && !report.input_unusable => {}
        Ok(report) => {
            repo.remove_reference(&tag.reference, id)?;
            judging.print(&report.findings, environment, streams)?;
            streams.say(&format!(
                "error: the tag that git made does not pass; it was deleted again ({id})"
            ));
            return Ok(Exit::of_report(&report));
        }
        Err(error) => {
            repo.remove_reference(&tag.reference, id)?;
            return Err(error);
        }
    }
    let name = shown(rule::short(&tag.reference));
    if judging.format == Format::Human {
        let words = format!("made: {name}, {id}\n  git push origin {}\n", typed(&tag.reference));
        streams.print(words.as_bytes())?;
    } else {
        streams.say(&format!("made: {name}, {id}"));
    }
    Ok(Exit::PASS)
}

/// The public half of the key that the user's own git configuration names.
fn signing_key(
    settings: &Settings,
    environment: &Environment,
    asked: &check::Request,
) -> Result<KeyFile, Error> {
    let home = environment.variable("HOME").map(PathBuf::from);
    let folder = &environment.folder;
    let bytes = settings.public_key(None, home.as_deref(), folder, &asked.limits)?;
    let bytes = bytes.ok_or_else(|| {
        Error::unusable(
            "your git configuration names no key to sign with",
            "git config --global user.signingKey KEY (what a repository's own configuration says does not count)",
        )
    })?;
    let file = signature::read_file(&bytes, &asked.limits);
    if file.holds_secret {
        return Err(Error::unusable(
            "what user.signingKey leads to holds a private key",
            "name the public half: git config --global user.signingKey ~/.ssh/KEY.pub",
        ));
    }
    Ok(file)
}

fn answer(findings: &[Finding], unclean: &[String], report: &Report) -> Exit {
    if report.input_unusable {
        return Exit::UNUSABLE;
    }
    match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Exit::REFUSED,
        _ if !unclean.is_empty() => Exit::REFUSED,
        Some(Severity::Undecided) => Exit::UNDECIDED,
        _ => Exit::PASS,
    }
}

fn not_clean(paths: &[String]) -> String {
    let named: Vec<&str> = paths.iter().take(PATHS_NAMED).map(String::as_str).collect();
    let more = if paths.len() > PATHS_NAMED { ", and more" } else { "" };
    format!("the work tree is not clean: {}{more}", named.join(", "))
}

/// The few lines for people.
fn told(args: &TagArgs, exit: Exit, ready: &Readiness, commit: Oid, unclean: &[String]) -> String {
    let name = shown(&args.name);
    let mut text = String::new();
    if !unclean.is_empty() {
        text.push_str(&format!("error: {}\n  help: git status\n", not_clean(unclean)));
    }
    if let Some(epoch) = epoch_of(&ready.report, commit) {
        text.push_str(&format!("commit: {commit}, the gate of epoch {epoch}\n"));
    }
    if let Some(signer) = &ready.signer {
        text.push_str(&format!("key: {} of {}\n", signer.fingerprint, signer.reviewer_id));
    }
    text.push_str(&match exit {
        Exit::PASS if args.create => format!("yes: {name} can be made; git signs it now\n"),
        Exit::PASS => format!("yes: {name} can be made\n  {}\n", command(args, ready, commit)),
        Exit::UNDECIDED => format!("undecided: whether {name} can be made cannot be told\n"),
        _ => format!("no: {name} cannot be made\n"),
    });
    text
}

/// The same run, with `--create`.
fn command(args: &TagArgs, ready: &Readiness, commit: Oid) -> String {
    let mut command = format!("gatecheck tag {} {commit} --create", typed(&args.name));
    match &ready.report.anchor {
        Some(anchor) if anchor.source == AnchorSource::Flag => {
            command.push_str(&format!(" --anchor {}", anchor.commit));
        }
        Some(anchor) if anchor.source == AnchorSource::FirstUse => {
            command.push_str(" --trust-on-first-use");
        }
        _ => {}
    }
    if let Some(branch) = &args.judging.trust.branch {
        command.push_str(&format!(" --branch {}", typed(branch)));
    }
    if let Some(folder) = &args.judging.repository.repo {
        command.push_str(&format!(" --repo {}", typed(&folder.to_string_lossy())));
    }
    command
}

fn epoch_of(report: &Report, commit: Oid) -> Option<u64> {
    let mut gates = report.gates.iter().filter(|gate| gate.kind == GateKind::Epoch);
    gates.find(|gate| gate.commit == commit || gate.carrier == commit).and_then(|gate| gate.epoch)
}

fn message(name: &str, report: &Report) -> String {
    let gate = epoch_of(report, report.tip.commit)
        .map_or_else(String::new, |epoch| format!("\n\nThe gate of epoch {epoch}."));
    format!("Release {}{gate}", name.strip_prefix("refs/tags/").unwrap_or(name))
}
