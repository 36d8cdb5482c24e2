//! `gatecheck registry export`: a registry's keys as git, gpg and ssh-keygen read them.
//!
//! Whoever reads the result must not be told more than the registry says: what a form cannot
//! express is left out or told.

mod allowed_signers;
mod openpgp;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::arguments::parse_limit;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge;
use super::super::streams::Streams;
use super::locate;
use crate::check::PinnedRegistry;
use crate::error::Error;
use crate::model::registry::{KeyFormat, ReviewerKind};
use crate::model::text::shown;
use crate::model::{Fingerprint, KeyAlgorithm, KeyEntry, Limits, Registry, Reviewer, Time};

/// Arguments of `registry export`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples: what git itself needs to check signatures\n  \
    gatecheck registry export --as allowed-signers > allowed_signers\n  \
    gatecheck registry export --as openpgp | gpg --import\n\n\
    Keys of people are written, retired ones too, with their windows where the form has any (OpenPGP\n\
    has none); compromised keys, and keys that policy refuses, are left out. What git then calls good\n\
    is a signature by one of these keys and no more: it knows no order of registries, no quorum and\n\
    no gate.\n\n\
    The file is taken as it lies there, and a checkout holds whatever was landed. `gatecheck verify`\n\
    says which registry is in force, and since which commit.\n\n\
    Exit status: 0 written; 2 the registry or a key file cannot be used, and nothing is written.")]
pub struct RegistryExportArgs {
    /// The registry [default: keys/reviewer-registry.toml]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// For whom
    #[arg(long = "as", value_name = "KIND")]
    pub kind: ExportKind,

    /// Raise or lower a bound on what is read, for example `file-bytes=4194304`
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = parse_limit)]
    pub limits: Vec<(&'static str, u64)>,
}

/// Who is to read it.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// gpg: the certificates in the key files
    Openpgp,
    /// ssh-keygen and git: an allowed_signers file (gpg.ssh.allowedSignersFile)
    AllowedSigners,
}

impl ExportKind {
    const fn format(self) -> KeyFormat {
        match self {
            Self::Openpgp => KeyFormat::OpenPgp,
            Self::AllowedSigners => KeyFormat::Ssh,
        }
    }
}

pub(super) fn run(
    args: &RegistryExportArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut limits = Limits::default();
    for (name, value) in &args.limits {
        limits.set(name, *value).map_err(|e| Error::unusable(e.to_string(), "use one of these"))?;
    }
    let file = locate(args.file.as_deref(), &environment.folder)?;
    let pinned = judge::read_pinned_as(&file.path, &file.name, &limits)?;
    let Some(registry) = pinned.reading.registry.as_deref() else {
        return Err(Error::unusable(
            format!("{} is no registry that could be used", shown(&file.name)),
            "gatecheck registry lint tells what is wrong with it",
        ));
    };
    // So short as in the report of `verify`.
    let sha256: String = hex::encode(registry.sha256).chars().take(12).collect();
    let mut notes = vec![format!(
        "this is {} as it lies there (serial {}, sha256 {sha256}…), and nobody judged it: \
         gatecheck verify says which registry is in force",
        shown(&file.name),
        registry.serial
    )];
    let compromised = compromised(registry);
    let entries = chosen(registry, args.kind.format(), &compromised, &mut notes);
    let from =
        Source { registry, pinned: &pinned, compromised, limits: &limits, now: environment.now };
    let text = match args.kind {
        ExportKind::Openpgp => openpgp::write(&entries, &from, &mut notes)?,
        ExportKind::AllowedSigners => allowed_signers::write(&entries, &from, &mut notes)?,
    };
    if text.is_empty() {
        notes.push("nothing is left to be written".to_owned());
    }
    for note in &notes {
        streams.say(&format!("note: {note}"));
    }
    streams.print(&text)?;
    Ok(Exit::PASS)
}

/// What is exported.
struct Source<'r> {
    registry: &'r Registry,
    pinned: &'r PinnedRegistry,
    /// Every key that an entry calls so.
    compromised: BTreeSet<Fingerprint>,
    limits: &'r Limits,
    now: Time,
}

impl Source<'_> {
    fn bytes_of(&self, entry: &KeyEntry) -> Result<&[u8], Error> {
        self.pinned.key_files.get(&entry.public_key).map(Vec::as_slice).ok_or_else(|| {
            Error::unusable(
                format!("the key file {} is not there", shown(&entry.public_key)),
                "gatecheck registry lint tells what else is wrong",
            )
        })
    }

    /// From when on policy refuses what such a key signs; the first moment of all where it always does.
    fn refused_from(&self, algorithm: KeyAlgorithm) -> Option<Time> {
        let refusals = self.registry.policy.crypto.refuse.iter();
        refusals
            .filter(|refusal| refusal.what.is_key(algorithm))
            .map(|refusal| refusal.from.unwrap_or(Time::from_unix_clamped(i64::MIN)))
            .min()
    }
}

/// An entry that is written, its key, and whose it is.
type Chosen<'r> = (&'r KeyEntry, Fingerprint, &'r Reviewer);

fn compromised(registry: &Registry) -> BTreeSet<Fingerprint> {
    let entries = registry.keys.iter().filter(|entry| entry.is_compromised());
    entries.filter_map(|entry| entry.fingerprint).collect()
}

/// What is written, and in the notes what is not.
fn chosen<'r>(
    registry: &'r Registry,
    format: KeyFormat,
    compromised: &BTreeSet<Fingerprint>,
    notes: &mut Vec<String>,
) -> Vec<Chosen<'r>> {
    let mut chosen = Vec::new();
    for entry in registry.keys.iter().filter(|entry| entry.format == format) {
        let (Some(key), Some(reviewer)) =
            (entry.fingerprint, registry.reviewers.get(&entry.reviewer))
        else {
            notes.push(format!("an entry of {} names no key", entry.reviewer));
            continue;
        };
        if compromised.contains(&key) {
            notes.push(format!("{key} of {} was compromised and is left out", reviewer.id));
        } else if reviewer.kind != ReviewerKind::Human {
            notes.push(format!("{key} is of {}, who is not human, and is left out", reviewer.id));
        } else {
            chosen.push((entry, key, reviewer));
        }
    }
    chosen
}

fn absent(entry: &KeyEntry, key: Fingerprint) -> Error {
    Error::unusable(
        format!("{} does not hold the key {key}", shown(&entry.public_key)),
        "gatecheck registry lint tells what else is wrong",
    )
}
