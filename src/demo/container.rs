//! The file that carries the objects of a small repository.
//!
//! ```text
//! gatecheck-demo/1
//! ref <full name> <id>            any number
//! blob|tree|commit <id> <length>  any number, each followed by so many bytes and a line end
//! end
//! ```
//!
//! Every line ends with one LF, every id is a full SHA-1. Objects stand as git hashes them, without
//! git's header and not compressed, so that the file can be read by eye.

use crate::error::{Error, Result};
use crate::model::{ObjectFormat, Oid};
use crate::repo::ObjectKind;

/// The first line.
const HEAD: &[u8] = b"gatecheck-demo/1";
/// Refs and objects of one file.
const MOST_RECORDS: usize = 1_000;
/// Bytes of one header line.
const LONGEST_LINE: usize = 300;

/// What a container holds. Ids are not checked against the bytes here: whoever writes them does.
#[derive(Debug, PartialEq, Eq)]
pub struct Container<'a> {
    /// Full ref names and what they point at.
    pub refs: Vec<(&'a str, Oid)>,
    /// Objects, in the order in which they were made.
    pub objects: Vec<(ObjectKind, &'a [u8], Oid)>,
}

/// Reads a container whole.
///
/// # Errors
/// [`Error::Defect`] for anything that is not exactly the form above: the file is part of the
/// program.
pub fn read(bytes: &[u8]) -> Result<Container<'_>> {
    let mut rest = bytes;
    if line(&mut rest)? != HEAD {
        return Err(broken("the first line"));
    }
    let mut container = Container { refs: Vec::new(), objects: Vec::new() };
    for _ in 0..=MOST_RECORDS {
        let record = std::str::from_utf8(line(&mut rest)?).map_err(|_| broken("a header"))?;
        let mut words = record.split(' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("end"), None, None, None) if rest.is_empty() => return Ok(container),
            (Some("ref"), Some(name), Some(target), None) => {
                container.refs.push((name, id(target)?));
            }
            (Some(kind), Some(name), Some(length), None) => {
                let data = content(&mut rest, length)?;
                container.objects.push((kind_of(kind)?, data, id(name)?));
            }
            _ => return Err(broken("a header")),
        }
    }
    Err(broken("the number of records"))
}

fn kind_of(name: &str) -> Result<ObjectKind> {
    let kinds = [ObjectKind::Blob, ObjectKind::Tree, ObjectKind::Commit];
    kinds.into_iter().find(|kind| kind.name() == name).ok_or_else(|| broken("a kind of object"))
}

fn id(text: &str) -> Result<Oid> {
    Oid::from_canonical_hex(text.as_bytes())
        .filter(|id| id.format() == ObjectFormat::Sha1)
        .ok_or_else(|| broken("an id"))
}

/// The bytes up to the next LF, which is taken as well.
fn line<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let end = rest.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n');
    let (line, after) =
        end.and_then(|end| rest.split_at_checked(end)).ok_or_else(|| broken("a line's end"))?;
    *rest = after.strip_prefix(b"\n").ok_or_else(|| broken("a line's end"))?;
    Ok(line)
}

fn content<'a>(rest: &mut &'a [u8], length: &str) -> Result<&'a [u8]> {
    let length: usize = length.parse().map_err(|_| broken("a length"))?;
    let (data, after) = rest.split_at_checked(length).ok_or_else(|| broken("a length"))?;
    *rest = after.strip_prefix(b"\n").ok_or_else(|| broken("an object's end"))?;
    Ok(data)
}

fn broken(what: &str) -> Error {
    Error::Defect(format!("the demo's objects cannot be read: {what} is not as it should be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_BLOB: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

    fn with(records: &str) -> String {
        format!("gatecheck-demo/1\n{records}end\n")
    }

    #[test]
    fn refs_and_objects_are_read_in_order() {
        let text = with(&format!("ref refs/heads/x {EMPTY_BLOB}\nblob {EMPTY_BLOB} 3\na\nb\n"));
        let read = read(text.as_bytes()).unwrap();
        let id = Oid::from_hex(EMPTY_BLOB).unwrap();
        assert_eq!(read.refs, [("refs/heads/x", id)]);
        assert_eq!(read.objects, [(ObjectKind::Blob, b"a\nb".as_slice(), id)]);
    }

    #[test]
    fn anything_else_is_refused() {
        let bad = [
            String::new(),
            "gatecheck-demo/1\n".into(),
            "gatecheck-demo/2\nend\n".into(),
            "gatecheck-demo/1\nend".into(),
            with("end\n"),
            with("\n"),
            with("ref refs/heads/x\n"),
            with("ref refs/heads/x abc\n"),
            with(&format!("ref refs/heads/x {} \n", EMPTY_BLOB)),
            with(&format!("tag {EMPTY_BLOB} 0\n\n")),
            with(&format!("blob {} 0\n\n", EMPTY_BLOB.to_uppercase())),
            with(&format!("blob {EMPTY_BLOB} -1\n\n")),
            with(&format!("blob {EMPTY_BLOB} 99999999999999999999\n\n")),
            with(&format!("blob {EMPTY_BLOB} 1\n\n")),
            with(&format!("blob {EMPTY_BLOB} 0\n")),
            with(&format!("blob {EMPTY_BLOB} 0\n\n").repeat(MOST_RECORDS + 1)),
            with(&"x".repeat(LONGEST_LINE + 1)),
        ];
        for text in bad {
            assert!(read(text.as_bytes()).is_err(), "{text:.80}");
        }
    }
}
