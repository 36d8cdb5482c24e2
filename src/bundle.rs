//! One file with everything that a verifier without a network needs: an uncompressed tar of few
//! entries, with their names, order, owners and times fixed, so that the same input gives the same
//! bytes and no reader can see other files in it than another.
//!
//! | entry | |
//! |---|---|
//! | `SHA256SUMS` | the digests of all others, as `sha256sum -c` reads them |
//! | `history.bundle` | the history up to the judged commit, as `git clone` reads it |
//! | `registry.toml` | the registry at that commit |
//! | `report.json` | what the maker's run said |
//! | `attestation.json` | where the maker put one in |

use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::model::Limits;
use crate::model::text::shown;

/// The digests of the other entries.
pub const SUMS: &str = "SHA256SUMS";
/// The history.
pub const HISTORY: &str = "history.bundle";
/// The registry.
pub const REGISTRY: &str = "registry.toml";
/// The report.
pub const REPORT: &str = "report.json";
/// The attestation.
pub const ATTESTATION: &str = "attestation.json";

/// A tar's unit.
const BLOCK: u64 = 512;
/// What a tar ends with: two units of zeros.
const END: u64 = 2 * BLOCK;

/// What a bundle holds besides the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Papers {
    /// The registry's bytes.
    pub registry: Vec<u8>,
    /// `gatecheck-report/1`.
    pub report: Vec<u8>,
    /// An attestation.
    pub attestation: Option<Vec<u8>>,
}

impl Papers {
    fn entries(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let always = [(REGISTRY, self.registry.as_slice()), (REPORT, self.report.as_slice())];
        always.into_iter().chain(self.attestation.as_deref().map(|bytes| (ATTESTATION, bytes)))
    }
}

/// Writes a bundle.
///
/// # Errors
/// Those of the two files.
pub fn write<H: Read + Seek>(
    history: &mut H,
    papers: &Papers,
    out: &mut impl Write,
) -> io::Result<()> {
    history.seek(SeekFrom::Start(0))?;
    let mut digest = Sha256::new();
    let bytes = io::copy(history, &mut digest)?;
    history.seek(SeekFrom::Start(0))?;
    let sums = sums(&digest.finalize().into(), papers);
    let mut tar = tar::Builder::new(out);
    tar.append(&header(SUMS, sums.len() as u64)?, sums.as_bytes())?;
    tar.append(&header(HISTORY, bytes)?, history)?;
    for (name, bytes) in papers.entries() {
        tar.append(&header(name, bytes.len() as u64)?, bytes)?;
    }
    tar.into_inner()?.flush()
}

/// Reads a bundle of `bytes` bytes; the history goes to `history`. The digests were checked, and
/// nothing else: what the parts say is for the caller to judge.
///
/// # Errors
/// [`Error::Unusable`] for every file but one that [`write()`] writes, within the limits;
/// [`Error::File`] where the history cannot be written.
pub fn read(
    from: &mut dyn Read,
    bytes: u64,
    history: &mut dyn Write,
    limits: &Limits,
) -> Result<Papers> {
    if bytes > limits.bundle_bytes {
        return Err(broken(format!("it is longer than {} bytes", limits.bundle_bytes)));
    }
    let (mut papers, mut found_sums, mut digest) = (Papers::default(), Vec::new(), None);
    let mut left = bytes;
    for name in [SUMS, HISTORY, REGISTRY, REPORT, ATTESTATION] {
        // The attestation alone may be left out.
        if name == ATTESTATION && left <= END {
            break;
        }
        let limit = match name {
            HISTORY => limits.bundle_bytes,
            REPORT => limits.report_bytes,
            _ => limits.file_bytes,
        };
        let size = begin(from, name)?;
        if size > limit {
            return Err(broken(format!("{name} has {size} bytes, where {limit} are allowed")));
        }
        let padded = size.div_ceil(BLOCK).saturating_mul(BLOCK);
        left = left
            .checked_sub(BLOCK)
            .and_then(|left| left.checked_sub(padded))
            .ok_or_else(|| broken("it ends too early"))?;
        if name == HISTORY {
            let mut both = Hashing { to: &mut *history, digest: Sha256::new() };
            copy(from, size, &mut both)?;
            digest = Some(both.digest.finalize().into());
        } else {
            let mut content = Vec::new();
            copy(from, size, &mut content)?;
            match name {
                SUMS => found_sums = content,
                REGISTRY => papers.registry = content,
                REPORT => papers.report = content,
                _ => papers.attestation = Some(content),
            }
        }
        nothing(from, padded.saturating_sub(size))?;
    }
    if left != END {
        return Err(broken(format!("behind its entries stand {left} bytes, where {END} belong")));
    }
    nothing(from, END)?;
    let Some(digest) = digest else { return Err(broken("it holds no history")) };
    if sums(&digest, &papers).as_bytes() != found_sums {
        return Err(broken("the digests of its entries are not those that SHA256SUMS lists"));
    }
    Ok(papers)
}

/// Reads an entry's header, which must be the one that [`write()`] gives it; the entry's size.
fn begin(from: &mut dyn Read, name: &str) -> Result<u64> {
    let mut block = [0; BLOCK as usize];
    from.read_exact(&mut block).map_err(|error| unread(&error))?;
    let found = tar::Header::from_byte_slice(&block);
    let other = || broken(format!("where {name} belongs stands another entry"));
    let size = found.entry_size().map_err(|_| other())?;
    let usual = header(name, size).map_err(|_| other())?;
    if *usual.as_bytes() != block { Err(other()) } else { Ok(size) }
}

/// So many bytes, and no fewer.
fn copy(from: &mut dyn Read, size: u64, to: &mut dyn Write) -> Result<()> {
    let copied = io::copy(&mut from.take(size), to).map_err(|error| unread(&error))?;
    if copied == size { Ok(()) } else { Err(broken("it ends too early")) }
}

/// So many zeros: what some reader of tars could take for an entry must not be in between.
fn nothing(from: &mut dyn Read, size: u64) -> Result<()> {
    let mut zeros = [0; END as usize];
    let room = usize::try_from(size).ok().and_then(|size| zeros.get_mut(..size));
    let room = room.ok_or_else(|| broken("it ends too early"))?;
    from.read_exact(room).map_err(|error| unread(&error))?;
    if room.iter().any(|byte| *byte != 0) {
        return Err(broken("between its entries stands what belongs to none"));
    }
    Ok(())
}

/// Lines as `sha256sum` writes them.
fn sums(history: &[u8; 32], papers: &Papers) -> String {
    let mut text = format!("{}  {HISTORY}\n", hex::encode(history));
    for (name, bytes) in papers.entries() {
        text.push_str(&format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))));
    }
    text
}

fn header(name: &str, size: u64) -> io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

struct Hashing<'a> {
    to: &'a mut dyn Write,
    digest: Sha256,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.to.write(bytes)?;
        self.digest.update(bytes.get(..taken).unwrap_or(bytes));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn broken(why: impl Into<String>) -> Error {
    Error::unusable(
        format!("the bundle cannot be used: {}", why.into()),
        "fetch it again from where it was published, or have it made again: \
         gatecheck bundle --output FILE",
    )
}

fn unread(error: &io::Error) -> Error {
    broken(shown(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn papers() -> Papers {
        Papers { registry: b"r".to_vec(), report: vec![b'{'; 700], attestation: None }
    }

    fn written(papers: &Papers) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut Cursor::new(b"# history"), papers, &mut bytes).unwrap();
        bytes
    }

    fn limits() -> Limits {
        Limits { bundle_bytes: 16 << 10, file_bytes: 1_024, ..Limits::default() }
    }

    fn read_back(bytes: &[u8]) -> Result<(Papers, Vec<u8>)> {
        let mut history = Vec::new();
        let papers = read(&mut &*bytes, bytes.len() as u64, &mut history, &limits())?;
        Ok((papers, history))
    }

    #[test]
    fn what_was_written_is_read_and_is_the_same_each_time() {
        for papers in [papers(), Papers { attestation: Some(b"a".to_vec()), ..papers() }] {
            let bytes = written(&papers);
            assert_eq!(bytes, written(&papers));
            assert_eq!(read_back(&bytes).unwrap(), (papers, b"# history".to_vec()));
        }
    }

    #[test]
    fn no_byte_can_be_changed_added_or_left_out() {
        let good = written(&papers());
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            assert!(read_back(&bad).is_err(), "byte {at}");
        }
        for length in (0..good.len()).step_by(64) {
            assert!(read_back(&good[..length]).is_err(), "{length}");
        }
        assert!(read_back(&[&good[..], &[0; 512]].concat()).is_err());
        assert!(read_back(&[&good[..], b"x"].concat()).is_err());
    }

    /// Entries of an attacker's choice, with digests that fit.
    fn forged(change: impl Fn(&'static str, &mut tar::Header), extra: Option<&str>) -> Vec<u8> {
        let papers = papers();
        let sums = sums(&Sha256::digest(b"# history").into(), &papers);
        let mut tar = tar::Builder::new(Vec::new());
        let all = [(SUMS, sums.as_bytes()), (HISTORY, b"# history")];
        for (name, bytes) in all.into_iter().chain(papers.entries()) {
            let mut header = header(name, bytes.len() as u64).unwrap();
            change(name, &mut header);
            header.set_cksum();
            tar.append(&header, bytes).unwrap();
        }
        if let Some(name) = extra {
            tar.append(&header(name, 1).unwrap(), &b"x"[..]).unwrap();
        }
        tar.into_inner().unwrap()
    }

    #[test]
    fn links_other_names_owners_and_sizes_are_refused() {
        assert!(read_back(&forged(|_, _| {}, None)).is_ok());
        let kinds = [
            tar::EntryType::Symlink,
            tar::EntryType::Link,
            tar::EntryType::Directory,
            tar::EntryType::XHeader,
            tar::EntryType::GNULongName,
            tar::EntryType::Fifo,
        ];
        for kind in kinds {
            for victim in [SUMS, HISTORY, REGISTRY, REPORT] {
                let bytes = forged(
                    |name, header| {
                        if name == victim {
                            header.set_entry_type(kind);
                        }
                    },
                    None,
                );
                assert!(read_back(&bytes).is_err(), "{kind:?} {victim}");
            }
        }
        let edits: &[fn(&mut tar::Header)] = &[
            |h| h.set_path("other.toml").unwrap(),
            |h| h.set_mode(0o755),
            |h| h.set_mtime(1),
            |h| h.set_uid(1),
            |h| h.set_username("root").unwrap(),
            |h| h.set_size(0),
            |h| h.set_size(1 << 40),
        ];
        for (n, edit) in edits.iter().enumerate() {
            let bytes = forged(
                |name, header| {
                    if name == REGISTRY {
                        edit(header);
                    }
                },
                None,
            );
            assert!(read_back(&bytes).is_err(), "edit {n}");
        }
        assert!(read_back(&forged(|_, _| {}, Some("more"))).is_err());
        assert!(read_back(&forged(|_, _| {}, Some(REPORT))).is_err());
        // Its digest is not listed.
        assert!(read_back(&forged(|_, _| {}, Some(ATTESTATION))).is_err());
        assert!(read_back(b"").is_err());
    }

    #[test]
    fn sizes_are_bounded_before_anything_is_read() {
        let large = Papers { registry: vec![0; 1_025], ..papers() };
        assert!(read_back(&written(&large)).unwrap_err().to_string().contains("1024"));
        let mut history = Vec::new();
        let good = written(&papers());
        let small = Limits { bundle_bytes: 100, ..limits() };
        let refused = read(&mut &*good, good.len() as u64, &mut history, &small);
        assert!(refused.is_err() && history.is_empty());
    }
}
