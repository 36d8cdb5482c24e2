//! Findings: what the program has to say about the judged history.
//!
//! A finding is never an error of the program: see [`crate::Error`] for those.

mod code;
mod doc;

pub use code::{Code, Severity};
pub use doc::CodeDoc;

use crate::model::{DomainId, Fingerprint, Oid, ReviewerId, Time};
use crate::source::{Source, Spot};

/// One thing that was found, with everything a person or program needs to act on it.
///
/// Texts are in plain English; foreign strings inside them were made inert with
/// [`crate::model::text::shown`]. Formats with a syntax of their own escape once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable name of what was found.
    pub code: Code,
    /// How bad it is here; mostly [`Code::severity`].
    pub severity: Severity,
    /// What happened, one sentence.
    pub message: String,
    /// What to do next: a sentence, mostly with a command.
    pub help: String,
    /// The judged commit.
    pub commit: Option<Oid>,
    /// The judged tag.
    pub tag: Option<String>,
    /// The epoch of the gate.
    pub epoch: Option<u64>,
    /// Whose key or sign-off.
    pub reviewer_id: Option<ReviewerId>,
    /// Which domain.
    pub domain: Option<DomainId>,
    /// Which key.
    pub fingerprint: Option<Fingerprint>,
    /// What was seen.
    pub observed: Option<String>,
    /// What was needed.
    pub required: Option<String>,
    /// When the signature says it was made.
    pub signature_time: Option<Time>,
    /// The commit's committer date.
    pub committer_time: Option<Time>,
    /// The lines that decided: the offence first, then the line of policy or registry.
    pub places: Vec<Place>,
}

/// How many characters of a line a [`Place`] carries.
pub const MAX_LINE_CHARS: usize = 1_000;

/// A line of a file that decided something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's path, unescaped.
    pub path: String,
    /// In whose tree; `None` for a file outside of history.
    pub commit: Option<Oid>,
    /// Line and column.
    pub spot: Spot,
    /// What this line has to do with the finding.
    pub label: String,
    /// The text of the line, unescaped, so that a renderer needs no repository; cut at
    /// [`MAX_LINE_CHARS`].
    pub line_text: String,
}

impl Place {
    /// A place in a source.
    #[must_use]
    pub fn new(source: &Source, commit: Option<Oid>, spot: Spot, label: impl Into<String>) -> Self {
        Self {
            path: source.path().to_owned(),
            commit,
            spot,
            label: label.into(),
            line_text: source.line(spot.line).chars().take(MAX_LINE_CHARS).collect(),
        }
    }
}

impl Finding {
    /// A finding with the severity that belongs to its code.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            help: String::new(),
            commit: None,
            tag: None,
            epoch: None,
            reviewer_id: None,
            domain: None,
            fingerprint: None,
            observed: None,
            required: None,
            signature_time: None,
            committer_time: None,
            places: Vec::new(),
        }
    }

    /// Another severity than the code's own.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// What to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The judged commit.
    #[must_use]
    pub fn commit(mut self, commit: Oid) -> Self {
        self.commit = Some(commit);
        self
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(mut self, epoch: u64) -> Self {
        self.epoch = Some(epoch);
        self
    }

    /// Whose.
    #[must_use]
    pub fn reviewer(mut self, reviewer: &ReviewerId) -> Self {
        self.reviewer_id = Some(reviewer.clone());
        self
    }

    /// Which domain.
    #[must_use]
    pub fn domain(mut self, domain: &DomainId) -> Self {
        self.domain = Some(domain.clone());
        self
    }

    /// Which key.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// Both sides of the comparison.
    #[must_use]
    pub fn compared(mut self, observed: impl Into<String>, required: impl Into<String>) -> Self {
        self.observed = Some(observed.into());
        self.required = Some(required.into());
        self
    }

    /// When the signature says it was made.
    #[must_use]
    pub fn signature_time(mut self, time: Option<Time>) -> Self {
        self.signature_time = time;
        self
    }

    /// The commit's committer date.
    #[must_use]
    pub fn committer_time(mut self, time: Option<Time>) -> Self {
        self.committer_time = time;
        self
    }

    /// One more line that decided.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// One more line that decided, where there is one.
    #[must_use]
    pub fn at_some(mut self, place: Option<Place>) -> Self {
        self.places.extend(place);
        self
    }
}
