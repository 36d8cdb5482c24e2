//! `[ceremony]`: what it is for, from which registry to which, and why.

use std::collections::BTreeMap;

use super::files::Listed;
use crate::model::ceremony::CeremonyKind;
use crate::model::{Oid, RecordName};
use crate::registry::words::{choice, number, quoted, refuse};
use crate::source::Spot;
use crate::tables::{At, Table, signed_text, signed_texts};

/// What `[ceremony]` says.
pub(super) struct Head {
    pub(super) serial: u64,
    pub(super) kind: CeremonyKind,
    pub(super) previous_registry_sha256: [u8; 32],
    pub(super) registry_sha256: [u8; 32],
    pub(super) parent: Oid,
    pub(super) reason: String,
    pub(super) charter_ack: String,
    pub(super) witnesses: Vec<String>,
    pub(super) concerns: Vec<String>,
    pub(super) removed: Vec<String>,
    pub(super) spots: BTreeMap<String, Spot>,
}

/// Reads the table; `name` is what the file's name says. What is lacking was refused.
pub(super) fn read(
    mut table: Table<'_>,
    name: Option<&RecordName>,
    listed: &mut Listed,
) -> Option<Head> {
    let mut spots = table.spots();
    spots.insert("ceremony".to_owned(), table.spot());
    let serial = table.required("serial", number);
    let kind = table.required("kind", |table, field| choice(table, field, &KINDS));
    if let Some(name) = name {
        as_named(&table, name, serial, kind);
    }
    let previous = table.required("previous_registry_sha256", sha256);
    let registry = table.required("registry_sha256", sha256);
    let parent = table.required("parent", oid);
    let reason = signed_text(&mut table, "reason");
    let charter_ack = signed_text(&mut table, "charter_ack");
    let witnesses = table.strings("witnesses").map(|at| at.value).unwrap_or_default();
    let concerns = signed_texts(&mut table, "concerns");
    let removed = removed(&mut table, listed);
    table.finish();
    Some(Head {
        serial: serial?.value,
        kind: kind?.value,
        previous_registry_sha256: previous?,
        registry_sha256: registry?,
        parent: parent?,
        reason,
        charter_ack,
        witnesses: witnesses.into_iter().map(|at| at.value).collect(),
        concerns,
        removed,
        spots,
    })
}

const KINDS: [(&str, CeremonyKind); 8] = {
    let [a, b, c, d, e, f, g, h] = CeremonyKind::ALL;
    [
        (a.name(), a),
        (b.name(), b),
        (c.name(), c),
        (d.name(), d),
        (e.name(), e),
        (f.name(), f),
        (g.name(), g),
        (h.name(), h),
    ]
};

/// The name is what people see in a listing; it must not promise something else.
fn as_named(
    table: &Table<'_>,
    name: &RecordName,
    serial: Option<At<u64>>,
    kind: Option<At<CeremonyKind>>,
) {
    let why = "is not what the file's name says";
    if let Some(serial) = serial.filter(|serial| serial.value != name.serial) {
        let (seen, named) = (serial.value.to_string(), name.serial.to_string());
        let help = format!("write `serial = {named}`, or rename the file with `git mv`");
        refuse(table, "serial", serial.spot, why, seen, &named, &help);
    }
    if let Some(kind) = kind.filter(|kind| kind.value != name.kind) {
        let named = name.kind.name();
        let help = format!("write `kind = \"{named}\"`, or rename the file with `git mv`");
        refuse(table, "kind", kind.spot, why, kind.value.name(), named, &help);
    }
}

/// A SHA-256 digest.
pub(super) fn sha256(table: &mut Table<'_>, field: &'static str) -> Option<[u8; 32]> {
    let stated = table.string(field)?;
    let digest = hex::decode(&stated.value).ok().and_then(|raw| <[u8; 32]>::try_from(raw).ok());
    if digest.is_none() {
        let help = "`sha256sum FILE` shows the digest of a file";
        let form = "64 hexadecimal digits";
        let seen = quoted(&stated.value);
        refuse(table, field, stated.spot, "is no SHA-256 digest", seen, form, help);
    }
    digest
}

fn oid(table: &mut Table<'_>, field: &'static str) -> Option<Oid> {
    let stated = table.string(field)?;
    let id = Oid::from_hex(&stated.value);
    if id.is_none() {
        let form = "40 or 64 hexadecimal digits";
        let help = "write the id in full: git rev-parse --verify 'NAME^{commit}'";
        refuse(table, field, stated.spot, "is no commit id", quoted(&stated.value), form, help);
    }
    id
}

fn removed(table: &mut Table<'_>, listed: &mut Listed) -> Vec<String> {
    let field = "removed";
    let paths = table.strings(field).map(|at| at.value).unwrap_or_default();
    paths
        .into_iter()
        .filter(|path| listed.take(table, field, path))
        .map(|path| path.value)
        .collect()
}
