//! Numbers of version 4 signatures that state more bits than they have.
//!
//! RFC 9580, 3.2 has a number begin at its highest set bit. Some signers, forges among them, state
//! eight times its octets instead; a receiver must reject that in version 6 only, and gpg takes it
//! in version 4. The numbers of a signature are not part of what it covers, so that stating the
//! right length changes nothing but whether they can be read.

use super::packet::Raw;

/// Public-key algorithms whose signatures are one number (RSA) or two (DSA, ECDSA, EdDSA).
fn numbers(algorithm: u8) -> Option<usize> {
    match algorithm {
        1 | 3 => Some(1),
        17 | 19 | 22 => Some(2),
        _ => None,
    }
}

/// The packet with every number stated as it is; `None` where nothing is to be mended, or more is
/// wrong than that.
pub(super) fn restated(raw: Raw<'_>) -> Option<Vec<u8>> {
    let body = raw.body;
    let (&version, &algorithm) = (body.first()?, body.get(2)?);
    let count = numbers(algorithm).filter(|_| version == 4)?;
    // Version, type, algorithms; both areas; two octets of the digest.
    let hashed = area(body, 4)?;
    let unhashed = area(body, hashed)?;
    let start = unhashed.checked_add(2)?;
    let (before, mut rest) = body.split_at_checked(start)?;
    let mut mended = before.to_vec();
    let mut changed = false;
    for _ in 0..count {
        let (stated, behind) = rest.split_first_chunk::<2>()?;
        let stated = usize::from(u16::from_be_bytes(*stated));
        let (number, behind) = behind.split_at_checked(stated.div_ceil(8))?;
        let zeros = number.iter().take_while(|octet| **octet == 0).count();
        let number = number.get(zeros..)?;
        let top = number.first().map_or(0, |octet| octet.leading_zeros());
        let bits = number.len().checked_mul(8)?.checked_sub(usize::try_from(top).ok()?)?;
        changed |= bits != stated;
        mended.extend(u16::try_from(bits).ok()?.to_be_bytes());
        mended.extend(number);
        rest = behind;
    }
    if !changed || !rest.is_empty() {
        return None;
    }
    let mut packet = vec![0xc2, 0xff];
    packet.extend(u32::try_from(mended.len()).ok()?.to_be_bytes());
    packet.append(&mut mended);
    Some(packet)
}

/// Where the area of subpackets that begins at `at` ends.
fn area(body: &[u8], at: usize) -> Option<usize> {
    let behind = at.checked_add(2)?;
    let length: [u8; 2] = body.get(at..behind)?.try_into().ok()?;
    behind.checked_add(usize::from(u16::from_be_bytes(length)))
}

#[cfg(test)]
mod tests {
    use super::super::packet;
    use super::*;

    fn mend(body: &[u8]) -> Option<Vec<u8>> {
        let mut whole = vec![0xc2, u8::try_from(body.len()).unwrap()];
        whole.extend(body);
        let (raw, _) = packet::next(&whole).unwrap().unwrap();
        restated(raw).map(|packet| packet[6..].to_vec())
    }

    #[test]
    fn only_the_stated_length_changes() {
        let rsa = |number: &[u8]| [&[4, 0, 1, 8, 0, 1, 9, 0, 0, 7, 7][..], number].concat();
        assert_eq!(mend(&rsa(&[0, 16, 0x1f, 2])), Some(rsa(&[0, 13, 0x1f, 2])));
        assert_eq!(mend(&rsa(&[0, 16, 0, 0x1f])), Some(rsa(&[0, 5, 0x1f])));
        assert_eq!(mend(&rsa(&[0, 13, 0x1f, 2])), None, "nothing to mend");
        assert_eq!(mend(&rsa(&[0, 16, 0x1f])), None, "truncated");
        assert_eq!(mend(&rsa(&[0, 16, 0x1f, 2, 3])), None, "something behind it");
        let dsa = |number: &[u8]| [&[4, 0, 22, 8, 0, 0, 0, 0, 7, 7][..], number].concat();
        assert_eq!(mend(&dsa(&[0, 8, 1, 0, 8, 0xff])), Some(dsa(&[0, 1, 1, 0, 8, 0xff])));
        let mut six = rsa(&[0, 16, 0x1f, 2]);
        six[0] = 6;
        assert_eq!(mend(&six), None, "version 6 must be exact");
    }
}
