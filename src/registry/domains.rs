//! `[[domains]]`.

use std::collections::BTreeMap;

use super::confusable;
use super::people::{People, twice};
use super::words::{Compiler, list, values};
use crate::model::{Domain, DomainId, ReviewerId};
use crate::tables::Table;

pub(super) fn domains(
    root: &mut Table<'_>,
    people: &People,
    compiler: &Compiler,
) -> BTreeMap<DomainId, Domain> {
    let mut domains: BTreeMap<DomainId, Domain> = BTreeMap::new();
    for mut table in root.tables("domains") {
        let id = table
            .required("id", Table::string)
            .and_then(|read| confusable::id(&table, "id", &read, DomainId::new));
        let primary = table
            .required("primary", Table::string)
            .and_then(|read| people.reference(&table, "primary", &read));
        let backup =
            table.string("backup").and_then(|read| people.reference(&table, "backup", &read));
        let reviewers = further(&mut table, people);
        let paths = compiler.patterns(&mut table, "paths").unwrap_or_default();
        let docs = list(&mut table, "docs").map(values).unwrap_or_default();
        let codeowners = table.boolean("codeowners").is_some_and(|at| at.value);
        if let (Some(id), Some(primary)) = (id, primary) {
            let spot = table.spot();
            if let Some(first) = domains.get(&id) {
                twice(&table, "domain", id.as_str(), first.spot);
            } else {
                let domain = Domain {
                    id: id.clone(),
                    primary,
                    backup,
                    reviewers,
                    paths,
                    docs,
                    codeowners,
                    spot,
                };
                domains.insert(id, domain);
            }
        }
        table.finish();
    }
    domains
}

fn further(table: &mut Table<'_>, people: &People) -> Vec<ReviewerId> {
    let Some(read) = table.strings("reviewers") else { return Vec::new() };
    read.value.iter().filter_map(|item| people.reference(table, "reviewers", item)).collect()
}
