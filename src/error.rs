//! Errors: we could not decide, or could not do what was asked. Never about the judged history.

use std::path::PathBuf;

/// Why a command could not come to a verdict.
///
/// Every variant says what was expected, what was seen, and what to type next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The verifier's own input cannot be used: exit status 2.
    #[error("{problem}\n  help: {help}")]
    Unusable {
        /// What was given and what is wrong with it.
        problem: String,
        /// What to type instead.
        help: String,
    },
    /// Something in the repository could not be read: exit status 3.
    #[error("{problem}\n  help: {help}")]
    CannotRead {
        /// What could not be read.
        problem: String,
        /// What mends it.
        help: String,
    },
    /// A file outside of the repository could not be read or written: exit status 2.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A defect of gatecheck itself: exit status 101.
    #[error(
        "this is a defect in gatecheck: {0}\n  help: please report it with the command that you ran"
    )]
    Defect(String),
}

impl Error {
    /// Unusable input of the verifier.
    #[must_use]
    pub fn unusable(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Unusable { problem: problem.into(), help: help.into() }
    }

    /// Something in the repository could not be read.
    #[must_use]
    pub fn cannot_read(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self::CannotRead { problem: problem.into(), help: help.into() }
    }
}

/// What most functions that touch the world return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
