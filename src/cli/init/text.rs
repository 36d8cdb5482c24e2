//! The words of a first registry.

use crate::model::registry::{KeyFormat, REGISTRY_PATH};
use crate::model::text::shown;
use crate::model::{Fingerprint, ReviewerId, Time};

/// What goes into the registry.
pub(super) struct Draft {
    pub(super) project: String,
    pub(super) mainline: String,
    pub(super) reviewer: ReviewerId,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) key: Option<DraftKey>,
}

/// The first key.
pub(super) struct DraftKey {
    pub(super) format: KeyFormat,
    pub(super) fingerprint: Fingerprint,
    pub(super) public_key: String,
    pub(super) from: Time,
    pub(super) until: Time,
    /// Why no signature by it would count as things are.
    pub(super) problem: Option<String>,
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

const HEAD: &str = "\
# Who may vouch for this project, with which keys, and what a gate needs.
#
# `gatecheck registry lint` looks this file over. From the commit on that verifiers pin as their
# anchor, it changes by ceremony only: any other change is refused.
";

const PEOPLE: &str = "
# One entry a person. Only humans vouch; `emails` are the author identities that are this person.
";

const DOMAINS: &str = "
# The parts of the project. At every gate somebody has to vouch for each of them; begin with one,
# and split it when different people answer for different parts.
";

const BACKUP: &str = "\
# backup = \"\"        # who stands in: until there is somebody, the project stops when you do
# paths = [\"**\"]     # then nobody can vouch for what they wrote all by themselves; left out while
#                    # there is one reviewer, because nobody else could vouch for it
";

const KEY: &str = "
# Keys act inside their window only. A key never leaves this file: it moves to [[retired_keys]],
# so that what it signed in its time stays verifiable.
";

const NO_KEY: &str = "
# A key was not found, so nobody can vouch yet. Fill this in, take the marks away, and put the
# public key where `public_key` says. The fingerprint is given in full:
#   gpg --fingerprint YOU       and   gpg --armor --export FINGERPRINT > keys/ID.asc
#   ssh-keygen -lf KEY.pub      and   cp KEY.pub keys/ID.pub    (format = \"ssh\")
#
";

const QUORUM: &str = "
[policy.quorum]
# Without this line a gate needs two different people, so that one stolen key, or one person under
# pressure, is not enough. One reviewer alone could never meet that, so this asks for one: whoever
# has that one key passes every gate. Enrol a second person, and take the line out with the same
# ceremony.
distinct_reviewers = 1
";

impl Draft {
    /// The registry, before it is brought into its canonical form.
    pub(super) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        text.push_str(&format!(
            "[schema]\nversion = \"1.1.0\"\nserial = 1\n\n\
             # The id is part of everything that is signed, so it never changes.\n\
             [project]\nid = {}\nmainline = {}\n",
            quoted(&self.project),
            quoted(&self.mainline)
        ));
        let emails = self.email.as_deref().map(quoted).unwrap_or_default();
        text.push_str(PEOPLE);
        text.push_str(&format!(
            "[[reviewers]]\nid = {}\nname = {}\nemails = [{emails}]\nkind = \"human\"\n",
            quoted(self.reviewer.as_str()),
            quoted(&self.name)
        ));
        match &self.key {
            Some(key) => {
                text.push_str(DOMAINS);
                text.push_str(&self.domain());
                text.push_str(BACKUP);
                text.push_str(KEY);
                text.push_str(&self.entry(key));
                text.push_str(QUORUM);
            }
            None => {
                text.push_str(NO_KEY);
                let entry = format!(
                    "{}\n[[keys]]\nreviewer_id = {}\nformat = \"openpgp\"\nfingerprint = \"\"\n\
                     public_key = \"keys/{}.asc\"\neffective_from = 2026-01-01\n\
                     effective_until = 2028-01-01\n{QUORUM}",
                    self.domain(),
                    quoted(self.reviewer.as_str()),
                    self.reviewer
                );
                for line in entry.lines() {
                    text.push_str(format!("# {line}").trim_end());
                    text.push('\n');
                }
            }
        }
        text
    }

    fn domain(&self) -> String {
        format!("[[domains]]\nid = \"project\"\nprimary = {}\n", quoted(self.reviewer.as_str()))
    }

    fn entry(&self, key: &DraftKey) -> String {
        let format = match key.format {
            KeyFormat::OpenPgp => "openpgp",
            KeyFormat::Ssh => "ssh",
        };
        format!(
            "[[keys]]\nreviewer_id = {}\nformat = \"{format}\"\nfingerprint = {}\npublic_key = {}\n\
             effective_from = {}\neffective_until = {}\n",
            quoted(self.reviewer.as_str()),
            quoted(&key.fingerprint.to_string()),
            quoted(&key.public_key),
            key.from.date(),
            key.until.date()
        )
    }

    /// What to type next.
    pub(super) fn next_steps(&self) -> String {
        let project = shown(&self.project);
        let mut text = format!("written: {REGISTRY_PATH}\n");
        match &self.key {
            Some(key) => {
                text.push_str(&format!(
                    "written: {} (public key {} of {})\n",
                    key.public_key, key.fingerprint, self.reviewer
                ));
                text.push_str(
                    "\none reviewer: the registry says distinct_reviewers = 1, so whoever has that one key\n\
                     passes every gate. Read the comment there, and enrol a second person soon.\n",
                );
                if let Some(problem) = &key.problem {
                    text.push_str(&format!(
                        "\nwarning: {problem}\n\
                         Renew the key before you pin it: gpg --quick-set-expire FINGERPRINT 2y\n"
                    ));
                }
            }
            None => text.push_str(
                "\nno signing key was found (user.signingKey in your own git configuration is not set), so\n\
                 nobody can vouch yet, and `gatecheck registry lint` refuses the registry until somebody\n\
                 can. The file says what to fill in; or set the key, remove the file, and run\n\
                 `gatecheck init` again:\n  git config --global user.signingKey FINGERPRINT\n",
            ),
        }
        let next = if self.key.is_some() { "next" } else { "when that is filled in" };
        text.push_str(&format!(
            "\n{next}:\n  \
             gatecheck registry lint\n  \
             git add keys\n  \
             git commit -S -m \"Found the reviewer registry\"\n\
             The id of that commit is the anchor. Publish it outside of the repository, and pin it:\n  \
             git config --global gatecheck.{project}.anchor \"$(git rev-parse HEAD)\"\n"
        ));
        text
    }
}
