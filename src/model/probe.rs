//! What the fold asks of contents, and the answers: policies about the change since a gate need more
//! than the paths that changed.
//!
//! Nobody knows beforehand which registry will be in force at a commit, so the probes of every
//! registry on the mainline are answered at every gate, and a rule looks for its own among them.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::manifest::PreviousGate;
use super::oid::Oid;
use super::pattern::PathPattern;
use super::policy::{CharterPolicy, Forbidden, Policy, SecondReview};
use crate::finding::{Finding, Place};
use crate::source::Source;

/// How many different probes the registries of one history can ask for. Those of older registries
/// come first; what is beyond is not answered, and undecided where a rule needs it.
pub const MAX_PROBES: usize = 64;
/// How many tokens one probe can ask for.
pub const MAX_TOKENS: usize = 256;
/// How many bytes these tokens can have together.
pub const MAX_TOKEN_BYTES: usize = 4_096;
/// How many places of one answer are told one by one.
pub const MAX_PLACES: usize = 20;

/// A question about contents, as the registry states it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probe {
    /// Which paths changed since the previous gate, and which of these tokens were added there.
    Change {
        /// Patterns of paths.
        paths: Vec<String>,
        /// Tokens; none asks for any change.
        tokens: Vec<String>,
        /// Since the first parent instead, at every mainline commit.
        at_commit: bool,
    },
    /// Where a text stands in the gate's tree.
    Text {
        /// A regular expression.
        pattern: String,
        /// Patterns of paths.
        paths: Vec<String>,
    },
    /// Whether the charter changed, and the decision log before and after.
    Charter {
        /// The charter's path.
        path: String,
        /// The decision log's path.
        decision_log: String,
    },
    /// One file of the gate's tree.
    File(String),
}

impl Probe {
    /// Of a second review.
    #[must_use]
    pub fn change(review: &SecondReview) -> Self {
        Self::Change {
            paths: texts(&review.paths),
            tokens: review.added_tokens.clone(),
            at_commit: review.at_commit,
        }
    }

    /// Of a forbidden text.
    #[must_use]
    pub fn text(forbidden: &Forbidden) -> Self {
        let pattern = forbidden.pattern.as_str().to_owned();
        Self::Text { pattern, paths: texts(&forbidden.paths) }
    }

    /// Of the charter.
    #[must_use]
    pub fn charter(charter: &CharterPolicy) -> Self {
        Self::Charter { path: charter.path.clone(), decision_log: charter.decision_log.clone() }
    }
}

fn texts(patterns: &[PathPattern]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect()
}

/// A probe with its patterns compiled.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub probe: Probe,
    /// The patterns of its paths.
    pub paths: Vec<PathPattern>,
    /// Its regular expression.
    pub pattern: Option<Regex>,
}

impl Question {
    /// Everything that a policy asks.
    #[must_use]
    pub fn all(policy: &Policy) -> Vec<Self> {
        let plain = |probe| Self { probe, paths: Vec::new(), pattern: None };
        let mut all: Vec<Self> = Vec::new();
        all.extend(
            policy
                .second_review
                .iter()
                .map(|review| Self { paths: review.paths.clone(), ..plain(Probe::change(review)) }),
        );
        all.extend(policy.forbidden.iter().map(|forbidden| Self {
            paths: forbidden.paths.clone(),
            pattern: Some(forbidden.pattern.clone()),
            ..plain(Probe::text(forbidden))
        }));
        all.extend(policy.charter.iter().map(|charter| plain(Probe::charter(charter))));
        let checklist = policy.gates.checklist.as_str();
        if !checklist.is_empty() {
            all.push(plain(Probe::File(checklist.to_owned())));
        }
        all
    }
}

/// What was found. Places are without a commit where they lie in the tree of the step itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Probe::Change`].
    Changed(Vec<ChangedPath>),
    /// To [`Probe::Text`]: files that hold the text.
    Holds(Vec<HoldingFile>),
    /// To [`Probe::Charter`].
    Charter(CharterChange),
    /// To [`Probe::File`].
    File(Content),
    /// It cannot be told; the finding says why.
    Unknown(Box<Finding>),
}

/// The answers for one change, by probe.
pub type Answers = BTreeMap<Probe, Answer>;

/// What changed at a path, as far as a second review asks.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedPath {
    /// The path.
    pub path: Vec<u8>,
    /// The blob after the change; `None` where the path is gone.
    pub blob: Option<Oid>,
    /// Where sought tokens were added: at most [`MAX_PLACES`] over all paths of one answer.
    pub places: Vec<Place>,
    /// How many were added.
    pub tokens: u64,
    /// In words, where nobody can look for tokens: "a symbolic link".
    pub opaque: Option<String>,
}

/// A file that holds a forbidden text.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldingFile {
    /// The path.
    pub path: Vec<u8>,
    /// The file's blob.
    pub blob: Oid,
    /// How often it holds the text; counted up to a thousand.
    pub count: u64,
    /// Where, at most [`MAX_PLACES`]; none in files that come late in a long list.
    pub places: Vec<Place>,
}

/// How the charter and the decision log changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharterChange {
    /// The charter is not what it was.
    pub changed: bool,
    /// In words, where something else stands in its place that only leads to it: "a symbolic link".
    pub opaque: Option<String>,
    /// The decision log before.
    pub log_before: Content,
    /// The decision log after.
    pub log_after: Content,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Missing,
    /// Something that is not a regular file (mode 100644), in words.
    NotRegular(String),
    /// A file that is no text, and why.
    NotText(String),
    /// A regular file.
    Text(Arc<Source>),
}

/// The answers for one gate that a step adds.
#[derive(Clone, Debug)]
pub struct Probed {
    /// What the manifest states as the previous gate; changes are those since.
    pub previous: PreviousGate,
    /// The commit that was made first and signed off later; `None` for the step's own tree.
    pub bound: Option<Oid>,
    /// The answers.
    pub answers: Answers,
}
