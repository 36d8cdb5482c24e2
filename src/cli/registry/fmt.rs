//! `gatecheck registry fmt`.

use std::path::PathBuf;

use clap::Args;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge;
use super::super::output::{Color, write_whole};
use super::super::streams::Streams;
use super::locate;
use crate::error::Error;
use crate::model::Limits;
use crate::model::text::shown_up_to;
use crate::registry::{self, NotFormatted};
use crate::render::{self, Format};

/// Arguments of `registry fmt`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: fail in CI where the registry is not in its canonical form\n  \
    gatecheck registry fmt --check\n\n\
    Comments and meaning are kept; the file is replaced whole or not at all.")]
pub struct RegistryFmtArgs {
    /// The registry [default: keys/reviewer-registry.toml]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Change nothing; fail with the difference where there is one
    #[arg(long)]
    pub check: bool,
}

pub(super) fn run(
    args: &RegistryFmtArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let limits = Limits::default();
    let file = locate(args.file.as_deref(), &environment.folder)?;
    let bytes = judge::read_bounded(&file.path, limits.file_bytes)?;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        // The reader names the place.
        let reading = registry::read(&file.name, &bytes, &limits);
        return refused(&reading.problems, environment, streams);
    };
    let formatted = match registry::fmt(text) {
        Ok(formatted) => formatted,
        Err(NotFormatted::Unusable(_)) => {
            let reading = registry::read(&file.name, &bytes, &limits);
            return refused(&reading.problems, environment, streams);
        }
        Err(NotFormatted::Defect(why)) => return Err(Error::Defect(why)),
    };
    if formatted == text {
        return Ok(Exit::PASS);
    }
    if args.check {
        streams.print(difference(text, &formatted).as_bytes())?;
        streams.say(&format!(
            "{} is not in its canonical form\n  help: gatecheck registry fmt {}",
            file.name, file.name
        ));
        return Ok(Exit::REFUSED);
    }
    write_whole(&file.path, formatted.as_bytes())
        .map_err(|source| Error::File { path: file.path.clone(), source })?;
    streams.say(&format!("{} is in its canonical form now", file.name));
    Ok(Exit::PASS)
}

fn refused(
    problems: &[crate::finding::Finding],
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let style = Color::Auto.style(environment);
    streams.print(&render::findings(problems, Format::Human, &style))?;
    streams.say("a registry that cannot be used has no canonical form; nothing was written");
    Ok(Exit::REFUSED)
}

/// Lines that go and come, from the first that differs to the last.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = |lines: &[&str]| lines.len().saturating_sub(same);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let tail = tail.min(rest(&old)).min(rest(&new));
    let part = |lines: &[&'_ str], mark: char| -> String {
        let until = lines.len().saturating_sub(tail);
        let lines = lines.get(same..until).unwrap_or_default();
        lines.iter().map(|line| format!("{mark}{}\n", shown_up_to(line, 1_000))).collect()
    };
    let first = same.saturating_add(1);
    let gone = part(&old, '-');
    let come = part(&new, '+');
    if gone.is_empty() && come.is_empty() {
        return "the end of the last line differs\n".to_owned();
    }
    format!("@@ line {first} @@\n{gone}{come}")
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn what_differs_is_shown_and_no_more() {
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc\n"), "@@ line 2 @@\n-b\n+B\n");
        assert_eq!(difference("a\n", "a\na\n"), "@@ line 2 @@\n+a\n");
        assert_eq!(difference("a\na\n", "a\n"), "@@ line 2 @@\n-a\n");
        assert_eq!(difference("a", "a\n"), "the end of the last line differs\n");
        assert_eq!(difference("\u{1b}\n", "b\n"), "@@ line 1 @@\n-\\u{1b}\n+b\n");
    }
}
