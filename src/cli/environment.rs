//! What the program knows of the world around it, gathered once.
//!
//! The only place that reads environment variables, the clock, or facts of the terminal;
//! everything below gets values.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::{Age, Time};

/// Columns where no terminal says how many there are.
const DEFAULT_WIDTH: usize = 100;

/// Variables, clock and terminal. No `Debug`: variables may hold secrets.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    /// The clock's time when the program started; `--at` takes its place.
    pub now: Time,
    /// When that was, for what is made while the program runs.
    started: Option<std::time::Instant>,
    /// The file that this program was started from; `None` where the system does not say.
    pub program: Option<PathBuf>,
    /// The folder that the program was started in.
    pub folder: PathBuf,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether somebody can answer questions on standard input.
    pub stdin_is_terminal: bool,
    /// Columns of the terminal, or 100.
    pub width: usize,
    /// Threads that can run at once, at least 1.
    pub cores: usize,
}

impl Environment {
    /// Asks the world.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks")]
    pub fn gather() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            now: clock(),
            started: Some(std::time::Instant::now()),
            program: std::env::current_exe().ok(),
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            width: terminal_size::terminal_size()
                .map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0)),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Nothing but these variables, the given time, and no terminal: for tests.
    pub fn fixed<K, V>(now: Time, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        Self {
            variables: variables.into_iter().map(|(k, v)| (k.into(), v.into())).collect(),
            now,
            started: None,
            program: None,
            folder: PathBuf::from("."),
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            stdin_is_terminal: false,
            width: DEFAULT_WIDTH,
            cores: 1,
        }
    }

    /// A variable's value, as it stands.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The names of all variables.
    pub fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.variables.keys().map(OsString::as_os_str)
    }

    /// Whether a variable is set to anything but nothing.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|value| !value.is_empty())
    }
}

impl Environment {
    /// A run's clock for what was signed while it ran, which takes as long as somebody types a
    /// passphrase: the time by now, at the latest, unless `--at` gave another.
    #[must_use]
    pub fn by_now(&self, run: Time) -> Time {
        if run != self.now {
            return run;
        }
        let passed =
            self.started.map_or(0, |started| started.elapsed().as_secs().saturating_add(1));
        self.now.plus(Age::Seconds(passed))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks")]
fn clock() -> Time {
    let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            i64::try_from(before.duration().as_secs()).map_or(i64::MIN, i64::saturating_neg)
        }
    };
    Time::from_unix_clamped(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_variables_are_there_but_not_set() {
        let environment =
            Environment::fixed(Time::from_unix_clamped(0), [("EMPTY", ""), ("FULL", "x")]);
        assert!(environment.is_set("FULL"));
        assert!(!environment.is_set("EMPTY") && !environment.is_set("ABSENT"));
        assert_eq!(environment.variable("EMPTY"), Some(OsStr::new("")));
        assert_eq!(environment.variable("ABSENT"), None);
    }

    #[test]
    fn the_world_is_asked() {
        let environment = Environment::gather();
        assert!(environment.now > Time::parse("2025-01-01").unwrap());
        assert!(environment.cores >= 1 && environment.is_set("PATH"));
    }
}
