//! The user's own git configuration, never the repository's.

use std::path::Path;

use super::Repository;
use crate::error::{Error, Result};
use crate::model::text::shown;

impl Repository {
    /// A value from the user's global (`~/.gitconfig`, XDG) or the system's git configuration.
    /// Configuration that comes with the clone is not looked at, nor is `GIT_CONFIG_*`.
    ///
    /// # Errors
    /// [`Error::Unusable`] where a configuration file cannot be parsed.
    pub fn user_config(key: &str) -> Result<Option<String>> {
        // The last file that has the key wins, as in git.
        let files =
            [git2::Config::find_system(), git2::Config::find_xdg(), git2::Config::find_global()];
        let mut value = None;
        for file in files.into_iter().flatten() {
            value = read(&file, key)?.or(value);
        }
        Ok(value)
    }
}

fn read(file: &Path, key: &str) -> Result<Option<String>> {
    let unreadable = |error: git2::Error| {
        Error::unusable(
            format!(
                "{} cannot be read: {}",
                shown(&file.to_string_lossy()),
                shown(error.message())
            ),
            "git config --global --list shows what is wrong",
        )
    };
    // A snapshot, so that the last of several values wins.
    let mut config = git2::Config::open(file).map_err(unreadable)?;
    let config = config.snapshot().map_err(unreadable)?;
    match config.get_string(key) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(unreadable(error)),
    }
}
