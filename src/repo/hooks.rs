//! Where git looks for hooks.

use std::path::PathBuf;

use super::Repository;
use crate::error::{Error, Result};
use crate::model::text::shown;

/// Where git looks for this repository's hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hooks {
    /// In a folder of this repository alone.
    Own(PathBuf),
    /// In a folder that the user's or the system's configuration sets for all repositories.
    Shared(PathBuf),
}

impl Repository {
    /// The folder that `core.hooksPath` names, else `hooks` in the folder that linked work trees
    /// share.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the configuration cannot be read.
    pub fn hooks(&self) -> Result<Hooks> {
        let unreadable = |error: git2::Error| {
            Error::unusable(
                format!("core.hooksPath cannot be read: {}", shown(error.message())),
                "git config --show-origin --get core.hooksPath",
            )
        };
        let git = self.git();
        let mut config = git.config().map_err(unreadable)?;
        let config = config.snapshot().map_err(unreadable)?;
        let path = match config.get_path("core.hooksPath") {
            Ok(path) if path.as_os_str().is_empty() => {
                return Err(Error::unusable(
                    "core.hooksPath is set to nothing, so git runs no hooks here",
                    "git config --unset core.hooksPath",
                ));
            }
            Ok(path) => Some(path),
            Err(error) if error.code() == git2::ErrorCode::NotFound => None,
            Err(error) => return Err(unreadable(error)),
        };
        let Some(path) = path else { return Ok(Hooks::Own(self.common_dir().join("hooks"))) };
        // A relative path begins where git runs its hooks.
        let path = self.work_dir().unwrap_or_else(|| self.git_dir()).join(path);
        let entry = config.get_entry("core.hooksPath").map_err(unreadable)?;
        Ok(match entry.level() {
            git2::ConfigLevel::Local | git2::ConfigLevel::Worktree => Hooks::Own(path),
            _ => Hooks::Shared(path),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Lab;
    use super::Hooks;
    use crate::model::Limits;
    use crate::repo::Repository;

    #[test]
    fn the_folder_is_the_one_that_git_uses() {
        let lab = Lab::sha1();
        let hooks = || Repository::open(&lab.path(), &Limits::default()).unwrap().hooks();
        let seen = || hooks().unwrap();
        let top = lab.path().canonicalize().unwrap();
        assert_eq!(seen(), Hooks::Own(top.join(".git").join("hooks")));
        lab.git(&["config", "core.hooksPath", "tools/hooks"]);
        assert_eq!(seen(), Hooks::Own(top.join("tools/hooks")));
        lab.git(&["config", "core.hooksPath", ""]);
        assert!(hooks().is_err(), "git would run none");
    }
}
