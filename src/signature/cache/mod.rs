//! Facts of earlier runs.
//!
//! A file of records of fixed size, each under HMAC-SHA256 with a key that only this user's
//! cache folder holds. Whoever cannot read that key cannot make a record that counts;
//! whoever can is the user. Records that are truncated, foreign, or of another release of
//! this program are as if they were not there, so a cache never changes a fact: it only saves
//! the arithmetic.
//!
//! Records lie in the order of their ids, so that one is found without an index of its own and a
//! large cache costs little more than reading its file. Should the order be wrong, some are
//! not found, and what they say is worked out anew.
//!
//! Several runs may use one folder. A file is replaced whole, by rename: a crash leaves the
//! old one or the new one. Runs that save at the same time may lose each other's news.

mod key;
mod record;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use self::record::{RECORD, Record, Seal};
use crate::error::{Error, Result};
use crate::model::{RequestId, VerifiedSignature};

/// Records that are kept: 1,000,000, which is 144 MB.
const MAX_RECORDS: usize = 1_000_000;

const FACTS: &str = "facts";

/// Verified facts of earlier runs, by what was asked.
pub struct FactCache {
    folder: PathBuf,
    seal: Seal,
    /// Records of the file, whose MAC is looked at when they are asked for.
    old: Records,
    /// Records of this run.
    new: Vec<Record>,
    /// A record was seen that does not count.
    foreign: AtomicBool,
}

/// A fact under its MAC, for [`FactCache::keep`].
#[derive(Clone, Debug)]
pub struct Sealed(Record);

impl std::fmt::Debug for FactCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FactCache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl FactCache {
    /// Opens the cache in a folder, which is made if need be (for this user alone).
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the folder or the key in it cannot be read or made. An unusable
    /// file of facts is no error.
    pub fn open(folder: &Path) -> Result<Self> {
        key::make_folder(folder).map_err(|source| file_error(folder, source))?;
        let key_path = folder.join("key");
        let key = key::load(folder, &key_path).map_err(|source| file_error(&key_path, source))?;
        let seal = Seal::new(&key).ok_or_else(|| Error::Defect("a key of no use".to_owned()))?;
        let old = Records::read(&folder.join(FACTS));
        let foreign = AtomicBool::new(old.mended);
        Ok(Self { folder: folder.to_owned(), seal, old, new: Vec::new(), foreign })
    }

    /// What is known about a request: `None` unless the record is there and authentic. Its
    /// `primaries` are empty; they are the pool's to say.
    #[must_use]
    pub fn get(&self, id: RequestId) -> Option<VerifiedSignature> {
        let fact = self.old.find(id)?.open(&self.seal);
        if fact.is_none() {
            self.foreign.store(true, Ordering::Relaxed);
        }
        fact
    }

    /// Writes a fact down for [`FactCache::keep`]; `None` for one that has no place in a record.
    #[must_use]
    pub fn seal(&self, id: RequestId, fact: &VerifiedSignature) -> Option<Sealed> {
        Record::seal(id, fact, &self.seal).map(Sealed)
    }

    /// Remembers a fact for [`FactCache::save`].
    pub fn keep(&mut self, fact: Option<Sealed>) {
        if let Some(Sealed(record)) = fact
            && self.new.len() < MAX_RECORDS
        {
            self.new.push(record);
        }
    }

    /// Writes what is new, with what the file holds by now. Does nothing if nothing is new.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; the old file is then still there. Nothing depends on the cache, so a
    /// caller may go on.
    pub fn save(&mut self) -> Result<()> {
        if self.new.is_empty() {
            return Ok(());
        }
        let path = self.folder.join(FACTS);
        let mut new = std::mem::take(&mut self.new);
        new.sort_by_key(Record::id);
        new.dedup_by_key(|record| record.id());
        // The memory goes to what is read anew: another run may have saved meanwhile.
        self.old = Records::default();
        let mut kept = Records::read(&path);
        let full = kept.len().saturating_add(new.len()) > MAX_RECORDS;
        if full || kept.mended || self.foreign.load(Ordering::Relaxed) {
            kept.retain(|record| record.open(&self.seal).is_some());
        }
        if kept.len().saturating_add(new.len()) > MAX_RECORDS {
            // Begin anew with what was needed just now.
            kept = Records::default();
        }
        self.old = kept.and(&new);
        self.foreign = AtomicBool::new(false);
        write_file(&self.folder, &path, &self.old.bytes).map_err(|source| file_error(&path, source))
    }

    /// How many records there are, authentic or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.old.len().saturating_add(self.new.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn file_error(path: &Path, source: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}

/// The records of a file, in the order of their ids.
#[derive(Default)]
struct Records {
    bytes: Vec<u8>,
    /// The file was not as this program writes it.
    mended: bool,
}

impl Records {
    /// None where the file cannot be read. A part of a record at the end is left out.
    fn read(path: &Path) -> Self {
        let mut bytes = Vec::new();
        let bound = (MAX_RECORDS as u64).saturating_mul(RECORD as u64);
        if let Ok(file) = File::open(path) {
            let size = file.metadata().map_or(0, |meta| meta.len()).min(bound);
            bytes.reserve_exact(usize::try_from(size).unwrap_or(0));
            if file.take(bound).read_to_end(&mut bytes).is_err() {
                bytes.clear();
            }
        }
        let mut records = Self { bytes, mended: false };
        let (whole, rest) = records.bytes.as_chunks_mut::<RECORD>();
        let rest = rest.len();
        let in_order = whole.is_sorted_by(|a, b| id_of(a) < id_of(b));
        if !in_order {
            whole.sort_unstable_by(|a, b| id_of(a).cmp(id_of(b)));
        }
        records.mended = !in_order || rest > 0;
        records.bytes.truncate(records.bytes.len().saturating_sub(rest));
        records
    }

    fn all(&self) -> &[[u8; RECORD]] {
        self.bytes.as_chunks::<RECORD>().0
    }

    fn len(&self) -> usize {
        self.all().len()
    }

    fn find(&self, id: RequestId) -> Option<Record> {
        let all = self.all();
        let at = all.binary_search_by(|raw| id_of(raw).cmp(id.0.as_slice())).ok()?;
        all.get(at).copied().map(Record::from_bytes)
    }

    fn retain(&mut self, keep: impl Fn(&Record) -> bool) {
        let kept = self.all().iter().filter(|raw| keep(&Record::from_bytes(**raw)));
        self.bytes = kept.flatten().copied().collect();
    }

    /// With new records, which are in order; of two for one request the new one stays.
    fn and(self, new: &[Record]) -> Self {
        if self.bytes.is_empty() {
            return Self {
                bytes: new.iter().flat_map(Record::as_bytes).copied().collect(),
                mended: false,
            };
        }
        let mut bytes =
            Vec::with_capacity(self.bytes.len().saturating_add(new.len().saturating_mul(RECORD)));
        let mut old = self.all().iter().peekable();
        for record in new {
            let id = record.id();
            while let Some(raw) = old.next_if(|raw| id_of(raw) <= id.0.as_slice()) {
                if id_of(raw) != id.0.as_slice() {
                    bytes.extend_from_slice(raw);
                }
            }
            bytes.extend_from_slice(record.as_bytes());
        }
        bytes.extend(old.flatten());
        Self { bytes, mended: false }
    }
}

fn id_of(raw: &[u8; RECORD]) -> &[u8] {
    raw.first_chunk::<32>().map_or(&[], <[u8; 32]>::as_slice)
}

fn write_file(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests;
