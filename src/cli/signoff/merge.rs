//! `gatecheck signoff merge`: what two people added to one manifest, on two branches.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::read_bounded;
use super::super::output::write_whole;
use super::super::streams::Streams;
use super::files;
use crate::error::Error;
use crate::manifest::edit::{Editing, MergeError, merge};
use crate::model::text::shown;
use crate::model::{Limits, ManifestName};

/// Arguments of `signoff merge`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: by hand, what THEIRS adds is written into OURS:\n  \
    gatecheck signoff merge ours.toml theirs.toml\n\n\
    As git's merge driver, two lines:\n  \
    git config merge.gatecheck.driver \"gatecheck signoff merge %A %B %O\"\n  \
    echo \"epoch_signoffs/*.toml merge=gatecheck\" >> .gitattributes\n\n\
    Exit status: 0 OURS holds both; 1 both changed the same sign-off, or they are about different\n\
    content, and OURS is as it was; 2 a file cannot be used.")]
pub struct SignoffMergeArgs {
    /// The manifest that gets the sign-offs of both
    #[arg(value_name = "OURS")]
    pub ours: PathBuf,

    /// The other manifest
    #[arg(value_name = "THEIRS")]
    pub theirs: PathBuf,

    /// What both began from: then what one side took out stays out
    #[arg(value_name = "BASE")]
    pub base: Option<PathBuf>,
}

pub(super) fn run(
    args: &SignoffMergeArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let limits = Limits::default();
    let read = |path: &Path| {
        let file = environment.folder.join(path);
        files::read_text(&file, &path.to_string_lossy(), &limits)
    };
    let (ours, theirs) = (read(&args.ours)?, read(&args.theirs)?);
    // Where both sides added the file, git's base is empty.
    let base = match &args.base {
        Some(path)
            if !read_bounded(&environment.folder.join(path), limits.file_bytes)?.is_empty() =>
        {
            Some(read(path)?)
        }
        _ => None,
    };
    let path = args.ours.to_string_lossy();
    let name = name_of(&ours, &path)?;
    let editing = Editing { name: &name, path: &path, limits: &limits };
    match merge(&editing, &ours, &theirs, base.as_deref()) {
        Ok(text) if text == ours => Ok(Exit::PASS),
        Ok(text) => {
            let file = environment.folder.join(&args.ours);
            write_whole(&file, text.as_bytes())
                .map_err(|source| Error::File { path: args.ours.clone(), source })?;
            Ok(Exit::PASS)
        }
        Err(MergeError::Unusable(whose, error)) => {
            let name = match whose {
                "ours" => &args.ours,
                "theirs" => &args.theirs,
                _ => args.base.as_ref().unwrap_or(&args.ours),
            };
            Err(files::not_edited(error, &name.to_string_lossy()))
        }
        Err(MergeError::Edit(error)) => Err(files::not_edited(error, &path)),
        Err(error) => {
            streams.say(&format!("conflict: {error}; {} is as it was", shown(&path)));
            if let MergeError::Heads { fields } = &error {
                for (field, ours, theirs) in fields {
                    streams.say(&format!("  {field}: {ours} here, {theirs} there"));
                }
                streams
                    .say("  help: sign-offs bound to other content are void: have them made anew");
            } else {
                streams.say("  help: ask whose sign-off it is which of the two stands");
            }
            Ok(Exit::REFUSED)
        }
    }
}

/// What a manifest says it is; git's merge driver gives files of other names.
fn name_of(text: &str, path: &str) -> Result<ManifestName, Error> {
    let unusable = || {
        Error::unusable(
            format!("{} does not say in [manifest] which epoch it is for", shown(path)),
            "name a manifest: gatecheck signoff merge ours.toml theirs.toml",
        )
    };
    let document: toml_edit::DocumentMut = text.parse().map_err(|_| unusable())?;
    let field = |name: &str| document.get("manifest").and_then(|head| head.get(name));
    let epoch = field("epoch").and_then(toml_edit::Item::as_integer);
    match (epoch.map(u64::try_from), field("name").and_then(toml_edit::Item::as_str)) {
        (Some(Ok(epoch)), _) => Ok(ManifestName::Epoch(epoch)),
        (None, Some(name)) => Ok(ManifestName::Squash(name.to_owned())),
        _ => Err(unusable()),
    }
}
