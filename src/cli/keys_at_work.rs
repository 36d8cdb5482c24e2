//! Whether the keys of a registry could sign at all, told before anybody is surprised by it.

use crate::finding::Code;
use crate::model::registry::KeyFormat;
use crate::model::{KeyFile, Registry, Time};
use crate::rules::keyring::Keyring;
use crate::rules::{Context, certificate};

/// One sentence for each entry whose certificate lets no key sign at the end of its window, or
/// now where that has not come. `files` are key files by path. Missing files are another matter.
pub(super) fn unable(registry: &Registry, files: &[(&str, &KeyFile)], now: Time) -> Vec<String> {
    let mut keyring = Keyring::default();
    for (path, file) in files {
        keyring.accept(path, file);
    }
    let cx = Context::pinned(registry, &keyring, now);
    let mut unable = Vec::new();
    for entry in registry.keys.iter().filter(|entry| entry.format == KeyFormat::OpenPgp) {
        let Some(fingerprint) = entry.fingerprint else { continue };
        let Some(found) =
            keyring.certificate_for(&entry.public_key, Some(fingerprint), fingerprint)
        else {
            continue;
        };
        let last = entry.window.until.map_or(now, |until| until.before().min(now));
        // An entry for a primary key covers its subkeys; one for a subkey covers itself.
        let covered = found.keys.iter().map(|key| key.fingerprint);
        let covered = covered.filter(|key| fingerprint == found.primary || *key == fingerprint);
        let mut why = None;
        let mut able = false;
        for key in covered {
            match certificate::check(&cx, entry, key, last) {
                Ok(_) => able = true,
                // The one of the key that would sign, rather than of one that never could.
                Err(finding) if finding.code != Code::NotSigningCapable => why = Some(finding),
                Err(finding) => why = why.or(Some(finding)),
            }
        }
        if let (false, Some(finding)) = (able, why) {
            unable.push(format!(
                "the key {fingerprint} of {} cannot sign as it is: {}: {}",
                entry.reviewer, finding.code, finding.message
            ));
        }
    }
    unable
}
