//! A pack whose deltas name their bases by distance, made of one that names them by id, as libgit2
//! writes it. Who reads it can then tell what it will cost before unpacking it: [`super::measure`].

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Write};
use std::path::Path;

use sha1collisiondetection::Sha1CD;
use sha2::{Digest as _, Sha256};

use super::measure::{BY_DISTANCE, BY_ID, Reading};
use crate::model::{ObjectFormat, Oid};

/// Writes the pack at `pack` with distances for ids. Its index stands beside it.
///
/// # Errors
/// Those of the files; what libgit2 just wrote is not expected to be anything but a pack.
pub(super) fn write(pack: &Path, format: ObjectFormat, out: &mut dyn Write) -> io::Result<()> {
    let objects = index(&std::fs::read(pack.with_extension("idx"))?, format)
        .ok_or_else(|| io::Error::other("the index of the new pack cannot be read"))?;
    let file = File::open(pack)?;
    let digest_at = file.metadata()?.len().saturating_sub(format.raw_len() as u64);
    let mut file = BufReader::new(file);
    let mut out = Hashing { to: out, digest: Digest::new(format), at: 0 };
    let mut written: HashMap<Oid, u64> = HashMap::with_capacity(objects.len());
    let mut from = Reading { from: &mut file, at: 0 };
    let number = u32::try_from(from.start()?).map_err(io::Error::other)?;
    out.write_all(b"PACK\0\0\0\x02")?;
    out.write_all(&number.to_be_bytes())?;
    let ends = objects.iter().skip(1).map(|(at, _)| *at).chain([digest_at]);
    for ((begin, id), end) in objects.iter().zip(ends) {
        if from.at != *begin {
            return Err(io::Error::other("the index of the new pack does not fit it"));
        }
        let at = out.at;
        let (kind, size) = from.head()?;
        if kind == BY_ID {
            let mut base = vec![0; format.raw_len()];
            from.from.read_exact(&mut base)?;
            from.at = from.at.saturating_add(base.len() as u64);
            // libgit2 writes a base before what is made of it.
            let base = Oid::from_bytes(&base)
                .and_then(|base| at.checked_sub(*written.get(&base)?))
                .ok_or_else(|| io::Error::other("the new pack has a delta before its base"))?;
            out.write_all(&head(BY_DISTANCE, size))?;
            out.write_all(&distance(base))?;
        } else {
            out.write_all(&head(kind, size))?;
        }
        let rest = end.saturating_sub(from.at);
        let copied = io::copy(&mut (&mut *from.from).take(rest), &mut out)?;
        from.at = from.at.saturating_add(copied);
        written.insert(*id, at);
    }
    let digest = out.digest.finish()?;
    out.to.write_all(&digest)
}

/// Where each object begins, in their order, of a version 2 index: a table of counts, ids, checks,
/// and offsets of four bytes, or eight where these do not do.
fn index(bytes: &[u8], format: ObjectFormat) -> Option<Vec<(u64, Oid)>> {
    let rest = bytes.strip_prefix(b"\xfftOc\0\0\0\x02")?;
    let (counts, rest) = rest.split_at_checked(256 * 4)?;
    let number = usize::try_from(u32::from_be_bytes(*counts.last_chunk::<4>()?)).ok()?;
    let (ids, rest) = rest.split_at_checked(number.checked_mul(format.raw_len())?)?;
    let (_, rest) = rest.split_at_checked(number.checked_mul(4)?)?;
    let (offsets, large) = rest.split_at_checked(number.checked_mul(4)?)?;
    let (large, _) = large.as_chunks::<8>();
    let (offsets, _) = offsets.as_chunks::<4>();
    let mut objects = Vec::with_capacity(number);
    for (id, offset) in ids.chunks_exact(format.raw_len()).zip(offsets) {
        let offset = u32::from_be_bytes(*offset);
        let at = match offset & 0x8000_0000 {
            0 => u64::from(offset),
            _ => {
                let n = usize::try_from(offset & 0x7fff_ffff).ok()?;
                u64::from_be_bytes(*large.get(n)?)
            }
        };
        objects.push((at, Oid::from_bytes(id)?));
    }
    objects.sort_unstable();
    Some(objects)
}

/// An object's head, as [`Reading::head`] reads it.
pub(super) fn head(kind: u8, size: u64) -> Vec<u8> {
    let low = |size: u64, mask: u8| size.to_le_bytes().first().map_or(0, |byte| byte & mask);
    let (mut byte, mut rest) = ((kind << 4) | low(size, 15), size >> 4);
    let mut bytes = Vec::new();
    while rest != 0 {
        bytes.push(byte | 0x80);
        byte = low(rest, 0x7f);
        rest >>= 7;
    }
    bytes.push(byte);
    bytes
}

/// A distance, as [`Reading`] reads it.
pub(super) fn distance(distance: u64) -> Vec<u8> {
    let low = |size: u64| size.to_le_bytes().first().map_or(0, |byte| byte & 0x7f);
    let (mut bytes, mut rest) = (vec![low(distance)], distance >> 7);
    while let Some(less) = rest.checked_sub(1) {
        bytes.push(low(less) | 0x80);
        rest = less >> 7;
    }
    bytes.reverse();
    bytes
}

/// The digest that ends a pack.
pub(super) enum Digest {
    Sha1(Box<Sha1CD>),
    Sha256(Sha256),
}

impl Digest {
    pub(super) fn new(format: ObjectFormat) -> Self {
        match format {
            ObjectFormat::Sha1 => Self::Sha1(Box::default()),
            ObjectFormat::Sha256 => Self::Sha256(Sha256::new()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(digest) => digest.update(bytes),
            Self::Sha256(digest) => digest.update(bytes),
        }
    }

    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        Ok(match self {
            Self::Sha1(digest) => {
                let attack = |_| io::Error::other("the new pack looks like an attack on SHA-1");
                digest.finalize_cd().map_err(attack)?.to_vec()
            }
            Self::Sha256(digest) => digest.finalize().to_vec(),
        })
    }
}

struct Hashing<'a> {
    to: &'a mut dyn Write,
    digest: Digest,
    at: u64,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.to.write(bytes)?;
        self.digest.update(bytes.get(..taken).unwrap_or(bytes));
        self.at = self.at.saturating_add(taken as u64);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
