//! `gatecheck init`: the first registry of a project.

mod text;

use std::io::{self, Write as _};
use std::path::Path;

use clap::Args;

use self::text::{Draft, DraftKey};
use super::arguments::{RepositoryArgs, parse_fingerprint};
use super::environment::Environment;
use super::exit::Exit;
use super::keys_at_work;
use super::output::new_file_beside;
use super::streams::Streams;
use crate::error::Error;
use crate::model::registry::{KEYS_FOLDER, KeyFormat, REGISTRY_PATH};
use crate::model::text::shown;
use crate::model::{Age, Fingerprint, KeyFile, Limits, ReviewerId, Time};
use crate::registry::{self, NotFormatted};
use crate::repo::Repository;
use crate::signature::KeyPool;
use crate::signing::Settings;

/// Arguments of `init`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: found the registry of the project that you stand in\n  \
    gatecheck init --project my-project\n\n\
    Your key is the one that git signs with (user.signingKey in your own configuration). Nothing\n\
    is overwritten, and no private key is read.")]
pub struct InitArgs {
    /// The project's id [default: the name of the repository's folder]
    #[arg(long, value_name = "ID")]
    pub project: Option<String>,

    /// The first reviewer's id [default: from `user.email`]
    #[arg(long, value_name = "ID")]
    pub reviewer: Option<String>,

    /// The first reviewer's key, in full [default: `user.signingKey`]
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    pub key: Option<Fingerprint>,

    /// The mainline [default: the branch that is checked out]
    #[arg(long, value_name = "REF")]
    pub mainline: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,
}

/// How long the first key is planned to act; below the default of `max_key_days`.
const KEY_DAYS: u32 = 730;

/// Writes the registry and the key file, and says what comes next.
pub fn run(
    args: &InitArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let limits = Limits::default();
    let repo = Repository::open(&args.repository.folder(environment), &limits)?;
    let Some(top) = repo.work_dir() else {
        return Err(Error::unusable(
            "this repository is bare: there is no work tree to write a registry to",
            "run it in a clone with a work tree",
        ));
    };
    let registry = top.join(REGISTRY_PATH);
    if registry.symlink_metadata().is_ok() {
        return Err(Error::unusable(
            format!("there is a {REGISTRY_PATH} already, and nothing is overwritten"),
            "gatecheck registry lint looks it over",
        ));
    }
    let settings = Settings::of_user()?;
    let home = environment.variable("HOME").map(Path::new);
    let bytes = settings.public_key(args.key, home, &environment.folder, &limits)?;
    let reviewer = reviewer(args, &settings)?;
    let key = match &bytes {
        Some(bytes) => Some(first_key(args, bytes, &reviewer, environment.now, &limits)?),
        None => None,
    };
    let mut draft = Draft {
        project: project(args, top)?,
        mainline: mainline(args, &repo)?,
        name: settings.name.clone().unwrap_or_else(|| reviewer.to_string()),
        email: settings.email.clone(),
        reviewer,
        key,
    };
    let text = canonical(&draft.text())?;
    if let (Some(key), Some(bytes)) = (&mut draft.key, &bytes) {
        let reading = registry::read(REGISTRY_PATH, text.as_bytes(), &limits);
        let file = KeyPool::new().add_file(bytes, &limits);
        key.problem = reading.registry.and_then(|registry| {
            let files = [(key.public_key.as_str(), &file)];
            keys_at_work::unable(&registry, &files, environment.now).into_iter().next()
        });
    }
    let folder = top.join(KEYS_FOLDER);
    let failed = |source| Error::File { path: folder.clone(), source };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    if let (Some(key), Some(bytes)) = (&draft.key, &bytes) {
        // The registry comes last: a key file that nothing names yet changes nothing.
        write_new(&top.join(&key.public_key), bytes)?;
    }
    write_new(&registry, text.as_bytes())?;
    streams.print(draft.next_steps().as_bytes())?;
    Ok(Exit::PASS)
}

fn reviewer(args: &InitArgs, settings: &Settings) -> Result<ReviewerId, Error> {
    if let Some(named) = &args.reviewer {
        return ReviewerId::new(named).ok_or_else(|| {
            Error::unusable(
                format!("{} is no reviewer's id", shown(named)),
                "use lower-case letters, digits, `.`, `_` and `-`, at most 64: --reviewer ada",
            )
        });
    }
    let local = settings.email.as_deref().and_then(|email| email.split('@').next());
    let all = [local, settings.name.as_deref(), Some("maintainer")];
    let found = all.into_iter().flatten().find_map(|text| ReviewerId::new(&slug(text)));
    found.ok_or_else(|| Error::Defect("no reviewer's id could be made".to_owned()))
}

/// The nearest text that is an id; it may be empty.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() || (".-_".contains(c) && !slug.is_empty()) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(64);
    slug.trim_end_matches('-').to_owned()
}

fn project(args: &InitArgs, top: &Path) -> Result<String, Error> {
    if let Some(named) = &args.project {
        return Ok(named.clone());
    }
    let name = top.file_name().map(|name| slug(&name.to_string_lossy())).unwrap_or_default();
    if name.is_empty() {
        return Err(Error::unusable(
            "the folder's name makes no project id",
            "name the project: gatecheck init --project my-project",
        ));
    }
    Ok(name)
}

fn mainline(args: &InitArgs, repo: &Repository) -> Result<String, Error> {
    let named = args.mainline.as_ref().map(|name| {
        if name.starts_with("refs/") { name.clone() } else { format!("refs/heads/{name}") }
    });
    named.or_else(|| repo.head_branch().filter(|name| name.starts_with("refs/heads/"))).ok_or_else(
        || {
            Error::unusable(
                "HEAD is on no branch, so the mainline is not known",
                "name it: gatecheck init --mainline main",
            )
        },
    )
}

/// The one key that the exported bytes hold.
fn first_key(
    args: &InitArgs,
    bytes: &[u8],
    reviewer: &ReviewerId,
    now: Time,
    limits: &Limits,
) -> Result<DraftKey, Error> {
    let file = KeyPool::new().add_file(bytes, limits);
    if file.holds_secret {
        return Err(Error::unusable(
            "what user.signingKey leads to holds a private key, and nothing was written",
            "name the public half: git config --global user.signingKey ~/.ssh/KEY.pub",
        ));
    }
    let (format, fingerprint) = only_key(&file)?;
    if let Some(wanted) = args.key {
        let held = wanted == fingerprint
            || file.certificates.iter().any(|certificate| certificate.key(wanted).is_some());
        if !held {
            return Err(Error::unusable(
                format!("your signing key is {fingerprint}, and --key names {wanted}"),
                "leave --key out, or make it your user.signingKey",
            ));
        }
    }
    let ending = if format == KeyFormat::Ssh { "pub" } else { "asc" };
    let midnight = Time::parse(&now.date())
        .map_err(|error| Error::Defect(format!("today is no date: {error}")))?;
    Ok(DraftKey {
        format,
        fingerprint,
        public_key: format!("{KEYS_FOLDER}/{reviewer}.{ending}"),
        from: midnight,
        until: midnight.plus(Age::days(KEY_DAYS)),
        problem: None,
    })
}

fn only_key(file: &KeyFile) -> Result<(KeyFormat, Fingerprint), Error> {
    match (file.certificates.as_slice(), file.ssh_keys.as_slice()) {
        ([certificate], []) => Ok((KeyFormat::OpenPgp, certificate.primary)),
        ([], [(fingerprint, _)]) => Ok((KeyFormat::Ssh, *fingerprint)),
        ([], []) => {
            let why = file.problems.first().map_or("it holds no key", String::as_str);
            Err(Error::unusable(
                format!("your public key cannot be read: {}", shown(why)),
                "check user.signingKey: git config --global --get user.signingKey",
            ))
        }
        (certificates, _) => {
            let all: Vec<String> = certificates.iter().map(|c| c.primary.to_string()).collect();
            Err(Error::unusable(
                "user.signingKey leads to several keys",
                format!("name one in full: gatecheck init --key FINGERPRINT ({})", all.join(", ")),
            ))
        }
    }
}

/// The canonical form; what was asked for may make it unusable.
fn canonical(text: &str) -> Result<String, Error> {
    registry::fmt(text).map_err(|error| match error {
        NotFormatted::Defect(why) => Error::Defect(why),
        NotFormatted::Unusable(problems) => {
            let (why, help) = problems
                .iter()
                .max_by_key(|problem| problem.severity)
                .map_or(("", ""), |problem| (problem.message.as_str(), problem.help.as_str()));
            Error::unusable(
                format!("this makes no usable registry: {why}; nothing was written"),
                help,
            )
        }
    })
}

/// Writes a file whole, and only where there is none. The same bytes may be there already: an
/// earlier run was cut short.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let write = || -> io::Result<()> {
        let mut file = new_file_beside(path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|failed| failed.error)?;
        Ok(())
    };
    match write() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if path.is_file() && std::fs::read(path).map_err(failed)? == bytes {
                return Ok(());
            }
            Err(Error::unusable(
                format!(
                    "{} is there already with other content; nothing is overwritten",
                    path.display()
                ),
                "move it away, or choose another id: gatecheck init --reviewer ID",
            ))
        }
        other => other.map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_from_names() {
        assert_eq!(slug("Ada Lovelace"), "ada-lovelace");
        assert_eq!(slug("  --x"), "x");
        assert_eq!(slug("\u{430}\u{431}"), "");
        assert_eq!(slug("a\u{e9}\u{e9}b."), "a-b.");
        assert_eq!(slug(&"a".repeat(99)).len(), 64);
    }

    #[test]
    fn nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        write_new(&path, b"1").unwrap();
        write_new(&path, b"1").unwrap();
        assert!(matches!(write_new(&path, b"2"), Err(Error::Unusable { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"1");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
