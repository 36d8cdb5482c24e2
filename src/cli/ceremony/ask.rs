//! Questions that only a person can answer.

use std::io::{BufRead as _, Read as _};

use super::super::environment::Environment;
use super::super::streams::Streams;
use crate::error::Error;

/// Bytes of an answer.
const ANSWER: u64 = 64;

/// Whether somebody says yes. Anything but yes is no.
pub(super) fn confirm(
    question: &str,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<bool, Error> {
    if !environment.stdin_is_terminal {
        return Err(Error::unusable(
            "nobody can be asked here, and nothing was signed",
            "look at what would be signed, then say --yes; or run it in a terminal",
        ));
    }
    streams.say(&format!("{question} [y/N]"));
    let mut answer = String::new();
    let read = std::io::stdin().lock().take(ANSWER).read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
