//! Where reports go, in which format, and how they look.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};

use super::environment::Environment;
use super::streams::Streams;
use crate::error::Error;
use crate::model::text::typed;
use crate::render::{Format, Style, render};
use crate::report::Report;

/// Where reports go and how they look.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// How the report on standard output is written [default: human]
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    pub format: Option<Format>,

    /// Write the report to a file as well; `-` stands for standard output
    #[arg(long = "output", value_name = "FORMAT=PATH", value_parser = parse_output, action = ArgAction::Append)]
    pub outputs: Vec<(Format, Target)>,

    /// Whether to use colours (NO_COLOR and CLICOLOR_FORCE are heeded)
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// One place for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file, written whole or not at all.
    File(PathBuf),
}

/// What is to be written where; made before the work begins, so that a mistake costs no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    stdout: Format,
    files: Vec<(Format, PathBuf)>,
}

impl OutputArgs {
    /// Decides where everything goes.
    pub fn plan(&self, environment: &Environment) -> Result<Plan, Error> {
        let mut stdout = self.format;
        let mut files: Vec<(Format, PathBuf)> = Vec::new();
        for (format, target) in &self.outputs {
            match target {
                Target::Stdout if stdout.is_some() => {
                    return Err(Error::unusable(
                        "two reports would go to standard output",
                        "give --format or one --output FORMAT=-, and paths for the others",
                    ));
                }
                Target::Stdout => stdout = Some(*format),
                Target::File(path) => {
                    let path = environment.folder.join(path);
                    if files.iter().any(|(_, other)| place(other) == place(&path)) {
                        return Err(Error::unusable(
                            format!("two reports would go to {}", path.display()),
                            "give every --output a path of its own",
                        ));
                    }
                    can_hold_a_report(&path)?;
                    files.push((*format, path));
                }
            }
        }
        Ok(Plan { stdout: stdout.unwrap_or(Format::Human), files })
    }

    /// How reports on standard output look.
    #[must_use]
    pub fn style(&self, environment: &Environment) -> Style {
        self.color.style(environment)
    }
}

impl Color {
    /// How text on standard output looks.
    #[must_use]
    pub fn style(self, environment: &Environment) -> Style {
        let color = match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => auto_color(environment, environment.stdout_is_terminal),
        };
        let plain = Style::default();
        // What goes into a pipe or a file does not depend on somebody's window.
        let width = if environment.stdout_is_terminal { environment.width } else { plain.width };
        Style { color, width, ..plain }
    }
}

/// Whether a stream gets colours when nobody said: <https://no-color.org>, then
/// <https://bixense.com/clicolors>, then whether it is a terminal that knows them.
pub(super) fn auto_color(environment: &Environment, is_terminal: bool) -> bool {
    if environment.is_set("NO_COLOR") {
        return false;
    }
    if environment.is_set("CLICOLOR_FORCE")
        && environment.variable("CLICOLOR_FORCE").is_some_and(|value| value != "0")
    {
        return true;
    }
    is_terminal && environment.variable("TERM").is_none_or(|term| term != "dumb")
}

impl Plan {
    /// Whether some format needs the judged commits one by one.
    #[must_use]
    pub fn needs_commits(&self) -> bool {
        self.stdout.needs_commits() || self.files.iter().any(|(format, _)| format.needs_commits())
    }

    /// Refuses to write over what the run itself reads: each input by the flag that named it.
    pub fn keeps_off(&self, inputs: &[(&str, Option<&PathBuf>)]) -> Result<(), Error> {
        for (flag, input) in inputs {
            let Some(input) = input.map(|input| place(input)) else { continue };
            if let Some((_, path)) = self.files.iter().find(|(_, path)| place(path) == input) {
                return Err(Error::unusable(
                    format!(
                        "{} is the file of {flag}, and a report would replace it",
                        path.display()
                    ),
                    "name another file for the report",
                ));
            }
        }
        Ok(())
    }

    /// Says of the files that no report came to be in them: what an earlier run wrote there could
    /// be taken for this one's verdict.
    pub fn say_left(&self, streams: &mut Streams<'_>) {
        for (_, path) in &self.files {
            say_left(path, streams);
        }
    }

    /// The files that reports are written to.
    pub fn paths(&self) -> Vec<&Path> {
        self.files.iter().map(|(_, path)| path.as_path()).collect()
    }

    /// Writes every report, even where one of them fails; says the first failure.
    pub fn deliver(
        &self,
        report: &Report,
        style: &Style,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        let plain = Style { tool_version: style.tool_version.clone(), ..Style::default() };
        let mut result = Ok(());
        for (format, path) in &self.files {
            let written = write_whole(path, &render(report, *format, &plain))
                .map_err(|source| Error::File { path: path.clone(), source });
            if written.is_err() {
                say_left(path, streams);
            }
            result = result.and(written);
        }
        let printed = streams.print(&render(report, self.stdout, style));
        result.and(printed)
    }
}

fn can_hold_a_report(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    if let Some(link) = leads_elsewhere(path) {
        return Err(Error::unusable(
            format!(
                "{} is a link, and what it leads to is not for a report to replace",
                link.display()
            ),
            "name the file that is meant, or take the link away",
        ));
    }
    if path.is_dir() || !folder.is_dir() {
        return Err(Error::unusable(
            format!("no report can be written to {}", path.display()),
            format!(
                "name a file in a folder that is there: `mkdir -p {}`",
                typed(&folder.to_string_lossy())
            ),
        ));
    }
    Ok(())
}

fn say_left(path: &Path, streams: &mut Streams<'_>) {
    if path.is_file() {
        streams.say(&format!(
            "note: {} is as an earlier run left it, and tells nothing of this one",
            path.display()
        ));
    }
}

/// The link that a path goes through, where it is not for us to follow: one at its end, or a folder
/// on the way that lies in a checkout, where whoever wrote the content decides where links lead.
/// Those of the system (`/dev/stdout`) are the caller's own words.
pub(super) fn leads_elsewhere(path: &Path) -> Option<PathBuf> {
    if ["/dev", "/proc"].iter().any(|system| path.starts_with(system)) {
        return None;
    }
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    let on_the_way = |folder: &&Path| is_link(folder) && lies_in_a_checkout(folder);
    let end = is_link(path).then_some(path);
    end.or_else(|| path.ancestors().skip(1).find(on_the_way)).map(Path::to_owned)
}

fn lies_in_a_checkout(link: &Path) -> bool {
    // No commit can bring one of this name.
    if link.file_name().is_some_and(|name| name == ".git") {
        return false;
    }
    fs::canonicalize(folder_of(link)).is_ok_and(|folder| {
        folder.ancestors().any(|folder| fs::symlink_metadata(folder.join(".git")).is_ok())
    })
}

/// The error where [`leads_elsewhere`] finds a link.
pub(super) fn no_link(path: &Path) -> io::Result<()> {
    match leads_elsewhere(path) {
        None => Ok(()),
        Some(link) if link == path => {
            Err(io::Error::other("it is a link: name the file that is meant"))
        }
        Some(link) => Err(io::Error::other(format!(
            "the folder {} is a link: name the one that is meant",
            link.display()
        ))),
    }
}

/// Where a file stands or would stand, however its path is written.
fn place(path: &Path) -> PathBuf {
    let beside = || Some(fs::canonicalize(folder_of(path)).ok()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Writes a file beside the old one and moves it there, so that a reader finds the old or the new
/// one and never half of it. Pipes and devices are written to as they are, and nothing through a
/// link.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    no_link(path)?;
    let found = fs::metadata(path);
    // Who may read the old file may read the new one.
    let permissions = found.as_ref().ok().map(fs::Metadata::permissions);
    let path = match found {
        Ok(found) if !found.is_file() => {
            return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        // What a link of the system leads to is replaced, and not the link.
        Ok(_) => fs::canonicalize(path)?,
        Err(_) => path.to_owned(),
    };
    let mut file = new_file_beside(&path)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions.filter(|_| cfg!(unix)) {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|failed| failed.error)?;
    Ok(())
}

pub(super) fn new_file_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gatecheck-");
    // Readable as any other file, and not, as is the rule for temporary ones, by its owner alone.
    #[cfg(unix)]
    let builder = {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666))
    };
    builder.tempfile_in(folder_of(path))
}

/// For what is made on the way to a file. It is its owner's alone, and goes when it is dropped.
pub(super) fn new_folder_beside(path: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(".gatecheck-").tempdir_in(folder_of(path))
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.iter().map(|format| format.name()))
        .try_map(|name| Format::from_name(&name).ok_or("no such format"))
}

/// The formats that findings without a report have.
pub(super) fn findings_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["human", "concise", "json", "github"])
        .try_map(|name| Format::from_name(&name).ok_or("no such format"))
}

fn parse_output(text: &str) -> Result<(Format, Target), String> {
    let names = || Format::ALL.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ");
    let (name, path) = text
        .split_once('=')
        .ok_or_else(|| "write FORMAT=PATH, for example json=report.json".to_owned())?;
    let format = Format::from_name(name)
        .ok_or_else(|| format!("no format has this name; there are: {}", names()))?;
    match path {
        "" => {
            Err("the path is empty; write FORMAT=PATH, or FORMAT=- for standard output".to_owned())
        }
        "-" => Ok((format, Target::Stdout)),
        path => Ok((format, Target::File(PathBuf::from(path)))),
    }
}
