//! Object ids, in git's two object formats.

use std::fmt;

/// How a repository names its objects (gitformat: `extensions.objectFormat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectFormat {
    /// 20-byte ids, SHA-1 with collision detection.
    Sha1,
    /// 32-byte ids, SHA-256.
    Sha256,
}

impl ObjectFormat {
    /// Length of an id in bytes: 20 or 32.
    #[must_use]
    pub const fn raw_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Length of an id in hexadecimal digits: 40 or 64.
    #[must_use]
    pub const fn hex_len(self) -> usize {
        self.raw_len().saturating_mul(2)
    }

    /// The name that git and the JSON report use: `sha1` or `sha256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// A full object id. Never abbreviated, always lower-case hexadecimal when shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid {
    bytes: [u8; 32],
    format: ObjectFormat,
}

impl Oid {
    /// From raw bytes; `None` unless there are exactly 20 or 32.
    #[must_use]
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        let format = match raw.len() {
            20 => ObjectFormat::Sha1,
            32 => ObjectFormat::Sha256,
            _ => return None,
        };
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(raw) {
            *to = *from;
        }
        Some(Self { bytes, format })
    }

    /// The id of zeros, which no object has: git's word for "none".
    #[must_use]
    pub const fn zero(format: ObjectFormat) -> Self {
        Self { bytes: [0; 32], format }
    }

    /// From 40 or 64 hexadecimal digits of either case, nothing else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::from_bytes(&hex::decode(text).ok()?)
    }

    /// As [`Oid::from_hex`], but upper case is refused, as git itself writes none.
    #[must_use]
    pub fn from_canonical_hex(text: &[u8]) -> Option<Self> {
        // Each commit is read for its parents' names: no allocation here.
        let format = match text.len() {
            40 => ObjectFormat::Sha1,
            64 => ObjectFormat::Sha256,
            _ => return None,
        };
        let (pairs, _) = text.as_chunks::<2>();
        let mut bytes = [0; 32];
        for (to, [high, low]) in bytes.iter_mut().zip(pairs) {
            *to = (nibble(*high)? << 4) | nibble(*low)?;
        }
        Some(Self { bytes, format })
    }

    /// The raw bytes, 20 or 32 of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.format.raw_len()).unwrap_or(&self.bytes)
    }

    /// Which object format this id belongs to.
    #[must_use]
    pub const fn format(&self) -> ObjectFormat {
        self.format
    }

    /// The first twelve digits, for people. Machine formats show ids in full.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_round_trip_and_others_are_refused() {
        for len in [40, 64] {
            let hex = "0123456789abcdef".repeat(4)[..len].to_owned();
            assert_eq!(Oid::from_hex(&hex).unwrap().to_string(), hex);
            assert_eq!(Oid::from_canonical_hex(hex.as_bytes()), Oid::from_hex(&hex));
        }
        for bad in ["", "abc", "zz", &"a".repeat(39), &"a".repeat(41), &"g".repeat(40)] {
            assert_eq!(Oid::from_hex(bad), None, "{bad}");
        }
        for bad in ["A", "g", "/", ":", "`", "\u{0}"] {
            assert_eq!(Oid::from_canonical_hex(bad.repeat(40).as_bytes()), None, "{bad}");
        }
        for len in [0, 39, 41, 63, 65] {
            assert_eq!(Oid::from_canonical_hex("a".repeat(len).as_bytes()), None, "{len}");
        }
    }
}
