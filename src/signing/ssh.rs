//! `ssh-keygen`: public keys and signing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::openpgp::last_line;
use super::run::{self, Failed, Run};
use super::{PAYLOAD, Session, not_signed, scratch, written};
use crate::error::{Error, Result};
use crate::model::Limits;
use crate::model::text::shown;
use crate::signature::Namespace;

/// Where the public half of an SSH key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// The line itself; an agent holds the private half.
    Line(String),
    /// A `.pub` file; the private half is beside it, in an agent, or on a token.
    File(PathBuf),
}

impl PublicKey {
    /// As `user.signingKey` names it: `key::LINE`, the line, or a path with or without `.pub`.
    pub(super) fn named(key: &str, home: Option<&Path>, folder: &Path) -> Self {
        let literal = key.strip_prefix("key::").or_else(|| {
            let kinds = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
            (kinds.iter().any(|kind| key.starts_with(kind)) && key.contains(' ')).then_some(key)
        });
        if let Some(line) = literal {
            return Self::Line(line.trim().to_owned());
        }
        let path = match (key.strip_prefix("~/"), home) {
            (Some(below), Some(home)) => home.join(below),
            _ => folder.join(key),
        };
        // What is named without the ending is the private key: its public half lies beside it.
        if path.extension().is_some_and(|ending| ending == "pub") {
            return Self::File(path);
        }
        let mut name = path.into_os_string();
        name.push(".pub");
        Self::File(name.into())
    }

    /// The line, with its end.
    pub(super) fn read(&self, limits: &Limits) -> Result<Vec<u8>> {
        let path = match self {
            Self::Line(line) => return Ok(format!("{line}\n").into_bytes()),
            Self::File(path) => path,
        };
        let failed = |source| Error::File { path: path.clone(), source };
        let file = std::fs::File::open(path).map_err(failed)?;
        let bytes = run::bounded(file, limits.file_bytes).map_err(failed)?;
        if bytes.len() as u64 > limits.file_bytes {
            return Err(Error::unusable(
                format!("{} is too long for a public key", shown(&path.to_string_lossy())),
                "git config --global user.signingKey ~/.ssh/KEY.pub",
            ));
        }
        Ok(bytes)
    }
}

/// `ssh-keygen -Y sign -n gatecheck`, as git runs it: the payload goes by a file, since what reads
/// it from standard input cannot ask for a passphrase.
pub(super) fn sign(
    program: &str,
    key: &PublicKey,
    payload: &[u8],
    session: &Session<'_>,
) -> Result<Vec<u8>> {
    let folder = scratch(payload)?;
    let file = folder.path().join(PAYLOAD);
    let key_file = match key {
        PublicKey::File(path) => path.clone(),
        PublicKey::Line(line) => {
            let path = folder.path().join("key.pub");
            std::fs::write(&path, format!("{line}\n"))
                .map_err(|source| Error::File { path: path.clone(), source })?;
            path
        }
    };
    let mut arguments: Vec<OsString> =
        ["-Y", "sign", "-n", Namespace::Statement.name(), "-f"].map(OsString::from).into();
    arguments.extend([key_file.clone().into(), file.clone().into()]);
    let run = Run {
        program,
        arguments,
        terminal: session.terminal,
        time_limit: session.time_limit,
        output_limit: session.limits.signature_bytes,
    };
    let ended = match run.run() {
        Ok(ended) => ended,
        Err(failed) => {
            let help = match &failed {
                Failed::TooMuch => "check it: git config --global --get gpg.ssh.program",
                Failed::NotStarted(_) => {
                    "install OpenSSH, or name the program: git config --global gpg.ssh.program PATH"
                }
                Failed::Late => {
                    "run the same command again, and answer the prompt or touch the token"
                }
                _ => "run the same command again",
            };
            return Err(not_signed(program, &shown(&failed.words(session.time_limit)), help));
        }
    };
    let mut signature = file.into_os_string();
    signature.push(".sig");
    if ended.status.success() {
        let bytes = written(program, Path::new(&signature), session.limits)?;
        return bytes.ok_or_else(|| {
            not_signed(
                program,
                "it ended well and left no signature",
                "check it: git config --global --get gpg.ssh.program",
            )
        });
    }
    let private = match key {
        PublicKey::File(path) => Some(path.with_extension("")),
        PublicKey::Line(_) => None,
    };
    let (why, help) = explained(&ended.words, private.as_deref(), session.terminal);
    let why = if why.is_empty() { shown(&ended.status.to_string()) } else { why };
    Err(not_signed(program, &why, help))
}

/// Why it did not sign, and what to do: by its own words where they were kept. Else they stand in
/// the terminal above.
fn explained(words: &str, private: Option<&Path>, terminal: bool) -> (String, String) {
    let lower = words.to_lowercase();
    let says = |all: &[&str]| all.iter().any(|text| lower.contains(text));
    let name = private.map_or("KEY".to_owned(), |path| shown(&path.to_string_lossy()));
    let token = "plug it in, run the same command again, and touch it when it blinks";
    if terminal {
        let help = format!(
            "run the same command again; a token must be plugged in and touched, and ssh-add {name} \
             gives the key to your agent"
        );
        return ("its own words stand above".to_owned(), help);
    }
    if says(&["incorrect passphrase", "bad passphrase"]) {
        let why = "the passphrase is wrong, or could not be asked for";
        let help = format!("run the same command in a terminal, or first: ssh-add {name}");
        return (why.to_owned(), help);
    }
    if says(&["device not found", "no fido", "no such device", "security key"]) {
        return ("the token that holds the key is not there".to_owned(), token.to_owned());
    }
    if says(&["agent refused", "user presence", "invalid pin", "incorrect pin", "pin required"]) {
        let why = "the agent or token refused: no touch, no confirmation, or a wrong PIN";
        return (why.to_owned(), token.to_owned());
    }
    if says(&["couldn't load private key", "no such file", "no private key found"]) {
        let why = "the private half of the key is neither beside the public one nor in an agent";
        let help = format!("put it there, or give it to your agent: ssh-add {name}");
        return (why.to_owned(), help);
    }
    (last_line(words), format!("try it: echo | ssh-keygen -Y sign -n gatecheck -f {name}"))
}
