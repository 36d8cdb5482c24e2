//! Who holds which keys: one person for everything that is said to be the same person's.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::registry::{KeyFormat, RetiredReason, ReviewerKind};
use crate::model::text::{is_address, shown};
use crate::model::{Fingerprint, ReviewerId, Window};

/// A key of somebody, for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DraftKey {
    pub(super) format: KeyFormat,
    pub(super) fingerprint: Fingerprint,
    /// Path below `keys/`.
    pub(super) public_key: String,
    pub(super) window: Window,
    /// Set where the source took the key out: then the window has an end.
    pub(super) retired: Option<RetiredReason>,
}

/// Somebody, as one line or certificate of the source names them.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Texts to make an id of, best first.
    pub(super) id_from: Vec<String>,
    /// Name for people.
    pub(super) name: String,
    pub(super) emails: Vec<String>,
    /// Two candidates that share one of these are one person.
    pub(super) marks: Vec<String>,
    pub(super) keys: Vec<DraftKey>,
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: ReviewerId,
    pub(super) name: String,
    pub(super) emails: Vec<String>,
    pub(super) kind: ReviewerKind,
    pub(super) keys: Vec<DraftKey>,
}

/// Joins candidates that are the same person. Joining is the safe guess: a person counts once,
/// however many keys there are.
pub(super) fn people(candidates: Vec<Candidate>, notes: &mut Vec<String>) -> Vec<Person> {
    let mut ids = UniqueNames::default();
    let mut people = Vec::new();
    for group in groups(candidates) {
        let Some(first) = group.first() else { continue };
        let name = first.name.clone();
        let id = ids.reviewer(group.iter().flat_map(|one| &one.id_from));
        let mut emails: Vec<String> = Vec::new();
        for email in group.iter().flat_map(|one| &one.emails) {
            let email = email.to_lowercase();
            if !is_address(&email) {
                notes.push(format!(
                    "\"{}\" is no address that a registry can hold, and was left out of the \
                     emails of \"{id}\"",
                    shown(&email)
                ));
            } else if !emails.contains(&email) {
                emails.push(email);
            }
        }
        if group.len() > 1 {
            let names: BTreeSet<String> = group.iter().map(|one| shown(&one.name)).collect();
            let names: Vec<String> = names.into_iter().collect();
            notes.push(format!(
                "{} entries were taken for one person, \"{id}\", because they share a name, \
                 address or key: {}",
                group.len(),
                names.join("; ")
            ));
        }
        let kind = kind_of(&id, &emails, notes);
        let keys = group.into_iter().flat_map(|one| one.keys).collect();
        people.push(Person { id, name, emails, kind, keys });
    }
    people
}

/// The address with which GitHub signs merges that are made on its pages.
const FORGE_ADDRESSES: [&str; 1] = ["noreply@github.com"];

fn kind_of(id: &ReviewerId, emails: &[String], notes: &mut Vec<String>) -> ReviewerKind {
    if !emails.iter().any(|email| FORGE_ADDRESSES.contains(&email.as_str())) {
        return ReviewerKind::Human;
    }
    notes
        .push(format!("\"{id}\" has the address of a hosting service and became kind = \"forge\""));
    ReviewerKind::Forge
}

/// Candidates that are connected through marks, in the order of their first members.
fn groups(candidates: Vec<Candidate>) -> Vec<Vec<Candidate>> {
    let mut group_of: Vec<usize> = (0..candidates.len()).collect();
    let mut holder: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        for mark in &candidate.marks {
            let earlier = *holder.entry(mark.as_str()).or_insert(index);
            join(&mut group_of, earlier, index);
        }
    }
    let roots: Vec<usize> = (0..candidates.len()).map(|index| root(&group_of, index)).collect();
    let mut groups: BTreeMap<usize, Vec<Candidate>> = BTreeMap::new();
    for (candidate, root) in candidates.into_iter().zip(roots) {
        groups.entry(root).or_default().push(candidate);
    }
    groups.into_values().collect()
}

/// The first member of a group: links only ever lead to smaller numbers.
fn root(group_of: &[usize], mut index: usize) -> usize {
    while let Some(next) = group_of.get(index).filter(|next| **next < index) {
        index = *next;
    }
    index
}

fn join(group_of: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(group_of, a), root(group_of, b));
    if let Some(link) = group_of.get_mut(a.max(b)) {
        *link = a.min(b);
    }
}

/// Hands out each name once.
#[derive(Debug, Default)]
pub(super) struct UniqueNames {
    taken: BTreeSet<String>,
}

impl UniqueNames {
    /// An id from the first text that makes one, made unique by a number.
    pub(super) fn reviewer<'t>(&mut self, texts: impl Iterator<Item = &'t String>) -> ReviewerId {
        let base = texts.map(|text| plain(text)).find(|text| !text.is_empty());
        let base = base.unwrap_or_else(|| "reviewer".to_owned());
        loop {
            let name = self.name(&base);
            // Always an id: plain texts are, and the number that makes them unique fits.
            if let Some(id) = ReviewerId::new(&name) {
                return id;
            }
        }
    }

    /// A plain name, made unique by a number.
    pub(super) fn name(&mut self, text: &str) -> String {
        let base = plain(text);
        let base = if base.is_empty() { "key".to_owned() } else { base };
        let mut name = base.clone();
        let mut number = 2u64;
        while !self.taken.insert(name.clone()) {
            name = format!("{base}-{number}");
            number = number.saturating_add(1);
        }
        name
    }
}

/// At most 40 characters of `[a-z0-9._-]`, beginning and ending with a letter or digit; else empty.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
        if !(c == '-' && plain.ends_with('-')) {
            plain.push(c);
        }
    }
    let edge = |c: char| !c.is_ascii_alphanumeric();
    let plain: String = plain.trim_matches(edge).chars().take(40).collect();
    plain.trim_end_matches(edge).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, marks: &[&str]) -> Candidate {
        Candidate {
            id_from: vec![id.to_owned()],
            name: id.to_owned(),
            emails: Vec::new(),
            marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
            keys: Vec::new(),
        }
    }

    #[test]
    fn shared_marks_make_one_person_also_over_corners() {
        let mut notes = Vec::new();
        let list = vec![
            candidate("a", &["1"]),
            candidate("b", &["2"]),
            candidate("c", &["3"]),
            candidate("d", &["2", "1"]),
        ];
        let ids: Vec<String> =
            people(list, &mut notes).iter().map(|person| person.id.to_string()).collect();
        assert_eq!(ids, ["a", "c"]);
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn every_text_makes_an_id_of_its_own() {
        let mut ids = UniqueNames::default();
        for (text, id) in [
            ("Ada Lovelace", "ada-lovelace"),
            ("ada lovelace", "ada-lovelace-2"),
            ("\u{c9}mile", "mile"),
            ("..x--y..", "x-y"),
            ("\u{4e2d}", "reviewer"),
            ("", "reviewer-2"),
            (&"a".repeat(90), &"a".repeat(40)),
            (&"a".repeat(80), &format!("{}-2", "a".repeat(40))),
        ] {
            assert_eq!(ids.reviewer([text.to_owned()].iter()).as_str(), id, "{text}");
        }
        let forge = ReviewerId::new("x").unwrap();
        assert_eq!(
            kind_of(&forge, &["noreply@github.com".into()], &mut Vec::new()),
            ReviewerKind::Forge
        );
    }
}
