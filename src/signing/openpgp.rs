//! `gpg`: exporting certificates and signing.

use std::ffi::OsString;
use std::time::Duration;

use super::run::{Failed, Run};
use super::{PAYLOAD, Session, not_signed, scratch, written};
use crate::error::{Error, Result};
use crate::model::Limits;
use crate::model::text::{shown, typed};

/// How long an export may take; gpg may wait for a lock.
const EXPORT_LIMIT: Duration = Duration::from_secs(60);
/// Bytes of status lines.
const STATUS_LIMIT: u64 = 64 << 10;

/// `gpg --armor --export KEY`.
pub(super) fn export(program: &str, key: &str, limits: &Limits) -> Result<Vec<u8>> {
    // git's mark for "exactly this subkey"; the certificate is exported whole.
    let key = key.trim_end_matches('!');
    let failed = |why: &str| {
        Error::unusable(
            format!("{} did not export the key {}: {}", shown(program), shown(key), shown(why)),
            format!(
                "check gpg.program and user.signingKey of your git configuration, or try it: {} --armor --export {}",
                typed(program),
                typed(key)
            ),
        )
    };
    let run = Run {
        program,
        arguments: ["--batch", "--no-tty", "--armor", "--export", "--", key]
            .map(OsString::from)
            .into(),
        terminal: false,
        time_limit: EXPORT_LIMIT,
        output_limit: limits.file_bytes,
    };
    let ended = match run.run() {
        Ok(ended) => ended,
        Err(Failed::TooMuch) => {
            return Err(failed("the certificate is larger than the bound file-bytes"));
        }
        Err(other) => return Err(failed(&other.words(EXPORT_LIMIT))),
    };
    match (ended.status.success(), ended.output.is_empty()) {
        (true, false) => Ok(ended.output),
        (true, true) => Err(failed("there is no such key")),
        (false, _) => Err(failed(&ended.status.to_string())),
    }
}

/// `gpg --detach-sign`. The payload goes by a file, so that standard input stays the terminal: gpg
/// tells the agent its name where `GPG_TTY` is not set.
pub(super) fn sign(
    program: &str,
    user: &str,
    payload: &[u8],
    session: &Session<'_>,
) -> Result<Vec<u8>> {
    let folder = scratch(payload)?;
    let signature = folder.path().join("signature");
    let mut arguments: Vec<OsString> = Vec::new();
    if !session.terminal {
        arguments.extend(["--batch", "--no-tty"].map(OsString::from));
    }
    arguments.extend(
        ["--status-fd", "1", "--detach-sign", "--armor", "--local-user", user, "--output"]
            .map(OsString::from),
    );
    arguments.extend([signature.clone().into(), "--".into(), folder.path().join(PAYLOAD).into()]);
    let run = Run {
        program,
        arguments,
        terminal: session.terminal,
        time_limit: session.time_limit,
        output_limit: STATUS_LIMIT,
    };
    let ended = match run.run() {
        Ok(ended) => ended,
        Err(failed) => {
            let help = match &failed {
                Failed::TooMuch => "check it: git config --global --get-regexp '^gpg'",
                Failed::NotStarted(_) => {
                    "install GnuPG, or name the program: git config --global gpg.program PATH"
                }
                Failed::Late => {
                    "run the same command again and answer the prompt; gpgconf --kill gpg-agent \
                     helps where it hangs"
                }
                _ => "run the same command again",
            };
            return Err(not_signed(program, &shown(&failed.words(session.time_limit)), help));
        }
    };
    let status = String::from_utf8_lossy(&ended.output);
    if !ended.status.success() {
        let reason = Reason::of(&status, || is_expired(program, user));
        let words = last_line(&ended.words);
        let why = reason.words().map_or(words.clone(), str::to_owned);
        let why = if why.is_empty() { shown(&ended.status.to_string()) } else { why };
        return Err(not_signed(program, &why, reason.help(user)));
    }
    written(program, &signature, session.limits)?.ok_or_else(|| {
        not_signed(
            program,
            "it ended well and left no signature",
            format!("try it: echo | gpg --detach-sign --armor --local-user {}", shown(user)),
        )
    })
}

/// The last thing that a program said, inert.
pub(super) fn last_line(words: &str) -> String {
    shown(words.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default())
}

/// Why gpg did not sign, by its status lines (doc/DETAILS of GnuPG) and the error codes in them
/// (libgpg-error).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Cancelled,
    WrongPin,
    PinBlocked,
    NoCard,
    NoSecretKey,
    Expired,
    Unusable,
    NoPinentry,
    Other,
}

impl Reason {
    fn of(status: &str, expired: impl Fn() -> bool) -> Self {
        let lines = || {
            let lines = status.lines().filter_map(|line| line.strip_prefix("[GNUPG:] "));
            lines.map(|line| line.split_ascii_whitespace().collect::<Vec<_>>())
        };
        for words in lines() {
            match words.as_slice() {
                ["SC_OP_FAILURE", "1", ..] => return Self::Cancelled,
                ["SC_OP_FAILURE", "2", ..] => return Self::WrongPin,
                ["CARDCTRL", "1" | "4" | "5", ..] => return Self::NoCard,
                _ => {}
            }
        }
        let failure = lines().find_map(|words| match words.as_slice() {
            ["FAILURE", _, code, ..] => code.parse::<u32>().ok(),
            _ => None,
        });
        // The upper half says which part of GnuPG it was.
        match failure.map(|code| code & 0xffff) {
            Some(99 | 114 | 198) => Self::Cancelled,
            Some(11 | 31 | 87 | 177 | 178) => Self::WrongPin,
            Some(130) => Self::PinBlocked,
            Some(91 | 108..=112 | 119 | 120) => Self::NoCard,
            Some(17) => Self::NoSecretKey,
            Some(153 | 217) => Self::Expired,
            Some(54 | 125) if expired() => Self::Expired,
            Some(54 | 125) => Self::Unusable,
            // 0x8000 is a system error: pinentry had no terminal to open.
            Some(85 | 86 | 62) => Self::NoPinentry,
            Some(code) if code & 0x8000 != 0 && status.contains("PINENTRY_LAUNCHED") => {
                Self::NoPinentry
            }
            _ => Self::Other,
        }
    }

    fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Cancelled => "the prompt was cancelled",
            Self::WrongPin => "the passphrase or PIN is wrong, or none was given",
            Self::PinBlocked => "the PIN of the card is blocked after too many wrong ones",
            Self::NoCard => "the card or token that holds the key is not there",
            Self::NoSecretKey => "you do not hold the private half of this key here",
            Self::Expired => "the key has expired",
            Self::Unusable => "the key cannot sign (revoked, or without a signing key)",
            Self::NoPinentry => "the passphrase or PIN could not be asked for",
            Self::Other => return None,
        })
    }

    fn help(self, user: &str) -> String {
        let user = shown(user);
        let plain = user.trim_end_matches('!');
        match self {
            Self::Cancelled => "run the same command again when you are ready".to_owned(),
            Self::WrongPin => {
                "run the same command again; gpg --card-status shows how many tries a card has left"
                    .to_owned()
            }
            Self::PinBlocked => {
                "gpg --card-edit, then `admin` and `passwd`, unblocks it with the admin PIN"
                    .to_owned()
            }
            Self::NoCard => {
                "plug it in, see that gpg --card-status shows it, and run the same command again"
                    .to_owned()
            }
            Self::NoSecretKey => {
                "gpg --list-secret-keys --with-subkey-fingerprint shows what you hold; name one of \
                 these with --key"
                    .to_owned()
            }
            Self::Expired => format!(
                "extend it and commit its public key anew: gpg --quick-set-expire {plain} 2y \
                 (and the same with '*' behind it for subkeys)"
            ),
            Self::Unusable => {
                format!("look at it: gpg --list-secret-keys --with-subkey-fingerprint {plain}")
            }
            Self::NoPinentry => {
                "run the same command in a terminal, after: export GPG_TTY=$(tty)".to_owned()
            }
            Self::Other => {
                format!("try it: echo | gpg --detach-sign --armor --local-user '{user}'")
            }
        }
    }
}

/// Whether gpg says of each key of a certificate that could sign that it has expired.
fn is_expired(program: &str, user: &str) -> bool {
    let run = Run {
        program,
        arguments: ["--batch", "--no-tty", "--with-colons", "--list-keys", "--", user]
            .map(OsString::from)
            .into(),
        terminal: false,
        time_limit: EXPORT_LIMIT,
        output_limit: 1 << 20,
    };
    let Ok(ended) = run.run() else { return false };
    let text = String::from_utf8_lossy(&ended.output);
    let mut signing = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let (kind, validity, can) = (fields.first()?, fields.get(1)?, fields.get(11)?);
        // The key's own capabilities are in lower case, those of the whole in upper case.
        (matches!(*kind, "pub" | "sub") && (can.contains('s') || *validity == "e"))
            .then(|| *validity == "e")
    });
    signing.next().is_some_and(|first| first && signing.all(|expired| expired))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_apart_as_gpg_tells_them() {
        for (status, expired, reason) in [
            ("[GNUPG:] FAILURE sign 83886179\n", false, Reason::Cancelled),
            ("[GNUPG:] SC_OP_FAILURE 1\n[GNUPG:] FAILURE sign 1\n", false, Reason::Cancelled),
            ("[GNUPG:] FAILURE sign 67108875\n", false, Reason::WrongPin),
            ("[GNUPG:] FAILURE sign 100663383\n", false, Reason::WrongPin),
            ("[GNUPG:] FAILURE sign 100663426\n", false, Reason::PinBlocked),
            ("[GNUPG:] CARDCTRL 1 D276000124\n", false, Reason::NoCard),
            ("[GNUPG:] FAILURE sign 100663408\n", false, Reason::NoCard),
            ("[GNUPG:] INV_SGNR 9 x\n[GNUPG:] FAILURE sign 17\n", true, Reason::NoSecretKey),
            ("[GNUPG:] INV_SGNR 9 x\n[GNUPG:] FAILURE sign 54\n", true, Reason::Expired),
            ("[GNUPG:] INV_SGNR 9 x\n[GNUPG:] FAILURE sign 54\n", false, Reason::Unusable),
            ("[GNUPG:] FAILURE sign 67108949\n", false, Reason::NoPinentry),
            (
                "[GNUPG:] PINENTRY_LAUNCHED 1 curses\n[GNUPG:] FAILURE sign 83918950\n",
                false,
                Reason::NoPinentry,
            ),
            ("[GNUPG:] FAILURE sign 4294967296\nFAILURE sign 17\n", false, Reason::Other),
            ("", false, Reason::Other),
        ] {
            assert_eq!(Reason::of(status, || expired), reason, "{status}");
        }
    }
}
