//! The key of this user's cache.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

const KEY: usize = 32;

/// Makes the cache's folder, open to this user alone where the system can say so.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Reads the key, or makes a new one: where there is none, where it has another length, and
/// where others than its owner may read or write it. A new key makes all old records foreign.
pub(super) fn load(folder: &Path, path: &Path) -> io::Result<[u8; KEY]> {
    match read(path)? {
        Found::Key(key) => return Ok(key),
        Found::Unusable => fs::remove_file(path)?,
        Found::Nothing => {}
    }
    // Written under another name first: a run beside this one sees all of it or nothing.
    let mut key = [0_u8; KEY];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(&key)?;
    temporary.as_file().sync_all()?;
    match temporary.persist_noclobber(path) {
        Ok(_) => Ok(key),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => match read(path)? {
            Found::Key(theirs) => Ok(theirs),
            _ => Err(io::Error::other("another program keeps replacing the cache's key")),
        },
        Err(error) => Err(error.error),
    }
}

enum Found {
    Key([u8; KEY]),
    Unusable,
    Nothing,
}

fn read(path: &Path) -> io::Result<Found> {
    // A link could make us read or replace something else.
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
        Ok(meta) if !meta.is_file() || is_open_to_others(&meta) => return Ok(Found::Unusable),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    File::open(path)?.take((KEY as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(<[u8; KEY]>::try_from(bytes.as_slice()).map_or(Found::Unusable, Found::Key))
}

#[cfg(unix)]
fn is_open_to_others(meta: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}
