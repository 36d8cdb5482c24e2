//! How much a pack takes to unpack, found out before anything of it is unpacked: a few kilobytes
//! can inflate to any size, a delta can copy its base many times over, and deltas upon deltas make
//! each other dearer.

use std::io::{self, BufRead};

use flate2::{Decompress, FlushDecompress, Status};

use super::broken;
use crate::error::{Error, Result};
use crate::model::text::shown;
use crate::model::{Limits, ObjectFormat};

/// A delta whose base is named by its distance in the pack.
pub(super) const BY_DISTANCE: u8 = 6;
/// A delta whose base is named by its id.
pub(super) const BY_ID: u8 = 7;

/// How much of a delta is kept: the sizes of its base and of what it makes stand first.
const DELTA_HEAD: usize = 20;
/// Longer objects than this are not kept by libgit2 while it resolves deltas: it makes them anew
/// for each delta upon them, and so all that they are made of.
const KEPT: u64 = 1 << 20;
/// How much is inflated at once, and thrown away.
const CHUNK: usize = 32 << 10;

/// Reads a pack to its end, in one go and in little memory, and refuses one that goes beyond the
/// limits. A delta must name an earlier object by its distance: what a chain of them costs can then
/// be told without making any. That is how `git bundle` and [`super::offsets`] write.
///
/// # Errors
/// [`Error::Unusable`] where a limit is hit or the pack is not one.
pub(super) fn measure(from: &mut dyn BufRead, format: ObjectFormat, limits: &Limits) -> Result<()> {
    let mut pack = Reading { from, at: 0 };
    let number = pack.start().map_err(unread)?;
    within("objects", number, "bundle-objects", limits.bundle_objects)?;
    // Room is taken as objects come, not as many as are announced.
    let mut known: Vec<Stored> = Vec::new();
    let mut inflater = Decompress::new(true);
    let mut total = 0_u64;
    for _ in 0..number {
        let at = pack.at;
        let (kind, size) = pack.head().map_err(unread)?;
        let large = |size| {
            within("bytes in one object", size, "bundle-object-bytes", limits.bundle_object_bytes)
        };
        let mut grown = |size: u64| {
            total = total.saturating_add(size);
            within(
                "bytes to make all objects",
                total,
                "bundle-inflated-bytes",
                limits.bundle_inflated_bytes,
            )
        };
        large(size)?;
        grown(size)?;
        let stored = match kind {
            1..=4 => {
                pack.inflate(&mut inflater, size)?;
                Stored { at, size, cost: size, depth: 0 }
            }
            BY_DISTANCE => {
                let distance = pack.distance().map_err(unread)?;
                let base = at
                    .checked_sub(distance)
                    .and_then(|base| known.binary_search_by_key(&base, |stored| stored.at).ok())
                    .and_then(|n| known.get(n))
                    .ok_or_else(|| broken("a delta in its pack has no base before it"))?;
                let depth = base.depth.saturating_add(1);
                within(
                    "deltas upon each other",
                    depth,
                    "bundle-delta-depth",
                    limits.bundle_delta_depth,
                )?;
                let (base_size, made) = pack
                    .inflate(&mut inflater, size)
                    .map(|head| delta_sizes(&head))?
                    .ok_or_else(|| broken("a delta in its pack is cut off"))?;
                if base_size != base.size {
                    return Err(broken("a delta in its pack belongs to another base"));
                }
                large(made)?;
                let again = if base_size > KEPT { base.cost } else { 0 };
                let cost = size.saturating_add(made).saturating_add(again);
                grown(cost.saturating_sub(size))?;
                Stored { at, size: made, cost, depth }
            }
            BY_ID => {
                return Err(broken("a delta in its pack names its base by id, not by distance"));
            }
            _ => return Err(broken("its pack holds an object of no kind that git knows")),
        };
        known.push(stored);
    }
    let mut digest = vec![0; format.raw_len()];
    pack.from.read_exact(&mut digest).map_err(unread)?;
    if !pack.from.fill_buf().map_err(unread)?.is_empty() {
        return Err(broken("something stands behind its pack"));
    }
    Ok(())
}

/// An object that was met.
struct Stored {
    /// Where it begins.
    at: u64,
    /// Its bytes, as they come out.
    size: u64,
    /// The bytes that are gone through to make it.
    cost: u64,
    /// How many deltas it takes.
    depth: u64,
}

fn within(what: &str, observed: u64, limit: &str, allowed: u64) -> Result<()> {
    if observed <= allowed {
        return Ok(());
    }
    Err(Error::unusable(
        format!(
            "the file of history cannot be used: {observed} {what} or more; \
             the limit {limit} allows {allowed}"
        ),
        format!("if this is meant to be so large, allow more than {observed}: --limit {limit}=N"),
    ))
}

fn unread(error: io::Error) -> Error {
    broken(&format!("its pack cannot be read: {}", shown(&error.to_string())))
}

/// A pack, and how far it was read.
pub(super) struct Reading<'a> {
    pub(super) from: &'a mut dyn BufRead,
    pub(super) at: u64,
}

impl Reading<'_> {
    /// "PACK", the version, and the number of objects.
    pub(super) fn start(&mut self) -> io::Result<u64> {
        let mut start = [0; 12];
        self.from.read_exact(&mut start)?;
        self.at = 12;
        match start.last_chunk::<4>() {
            Some(number) if start.starts_with(b"PACK\0\0\0\x02") => {
                Ok(u32::from_be_bytes(*number).into())
            }
            _ => Err(io::Error::other("it does not begin as one")),
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.from.read_exact(&mut byte)?;
        self.at = self.at.saturating_add(1);
        let [byte] = byte;
        Ok(byte)
    }

    /// An object's kind, and its bytes without compression: three bits and four of the first byte,
    /// then seven of each that follows, lowest first.
    pub(super) fn head(&mut self) -> io::Result<(u8, u64)> {
        let first = self.byte()?;
        let (kind, mut size, mut shift) = ((first >> 4) & 7, u64::from(first & 15), 4_u32);
        let mut last = first;
        while last & 0x80 != 0 {
            if shift > 53 {
                return Err(io::Error::other("a size has too many digits"));
            }
            last = self.byte()?;
            size |= u64::from(last & 0x7f) << shift;
            shift = shift.saturating_add(7);
        }
        Ok((kind, size))
    }

    /// How far before a delta its base begins: seven bits of each byte, highest first, where each
    /// further byte stands for one more.
    fn distance(&mut self) -> io::Result<u64> {
        let mut last = self.byte()?;
        let mut distance = u64::from(last & 0x7f);
        while last & 0x80 != 0 {
            if distance > u64::MAX >> 9 {
                return Err(io::Error::other("a distance has too many digits"));
            }
            last = self.byte()?;
            distance = (distance.saturating_add(1) << 7) | u64::from(last & 0x7f);
        }
        Ok(distance)
    }

    /// Inflates one object of `size` bytes and returns the first few of them.
    fn inflate(&mut self, inflater: &mut Decompress, size: u64) -> Result<Vec<u8>> {
        inflater.reset(true);
        let (mut first, mut room) = (Vec::new(), [0; CHUNK]);
        loop {
            let (read, made) = (inflater.total_in(), inflater.total_out());
            let some = self.from.fill_buf().map_err(unread)?;
            let status = inflater
                .decompress(some, &mut room, FlushDecompress::None)
                .map_err(|error| unread(error.into()))?;
            let read = inflater.total_in().saturating_sub(read);
            let new = inflater.total_out().saturating_sub(made);
            self.from.consume(usize::try_from(read).unwrap_or(usize::MAX));
            self.at = self.at.saturating_add(read);
            let new_bytes = usize::try_from(new).ok().and_then(|new| room.get(..new));
            let wanted = DELTA_HEAD.saturating_sub(first.len());
            first.extend(new_bytes.unwrap_or_default().iter().take(wanted));
            // Not what it announces, and perhaps far more: no further.
            if inflater.total_out() > size {
                return Err(broken("an object in its pack is longer than it says"));
            }
            match status {
                Status::StreamEnd if inflater.total_out() == size => return Ok(first),
                Status::StreamEnd => {
                    return Err(broken("an object in its pack is shorter than it says"));
                }
                _ if read == 0 && new == 0 => return Err(broken("its pack ends too early")),
                _ => {}
            }
        }
    }
}

/// The bytes of a delta's base, and of what it makes.
fn delta_sizes(head: &[u8]) -> Option<(u64, u64)> {
    let mut bytes = head.iter();
    let mut size = || {
        let (mut size, mut shift) = (0_u64, 0_u32);
        loop {
            let byte = *bytes.next()?;
            size |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(size);
            }
            shift = shift.checked_add(7).filter(|shift| *shift <= 56)?;
        }
    };
    Some((size()?, size()?))
}
