//! Gates, and the paths by which they are found.

use std::fmt;

use super::id::ReviewerId;

/// The kinds of gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GateKind {
    /// Adds an epoch manifest.
    Epoch,
    /// Adds a squash manifest.
    Squash,
    /// Changes the registry.
    Ceremony,
}

impl GateKind {
    /// The name in the JSON report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Squash => "squash",
            Self::Ceremony => "ceremony",
        }
    }
}

/// What a path below the sign-off folder is, by its name alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManifestName {
    /// `epoch-N.toml`.
    Epoch(u64),
    /// `epoch-N.toml` with N written with leading zeros or too large: never accepted, never overlooked.
    NearlyEpoch(String),
    /// `epoch-N.reattest-K.toml`.
    Reattest {
        /// N.
        epoch: u64,
        /// K, from 1.
        number: u64,
    },
    /// `epoch-N.dissent-<reviewer>.toml`.
    Dissent {
        /// N.
        epoch: u64,
        /// Who dissents.
        reviewer: ReviewerId,
    },
    /// `squash-<name>.toml`.
    Squash(String),
}

/// How the name of a squash gate's manifest begins.
const SQUASH: &str = "squash-";

/// Where a registry keeps its manifests: `[policy.gates] manifest`, and the branch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManifestPaths {
    /// Folder without a slash at its end; empty for the root.
    folder: String,
    /// What stands before the epoch's number in the file's name.
    before: String,
    /// What stands after it.
    after: String,
}

impl ManifestPaths {
    /// From the policy's `manifest` (`epoch_signoffs/epoch-{epoch}.toml`). `None` unless it is a
    /// relative path whose last part holds `{epoch}` once, and no other part does; and unless an
    /// epoch's manifest could be taken for a squash gate's, which needs fewer people.
    #[must_use]
    pub fn new(policy: &str) -> Option<Self> {
        let (folder, name) = policy.rsplit_once('/').unwrap_or(("", policy));
        let (before, after) = name.split_once("{epoch}")?;
        if folder.contains(['{', '}'])
            || before.contains(['{', '}'])
            || after.contains(['{', '}'])
            || !after.ends_with(".toml")
            || before.starts_with(SQUASH)
            || policy.split('/').any(|part| matches!(part, "" | "." | ".."))
        {
            return None;
        }
        // A digit beside the number would make two numbers of one path.
        if before.ends_with(|c: char| c.is_ascii_digit())
            || after.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        Some(Self { folder: folder.to_owned(), before: before.to_owned(), after: after.to_owned() })
    }

    /// The same for a branch with gates of its own: one folder deeper, named as the branch
    /// (`refs/heads/release/1` keeps `epoch_signoffs/release/1/`).
    #[must_use]
    pub fn for_branch(&self, branch: &str) -> Self {
        let short = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        let folder = if self.folder.is_empty() {
            short.to_owned()
        } else {
            format!("{}/{short}", self.folder)
        };
        Self { folder, ..self.clone() }
    }

    /// The folder that holds the manifests; empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The path of an epoch's manifest.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> String {
        self.join(&format!("{}{epoch}{}", self.before, self.after))
    }

    /// The path of a dissent file.
    #[must_use]
    pub fn dissent(&self, epoch: u64, reviewer: &ReviewerId) -> String {
        let end = self.after.strip_suffix(".toml").unwrap_or(&self.after);
        self.join(&format!("{}{epoch}{end}.dissent-{reviewer}.toml", self.before))
    }

    /// The path of a re-attestation.
    #[must_use]
    pub fn reattest(&self, epoch: u64, number: u64) -> String {
        let end = self.after.strip_suffix(".toml").unwrap_or(&self.after);
        self.join(&format!("{}{epoch}{end}.reattest-{number}.toml", self.before))
    }

    /// The path of a squash manifest.
    #[must_use]
    pub fn squash(&self, name: &str) -> String {
        self.join(&format!("{SQUASH}{name}.toml"))
    }

    fn join(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }

    /// What a path is; `None` for a path that is no manifest of this registry and branch.
    #[must_use]
    pub fn classify(&self, path: &str) -> Option<ManifestName> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if folder != self.folder {
            return None;
        }
        if let Some(rest) = name.strip_prefix(SQUASH).and_then(|n| n.strip_suffix(".toml")) {
            return is_squash_name(rest).then(|| ManifestName::Squash(rest.to_owned()));
        }
        let rest = name.strip_prefix(self.before.as_str())?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        if number.is_empty() {
            return None;
        }
        let Some(epoch) = parse_canonical(number) else {
            return (tail == self.after).then(|| ManifestName::NearlyEpoch(path.to_owned()));
        };
        if tail == self.after {
            return Some(ManifestName::Epoch(epoch));
        }
        let end = self.after.strip_suffix(".toml").unwrap_or(&self.after);
        let kind = tail.strip_prefix(end)?.strip_suffix(".toml")?;
        if let Some(number) = kind.strip_prefix(".reattest-") {
            let number = parse_canonical(number).filter(|n| *n > 0)?;
            return Some(ManifestName::Reattest { epoch, number });
        }
        let reviewer = ReviewerId::new(kind.strip_prefix(".dissent-")?)?;
        Some(ManifestName::Dissent { epoch, reviewer })
    }
}

impl Default for ManifestPaths {
    fn default() -> Self {
        Self { folder: "epoch_signoffs".into(), before: "epoch-".into(), after: ".toml".into() }
    }
}

impl fmt::Display for ManifestPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.join(&format!("{}{{epoch}}{}", self.before, self.after)))
    }
}

/// Largest epoch number: what a JSON number carries exactly (RFC 8785 needs that), 2^53 − 1.
pub const MAX_EPOCH: u64 = (1 << 53) - 1;

fn parse_canonical(digits: &str) -> Option<u64> {
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|n| *n <= MAX_EPOCH)
}

/// Whether a text can be the name of a squash gate: as a reviewer's id, but upper case too.
#[must_use]
pub fn is_squash_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric();
    text.len() <= 64
        && text.bytes().next().is_some_and(plain)
        && text.bytes().all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let paths = ManifestPaths::new("epoch_signoffs/epoch-{epoch}.toml").unwrap();
        let name = |file: &str| paths.classify(&format!("epoch_signoffs/{file}"));
        assert_eq!(name("epoch-0.toml"), Some(ManifestName::Epoch(0)));
        assert_eq!(name("epoch-17.toml"), Some(ManifestName::Epoch(17)));
        assert_eq!(
            name("epoch-07.toml"),
            Some(ManifestName::NearlyEpoch("epoch_signoffs/epoch-07.toml".into()))
        );
        assert_eq!(
            name("epoch-3.reattest-1.toml"),
            Some(ManifestName::Reattest { epoch: 3, number: 1 })
        );
        assert_eq!(
            name("epoch-3.dissent-ada.toml"),
            Some(ManifestName::Dissent { epoch: 3, reviewer: ReviewerId::new("ada").unwrap() })
        );
        assert_eq!(name("squash-big.toml"), Some(ManifestName::Squash("big".into())));
        for other in [
            "schema.toml",
            "track1.toml",
            "epoch-.toml",
            "epoch-1.toml.bak",
            "epoch-1.reattest-0.toml",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
        assert_eq!(paths.classify("epoch-0.toml"), None);
        assert_eq!(paths.classify("epoch_signoffs/release/epoch-0.toml"), None);
        assert_eq!(paths.epoch(7), "epoch_signoffs/epoch-7.toml");
        let again = ManifestName::Reattest { epoch: 7, number: 2 };
        assert_eq!(paths.classify(&paths.reattest(7, 2)), Some(again));
    }

    #[test]
    fn a_branch_has_a_folder_of_its_own() {
        let paths = ManifestPaths::new("epoch_signoffs/epoch-{epoch}.toml").unwrap();
        let branch = paths.for_branch("refs/heads/release/1");
        assert_eq!(branch.epoch(2), "epoch_signoffs/release/1/epoch-2.toml");
    }

    #[test]
    fn policies_that_make_paths_ambiguous_are_refused() {
        for bad in [
            "epoch.toml",
            "a{epoch}/b.toml",
            "e1{epoch}.toml",
            "/e{epoch}.toml",
            "e{epoch}.json",
            "e{epoch}{epoch}.toml",
            "gates/squash-{epoch}.toml",
        ] {
            assert_eq!(ManifestPaths::new(bad), None, "{bad}");
        }
    }
}
