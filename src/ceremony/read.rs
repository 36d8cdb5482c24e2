//! One file: bytes, text, tables, value.

use std::sync::Arc;

use super::files::{self, Listed};
use super::head;
use crate::finding::Code;
use crate::model::ceremony::ApprovalRole;
use crate::model::fingerprint::NotAFingerprint;
use crate::model::text::shown;
use crate::model::{
    Approval, CeremonyRecord, Fingerprint, Limits, RecordName, RecordReading, ReviewerId,
};
use crate::registry::words::{choice, quoted, refuse};
use crate::source::{Source, Spot};
use crate::tables::{self, Problems, Table};

const CODE: Code = Code::CeremonyMismatch;

/// Reads one record; `path` is where it stands, and what it must be for.
///
/// The record is there only where there is no problem. Problems carry `ceremony-mismatch`, in the
/// order of the lines. Bounds: `file-bytes`, `approvals`.
#[must_use]
pub fn read(path: &str, bytes: &[u8], limits: &Limits) -> RecordReading {
    let reading = |record, problems| RecordReading { path: path.to_owned(), record, problems };
    let source = match tables::source(path, bytes, limits.file_bytes, CODE) {
        Ok(source) => source,
        Err(problem) => return reading(None, vec![*problem]),
    };
    let problems = Problems::new(&source, CODE);
    let record = read_text(&source, &problems, limits).filter(|_| !problems.unusable());
    reading(record.map(Arc::new), problems.into_findings())
}

fn read_text(source: &Arc<Source>, problems: &Problems, limits: &Limits) -> Option<CeremonyRecord> {
    let name = RecordName::of(source.path());
    if name.is_none() {
        not_a_name(problems, source.path());
    }
    let parsed = tables::parse_whole(source, problems)?;
    let mut root = Table::root(&parsed, problems);
    let head = root.required("ceremony", Table::table);
    let files = root.tables("files");
    let entries = root.tables("approvals");
    root.finish();
    let mut listed = Listed::default();
    let head = head.and_then(|table| head::read(table, name.as_ref(), &mut listed));
    let files = files.into_iter().filter_map(|entry| files::read(entry, &mut listed)).collect();
    let approvals = read_approvals(entries, problems, limits)?;
    let head = head?;
    Some(CeremonyRecord {
        source: Arc::clone(source),
        serial: head.serial,
        kind: head.kind,
        previous_registry_sha256: head.previous_registry_sha256,
        registry_sha256: head.registry_sha256,
        parent: head.parent,
        reason: head.reason,
        charter_ack: head.charter_ack,
        witnesses: head.witnesses,
        concerns: head.concerns,
        removed: head.removed,
        files,
        approvals,
        spots: head.spots,
    })
}

fn not_a_name(problems: &Problems, path: &str) {
    problems.refuse(
        problems
            .invalid(Spot::START, format!("{} is not the name of a ceremony record", shown(path)))
            .compared(
                shown(path),
                "keys/ceremonies/NNNN-<kind>[-<reviewer>].toml, NNNN the serial with four digits or more",
            )
            .help("rename it with `git mv`, for example to keys/ceremonies/0005-rotate-ada.toml"),
    );
}

/// The approvals; `None` where there are more than the bound allows.
pub(super) fn read_approvals(
    entries: Vec<Table<'_>>,
    problems: &Problems,
    limits: &Limits,
) -> Option<Vec<Approval>> {
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    if count > limits.approvals {
        problems.refuse(
            problems
                .invalid(
                    Spot::START,
                    "the record holds more approvals than the bound approvals allows",
                )
                .compared(format!("{count} approvals"), format!("at most {}", limits.approvals))
                .help(format!(
                    "take approvals out, or raise the bound with --limit approvals={count}"
                )),
        );
        return None;
    }
    Some(entries.into_iter().filter_map(approval).collect())
}

/// One `[[approvals]]` entry. What is lacking was refused.
fn approval(mut table: Table<'_>) -> Option<Approval> {
    let role = table.required("role", |table, field| choice(table, field, &ROLES));
    let reviewer = reviewer(&mut table);
    let fingerprint = fingerprint(&mut table);
    let timestamp = table.required("timestamp", Table::time);
    let signature = table.string("signature").map(|at| at.value).unwrap_or_default();
    let (spot, spots) = (table.spot(), table.spots());
    table.finish();
    Some(Approval {
        role: role?.value,
        reviewer_id: reviewer?,
        fingerprint: fingerprint?,
        timestamp: timestamp?.value,
        signature,
        spot,
        spots,
    })
}

const ROLES: [(&str, ApprovalRole); 3] = [
    (ApprovalRole::Authorise.name(), ApprovalRole::Authorise),
    (ApprovalRole::Possession.name(), ApprovalRole::Possession),
    (ApprovalRole::Witness.name(), ApprovalRole::Witness),
];

fn reviewer(table: &mut Table<'_>) -> Option<ReviewerId> {
    let field = "reviewer_id";
    let stated = table.required(field, Table::string)?;
    let id = ReviewerId::new(&stated.value);
    if id.is_none() {
        let form = "[a-z0-9][a-z0-9._-]{0,63}";
        let help = "write the id as it stands in the registry";
        refuse(table, field, stated.spot, "is no id", quoted(&stated.value), form, help);
    }
    id
}

fn fingerprint(table: &mut Table<'_>) -> Option<Fingerprint> {
    let field = "fingerprint";
    let stated = table.required(field, Table::string)?;
    match Fingerprint::parse(&stated.value) {
        Ok(fingerprint) => Some(fingerprint),
        Err(why) => {
            let why = match why {
                NotAFingerprint::Short => "is too short to name one key",
                NotAFingerprint::Placeholder => "is no fingerprint",
            };
            let form = "40 or 64 hexadecimal digits, or SHA256:<base64>";
            let help = "write the fingerprint as it stands in the registry, in full";
            refuse(table, field, stated.spot, why, quoted(&stated.value), form, help);
            None
        }
    }
}
