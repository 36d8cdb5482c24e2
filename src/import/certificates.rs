//! OpenPGP certificates become key entries.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{Candidate, DraftKey, UniqueNames, people};
use super::{ImportOptions, Imported, KeyReader, NamedFile, write};
use crate::error::{Error, Result};
use crate::model::registry::KeyFormat;
use crate::model::text::shown;
use crate::model::{Certificate, Fingerprint, Time, Window};

/// A file of certificates that could be read.
pub(super) struct CertificateFile {
    /// Where it will stand, below `keys/`.
    pub(super) path: String,
    /// Its name without the ending, where that is no fingerprint or key id.
    pub(super) stem: Option<String>,
    pub(super) bytes: Vec<u8>,
    pub(super) certificates: Vec<Certificate>,
}

/// Builds a registry from a folder of OpenPGP certificates, armored or not: one entry for each
/// primary key that can sign or has a subkey that can, from the day of its creation on.
///
/// # Errors
/// Unusable input: a file larger than `file-bytes`, more files than `key-files`, or no
/// certificate that can sign. A file that cannot be taken over is left out, and a note says why.
pub fn import_certificates(
    files: &[NamedFile],
    read: KeyReader<'_>,
    options: &ImportOptions<'_>,
) -> Result<Imported> {
    let mut notes = Vec::new();
    let files = read_files(files, read, options, &mut notes)?;
    let mut seen: BTreeMap<Fingerprint, String> = BTreeMap::new();
    let mut candidates = Vec::new();
    let mut used = BTreeSet::new();
    for file in &files {
        let alone = file.certificates.len() == 1;
        for certificate in &file.certificates {
            if !can_sign(certificate) {
                notes.push(format!(
                    "{}: {} has no key that can sign and was left out",
                    file.path, certificate.primary
                ));
                continue;
            }
            if let Some(first) = seen.insert(certificate.primary, file.path.clone()) {
                notes.push(format!(
                    "{} stands in {first} and in {}: the second was left out; if they differ, \
                     join them with `gpg --import` and `gpg --export`",
                    certificate.primary, file.path
                ));
                seen.insert(certificate.primary, first);
                continue;
            }
            let stem = file.stem.as_ref().filter(|_| alone);
            candidates.push(candidate(certificate, file, stem));
            used.insert(file.path.clone());
        }
    }
    if candidates.is_empty() {
        return Err(nothing("no certificate that can sign was found", &notes));
    }
    let people = people(candidates, &mut notes);
    let registry = write::registry("a folder of OpenPGP certificates", &people, options);
    let key_files = files
        .into_iter()
        .filter(|file| used.contains(&file.path))
        .map(|file| (file.path, file.bytes))
        .collect();
    notes.push(
        "every key is open from its creation on: the certificates do not say since when, or until \
         when, the project trusts them; set effective_from and effective_until where you know"
            .to_owned(),
    );
    Ok(Imported { registry, key_files, notes })
}

/// The error for a source from which nothing came, with the reasons.
pub(super) fn nothing(what: &str, notes: &[String]) -> Error {
    let mut problem = what.to_owned();
    for note in notes {
        problem.push_str("\n  ");
        problem.push_str(note);
    }
    Error::unusable(problem, "`gpg --export --armor NAME > NAME.asc` writes a certificate")
}

/// Reads the files in the order of their names, and gives each a path.
pub(super) fn read_files(
    files: &[NamedFile],
    read: KeyReader<'_>,
    options: &ImportOptions<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<CertificateFile>> {
    super::check_count(files.len(), options)?;
    let mut sorted: Vec<&NamedFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut names = UniqueNames::default();
    let mut readable = Vec::new();
    for file in sorted {
        let name = shown(&file.name);
        super::check_size(&name, &file.bytes, options)?;
        let facts = read(&file.bytes);
        if facts.holds_secret {
            notes.push(format!(
                "{name} holds a PRIVATE key and was left out: remove it from there, and think \
                 about whether that key is still secret"
            ));
            continue;
        }
        notes.extend(facts.problems.iter().map(|problem| format!("{name}: {problem}")));
        if facts.certificates.is_empty() {
            notes.push(format!("{name} holds no OpenPGP certificate and was left out"));
            continue;
        }
        let stem = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
        let armored = file.bytes.trim_ascii_start().starts_with(b"-----BEGIN PGP");
        let ending = if armored { "asc" } else { "pgp" };
        readable.push(CertificateFile {
            path: format!("keys/{}.{ending}", names.name(stem)),
            stem: Some(stem.to_owned()).filter(|stem| !is_key_name(stem)),
            bytes: file.bytes.clone(),
            certificates: facts.certificates,
        });
    }
    Ok(readable)
}

/// Whether a file is named for a key rather than for a person.
fn is_key_name(stem: &str) -> bool {
    let digits = stem.strip_prefix("0x").unwrap_or(stem);
    digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether the primary key or a subkey was ever meant to sign.
fn can_sign(certificate: &Certificate) -> bool {
    certificate
        .keys
        .iter()
        .flat_map(|key| &key.bindings)
        .any(|binding| binding.for_signing && binding.back_signed)
}

fn candidate(
    certificate: &Certificate,
    file: &CertificateFile,
    stem: Option<&String>,
) -> Candidate {
    let ids: Vec<UserId> = certificate.user_ids.iter().map(|text| UserId::parse(text)).collect();
    let emails: Vec<String> = ids.iter().filter_map(|id| id.email.clone()).collect();
    let mut id_from: Vec<String> = stem.into_iter().cloned().collect();
    id_from.extend(emails.iter().filter_map(|e| e.split_once('@')).map(|(l, _)| l.to_owned()));
    id_from.extend(ids.iter().map(|id| id.name.clone()));
    let short: String = certificate.primary.to_string().chars().take(16).collect();
    id_from.push(format!("key-{short}"));
    let name = ids.iter().map(|id| &id.name).find(|name| !name.is_empty());
    let created = certificate.key(certificate.primary).map(|key| key.created);
    Candidate {
        name: name.or(id_from.first()).cloned().unwrap_or_default(),
        id_from,
        marks: emails.iter().map(|email| email.to_lowercase()).collect(),
        emails,
        keys: vec![DraftKey {
            format: KeyFormat::OpenPgp,
            fingerprint: certificate.primary,
            public_key: file.path.clone(),
            window: Window { from: day_of(created), until: None },
            retired: None,
        }],
    }
}

/// Midnight before; the key itself is not older, so this opens nothing.
fn day_of(created: Option<Time>) -> Time {
    let created = created.unwrap_or(Time::from_unix_clamped(0));
    Time::from_unix_clamped(created.unix().saturating_sub(created.unix().rem_euclid(86_400)))
}

/// `Name (comment) <address>`, the habit of OpenPGP user ids. For display only.
pub(super) struct UserId {
    pub(super) name: String,
    pub(super) email: Option<String>,
}

impl UserId {
    pub(super) fn parse(text: &str) -> Self {
        let Some((before, rest)) = text.split_once('<') else {
            let bare = text.trim();
            let email = Some(bare.to_owned())
                .filter(|one| one.contains('@') && !one.contains(char::is_whitespace));
            return Self { name: bare.to_owned(), email };
        };
        let name = before.split_once('(').map_or(before, |(name, _)| name);
        let email = rest.split_once('>').map_or(rest, |(email, _)| email).trim();
        Self {
            name: name.trim().to_owned(),
            email: Some(email.to_owned()).filter(|one| one.contains('@')),
        }
    }
}

#[cfg(test)]
mod tests;
