//! `[manifest]`: what the sign-offs are about.

use std::collections::BTreeMap;

use super::expect::Expected;
use crate::finding::Code;
use crate::model::Oid;
use crate::model::manifest::{Binding, PreviousGate, Target};
use crate::model::text::shown;
use crate::source::Spot;
use crate::tables::{At, Table};

/// What `[manifest]` says.
pub(super) struct Head {
    pub(super) target: Target,
    pub(super) previous_gate: Option<PreviousGate>,
    pub(super) binding: Binding,
    pub(super) subject_sha256: Option<[u8; 32]>,
    pub(super) mv_team_justification: String,
    pub(super) cures: Vec<Oid>,
    pub(super) spots: BTreeMap<String, Spot>,
}

/// Reads the table. `None` where neither it nor the file's name says what it is for.
pub(super) fn read(mut table: Table<'_>, expected: &Expected) -> Option<Head> {
    let mut spots = table.spots();
    spots.insert("manifest".to_owned(), table.spot());
    let target = read_target(&mut table, expected);
    let previous_gate = read_previous_gate(&mut table);
    let binding = read_binding(&mut table);
    let subject_sha256 = read_subject_sha256(&mut table);
    let mv_team_justification =
        table.string("mv_team_justification").map(|at| at.value).unwrap_or_default();
    let cures = read_cures(&mut table);
    table.finish();
    Some(Head {
        target: target?,
        previous_gate,
        binding,
        subject_sha256,
        mv_team_justification,
        cures,
        spots,
    })
}

/// What the manifest says it is for; where it does not say, what the file's name says.
fn read_target(table: &mut Table<'_>, expected: &Expected) -> Option<Target> {
    let stated = if expected.is_squash() {
        not_both(table, "epoch", "a squash manifest states `name` in place of `epoch`");
        let name = table.required("name", Table::string);
        name.map(|at| at.map(Target::Squash))
    } else {
        not_both(table, "name", "only a squash manifest, squash-<name>.toml, has a `name`");
        table.required("epoch", Table::integer).map(|at| at.map(Target::Epoch))
    };
    let (Some(stated), Some(named)) = (&stated, &expected.target) else {
        return stated.map(|at| at.value).or_else(|| expected.target.clone());
    };
    if stated.value != *named {
        target_mismatch(table, stated, named);
    }
    Some(stated.value.clone())
}

fn not_both(table: &mut Table<'_>, field: &'static str, message: &str) {
    if table.has(field) {
        let spot = spot_of(table, field);
        let problems = table.problems();
        problems.refuse(
            problems
                .invalid(spot, message)
                .compared(field, "absent")
                .help(format!("remove the line `{field} = …`")),
        );
    }
}

/// Where a field stands, else the table.
pub(super) fn spot_of(table: &Table<'_>, field: &str) -> Spot {
    table.spots().get(field).copied().unwrap_or(table.spot())
}

fn target_mismatch(table: &Table<'_>, stated: &At<Target>, named: &Target) {
    let problems = table.problems();
    let (field, example) = match named {
        Target::Epoch(epoch) => ("epoch", epoch.to_string()),
        Target::Squash(name) => ("name", format!("\"{name}\"")),
    };
    let message = format!("`{field}` is not what the file's name says");
    let mut finding = problems
        .invalid(stated.spot, message)
        .compared(describe(&stated.value), describe(named))
        .help(format!("write `{field} = {example}`, or rename the file"));
    finding.code = Code::EpochMismatch;
    if let Target::Epoch(epoch) = named {
        finding = finding.epoch(*epoch);
    }
    problems.refuse(finding);
}

fn describe(target: &Target) -> String {
    match target {
        Target::Epoch(epoch) => format!("epoch {epoch}"),
        Target::Squash(name) => format!("squash gate \"{}\"", shown(name)),
    }
}

/// An absent field is no problem of the file: a rule says what must stand there.
fn read_previous_gate(table: &mut Table<'_>) -> Option<PreviousGate> {
    let stated = table.string("previous_gate")?;
    if stated.value == "none" {
        return Some(PreviousGate::None);
    }
    let gate = full_oid(table, "previous_gate", &stated, "\"none\" or a full object id");
    gate.map(PreviousGate::Gate)
}

/// One of the two, never both: with both, two readers could check two different things.
fn read_binding(table: &mut Table<'_>) -> Binding {
    let has_tree = table.has("subject_tree");
    let has_commit = table.has("gate_commit");
    let tree = table.string("subject_tree");
    let commit = table.string("gate_commit");
    if has_tree == has_commit {
        binding_problem(table, has_tree);
        return Binding::Missing;
    }
    if let Some(tree) = tree {
        let id = full_oid(table, "subject_tree", &tree, "the full id of a tree");
        return id.map_or(Binding::Missing, Binding::Tree);
    }
    let Some(commit) = commit else { return Binding::Missing };
    Oid::from_hex(&commit.value).map_or(Binding::UnresolvableCommit(commit.value), Binding::Commit)
}

fn binding_problem(table: &Table<'_>, both: bool) {
    let problems = table.problems();
    let (field, message, seen) = if both {
        ("gate_commit", "the manifest states both `subject_tree` and `gate_commit`", "both")
    } else {
        ("manifest", "the manifest states neither `subject_tree` nor `gate_commit`", "neither")
    };
    problems.refuse(
        problems
            .invalid(spot_of(table, field), message)
            .compared(seen, "exactly one of the two")
            .help(
                "keep `subject_tree` when the manifest lands in the gate commit itself, \
                 `gate_commit` when it lands later; `gatecheck signoff new` writes it",
            ),
    );
}

fn read_subject_sha256(table: &mut Table<'_>) -> Option<[u8; 32]> {
    let stated = table.string("subject_sha256")?;
    let digest = hex::decode(&stated.value).ok().and_then(|raw| <[u8; 32]>::try_from(raw).ok());
    if digest.is_none() {
        let problems = table.problems();
        problems.refuse(
            problems
                .invalid(stated.spot, "`subject_sha256` is no SHA-256 content digest")
                .compared(shown(&stated.value), "64 hexadecimal digits")
                .help("remove the line, or let `gatecheck signoff new` write it"),
        );
    }
    digest
}

fn read_cures(table: &mut Table<'_>) -> Vec<Oid> {
    let Some(cures) = table.strings("cures") else { return Vec::new() };
    cures
        .value
        .iter()
        .filter_map(|cure| full_oid(table, "cures", cure, "the full id of a refused commit"))
        .collect()
}

/// A full object id; anything else is a problem.
fn full_oid(table: &Table<'_>, field: &str, stated: &At<String>, form: &str) -> Option<Oid> {
    let id = Oid::from_hex(&stated.value);
    if id.is_none() {
        let problems = table.problems();
        problems.refuse(
            problems
                .invalid(stated.spot, format!("`{field}` of {} must be {form}", table.name()))
                .compared(shown(&stated.value), form)
                .help("`git rev-parse NAME` shows a full id; it has 40 or 64 digits"),
        );
    }
    id
}
