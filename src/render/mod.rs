//! Reports become bytes: one file a format. Nothing here decides anything.
//!
//! Every string of a report is data of whoever wrote the repository. Rules made most of them inert
//! already; `escape` does it once more for every format, so that a string that was
//! forgotten cannot steer a terminal, a log reader, or a build service.

pub mod ceremony;
mod concise;
mod escape;
mod explain;
mod failure;
mod findings;
mod github;
mod html;
mod human;
pub mod json;
mod junit;
mod markdown;
mod ndjson;
mod outlook;
mod rows;
mod sarif;
mod timeline;
mod words;
mod xml;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_formats;

pub use explain::{explain, explain_list};
pub use failure::{annotation_of_failure, summary_of_failure};
pub use findings::findings;
pub use outlook::{blast_radius, blast_radius_json, revocations_json, status, status_json};

use crate::report::Report;

/// A line that stands in a build log beside a report, where services look for commands: inert, and
/// with at most so many characters.
#[must_use]
pub fn log_line(text: &str, most: usize) -> String {
    escape::line_start_up_to(text, most)
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// For people: gates, findings with the lines that decided, the verdict last.
    Human,
    /// One line a finding, for editors and `grep`.
    Concise,
    /// `gatecheck-report/1`, one JSON document.
    Json,
    /// One JSON document a line, a line a judged commit.
    Ndjson,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions, which become annotations.
    Github,
    /// Tables in GitHub-flavoured Markdown, for the summary of a step.
    Markdown,
    /// JUnit XML: a test case a gate.
    Junit,
    /// One page with a picture of who could sign when, complete in itself.
    Html,
    /// The same picture in text.
    Timeline,
}

impl Format {
    /// Every format, in the order of the reference.
    pub const ALL: &'static [Self] = &[
        Self::Human,
        Self::Concise,
        Self::Json,
        Self::Ndjson,
        Self::Sarif,
        Self::Github,
        Self::Markdown,
        Self::Junit,
        Self::Html,
        Self::Timeline,
    ];

    /// The name that `--format` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Markdown => "markdown",
            Self::Junit => "junit",
            Self::Html => "html",
            Self::Timeline => "timeline",
        }
    }

    /// The format with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.name() == name)
    }

    /// Whether the format can only be written from a report that recorded its commits
    /// ([`Report::commits`]).
    #[must_use]
    pub const fn needs_commits(self) -> bool {
        matches!(self, Self::Ndjson)
    }
}

/// How the formats for people look, and what the machine formats say of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours may be used. Only [`Format::Human`] ever does.
    pub color: bool,
    /// Columns that a line of a file may take; 40 at least.
    pub width: usize,
    /// The program's version, for the machine formats.
    pub tool_version: String,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 100, tool_version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// Writes a report. The same report and style give the same bytes.
#[must_use]
pub fn render(report: &Report, format: Format, style: &Style) -> Vec<u8> {
    match format {
        Format::Human => human::render(report, style).into_bytes(),
        Format::Concise => concise::render(report).into_bytes(),
        Format::Json => json::render(report, style),
        Format::Ndjson => ndjson::render(report),
        Format::Sarif => sarif::render(report, style),
        Format::Github => github::render(report).into_bytes(),
        Format::Markdown => markdown::render(report).into_bytes(),
        Format::Junit => junit::render(report).into_bytes(),
        Format::Html => html::render(report, style).into_bytes(),
        Format::Timeline => timeline::render(report, style).into_bytes(),
    }
}
