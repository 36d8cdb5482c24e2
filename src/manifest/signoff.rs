//! `[[signoffs]]`: one reviewer's statement for one domain.

use super::expect::Expected;
use super::head::spot_of;
use crate::finding::Code;
use crate::model::manifest::{AiAttestation, Target};
use crate::model::text::{is_blank, shown};
use crate::model::{DomainId, ReviewerId, Signoff};
use crate::source::Spot;
use crate::tables::{Kind, Table, signed_text, signed_texts};

/// Reads one entry. `None` where it does not say who vouches for which domain, and when:
/// without these there is no statement that anybody could have signed.
pub(super) fn read(mut table: Table<'_>, expected: &Expected) -> Option<Signoff> {
    let reviewer = read_id(&mut table, "reviewer_id", ReviewerId::new);
    let domain = read_id(&mut table, "domain", DomainId::new);
    let timestamp = table.required("timestamp", Table::time).map(|at| at.value);
    let scope = read_scope(&mut table);
    let reviews = signed_texts(&mut table, "reviews");
    let checklist = signed_texts(&mut table, "checklist");
    let dissent = signed_text(&mut table, "dissent");
    let withdrawn = table.boolean("withdrawn").is_some_and(|at| at.value);
    let superseded_by = table.string("superseded_by").map(|at| at.value).unwrap_or_default();
    let authored_by = signed_text(&mut table, "authored_by");
    let multi_domain_roles = signed_texts(&mut table, "multi_domain_roles");
    let multi_domain_justification = signed_text(&mut table, "multi_domain_justification");
    let ai_attestation = table.table("ai_attestation").map(read_attestation);
    // Armor says the same with either line end, and the file's may have been changed on the way.
    let signature = table.string("signature").map(|at| at.value.replace("\r\n", "\n"));
    let epoch = read_epoch(&mut table, expected, reviewer.as_ref(), domain.as_ref());
    check_dissenter(&table, expected, reviewer.as_ref(), &dissent);
    let (spot, spots) = (table.spot(), table.spots());
    table.finish();
    Some(Signoff {
        reviewer_id: reviewer?,
        domain: domain?,
        scope,
        reviews,
        checklist,
        epoch,
        timestamp: timestamp?,
        dissent,
        withdrawn,
        superseded_by,
        authored_by,
        multi_domain_roles,
        multi_domain_justification,
        ai_attestation,
        signature: signature.unwrap_or_default(),
        spot,
        spots,
    })
}

fn read_id<T>(
    table: &mut Table<'_>,
    field: &'static str,
    make: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let stated = table.required(field, Table::string)?;
    let id = make(&stated.value);
    if id.is_none() {
        let problems = table.problems();
        problems.refuse(
            problems
                .invalid(stated.spot, format!("`{field}` of {} is no id", table.name()))
                .compared(shown(&stated.value), "[a-z0-9][a-z0-9._-]{0,63}")
                .help("write the id as it stands in the registry"),
        );
    }
    id
}

/// A list, or one string that is split at commas. Parts that are empty say nothing and are left out.
fn read_scope(table: &mut Table<'_>) -> Vec<String> {
    match table.kind("scope") {
        None => Vec::new(),
        Some(Kind::String) => signed_text(table, "scope")
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect(),
        Some(Kind::Array) => signed_texts(table, "scope"),
        Some(_) => {
            table.refuse_value("scope", "a list of strings, or one string with commas", "[\"…\"]");
            Vec::new()
        }
    }
}

fn read_attestation(mut table: Table<'_>) -> AiAttestation {
    let attestation = AiAttestation {
        understood: table.boolean("understood").is_some_and(|at| at.value),
        invariants: signed_texts(&mut table, "invariants"),
        statement: signed_text(&mut table, "statement"),
    };
    table.finish();
    attestation
}

/// The entry's own `epoch` (of a squash gate: `name`), which may be left out.
fn read_epoch(
    table: &mut Table<'_>,
    expected: &Expected,
    reviewer: Option<&ReviewerId>,
    domain: Option<&DomainId>,
) -> Option<u64> {
    let epoch = table.integer("epoch");
    let name = table.string("name");
    let named = match &expected.target {
        Some(Target::Squash(named)) => Some(named.as_str()),
        _ => None,
    };
    if let Some(name) = name.filter(|name| Some(name.value.as_str()) != named) {
        let wanted = named.map_or("no `name`", |named| named);
        mismatch(table, name.spot, ("name", shown(&name.value)), wanted, reviewer, domain);
    }
    let wanted = expected.epoch().map(|n| n.to_string());
    let wrong = match (&epoch, expected.epoch()) {
        (Some(stated), Some(wanted)) => stated.value != wanted,
        // A squash gate has no epoch. Where the file's name is no good, that is the problem.
        (Some(_), None) => expected.is_squash(),
        (None, _) => false,
    };
    if let Some(stated) = epoch.filter(|_| wrong) {
        let wanted = wanted.as_deref().unwrap_or("no `epoch` for a squash gate");
        mismatch(table, stated.spot, ("epoch", stated.value.to_string()), wanted, reviewer, domain);
    }
    epoch.map(|at| at.value)
}

fn mismatch(
    table: &Table<'_>,
    spot: Spot,
    (field, seen): (&str, String),
    wanted: &str,
    reviewer: Option<&ReviewerId>,
    domain: Option<&DomainId>,
) {
    let problems = table.problems();
    let message = format!("`{field}` of {} is not what the file's name says", table.name());
    let mut finding = problems
        .invalid(spot, message)
        .compared(seen, wanted)
        .help("a sign-off counts for one gate only; its reviewer must sign for this one");
    finding.code = Code::EpochMismatch;
    finding.reviewer_id = reviewer.cloned();
    finding.domain = domain.cloned();
    problems.refuse(finding);
}

/// A dissent file holds the dissent of the person in its name.
fn check_dissenter(
    table: &Table<'_>,
    expected: &Expected,
    reviewer: Option<&ReviewerId>,
    dissent: &str,
) {
    let (Some(dissenter), Some(reviewer)) = (&expected.dissenter, reviewer) else { return };
    let problems = table.problems();
    if dissenter != reviewer {
        problems.refuse(
            problems
                .invalid(
                    spot_of(table, "reviewer_id"),
                    "the dissent is not of the person whom the file's name names",
                )
                .compared(reviewer.as_str(), dissenter.as_str())
                .reviewer(reviewer)
                .help("rename the file, or correct `reviewer_id`"),
        );
    }
    if is_blank(dissent) {
        problems.refuse(
            problems
                .invalid(spot_of(table, "dissent"), "the dissent file holds no dissent")
                .compared("nothing to be seen", "what the reviewer objects to")
                .reviewer(reviewer)
                .help("write the objection into `dissent`"),
        );
    }
}
