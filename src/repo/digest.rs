//! Content digests: what a tree holds, in SHA-256, whatever the repository's object format.

use sha2::{Digest as _, Sha256};

use super::subject::Without;
use super::tree::{Entry, EntryKind};
use super::{ReadFailure, Repository};
use crate::model::Oid;

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Repository {
    /// The content digest of a tree, with some paths taken out.
    ///
    /// SHA-256 over the records `<mode as stored> SP <sha256 of blob> SP <path> NUL`, in the
    /// byte order of the full paths. The mode is octal without leading zeros (`100644`), the
    /// blob's SHA-256 is 64 lower-case hexadecimal digits over its content alone, the path is
    /// raw bytes. A symbolic link's content is its target. A submodule stands with its commit
    /// id in lower-case hexadecimal.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn content_digest(&self, tree: Oid, without: &[&str]) -> Result<[u8; 32], ReadFailure> {
        let without = Without::new(without);
        let mut digest = Sha256::new();
        self.each_file(tree, |path, entry| {
            if without.names(&path) {
                return Ok(());
            }
            digest.update(format!("{:o} {} ", entry.mode, self.content(&entry)?));
            digest.update(&path);
            digest.update([0]);
            Ok(())
        })?;
        Ok(digest.finalize().into())
    }

    fn content(&self, entry: &Entry) -> Result<String, ReadFailure> {
        if entry.kind() == EntryKind::Submodule {
            return Ok(entry.id.to_string());
        }
        Ok(hex::encode(self.with_large_blob(entry.id, sha256)?))
    }
}
