//! What the build service is told beside the report: a summary, and a few values for later steps.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::output::no_link;
use super::CiArgs;
use crate::model::text::shown;
use crate::render::{Format, Style, render};
use crate::report::Report;

/// Adds to the files that were asked for. Returns what could not be written.
pub(super) fn tell(
    args: &CiArgs,
    environment: &Environment,
    exit: Exit,
    report: Option<&Report>,
) -> Vec<String> {
    let mut failed = Vec::new();
    if let Some(path) = summary_file(args, environment) {
        let text = match report {
            Some(report) => render(report, Format::Markdown, &Style::default()),
            None if exit == Exit::PASS => b"gatecheck: nothing to judge.\n".to_vec(),
            None => b"gatecheck came to no report; the log of this step says why.\n".to_vec(),
        };
        failed.extend(add(&path, &text).err().map(|why| not_written("summary", &path, &why)));
    }
    if let Some(path) = &args.step_outputs {
        let path = environment.folder.join(path);
        let text = values(exit, report);
        let added = add(&path, text.as_bytes());
        failed.extend(added.err().map(|why| not_written("file of outputs", &path, &why)));
    }
    failed
}

/// Words and hexadecimal digits alone: nothing that a repository chose.
fn values(exit: Exit, report: Option<&Report>) -> String {
    let verdict = match (report, exit) {
        _ if exit == Exit::UNUSABLE => "unusable",
        (Some(report), _) => report.verdict.name(),
        (None, Exit::PASS) => "nothing",
        (None, Exit::REFUSED) => "refused",
        (None, _) => "undecided",
    };
    let covered = report.and_then(|report| report.covered);
    let covered = covered.map(|covered| covered.commit.to_string()).unwrap_or_default();
    format!("verdict={verdict}\nstatus={}\ncovered={covered}\n", exit.status())
}

fn summary_file(args: &CiArgs, environment: &Environment) -> Option<PathBuf> {
    let named = args.summary.clone().or_else(|| {
        let value = environment.variable("GITHUB_STEP_SUMMARY");
        value.filter(|value| !value.is_empty()).map(PathBuf::from)
    })?;
    (named != Path::new("-")).then(|| environment.folder.join(named))
}

/// Such files are added to; the service, or an earlier command, may have begun them.
fn add(path: &Path, bytes: &[u8]) -> io::Result<()> {
    no_link(path)?;
    OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes)
}

fn not_written(what: &str, path: &Path, why: &io::Error) -> String {
    format!("the {what} {} could not be written: {why}", shown(&path.to_string_lossy()))
}
