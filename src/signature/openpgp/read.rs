//! From armored text to the one signature packet in it.

use sequoia_openpgp as openpgp;

use openpgp::Packet;
use openpgp::packet::Signature;
use openpgp::parse::Parse as _;

use super::packet::{self, Raw, tag};
use super::{convert, digest, mpi};
use crate::finding::Code;
use crate::model::text::shown;
use crate::model::{Digest, SignatureFact, SignatureFormat};
use crate::signature::armor::{self, Style};
use crate::signature::refused;

const LABEL: &str = "PGP SIGNATURE";
pub(super) const REQUIRED: &str =
    "one armored, detached OpenPGP signature over the bytes (type 0x00)";

pub(super) fn refuse(code: Code, observed: impl Into<String>) -> Box<SignatureFact> {
    Box::new(refused(code, SignatureFormat::OpenPgp, observed, REQUIRED))
}

pub(super) fn malformed(why: &str) -> Box<SignatureFact> {
    refuse(Code::MalformedSignature, format!("a malformed OpenPGP signature: {why}"))
}

/// The backend computed no digest although it knows the algorithm.
pub(super) fn undigested(signature: &Signature) -> Box<SignatureFact> {
    match convert::digest(signature.hash_algo()) {
        // SHA-1 here detects input that was built to collide.
        hash @ Digest::Sha1 => refuse(
            Code::WeakDigest,
            format!("a signature over {hash} whose input was built to collide"),
        ),
        _ => malformed("its hashed area is not in canonical encoding"),
    }
}

/// Takes the armor off.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, Box<SignatureFact>> {
    let blocks = armor::count(text, LABEL);
    if blocks > 1 {
        return Err(refuse(
            Code::MultipleSignatures,
            format!("{blocks} armored signatures in one place"),
        ));
    }
    armor::single(text, LABEL, Style::OpenPgp).map_err(|error| malformed(&error))
}

/// Lets Sequoia read the packet, if it is of a version that we know.
pub(super) fn parse(raw: Raw<'_>) -> Result<Signature, Box<SignatureFact>> {
    match raw.body.first() {
        Some(3 | 4 | 6) => {}
        Some(version) => {
            return Err(refuse(
                Code::UnsupportedSignature,
                format!("an OpenPGP signature of version {version} (4 and 6 are supported)"),
            ));
        }
        None => return Err(malformed("the packet is empty")),
    }
    let read = match Packet::from_bytes(raw.whole) {
        Ok(Packet::Signature(signature)) => return Ok(signature),
        read => mpi::restated(raw).as_deref().map_or(read, Packet::from_bytes),
    };
    match read {
        Ok(Packet::Signature(signature)) => Ok(signature),
        Ok(_) => Err(malformed("its packet cannot be read")),
        Err(error) => Err(malformed(&shown(&error.to_string()))),
    }
}

pub(super) fn one_packet(data: &[u8]) -> Result<Raw<'_>, Box<SignatureFact>> {
    let mut packets = Vec::new();
    let mut rest = data;
    while let Some(step) = packet::next(rest) {
        let (raw, behind) = step.map_err(|error| malformed(&format!("it holds {error}")))?;
        packets.push(raw);
        rest = behind;
        if packets.len() > 1 {
            break;
        }
    }
    match *packets {
        [only] if only.tag == tag::SIGNATURE => Ok(only),
        [first, second] if first.tag == tag::SIGNATURE && second.tag == tag::SIGNATURE => {
            Err(refuse(Code::MultipleSignatures, "two signature packets in one armor"))
        }
        [] => Err(malformed("it is empty")),
        [first, ..] if first.tag == tag::COMPRESSED => Err(malformed("it holds compressed data")),
        [first] => Err(malformed(&format!("it holds a packet of type {}", first.tag))),
        _ => Err(malformed("packets of other types stand beside the signature")),
    }
}

/// Whether the backend can verify this at all; otherwise says exactly what it lacks.
pub(super) fn supported(signature: &Signature) -> Result<(), Box<SignatureFact>> {
    let lacks = |what: String| {
        refuse(
            Code::UnsupportedSignature,
            format!("an OpenPGP signature with {what}, which this build cannot verify"),
        )
    };
    let hash = signature.hash_algo();
    if !digest::can_hash(hash) {
        return Err(lacks(format!("the digest algorithm {} ({})", u8::from(hash), hash)));
    }
    let algorithm = signature.pk_algo();
    if !algorithm.is_supported() || !algorithm.for_signing() {
        return Err(lacks(format!(
            "the public-key algorithm {} ({})",
            u8::from(algorithm),
            algorithm
        )));
    }
    if !digest::salt_fits(signature) {
        return Err(malformed("its salt has not the size that its digest asks for"));
    }
    Ok(())
}
