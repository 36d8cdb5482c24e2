//! Lines of public keys, as in `id_ed25519.pub`.

use sha2::{Digest as _, Sha256};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::model::text::{shown, shown_up_to};
use crate::model::{Fingerprint, KeyAlgorithm, KeyFile};

/// How many unreadable lines are told of one by one.
const TOLD: usize = 8;

/// Reads lines of SSH public keys; empty lines and `#` comments are skipped.
pub(in crate::signature) fn parse_key_lines(bytes: &[u8], file: &mut KeyFile) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        file.problems.push("it is neither an OpenPGP certificate nor text".to_owned());
        return;
    };
    let lines = text.lines().map(str::trim).enumerate();
    let mut untold = 0_usize;
    for (n, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        match read_line(line) {
            Ok(key) if file.ssh_keys.contains(&key) => {}
            Ok(key) => file.ssh_keys.push(key),
            Err(why) if file.problems.len() < TOLD => {
                file.problems.push(format!("line {}: {why}", n.saturating_add(1)));
            }
            Err(_) => untold = untold.saturating_add(1),
        }
    }
    if untold > 0 {
        file.problems.push(format!("{untold} more lines could not be read"));
    }
}

fn read_line(line: &str) -> Result<(Fingerprint, KeyAlgorithm), String> {
    let kind = line.split_ascii_whitespace().next().unwrap_or_default();
    if kind.contains("-cert-v01@") {
        return Err("an SSH certificate; give the plain public key instead".to_owned());
    }
    let key = PublicKey::from_openssh(line)
        .map_err(|_| format!("not an SSH public key: \"{}\"", shown_up_to(line, 40)))?;
    let blob = key.to_bytes().map_err(|_| "an SSH public key that cannot be encoded".to_owned())?;
    let algorithm = algorithm(key.key_data())
        .ok_or_else(|| format!("SSH keys of type \"{}\" are not supported", shown(kind)))?;
    Ok((fingerprint(&blob), algorithm))
}

/// The fingerprint of a public key blob, as `ssh-keygen -l` shows it.
pub(super) fn fingerprint(blob: &[u8]) -> Fingerprint {
    Fingerprint::Ssh(Sha256::digest(blob).into())
}

/// Algorithm and size; `None` for kinds that never count (DSA, unknown ones).
pub(super) fn algorithm(key: &KeyData) -> Option<KeyAlgorithm> {
    use ssh_key::EcdsaCurve as Curve;
    Some(match key {
        KeyData::Ed25519(_) => KeyAlgorithm::Ed25519,
        KeyData::SkEd25519(_) => KeyAlgorithm::SkEd25519,
        KeyData::SkEcdsaSha2NistP256(_) => KeyAlgorithm::SkEcdsaP256,
        KeyData::Ecdsa(key) => KeyAlgorithm::Ecdsa(match key.curve() {
            Curve::NistP256 => 256,
            Curve::NistP384 => 384,
            Curve::NistP521 => 521,
        }),
        KeyData::Rsa(key) => KeyAlgorithm::Rsa(bits(key.n.as_positive_bytes()?)),
        _ => return None,
    })
}

/// Bits of a big-endian number.
fn bits(number: &[u8]) -> u32 {
    let mut significant = number.iter().skip_while(|octet| **octet == 0);
    let Some(first) = significant.next() else { return 0 };
    let rest = u32::try_from(significant.count()).unwrap_or(u32::MAX / 8);
    rest.saturating_mul(8).saturating_add(u8::BITS.saturating_sub(first.leading_zeros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti alice@example.org";

    fn read(text: &str) -> KeyFile {
        let mut file = KeyFile::default();
        parse_key_lines(text.as_bytes(), &mut file);
        file
    }

    #[test]
    fn keys_are_read_and_comments_skipped() {
        let file = read(&format!("# mine\n\n{ED25519}\r\n{ED25519}\n"));
        assert_eq!(file.problems, [""; 0]);
        assert_eq!(file.ssh_keys.len(), 1);
        assert_eq!(
            file.ssh_keys[0].0.to_string(),
            "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ"
        );
    }

    #[test]
    fn what_is_no_key_is_named_with_its_line() {
        let file = read(&format!("{ED25519}\nssh-ed25519 !!\u{1b}\nssh-ed25519-cert-v01@x y"));
        assert_eq!(file.ssh_keys.len(), 1);
        assert_eq!(file.problems[0], "line 2: not an SSH public key: \"ssh-ed25519 !!\\u{1b}\"");
        assert!(file.problems[1].starts_with("line 3: an SSH certificate"));
    }

    #[test]
    fn bits_are_counted_without_leading_zeros() {
        assert_eq!(bits(&[]), 0);
        assert_eq!(bits(&[0, 0]), 0);
        assert_eq!(bits(&[0, 1, 0]), 9);
        assert_eq!(bits(&[0x80; 256]), 2048);
        assert_eq!(bits(&[0x7f; 256]), 2047);
    }
}
