//! Frames packets (RFC 9580, 4.2) without looking into them.

/// Packet types that matter here (RFC 9580, 5).
pub(super) mod tag {
    pub(in super::super) const SIGNATURE: u8 = 2;
    pub(in super::super) const SECRET_KEY: u8 = 5;
    pub(in super::super) const PUBLIC_KEY: u8 = 6;
    pub(in super::super) const SECRET_SUBKEY: u8 = 7;
    pub(in super::super) const COMPRESSED: u8 = 8;
    pub(in super::super) const MARKER: u8 = 10;
    pub(in super::super) const TRUST: u8 = 12;
    pub(in super::super) const USER_ID: u8 = 13;
    pub(in super::super) const PUBLIC_SUBKEY: u8 = 14;
    pub(in super::super) const USER_ATTRIBUTE: u8 = 17;
    pub(in super::super) const PADDING: u8 = 21;
}

/// One packet as it stands in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    /// Packet type.
    pub(super) tag: u8,
    /// Without its header.
    pub(super) body: &'a [u8],
    /// With its header.
    pub(super) whole: &'a [u8],
}

/// Why bytes are no packet of definite length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unframed {
    #[error("junk where an OpenPGP packet should begin")]
    Junk,
    #[error("an OpenPGP packet that is truncated")]
    Truncated,
    #[error("an OpenPGP packet of partial or indefinite length")]
    NotDefinite,
}

/// Takes one packet off the front; `None` at the end.
pub(super) fn next(bytes: &[u8]) -> Option<Result<(Raw<'_>, &[u8]), Unframed>> {
    let first = *bytes.first()?;
    Some(frame(first, bytes))
}

fn frame(first: u8, bytes: &[u8]) -> Result<(Raw<'_>, &[u8]), Unframed> {
    if first & 0x80 == 0 {
        return Err(Unframed::Junk);
    }
    let (tag, header, length) = if first & 0x40 != 0 {
        let (size, length) = new_length(bytes)?;
        (first & 0x3f, size, length)
    } else {
        let (size, length) = old_length(first, bytes)?;
        ((first >> 2) & 0x0f, size, length)
    };
    let end = header.checked_add(length).ok_or(Unframed::Truncated)?;
    let (whole, rest) = bytes.split_at_checked(end).ok_or(Unframed::Truncated)?;
    let body = whole.get(header..).ok_or(Unframed::Truncated)?;
    Ok((Raw { tag, body, whole }, rest))
}

/// Size of header and body in the current format (RFC 9580, 4.2.1).
fn new_length(bytes: &[u8]) -> Result<(usize, usize), Unframed> {
    match *bytes.get(1).ok_or(Unframed::Truncated)? {
        octet @ 0..=191 => Ok((2, usize::from(octet))),
        octet @ 192..=223 => {
            let low = usize::from(*bytes.get(2).ok_or(Unframed::Truncated)?);
            let high = usize::from(octet).saturating_sub(192) << 8;
            Ok((3, high.saturating_add(low).saturating_add(192)))
        }
        224..=254 => Err(Unframed::NotDefinite),
        255 => Ok((6, number(bytes.get(2..6))?)),
    }
}

/// Size of header and body in the legacy format (RFC 9580, 4.2.2).
fn old_length(first: u8, bytes: &[u8]) -> Result<(usize, usize), Unframed> {
    match first & 0x03 {
        0 => Ok((2, number(bytes.get(1..2))?)),
        1 => Ok((3, number(bytes.get(1..3))?)),
        2 => Ok((5, number(bytes.get(1..5))?)),
        _ => Err(Unframed::NotDefinite),
    }
}

/// A big-endian number.
fn number(octets: Option<&[u8]>) -> Result<usize, Unframed> {
    let octets = octets.ok_or(Unframed::Truncated)?;
    let value = octets.iter().fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
    usize::try_from(value).map_err(|_| Unframed::Truncated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> Result<(u8, usize), Unframed> {
        next(bytes).unwrap().map(|(raw, _)| (raw.tag, raw.body.len()))
    }

    #[test]
    fn all_definite_lengths_are_read() {
        assert_eq!(one(&[0xc2, 1, 9]), Ok((2, 1)));
        let mut two = vec![0xc2, 192, 8];
        two.resize(3 + 200, 0);
        assert_eq!(one(&two), Ok((2, 200)));
        assert_eq!(one(&[0xc2, 255, 0, 0, 0, 1, 9]), Ok((2, 1)));
        assert_eq!(one(&[0x88, 1, 9]), Ok((2, 1)));
        assert_eq!(one(&[0x89, 0, 1, 9]), Ok((2, 1)));
        assert_eq!(one(&[0x8a, 0, 0, 0, 1, 9]), Ok((2, 1)));
    }

    #[test]
    fn everything_else_is_named() {
        assert_eq!(next(&[]), None);
        assert_eq!(one(&[0x42, 1, 9]), Err(Unframed::Junk));
        assert_eq!(one(&[0xc2]), Err(Unframed::Truncated));
        assert_eq!(one(&[0xc2, 2, 9]), Err(Unframed::Truncated));
        assert_eq!(one(&[0xc2, 255, 255, 255, 255, 255, 9]), Err(Unframed::Truncated));
        assert_eq!(one(&[0xc2, 224, 9]), Err(Unframed::NotDefinite));
        assert_eq!(one(&[0x8b, 9]), Err(Unframed::NotDefinite));
    }

    #[test]
    fn packets_follow_one_another() {
        let bytes = [0xc2, 1, 9, 0x88, 0];
        let (first, rest) = next(&bytes).unwrap().unwrap();
        assert_eq!((first.body, first.whole), (&[9_u8][..], &[0xc2_u8, 1, 9][..]));
        assert_eq!(rest, [0x88, 0]);
    }
}
