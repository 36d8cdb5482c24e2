//! Arguments that several commands share, and how their values are read.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::environment::Environment;
use crate::error::Error;
use crate::model::text::shown;
use crate::model::{Fingerprint, Limits, Oid, Time};
use crate::repo::Repository;
use crate::report::AnchorSource;

/// Which repository.
#[derive(Args, Clone, Debug, Default)]
pub struct RepositoryArgs {
    /// The repository to look at, instead of the one around the current folder
    #[arg(help_heading = None::<&str>, long, value_name = "FOLDER")]
    pub repo: Option<PathBuf>,
}

impl RepositoryArgs {
    /// Where to begin to look for a repository.
    #[must_use]
    pub fn folder(&self, environment: &Environment) -> PathBuf {
        match &self.repo {
            Some(folder) => environment.folder.join(folder),
            None => environment.folder.clone(),
        }
    }
}

/// What the verifier trusts, and what time it is for him.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Trust")]
pub struct TrustArgs {
    /// The full id of the commit that trust starts from (else GATECHECK_ANCHOR, else your git configuration)
    #[arg(long, value_name = "COMMIT", value_parser = parse_commit)]
    pub anchor: Option<Oid>,

    /// The full fingerprint of the key that must have signed the anchor
    #[arg(long, value_name = "FINGERPRINT", value_parser = parse_fingerprint)]
    pub anchor_signer: Option<Fingerprint>,

    /// Without an anchor, trust the first registry that the history brings
    #[arg(long, conflicts_with = "anchor")]
    pub trust_on_first_use: bool,

    /// Remember the last accepted gate here, and refuse a history that does not pass through it
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,

    /// Judge the gates of this branch, one of the registry's `branches`
    #[arg(long, value_name = "REF")]
    pub branch: Option<String>,

    /// Judge every commit by this registry, whatever the history says
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,

    /// Take this for the time of the run (RFC 3339), instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Time>,
}

impl TrustArgs {
    /// The anchor that the flag or the variable names, and which of them it was.
    ///
    /// A variable that is set to nothing is refused: somebody meant to pin an anchor.
    pub fn anchor(&self, environment: &Environment) -> Result<Option<(Oid, AnchorSource)>, Error> {
        if let Some(anchor) = self.anchor {
            return Ok(Some((anchor, AnchorSource::Flag)));
        }
        let Some(value) = environment.variable("GATECHECK_ANCHOR") else { return Ok(None) };
        let help = "set it to the full commit id, or unset it";
        let text = value.to_string_lossy();
        if self.trust_on_first_use {
            return Err(Error::unusable(
                "GATECHECK_ANCHOR names an anchor, and --trust-on-first-use asks for none",
                "leave out one of the two",
            ));
        }
        match parse_commit(&text) {
            Ok(anchor) => Ok(Some((anchor, AnchorSource::Environment))),
            Err(problem) => Err(Error::unusable(
                format!("GATECHECK_ANCHOR is `{}`: {problem}", shown(&text)),
                help,
            )),
        }
    }

    /// The run's clock.
    #[must_use]
    pub fn now(&self, environment: &Environment) -> Time {
        self.at.unwrap_or(environment.now)
    }
}

/// How much a run may use.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Resources")]
pub struct ResourceArgs {
    /// Threads that check signatures [default: as many as the machine has]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Raise or lower a bound on what is read, for example `file-bytes=4194304`
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse_limit, action = ArgAction::Append)]
    pub limits: Vec<(&'static str, u64)>,

    /// Keep facts about signatures in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_cache")]
    pub cache: Option<PathBuf>,

    /// Neither read nor keep facts about signatures
    #[arg(long)]
    pub no_cache: bool,

    /// Show no progress bar
    #[arg(long)]
    pub no_progress: bool,
}

impl ResourceArgs {
    /// Threads to use.
    #[must_use]
    pub fn jobs(&self, environment: &Environment) -> usize {
        self.jobs.map_or(environment.cores, usize::from).max(1)
    }

    /// Where facts about signatures are kept; `None` keeps none.
    #[must_use]
    pub fn cache_folder(&self, environment: &Environment) -> Option<PathBuf> {
        match (&self.cache, self.no_cache) {
            (_, true) => None,
            (Some(folder), false) => Some(environment.folder.join(folder)),
            (None, false) => usual_cache(environment),
        }
    }

    /// The bounds that apply. The last one given wins.
    pub fn limits(&self) -> Result<Limits, Error> {
        let mut limits = Limits::default();
        for (name, value) in &self.limits {
            limits
                .set(name, *value)
                .map_err(|unknown| Error::unusable(unknown.to_string(), "use one of these"))?;
        }
        Ok(limits)
    }
}

/// Which history, what is trusted of it, and how much may be used.
#[derive(Args, Clone, Debug, Default)]
pub struct HistoryArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub repository: RepositoryArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub trust: TrustArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub resources: ResourceArgs,
}

/// The user's folder for facts: `$XDG_CACHE_HOME/gatecheck`, else `~/.cache/gatecheck`.
fn usual_cache(environment: &Environment) -> Option<PathBuf> {
    let folder = |name: &str| {
        environment.variable(name).map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(caches.join("gatecheck"))
}

/// No path or ref of an honest caller holds a control character; in a message or a build log it
/// would pass for the program's own words.
pub(super) fn refuse_control_characters(args: &[OsString]) -> Result<(), Error> {
    let bad =
        args.iter().map(|arg| arg.to_string_lossy()).find(|arg| arg.contains(char::is_control));
    match bad {
        None => Ok(()),
        Some(arg) => Err(Error::unusable(
            format!("the argument `{}` holds a control character", shown(&arg)),
            "leave it out",
        )),
    }
}

/// A full commit id. Anything shorter, or a ref, would be resolved by the repository, which is
/// what an anchor must not depend on.
pub(super) fn parse_commit(text: &str) -> Result<Oid, String> {
    Oid::from_hex(text.trim()).ok_or_else(|| {
        "a full commit id has 40 or 64 hexadecimal digits; `git rev-parse NAME` prints it"
            .to_owned()
    })
}

/// The anchor that the user's or the system's git configuration pins for a project.
pub(super) fn configured_anchor(project: &str) -> Result<Option<(Oid, AnchorSource)>, Error> {
    let key = format!("gatecheck.{project}.anchor");
    let Some(value) = Repository::user_config(&key)? else { return Ok(None) };
    let anchor = parse_commit(&value).map_err(|problem| {
        Error::unusable(
            format!("the git configuration sets {} to `{}`: {problem}", shown(&key), shown(&value)),
            format!("git config --global {} COMMIT", shown(&key)),
        )
    })?;
    Ok(Some((anchor, AnchorSource::Config)))
}

pub(super) fn parse_fingerprint(text: &str) -> Result<Fingerprint, String> {
    Fingerprint::parse(text).map_err(|_| {
        "a full fingerprint has 40 or 64 hexadecimal digits, or is `SHA256:` and 43 characters; \
         `gpg --fingerprint` or `ssh-keygen -l` prints it"
            .to_owned()
    })
}

pub(super) fn parse_time(text: &str) -> Result<Time, String> {
    Time::parse(text).map_err(|problem| format!("{problem}; write 2026-06-11T12:00:00Z"))
}

pub(super) fn parse_limit(text: &str) -> Result<(&'static str, u64), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "write NAME=VALUE, for example commits=1000".to_owned())?;
    let known = Limits::NAMES.iter().find(|known| **known == name);
    let name = known.ok_or_else(|| crate::model::limits::UnknownLimit.to_string())?;
    let value = value.parse().map_err(|_| "the value is a whole number".to_owned())?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(anchor: Option<&str>) -> Environment {
        let variables = anchor.map(|value| ("GATECHECK_ANCHOR", value));
        Environment::fixed(Time::from_unix_clamped(0), variables)
    }

    #[test]
    fn the_flag_comes_before_the_variable() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let args = TrustArgs { anchor: Oid::from_hex(&a), ..TrustArgs::default() };
        let none = TrustArgs::default();
        let with = environment(Some(&b));
        assert_eq!(
            args.anchor(&with).unwrap(),
            Some((Oid::from_hex(&a).unwrap(), AnchorSource::Flag))
        );
        assert_eq!(
            none.anchor(&with).unwrap(),
            Some((Oid::from_hex(&b).unwrap(), AnchorSource::Environment))
        );
        assert_eq!(none.anchor(&environment(None)).unwrap(), None);
    }

    #[test]
    fn an_anchor_that_names_no_single_commit_is_refused() {
        for bad in ["", " ", "main", "HEAD", "abc123", "v1.0", &"g".repeat(40)] {
            let error = TrustArgs::default().anchor(&environment(Some(bad))).unwrap_err();
            assert!(error.to_string().contains("40 or 64"), "{error}");
            assert!(parse_commit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn first_use_does_not_silence_an_anchor() {
        let args = TrustArgs { trust_on_first_use: true, ..TrustArgs::default() };
        assert!(args.anchor(&environment(Some(&"a".repeat(40)))).is_err());
        assert_eq!(args.anchor(&environment(None)).unwrap(), None);
    }

    #[test]
    fn limits_are_read_by_name() {
        assert_eq!(parse_limit("commits=7"), Ok(("commits", 7)));
        for bad in ["commits", "commits=", "commits=-1", "commits=1k", "nope=1", "=1"] {
            assert!(parse_limit(bad).is_err(), "{bad}");
        }
        let args = ResourceArgs {
            limits: vec![("commits", 7), ("commits", 9)],
            ..ResourceArgs::default()
        };
        assert_eq!(args.limits().unwrap().commits, 9);
    }
}
