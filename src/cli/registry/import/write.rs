//! A folder that is there whole or not at all.

use std::path::{Path, PathBuf};

use super::super::super::output::leads_elsewhere;
use crate::error::Error;
use crate::import::Imported;

/// The name of the registry in its folder.
const REGISTRY: &str = "reviewer-registry.toml";

/// Nothing is ever overwritten.
pub(super) fn check_free(to: &Path) -> Result<(), Error> {
    if let Some(link) = leads_elsewhere(to) {
        return Err(Error::unusable(
            format!("{} is a link, and nothing is written through it", link.display()),
            "name the folder that is meant, or take the link away",
        ));
    }
    let free = match std::fs::read_dir(to) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if free {
        return Ok(());
    }
    Err(Error::unusable(
        format!("{} is there already and not empty; nothing is overwritten", to.display()),
        "name a folder that is not there yet: --to FOLDER",
    ))
}

/// Writes registry and key files beside the folder and moves them there together.
pub(super) fn write(to: &Path, imported: &Imported) -> Result<(), Error> {
    let failed = |source| Error::File { path: to.to_owned(), source };
    let parent = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    std::fs::create_dir_all(&parent).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gatecheck-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o777));
    }
    let new = builder.tempdir_in(&parent).map_err(failed)?;
    for (path, bytes) in &imported.key_files {
        // Key files are named below `keys/`, which is where the registry stands.
        let name = path.strip_prefix("keys/").unwrap_or(path);
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            return Err(Error::Defect(format!("a key file would be named {name:?}")));
        }
        std::fs::write(new.path().join(name), bytes).map_err(failed)?;
    }
    std::fs::write(new.path().join(REGISTRY), &imported.registry).map_err(failed)?;
    for entry in std::fs::read_dir(new.path()).map_err(failed)? {
        let file = std::fs::File::open(entry.map_err(failed)?.path()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
    }
    // Fails where somebody put something there in the meantime. An empty folder gives way.
    let _ = std::fs::remove_dir(to);
    std::fs::rename(new.path(), to).map_err(failed)?;
    let _ = new.keep();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imported(name: &str) -> Imported {
        Imported {
            registry: "x = 1\n".to_owned(),
            key_files: [(name.to_owned(), b"key".to_vec())].into(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_folder_is_written_whole_and_never_over_another() {
        let temporary = tempfile::tempdir().unwrap();
        let to = temporary.path().join("a/b");
        check_free(&to).unwrap();
        write(&to, &imported("keys/a.asc")).unwrap();
        assert_eq!(std::fs::read(to.join("a.asc")).unwrap(), b"key");
        assert_eq!(std::fs::read_to_string(to.join(REGISTRY)).unwrap(), "x = 1\n");
        assert!(check_free(&to).is_err());
        assert!(write(&to, &imported("keys/b.asc")).is_err());
        assert!(!to.join("b.asc").exists());
        let beside = std::fs::read_dir(temporary.path().join("a")).unwrap().count();
        assert_eq!(beside, 1, "nothing is left behind");
    }

    #[test]
    fn an_empty_folder_is_taken_and_a_strange_name_is_not() {
        let temporary = tempfile::tempdir().unwrap();
        check_free(temporary.path()).unwrap();
        let to = temporary.path().join("x");
        std::fs::create_dir(&to).unwrap();
        for name in ["keys/../x", "keys/a/b", "keys/", "keys/.x"] {
            assert!(write(&to, &imported(name)).is_err(), "{name}");
        }
        write(&to, &imported("keys/a.asc")).unwrap();
    }
}
