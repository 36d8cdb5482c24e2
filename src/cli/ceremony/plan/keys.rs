//! Key files that a ceremony brings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::super::environment::Environment;
use super::super::super::judge::read_bounded;
use super::args::KeyArgs;
use crate::error::Error;
use crate::model::registry::KEYS_FOLDER;
use crate::model::text::shown;
use crate::model::{Age, Fingerprint, KeyFile, Limits, Registry, ReviewerId, Time, Window};
use crate::registry::edit::NewKey;
use crate::signature::read_file;

/// How long a key is planned to act, where nobody says: two years.
const KEY_DAYS: u32 = 730;

/// New keys, and the contents of their files by path in the repository.
#[derive(Debug, Default)]
pub(super) struct NewKeys {
    pub(super) keys: Vec<NewKey>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

/// Reads the files that were named.
pub(super) fn read(
    args: &KeyArgs,
    person: &ReviewerId,
    registry: &Registry,
    today: Time,
    environment: &Environment,
    limits: &Limits,
) -> Result<NewKeys, Error> {
    let from = args.from.unwrap_or(today);
    let days = registry.policy.ceremony.max_key_days.min(KEY_DAYS);
    let window =
        Window { from, until: Some(args.until.unwrap_or_else(|| from.plus(Age::days(days)))) };
    let mut new = NewKeys::default();
    for path in &args.keys {
        let bytes = read_bounded(&environment.folder.join(path), limits.file_bytes)?;
        let file = public_only(path, &bytes, limits)?;
        let fingerprint = only_key(path, &file)?;
        let public_key = place(registry, person, fingerprint, &new.files);
        new.files.insert(public_key.clone(), bytes);
        new.keys.push(NewKey { fingerprint, public_key, window });
    }
    Ok(new)
}

/// What a key file says, which must not hold a private key.
pub(super) fn public_only(path: &Path, bytes: &[u8], limits: &Limits) -> Result<KeyFile, Error> {
    let file = read_file(bytes, limits);
    if file.holds_secret {
        return Err(Error::unusable(
            format!(
                "{} holds a private key, and nothing was written",
                shown(&path.to_string_lossy())
            ),
            "name the public half: gpg --armor --export FINGERPRINT > FILE, or the .pub file",
        ));
    }
    Ok(file)
}

fn only_key(path: &Path, file: &KeyFile) -> Result<Fingerprint, Error> {
    match (file.certificates.as_slice(), file.ssh_keys.as_slice()) {
        ([certificate], []) => Ok(certificate.primary),
        ([], [(fingerprint, _)]) => Ok(*fingerprint),
        _ => {
            let why = file.problems.first().map_or("it does not hold exactly one", String::as_str);
            Err(Error::unusable(
                format!(
                    "{} is no file with one public key: {}",
                    shown(&path.to_string_lossy()),
                    shown(why)
                ),
                "gpg --armor --export FINGERPRINT > FILE writes one; an SSH key's .pub file is one",
            ))
        }
    }
}

/// Where the key file goes: where the same key stands already, else a path of its own, for history
/// is read with the files of old keys.
fn place(
    registry: &Registry,
    person: &ReviewerId,
    key: Fingerprint,
    taken: &BTreeMap<String, Vec<u8>>,
) -> String {
    if let Some(entry) = registry.entries(key).next() {
        return entry.public_key.clone();
    }
    let ending = if key.is_ssh() { "pub" } else { "asc" };
    let used: BTreeSet<String> = registry.key_paths();
    let free = |path: &String| !used.contains(path) && !taken.contains_key(path);
    let serial = registry.serial.saturating_add(1);
    let mut names = std::iter::once(format!("{KEYS_FOLDER}/{person}.{ending}"))
        .chain(std::iter::once(format!("{KEYS_FOLDER}/{person}-{serial:04}.{ending}")))
        .chain((2_u32..).map(|n| format!("{KEYS_FOLDER}/{person}-{serial:04}-{n}.{ending}")));
    names.find(free).unwrap_or_default()
}

/// Key files that an amended registry names and that lie beside it with another content than in
/// force.
pub(super) fn beside(
    registry_file: &Path,
    new: &Registry,
    in_force: &BTreeMap<String, Vec<u8>>,
    limits: &Limits,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let folder = registry_file.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut files = BTreeMap::new();
    for path in new.key_paths() {
        let Some(below) = path.strip_prefix(KEYS_FOLDER).and_then(|p| p.strip_prefix('/')) else {
            continue;
        };
        let file = folder.join(below);
        if !file.is_file() {
            continue;
        }
        let bytes = read_bounded(&file, limits.file_bytes)?;
        public_only(&file, &bytes, limits)?;
        if in_force.get(&path) != Some(&bytes) {
            files.insert(path, bytes);
        }
    }
    Ok(files)
}
