//! `gatecheck signoff …`: manifests, the bytes that reviewers sign, and whether their signatures fit.

mod add;
mod check;
mod command;
pub(super) mod desk;
mod dissent;
mod files;
mod me;
mod merge;
mod mine;
mod new;
mod open;
mod payload;
mod said;
pub(super) mod vouch;
pub(super) mod who;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

pub use self::add::SignoffAddArgs;
pub use self::check::SignoffCheckArgs;
pub(super) use self::command::quoted;
pub use self::dissent::SignoffDissentArgs;
pub use self::me::SignerArgs;
pub use self::merge::SignoffMergeArgs;
pub use self::mine::{SignoffSignArgs, SignoffSupersedeArgs, SignoffWithdrawArgs};
pub use self::new::{SignoffNewArgs, SignoffReattestArgs};
pub use self::open::DraftArgs;
pub use self::payload::SignoffPayloadArgs;
use super::arguments::TrustArgs;
use super::environment::Environment;
use super::exit::Exit;
use super::streams::Streams;
use crate::check::{InForce, Request};
use crate::error::Error;
use crate::model::gate::ManifestPaths;
use crate::model::text::shown;
use crate::model::{Limits, ManifestName};
use crate::repo::Repository;
use crate::report::AnchorSource;

/// Arguments of `signoff`.
#[derive(Args, Clone, Debug)]
pub struct SignoffArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SignoffCommand,
}

/// What can be done with a sign-off.
#[derive(Subcommand, Clone, Debug)]
pub enum SignoffCommand {
    /// Draft the manifest of the next gate
    New(Box<SignoffNewArgs>),
    /// Add my sign-off to a manifest and sign it
    Add(Box<SignoffAddArgs>),
    /// Sign a sign-off of mine that is there and unsigned
    Sign(Box<SignoffSignArgs>),
    /// Mark a sign-off of mine as withdrawn
    Withdraw(Box<SignoffWithdrawArgs>),
    /// Mark a sign-off of mine as superseded by a correction
    Supersede(Box<SignoffSupersedeArgs>),
    /// Put a signed objection on record before the gate
    Dissent(Box<SignoffDissentArgs>),
    /// Draft a manifest that attests an accepted gate again
    Reattest(Box<SignoffReattestArgs>),
    /// Unite what two people added to one manifest (also as git's merge driver)
    Merge(SignoffMergeArgs),
    /// Print the exact bytes that a reviewer signs
    Payload(Box<SignoffPayloadArgs>),
    /// Check the sign-offs of a manifest before it is committed
    Check(Box<SignoffCheckArgs>),
}

/// Does it.
pub fn run(
    args: &SignoffArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    match &args.command {
        SignoffCommand::New(args) => new::run(args, environment, streams),
        SignoffCommand::Add(args) => add::run(args, environment, streams),
        SignoffCommand::Sign(args) => mine::sign(args, environment, streams),
        SignoffCommand::Withdraw(args) => mine::withdraw(args, environment, streams),
        SignoffCommand::Supersede(args) => mine::supersede(args, environment, streams),
        SignoffCommand::Dissent(args) => dissent::run(args, environment, streams),
        SignoffCommand::Reattest(args) => new::reattest(args, environment, streams),
        SignoffCommand::Merge(args) => merge::run(args, environment, streams),
        SignoffCommand::Payload(args) => payload::run(args, environment, streams),
        SignoffCommand::Check(args) => check::run(args, environment, streams),
    }
}

/// What is asked of the judge: the history up to what is checked out, whatever lies elsewhere.
fn request(trust: &TrustArgs, environment: &Environment, limits: Limits) -> Result<Request, Error> {
    if trust.registry.is_some() {
        return Err(Error::unusable(
            "--registry pins a registry for commits, and sign-offs rest on that of the repository",
            "leave --registry out",
        ));
    }
    Ok(Request {
        tip: Some("HEAD".to_owned()),
        anchor: trust.anchor(environment)?,
        anchor_signer: trust.anchor_signer,
        trust_on_first_use: trust.trust_on_first_use,
        branch: trust.branch.clone(),
        ..Request::new(trust.now(environment), limits, environment.cores.max(1))
    })
}

/// Asks on the terminal; `--yes` answers it. Whoever cannot be asked has to say so beforehand.
fn ask(
    yes: bool,
    question: &str,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<bool, Error> {
    if yes {
        return Ok(true);
    }
    if !environment.stdin_is_terminal {
        return Err(Error::unusable(
            "nobody can be asked: standard input is no terminal; nothing was signed",
            "say beforehand that it should be signed: --yes",
        ));
    }
    streams.say(&format!("{question} Type y and Enter, anything else leaves all as it is."));
    let mut answer = String::new();
    let stdin = std::io::stdin().lock();
    let read = std::io::BufRead::read_line(&mut std::io::Read::take(stdin, 64), &mut answer);
    let failed = |source| Error::File { path: "standard input".into(), source };
    read.map_err(failed)?;
    let agreed = matches!(answer.trim(), "y" | "Y" | "yes");
    if !agreed {
        streams.say("nothing was signed");
    }
    Ok(agreed)
}

/// Which registry is used, for people.
pub(super) fn say_registry(in_force: &InForce, streams: &mut Streams<'_>) {
    let registry = &in_force.registry;
    let project = match registry.project.as_str() {
        "" => "a project without an id".to_owned(),
        project => format!("project {}", shown(project)),
    };
    streams.say(&format!(
        "registry: serial {} of commit {}, in force at HEAD {}; {project}, mainline {}",
        registry.serial,
        in_force.commit.short(),
        in_force.tip.short(),
        shown(&in_force.mainline)
    ));
    if in_force.ahead {
        streams.say(&format!(
            "note: that commit is not on {0} yet, and a merge that brings a registry and a gate is \
             judged by the registry before: land the ceremony first, git merge --no-ff -S {1} on {0}",
            shown(&in_force.mainline),
            in_force.commit
        ));
    }
    if in_force.anchor.source == AnchorSource::FirstUse {
        let pin = match registry.project.as_str() {
            "" => "--anchor COMMIT".to_owned(),
            project => format!("git config --global gatecheck.{}.anchor COMMIT", shown(project)),
        };
        streams.say(&format!(
            "note: no anchor is pinned, so this is the repository's own word; {pin} pins one"
        ));
    }
}

/// A manifest as it was named: its path in the repository, and what that is by its name.
struct Place {
    file: PathBuf,
    path: String,
    name: ManifestName,
    /// It does not lie where it is to be committed.
    elsewhere: bool,
}

fn place(
    manifest: &Path,
    repo: &Repository,
    paths: &ManifestPaths,
    environment: &Environment,
) -> Result<Place, Error> {
    let file = environment.folder.join(manifest);
    let whole =
        file.canonicalize().map_err(|source| Error::File { path: manifest.to_owned(), source })?;
    let inside = repo.work_dir().and_then(|top| {
        let below = whole.strip_prefix(top.canonicalize().ok()?).ok()?.to_str()?.to_owned();
        Some(if cfg!(windows) { below.replace('\\', "/") } else { below })
    });
    if let Some(path) = &inside
        && let Some(name) = paths.classify(path)
    {
        return Ok(Place { file, path: path.clone(), name, elsewhere: false });
    }
    // A draft may lie anywhere; its name says what it will be.
    let last = whole.file_name().unwrap_or_default().to_string_lossy();
    let folder = paths.folder();
    let path = if folder.is_empty() { last.to_string() } else { format!("{folder}/{last}") };
    match paths.classify(&path) {
        Some(name) => Ok(Place { file, path, name, elsewhere: true }),
        None => Err(Error::unusable(
            format!("{} is not the name of a manifest", shown(&last)),
            format!("this registry's manifests are named {paths}, for example {}", paths.epoch(1)),
        )),
    }
}
