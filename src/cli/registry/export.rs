//! `gatecheck registry export`: a registry's keys as git, gpg and ssh-keygen read them.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::model::{Fingerprint, KeyEntry, Limits, Registry, Reviewer, Time};
use crate::signature::KeyPool;

/// Arguments of `registry export`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples: what git itself needs to check signatures\n  \
    gatecheck registry export --as allowed-signers > allowed_signers\n  \
    gatecheck registry export --as openpgp | gpg --import\n\n\
    Keys of people are written, retired ones too, with their windows where the form has any (OpenPGP\n\
    has none); compromised keys are left out. What git then calls good is a signature by one of these\n\
    keys and no more: it knows no order of registries, no quorum and no gate.\n\n\
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
    let mut notes = Vec::new();
    let entries = chosen(registry, args.kind.format(), &mut notes);
    let text = match args.kind {
        ExportKind::Openpgp => {
            certificates(&entries, &compromised(registry), &pinned, &limits, &mut notes)?
        }
        ExportKind::AllowedSigners => allowed_signers(&entries, &pinned, &limits)?,
    };
    for note in &notes {
        streams.say(&format!("note: {note}"));
    }
    streams.print(&text)?;
    Ok(Exit::PASS)
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
    notes: &mut Vec<String>,
) -> Vec<Chosen<'r>> {
    let compromised = compromised(registry);
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
    if chosen.is_empty() {
        notes.push("nothing is left to be written".to_owned());
    }
    chosen
}

fn bytes_of<'p>(entry: &KeyEntry, pinned: &'p PinnedRegistry) -> Result<&'p [u8], Error> {
    pinned.key_files.get(&entry.public_key).map(Vec::as_slice).ok_or_else(|| {
        Error::unusable(
            format!("the key file {} is not there", shown(&entry.public_key)),
            "gatecheck registry lint tells what else is wrong",
        )
    })
}

fn absent(entry: &KeyEntry, key: Fingerprint) -> Error {
    Error::unusable(
        format!("{} does not hold the key {key}", shown(&entry.public_key)),
        "gatecheck registry lint tells what else is wrong",
    )
}

/// The key files, each once.
fn certificates(
    entries: &[Chosen<'_>],
    compromised: &BTreeSet<Fingerprint>,
    pinned: &PinnedRegistry,
    limits: &Limits,
    notes: &mut Vec<String>,
) -> Result<Vec<u8>, Error> {
    let listed: BTreeSet<Fingerprint> = entries.iter().map(|(_, key, _)| *key).collect();
    let (mut out, mut written) = (Vec::new(), BTreeSet::new());
    for (entry, key, _) in entries {
        let bytes = bytes_of(entry, pinned)?;
        let file = KeyPool::new().add_file(bytes, limits);
        if file.holds_secret {
            return Err(Error::unusable(
                format!("{} holds a private key", shown(&entry.public_key)),
                "gatecheck explain secret-key-committed",
            ));
        }
        if !file.certificates.iter().any(|certificate| certificate.key(*key).is_some()) {
            return Err(absent(entry, *key));
        }
        if !written.insert(&entry.public_key) {
            continue;
        }
        for certificate in &file.certificates {
            let (path, primary) = (shown(&entry.public_key), certificate.primary);
            let has = |set: &BTreeSet<Fingerprint>| {
                certificate.keys.iter().any(|one| set.contains(&one.fingerprint))
            };
            if has(compromised) {
                return Err(Error::unusable(
                    format!("{path} also holds the certificate {primary}, which was compromised"),
                    "export the others from your keyring: gpg --armor --export FINGERPRINT",
                ));
            }
            if !has(&listed) {
                notes.push(format!(
                    "{path} also holds the certificate {primary}, which no entry names; it is written too"
                ));
            }
        }
        out.extend_from_slice(bytes);
        if !bytes.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
    Ok(out)
}

/// Lines of `allowed_signers` (ssh-keygen(1)).
fn allowed_signers(
    entries: &[Chosen<'_>],
    pinned: &PinnedRegistry,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let mut known: BTreeMap<&str, Vec<(Fingerprint, String)>> = BTreeMap::new();
    let mut out = String::new();
    for (entry, key, reviewer) in entries {
        if !known.contains_key(entry.public_key.as_str()) {
            let keys = ssh_keys(bytes_of(entry, pinned)?, limits);
            known.insert(&entry.public_key, keys);
        }
        let held = known.get(entry.public_key.as_str()).into_iter().flatten();
        let Some((_, text)) = held.into_iter().find(|(found, _)| found == key) else {
            return Err(absent(entry, *key));
        };
        out.push_str(&format!("{} {} {text}\n", principals(reviewer), options(entry)));
    }
    Ok(out.into_bytes())
}

/// The keys of a file, each as its type and base64.
fn ssh_keys(bytes: &[u8], limits: &Limits) -> Vec<(Fingerprint, String)> {
    let text = String::from_utf8_lossy(bytes);
    let mut keys = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(kind), Some(key)) = (words.next(), words.next()) else { continue };
        let line = format!("{kind} {key}");
        // What the reader of key files makes of exactly these words.
        let file = KeyPool::new().add_file(line.as_bytes(), limits);
        if let [(fingerprint, _)] = file.ssh_keys.as_slice() {
            keys.push((*fingerprint, line));
        }
    }
    keys
}

/// Principals are patterns between commas, so an address that could be more than itself is left out.
fn principals(reviewer: &Reviewer) -> String {
    let plain = |text: &&String| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "@.+-_".contains(c))
    };
    let plain: Vec<&str> = reviewer.emails.iter().filter(plain).map(String::as_str).collect();
    if plain.is_empty() { reviewer.id.to_string() } else { plain.join(",") }
}

fn options(entry: &KeyEntry) -> String {
    let stamp = |time: Time| time.to_string().replace(['-', ':', 'T'], "");
    let mut options =
        format!("namespaces=\"git,gatecheck\",valid-after=\"{}\"", stamp(entry.window.from));
    if let Some(until) = entry.window.until {
        // ssh-keygen counts the moment itself in.
        options.push_str(&format!(",valid-before=\"{}\"", stamp(until.before())));
    }
    options
}
