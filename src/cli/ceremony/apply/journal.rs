//! The journal: the request that is being written, in the git folder. It stands there from before the
//! first write until after the last one.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::super::super::output::write_whole;
use crate::ceremony::{Request, request};
use crate::error::Error;
use crate::model::Limits;
use crate::repo::Repository;

pub(super) fn path(repo: &Repository) -> PathBuf {
    repo.git_dir().join("gatecheck-ceremony.toml")
}

/// What was being written when a run was cut short.
pub(super) fn read(repo: &Repository, limits: &Limits) -> Result<Option<Request>, Error> {
    let path = path(repo);
    match std::fs::metadata(&path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::File { path, source }),
    }
    let bytes =
        super::super::super::judge::read_up_to(&path, limits.request_bytes, "request-bytes")?;
    request::read("the journal", &bytes, limits).map(Some).map_err(|problems| {
        let why = problems.first().map_or("", |problem| problem.message.as_str());
        Error::unusable(
            format!("what an interrupted run left cannot be read: {why}"),
            format!("look at {}, and at git status; then remove that file", path.display()),
        )
    })
}

pub(super) fn write(repo: &Repository, request: &Request) -> Result<(), Error> {
    let path = path(repo);
    write_whole(&path, request::write(request).as_bytes())
        .map_err(|source| Error::File { path, source })
}

pub(super) fn remove(repo: &Repository) -> Result<(), Error> {
    let path = path(repo);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::File { path, source: error })
        }
        _ => Ok(()),
    }
}
