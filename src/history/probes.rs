//! Answers to what policies ask of contents: between two trees, and in the later one.

use std::borrow::Cow;
use std::collections::HashSet;

use super::failure::object_gap;
use super::material::text;
use super::steps::PATHS_OF_ALL;
use crate::finding::{Finding, Place};
use crate::model::Oid;
use crate::model::probe::{
    Answer, Answers, ChangedPath, CharterChange, Content, HoldingFile, MAX_PLACES, MAX_TOKEN_BYTES,
    MAX_TOKENS, Probe, Question,
};
use crate::model::text::shown;
use crate::repo::tree::{MODE_FILE, MODE_SUBMODULE, MODE_SYMLINK, describe_mode};
use crate::repo::{Conditions, ReadFailure, Repository, Staged, TreeChange};
use crate::source::Source;
use crate::tokens::Sought;

/// How many files are remembered that hold no forbidden text.
const KEPT: usize = 1 << 20;
/// How often a text is counted in one file.
const MAX_COUNT: usize = 1_000;
/// How many places of forbidden text one answer carries over all files.
const MAX_HELD: usize = 2_000;

/// The later side of a change.
#[derive(Clone, Copy)]
pub enum After<'a> {
    /// A tree.
    Tree(Oid),
    /// What is staged.
    Staged(&'a Staged),
}

/// What lies between.
#[derive(Clone, Copy)]
pub struct Between<'a> {
    /// The tree before; `None` is the empty tree.
    pub before: Option<Oid>,
    /// What it became.
    pub after: After<'a>,
    /// The tree since which the charter is asked about: nobody amends what the anchor brought.
    pub charter_before: Option<Oid>,
    /// The commit that places are in, where it is not the judged one.
    pub commit: Option<Oid>,
}

/// Answers the probes of one history.
pub struct Prober<'a> {
    repo: &'a Repository,
    conditions: Conditions,
    questions: Vec<(Question, Option<Sought>)>,
    /// Files without a forbidden text: number of the question, and blob.
    clean: HashSet<(usize, Oid)>,
    /// Mainline commits after the anchor.
    pub(super) mainline: HashSet<Oid>,
}

impl<'a> Prober<'a> {
    /// For these questions.
    #[must_use]
    pub fn new(repo: &'a Repository, conditions: &Conditions, questions: &[Question]) -> Self {
        let prepare = |question: &Question| {
            let sought = match &question.probe {
                Probe::Change { tokens, .. } if few_enough(tokens) => Some(Sought::new(tokens)),
                _ => None,
            };
            (question.clone(), sought)
        };
        Self {
            repo,
            conditions: conditions.clone(),
            questions: questions.iter().map(prepare).collect(),
            clean: HashSet::new(),
            mainline: HashSet::new(),
        }
    }

    /// What is asked at gates (`commit` names the judged commit in what could not be read), or
    /// with `landed` what is asked at every commit.
    pub fn answers(&mut self, between: &Between<'_>, commit: Oid, landed: bool) -> Answers {
        let mut answers = Answers::new();
        let mut changes: Option<Result<Vec<TreeChange>, ReadFailure>> = None;
        let mut listed = 0_u64;
        let questions = std::mem::take(&mut self.questions);
        for (number, (question, sought)) in questions.iter().enumerate() {
            let at_commit = matches!(question.probe, Probe::Change { at_commit: true, .. });
            if at_commit != landed {
                continue;
            }
            let answer = match &question.probe {
                Probe::Change { tokens, .. } if !few_enough(tokens) => {
                    Ok(Answer::Unknown(Box::new(too_many_tokens(tokens))))
                }
                Probe::Change { tokens, .. } => {
                    match changes.get_or_insert_with(|| self.changes(between)) {
                        Err(failure) => Err(failure.clone()),
                        Ok(changes) => {
                            let sought = sought.as_ref().filter(|_| !tokens.is_empty());
                            self.changed(question, sought, changes, between.commit)
                        }
                    }
                }
                Probe::Text { .. } => self.holds(number, question, between),
                Probe::Charter { path, decision_log } => self.charter(path, decision_log, between),
                Probe::File(path) => self
                    .lookup(between.after, path)
                    .and_then(|entry| self.content(path, entry))
                    .map(Answer::File),
            };
            let answer = answer.and_then(|answer| self.few_enough(answer, commit, &mut listed));
            let answer = answer.unwrap_or_else(|failure| {
                Answer::Unknown(Box::new(object_gap(&failure, commit, &self.conditions)))
            });
            answers.insert(question.probe.clone(), answer);
        }
        self.questions = questions;
        answers
    }

    /// All the answers to one step are kept together, and every question can list every path.
    fn few_enough(&self, answer: Answer, id: Oid, listed: &mut u64) -> Result<Answer, ReadFailure> {
        let paths = match &answer {
            Answer::Changed(changed) => changed.len(),
            Answer::Holds(files) => files.len(),
            Answer::Charter(_) | Answer::File(_) | Answer::Unknown(_) => 0,
        };
        let observed = listed.saturating_add(u64::try_from(paths).unwrap_or(u64::MAX));
        let allowed = self.repo.limits().changed_paths.saturating_mul(PATHS_OF_ALL);
        if observed > allowed {
            return Err(ReadFailure::TooLarge {
                id,
                limit: "changed-paths",
                unit: "paths that policies ask about",
                observed,
                allowed,
            });
        }
        *listed = observed;
        Ok(answer)
    }

    /// Every question of gates, or of commits, with the same answer: it cannot be told.
    pub(super) fn unknown(&self, failure: &ReadFailure, commit: Oid) -> Answers {
        let finding = object_gap(failure, commit, &self.conditions);
        let all = self.questions.iter().map(|(question, _)| question.probe.clone());
        all.map(|probe| (probe, Answer::Unknown(Box::new(finding.clone())))).collect()
    }

    fn changes(&self, between: &Between<'_>) -> Result<Vec<TreeChange>, ReadFailure> {
        let staged = match between.after {
            After::Tree(tree) => return self.repo.diff(between.before, Some(tree)),
            After::Staged(staged) => staged,
        };
        let mut before = match between.before {
            Some(tree) => self.repo.list(tree)?,
            None => Vec::new(),
        };
        let mut changes: Vec<TreeChange> = Vec::new();
        before.retain(|(path, entry)| {
            let file = (entry.mode, entry.id);
            let after = staged.get(path);
            if after != Some(file) {
                changes.push(TreeChange { path: path.clone(), before: Some(file), after });
            }
            true
        });
        let known: HashSet<&[u8]> = before.iter().map(|(path, _)| path.as_slice()).collect();
        let new = staged.files().filter(|(path, _)| !known.contains(path));
        changes.extend(new.map(|(path, file)| TreeChange {
            path: path.to_vec(),
            before: None,
            after: Some(file),
        }));
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }

    fn lookup(&self, after: After<'_>, path: &str) -> Result<Option<(u32, Oid)>, ReadFailure> {
        match after {
            After::Tree(tree) => self.at(Some(tree), path),
            After::Staged(staged) => Ok(staged.get(path.as_bytes())),
        }
    }

    fn at(&self, tree: Option<Oid>, path: &str) -> Result<Option<(u32, Oid)>, ReadFailure> {
        let entry = tree.map_or(Ok(None), |tree| self.repo.lookup(tree, path))?;
        Ok(entry.map(|entry| (entry.mode, entry.id)))
    }

    fn changed(
        &self,
        question: &Question,
        sought: Option<&Sought>,
        changes: &[TreeChange],
        commit: Option<Oid>,
    ) -> Result<Answer, ReadFailure> {
        let mut told = 0_usize;
        let mut changed = Vec::new();
        for change in changes {
            if !question.paths.iter().any(|pattern| pattern.matches(&change.path)) {
                continue;
            }
            let mut found = ChangedPath {
                path: change.path.clone(),
                blob: change.after.map(|(_, blob)| blob),
                places: Vec::new(),
                tokens: 0,
                opaque: None,
            };
            if let (Some(sought), Probe::Change { tokens, .. }) = (sought, &question.probe) {
                self.seek(sought, tokens, change, commit, &mut told, &mut found)?;
                if found.tokens == 0 && found.opaque.is_none() {
                    continue;
                }
            }
            changed.push(found);
        }
        Ok(Answer::Changed(changed))
    }

    /// Which sought tokens a changed file gained.
    fn seek(
        &self,
        sought: &Sought,
        tokens: &[String],
        change: &TreeChange,
        commit: Option<Oid>,
        told: &mut usize,
        found: &mut ChangedPath,
    ) -> Result<(), ReadFailure> {
        let Some((mode, blob)) = change.after else { return Ok(()) };
        if !is_file(mode) {
            // What it leads to may be anything.
            found.opaque = Some(describe_mode(mode));
            return Ok(());
        }
        let before = change.before.filter(|(mode, _)| is_file(*mode));
        if before.is_some_and(|(_, old)| old == blob) {
            return Ok(());
        }
        let old = before.map_or(Ok(Vec::new()), |(_, old)| self.repo.read_blob(old))?;
        let old = String::from_utf8_lossy(&old);
        let new = self.repo.read_blob(blob)?;
        let new = String::from_utf8_lossy(&new);
        let added = sought.added(&change.path, &old, &new);
        found.tokens = u64::try_from(added.len()).unwrap_or(u64::MAX);
        if added.is_empty() || *told >= MAX_PLACES {
            return Ok(());
        }
        let source = Source::new(String::from_utf8_lossy(&change.path), new);
        for added in added.iter().take(MAX_PLACES.saturating_sub(*told)) {
            let token = tokens.get(added.which).map_or("", String::as_str);
            let label = format!("`{}` is added here", shown(token));
            found.places.push(Place::new(&source, commit, source.spot(added.at), label));
        }
        *told = told.saturating_add(found.places.len());
        Ok(())
    }

    /// Files that hold a text, and links whose target does. Bytes that are no UTF-8 stand for
    /// themselves as replacements, and a NUL hides nothing: what a file is called decides whether
    /// it is searched, not what it holds. What may be UTF-16 is searched as that, too.
    fn holds(
        &mut self,
        number: usize,
        question: &Question,
        between: &Between<'_>,
    ) -> Result<Answer, ReadFailure> {
        let files: Vec<(Vec<u8>, (u32, Oid))> = match between.after {
            After::Tree(tree) => {
                let all = self.repo.list(tree)?.into_iter();
                all.map(|(path, entry)| (path, (entry.mode, entry.id))).collect()
            }
            After::Staged(staged) => {
                staged.files().map(|(path, file)| (path.to_vec(), file)).collect()
            }
        };
        let mut holding = Vec::new();
        let mut told = 0_usize;
        for (path, (mode, blob)) in files {
            if !(is_file(mode) || mode == MODE_SYMLINK)
                || self.clean.contains(&(number, blob))
                || !question.paths.iter().any(|pattern| pattern.matches(&path))
            {
                continue;
            }
            let bytes = self.repo.read_blob(blob)?;
            let (text, places) = match &question.pattern {
                Some(pattern) => found_in(pattern, &bytes),
                None => Default::default(),
            };
            if places.is_empty() {
                if self.clean.len() < KEPT {
                    self.clean.insert((number, blob));
                }
                continue;
            }
            let source = Source::new(String::from_utf8_lossy(&path), text);
            let kept = MAX_PLACES.min(MAX_HELD.saturating_sub(told));
            let kept: Vec<Place> = places
                .iter()
                .take(kept)
                .map(|at| Place::new(&source, between.commit, source.spot(*at), "it stands here"))
                .collect();
            told = told.saturating_add(kept.len());
            let count = u64::try_from(places.len()).unwrap_or(u64::MAX);
            holding.push(HoldingFile { path, blob, count, places: kept });
        }
        Ok(Answer::Holds(holding))
    }

    fn charter(&self, path: &str, log: &str, between: &Between<'_>) -> Result<Answer, ReadFailure> {
        let before = between.charter_before;
        let old = self.at(before, log)?;
        let new = self.lookup(between.after, log)?;
        let charter = self.lookup(between.after, path)?;
        let link = match charter {
            Some((mode, _)) => Some(mode).filter(|mode| *mode == MODE_SYMLINK),
            None => self.leads_elsewhere(between.after, path)?,
        };
        Ok(Answer::Charter(CharterChange {
            changed: self.at(before, path)? != charter,
            opaque: link.map(describe_mode),
            log_before: self.content(log, old)?,
            log_after: self.content(log, new)?,
        }))
    }

    /// The mode of a folder above a path that is a link or a submodule instead.
    fn leads_elsewhere(&self, after: After<'_>, path: &str) -> Result<Option<u32>, ReadFailure> {
        for (at, _) in path.match_indices('/') {
            let folder = path.get(..at).unwrap_or_default();
            if let Some((mode, _)) = self.lookup(after, folder)?
                && matches!(mode, MODE_SYMLINK | MODE_SUBMODULE)
            {
                return Ok(Some(mode));
            }
        }
        Ok(None)
    }

    fn content(&self, path: &str, entry: Option<(u32, Oid)>) -> Result<Content, ReadFailure> {
        Ok(match entry {
            None => Content::Missing,
            Some((MODE_FILE, blob)) => {
                // Too large is "cannot tell" here, so the limit is asked first.
                self.repo.read_blob(blob)?;
                match text(self.repo, path, blob)? {
                    Ok(source) => Content::Text(source),
                    Err(unreadable) => Content::NotText(unreadable.observed().to_owned()),
                }
            }
            Some((mode, _)) => Content::NotRegular(describe_mode(mode)),
        })
    }
}

/// Where a text stands in bytes, and those bytes as the text in which it does.
fn found_in<'b>(pattern: &regex::Regex, bytes: &'b [u8]) -> (Cow<'b, str>, Vec<usize>) {
    let seek = |text: &str| -> Vec<usize> {
        pattern.find_iter(text).take(MAX_COUNT).map(|found| found.start()).collect()
    };
    let text = String::from_utf8_lossy(bytes);
    let places = seek(&text);
    let wide =
        bytes.contains(&0) || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if !places.is_empty() || !wide {
        return (text, places);
    }
    // Nobody need say in which order the two bytes stand, nor begin at an even place.
    for start in [0, 1] {
        for unit in [u16::from_le_bytes, u16::from_be_bytes] {
            let (pairs, _) = bytes.get(start..).unwrap_or_default().as_chunks::<2>();
            let units = pairs.iter().map(|pair| unit(*pair));
            let decoded: String = char::decode_utf16(units)
                .map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER))
                // The mark of the order would stand before the first line's beginning.
                .skip_while(|first| *first == '\u{feff}')
                .collect();
            let places = seek(&decoded);
            if !places.is_empty() {
                return (Cow::Owned(decoded), places);
            }
        }
    }
    (text, Vec::new())
}

fn is_file(mode: u32) -> bool {
    mode & 0o170_000 == 0o100_000
}

fn bytes_of(tokens: &[String]) -> usize {
    tokens.iter().fold(0, |sum, token| token.len().saturating_add(sum))
}

fn few_enough(tokens: &[String]) -> bool {
    tokens.len() <= MAX_TOKENS && bytes_of(tokens) <= MAX_TOKEN_BYTES
}

fn too_many_tokens(tokens: &[String]) -> Finding {
    Finding::new(
        crate::finding::Code::UnsupportedVersion,
        "policy asks for more tokens in one second review than are looked for",
    )
    .compared(
        format!("{} tokens of {} bytes", tokens.len(), bytes_of(tokens)),
        format!("at most {MAX_TOKENS} of {MAX_TOKEN_BYTES} bytes"),
    )
    .help("split the second review into several")
}
