//! `gatecheck hook …`: git hooks that judge what is pushed, before it is.

mod install;
mod run;
mod script;
mod update;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::{RepositoryArgs, configured_anchor, parse_commit, parse_fingerprint};
use super::environment::Environment;
use super::exit::Exit;
use super::streams::Streams;
use crate::error::Error;
use crate::model::text::shown;
use crate::model::{Fingerprint, Oid};
use crate::repo::Repository;
use crate::report::AnchorSource;

/// Arguments of `hook`.
#[derive(Args, Clone, Debug)]
pub struct HookArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: HookCommand,
}

/// What can be done with hooks.
#[derive(Subcommand, Clone, Debug)]
pub enum HookCommand {
    /// Write a pre-push hook, or with --server an update hook
    Install(HookInstallArgs),
    /// Judge what a push would change; hooks call this
    Run(HookRunArgs),
}

/// Whom a hook trusts. What it is given when it is installed it keeps.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Trust")]
pub struct HookTrustArgs {
    /// The full id of the commit that trust starts from [default: gatecheck.PROJECT.anchor in your global or system git configuration]
    #[arg(long, value_name = "COMMIT", value_parser = parse_commit)]
    pub anchor: Option<Oid>,

    /// The full fingerprint of the key that must have signed the anchor
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    pub anchor_signer: Option<Fingerprint>,

    /// The project whose anchor the git configuration pins [default: that of HEAD's registry]
    #[arg(long, value_name = "ID")]
    pub project: Option<String>,
}

/// Which repository, and whom the hook trusts there.
#[derive(Args, Clone, Debug, Default)]
pub struct BasisArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: HookTrustArgs,
}

/// Arguments of `hook install`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: judge my pushes here, and everybody's on the server\n  \
    gatecheck hook install\n  \
    gatecheck hook install --server --repo /srv/git/project.git --anchor COMMIT\n\n\
    Judged are pushes to the registry's mainline, to branches with gates of their own, and of tags;\n\
    other branches pass untouched.")]
pub struct HookInstallArgs {
    /// Write an update hook, for a bare repository that is pushed to
    #[arg(long)]
    pub server: bool,

    /// Replace a hook that is there already; it is kept beside the new one
    #[arg(long)]
    pub force: bool,

    /// The program that the hook calls [default: this one]
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub basis: BasisArgs,
}

/// Arguments of `hook run`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Exit status: 0 the push may go on; everything else stops it (1 refused,\n\
    2 the anchor or the arguments cannot be used, 3 undecided).")]
pub struct HookRunArgs {
    /// Which hook git runs.
    #[command(subcommand)]
    pub hook: HookKind,
}

/// Which hook git runs.
#[derive(Subcommand, Clone, Debug)]
pub enum HookKind {
    /// Before a push, on the machine that pushes; what changes is read from standard input
    PrePush(PrePushArgs),
    /// Before a ref changes, on the server
    Update(UpdateArgs),
    /// Before a push, under the pre-commit framework, by its PRE_COMMIT_* variables
    PreCommit(PreCommitArgs),
}

/// Arguments of `hook run pre-push`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: what git's pre-push hook calls, with its standard input\n  \
    gatecheck hook run pre-push origin git@example.org:project.git --repo .git")]
pub struct PrePushArgs {
    /// What git says of the remote: its name and URL
    #[arg(value_name = "REMOTE")]
    pub remote: Vec<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub basis: BasisArgs,
}

/// Arguments of `hook run update`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: what git's update hook calls on the server\n  \
    gatecheck hook run update refs/heads/main OLD NEW --repo /srv/git/project.git")]
pub struct UpdateArgs {
    /// The ref that changes
    #[arg(value_name = "REF")]
    pub reference: String,

    /// Its old value; zeros where it is made
    #[arg(value_name = "OLD")]
    pub old: String,

    /// Its new value; zeros where it is deleted
    #[arg(value_name = "NEW")]
    pub new: String,

    /// Where git keeps the objects of the push until it is accepted (GIT_OBJECT_DIRECTORY)
    #[arg(long, value_name = "FOLDER", default_value = "")]
    pub objects: String,

    /// Where else git reads objects from (GIT_ALTERNATE_OBJECT_DIRECTORIES)
    #[arg(long, value_name = "FOLDERS", default_value = "")]
    pub alternates: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub basis: BasisArgs,
}

/// Arguments of `hook run pre-commit`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: what the pre-commit framework calls before a push\n  \
    gatecheck hook run pre-commit")]
pub struct PreCommitArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub basis: BasisArgs,
}

/// Does it.
pub fn run(
    args: &HookArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    match &args.command {
        HookCommand::Install(args) => install::run(args, environment, streams),
        HookCommand::Run(HookRunArgs { hook: HookKind::PrePush(args) }) => {
            run::pre_push(args, environment, streams)
        }
        HookCommand::Run(HookRunArgs { hook: HookKind::Update(args) }) => {
            run::update(args, environment, streams)
        }
        HookCommand::Run(HookRunArgs { hook: HookKind::PreCommit(args) }) => {
            run::pre_commit(args, environment, streams)
        }
    }
}

impl HookTrustArgs {
    /// The anchor that the flag gives, or the user's or system's git configuration pins for the
    /// project. `None` where neither does.
    fn pinned(&self, project: Option<&str>) -> Result<Option<(Oid, AnchorSource)>, Error> {
        if let Some(anchor) = self.anchor {
            return Ok(Some((anchor, AnchorSource::Flag)));
        }
        let Some(project) = self.project.as_deref().or(project) else { return Ok(None) };
        configured_anchor(project)
    }
}

/// The project that a commit's registry names. It chooses which anchor is looked up, nothing else.
fn project_of(repo: &Repository, commit: Oid) -> Option<String> {
    let reading = crate::check::registry_of(repo, commit).ok()??;
    let project = reading.registry.as_ref()?.project.clone();
    (!project.is_empty()).then_some(project)
}

fn no_anchor(project: Option<&str>) -> Error {
    let key = project.map_or_else(|| "PROJECT".to_owned(), shown);
    Error::unusable(
        "no anchor is pinned, so nobody says where trust starts",
        format!(
            "git config --global gatecheck.{key}.anchor COMMIT, or give it when the hook is installed: gatecheck hook install --force --anchor COMMIT"
        ),
    )
}
