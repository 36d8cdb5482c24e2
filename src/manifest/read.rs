//! One file: bytes, text, tables, value.

use std::sync::Arc;

use super::expect::Expected;
use super::{head, signoff};
use crate::finding::{Code, Finding};
use crate::model::step::ManifestReading;
use crate::model::text::shown;
use crate::model::{Limits, Manifest, ManifestName, Signoff};
use crate::source::{Source, Spot};
use crate::tables::{self, Problems, Table};

const CODE: Code = Code::ManifestInvalid;

/// What is said of a manifest in which nobody has signed off.
pub(super) const NO_SIGNOFF: &str = "the manifest holds no sign-off";

/// Reads one manifest: `name` is what its path says it is, `path` the path itself.
///
/// The manifest is `None` where the bytes are no TOML, are more than a bound allows, or do not
/// say what they are for. Problems carry `manifest-invalid` or `epoch-mismatch`, in the order of
/// the lines. Bounds: `file-bytes`, `signoffs`.
#[must_use]
pub fn read(name: &ManifestName, path: &str, bytes: &[u8], limits: &Limits) -> ManifestReading {
    let source = match tables::source(path, bytes, limits.file_bytes, CODE) {
        Ok(source) => source,
        Err(problem) => return ManifestReading { manifest: None, problems: vec![*problem] },
    };
    let problems = Problems::new(&source, CODE);
    let manifest = read_text(name, &source, &problems, limits).map(Arc::new);
    ManifestReading { manifest, problems: problems.into_findings() }
}

fn read_text(
    name: &ManifestName,
    source: &Arc<Source>,
    problems: &Problems,
    limits: &Limits,
) -> Option<Manifest> {
    let expected = Expected::of(name);
    if let ManifestName::NearlyEpoch(path) = name {
        problems.add(nearly_an_epoch(path, problems));
    }
    let parsed = tables::parse_whole(source, problems)?;
    let mut root = Table::root(&parsed, problems);
    let head = root.required("manifest", Table::table);
    let entries = root.tables("signoffs");
    root.finish();
    let head = head.and_then(|table| head::read(table, &expected));
    let signoffs = read_signoffs(entries, &expected, problems, limits)?;
    let head = head?;
    Some(Manifest {
        source: Arc::clone(source),
        target: head.target,
        reattest: expected.reattest,
        previous_gate: head.previous_gate,
        binding: head.binding,
        subject_sha256: head.subject_sha256,
        mv_team_justification: head.mv_team_justification,
        cures: head.cures,
        signoffs,
        spots: head.spots,
    })
}

/// The sign-offs that could be read; `None` where there are more than the bound allows, for a
/// list that was cut could lack a dissent.
fn read_signoffs(
    entries: Vec<Table<'_>>,
    expected: &Expected,
    problems: &Problems,
    limits: &Limits,
) -> Option<Vec<Signoff>> {
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    if count > limits.signoffs {
        problems.refuse(
            problems
                .invalid(
                    Spot::START,
                    "the manifest holds more sign-offs than the bound signoffs allows",
                )
                .compared(format!("{count} sign-offs"), format!("at most {}", limits.signoffs))
                .help(format!(
                    "take sign-offs out, or raise the bound with --limit signoffs={count}"
                )),
        );
        return None;
    }
    if entries.is_empty() {
        problems.refuse(
            problems
                .invalid(Spot::START, NO_SIGNOFF)
                .compared("no [[signoffs]]", "at least one [[signoffs]]")
                .help("add one with `gatecheck signoff add`"),
        );
    }
    if expected.dissenter.is_some() && entries.len() > 1 {
        problems.refuse(
            problems
                .invalid(Spot::START, "a dissent file holds one sign-off, its own")
                .compared(format!("{count} [[signoffs]]"), "one [[signoffs]]")
                .help("leave only the dissent that the file's name names"),
        );
    }
    Some(entries.into_iter().filter_map(|entry| signoff::read(entry, expected)).collect())
}

fn nearly_an_epoch(path: &str, problems: &Problems) -> Finding {
    let message = format!("{} names no epoch", shown(path));
    let mut finding = problems
        .invalid(Spot::START, message)
        .compared(shown(path), "the epoch in decimal, without leading zeros")
        .help("rename the file with `git mv`, for example to epoch-7.toml");
    finding.code = Code::EpochMismatch;
    finding
}
