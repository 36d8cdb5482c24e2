//! Domains that a project's CODEOWNERS file proposes, in GitHub's syntax.
//!
//! In CODEOWNERS the last line that matches a path decides; a domain's paths all count. So what is
//! proposed can be wider than the file, never narrower, and a person reads it before using it.

use std::collections::{BTreeMap, BTreeSet};

use crate::codeowners;
use crate::error::{Error, Result};
use crate::model::registry::ReviewerKind;
use crate::model::text::shown;
use crate::model::{DomainId, Limits, PathPattern, Registry, ReviewerId};

/// What CODEOWNERS cannot know.
#[derive(Clone, Debug)]
pub struct Owners<'a> {
    /// Reviewers by owner as the file writes it (`@user`, `@org/team`, an address), lower case.
    pub map: &'a BTreeMap<String, BTreeSet<ReviewerId>>,
    /// The registry, whose reviewers are found by their addresses.
    pub registry: Option<&'a Registry>,
}

/// A line that names owners of paths.
#[derive(Clone, Debug)]
struct Line {
    number: usize,
    text: String,
    /// The paths as a registry writes them.
    paths: Vec<PathPattern>,
    people: Vec<ReviewerId>,
}

/// What a file proposes.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// TOML to read and to paste.
    pub text: String,
    /// What was left out or guessed, already escaped.
    pub notes: Vec<String>,
    lines: Vec<Line>,
}

/// Reads a CODEOWNERS file.
///
/// # Errors
/// [`Error::Unusable`] for bytes that are no text, or too many lines.
pub fn import_codeowners(bytes: &[u8], owners: &Owners<'_>, limits: &Limits) -> Result<Proposal> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Error::unusable("CODEOWNERS is no UTF-8 text", "save it as UTF-8, and run this again")
    })?;
    if text.lines().count() as u64 > limits.codeowners_lines {
        return Err(Error::unusable(
            format!("CODEOWNERS has more than {} lines", limits.codeowners_lines),
            "raise the bound with --limit codeowners-lines=N",
        ));
    }
    let mut notes = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    for (number, text) in (1_usize..).zip(text.lines()) {
        lines.extend(line(number, text, owners, &mut notes));
    }
    let text = propose(&lines, owners, &mut notes);
    Ok(Proposal { text, notes, lines })
}

impl Proposal {
    /// Which line decides about a path, and whom it names; `None` where no line does.
    #[must_use]
    pub fn owner_of(&self, path: &[u8]) -> Option<(usize, &[ReviewerId])> {
        let matching = |line: &&Line| line.paths.iter().any(|pattern| pattern.matches(path));
        let last = self.lines.iter().rev().find(matching)?;
        Some((last.number, &last.people))
    }
}

fn line(number: usize, text: &str, owners: &Owners<'_>, notes: &mut Vec<String>) -> Option<Line> {
    let words = codeowners::words(text);
    let (pattern, named) = words.split_first()?;
    let paths = match codeowners::patterns(pattern) {
        Ok(texts) => texts.iter().filter_map(|text| PathPattern::new(text).ok()).collect(),
        Err(why) => {
            notes.push(format!("line {number} is left out: {} {why}", shown(pattern)));
            return None;
        }
    };
    let mut people: Vec<ReviewerId> = Vec::new();
    for owner in named {
        let found = owners.resolve(owner);
        if found.is_empty() {
            let how = if owner.starts_with('@') {
                format!("--map {}=ID", shown(owner))
            } else {
                format!("no reviewer of the registry has that address; --map {}=ID", shown(owner))
            };
            notes.push(format!("line {number}: {} is no known reviewer: {how}", shown(owner)));
        }
        for person in found {
            if !owners.is_human(&person) {
                notes.push(format!("line {number}: {person} is not human and cannot vouch"));
            } else if !people.contains(&person) {
                people.push(person);
            }
        }
    }
    if named.is_empty() {
        notes.push(format!("line {number}: nobody owns {}", shown(pattern)));
    }
    Some(Line { number, text: words.join(" "), paths, people })
}

impl Owners<'_> {
    fn resolve(&self, owner: &str) -> BTreeSet<ReviewerId> {
        let owner = owner.to_lowercase();
        if let Some(mapped) = self.map.get(&owner) {
            return mapped.clone();
        }
        let reviewers = self.registry.iter().flat_map(|registry| registry.reviewers.values());
        // As a domain with `codeowners = true` reads them: by address, or by `@` and the id.
        let theirs = reviewers.filter(|r| {
            owner.strip_prefix('@') == Some(r.id.as_str())
                || r.emails.iter().any(|email| email.to_lowercase() == owner)
        });
        theirs.map(|reviewer| reviewer.id.clone()).collect()
    }

    /// Without a registry nobody says otherwise.
    fn is_human(&self, person: &ReviewerId) -> bool {
        let known = self.registry.and_then(|registry| registry.reviewers.get(person));
        known.is_none_or(|reviewer| reviewer.kind == ReviewerKind::Human)
    }
}

fn propose(lines: &[Line], owners: &Owners<'_>, notes: &mut Vec<String>) -> String {
    let mut groups: Vec<(Vec<ReviewerId>, Vec<&Line>)> = Vec::new();
    for line in lines.iter().filter(|line| !line.people.is_empty()) {
        match groups.iter_mut().find(|(people, _)| *people == line.people) {
            Some((_, all)) => all.push(line),
            None => groups.push((line.people.clone(), vec![line])),
        }
    }
    let mut text = String::from(
        "# Proposed from CODEOWNERS. Read it: there the last line that matches decides, while a\n\
         # domain has every path that it lists.\n",
    );
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (people, lines) in groups {
        text.push('\n');
        for line in &lines {
            text.push_str(&format!("# line {}: {}\n", line.number, shown(&line.text)));
        }
        let wanted: BTreeSet<&ReviewerId> = people.iter().collect();
        let there = owners.registry.iter().flat_map(|registry| registry.domains.values());
        let there = there
            .filter(|domain| !used.contains(domain.id.as_str()))
            .find(|domain| domain.people().collect::<BTreeSet<_>>() == wanted);
        if let Some(domain) = there {
            used.insert(domain.id.to_string());
            text.push_str(&format!(
                "# the same people answer for the domain {0}: its paths\n",
                domain.id
            ));
        } else {
            let id = unused(&id_for(&people, &lines), &mut used, owners.registry);
            text.push_str(&format!("[[domains]]\nid = \"{id}\"\n"));
            let mut names = people.iter();
            if let Some(primary) = names.next() {
                text.push_str(&format!("primary = \"{primary}\"\n"));
            }
            match names.next() {
                Some(backup) => text.push_str(&format!("backup = \"{backup}\"\n")),
                None => notes.push(format!("{id} has nobody who stands in for its only person")),
            }
            let more: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
            if !more.is_empty() {
                text.push_str(&format!("reviewers = [{}]\n", more.join(", ")));
            }
        }
        text.push_str("paths = [\n");
        let paths: BTreeSet<&str> =
            lines.iter().flat_map(|line| &line.paths).map(PathPattern::as_str).collect();
        for path in paths {
            let path = toml_edit::Value::from(path).to_string();
            text.push_str(&format!("  {},\n", path.trim()));
        }
        text.push_str("]\n");
    }
    text
}

/// The folder that all paths of a group share, else its people.
fn id_for(people: &[ReviewerId], lines: &[&Line]) -> String {
    let first = |pattern: &PathPattern| {
        let mut parts = pattern.as_str().split('/');
        let part = parts.next().filter(|part| !part.contains(['*', '?']))?;
        parts.next().map(|_| part.to_lowercase())
    };
    let folders: BTreeSet<Option<String>> =
        lines.iter().flat_map(|line| &line.paths).map(first).collect();
    let mut folders = folders.into_iter();
    let people: Vec<&str> = people.iter().map(ReviewerId::as_str).collect();
    match (folders.next(), folders.next()) {
        (Some(Some(only)), None) => only.trim_start_matches('.').to_owned(),
        _ => people.join("-"),
    }
}

fn unused(wanted: &str, used: &mut BTreeSet<String>, registry: Option<&Registry>) -> String {
    let wanted: String = wanted.chars().take(60).collect();
    let wanted = if DomainId::new(&wanted).is_some() { wanted } else { "domain".to_owned() };
    let taken = |id: &str, used: &BTreeSet<String>| {
        used.contains(id)
            || DomainId::new(id).is_some_and(|id| {
                registry.is_some_and(|registry| registry.domains.contains_key(&id))
            })
    };
    let mut id = wanted.clone();
    let mut number = 2_u64;
    while taken(&id, used) {
        id = format!("{wanted}-{number}");
        number = number.saturating_add(1);
    }
    used.insert(id.clone());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, map: &[(&str, &str)]) -> Proposal {
        let mut owners: BTreeMap<String, BTreeSet<ReviewerId>> = BTreeMap::new();
        for (owner, id) in map {
            owners.entry((*owner).to_owned()).or_default().insert(ReviewerId::new(id).unwrap());
        }
        let owners = Owners { map: &owners, registry: None };
        import_codeowners(text.as_bytes(), &owners, &Limits::default()).unwrap()
    }

    #[test]
    fn owners_become_people_of_domains_and_everything_else_is_told() {
        let text = "# all\n* @Ada @nobody\n/kernel/ @bob @ada # why\n/kernel/sched.rs @bob @ada\n\
                    !x @ada\n/open/\n/docs/ @docs/team\n";
        let map = [("@ada", "ada"), ("@bob", "bob"), ("@docs/team", "eve"), ("@docs/team", "ada")];
        let proposal = read(text, &map);
        insta::assert_snapshot!(format!("{}---\n{}\n", proposal.text, proposal.notes.join("\n")));
        let owner =
            |path: &str| proposal.owner_of(path.as_bytes()).map(|(line, who)| (line, who.len()));
        assert_eq!(owner("kernel/sched.rs"), Some((4, 2)));
        assert_eq!(owner("open/x"), Some((6, 0)), "the last line decides, though it names nobody");
        assert_eq!(owner("x"), Some((2, 1)));
    }

    #[test]
    fn hostile_text_stays_text() {
        let proposal = read("/a\u{1b}[31m/ @\u{202e}x\n/\"b/ @ada\n", &[("@ada", "ada")]);
        let all = format!("{}{}", proposal.text, proposal.notes.join("\n"));
        assert!(!all.contains('\u{1b}') && !all.contains('\u{202e}'), "{all}");
        assert!(proposal.text.parse::<toml_edit::DocumentMut>().is_ok(), "{}", proposal.text);
    }
}
