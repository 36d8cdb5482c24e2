//! Has the user's own git sign a tag, with the user's own settings.
//!
//! A clone's configuration is written by whoever made the clone. It could name another program for
//! `gpg`, another key, a hook: all that could run something or choose a key is said anew from the
//! user's configuration, which outranks it.

use std::process::{Command, Stdio};

use super::super::environment::Environment;
use crate::error::{Error, Result};
use crate::model::Oid;
use crate::model::text::shown;
use crate::repo::Repository;
use crate::signing::Settings;

/// Variables of git's that say who made the tag and when. All others could lead git elsewhere.
const IDENTITY: [&str; 3] = ["GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE"];

/// `git tag --sign`.
///
/// # Errors
/// [`Error::Unusable`] where git or the signing program refuses; then there is no tag.
pub(super) fn sign_tag(
    repo: &Repository,
    settings: &Settings,
    environment: &Environment,
    name: &str,
    commit: Oid,
    message: &str,
) -> Result<()> {
    let mut git = Command::new("git");
    for variable in environment.names().filter(|name| name.to_string_lossy().starts_with("GIT_")) {
        if !IDENTITY.iter().any(|known| variable == *known) {
            git.env_remove(variable);
        }
    }
    git.current_dir(&environment.folder).arg("--git-dir").arg(repo.git_dir());
    for (key, value) in overrides(settings)? {
        git.arg("-c").arg(format!("{key}={value}"));
    }
    // A clone's configuration says which lines are comments; all of the message is signed.
    git.args(["tag", "--sign", "--cleanup=whitespace"]).arg(format!("--message={message}"));
    git.args(["--", name]).arg(commit.to_string());
    // The signing program may ask for a passphrase, and git tells on standard error what it says.
    let ended = git.stdout(Stdio::null()).status().map_err(|error| {
        Error::unusable(
            format!("git cannot be run: {error}"),
            "install git, and put it on your PATH",
        )
    })?;
    if ended.success() {
        return Ok(());
    }
    Err(Error::unusable(
        format!("git did not make the tag {}: {ended}; nothing was left behind", shown(name)),
        "git's own words stand above; try the key alone: echo test | gpg --clearsign, or ssh-keygen -Y sign",
    ))
}

/// What a clone's configuration must not decide.
fn overrides(settings: &Settings) -> Result<Vec<(&'static str, String)>> {
    let own = |key: &str, usual: &str| -> Result<String> {
        Ok(Repository::user_config(key)?.unwrap_or_else(|| usual.to_owned()))
    };
    let gpg = settings.gpg.clone().unwrap_or_else(|| "gpg".to_owned());
    Ok(vec![
        ("gpg.format", settings.format.clone().unwrap_or_else(|| "openpgp".to_owned())),
        ("gpg.program", gpg.clone()),
        ("gpg.openpgp.program", gpg),
        ("gpg.ssh.program", own("gpg.ssh.program", "ssh-keygen")?),
        ("gpg.ssh.defaultKeyCommand", String::new()),
        ("user.signingKey", settings.key.clone().unwrap_or_default()),
        ("core.hooksPath", "/dev/null".to_owned()),
        ("core.fsmonitor", "false".to_owned()),
        ("core.editor", "false".to_owned()),
    ])
}
