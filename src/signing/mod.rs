//! The user's own signing key: which one it is, its public half, and signatures that the user's own
//! program makes with it.
//!
//! Private keys are never read. For OpenPGP the user's own `gpg` exports the certificate and signs;
//! for SSH the `.pub` file is read and the user's own `ssh-keygen` signs, with the private key
//! beside it, an agent, or a token. Which program and which key comes from the user's configuration
//! or from arguments alone, never from configuration that comes with a clone.

mod choose;
mod openpgp;
mod run;
mod settings;
mod ssh;

use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::text::shown;
use crate::model::{Fingerprint, Limits, SignatureFact};
use crate::signature::{KeyPool, Namespace};

pub use settings::Settings;

/// How long a program may take for a signature: time to find a token and to type a PIN.
pub const TIME_LIMIT: Duration = Duration::from_secs(300);

/// What the user's programs are run with.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// What `~` stands for.
    pub home: Option<&'a Path>,
    /// Where relative paths begin.
    pub folder: &'a Path,
    /// Whether somebody can be asked: then the program has the terminal for its prompts. Else it is
    /// told to ask nobody, and its words come with the error.
    pub terminal: bool,
    /// When the program is ended; mostly [`TIME_LIMIT`].
    pub time_limit: Duration,
    /// Bounds on what programs and files give.
    pub limits: &'a Limits,
}

/// A key of the user, found by [`Settings::choose`].
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// The key as the registry names it: what was acceptable.
    pub entry: Fingerprint,
    handle: Handle,
    /// The public half, to look at what was signed.
    public: Vec<u8>,
}

/// How a program is told which key to use.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Handle {
    /// After gpg's `--local-user`.
    OpenPgp(String),
    /// After `ssh-keygen -f`.
    Ssh(ssh::PublicKey),
}

impl Settings {
    /// A detached, armored signature over `payload`, made by the user's own program. It was
    /// verified with the public half of the key; whether the registry accepts it is not judged
    /// here.
    ///
    /// # Errors
    /// [`Error::Unusable`] where there is none in the end, whatever the reason (no such program,
    /// no such key, no card, a wrong PIN, a prompt that was cancelled, no answer in time), with
    /// what to do; [`Error::File`] where the disk refuses. Nothing is left behind.
    pub fn sign(&self, payload: &[u8], key: &SigningKey, session: &Session<'_>) -> Result<String> {
        let (program, bytes) = match &key.handle {
            Handle::OpenPgp(user) => {
                let program = self.gpg_program(session.home);
                let bytes = openpgp::sign(&program, user, payload, session)?;
                (program, bytes)
            }
            Handle::Ssh(public) => {
                let program = self.ssh_program(session.home);
                let bytes = ssh::sign(&program, public, payload, session)?;
                (program, bytes)
            }
        };
        let refuse = |why: &str, needed: &str| {
            Error::unusable(
                format!(
                    "what {} made is no signature that would count: {why}, and {needed} is needed; \
                     nothing was changed",
                    shown(&program)
                ),
                "check gpg.program or gpg.ssh.program: git config --global --get-regexp '^gpg'",
            )
        };
        let mut pool = KeyPool::new();
        let known = pool.add_keys(&key.public, session.limits);
        let fact = pool.verify(payload, &bytes, Namespace::Statement, session.limits);
        let exactly = |made: Fingerprint| match &key.handle {
            // git's and gpg's mark for this very key and no other of its certificate.
            Handle::OpenPgp(user) => {
                user.strip_suffix('!').is_none_or(|only| made.to_string() == only)
            }
            Handle::Ssh(_) => true,
        };
        match fact {
            SignatureFact::Verified(signature)
                if known.contains(&signature.key) && exactly(signature.key) => {}
            SignatureFact::Verified(signature) => {
                let wanted = match &key.handle {
                    Handle::OpenPgp(user) => user.trim_end_matches('!').to_owned(),
                    Handle::Ssh(_) => key.entry.to_string(),
                };
                return Err(refuse(&signature.key.to_string(), &wanted));
            }
            SignatureFact::Refused { observed, required, .. } => {
                return Err(refuse(&observed, &required));
            }
            SignatureFact::Absent => return Err(refuse("nothing", "a signature")),
        }
        // Statements hold no carriage returns, and a registry's TOML is text.
        let text = String::from_utf8(bytes).map_err(|_| refuse("no text", "armor"))?;
        Ok(text.replace("\r\n", "\n"))
    }
}

/// That a program did not sign, and what to do. Both are made inert by the caller.
fn not_signed(program: &str, why: &str, help: impl Into<String>) -> Error {
    Error::unusable(format!("{} did not sign: {why}; nothing was changed", shown(program)), help)
}

/// A private folder with the payload in it, removed when dropped.
fn scratch(payload: &[u8]) -> Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("gatecheck-sign-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let made = builder
        .tempdir()
        .map_err(|source| Error::File { path: "the temporary folder".into(), source })?;
    let path = made.path().join(PAYLOAD);
    std::fs::write(&path, payload).map_err(|source| Error::File { path, source })?;
    Ok(made)
}

/// The name of the payload's file, as programs may show it.
const PAYLOAD: &str = "gatecheck-statement";

/// A file that a program wrote: `None` where there is none, an error where it is too long.
fn written(program: &str, path: &Path, limits: &Limits) -> Result<Option<Vec<u8>>> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => {}
        // Nobody may ever write to a pipe, and a link leads to what the program did not write.
        Ok(_) => {
            let help =
                "check gpg.program or gpg.ssh.program: git config --global --get-regexp '^gpg'";
            return Err(not_signed(program, "what it wrote is no file", help));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    let bytes = run::bounded(file, limits.signature_bytes).map_err(failed)?;
    if bytes.len() as u64 > limits.signature_bytes {
        return Err(too_long(program, limits));
    }
    Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

fn too_long(program: &str, limits: &Limits) -> Error {
    let why = format!("what it wrote is longer than {} bytes", limits.signature_bytes);
    not_signed(program, &why, "a signature that long: --limit signature-bytes=N raises the bound")
}

#[cfg(test)]
mod tests;
