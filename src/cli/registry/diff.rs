//! `gatecheck registry diff`.

use std::sync::Arc;

use clap::Args;

use super::super::arguments::RepositoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge;
use super::super::output::Color;
use super::super::revision::resolve;
use super::super::streams::Streams;
use super::locate;
use crate::check;
use crate::error::Error;
use crate::model::registry::REGISTRY_PATH;
use crate::model::step::RegistryReading;
use crate::model::text::shown;
use crate::model::{Limits, Registry};
use crate::registry;
use crate::render::{self, Format};
use crate::repo::Repository;

/// Arguments of `registry diff`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: what does my work tree change against the last commit?\n  \
    gatecheck registry diff HEAD\n\n\
    What is only written differently (order, comments, defaults) is no difference.")]
pub struct RegistryDiffArgs {
    /// The old one: a commit, or a file
    #[arg(value_name = "OLD")]
    pub old: String,

    /// The new one: a commit, or a file [default: the one in the work tree]
    #[arg(value_name = "NEW")]
    pub new: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,
}

pub(super) fn run(
    args: &RegistryDiffArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let old = read(&args.old, args, environment)?;
    let new = match &args.new {
        Some(name) => read(name, args, environment)?,
        None => {
            let folder = args.repository.folder(environment);
            let file = locate(None, &folder)?;
            Arc::clone(&judge::read_pinned_as(&file.path, &file.name, &Limits::default())?.reading)
        }
    };
    let (Some(before), Some(after)) = (&old.registry, &new.registry) else {
        let unusable = [&old, &new].into_iter().filter(|reading| reading.registry.is_none());
        let problems: Vec<_> = unusable.flat_map(|reading| reading.problems.clone()).collect();
        streams.print(&render::findings(
            &problems,
            Format::Human,
            &Color::Auto.style(environment),
        ))?;
        return Err(Error::unusable(
            "one of the two registries cannot be read",
            "mend what the findings show, or compare others",
        ));
    };
    streams.print(words(before, after).as_bytes())?;
    Ok(Exit::PASS)
}

fn words(old: &Registry, new: &Registry) -> String {
    let changes = registry::diff(old, new);
    if changes.is_empty() {
        return "no difference in what they say\n".to_owned();
    }
    changes.iter().map(|change| format!("{change}\n")).collect()
}

/// A file, where there is one of that name; else a commit's.
fn read(
    name: &str,
    args: &RegistryDiffArgs,
    environment: &Environment,
) -> Result<Arc<RegistryReading>, Error> {
    let path = environment.folder.join(name);
    let limits = Limits::default();
    if path.is_file() {
        return Ok(Arc::clone(&judge::read_pinned_as(&path, name, &limits)?.reading));
    }
    let repo = Repository::open(&args.repository.folder(environment), &limits)?;
    let commit = resolve(&repo, name)?;
    check::registry_of(&repo, commit)?.ok_or_else(|| {
        Error::unusable(
            format!("{} holds no {REGISTRY_PATH}", shown(name)),
            format!("git log --oneline -- {REGISTRY_PATH} lists the commits that changed it"),
        )
    })
}
