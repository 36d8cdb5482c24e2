//! Whether the work tree holds what HEAD holds.

use super::Repository;
use crate::error::{Error, Result};
use crate::model::text::{shown, shown_bytes};

impl Repository {
    /// Paths that `git status` would name, made inert, at most `limit` of them: changed, staged, in
    /// conflict or new. None for a clean work tree and for a bare repository.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where the work tree or the index cannot be read.
    pub fn uncommitted(&self, limit: usize) -> Result<Vec<String>> {
        if self.work_dir().is_none() {
            return Ok(Vec::new());
        }
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true).include_ignored(false).no_refresh(true);
        let git = self.git();
        let found = git.statuses(Some(&mut options)).map_err(|error| {
            Error::cannot_read(
                format!("the work tree cannot be read: {}", shown(error.message())),
                "git status",
            )
        })?;
        Ok(found.iter().take(limit).map(|entry| shown_bytes(entry.path_bytes())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Lab;
    use crate::model::{Limits, ObjectFormat};
    use crate::repo::Repository;

    #[test]
    fn changed_staged_and_new_files_are_named() {
        for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
            let lab = Lab::new(format);
            let git = |args: &[&str]| lab.git(args);
            let file = |name: &str| lab.path().join(name);
            std::fs::write(file("a"), "1").unwrap();
            git(&["add", "a"]);
            git(&["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "x"]);
            let seen = |limit| {
                let repo = Repository::open(&lab.path(), &Limits::default()).unwrap();
                repo.uncommitted(limit).unwrap()
            };
            assert_eq!(seen(9), Vec::<String>::new());
            std::fs::write(file("b\n"), "2").unwrap();
            assert_eq!(seen(9), ["b\\n"]);
            std::fs::write(file("a"), "22").unwrap();
            git(&["add", "a"]);
            assert_eq!(seen(9), ["a", "b\\n"]);
            assert_eq!(seen(1), ["a"]);
        }
    }
}
