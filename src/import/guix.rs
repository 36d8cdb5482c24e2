//! A Guix channel: `.guix-authorizations` through its history, and the keyring branch
//! (Guix manual, "Specifying Channel Authorizations").

use std::collections::{BTreeMap, BTreeSet};

use super::certificates::{CertificateFile, UserId, nothing, read_files};
use super::people::{Candidate, DraftKey, people};
use super::scheme::{self, Datum};
use super::{ImportOptions, Imported, KeyReader, NamedFile, write};
use crate::error::{Error, Result};
use crate::model::registry::{KeyFormat, RetiredReason};
use crate::model::text::shown;
use crate::model::{Certificate, Fingerprint, Oid, Time, Window};

/// `.guix-authorizations` as one commit left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuixVersion {
    /// The commit that wrote it.
    pub commit: Oid,
    /// That commit's committer date.
    pub time: Time,
    /// The file's text.
    pub text: String,
}

/// What a channel's repository says about its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuixChannel {
    /// Every version of `.guix-authorizations` on the mainline, oldest first. The first is the
    /// channel introduction's.
    pub versions: Vec<GuixVersion>,
    /// The files at the tip of the keyring branch.
    pub keyring: Vec<NamedFile>,
}

/// Builds a registry from a Guix channel. A key may act from the committer date of the commit
/// that lists it (in the first version: from its own creation) until that of the commit that
/// no longer does.
///
/// # Errors
/// Unusable input: a bound, a version that cannot be read (an older one could not stand in for
/// it), or no key at all. A listed key without a certificate is left out, and a note says so.
pub fn import_guix_channel(
    channel: &GuixChannel,
    read: KeyReader<'_>,
    options: &ImportOptions<'_>,
) -> Result<Imported> {
    let mut notes = Vec::new();
    let mut history = History::default();
    for version in &channel.versions {
        super::check_size(".guix-authorizations", version.text.as_bytes(), options)?;
        let listed = parse(&version.text).map_err(|why| {
            Error::unusable(
                format!(".guix-authorizations of commit {}: {why}", version.commit),
                "leave the channel's history before this commit out, or write the registry by hand",
            )
        })?;
        history.take(version, listed, &mut notes);
    }
    let files = read_files(&channel.keyring, read, options, &mut notes)?;
    let mut used = BTreeSet::new();
    let mut candidates = Vec::new();
    for key in history.finish() {
        match holder(&files, key.fingerprint) {
            Some((file, certificate)) => {
                used.insert(file.path.clone());
                candidates.push(candidate(key, file, certificate, &mut notes));
            }
            None => notes.push(format!(
                "no certificate of the keyring holds {} ({}), so it was left out",
                key.fingerprint,
                shown(&key.names.join(", "))
            )),
        }
    }
    if candidates.is_empty() {
        return Err(nothing("the channel lists no key whose certificate is known", &notes));
    }
    let people = people(candidates, &mut notes);
    let registry = write::registry("the authorizations of a Guix channel", &people, options);
    let key_files = files
        .into_iter()
        .filter(|file| used.contains(&file.path))
        .map(|file| (file.path, file.bytes))
        .collect();
    if people.iter().flat_map(|person| &person.keys).any(|key| key.retired.is_some()) {
        notes.push(TAKEN_OUT.to_owned());
    }
    Ok(Imported { registry, key_files, notes })
}

/// What is not known of keys that were taken out.
const TAKEN_OUT: &str = "the file does not say why a key was taken out: the reason is \"rotated\" \
    where its owner got another one in the same commit, else \"departed\"; where a key was stolen, \
    write reason = \"compromised\". A commit that takes out the key it is signed with lies just \
    outside of that key's window";

/// A key that one version lists.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    fingerprint: Fingerprint,
    name: Option<String>,
}

/// Reads `(authorizations (version 0) (("FPR" (name "x")) …))`.
fn parse(text: &str) -> Result<Vec<Listed>, String> {
    let datum = scheme::read(text)?;
    let entries = match datum.list() {
        Some([head, version, entries, ..]) if head.is_word("authorizations") => {
            if !matches!(version.list(), Some([v, n]) if v.is_word("version") && n.is_word("0")) {
                return Err("only (version 0) is known".to_owned());
            }
            entries.list()
        }
        _ => None,
    };
    let entries = entries.ok_or("it is not (authorizations (version 0) (…))")?;
    entries.iter().map(parse_entry).collect()
}

fn parse_entry(entry: &Datum) -> Result<Listed, String> {
    let Some((first, properties)) = entry.list().and_then(<[Datum]>::split_first) else {
        return Err("an entry is not (\"FINGERPRINT\" …)".to_owned());
    };
    let text = first.text().ok_or("an entry does not begin with a fingerprint")?;
    let digits: String = text.split_whitespace().collect();
    let fingerprint = Fingerprint::parse(&digits)
        .ok()
        .filter(|fingerprint| !fingerprint.is_ssh())
        .ok_or_else(|| format!("\"{}\" is no full OpenPGP fingerprint", shown(text)))?;
    let name = properties.iter().find_map(|property| match property.list() {
        Some([key, value]) if key.is_word("name") => value.text().map(str::to_owned),
        _ => None,
    });
    Ok(Listed { fingerprint, name })
}

/// One key through the channel's history.
#[derive(Debug)]
struct KeyHistory {
    fingerprint: Fingerprint,
    /// Every name that it was listed under, oldest first.
    names: Vec<String>,
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    /// `None`: since the key's creation.
    from: Option<Time>,
    end: Option<(Time, RetiredReason)>,
}

#[derive(Debug, Default)]
struct History {
    keys: BTreeMap<Fingerprint, KeyHistory>,
    /// In the order in which they were first listed.
    order: Vec<Fingerprint>,
    /// Listed at the moment.
    current: Vec<Listed>,
    last: Option<Time>,
}

impl History {
    fn take(&mut self, version: &GuixVersion, listed: Vec<Listed>, notes: &mut Vec<String>) {
        let time = self.last.map_or(version.time, |last| last.max(version.time));
        if time != version.time {
            notes.push(format!(
                "commit {} is dated {}, before the version that it replaces: {time} was taken",
                version.commit, version.time
            ));
        }
        let listed_now = |key: Fingerprint| listed.iter().any(|one| one.fingerprint == key);
        let before = std::mem::take(&mut self.current);
        let listed_before = |key: Fingerprint| before.iter().any(|one| one.fingerprint == key);
        for gone in before.iter().filter(|one| !listed_now(one.fingerprint)) {
            let replaced = listed.iter().any(|new| {
                gone.name.is_some() && new.name == gone.name && !listed_before(new.fingerprint)
            });
            let reason = if replaced { RetiredReason::Rotated } else { RetiredReason::Departed };
            if let Some(span) = self.key(gone.fingerprint).spans.last_mut() {
                span.end.get_or_insert((time, reason));
            }
        }
        let from = self.last.map(|_| time);
        for one in &listed {
            let is_new = !listed_before(one.fingerprint);
            let key = self.key(one.fingerprint);
            if is_new && key.spans.last().is_none_or(|span| span.end.is_some()) {
                key.spans.push(Span { from, end: None });
            }
            if let Some(name) = one.name.as_ref().filter(|name| !key.names.contains(name)) {
                key.names.push(name.clone());
            }
        }
        self.current = listed;
        self.last = Some(time);
    }

    fn key(&mut self, fingerprint: Fingerprint) -> &mut KeyHistory {
        self.keys.entry(fingerprint).or_insert_with(|| {
            self.order.push(fingerprint);
            KeyHistory { fingerprint, names: Vec::new(), spans: Vec::new() }
        })
    }

    fn finish(mut self) -> Vec<KeyHistory> {
        self.order.iter().filter_map(|fingerprint| self.keys.remove(fingerprint)).collect()
    }
}

fn holder(
    files: &[CertificateFile],
    fingerprint: Fingerprint,
) -> Option<(&CertificateFile, &Certificate)> {
    files.iter().find_map(|file| {
        let holds = |certificate: &&Certificate| certificate.key(fingerprint).is_some();
        file.certificates.iter().find(holds).map(|certificate| (file, certificate))
    })
}

fn candidate(
    key: KeyHistory,
    file: &CertificateFile,
    certificate: &Certificate,
    notes: &mut Vec<String>,
) -> Candidate {
    let ids: Vec<UserId> = certificate.user_ids.iter().map(|text| UserId::parse(text)).collect();
    let emails: Vec<String> = ids.iter().filter_map(|id| id.email.clone()).collect();
    let created = certificate.key(key.fingerprint).map(|key| key.created);
    if certificate.primary == key.fingerprint && has_signing_subkey(certificate) {
        notes.push(format!(
            "{} is a primary key: its entry covers its signing subkeys as well, which Guix would \
             not accept",
            key.fingerprint
        ));
    }
    let mut marks = vec![format!("primary {}", certificate.primary)];
    marks.extend(key.names.iter().map(|name| format!("name {name}")));
    marks.extend(emails.iter().map(|email| email.to_lowercase()));
    let mut id_from = key.names.clone();
    id_from.extend(file.stem.clone());
    let name = ids.into_iter().map(|id| id.name).find(|name| !name.is_empty());
    Candidate {
        name: name.or(key.names.first().cloned()).unwrap_or_default(),
        id_from,
        emails,
        marks,
        keys: draft_keys(&key, file, created, notes),
    }
}

fn draft_keys(
    key: &KeyHistory,
    file: &CertificateFile,
    created: Option<Time>,
    notes: &mut Vec<String>,
) -> Vec<DraftKey> {
    let mut drafts = Vec::new();
    for span in &key.spans {
        let from = span.from.or(created).unwrap_or(Time::from_unix_clamped(0));
        let window = Window { from, until: span.end.map(|(time, _)| time) };
        if window.is_empty() {
            notes.push(format!(
                "{} was listed and taken out at the same moment; that window was left out",
                key.fingerprint
            ));
            continue;
        }
        drafts.push(DraftKey {
            format: KeyFormat::OpenPgp,
            fingerprint: key.fingerprint,
            public_key: file.path.clone(),
            window,
            retired: span.end.map(|(_, reason)| reason),
        });
    }
    drafts
}

fn has_signing_subkey(certificate: &Certificate) -> bool {
    certificate
        .keys
        .iter()
        .filter(|key| key.fingerprint != certificate.primary)
        .flat_map(|key| &key.bindings)
        .any(|binding| binding.for_signing && binding.back_signed)
}

#[cfg(test)]
mod tests;
