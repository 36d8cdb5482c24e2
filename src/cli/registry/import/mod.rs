//! `gatecheck registry import`.

mod codeowners;
mod guix;
mod write;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::arguments::{RepositoryArgs, parse_commit, parse_limit};
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::read_bounded;
use super::super::keys_at_work;
use super::super::streams::Streams;
use crate::error::Error;
use crate::import::{
    ImportOptions, Imported, NamedFile, import_allowed_signers, import_certificates,
    import_guix_channel,
};
use crate::model::registry::REGISTRY_PATH;
use crate::model::text::typed;
use crate::model::{KeyFile, Limits, Oid};
use crate::registry;
use crate::repo::Repository;
use crate::signature::KeyPool;

/// Arguments of `registry import`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    gatecheck registry import --from openpgp keyring/ --to pinned --project linux\n  \
    gatecheck registry import --from allowed-signers .git-signers --to pinned --project tool\n  \
    gatecheck registry import --from guix --repo nonguix --to pinned --project nonguix\n  \
    gatecheck registry import --from codeowners .github/CODEOWNERS --map @ada=ada\n\n\
    What a list of keys does not say is guessed the narrow way and told. Read the registry before\n\
    you pin it: gatecheck verify --every-commit --registry pinned/reviewer-registry.toml")]
pub struct RegistryImportArgs {
    /// What kind of list it is
    #[arg(long, value_enum, value_name = "KIND")]
    pub from: ImportSource,

    /// The folder of certificates, the allowed_signers or the CODEOWNERS file; none for a Guix channel
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,

    /// The folder that the registry and its key files are written to; must be empty or not there yet
    #[arg(long, value_name = "FOLDER", required_if_eq_any = LISTS)]
    pub to: Option<PathBuf>,

    /// The project's id
    #[arg(long, value_name = "ID", required_if_eq_any = LISTS)]
    pub project: Option<String>,

    /// The project's mainline [default: the branch that is checked out, for a Guix channel; else refs/heads/main]
    #[arg(long, value_name = "REF")]
    pub mainline: Option<String>,

    /// The reviewer whom an owner in CODEOWNERS is; again for each person of a team
    #[arg(long, value_name = "@USER=ID")]
    pub map: Vec<String>,

    /// Report files of HEAD that match this and that CODEOWNERS gives to no human reviewer (exit status 1)
    #[arg(long, value_name = "GLOB")]
    pub sensitive: Vec<String>,

    /// The branch with the certificates of a Guix channel
    #[arg(long, value_name = "BRANCH", default_value = "keyring")]
    pub keyring_branch: String,

    /// The first commit of a Guix channel that is authenticated (its channel introduction)
    #[arg(long, value_name = "COMMIT", value_parser = parse_commit)]
    pub anchor: Option<Oid>,

    /// Raise or lower a bound on what is read, for example `key-files=10000`
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse_limit)]
    pub limits: Vec<(&'static str, u64)>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,
}

/// What makes a registry of its own.
const LISTS: [(&str, &str); 3] =
    [("from", "openpgp"), ("from", "allowed-signers"), ("from", "guix")];

/// Lists that projects keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportSource {
    /// A folder of OpenPGP certificates.
    Openpgp,
    /// An SSH allowed_signers file.
    AllowedSigners,
    /// The history of a Guix channel, and its keyring branch.
    Guix,
    /// A CODEOWNERS file: domains to paste, printed.
    Codeowners,
}

pub(super) fn run(
    args: &RegistryImportArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut limits = Limits::default();
    for (name, value) in &args.limits {
        limits.set(name, *value).map_err(|e| Error::unusable(e.to_string(), "use one of these"))?;
    }
    if args.from == ImportSource::Codeowners {
        return codeowners::run(args, environment, streams, &limits);
    }
    let missing = || Error::Defect("--to and --project are missing".to_owned());
    let (to, project) =
        (args.to.as_ref().ok_or_else(missing)?, args.project.as_ref().ok_or_else(missing)?);
    let to = environment.folder.join(to);
    write::check_free(&to)?;
    let mainline = mainline(args, environment, &limits)?;
    let options = ImportOptions { project, mainline: &mainline, limits: &limits };
    let read = |bytes: &[u8]| KeyPool::new().add_file(bytes, &limits);
    let (imported, first) = match args.from {
        ImportSource::Openpgp => {
            let files = folder_of(&environment.folder.join(path(args)?), &limits)?;
            (import_certificates(&files, &read, &options)?, None)
        }
        ImportSource::AllowedSigners => {
            let file = environment.folder.join(path(args)?);
            let bytes = read_bounded(&file, limits.file_bytes)?;
            (import_allowed_signers(&bytes, &options)?, None)
        }
        ImportSource::Codeowners => return Err(missing()),
        ImportSource::Guix => {
            if args.path.is_some() {
                return Err(Error::unusable(
                    "a Guix channel is a repository, and a path was given",
                    "gatecheck registry import --from guix --repo CHANNEL …",
                ));
            }
            let repo = Repository::open(&args.repository.folder(environment), &limits)?;
            let channel = guix::channel(&repo, &args.keyring_branch, args.anchor)?;
            let first = channel.versions.first().map(|version| version.commit);
            (import_guix_channel(&channel, &read, &options)?, first)
        }
    };
    write::write(&to, &imported)?;
    tell(args, &imported, first, streams);
    tell_unable(&imported, environment, &limits, streams);
    Ok(Exit::PASS)
}

fn path(args: &RegistryImportArgs) -> Result<&Path, Error> {
    args.path.as_deref().ok_or_else(|| {
        let kind = args.from.to_possible_value().map_or(String::new(), |v| v.get_name().to_owned());
        Error::unusable(
            "the path to import from is missing",
            format!("gatecheck registry import --from {kind} PATH …"),
        )
    })
}

fn mainline(
    args: &RegistryImportArgs,
    environment: &Environment,
    limits: &Limits,
) -> Result<String, Error> {
    if let Some(named) = &args.mainline {
        let full = named.starts_with("refs/");
        return Ok(if full { named.clone() } else { format!("refs/heads/{named}") });
    }
    let usual = || "refs/heads/main".to_owned();
    if args.from != ImportSource::Guix {
        return Ok(usual());
    }
    let repo = Repository::open(&args.repository.folder(environment), limits)?;
    let head = repo.head()?.reference.filter(|name| name.starts_with("refs/heads/"));
    Ok(head.unwrap_or_else(usual))
}

/// The regular files of a folder, by name. Links are followed: it is the user's own folder.
fn folder_of(folder: &Path, limits: &Limits) -> Result<Vec<NamedFile>, Error> {
    let failed = |source| Error::File { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            names.push(path);
        }
        if names.len() as u64 > limits.key_files {
            return Err(Error::unusable(
                format!("{} holds more than {} files", folder.display(), limits.key_files),
                "raise the bound with --limit key-files=N",
            ));
        }
    }
    names.sort();
    names
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(NamedFile { name, bytes: read_bounded(&path, limits.file_bytes)? })
        })
        .collect()
}

/// Keys that are in the registry and whose signatures would not count all the same.
fn tell_unable(
    imported: &Imported,
    environment: &Environment,
    limits: &Limits,
    streams: &mut Streams<'_>,
) {
    let reading = registry::read(REGISTRY_PATH, imported.registry.as_bytes(), limits);
    let Some(registry) = reading.registry else { return };
    let files: Vec<(&str, KeyFile)> = imported
        .key_files
        .iter()
        .map(|(path, bytes)| (path.as_str(), KeyPool::new().add_file(bytes, limits)))
        .collect();
    let files: Vec<(&str, &KeyFile)> = files.iter().map(|(path, file)| (*path, file)).collect();
    let unable = keys_at_work::unable(&registry, &files, environment.now);
    for why in &unable {
        streams.say(&format!("note: {why}"));
    }
    if !unable.is_empty() {
        streams.say(
            "note: gatecheck explain CODE tells what to do about that; whether old digests are \
             accepted is `[policy.crypto] refuse` of the registry, which is yours to decide",
        );
    }
}

/// What was guessed, and what to type next.
fn tell(
    args: &RegistryImportArgs,
    imported: &Imported,
    first: Option<Oid>,
    streams: &mut Streams<'_>,
) {
    for note in &imported.notes {
        streams.say(&format!("note: {note}"));
    }
    let to = args.to.as_ref().map(|to| to.to_string_lossy()).unwrap_or_default();
    let registry = typed(&format!("{}/reviewer-registry.toml", to.trim_end_matches('/')));
    streams.say(&format!(
        "{registry} and {} key files are written. Read them; then judge with",
        imported.key_files.len()
    ));
    let repo = args.repository.repo.as_ref().map(|repo| typed(&repo.to_string_lossy()));
    let repo = repo.map_or(String::new(), |repo| format!(" --repo {repo}"));
    let anchor = first.map_or(String::new(), |first| format!(" --anchor {first}"));
    streams.say(&format!("  gatecheck verify{repo} --registry {registry} --every-commit{anchor}"));
    if first.is_some() && args.anchor.is_none() {
        streams.say(
            "note: the anchor above is the first commit that lists keys, by this repository's own \
             word; compare it with the channel's published introduction",
        );
    }
}
