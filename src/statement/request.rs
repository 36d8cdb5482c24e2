//! The name of one question: does this signature cover these bytes?

use sha2::{Digest as _, Sha256};

use crate::model::RequestId;

/// Separates these digests from every other use of SHA-256 in the program.
const LABEL: &[u8] = b"gatecheck signature request v1";

/// SHA-256 over label, payload and signature, each behind its length (8 bytes, big endian), so
/// that no byte can move from one part to the next.
#[must_use]
pub fn request_id(payload: &[u8], signature: &[u8]) -> RequestId {
    let mut hasher = Sha256::new();
    for part in [LABEL, payload, signature] {
        // A slice is never longer than isize::MAX bytes, so its length fits.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_be_bytes());
        hasher.update(part);
    }
    RequestId(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_cannot_move_between_the_parts() {
        assert_eq!(request_id(b"ab", b"c"), request_id(b"ab", b"c"));
        assert_ne!(request_id(b"ab", b"c"), request_id(b"a", b"bc"));
        assert_ne!(request_id(b"", b"abc"), request_id(b"abc", b""));
    }

    #[test]
    fn the_construction_is_pinned() {
        let mut bytes = Vec::new();
        for part in ["gatecheck signature request v1", "payload", "signature"] {
            bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, part.len() as u8]);
            bytes.extend_from_slice(part.as_bytes());
        }
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(request_id(b"payload", b"signature").0, expected);
    }
}
