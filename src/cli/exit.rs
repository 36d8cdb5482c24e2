//! How the program ends. The chosen output format never changes it.

use std::process::ExitCode;

use crate::error::Error;
use crate::report::Report;

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// Every verdict is pass, or the command did what it was asked to.
    pub const PASS: Self = Self(0);
    /// Something is refused.
    pub const REFUSED: Self = Self(1);
    /// The verifier's own input cannot be used.
    pub const UNUSABLE: Self = Self(2);
    /// Undecided, nothing refused.
    pub const UNDECIDED: Self = Self(3);
    /// A defect of the program.
    pub const DEFECT: Self = Self(101);

    /// The number.
    #[must_use]
    pub const fn status(self) -> u8 {
        self.0
    }

    /// What a report says.
    #[must_use]
    pub const fn of_report(report: &Report) -> Self {
        Self(report.exit_status())
    }

    /// What an error says. Never 0 or 1: an error is no verdict.
    #[must_use]
    pub const fn of_error(error: &Error) -> Self {
        match error {
            Error::Unusable { .. } | Error::File { .. } => Self::UNUSABLE,
            Error::CannotRead { .. } => Self::UNDECIDED,
            Error::Defect(_) => Self::DEFECT,
        }
    }

    /// Where a report could not be delivered: a pass that nobody can read is none; any other
    /// verdict stands.
    #[must_use]
    pub fn but_failed(self, error: &Error) -> Self {
        if self == Self::PASS { Self::of_error(error) } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_never_a_pass_nor_a_refusal() {
        let errors = [
            Error::unusable("p", "h"),
            Error::cannot_read("p", "h"),
            Error::File { path: "x".into(), source: std::io::Error::other("x") },
            Error::Defect("x".into()),
        ];
        for (error, status) in errors.iter().zip([2, 3, 2, 101]) {
            assert_eq!(Exit::of_error(error).status(), status);
            assert_eq!(Exit::PASS.but_failed(error).status(), status);
            assert_eq!(Exit::REFUSED.but_failed(error), Exit::REFUSED);
            assert_eq!(Exit::UNDECIDED.but_failed(error), Exit::UNDECIDED);
        }
    }
}
