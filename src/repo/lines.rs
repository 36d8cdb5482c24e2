//! The header of a commit or tag, cut into lines: what both parsers share.

use crate::finding::Code;
use crate::model::text::shown_bytes;

/// One header: its first line and the continuation lines after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    /// What stands before the first space; the whole line where there is none.
    pub(super) name: &'a [u8],
    /// What stands after it on the first line; `None` where there is no space.
    pub(super) first: Option<&'a [u8]>,
    /// Everything of this header as it stands, line ends included.
    pub(super) raw: &'a [u8],
    /// The header goes on over continuation lines.
    pub(super) continued: bool,
}

/// A header section and the message after the blank line.
pub(super) struct Sections<'a> {
    pub(super) headers: Vec<Header<'a>>,
    pub(super) message: &'a [u8],
}

/// What is wrong with an object.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) observed: String,
    pub(super) required: &'static str,
}

impl Fault {
    pub(super) fn new(observed: impl Into<String>, required: &'static str) -> Self {
        Self { code: Code::MalformedObject, observed: observed.into(), required }
    }

    pub(super) fn coded(code: Code, observed: impl Into<String>, required: &'static str) -> Self {
        Self { code, observed: observed.into(), required }
    }
}

/// Cuts an object into headers and message, as far as that goes; the fault is what is wrong
/// with the cut.
pub(super) fn cut(raw: &[u8]) -> (Sections<'_>, Option<Fault>) {
    let mut headers: Vec<Header<'_>> = Vec::new();
    let mut fault = None;
    // Where the header that is being read begins, to the end of the object.
    let mut header = raw;
    let mut rest = raw;
    let message = loop {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            fault.get_or_insert_with(|| {
                Fault::new(
                    "the header has no end",
                    "a blank line between the header and the message",
                )
            });
            break [].as_slice();
        };
        let (line, after) = rest.split_at_checked(end.saturating_add(1)).unwrap_or((rest, &[]));
        if line == b"\n" {
            break after;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        if line.first() != Some(&b' ') {
            header = rest;
            headers.push(begin(line, text));
        } else if let Some(last) = headers.last_mut() {
            let length = header.len().saturating_sub(after.len());
            last.raw = header.get(..length).unwrap_or(header);
            last.continued = true;
        } else {
            fault.get_or_insert_with(|| {
                Fault::new(
                    format!("the object begins with a continuation line: {}", shown_bytes(text)),
                    "a header",
                )
            });
        }
        rest = after;
    };
    (Sections { headers, message }, fault)
}

fn begin<'a>(line: &'a [u8], text: &'a [u8]) -> Header<'a> {
    let space = text.iter().position(|b| *b == b' ');
    let (name, first) = match space.and_then(|at| text.split_at_checked(at)) {
        Some((name, value)) => (name, value.get(1..)),
        None => (text, None),
    };
    Header { name, first, raw: line, continued: false }
}

impl Header<'_> {
    /// The value over all lines, the space before each line taken away and the line end after
    /// each kept: what git hands to the program that verifies.
    pub(super) fn value(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(self.raw.len());
        for (n, line) in self.raw.split_inclusive(|b| *b == b'\n').enumerate() {
            let skip = if n == 0 { self.name.len().saturating_add(1) } else { 1 };
            value.extend_from_slice(line.get(skip..).unwrap_or(&[]));
        }
        value
    }
}
