//! Where git looks for hooks.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Repository;
use crate::error::{Error, Result};
use crate::model::text::shown;

/// Where git looks for this repository's hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hooks {
    /// In a folder of this repository alone.
    Own(PathBuf),
    /// As [`Hooks::Own`], where the repository's own configuration says so: it may be in its work tree.
    Set(PathBuf),
    /// In a folder outside of the repository, where its own configuration or a link leads.
    Outside(PathBuf),
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
        let Some(path) = path else {
            let path = self.common_dir().join("hooks");
            return Ok(if self.encloses(&path) { Hooks::Own(path) } else { Hooks::Outside(path) });
        };
        // A relative path begins where git runs its hooks.
        let path = self.work_dir().unwrap_or_else(|| self.git_dir()).join(path);
        let entry = config.get_entry("core.hooksPath").map_err(unreadable)?;
        Ok(match entry.level() {
            git2::ConfigLevel::Local | git2::ConfigLevel::Worktree if self.encloses(&path) => {
                Hooks::Set(path)
            }
            git2::ConfigLevel::Local | git2::ConfigLevel::Worktree => Hooks::Outside(path),
            _ => Hooks::Shared(path),
        })
    }

    /// Whether a folder, links followed, lies in the work tree or in the folder that linked work
    /// trees share. What is not there yet lies where it would be made.
    fn encloses(&self, folder: &Path) -> bool {
        let mut known = folder;
        let mut rest: Vec<&OsStr> = Vec::new();
        let real = loop {
            if known.symlink_metadata().is_ok() {
                // A link that leads nowhere leads out.
                let Ok(real) = known.canonicalize() else { return false };
                break real;
            }
            // `..` below what is not there may lead anywhere.
            let (Some(above), Some(name)) = (known.parent(), known.file_name()) else {
                return false;
            };
            rest.push(name);
            known = above;
        };
        let full = rest.iter().rev().fold(real, |path, name| path.join(name));
        let tops = [self.work_dir(), Some(self.common_dir())];
        tops.into_iter()
            .flatten()
            .filter_map(|top| top.canonicalize().ok())
            .any(|top| full.starts_with(&top) && full != top)
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
        assert_eq!(seen(), Hooks::Set(top.join("tools/hooks")));
        for outside in ["../hooks", "none/../../hooks", "/hooks", "link/hooks", "lost"] {
            let _ = std::os::unix::fs::symlink("..", lab.path().join("link"));
            let _ = std::os::unix::fs::symlink("/nowhere/at/all", lab.path().join("lost"));
            lab.git(&["config", "core.hooksPath", outside]);
            assert_eq!(seen(), Hooks::Outside(top.join(outside)), "{outside}");
        }
        lab.git(&["config", "core.hooksPath", ""]);
        assert!(hooks().is_err(), "git would run none");
    }
}
