//! Manifests on the disk: read whole, and written whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use super::super::judge::read_bounded;
use super::super::output::{new_file_beside, write_whole};
use crate::error::Error;
use crate::manifest::edit::EditError;
use crate::model::Limits;
use crate::model::text::{shown, typed};
use crate::render::{self, Format, Style};

/// The text of a manifest that can be edited.
pub(super) fn read_text(path: &Path, name: &str, limits: &Limits) -> Result<String, Error> {
    let bytes = read_bounded(path, limits.file_bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::unusable(
            format!("{} is no UTF-8 text", shown(name)),
            "save it as UTF-8, or take it back from git",
        )
    })?;
    no_conflict(&text, name)?;
    Ok(text)
}

/// Refuses a text in which git left the marks of a conflict.
pub(super) fn no_conflict(text: &str, name: &str) -> Result<(), Error> {
    match conflict(text) {
        None => Ok(()),
        Some(line) => Err(Error::unusable(
            format!("{} holds the marks of a conflict, from line {line}", shown(name)),
            format!(
                "unite both sides: git show :2:{0} > ours.toml; git show :3:{0} > theirs.toml; \
                 gatecheck signoff merge ours.toml theirs.toml && mv ours.toml {0} && rm theirs.toml && git add {0}",
                typed(name)
            ),
        )),
    }
}

/// The line where git left the marks of a conflict.
fn conflict(text: &str) -> Option<usize> {
    let line = |mark: &str| text.lines().position(|line| line.starts_with(mark));
    let (ours, theirs) = (line("<<<<<<< ")?, line(">>>>>>> ")?);
    (ours < theirs).then(|| ours.saturating_add(1))
}

/// Writes a file whole, and only where there is none.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let mut file = new_file_beside(path)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|failed| failed.error)?;
        Ok(())
    };
    write().map_err(|error| not_written(path, &error))
}

/// The disk refused. Nothing is half written: the old file stands, or none does.
fn not_written(path: &Path, error: &io::Error) -> Error {
    Error::unusable(
        format!(
            "{} was not written, and nothing was changed: {}",
            shown(&path.to_string_lossy()),
            shown(&error.to_string())
        ),
        "see that the disk has room and the folder can be written to, and run the same command again",
    )
}

/// Writes the new text in the place of the old one, unless somebody else changed it meanwhile.
pub(super) fn replace(path: &Path, old: &str, new: &str, limits: &Limits) -> Result<(), Error> {
    let now = read_bounded(path, limits.file_bytes)?;
    if now != old.as_bytes() {
        return Err(Error::unusable(
            format!(
                "{} was changed while you signed; nothing was written",
                shown(&path.to_string_lossy())
            ),
            "look at it, and run the same command again",
        ));
    }
    write_whole(path, new.as_bytes()).map_err(|error| not_written(path, &error))
}

/// Why a manifest was not edited, for people.
pub(super) fn not_edited(error: EditError, name: &str) -> Error {
    let (findings, what) = match &error {
        EditError::Unusable(findings) => (findings, "cannot be used as it stands"),
        EditError::Problems(findings) => (findings, "would not be read with what you ask for"),
        EditError::Form => {
            return Error::unusable(
                format!("{} does not keep its sign-offs in [[signoffs]] tables", shown(name)),
                "write each of them as [[signoffs]], one field a line",
            );
        }
        EditError::Defect(why) => {
            return Error::unusable(
                format!("{} could not be edited and is as it was: {}", shown(name), shown(why)),
                "edit it by hand, and sign with: gatecheck signoff payload",
            );
        }
    };
    let style = Style { color: false, ..Style::default() };
    let list = render::findings(findings, Format::Concise, &style);
    let list = String::from_utf8_lossy(&list);
    let list: Vec<&str> = list.lines().filter(|line| !line.is_empty()).collect();
    Error::unusable(
        format!("{} {what}; nothing was written\n  {}", shown(name), list.join("\n  ")),
        "mend what is named, and run this again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_a_conflict_are_found_and_nothing_else_is() {
        assert_eq!(conflict("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n"), Some(2));
        assert_eq!(conflict("a\n=======\nb\n"), None);
        assert_eq!(conflict(">>>>>>> x\n<<<<<<< y\n"), None);
    }

    #[test]
    fn nothing_takes_the_place_of_what_somebody_else_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        write_new(&path, "1").unwrap();
        let refused = write_new(&path, "2").unwrap_err().to_string();
        assert!(refused.contains("was not written, and nothing was changed"), "{refused}");
        let limits = Limits::default();
        assert!(replace(&path, "0", "2", &limits).is_err());
        replace(&path, "1", "2", &limits).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "2");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
