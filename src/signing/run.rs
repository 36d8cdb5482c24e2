//! Runs a program of the user within bounds of time and output.

use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How often a running program is looked at.
const TICK: Duration = Duration::from_millis(10);
/// How long the rest of an ended program's output is waited for: something that it started may hold
/// the pipe.
const REST: Duration = Duration::from_secs(10);
/// Bytes of a program's own words that are kept.
const WORDS: u64 = 4 << 10;

/// A program, and how it is run.
pub(super) struct Run<'a> {
    pub(super) program: &'a str,
    pub(super) arguments: Vec<OsString>,
    /// Whether it has the terminal: standard input and error are ours then. Else it has no input,
    /// and its words are kept.
    pub(super) terminal: bool,
    pub(super) time_limit: Duration,
    /// Bytes of output.
    pub(super) output_limit: u64,
}

/// A program that came to its end.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) output: Vec<u8>,
    /// What it said on standard error, cut; empty where it had the terminal.
    pub(super) words: String,
}

/// Why a program did not come to its end.
#[derive(Debug)]
pub(super) enum Failed {
    /// It could not be started.
    NotStarted(io::Error),
    /// It was ended when its time was over.
    Late,
    /// It was ended when it wrote more than the bound.
    TooMuch,
    /// The system refused something else.
    System(io::Error),
}

/// A child that does not outlive us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads a stream up to its bound and one byte more, which tells that there is more.
pub(super) fn bounded(stream: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Run<'_> {
    /// Runs it. The child is gone when this returns.
    pub(super) fn run(self) -> Result<Ended, Failed> {
        let (input, words) = match self.terminal {
            true => (Stdio::inherit(), Stdio::inherit()),
            false => (Stdio::null(), Stdio::piped()),
        };
        let mut command = Command::new(self.program);
        command.args(&self.arguments).stdin(input).stdout(Stdio::piped()).stderr(words);
        let mut running = Running(command.spawn().map_err(Failed::NotStarted)?);
        let (sender, output) = mpsc::channel();
        if let Some(stream) = running.0.stdout.take() {
            let limit = self.output_limit;
            // It ends with the pipe. Nobody listens any more where the time was over.
            thread::spawn(move || sender.send(bounded(stream, limit)));
        }
        let (sender, words) = mpsc::channel();
        if let Some(mut stream) = running.0.stderr.take() {
            thread::spawn(move || {
                let kept = bounded(&mut stream, WORDS);
                let _ = sender.send(kept);
                // A program that cannot speak on would fail for it.
                let _ = io::copy(&mut stream, &mut io::sink());
            });
        }
        let status = self.wait(&mut running.0, &output)?;
        let output = match status {
            Waited::Ended(status) => (status, output.recv_timeout(REST)),
            Waited::Closed(status, bytes) => (status, Ok(bytes)),
        };
        let (status, output) = output;
        let output = output.unwrap_or(Ok(Vec::new())).map_err(Failed::System)?;
        if output.len() as u64 > self.output_limit {
            return Err(Failed::TooMuch);
        }
        let words = words.recv_timeout(REST).unwrap_or(Ok(Vec::new())).unwrap_or_default();
        Ok(Ended { status, output, words: String::from_utf8_lossy(&words).into_owned() })
    }

    /// Waits for the end. Counts its own naps: no clock is asked.
    fn wait(
        &self,
        child: &mut Child,
        output: &mpsc::Receiver<io::Result<Vec<u8>>>,
    ) -> Result<Waited, Failed> {
        let mut waited = Duration::ZERO;
        let mut closed = None;
        loop {
            if closed.is_none() {
                closed = output.try_recv().ok();
                let length = closed.as_ref().and_then(|read| read.as_ref().ok()).map(Vec::len);
                if length.is_some_and(|length| length as u64 > self.output_limit) {
                    return Err(Failed::TooMuch);
                }
            }
            if let Some(status) = child.try_wait().map_err(Failed::System)? {
                return Ok(match closed {
                    Some(bytes) => Waited::Closed(status, bytes),
                    None => Waited::Ended(status),
                });
            }
            if waited >= self.time_limit {
                return Err(Failed::Late);
            }
            thread::sleep(TICK);
            waited = waited.saturating_add(TICK);
        }
    }
}

enum Waited {
    /// Ended; what it wrote may still be under way.
    Ended(ExitStatus),
    /// Ended, after it had written everything.
    Closed(ExitStatus, io::Result<Vec<u8>>),
}

impl Failed {
    /// In words, with what was allowed.
    pub(super) fn words(&self, time_limit: Duration) -> String {
        match self {
            Self::NotStarted(error) if error.kind() == io::ErrorKind::NotFound => {
                "there is no such program".to_owned()
            }
            Self::NotStarted(error) => format!("it could not be started: {error}"),
            Self::Late => format!("it took longer than {} s and was ended", time_limit.as_secs()),
            Self::TooMuch => "it wrote more than is allowed and was ended".to_owned(),
            Self::System(error) => error.to_string(),
        }
    }
}
