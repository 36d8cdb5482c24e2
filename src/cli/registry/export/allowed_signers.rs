//! An `allowed_signers` file (ssh-keygen(1), ALLOWED SIGNERS).

use std::collections::BTreeMap;

use super::{Chosen, Source, absent};
use crate::error::Error;
use crate::model::text::shown;
use crate::model::{Fingerprint, KeyAlgorithm, Limits, Reviewer, Time, Window};
use crate::signature::{KeyPool, takes_ssh};

/// A key, how strong it is, and its type and base64.
type Key = (Fingerprint, KeyAlgorithm, String);

pub(super) fn write(
    entries: &[Chosen<'_>],
    from: &Source<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<u8>, Error> {
    let mut known: BTreeMap<&str, Vec<Key>> = BTreeMap::new();
    let mut out = String::new();
    for (entry, key, reviewer) in entries {
        if !known.contains_key(entry.public_key.as_str()) {
            let keys = ssh_keys(from.bytes_of(entry)?, from.limits);
            known.insert(&entry.public_key, keys);
        }
        let held = known.get(entry.public_key.as_str()).into_iter().flatten();
        let Some((_, algorithm, text)) = held.into_iter().find(|(found, ..)| found == key) else {
            return Err(absent(entry, *key));
        };
        match options(entry.window, *algorithm, from) {
            Ok(options) => {
                let principals = principals(reviewer, notes);
                out.push_str(&format!("{principals} {options} {text}\n"));
            }
            Err(why) => notes.push(format!("{key} of {} is left out: {why}", reviewer.id)),
        }
        if matches!(algorithm, KeyAlgorithm::SkEd25519 | KeyAlgorithm::SkEcdsaP256) {
            notes.push(format!(
                "{key} of {} is of a token: ssh-keygen and git do not ask whether it was touched",
                reviewer.id
            ));
        }
    }
    Ok(out.into_bytes())
}

/// The keys of a file.
fn ssh_keys(bytes: &[u8], limits: &Limits) -> Vec<Key> {
    let text = String::from_utf8_lossy(bytes);
    let mut keys = Vec::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(kind), Some(key)) = (words.next(), words.next()) else { continue };
        let line = format!("{kind} {key}");
        // What the reader of key files makes of exactly these words.
        let file = KeyPool::new().add_file(line.as_bytes(), limits);
        if let [(fingerprint, algorithm)] = file.ssh_keys.as_slice() {
            keys.push((*fingerprint, *algorithm, line));
        }
    }
    keys
}

/// Principals are patterns between commas, so an address that could be more than itself is left out.
fn principals(reviewer: &Reviewer, notes: &mut Vec<String>) -> String {
    let plain = |text: &&String| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "@.+-_".contains(c))
    };
    let (plain, others): (Vec<&String>, Vec<&String>) = reviewer.emails.iter().partition(plain);
    for other in others {
        notes.push(format!(
            "{} of {} is left out: as a principal it could mean more than itself",
            shown(other),
            reviewer.id
        ));
    }
    let plain: Vec<&str> = plain.into_iter().map(String::as_str).collect();
    if plain.is_empty() { reviewer.id.to_string() } else { plain.join(",") }
}

/// The options of a line, or why there can be none.
fn options(
    window: Window,
    algorithm: KeyAlgorithm,
    from: &Source<'_>,
) -> Result<String, &'static str> {
    if !takes_ssh(algorithm) {
        return Err("no SSH signature by an RSA key of its size counts");
    }
    let refused = from.refused_from(algorithm);
    if refused.is_some_and(|refused| refused <= window.from) {
        return Err("`[policy.crypto] refuse` names its kind");
    }
    let until = window.until.into_iter().chain(refused).min();
    // ssh-keygen counts the moment itself in.
    let last = until.map(Time::before);
    let stamp = |time: Time| time.to_string().replace(['-', ':', 'T'], "");
    let mut options = "namespaces=\"git,gatecheck\"".to_owned();
    // The first second of 1970 is no time to it, and no commit is older.
    let first = window.from.max(Time::from_unix_clamped(0));
    if first.unix() > 0 {
        options.push_str(&format!(",valid-after=\"{}\"", stamp(first)));
    }
    if let Some(last) = last {
        if last <= first {
            return Err("its window is shorter than ssh-keygen can say");
        }
        options.push_str(&format!(",valid-before=\"{}\"", stamp(last)));
    }
    Ok(options)
}
