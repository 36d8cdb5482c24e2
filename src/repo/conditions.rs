//! What stands around the objects and could make git show another history than they tell.

use std::collections::BTreeSet;
use std::path::Path;

use super::Repository;
use crate::model::Oid;
use crate::model::text::typed;

/// Local, unsigned files that bend or cut history. None of them changes what is judged; they
/// are told so that people are not surprised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Commits whose parents a shallow clone leaves out.
    pub shallow: BTreeSet<Oid>,
    /// Objects that `refs/replace/` puts others in the place of.
    pub replaced: BTreeSet<Oid>,
    /// There is an `info/grafts` file with something in it.
    pub grafts: bool,
    /// A remote promises objects that need not be here (partial clone): its name.
    pub promisor: Option<String>,
    /// Further object databases that this one borrows from.
    pub alternates: Vec<String>,
    /// There is a commit-graph, which other programs take parents from.
    pub commit_graph: bool,
}

impl Conditions {
    /// The command that fetches what a remote (`promisor`) left out. Its name comes with the
    /// clone's configuration.
    #[must_use]
    pub fn refetch(remote: &str) -> String {
        let end = if remote.starts_with('-') { "-- " } else { "" };
        format!("git fetch --refetch --no-filter {end}{}", typed(remote))
    }
}

/// How much of a file of git's own is read: 16 MiB.
const FILE_BYTES: u64 = 16 << 20;

impl Repository {
    /// Looks at the repository's own files. What cannot be read counts as not there, because
    /// nothing here changes a verdict.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        let common = self.common_dir();
        let info = common.join("objects").join("info");
        Conditions {
            shallow: lines(&common.join("shallow"))
                .iter()
                .filter_map(|l| Oid::from_hex(l))
                .collect(),
            replaced: self.replaced(),
            grafts: lines(&common.join("info").join("grafts")).iter().any(|l| !l.starts_with('#')),
            promisor: self.promisor(),
            alternates: lines(&info.join("alternates")),
            commit_graph: info.join("commit-graph").exists() || info.join("commit-graphs").exists(),
        }
    }

    fn replaced(&self) -> BTreeSet<Oid> {
        let all = self.references().unwrap_or_default();
        all.iter()
            .filter_map(|(name, _)| Oid::from_hex(name.strip_prefix("refs/replace/")?))
            .collect()
    }

    /// The remote of a partial clone, by configuration or by the packs it left.
    fn promisor(&self) -> Option<String> {
        let named = self.git().config().ok().and_then(|config| {
            let mut entries = config.entries(Some("^remote\\..*\\.promisor$")).ok()?;
            let entry = entries.next()?.ok()?;
            let name = entry.name().ok()?.strip_prefix("remote.")?.strip_suffix(".promisor")?;
            Some(name.to_owned())
        });
        named.or_else(|| {
            let packs = self.common_dir().join("objects").join("pack");
            let promised = std::fs::read_dir(packs).ok()?.flatten().any(|file| {
                Path::new(&file.file_name()).extension().is_some_and(|ext| ext == "promisor")
            });
            promised.then(|| "origin".to_owned())
        })
    }
}

/// The lines of a small text file that are not blank; none where it cannot be read.
fn lines(path: &Path) -> Vec<String> {
    use std::io::Read as _;
    let mut text = String::new();
    if let Ok(file) = std::fs::File::open(path)
        && file.take(FILE_BYTES).read_to_string(&mut text).is_ok()
    {
        return text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::Conditions;

    #[test]
    fn a_remote_of_any_name_is_one_word_and_no_option() {
        let refetch = Conditions::refetch;
        assert_eq!(refetch("origin"), "git fetch --refetch --no-filter origin");
        assert_eq!(refetch("x;y"), "git fetch --refetch --no-filter 'x;y'");
        assert_eq!(
            refetch("--upload-pack=x"),
            "git fetch --refetch --no-filter -- --upload-pack=x"
        );
    }
}
