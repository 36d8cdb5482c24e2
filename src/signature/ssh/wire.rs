//! Strings and numbers of the SSH wire format (RFC 4251, 5).

/// Takes fields off the front of bytes.
pub(super) struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// So many bytes.
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    /// `byte`.
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// `uint32`.
    pub(super) fn number(&mut self) -> Option<u32> {
        let raw = <[u8; 4]>::try_from(self.take(4)?).ok()?;
        Some(u32::from_be_bytes(raw))
    }

    /// `string`.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// Whether nothing is left.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_and_nothing_is_read_past_the_end() {
        let mut wire = Wire::new(&[0, 0, 0, 3, b'g', b'i', b't', 0, 0, 0, 7, 9]);
        assert_eq!(wire.string(), Some(&b"git"[..]));
        assert_eq!(wire.number(), Some(7));
        assert!(!wire.is_empty());
        assert_eq!(wire.byte(), Some(9));
        assert!(wire.is_empty());
        assert_eq!(wire.byte(), None);
        assert_eq!(Wire::new(&[0, 0, 0, 2, 1]).string(), None);
        assert_eq!(Wire::new(&[255, 255, 255, 255, 1]).string(), None);
    }
}
