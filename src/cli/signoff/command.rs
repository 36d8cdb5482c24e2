//! The command that signs a payload, ready to be typed.

use std::path::Path;

use crate::model::registry::KeyFormat;
use crate::model::{KeyEntry, Registry, Signoff, Time};

/// The key that a reviewer should sign with: standing, and inside its window where one is.
pub(super) fn key<'a>(
    registry: &'a Registry,
    signoff: &Signoff,
    now: Time,
) -> Option<&'a KeyEntry> {
    let theirs = || {
        registry.keys.iter().filter(|key| {
            key.reviewer == signoff.reviewer_id && key.is_standing() && key.fingerprint.is_some()
        })
    };
    theirs().find(|key| key.window.contains(now)).or_else(|| theirs().next())
}

/// `gatecheck signoff payload … | gpg …`
pub(super) fn line(
    program: &[String],
    manifest: &Path,
    signoff: &Signoff,
    key: Option<&KeyEntry>,
) -> String {
    let mut words: Vec<String> = program.to_vec();
    words.extend([
        manifest.to_string_lossy().into_owned(),
        "--reviewer".to_owned(),
        signoff.reviewer_id.to_string(),
        "--domain".to_owned(),
        signoff.domain.to_string(),
    ]);
    let print: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("{} | {}", print.join(" "), sign(key))
}

fn sign(key: Option<&KeyEntry>) -> String {
    let fingerprint = key.and_then(|key| key.fingerprint);
    match (key.map(|key| key.format), fingerprint) {
        (Some(KeyFormat::Ssh), _) => "ssh-keygen -Y sign -n gatecheck -f ~/.ssh/KEY.pub".to_owned(),
        (_, Some(fingerprint)) => {
            format!("gpg --local-user {fingerprint} --armor --detach-sign")
        }
        (_, None) => "gpg --local-user FINGERPRINT --armor --detach-sign".to_owned(),
    }
}

/// A word as a shell reads it back.
pub(in crate::cli) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a/b-1.toml"), "a/b-1.toml");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
    }
}
