//! The words of a checkpoint file. Pure; `judge` reads and writes the file itself.

use serde::{Deserialize, Serialize};

use crate::model::Oid;
use crate::model::text::shown;
use crate::report::Checkpoint;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    commit: String,
    serial: u64,
}

/// Reads a checkpoint file.
///
/// # Errors
/// What is wrong with it, in plain English, made inert.
pub fn parse(bytes: &[u8]) -> Result<Checkpoint, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let file: Document = toml::from_str(text).map_err(|error| shown(error.message()))?;
    let commit = Oid::from_hex(&file.commit)
        .ok_or_else(|| format!("`{}` is no full commit id", shown(&file.commit)))?;
    Ok(Checkpoint { commit, serial: file.serial })
}

/// Writes a checkpoint file; [`parse`] reads it back.
///
/// # Errors
/// A serial beyond what TOML carries, 2^63 − 1.
pub fn write(checkpoint: &Checkpoint) -> Result<String, String> {
    let file = Document { commit: checkpoint.commit.to_string(), serial: checkpoint.serial };
    toml::to_string(&file).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_back_and_nothing_else_is() {
        for digits in [40, 64] {
            let commit = Oid::from_hex(&"a".repeat(digits)).unwrap();
            let checkpoint = Checkpoint { commit, serial: 7 };
            let text = write(&checkpoint).unwrap();
            assert_eq!(parse(text.as_bytes()), Ok(checkpoint));
            assert!(parse(format!("{text}more = 1\n").as_bytes()).is_err());
            assert!(parse(text.replace("= 7", "= -7").as_bytes()).is_err());
        }
        for bad in ["", "commit = \"abc\"\nserial = 1\n", "commit = \"\u{202e}\"\nserial = 1\n"] {
            let why = parse(bad.as_bytes()).unwrap_err();
            assert!(!why.chars().any(crate::model::text::is_unsafe), "{why}");
        }
        assert!(parse(b"\xff").unwrap_err().contains("UTF-8"));
    }
}
