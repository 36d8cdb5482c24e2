//! Making a repository out of objects that the program carries with it.
//!
//! For the demonstration only: nothing that judges ever writes.

use std::path::Path;

use super::object::from_git;
use super::{ObjectKind, Repository};
use crate::error::{Error, Result};
use crate::model::text::shown;
use crate::model::{Limits, ObjectFormat, Oid};

impl Repository {
    /// Makes a new, empty repository in a folder that holds none, with `HEAD` on `branch` (a
    /// full ref name). The user's git templates and hooks are not copied.
    ///
    /// # Errors
    /// [`Error::Unusable`] where there is a repository already or the folder cannot be written.
    pub fn create(
        path: &Path,
        format: ObjectFormat,
        branch: &str,
        limits: &Limits,
    ) -> Result<Self> {
        git2::opts::strict_hash_verification(true);
        git2::opts::enable_caching(false);
        let mut options = git2::RepositoryInitOptions::new();
        options.no_reinit(true).mkpath(true).external_template(false).initial_head(branch);
        options.object_format(match format {
            ObjectFormat::Sha1 => git2::ObjectFormat::Sha1,
            ObjectFormat::Sha256 => git2::ObjectFormat::Sha256,
        });
        let git = git2::Repository::init_opts(path, &options)
            .map_err(|error| not_written(path, "the repository", &error))?;
        Self::from_git(git, path, limits, &[])
    }

    /// Writes objects, each checked against the id that it should have. Written twice is
    /// written once.
    ///
    /// # Errors
    /// [`Error::Defect`] where an object does not hash to its id, [`Error::Unusable`] where the
    /// disk refuses.
    pub fn unpack<'a>(
        &self,
        objects: impl IntoIterator<Item = (ObjectKind, &'a [u8], Oid)>,
    ) -> Result<()> {
        let git = self.git();
        let odb = git.odb().map_err(|e| not_written(self.git_dir(), "objects", &e))?;
        for (kind, data, id) in objects {
            let written = odb
                .write(kind.to_git(), data)
                .map_err(|e| not_written(self.git_dir(), "an object", &e))?;
            if from_git(written) != Some(id) {
                return Err(Error::Defect(format!("an object of the demo is not {id}")));
            }
        }
        drop(odb);
        // The database of our own was opened before these objects came.
        self.refresh().map_err(|e| not_written(self.git_dir(), "objects", &e))
    }

    /// Points a ref (full name) at an object, wherever it pointed before.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the ref cannot be written.
    pub fn set_reference(&self, name: &str, id: Oid) -> Result<()> {
        let id = self.git_id(id).ok_or_else(|| Error::Defect(format!("{id} is no object id")))?;
        self.git()
            .reference(name, id, true, "gatecheck demo")
            .map(|_| ())
            .map_err(|e| not_written(self.git_dir(), &shown(name), &e))
    }

    /// Points `HEAD` at a branch (full ref name).
    ///
    /// # Errors
    /// [`Error::Unusable`] where it cannot be written.
    pub fn set_head(&self, branch: &str) -> Result<()> {
        self.git().set_head(branch).map_err(|e| not_written(self.git_dir(), "HEAD", &e))
    }

    /// Puts HEAD's files into the work tree, over whatever stands there.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the work tree cannot be written.
    pub fn check_out(&self) -> Result<()> {
        let mut options = git2::build::CheckoutBuilder::new();
        options.force().disable_filters(true);
        self.git()
            .checkout_head(Some(&mut options))
            .map_err(|e| not_written(self.git_dir(), "the work tree", &e))
    }
}

fn not_written(path: &Path, what: &str, error: &git2::Error) -> Error {
    Error::unusable(
        format!(
            "{what} could not be written at {}: {}",
            shown(&path.to_string_lossy()),
            shown(error.message())
        ),
        "choose an empty folder on a disk with room",
    )
}
