//! Colours, or none.

use annotate_snippets::renderer::{AnsiColor, Effects, Style};

use crate::report::Verdict;

/// Writes text in a colour where colours are wanted.
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    pub(super) const fn new(on: bool) -> Self {
        Self { on }
    }

    pub(super) fn verdict(&self, verdict: Verdict, text: &str) -> String {
        let color = match verdict {
            Verdict::Pass => AnsiColor::Green,
            Verdict::Undecided => AnsiColor::Yellow,
            Verdict::Refused => AnsiColor::Red,
        };
        self.in_style(color.on_default().effects(Effects::BOLD), text)
    }

    pub(super) fn faint(&self, text: &str) -> String {
        self.in_style(Style::new().effects(Effects::DIMMED), text)
    }

    fn in_style(&self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
