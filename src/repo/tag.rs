//! Annotated tags from raw bytes, as strictly as commits.

use std::iter::Peekable;

use super::ObjectKind;
use super::commit::signature_headers;
use super::identity;
use super::lines::{Fault, Header, Sections, cut};
use crate::finding::Code;
use crate::model::text::shown_bytes;
use crate::model::{Identity, MalformedObject, ObjectFormat, Oid};

const ORDER: &str = "object, type, tag, tagger, in this order and once each";

/// An annotated tag whose hash was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: Oid,
    /// What it tags.
    pub target: Oid,
    /// The kind of object that it says it tags.
    pub target_kind: ObjectKind,
    /// The name inside the object, which the signature covers; the ref's name may differ.
    pub name: Vec<u8>,
    /// Who made it and when (unproven). Very old tags have none.
    pub tagger: Option<Identity>,
    /// The signature at the end of the message (SHA-1 repositories), or in `gpgsig-sha256`.
    pub signature: Option<Vec<u8>>,
    /// What the signature signs.
    pub payload: Vec<u8>,
    /// The signature of the other object format, which is not judged, was left out.
    pub other_signature: Option<&'static str>,
}

/// Parses the raw bytes of the tag `id`. The caller has checked that they hash to it.
///
/// In both formats the signature that git judges stands at the end of the message, from the
/// first line that begins one; a `gpgsig` or `gpgsig-sha256` header belongs to the other format.
///
/// # Errors
/// [`MalformedObject`] with `malformed-object`, `multiple-signatures` or `unsigned-header`.
pub fn parse_tag(id: Oid, raw: &[u8]) -> Result<Tag, MalformedObject> {
    let (sections, fault) = cut(raw);
    parse(id, raw, &sections, fault).map_err(|fault| MalformedObject {
        code: fault.code,
        observed: fault.observed,
        required: fault.required.to_owned(),
        parents: None,
        tree: None,
        committer_time: None,
    })
}

fn parse(id: Oid, raw: &[u8], sections: &Sections<'_>, fault: Option<Fault>) -> Result<Tag, Fault> {
    let format = id.format();
    if let Some(fault) = fault {
        return Err(fault);
    }
    if raw.contains(&0) {
        return Err(Fault::new("a NUL: git shows only what stands before it", "a tag without NUL"));
    }
    let mut headers = sections.headers.iter().peekable();
    let target = next(&mut headers, "object")?;
    let target = Oid::from_canonical_hex(target)
        .filter(|oid| oid.format() == format)
        .ok_or_else(|| Fault::new(format!("object {}", shown_bytes(target)), "a full object id"))?;
    let kind = next(&mut headers, "type")?;
    let target_kind = kind_of(kind).ok_or_else(|| {
        Fault::new(format!("type {}", shown_bytes(kind)), "commit, tree, blob or tag")
    })?;
    let name = next(&mut headers, "tag")?.to_vec();
    // One without a value is no tag without a tagger.
    let there = headers.peek().is_some_and(|header| header.name == b"tagger");
    let tagger =
        if there { Some(identity::parse("tagger", next(&mut headers, "tagger")?)?) } else { None };
    let other_signature = rest(headers, format)?;
    let (signature, payload) = signed_parts(sections);
    Ok(Tag { id, target, target_kind, name, tagger, signature, payload, other_signature })
}

/// The value of the header that must come next.
fn next<'a>(
    headers: &mut Peekable<std::slice::Iter<'_, Header<'a>>>,
    name: &'static str,
) -> Result<&'a [u8], Fault> {
    headers
        .next_if(|header| header.name == name.as_bytes() && !header.continued)
        .and_then(|header| header.first)
        .ok_or_else(|| Fault::new(format!("no {name} where it belongs"), ORDER))
}

fn kind_of(name: &[u8]) -> Option<ObjectKind> {
    [ObjectKind::Commit, ObjectKind::Tree, ObjectKind::Blob, ObjectKind::Tag]
        .into_iter()
        .find(|kind| kind.name().as_bytes() == name)
}

/// After `tagger` a tag has nothing but the signature of the other format.
fn rest<'h, 'a: 'h>(
    headers: impl Iterator<Item = &'h Header<'a>>,
    format: ObjectFormat,
) -> Result<Option<&'static str>, Fault> {
    let (own, other) = signature_headers(format);
    let mut seen = None;
    for header in headers {
        let name = [own, other].into_iter().find(|name| name.as_bytes() == header.name);
        match (name, seen) {
            (Some(_), Some(_)) => {
                return Err(Fault::coded(
                    Code::MultipleSignatures,
                    "two signature headers",
                    "at most one",
                ));
            }
            (Some(name), None) => seen = Some(name),
            (None, _) if header.name.starts_with(b"gpgsig") => {
                return Err(Fault::coded(
                    Code::UnsignedHeader,
                    format!("a header {}", shown_bytes(header.name)),
                    "gpgsig and gpgsig-sha256 only",
                ));
            }
            (None, _) => {
                return Err(Fault::new(format!("a header {}", shown_bytes(header.name)), ORDER));
            }
        }
    }
    Ok(seen)
}

const BEGINNINGS: [&[u8]; 4] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
];

/// Git cuts at the *last* line that begins a signature; what stands before it is signed.
fn signed_parts(sections: &Sections<'_>) -> (Option<Vec<u8>>, Vec<u8>) {
    let mut payload: Vec<u8> = sections
        .headers
        .iter()
        .filter(|header| !header.name.starts_with(b"gpgsig"))
        .flat_map(|header| header.raw.iter().copied())
        .collect();
    payload.push(b'\n');
    let mut at = None;
    let mut offset = 0usize;
    for line in sections.message.split_inclusive(|b| *b == b'\n') {
        if BEGINNINGS.iter().any(|begin| line.starts_with(begin)) {
            at = Some(offset);
        }
        offset = offset.saturating_add(line.len());
    }
    match at.and_then(|at| sections.message.split_at_checked(at)) {
        Some((signed, signature)) => {
            payload.extend_from_slice(signed);
            (Some(signature.to_vec()), payload)
        }
        None => {
            payload.extend_from_slice(sections.message);
            (None, payload)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype commit\ntag v1\ntagger A <a@x> 1700000000 +0000\n";

    fn id() -> Oid {
        Oid::from_hex(&"1".repeat(40)).unwrap()
    }

    #[test]
    fn the_last_signature_is_judged_and_all_before_it_is_signed() {
        let first = format!("{HEAD}\nmsg\n-----BEGIN PGP SIGNATURE-----\nx\n");
        let raw = format!("{first}-----BEGIN SSH SIGNATURE-----\ny\n");
        let tag = parse_tag(id(), raw.as_bytes()).unwrap();
        assert_eq!(tag.name, b"v1");
        assert_eq!(tag.payload, first.as_bytes());
        assert!(tag.signature.unwrap().starts_with(b"-----BEGIN SSH"));
    }

    #[test]
    fn odd_tags_are_refused() {
        for bad in [
            format!("{HEAD}tagger A <a@x> 1 +0000\n\nm"),
            format!("{HEAD}foo bar\n\nm"),
            HEAD.replace("tagger A <a@x> 1700000000 +0000", "tagger") + "\nm",
            HEAD.replace("tagger A <a@x> 1700000000 +0000", "tagger ") + "\nm",
            HEAD.replace("tagger A", "tagger\n A") + "\nm",
            format!("{HEAD}\nm\0"),
            HEAD.to_owned(),
            HEAD.replace("type commit", "type Commit") + "\nm",
            HEAD.replace("tag v1\n", "") + "\nm",
        ] {
            let found = parse_tag(id(), bad.as_bytes()).expect_err(&bad);
            assert_eq!(found.code, Code::MalformedObject, "{bad:?}");
        }
        let twice = format!("{HEAD}gpgsig a\ngpgsig b\n\nm");
        assert_eq!(parse_tag(id(), twice.as_bytes()).unwrap_err().code, Code::MultipleSignatures);
        let unknown = format!("{HEAD}gpgsig-x a\n\nm");
        assert_eq!(parse_tag(id(), unknown.as_bytes()).unwrap_err().code, Code::UnsignedHeader);
        let old = HEAD.replace("tagger A <a@x> 1700000000 +0000\n", "") + "\nm";
        assert_eq!(parse_tag(id(), old.as_bytes()).unwrap().tagger, None);
    }
}
