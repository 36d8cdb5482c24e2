//! `gatecheck registry lint`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::arguments::{parse_limit, parse_time};
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge;
use super::super::output::{Color, findings_parser};
use super::super::streams::Streams;
use super::{Located, locate};
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::model::registry::KEYS_FOLDER;
use crate::model::text::shown;
use crate::model::{Limits, Time};
use crate::registry;
use crate::render::{self, Format};
use crate::rules::keyring::Keyring;
use crate::rules::{Context, certificate, registry_change};
use crate::signature::KeyPool;

/// Arguments of `registry lint`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: check the registry before it is committed\n  \
    gatecheck registry lint keys/reviewer-registry.toml\n\n\
    Exit status: 0 no errors (there may be warnings); 1 errors.")]
pub struct RegistryLintArgs {
    /// The registry [default: keys/reviewer-registry.toml]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Take this for the time of the run (RFC 3339), instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Option<Time>,

    /// How the findings are written
    #[arg(long, value_name = "FORMAT", value_parser = findings_parser(), default_value = "human")]
    pub format: Format,

    /// Whether to use colours (NO_COLOR and CLICOLOR_FORCE are heeded)
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,

    /// Raise or lower a bound on what is read, for example `file-bytes=4194304`
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse_limit)]
    pub limits: Vec<(&'static str, u64)>,
}

pub(super) fn run(
    args: &RegistryLintArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut limits = Limits::default();
    for (name, value) in &args.limits {
        limits.set(name, *value).map_err(|e| Error::unusable(e.to_string(), "use one of these"))?;
    }
    let file = locate(args.file.as_deref(), &environment.folder)?;
    let findings = lint(&file, args.at.unwrap_or(environment.now), &limits)?;
    let style = args.color.style(environment);
    streams.print(&render::findings(&findings, args.format, &style))?;
    let worst = findings.iter().map(|finding| finding.severity).max();
    Ok(match worst {
        Some(Severity::Error) => Exit::REFUSED,
        Some(Severity::Undecided) => Exit::UNDECIDED,
        _ => Exit::PASS,
    })
}

/// Everything about a registry file and the files beside it.
fn lint(file: &Located, now: Time, limits: &Limits) -> Result<Vec<Finding>, Error> {
    let pinned = judge::read_pinned_as(&file.path, &file.name, limits)?;
    let mut findings = registry::lint(&pinned.reading, Some(now));
    let mut pool = KeyPool::new();
    if let Some(registry) = &pinned.reading.registry {
        let mut keyring = Keyring::default();
        for (path, bytes) in &pinned.key_files {
            let read = pool.add_file(bytes, limits);
            findings.extend(read.problems.iter().map(|problem| {
                Finding::new(
                    Code::CertMismatch,
                    format!("a part of {} is not understood", shown(path)),
                )
                .severity(Severity::Warning)
                .compared(shown(problem), "OpenPGP certificates or SSH public keys alone")
                .help("export the key again, for example: gpg --armor --export FINGERPRINT")
            }));
            keyring.accept(path, &read);
        }
        findings.extend(certificate::missing_keys(&Context::pinned(registry, &keyring, now)));
    }
    let folder = file.path.parent().map(Path::to_owned).unwrap_or_default();
    for (name, path) in files_below(&folder, limits)? {
        // A file that is too long to look into is said, not passed over.
        let bytes = judge::read_bounded(&path, limits.file_bytes)?;
        if pool.add_file(&bytes, limits).holds_secret {
            findings.push(registry_change::secret(&format!("{KEYS_FOLDER}/{name}")));
        }
    }
    Ok(findings)
}

/// Every regular file below a folder with its path from there, in order. Links are not followed.
fn files_below(folder: &Path, limits: &Limits) -> Result<Vec<(String, PathBuf)>, Error> {
    let most = usize::try_from(limits.key_files).unwrap_or(usize::MAX);
    let mut files = Vec::new();
    let mut left = vec![(folder.to_owned(), String::new(), 0_u64)];
    while let Some((folder, name, depth)) = left.pop() {
        let failed = |source| Error::File { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let below = entry.file_name().to_string_lossy().into_owned();
            let below = if name.is_empty() { below } else { format!("{name}/{below}") };
            if kind.is_dir() && depth < limits.tree_depth {
                left.push((entry.path(), below, depth.saturating_add(1)));
            } else if kind.is_file() {
                files.push((below, entry.path()));
            }
            if files.len().max(left.len()) > most {
                return Err(Error::unusable(
                    format!("there are more than {most} files beside the registry"),
                    "raise the bound with --limit key-files=N, or keep only key files there",
                ));
            }
        }
    }
    files.sort();
    Ok(files)
}
