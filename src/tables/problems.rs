//! What is wrong with one file, gathered.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::{MAX_PROBLEMS, place};
use crate::finding::{Code, Finding, Place, Severity};
use crate::model::text::shown;
use crate::source::{Source, Spot};

/// Collects what is wrong with one file.
#[derive(Debug)]
pub struct Problems {
    pub(super) source: Arc<Source>,
    pub(super) code: Code,
    found: RefCell<Vec<Finding>>,
    dropped: Cell<usize>,
    worst_dropped: Cell<Severity>,
    unusable: Cell<bool>,
}

impl Problems {
    /// For one file; `code` is what its malformations are reported as.
    #[must_use]
    pub fn new(source: &Arc<Source>, code: Code) -> Self {
        Self {
            source: Arc::clone(source),
            code,
            found: RefCell::default(),
            dropped: Cell::new(0),
            worst_dropped: Cell::new(Severity::Note),
            unusable: Cell::new(false),
        }
    }

    /// A place in this file.
    #[must_use]
    pub fn place(&self, spot: Spot, label: &str) -> Place {
        place(&self.source, spot, label)
    }

    /// A finding with this file's code at a place, to be completed and handed to
    /// [`Problems::refuse`] or [`Problems::add`].
    #[must_use]
    pub fn invalid(&self, spot: Spot, message: impl Into<String>) -> Finding {
        Finding::new(self.code, message).at(self.place(spot, "here"))
    }

    /// Adds a problem that leaves the file usable.
    pub fn add(&self, finding: Finding) {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_PROBLEMS {
            found.push(finding);
        } else {
            self.drop_one(finding.severity);
        }
    }

    pub(super) fn drop_one(&self, severity: Severity) {
        self.dropped.set(self.dropped.get().saturating_add(1));
        self.worst_dropped.set(self.worst_dropped.get().max(severity));
    }

    /// Adds a problem that makes the file unusable.
    pub fn refuse(&self, finding: Finding) {
        self.unusable.set(true);
        self.add(finding);
    }

    /// Whether a problem makes the file unusable.
    #[must_use]
    pub fn unusable(&self) -> bool {
        self.unusable.get()
    }

    /// All problems in the order of the file's lines.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|finding| finding.places.first().map(|place| place.spot));
        let dropped = self.dropped.get();
        if dropped > 0 {
            let message = format!("{dropped} more problems in {}", shown(self.source.path()));
            found.push(
                Finding::new(self.code, message)
                    .severity(self.worst_dropped.get())
                    .help("mend those above first"),
            );
        }
        found
    }
}
