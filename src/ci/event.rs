//! What is known of an event: its name, its file, and what flags say instead.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::Oid;
use crate::model::text::shown;

/// An event, as far as somebody told it. What a flag says goes before the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// The event's name, as GitHub calls it.
    pub name: &'a str,
    /// The parsed event file.
    pub payload: Option<&'a Value>,
    /// The commit that stood there before.
    pub base: Option<&'a str>,
    /// The commit to judge.
    pub head: Option<&'a str>,
    /// The ref that changes: for a pull request its target.
    pub reference: Option<&'a str>,
    /// The project's default branch, short or full.
    pub default_branch: Option<&'a str>,
    /// `GITHUB_REF`, which stands in where nothing else says it.
    pub run_ref: Option<&'a str>,
    /// `GITHUB_SHA`, in the same way.
    pub run_sha: Option<&'a str>,
}

/// Parses an event file. Its size is bounded by whoever read it, its depth here (128).
///
/// # Errors
/// [`Error::Unusable`] for what is no JSON object.
pub fn payload(bytes: &[u8]) -> Result<Value> {
    let help = "give the file that the build service wrote, or say it by --base, --head and --ref";
    // Tools of Windows begin a file of UTF-8 with a mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(Error::unusable("the event file holds no JSON object", help)),
        Err(error) => Err(Error::unusable(
            format!("the event file is no JSON: {}", shown(&error.to_string())),
            help,
        )),
    }
}

impl<'a> Given<'a> {
    /// A string of the event file. Anything but a string counts as absent.
    pub(super) fn text(&self, pointer: &str) -> Option<&'a str> {
        self.payload?.pointer(pointer)?.as_str()
    }

    /// Whether the event file says true there.
    pub(super) fn says(&self, pointer: &str) -> bool {
        self.payload
            .and_then(|payload| payload.pointer(pointer))
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// A commit: by the flag, else by the event file. `None` for zeros, which stand for no commit.
    pub(super) fn commit(
        &self,
        flag: Option<&str>,
        option: &str,
        pointer: &str,
    ) -> Result<Option<Oid>> {
        match flag.or_else(|| self.text(pointer)) {
            Some(text) => id(text, option),
            None => Err(self.missing(option, pointer)),
        }
    }

    /// The default branch by its full name.
    pub(super) fn default_branch(&self) -> Result<Option<String>> {
        match (self.default_branch, self.text("/repository/default_branch")) {
            (Some(flag), _) => branch(flag).map(Some),
            (None, short) => short.map(short_branch).transpose(),
        }
    }

    /// What is said where the event does not tell something.
    pub(super) fn missing(&self, option: &str, pointer: &str) -> Error {
        let name = shown(self.name);
        // Where a flag names the event no file is read, so the flags have to say all of it.
        let flags = match self.name {
            "release" => "--ref refs/tags/NAME",
            _ => "--base COMMIT --head COMMIT --ref refs/heads/NAME",
        };
        let field = pointer.trim_start_matches('/').replace('/', ".");
        let problem = match self.payload {
            Some(_) => {
                format!("the event file has no {field}: it is not whole, or not of a {name} event")
            }
            None => format!("a {name} event needs {option}, and there is no event file"),
        };
        Error::unusable(
            problem,
            format!("say it all yourself: gatecheck ci --event {name} {flags}"),
        )
    }
}

/// An object id in full; `None` for zeros.
fn id(text: &str, option: &str) -> Result<Option<Oid>> {
    let id = Oid::from_hex(text.trim()).ok_or_else(|| {
        Error::unusable(
            format!("`{}` is no full commit id ({option})", shown(text)),
            "a full commit id has 40 or 64 hexadecimal digits; `git rev-parse NAME` prints it",
        )
    })?;
    Ok((id != Oid::zero(id.format())).then_some(id))
}

/// The full name of a branch of which an event tells the short one, whatever that looks like: a
/// branch may be called `refs/heads/main`, and is another one than `main`.
pub(super) fn short_branch(name: &str) -> Result<String> {
    branch(&format!("refs/heads/{name}"))
}

/// The full name of a branch.
pub(super) fn branch(name: &str) -> Result<String> {
    let full =
        if name.starts_with("refs/") { name.to_owned() } else { format!("refs/heads/{name}") };
    let bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    if !full.starts_with("refs/heads/") || full.ends_with('/') || full.contains(bad) {
        return Err(Error::unusable(
            format!("{} is no branch", shown(name)),
            "name one like refs/heads/main",
        ));
    }
    Ok(full)
}

#[cfg(test)]
mod tests {
    use super::payload;

    #[test]
    fn a_file_as_windows_writes_it_is_read() {
        let value = payload(b"\xef\xbb\xbf{\r\n\"ref\": \"x\"\r\n}\r\n").unwrap();
        assert_eq!(value["ref"], "x");
        assert!(payload(b"\xff\xfe{\0}\0").is_err());
    }
}
