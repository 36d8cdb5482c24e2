//! Certificates for gpg: the registered keys, and what their owners say of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Chosen, Source, absent};
use crate::error::Error;
use crate::model::text::shown;
use crate::model::{Certificate, CertificateKey, Fingerprint, KeyFile};
use crate::signature::{minimal_certificates, read_file};

pub(super) fn write(
    entries: &[Chosen<'_>],
    from: &Source<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<u8>, Error> {
    let mut files: BTreeMap<&str, Vec<&Chosen<'_>>> = BTreeMap::new();
    for chosen in entries {
        files.entry(chosen.0.public_key.as_str()).or_default().push(chosen);
    }
    let (mut out, mut written) = (Vec::new(), BTreeSet::new());
    for (path, entries) in files {
        let path = shown(path);
        let Some(bytes) = entries.first().map(|(entry, ..)| from.bytes_of(entry)) else { continue };
        let bytes = bytes?;
        let file = read_file(bytes, from.limits);
        if file.holds_secret {
            return Err(Error::unusable(
                format!("{path} holds a private key"),
                "gatecheck explain secret-key-committed",
            ));
        }
        let own = own(&entries, &file, from, notes)?;
        let wanted = |primary, key| is_wanted(&file, &own, from, primary, key);
        let certificates = minimal_certificates(bytes, from.limits, &wanted).ok_or_else(|| {
            Error::unusable(
                format!("a certificate in {path} cannot be written anew"),
                "gatecheck registry lint tells what else is wrong",
            )
        })?;
        for (primary, certificate) in certificates {
            if !written.insert(certificate.clone()) {
                continue;
            }
            out.extend_from_slice(&certificate);
            if certificate.last() != Some(&b'\n') {
                out.push(b'\n');
            }
            if !own.contains(&primary) && holder(&file, primary).is_some_and(signs) {
                notes.push(format!(
                    "{primary} is written, for keys of this registry stand below it: gpg takes what \
                     it signs itself as well, and gatecheck does not"
                ));
            }
        }
    }
    if !out.is_empty() {
        say_windows(entries, from, notes);
    }
    Ok(out)
}

/// The keys of the entries for one file that are written.
fn own(
    entries: &[&Chosen<'_>],
    file: &KeyFile,
    from: &Source<'_>,
    notes: &mut Vec<String>,
) -> Result<BTreeSet<Fingerprint>, Error> {
    let mut own = BTreeSet::new();
    for (entry, key, reviewer) in entries {
        let found = file.certificates.iter().find(|certificate| certificate.key(*key).is_some());
        let Some(certificate) = found else { return Err(absent(entry, *key)) };
        let refused = certificate.key(*key).and_then(|key| from.refused_from(key.algorithm));
        if from.compromised.contains(&certificate.primary) {
            notes.push(format!(
                "{key} of {} is left out: it stands in the certificate {}, which was compromised",
                reviewer.id, certificate.primary
            ));
        } else if refused.is_some_and(|refused| refused <= entry.window.from) {
            notes.push(format!(
                "{key} of {} is left out: `[policy.crypto] refuse` names its kind",
                reviewer.id
            ));
        } else {
            own.insert(*key);
        }
    }
    Ok(own)
}

/// Whether a key is written: one that an entry names, or a signing subkey of a primary key that one
/// names. Encryption keys serve nobody here.
fn is_wanted(
    file: &KeyFile,
    own: &BTreeSet<Fingerprint>,
    from: &Source<'_>,
    primary: Fingerprint,
    key: Fingerprint,
) -> bool {
    if from.compromised.contains(&primary) || from.compromised.contains(&key) {
        return false;
    }
    let certificate = file.certificates.iter().find(|certificate| certificate.primary == primary);
    let Some(found) = certificate.and_then(|certificate| certificate.key(key)) else {
        return false;
    };
    // By dates alone nothing can be refused here: see `say_windows`.
    let always = from.refused_from(found.algorithm).is_some_and(|from| from.unix() <= 0);
    own.contains(&key) || (own.contains(&primary) && signs(found) && !always)
}

fn holder(file: &KeyFile, primary: Fingerprint) -> Option<&CertificateKey> {
    let found = file.certificates.iter().find(|certificate| certificate.primary == primary);
    found.and_then(|certificate: &Certificate| certificate.key(primary))
}

fn signs(key: &CertificateKey) -> bool {
    key.bindings.iter().any(|binding| binding.for_signing)
}

fn say_windows(entries: &[Chosen<'_>], from: &Source<'_>, notes: &mut Vec<String>) {
    let ended = |(entry, ..): &&Chosen<'_>| entry.window.until.is_some_and(|end| end <= from.now);
    let ended = entries.iter().filter(ended).count();
    if ended > 0 {
        notes.push(format!(
            "{ended} of the entries are retired or at their end, and gpg knows no windows: it takes \
             what those keys sign at any date"
        ));
    }
}
