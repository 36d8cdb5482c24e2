//! What the build service is told beside the report: a summary, and a few values for later steps.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::super::checkout::{BELOW_A_LINK, Checkout};
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::output::leads_elsewhere;
use super::CiArgs;
use super::keep_out::take_away;
use crate::error::Error;
use crate::model::Limits;
use crate::render::{Format, Style, render, summary_of_failure};
use crate::report::Report;

/// What a run came to.
pub(super) struct Told<'a> {
    pub(super) exit: Exit,
    /// Nothing where there was nothing to judge; why, where there is none.
    pub(super) report: Result<Option<&'a Report>, String>,
}

impl Told<'_> {
    /// The verdict in one word.
    pub(super) fn verdict(&self) -> &'static str {
        match &self.report {
            _ if self.exit == Exit::UNUSABLE => "unusable",
            Ok(Some(report)) => report.verdict.name(),
            Ok(None) => "nothing",
            Err(_) => "undecided",
        }
    }

    fn summary(&self) -> Vec<u8> {
        match &self.report {
            Ok(Some(report)) => render(report, Format::Markdown, &Style::default()),
            Ok(None) => b"gatecheck: nothing to judge.\n".to_vec(),
            Err(why) => summary_of_failure(self.verdict(), why).into_bytes(),
        }
    }

    /// Words and hexadecimal digits alone: nothing that a repository chose.
    fn values(&self) -> String {
        let covered = self.report.as_ref().ok().and_then(|report| report.as_ref()?.covered);
        let covered = covered.map(|covered| covered.commit.to_string()).unwrap_or_default();
        let (verdict, status) = (self.verdict(), self.exit.status());
        format!("verdict={verdict}\nstatus={status}\ncovered={covered}\n")
    }
}

/// Adds to the files that were asked for. Returns what could not be written.
pub(super) fn tell(args: &CiArgs, environment: &Environment, told: &Told<'_>) -> Vec<String> {
    let summary = summary_file(args, environment).map(|path| ("summary", path, told.summary()));
    let values = args.step_outputs.as_ref().map(|path| environment.folder.join(path));
    let values = values.map(|path| ("file of outputs", path, told.values().into_bytes()));
    let folder = args.run.repository.folder(environment);
    let checkout = Checkout::around(&folder, &Limits::default());
    let mut failed = Vec::new();
    for (what, path, text) in summary.into_iter().chain(values) {
        if let Err(why) = add(&path, &text, checkout.as_ref()) {
            failed.push(format!("the {what} could not be written: {why}"));
        }
    }
    failed
}

fn summary_file(args: &CiArgs, environment: &Environment) -> Option<PathBuf> {
    let named = args.summary.clone().or_else(|| {
        let value = environment.variable("GITHUB_STEP_SUMMARY");
        value.filter(|value| !value.is_empty()).map(PathBuf::from)
    })?;
    (named != Path::new("-")).then(|| environment.folder.join(named))
}

/// Such files are added to; the service, or an earlier command, may have begun them. One that came
/// with the checkout was begun by whoever made the change.
fn add(path: &Path, bytes: &[u8], checkout: Option<&Checkout>) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    if let Some(checkout) = checkout {
        if checkout.links(path) {
            return Err(failed(io::Error::other(BELOW_A_LINK)));
        }
        if checkout.brings(path) {
            take_away(path)?;
        }
    }
    append(path, bytes).map_err(failed)
}

fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if leads_elsewhere(path) {
        return Err(io::Error::other("it is a link: name the file that is meant"));
    }
    // The last line may have been left open, and would take in the first one of ours.
    let open =
        fs::metadata(path).is_ok_and(|found| found.is_file()) && !ends_a_line(path).unwrap_or(true);
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if open {
        file.write_all(b"\n")?;
    }
    file.write_all(bytes)
}

fn ends_a_line(path: &Path) -> io::Result<bool> {
    let mut file = fs::File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
