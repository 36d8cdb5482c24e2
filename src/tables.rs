//! A typed reader over TOML that knows where every value stands and collects every problem.
//!
//! Shared by the rooms that read files. The way through:
//!
//! ```
//! use gatecheck::finding::Code;
//! use gatecheck::tables::{self, Problems, Table};
//!
//! let source = tables::source("a.toml", b"[schema]\nserial = 4\nsize = 1\n", 1 << 20, Code::RegistryInvalid)?;
//! let problems = Problems::new(&source, Code::RegistryInvalid);
//! let parsed = tables::parse(&source, &problems); // every syntax error becomes a problem
//! let mut root = Table::root(&parsed, &problems);
//! if let Some(mut schema) = root.required("schema", Table::table) {
//!     let serial = schema.required("serial", Table::integer); // Option<At<u64>>: value and spot
//!     assert_eq!(serial.map(|at| at.value), Some(4));
//!     schema.finish(); // "`size` is not a field of [schema]"
//! }
//! root.finish();
//! assert!(problems.unusable());
//! assert_eq!(problems.into_findings().len(), 1);
//! # Ok::<(), Box<gatecheck::finding::Finding>>(())
//! ```
//!
//! Everything that the reader itself reports makes the file unusable ([`Problems::unusable`]).
//! A room adds its own problems with [`Problems::refuse`] (unusable too) or [`Problems::add`].

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;

use crate::finding::{Code, Finding, Place};
use crate::model::text::shown;
use crate::source::{Source, Spot};

mod kind;
mod problems;
mod signed;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod whole;

pub use kind::Kind;
pub use problems::Problems;
pub use signed::{signed_text, signed_texts};
pub use table::Table;
pub use whole::parse_whole;

/// How many problems of one file are told one by one. Further ones are counted, and reported as
/// one finding of the worst severity among them.
pub const MAX_PROBLEMS: usize = 100;
/// How many characters of a line a [`Place`] made here carries.
pub const MAX_LINE_CHARS: usize = 1_000;
/// How many entries a list of strings can have (the bound `list-items`).
pub const MAX_ITEMS: usize = 10_000;

/// A value and where its field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where its key stands (for an element of a list: where the element stands).
    pub spot: Spot,
}

impl<T> At<T> {
    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> At<U> {
        At { value: change(self.value), spot: self.spot }
    }
}

/// Takes a file's bytes as text. Errors: larger than `max_bytes` (the bound `file-bytes`), or not
/// UTF-8; as a finding with `code`.
pub fn source(
    path: &str,
    bytes: &[u8],
    max_bytes: u64,
    code: Code,
) -> Result<Arc<Source>, Box<Finding>> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > max_bytes {
        let message = format!("{} is larger than the bound file-bytes allows", shown(path));
        return Err(Box::new(
            Finding::new(code, message)
                .compared(format!("{size} bytes"), format!("at most {max_bytes} bytes"))
                .help(format!(
                    "make the file smaller, or raise the bound with --limit file-bytes={size}"
                ))
                .at(Place::new(&Source::new(path, ""), None, Spot::START, "this file")),
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(error) => {
            // What stands before the first bad byte is text; the line is shown up to there.
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let text = Source::new(path, String::from_utf8_lossy(good));
            let spot = text.spot(good.len());
            let bad = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let message = format!("{} is not UTF-8", shown(path));
            Err(Box::new(
                Finding::new(code, message)
                    .compared(format!("the byte 0x{bad:02x}"), "UTF-8 text")
                    .help("save the file as UTF-8")
                    .at(place(&text, spot, "the first byte that is not UTF-8")),
            ))
        }
    }
}

/// A parsed file, as far as it could be parsed.
pub type Parsed<'s> = Spanned<DeTable<'s>>;

/// Parses a source; every syntax error (duplicate keys too) becomes a problem that makes the file
/// unusable. What could be read despite them is returned, so that more problems can be found.
#[must_use]
pub fn parse<'s>(source: &'s Source, problems: &Problems) -> Parsed<'s> {
    let (root, errors) = DeTable::parse_recoverable(source.text());
    for (n, error) in errors.into_iter().enumerate() {
        if n >= MAX_PROBLEMS {
            // A small file can have a great many; what is not told is counted.
            problems.drop_one(problems.code.severity());
            continue;
        }
        let spot = source.spot(error.span().map_or(0, |span| span.start));
        let what = shown(error.message());
        let help = if what.starts_with("duplicate key") {
            "remove one of the two; a name can stand only once in a table"
        } else {
            "mend the line; https://toml.io describes the syntax"
        };
        problems.refuse(
            Finding::new(problems.code, format!("not valid TOML: {what}"))
                .help(help)
                .at(problems.place(spot, "here")),
        );
    }
    root
}

/// As [`Place::new`], without copying more of a long line than is kept.
fn place(source: &Source, spot: Spot, label: &str) -> Place {
    Place {
        path: source.path().to_owned(),
        commit: None,
        spot,
        label: label.to_owned(),
        line_text: source.line(spot.line).chars().take(MAX_LINE_CHARS).collect(),
    }
}

#[cfg(test)]
mod tests;
