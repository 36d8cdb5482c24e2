//! What a gate holds, for people: files by domain, authors, what policy asks.

use std::collections::{BTreeMap, BTreeSet};

use super::who;
use crate::check::{Change, Outlook};
use crate::model::registry::SchemaVersion;
use crate::model::text::{shown, shown_bytes};
use crate::model::{Domain, Oid, Registry, ReviewerId};
use crate::repo::{Repository, parse_commit};

/// How many paths, commits and authors are shown before the rest is counted.
const SHOWN: usize = 5;
/// The same for the one domain that somebody vouches for.
const SHOWN_MINE: usize = 40;

/// Since when: the last gate, or the anchor before the first.
pub(in crate::cli) fn since(outlook: &Outlook) -> String {
    match outlook.last_gate {
        Some((epoch, gate)) => format!("since the gate of epoch {epoch} ({})", gate.short()),
        None => format!("since the anchor {}", outlook.in_force.anchor.commit.short()),
    }
}

/// All domains, with who could sign them.
pub(in crate::cli) fn overview(outlook: &Outlook) -> String {
    let registry = &outlook.in_force.registry;
    let change = &outlook.change;
    let mut text = format!(
        "{} changed {}{}\n",
        count(change.paths.len(), "file", "files"),
        since(outlook),
        in_commits(
            &change.commits.len(),
            &authors(
                change
                    .commits
                    .iter()
                    .filter_map(|c| c.commit.as_ref().ok())
                    .map(|head| (&head.author.name, &head.author.email))
            )
        )
    );
    for domain in registry.domains.values() {
        let paths: Vec<&[u8]> = change.paths_in(domain).collect();
        let what = if paths.is_empty() {
            "nothing changed".to_owned()
        } else {
            format!("{}: {}", count(paths.len(), "file", "files"), some(&paths, SHOWN).join(", "))
        };
        text.push_str(&format!("\n{}  {what}\n", domain.id));
        for line in section(outlook, domain) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    if registry.version == SchemaVersion::V1_0 {
        text.push_str("\nthis registry lists no domains: everybody in it may sign off any\n");
    }
    let elsewhere = elsewhere(change, registry);
    if !elsewhere.is_empty() {
        text.push_str(&format!("\n{elsewhere}"));
    }
    text
}

/// What belongs to no domain, so that nobody is asked about it in particular.
pub(super) fn elsewhere(change: &Change, registry: &Registry) -> String {
    let elsewhere: Vec<&[u8]> = change.paths_elsewhere().collect();
    if elsewhere.is_empty() || registry.domains.is_empty() {
        return String::new();
    }
    let files = count(elsewhere.len(), "file", "files");
    format!("in no domain  {files}: {}\n", some(&elsewhere, SHOWN).join(", "))
}

/// AI-assisted commits that an attestation is about, where no second review that it covers has
/// shown them.
pub(super) fn attested(change: &Change, registry: &Registry, reviews: &[String]) -> String {
    let Some(policy) = &registry.policy.ai_assisted else { return String::new() };
    let named = registry.policy.second_review.iter().any(|r| r.name == policy.second_review);
    if named && reviews.contains(&policy.second_review) {
        return String::new();
    }
    let marked = change.ai_assisted(registry);
    let marked = change.commits.iter().filter(|commit| marked.contains(&commit.id));
    let marked = marked.filter_map(|c| Some((c.id, c.commit.as_ref().ok()?))).collect::<Vec<_>>();
    assisted(&marked.iter().map(|(id, head)| (*id, head.subject.as_str())).collect::<Vec<_>>())
}

fn assisted(commits: &[(Oid, &str)]) -> String {
    if commits.is_empty() {
        return String::new();
    }
    let made = count(commits.len(), "commit was made", "commits were made");
    let mut text = format!("{made} with an AI's assistance:\n");
    for (id, subject) in commits.iter().take(SHOWN_MINE) {
        text.push_str(&format!("  {} {}\n", id.short(), shown(subject)));
    }
    text.push_str(&and_more(commits.len()));
    text
}

/// Who could sign a domain, and what a full scope lists.
fn section(outlook: &Outlook, domain: &Domain) -> Vec<String> {
    let mut lines = who::people_lines(&who::people(outlook, domain));
    lines.extend(scope(domain));
    lines
}

fn scope(domain: &Domain) -> Option<String> {
    let docs: Vec<String> = domain.docs.iter().map(|doc| shown(doc)).collect();
    (!docs.is_empty()).then(|| format!("scope: {}", docs.join(", ")))
}

/// The same for a file that will be read later: nothing that changes by the day.
pub(super) fn lasting(domain: &Domain) -> Vec<String> {
    let people: BTreeSet<&str> = domain.people().map(ReviewerId::as_str).collect();
    let people: Vec<&str> = people.into_iter().collect();
    let mut lines = vec![format!("people: {}", people.join(", "))];
    lines.extend(scope(domain));
    lines
}

/// What somebody vouches for in one domain.
pub(super) fn mine(
    change: &Change,
    registry: &Registry,
    domain: Option<&Domain>,
    added: &[String],
) -> String {
    let all = || change.paths.iter().map(Vec::as_slice).collect::<Vec<_>>();
    let paths: Vec<&[u8]> = domain.map_or_else(all, |domain| change.paths_in(domain).collect());
    let commits: Vec<(Oid, _)> = match domain {
        Some(domain) => change.commits_in(domain).collect(),
        None => {
            let all = change.commits.iter();
            all.filter_map(|c| Some((c.id, c.commit.as_ref().ok()?))).collect()
        }
    };
    let authors = authors(commits.iter().map(|(_, head)| (&head.author.name, &head.author.email)));
    let files = count(paths.len(), "file", "files");
    let mut text = format!("{files} changed{}\n", in_commits(&commits.len(), &authors));
    for path in paths.iter().take(SHOWN_MINE) {
        let odd = change.odd.get(*path).map_or_else(String::new, |odd| format!("  ({odd})"));
        text.push_str(&format!("  {}{odd}\n", shown_bytes(path)));
    }
    text.push_str(&and_more(paths.len()));
    let assisted_by_id = change.ai_assisted(registry);
    let marked = commits.iter().filter(|(id, _)| assisted_by_id.contains(id));
    let marked: Vec<(Oid, &str)> = marked.map(|(id, head)| (*id, head.subject.as_str())).collect();
    if !added.is_empty() {
        text.push_str(&format!(
            "{} added:\n",
            count(
                added.len(),
                "token that policy or care asks about was",
                "tokens that policy or care asks about were"
            )
        ));
        for place in added.iter().take(SHOWN_MINE) {
            text.push_str(&format!("  {place}\n"));
        }
        text.push_str(&and_more(added.len()));
    }
    text.push_str(&assisted(&marked));
    text
}

fn and_more(all: usize) -> String {
    match all.saturating_sub(SHOWN_MINE) {
        0 => String::new(),
        more => format!("  and {more} more\n"),
    }
}

/// What somebody vouches for that no commit tells of.
pub(super) fn uncommitted(paths: &[Vec<u8>]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    let all: Vec<&[u8]> = paths.iter().map(Vec::as_slice).collect();
    let files = count(paths.len(), "file is", "files are");
    let mut text = format!("{files} staged and in no commit yet, in any domain:\n");
    some(&all, SHOWN_MINE).iter().for_each(|path| text.push_str(&format!("  {path}\n")));
    text
}

/// Refused commits that every sign-off of the manifest accepts.
pub(super) fn cures(repo: &Repository, cures: &[Oid]) -> String {
    if cures.is_empty() {
        return String::new();
    }
    let commits = count(cures.len(), "refused commit", "refused commits");
    let mut text = format!("it cures {commits}, which you say you have looked into:\n");
    for id in cures {
        let raw = repo.read_commit(*id).ok();
        let head = raw.and_then(|raw| parse_commit(*id, &raw).ok());
        let subject = head.map_or_else(|| "cannot be read here".to_owned(), |c| shown(&c.subject));
        text.push_str(&format!("  {id} {subject}\n"));
    }
    text
}

fn in_commits(commits: &usize, authors: &[String]) -> String {
    if *commits == 0 {
        return String::new();
    }
    let more = authors.len().saturating_sub(SHOWN);
    let mut names: Vec<String> = authors.iter().take(SHOWN).cloned().collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    format!(", in {} by {}", count(*commits, "commit", "commits"), names.join(", "))
}

/// Everybody once, whoever wrote most first.
fn authors<'a>(all: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<String> {
    let mut by_email: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (name, email) in all {
        let shown = format!("{} <{}>", shown(name), shown(email));
        let entry = by_email.entry(email.to_lowercase()).or_insert((0, shown));
        entry.0 = entry.0.saturating_add(1);
    }
    let mut authors: Vec<(usize, String)> = by_email.into_values().collect();
    authors.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    authors.into_iter().map(|(_, name)| name).collect()
}

/// The first of them, and how many more there are.
pub(in crate::cli) fn some(paths: &[&[u8]], most: usize) -> Vec<String> {
    let mut some: Vec<String> = paths.iter().take(most).map(|path| shown_bytes(path)).collect();
    let more = paths.len().saturating_sub(most);
    if more > 0 {
        some.push(format!("and {more} more"));
    }
    some
}

pub(in crate::cli) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
