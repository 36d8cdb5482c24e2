//! Standard output for the report, standard error for everything else.

use std::io::{self, ErrorKind, Write};

use crate::error::Error;
use crate::render::log_line;

/// Characters of one line on standard error.
const LINE_CHARS: usize = 4_096;

/// Where the program writes to.
pub struct Streams<'a> {
    /// The report.
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
}

impl Streams<'_> {
    /// Writes to standard output. That the reader went away early (`| head`) is no error.
    pub fn print(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self.out.write_all(bytes).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Error::File { path: "standard output".into(), source: error })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes lines to standard error, each made inert. Where even that fails nobody listens.
    pub fn say(&mut self, text: &str) {
        let safe: String = text.lines().map(|line| log_line(line, LINE_CHARS) + "\n").collect();
        let _: io::Result<()> = self.err.write_all(safe.as_bytes()).and_then(|()| self.err.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_error_and_a_full_disk_is_one() {
        let mut err = Vec::new();
        let mut out = Failing(ErrorKind::BrokenPipe);
        assert!(Streams { out: &mut out, err: &mut err }.print(b"x").is_ok());
        let mut out = Failing(ErrorKind::StorageFull);
        let error = Streams { out: &mut out, err: &mut err }.print(b"x").unwrap_err();
        assert!(error.to_string().starts_with("standard output: "), "{error}");
    }

    #[test]
    fn what_is_said_is_inert() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        Streams { out: &mut out, err: &mut err }.say("a\u{1b}[31m\nb\n ::error::c ##[group]d");
        assert_eq!(
            String::from_utf8(err).unwrap(),
            "a\\u{1b}[31m\nb\n\\u{3a}:error::c #\\u{23}[group]d\n"
        );
        assert!(out.is_empty());
    }
}
