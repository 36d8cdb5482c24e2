//! Commits from raw bytes, strictly. Pure: bytes in, value or reason out.
//!
//! The order is git's own: `tree`, `parent`s, `author`, `committer`, then other headers. What git
//! and others read in two ways (a header twice, a NUL, two dates) is refused, because a valid
//! signature over it would mean two things.

use super::lines::{Fault, Header, Sections, cut};
use super::{identity, trailers};
use crate::finding::Code;
use crate::model::text::shown_bytes;
use crate::model::{Commit, Identity, MalformedObject, ObjectFormat, Oid, OtherSignature, Time};

const ORDER: &str =
    "tree, parents, author, committer, in this order and once each (parents: any number)";

/// The signature header that is judged in a repository of this format, and the other one.
pub(super) const fn signature_headers(format: ObjectFormat) -> (&'static str, &'static str) {
    match format {
        ObjectFormat::Sha1 => ("gpgsig", "gpgsig-sha256"),
        ObjectFormat::Sha256 => ("gpgsig-sha256", "gpgsig"),
    }
}

/// Parses the raw bytes of the commit `id`. The caller has checked that they hash to it.
///
/// # Errors
/// [`MalformedObject`] with `malformed-object`, `multiple-signatures` or `unsigned-header`.
pub fn parse_commit(id: Oid, raw: &[u8]) -> Result<Commit, MalformedObject> {
    let format = id.format();
    let (sections, fault) = cut(raw);
    parse(id, raw, format, &sections, fault).map_err(|fault| malformed(format, &sections, fault))
}

/// The parents in the header's first lines, for walks that judge the commit later. `None` where
/// the lines before `author` are not exactly one tree and its parents.
#[must_use]
pub fn parents_of(raw: &[u8], format: ObjectFormat) -> Option<Vec<Oid>> {
    let mut lines = raw.split(|b| *b == b'\n');
    oid_after(lines.next()?, b"tree ", format)?;
    let mut parents = Vec::new();
    for line in lines {
        if line.starts_with(b"author ") {
            return Some(parents);
        }
        parents.push(oid_after(line, b"parent ", format)?);
    }
    None
}

fn oid_after(line: &[u8], name: &[u8], format: ObjectFormat) -> Option<Oid> {
    Oid::from_canonical_hex(line.strip_prefix(name)?).filter(|oid| oid.format() == format)
}

fn parse(
    id: Oid,
    raw: &[u8],
    format: ObjectFormat,
    sections: &Sections<'_>,
    fault: Option<Fault>,
) -> Result<Commit, Fault> {
    check_signature_headers(sections, format)?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    if let Some(at) = raw.iter().position(|b| *b == 0) {
        return Err(Fault::new(
            format!("a NUL at byte {at}: git shows only what stands before it"),
            "a commit without NUL",
        ));
    }
    let mut headers = sections.headers.iter().peekable();
    let tree = oid_header(headers.next(), "tree", format)?;
    let mut parents = Vec::new();
    while let Some(header) = headers.next_if(|header| header.name == b"parent") {
        parents.push(oid_header(Some(header), "parent", format)?);
    }
    let author = identity_header(headers.next(), "author")?;
    let committer = identity_header(headers.next(), "committer")?;
    let (signature, other_signature) = check_rest(headers, format)?;
    let trailers = trailers::trailers(sections.message);
    Ok(Commit {
        id,
        tree,
        parents,
        author,
        committer,
        subject: trailers::subject(sections.message),
        co_authors: trailers::co_authors(&trailers),
        trailers,
        marks: trailers::marks(sections.message),
        signature,
        payload: payload(raw, sections),
        other_signature,
    })
}

/// Everything that begins with `gpgsig`: git leaves all of it out of the payload, so that
/// nothing signs it.
fn check_signature_headers(sections: &Sections<'_>, format: ObjectFormat) -> Result<(), Fault> {
    let (judged, other) = signature_headers(format);
    for name in [judged, other] {
        let count = sections.headers.iter().filter(|h| h.name == name.as_bytes()).count();
        if count > 1 {
            return Err(Fault::coded(
                Code::MultipleSignatures,
                format!("{count} {name} headers"),
                "at most one of them",
            ));
        }
    }
    for header in &sections.headers {
        let known = header.name == b"gpgsig" || header.name == b"gpgsig-sha256";
        if header.name.starts_with(b"gpgsig") && !(known && header.first.is_some()) {
            return Err(Fault::coded(
                Code::UnsignedHeader,
                format!("a header {}, which no signature covers", shown_bytes(header.name)),
                "gpgsig and gpgsig-sha256 only",
            ));
        }
    }
    Ok(())
}

fn header_of<'a>(header: Option<&Header<'a>>, name: &'static str) -> Result<&'a [u8], Fault> {
    let header =
        header.ok_or_else(|| Fault::new(format!("the header ends where {name} belongs"), ORDER))?;
    match header.first {
        Some(value) if header.name == name.as_bytes() && !header.continued => Ok(value),
        _ => Err(Fault::new(
            format!("{} where {name} belongs", shown_bytes(header.raw.trim_ascii_end())),
            ORDER,
        )),
    }
}

fn oid_header(
    header: Option<&Header<'_>>,
    name: &'static str,
    format: ObjectFormat,
) -> Result<Oid, Fault> {
    let value = header_of(header, name)?;
    Oid::from_canonical_hex(value).filter(|oid| oid.format() == format).ok_or_else(|| {
        Fault::new(
            format!("{name} {}", shown_bytes(value)),
            match format {
                ObjectFormat::Sha1 => "40 lower-case hexadecimal digits",
                ObjectFormat::Sha256 => "64 lower-case hexadecimal digits",
            },
        )
    })
}

fn identity_header(header: Option<&Header<'_>>, name: &'static str) -> Result<Identity, Fault> {
    identity::parse(name, header_of(header, name)?)
}

type Signatures = (Option<Vec<u8>>, Option<OtherSignature>);

fn check_rest<'h, 'a: 'h>(
    headers: impl Iterator<Item = &'h Header<'a>>,
    format: ObjectFormat,
) -> Result<Signatures, Fault> {
    let (judged, other) = signature_headers(format);
    let (mut signature, mut other_signature) = (None, None);
    let mut encoding = false;
    for header in headers {
        let shown = || shown_bytes(header.name);
        match header.name {
            b"tree" | b"parent" | b"author" | b"committer" => {
                return Err(Fault::new(format!("another {} header, out of order", shown()), ORDER));
            }
            b"encoding" if encoding => {
                return Err(Fault::new("encoding twice", "at most one encoding header"));
            }
            b"encoding" => encoding = true,
            name if name == judged.as_bytes() => signature = Some(header.value()),
            name if name == other.as_bytes() => {
                other_signature = Some(OtherSignature { header: other });
            }
            b"" => {
                return Err(Fault::new("a header without a name", "a name before the space"));
            }
            _ if header.first.is_none() => {
                return Err(Fault::new(
                    format!("a header line without a value: {}", shown()),
                    "a blank line before the message, and a value after each header's name",
                ));
            }
            _ => {}
        }
    }
    Ok((signature, other_signature))
}

/// The object without both signature headers, as git computes it.
fn payload(raw: &[u8], sections: &Sections<'_>) -> Vec<u8> {
    let mut payload = Vec::with_capacity(raw.len());
    for header in &sections.headers {
        if !header.name.starts_with(b"gpgsig") {
            payload.extend_from_slice(header.raw);
        }
    }
    payload.push(b'\n');
    payload.extend_from_slice(sections.message);
    payload
}

/// What can still be said of a malformed commit, so that a walk can go on where that is safe.
fn malformed(format: ObjectFormat, sections: &Sections<'_>, fault: Fault) -> MalformedObject {
    let headers = &sections.headers;
    let all = |name: &'static str| headers.iter().filter(move |h| h.name == name.as_bytes());
    let oid = |header: &Header<'_>| {
        let plain = header.first.filter(|_| !header.continued)?;
        Oid::from_canonical_hex(plain).filter(|oid| oid.format() == format)
    };
    let one_tree = all("tree").count() == 1 && headers.first().is_some_and(|h| h.name == b"tree");
    let tree = if one_tree { headers.first().and_then(oid) } else { None };
    let in_place = headers.iter().skip(1).take_while(|h| h.name == b"parent").count();
    let parents = (tree.is_some() && in_place == all("parent").count())
        .then(|| all("parent").map(oid).collect::<Option<Vec<Oid>>>())
        .flatten();
    MalformedObject {
        code: fault.code,
        observed: fault.observed,
        required: fault.required.to_owned(),
        parents,
        tree,
        committer_time: committer_time(sections),
    }
}

fn committer_time(sections: &Sections<'_>) -> Option<Time> {
    let mut committers = sections.headers.iter().filter(|h| h.name == b"committer");
    let only = committers.next()?;
    if committers.next().is_some() {
        return None;
    }
    identity_header(Some(only), "committer").ok().map(|identity| identity.time)
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
