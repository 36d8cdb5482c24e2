//! Key fingerprints: how the registry and every finding name a key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The full fingerprint of a public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fingerprint {
    /// OpenPGP version 4: 20 bytes (RFC 9580, 5.5.4.2).
    OpenPgpV4([u8; 20]),
    /// OpenPGP version 6: 32 bytes (RFC 9580, 5.5.4.3).
    OpenPgpV6([u8; 32]),
    /// SSH: SHA-256 of the public key blob, shown as `SHA256:<base64>`.
    Ssh([u8; 32]),
}

/// Why a text is not a fingerprint that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAFingerprint {
    /// Hexadecimal, but too short to name one key: key ids can be forged.
    Short,
    /// Not a fingerprint at all, for example a placeholder text.
    Placeholder,
}

impl Fingerprint {
    /// Reads a fingerprint as people write it: upper case, spaces and `0x` are
    /// normalised; anything shorter than the full fingerprint is refused.
    pub fn parse(text: &str) -> Result<Self, NotAFingerprint> {
        if let Some(rest) = text.trim().strip_prefix("SHA256:") {
            let raw = STANDARD_NO_PAD
                .decode(rest.trim_end_matches('='))
                .map_err(|_| NotAFingerprint::Placeholder)?;
            return <[u8; 32]>::try_from(raw.as_slice())
                .map(Self::Ssh)
                .map_err(|_| NotAFingerprint::Short);
        }
        let compact: String = text.chars().filter(|c| *c != ' ').collect();
        let digits =
            compact.strip_prefix("0x").or_else(|| compact.strip_prefix("0X")).unwrap_or(&compact);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAFingerprint::Placeholder);
        }
        let raw = hex::decode(digits).map_err(|_| NotAFingerprint::Short)?;
        Self::from_openpgp_bytes(&raw).ok_or(if raw.len() < 20 {
            NotAFingerprint::Short
        } else {
            NotAFingerprint::Placeholder
        })
    }

    /// From the raw bytes of an OpenPGP fingerprint, 20 or 32 of them.
    #[must_use]
    pub fn from_openpgp_bytes(raw: &[u8]) -> Option<Self> {
        if let Ok(v4) = <[u8; 20]>::try_from(raw) {
            return Some(Self::OpenPgpV4(v4));
        }
        <[u8; 32]>::try_from(raw).ok().map(Self::OpenPgpV6)
    }

    /// The raw bytes, without any prefix.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::OpenPgpV4(raw) => raw,
            Self::OpenPgpV6(raw) | Self::Ssh(raw) => raw,
        }
    }

    /// Whether this names an SSH key.
    #[must_use]
    pub const fn is_ssh(&self) -> bool {
        matches!(self, Self::Ssh(_))
    }

    /// In groups of four digits, for people who compare it by eye.
    #[must_use]
    pub fn grouped(&self) -> String {
        if self.is_ssh() {
            return self.to_string();
        }
        let text = self.to_string();
        let mut grouped = String::with_capacity(text.len().saturating_add(text.len() / 4));
        for (i, digit) in text.chars().enumerate() {
            if i > 0 && i % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        grouped
    }
}

/// Canonical form: lower-case hexadecimal for OpenPGP, `SHA256:<base64>` without
/// padding (as `ssh-keygen -l` prints it) for SSH.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenPgpV4(raw) => f.write_str(&hex::encode(raw)),
            Self::OpenPgpV6(raw) => f.write_str(&hex::encode(raw)),
            Self::Ssh(raw) => write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(raw)),
        }
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_fingerprints_in_many_ways() {
        let plain = "3c3f1b7c5ad0e1e1e2e3e4e5e6e7e8e9eaebeced";
        for text in [
            plain.to_owned(),
            plain.to_uppercase(),
            format!("0x{plain}"),
            format!("0X{}", plain.to_uppercase()),
            Fingerprint::parse(plain).unwrap().grouped(),
        ] {
            assert_eq!(Fingerprint::parse(&text).unwrap().to_string(), plain);
        }
    }

    #[test]
    fn short_ids_and_placeholders_are_told_apart() {
        assert_eq!(Fingerprint::parse("AAAABBBBCCCCDDDD"), Err(NotAFingerprint::Short));
        assert_eq!(Fingerprint::parse("abc"), Err(NotAFingerprint::Short));
        assert_eq!(Fingerprint::parse("pending-gpg-population"), Err(NotAFingerprint::Placeholder));
        assert_eq!(Fingerprint::parse(""), Err(NotAFingerprint::Placeholder));
        assert_eq!(Fingerprint::parse(&"a".repeat(50)), Err(NotAFingerprint::Placeholder));
    }

    #[test]
    fn ssh_fingerprints_round_trip() {
        let text = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        assert_eq!(Fingerprint::parse(text).unwrap().to_string(), text);
        assert_eq!(Fingerprint::parse(&format!("{text}=")).unwrap().to_string(), text);
        assert_eq!(Fingerprint::parse("SHA256:AAAA"), Err(NotAFingerprint::Short));
    }
}
