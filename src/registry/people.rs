//! `[project]` and `[[reviewers]]`.

use std::collections::{BTreeMap, BTreeSet};

use super::confusable;
use super::words::{Compiler, choice, quoted, refuse};
use crate::model::registry::ReviewerKind;
use crate::model::text::{is_address, is_unsafe, shown};
use crate::model::{PathPattern, Reviewer, ReviewerId};
use crate::source::Spot;
use crate::tables::{At, Table};

/// `[project]`.
#[derive(Debug, Default)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) mainline: String,
    pub(super) branches: Vec<PathPattern>,
}

pub(super) fn project(root: &mut Table<'_>, compiler: &Compiler) -> Project {
    let Some(mut table) = root.required("project", Table::table) else { return Project::default() };
    let id = table.required("id", Table::string);
    if let Some(id) = id.as_ref().filter(|id| !is_project_id(&id.value)) {
        let form = "letters, digits, `.`, `_`, `-` and `/`, at most 128";
        let help = "write a short name: `id = \"my-project\"`";
        refuse(&table, "id", id.spot, "is no project id", quoted(&id.value), form, help);
    }
    let mainline = table.required("mainline", Table::string);
    if let Some(name) = mainline.as_ref().filter(|name| !is_branch(&name.value)) {
        let form = "a full branch name: refs/heads/…";
        let help = "write `mainline = \"refs/heads/main\"`";
        refuse(&table, "mainline", name.spot, "is no branch", quoted(&name.value), form, help);
    }
    let branches = compiler.patterns(&mut table, "branches").unwrap_or_default();
    let spot = table.spots().get("branches").copied().unwrap_or(table.spot());
    if branches.iter().any(|pattern| pattern.as_str().starts_with("refs/")) {
        let help = "leave `refs/heads/` away: \"release/*\"";
        let form = "short branch names";
        refuse(&table, "branches", spot, "holds full ref names", "refs/…", form, help);
    }
    table.finish();
    let text = |read: Option<At<String>>| read.map(|at| at.value).unwrap_or_default();
    Project { id: text(id), mainline: text(mainline), branches }
}

fn is_project_id(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
}

/// Whether a text is a full branch name by the rules of git-check-ref-format(1).
fn is_branch(text: &str) -> bool {
    let Some(short) = text.strip_prefix("refs/heads/") else { return false };
    text.len() <= 1_024
        && !text.contains("..")
        && !text.contains("@{")
        && !text.ends_with('.')
        && !text.chars().any(|c| is_unsafe(c) || c == ' ' || "~^:?*[\\".contains(c))
        && !short
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"))
}

/// People as they were read, and every id that an entry names, even in an entry with problems, so
/// that one mistake is not told once for each reference to it.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) all: BTreeMap<ReviewerId, Reviewer>,
    named: BTreeSet<String>,
    /// What ids that are none look like.
    broken: BTreeSet<String>,
}

impl People {
    /// Reads a reference to a reviewer; an unknown one is a problem.
    pub(super) fn reference(
        &self,
        table: &Table<'_>,
        field: &str,
        read: &At<String>,
    ) -> Option<ReviewerId> {
        let id = confusable::id(table, field, read, ReviewerId::new)?;
        if !self.named.contains(id.as_str()) {
            if self.broken.contains(&confusable::look(id.as_str())) {
                return None;
            }
            let known: Vec<&str> = self.named.iter().map(String::as_str).take(16).collect();
            refuse(
                table,
                field,
                read.spot,
                "names nobody in [[reviewers]]",
                quoted(&read.value),
                &format!("one of: {}", shown(&known.join(", "))),
                "add the person to [[reviewers]], or mend the id",
            );
            return None;
        }
        Some(id)
    }
}

pub(super) fn reviewers(root: &mut Table<'_>) -> People {
    let mut people = People::default();
    let mut addresses: BTreeMap<String, (ReviewerId, Spot)> = BTreeMap::new();
    for mut table in root.tables("reviewers") {
        let id = table.required("id", Table::string);
        if let Some(id) = &id {
            if ReviewerId::new(&id.value).is_some() {
                people.named.insert(id.value.clone());
            } else {
                people.broken.insert(confusable::look(&id.value));
            }
        }
        let id = id.and_then(|read| confusable::id(&table, "id", &read, ReviewerId::new));
        let name = table.string("name").map(|at| at.value).unwrap_or_default();
        let emails = emails(&mut table);
        // Not by default: a program whose entry forgets to say so would vouch.
        let kind = table.required("kind", |table, field| choice(table, field, &KINDS));
        let spot = table.spot();
        if let (Some(id), Some(kind)) = (id, kind) {
            for email in &emails {
                own_address(&table, &mut addresses, &id, email);
            }
            let emails = emails.into_iter().map(|email| email.value).collect();
            let reviewer = Reviewer { id: id.clone(), name, emails, kind: kind.value, spot };
            if let Some(first) = people.all.get(&id) {
                twice(&table, "reviewer", id.as_str(), first.spot);
            } else {
                people.all.insert(id, reviewer);
            }
        }
        table.finish();
    }
    people
}

const KINDS: [(&str, ReviewerKind); 3] =
    [("human", ReviewerKind::Human), ("bot", ReviewerKind::Bot), ("forge", ReviewerKind::Forge)];

/// Refuses an entry whose id came before.
pub(super) fn twice(table: &Table<'_>, what: &str, id: &str, first: Spot) {
    let problems = table.problems();
    problems.refuse(
        problems
            .invalid(table.spot(), format!("the {what} {id} stands twice"))
            .compared(id, format!("one entry for each {what}"))
            .help("join the two entries")
            .at(problems.place(first, "the first one")),
    );
}

fn emails(table: &mut Table<'_>) -> Vec<At<String>> {
    let Some(read) = table.strings("emails") else { return Vec::new() };
    let mut emails = Vec::new();
    for item in read.value {
        if is_address(&item.value) {
            emails.push(item.map(|text| text.to_lowercase()));
        } else {
            let help = "write the address alone: \"ada@example.org\"";
            let form = "an e-mail address";
            refuse(table, "emails", item.spot, "holds no address", quoted(&item.value), form, help);
        }
    }
    emails
}

/// An address of two people would make it unclear who wrote a change.
fn own_address(
    table: &Table<'_>,
    addresses: &mut BTreeMap<String, (ReviewerId, Spot)>,
    id: &ReviewerId,
    email: &At<String>,
) {
    match addresses.get(&email.value) {
        Some((other, spot)) if other != id => {
            let problems = table.problems();
            let message = format!("{} is the address of two people", quoted(&email.value));
            problems.refuse(
                problems
                    .invalid(email.spot, message)
                    .compared(format!("{other} and {id}"), "one person")
                    .help("leave it with the one whose address it is")
                    .at(problems.place(*spot, "the other one")),
            );
        }
        Some(_) => {}
        None => {
            addresses.insert(email.value.clone(), (id.clone(), email.spot));
        }
    }
}
