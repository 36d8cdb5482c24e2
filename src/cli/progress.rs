//! A bar on standard error, for work that takes longer than a moment.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::environment::Environment;
use crate::progress::{Progress, Silent};

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar where somebody watches a terminal, else nothing.
#[must_use]
pub fn reporter(environment: &Environment, wanted: bool) -> Box<dyn Progress> {
    if wanted && environment.stderr_is_terminal {
        Box::new(Bar::new(PATIENCE))
    } else {
        Box::new(Silent)
    }
}

/// Shows itself once the patience is over, and is gone when dropped.
struct Bar {
    bar: ProgressBar,
    begun: Instant,
    patience: Duration,
    shown: OnceLock<()>,
}

impl Bar {
    #[expect(clippy::disallowed_methods, reason = "only for people who wait")]
    fn new(patience: Duration) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos} of {len}, {eta} to go") {
            bar.set_style(style);
        }
        Self { bar, begun: Instant::now(), patience, shown: OnceLock::new() }
    }

    fn show_if_long(&self) {
        if self.shown.get().is_none() && self.begun.elapsed() >= self.patience {
            self.shown.get_or_init(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }
}

impl Progress for Bar {
    fn set_total(&self, steps: u64) {
        self.bar.set_length(steps);
        self.show_if_long();
    }

    fn advance(&self, steps: u64) {
        self.show_if_long();
        self.bar.inc(steps);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_work_shows_nothing() {
        let patient = Bar::new(Duration::from_secs(3_600));
        patient.set_total(2);
        patient.advance(1);
        assert!(patient.shown.get().is_none());
        assert_eq!((patient.bar.position(), patient.bar.length()), (1, Some(2)));
        let hasty = Bar::new(Duration::ZERO);
        hasty.advance(1);
        assert!(hasty.shown.get().is_some());
    }
}
