//! `gatecheck demo [DIR]`: a small repository with gates that pass and one that does not.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

use super::environment::Environment;
use super::exit::Exit;
use super::output::{Color, OutputArgs};
use super::streams::Streams;
use crate::check;
use crate::demo;
use crate::error::{Error, Result};
use crate::model::text::shown;
use crate::model::{Limits, Oid};
use crate::progress::Silent;
use crate::render::{Format, Style, render};
use crate::repo::Repository;
use crate::report::{AnchorSource, Report, Verdict};

/// Arguments of `demo`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Example: make it in a folder of your choice, and see what is refused\n  \
    gatecheck demo ./demo")]
pub struct DemoArgs {
    /// Where to make it; must be empty or not there yet [default: a new temporary folder]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,

    /// Whether to use colours (NO_COLOR and CLICOLOR_FORCE are heeded)
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// Writes the demo, judges its mainline and its attack, and says what to try next. Passes where
/// both came out as they should.
pub fn run(args: &DemoArgs, environment: &Environment, streams: &mut Streams<'_>) -> Result<Exit> {
    let folder = match &args.folder {
        Some(folder) => empty(&environment.folder.join(folder))?,
        None => temporary()?,
    };
    let anchor = demo::write(&folder)?;
    let output = OutputArgs { color: args.color, ..OutputArgs::default() };
    let style = output.style(environment);
    let at = typed(args.folder.as_ref().unwrap_or(&folder));
    let command = |tip: &str| format!("gatecheck verify --repo {at} --anchor {anchor}{tip}");

    streams.print(begin(&at).as_bytes())?;
    let mainline = judged(&folder, anchor, demo::MAINLINE)?;
    told(&command(""), &mainline, &style, streams)?;
    streams.print(between().as_bytes())?;
    let attack = judged(&folder, anchor, demo::ATTACK)?;
    told(&command(" attack"), &attack, &style, streams)?;
    streams.print(end(&at, &anchor).as_bytes())?;

    match (mainline.verdict, attack.verdict) {
        (Verdict::Pass, Verdict::Refused) => Ok(Exit::PASS),
        (mainline, attack) => Err(Error::Defect(format!(
            "the demo's mainline is {} and its attack {}, where pass and refused were expected",
            mainline.name(),
            attack.name()
        ))),
    }
}

/// A folder of the user's choice, which must hold nothing.
fn empty(folder: &Path) -> Result<PathBuf> {
    let failed = |source| Error::File { path: folder.to_owned(), source };
    match fs::read_dir(folder) {
        Ok(mut inside) => match inside.next() {
            None => {}
            Some(Ok(_)) => {
                return Err(Error::unusable(
                    format!("{} is not empty", shown(&folder.to_string_lossy())),
                    "name a folder that is empty or not there yet, or none at all",
                ));
            }
            Some(Err(error)) => return Err(failed(error)),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    Ok(folder.to_owned())
}

/// A new folder that stays after the program has ended.
fn temporary() -> Result<PathBuf> {
    let made = tempfile::Builder::new().prefix("gatecheck-demo-").tempdir();
    made.map(tempfile::TempDir::keep)
        .map_err(|source| Error::File { path: "the folder for temporary files".into(), source })
}

/// A path as it is typed in a shell.
fn typed(path: &Path) -> String {
    let text = shown(&path.to_string_lossy());
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn judged(folder: &Path, anchor: Oid, tip: &str) -> Result<Report> {
    let limits = Limits::default();
    let repo = Repository::open(folder, &limits)?;
    let request = check::Request {
        tip: Some(tip.to_owned()),
        anchor: Some((anchor, AnchorSource::Flag)),
        ..check::Request::new(demo::present(), limits, 1)
    };
    check::verify(&repo, &request, None, &Silent)
}

fn told(command: &str, report: &Report, style: &Style, streams: &mut Streams<'_>) -> Result<()> {
    streams.print(format!("$ {command}\n").as_bytes())?;
    streams.print(&render(report, Format::Human, style))
}

fn begin(at: &str) -> String {
    format!(
        "A small project was written to {at}.\n\
         Four people review three domains of it. Two epochs were signed off; is that so?\n\n"
    )
}

fn between() -> &'static str {
    "\n\
     Then somebody with merge rights landed epoch 2. The reviewers had signed off the branch\n\
     `reviewed`; the branch `attack` carries their genuine signatures, other code, and one more\n\
     key in Ada's name, which signs the gate. `git log` says that Ada wrote it.\n\n"
}

fn end(at: &str, anchor: &Oid) -> String {
    format!(
        "\n\
         Both came out as they should. To look further:\n\
         \n\
         \x20 git -C {at} log --graph --oneline --all\n\
         \x20 git -C {at} diff reviewed attack\n\
         \x20 gatecheck explain unauthorised-registry-change\n\
         \x20 gatecheck verify --repo {at} --anchor {anchor} attack --format json\n\
         \x20 gatecheck verify --repo {at} --anchor {anchor} --at 2045-01-01T00:00:00Z\n\
         \n\
         `git log --show-signature` knows the reviewers once gpg does; in a keyring of its own:\n\
         \n\
         \x20 export GNUPGHOME=$(mktemp -d); gpg --import {at}/keys/*.asc\n\
         \x20 git -C {at} log --show-signature attack\n\
         \n\
         Your own project starts with `gatecheck init`.\n"
    )
}

#[cfg(test)]
mod tests;
