//! What commands share that look something up in a history and judge nothing.

use clap::ValueEnum;

use super::arguments::HistoryArgs;
use super::environment::Environment;
use super::judge::read_checkpoint;
use super::streams::Streams;
use super::verify::{RunArgs, VerifyArgs};
use crate::check;
use crate::error::{Error, Result};
use crate::model::Registry;
use crate::model::text::shown;
use crate::repo::Repository;
use crate::report::{Anchor, AnchorSource};
use crate::signature::FactCache;

/// How an answer is written.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerFormat {
    /// For people
    #[default]
    Human,
    /// One JSON document
    Json,
}

/// Everything that a look at a history needs.
pub(super) struct Look {
    pub(super) repo: Repository,
    pub(super) request: check::Request,
    pub(super) cache: Option<FactCache>,
}

/// From the arguments of a command line. The checkpoint is heeded and never moved on.
pub(super) fn look(
    tip: Option<&String>,
    history: &HistoryArgs,
    environment: &Environment,
) -> Result<Look> {
    if history.trust.registry.is_some() {
        return Err(Error::unusable(
            "--registry pins a registry for commits, and this is about the gates of a history",
            "leave --registry out",
        ));
    }
    let asked =
        VerifyArgs { tip: tip.cloned(), run: RunArgs::from(history), ..VerifyArgs::default() };
    let asked = asked.request(environment)?;
    let checkpoint = match &asked.checkpoint {
        Some(path) => read_checkpoint(path)?,
        None => None,
    };
    let request = check::Request {
        tip: asked.tip,
        anchor: asked.anchor,
        anchor_signer: asked.anchor_signer,
        trust_on_first_use: asked.trust_on_first_use,
        checkpoint,
        branch: asked.branch,
        ..check::Request::new(asked.now, asked.limits, asked.jobs)
    };
    Ok(Look {
        repo: Repository::open(&asked.folder, &asked.limits)?,
        request,
        cache: asked.cache.as_deref().and_then(|folder| FactCache::open(folder).ok()),
    })
}

/// Says where nobody outside of the repository vouches for what is told.
pub(super) fn say_unpinned(anchor: &Anchor, registry: &Registry, streams: &mut Streams<'_>) {
    if anchor.source != AnchorSource::FirstUse {
        return;
    }
    let pin = match registry.project.as_str() {
        "" => "--anchor COMMIT".to_owned(),
        project => format!("git config --global gatecheck.{}.anchor COMMIT", shown(project)),
    };
    streams.say(&format!(
        "note: no anchor is pinned, so this is the repository's own word; {pin} pins one"
    ));
}
