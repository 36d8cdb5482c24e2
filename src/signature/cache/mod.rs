//! Facts of earlier runs.
//!
//! A file of records of fixed size, each under HMAC-SHA256 with a key that only this user's
//! cache folder holds. Whoever cannot read that key cannot make a record that counts;
//! whoever can is the user. Records that are truncated, foreign, or of another release of
//! this program are as if they were not there, so a cache never changes a fact: it only saves
//! the arithmetic.
//!
//! Several runs may use one folder. A file is replaced whole, by rename: a crash leaves the
//! old one or the new one. Runs that save at the same time may lose each other's news.

mod key;
mod record;

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use self::record::{RECORD, Record};
use crate::error::{Error, Result};
use crate::model::{RequestId, VerifiedSignature};

/// Records that are kept, newest first: 1,000,000, which is 144 MB.
const MAX_RECORDS: usize = 1_000_000;

const FACTS: &str = "facts";

/// Verified facts of earlier runs, by what was asked.
#[derive(Debug)]
pub struct FactCache {
    folder: PathBuf,
    key: [u8; 32],
    /// Records of the file, whose MAC is looked at when they are asked for.
    old: HashMap<RequestId, Record>,
    /// Records of this run, oldest first.
    new: Vec<Record>,
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
        let mut old = HashMap::new();
        for record in read_records(&folder.join(FACTS)) {
            old.insert(record.id(), record);
        }
        Ok(Self { folder: folder.to_owned(), key, old, new: Vec::new() })
    }

    /// What is known about a request: `None` unless the record is there and authentic. Its
    /// `primaries` are empty; they are the pool's to say.
    #[must_use]
    pub fn get(&self, id: RequestId) -> Option<VerifiedSignature> {
        self.old.get(&id)?.open(&self.key)
    }

    /// Remembers a fact for [`FactCache::save`].
    pub fn put(&mut self, id: RequestId, fact: &VerifiedSignature) {
        if self.new.len() < MAX_RECORDS
            && let Some(record) = Record::seal(id, fact, &self.key)
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
        let mut records: Vec<Record> = read_records(&path).collect();
        records.retain(|record| record.open(&self.key).is_some());
        let known: std::collections::HashSet<RequestId> = records.iter().map(Record::id).collect();
        records.extend(self.new.iter().filter(|record| !known.contains(&record.id())).cloned());
        let surplus = records.len().saturating_sub(MAX_RECORDS);
        records.drain(..surplus);
        write_records(&self.folder, &path, &records).map_err(|source| file_error(&path, source))?;
        for record in self.new.drain(..) {
            self.old.insert(record.id(), record);
        }
        Ok(())
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

/// Records of a file; none where it cannot be read. A part of a record at the end is left out.
fn read_records(path: &Path) -> impl Iterator<Item = Record> {
    let mut bytes = Vec::new();
    let bound = (MAX_RECORDS as u64).saturating_mul(RECORD as u64);
    if let Ok(file) = File::open(path)
        && file.take(bound).read_to_end(&mut bytes).is_err()
    {
        bytes.clear();
    }
    let (whole, _) = bytes.as_chunks::<RECORD>();
    let records: Vec<Record> = whole.iter().map(|raw| Record::from_bytes(*raw)).collect();
    records.into_iter()
}

fn write_records(folder: &Path, path: &Path, records: &[Record]) -> std::io::Result<()> {
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    let mut out = std::io::BufWriter::new(temporary.as_file_mut());
    for record in records {
        out.write_all(record.as_bytes())?;
    }
    out.flush()?;
    drop(out);
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests;
