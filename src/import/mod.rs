//! Builds a pinned registry from lists of keys that projects already keep: a folder of OpenPGP
//! certificates, an SSH `allowed_signers` file, or the history of a Guix channel.
//!
//! Pure functions from bytes to bytes; whoever calls them reads and writes. What these lists do
//! not say is guessed the narrow way, and every guess is told in a note: an imported registry is
//! a draft that a person reads before pinning it.

mod allowed_signers;
mod certificates;
mod codeowners;
mod guix;
mod people;
mod scheme;
mod ssh;
mod write;

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::model::{KeyFile, Limits};

pub use certificates::import_certificates;
pub use codeowners::{Owners, Proposal, import_codeowners};
pub use guix::{GuixChannel, GuixVersion, import_guix_channel};
pub use ssh::import_allowed_signers;

/// What the source of keys cannot know.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions<'a> {
    /// `[project] id`.
    pub project: &'a str,
    /// `[project] mainline`, a full ref name.
    pub mainline: &'a str,
    /// Bounds: `file-bytes` for each file, `key-files` for how many there are.
    pub limits: &'a Limits,
}

/// A file by its name alone, without folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Its name, as the source has it: data of whoever wrote it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A registry that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The registry, format 1.1.0.
    pub registry: String,
    /// Key files by path. The paths begin with `keys/`, where the registry file itself stands:
    /// write `keys/a.asc` as `a.asc` beside it.
    pub key_files: BTreeMap<String, Vec<u8>>,
    /// What was guessed, joined or left out, in plain English, already escaped.
    pub notes: Vec<String>,
}

/// What a key file holds; `signature` makes these facts.
pub type KeyReader<'a> = &'a dyn Fn(&[u8]) -> KeyFile;

/// One file must be within the bound `file-bytes`.
fn check_size(what: &str, bytes: &[u8], options: &ImportOptions<'_>) -> Result<()> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let most = options.limits.file_bytes;
    if size > most {
        return Err(Error::unusable(
            format!("{what} has {size} bytes; the bound file-bytes allows {most}"),
            format!("raise the bound with --limit file-bytes={size}"),
        ));
    }
    Ok(())
}

/// There must not be more files than the bound `key-files`.
fn check_count(count: usize, options: &ImportOptions<'_>) -> Result<()> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let most = options.limits.key_files;
    if count > most {
        return Err(Error::unusable(
            format!("there are {count} keys or files; the bound key-files allows {most}"),
            format!("raise the bound with --limit key-files={count}"),
        ));
    }
    Ok(())
}
