//! Files of the run that lie in the checkout, where the change under judgement may have put them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::environment::Environment;
use super::super::output::{Target, no_link};
use super::super::verify::Request;
use super::CiArgs;
use crate::error::{Error, Result};
use crate::model::text::shown;
use crate::model::{Limits, Oid};
use crate::repo::{Repository, parse_commit};

/// Removes a file, where there is one.
pub(super) fn take_away(path: &Path) -> Result<()> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(Error::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// The work tree that the judged repository is checked out in.
pub(super) struct Checkout {
    repo: Repository,
    root: PathBuf,
    content: Content,
}

/// What is checked out.
enum Content {
    Nothing,
    Tree(Oid),
    /// A commit that cannot be read, or not as strictly as here: git may have checked it out.
    Unknown,
}

impl Checkout {
    /// The work tree of the repository around a folder, where it has one and can be opened.
    pub(super) fn around(folder: &Path, limits: &Limits) -> Option<Self> {
        let repo = Repository::open(folder, limits).ok()?;
        let root = fs::canonicalize(repo.work_dir()?).ok()?;
        let content = content(&repo);
        Some(Self { repo, root, content })
    }

    /// The steps from the work tree down to a path, the path itself first; `None` outside of it.
    fn below<'a>(&self, path: &'a Path) -> Option<Vec<&'a Path>> {
        let mut steps = Vec::new();
        for step in path.ancestors() {
            if fs::canonicalize(step).is_ok_and(|real| real == self.root) {
                return Some(steps);
            }
            steps.push(step);
        }
        None
    }

    /// Takes away the reports that the commit brings under the names of the run's own: where the run
    /// comes to none, they would be taken for its answer.
    pub(super) fn clear(&self, args: &CiArgs, environment: &Environment) -> Result<()> {
        let files = args.run.output.outputs.iter().filter_map(|(_, target)| match target {
            Target::File(path) => Some(environment.folder.join(path)),
            Target::Stdout => None,
        });
        for path in files.filter(|path| no_link(path).is_ok() && self.brings(path)) {
            take_away(&path)?;
        }
        Ok(())
    }

    /// Makes sure that the run reads nothing that the change wrote.
    pub(super) fn keep_out(
        &self,
        args: &CiArgs,
        request: &Request,
        environment: &Environment,
    ) -> Result<()> {
        let event = args.event.file.as_ref().map(|file| environment.folder.join(file));
        // A cache holds the key that its facts are sealed with.
        let cache = |name| request.cache.as_ref().map(|folder| folder.join(name));
        let (key, facts) = (cache("key"), cache("facts"));
        let read = [
            ("--registry", request.registry.as_deref()),
            ("--checkpoint", request.checkpoint.as_deref()),
            ("--event-file", event.as_deref()),
            ("--cache", key.as_deref()),
            ("--cache", facts.as_deref()),
        ];
        for (option, path) in read {
            if let Some(path) = path.filter(|path| self.brings(path)) {
                return Err(Error::unusable(
                    format!(
                        "{} is a file of the repository, so the change that is judged may have written it ({option})",
                        shown(&path.to_string_lossy())
                    ),
                    "keep it outside of the checkout; without --registry that of the anchor or of the event's base is used",
                ));
            }
        }
        Ok(())
    }

    /// Whether a file is one of the commit that is checked out, or is reached through one: a link.
    pub(super) fn brings(&self, path: &Path) -> bool {
        let steps = self.below(path).unwrap_or_default();
        let tree = match self.content {
            Content::Nothing => return false,
            Content::Tree(tree) => tree,
            Content::Unknown => {
                let real = fs::canonicalize(path);
                return !steps.is_empty() || real.is_ok_and(|real| real.starts_with(&self.root));
            }
        };
        let top = steps.last().and_then(|top| top.parent());
        let written = steps.iter().filter_map(|step| step.strip_prefix(top?).ok());
        let real = fs::canonicalize(path).ok();
        let real = real.as_deref().and_then(|real| real.strip_prefix(&self.root).ok());
        written.chain(real).any(|name| {
            let name = name.to_string_lossy().replace('\\', "/");
            match self.repo.lookup(tree, &name) {
                Ok(entry) => entry.is_some_and(|entry| !entry.is_tree()),
                // What cannot be looked up may be there.
                Err(_) => true,
            }
        })
    }
}

fn content(repo: &Repository) -> Content {
    let Ok(head) = repo.head() else {
        let unborn = |branch: String| matches!(repo.reference(&branch), Ok(None));
        return if repo.head_branch().is_some_and(unborn) {
            Content::Nothing
        } else {
            Content::Unknown
        };
    };
    let raw = repo.read_commit(head.commit).ok();
    let commit = raw.and_then(|raw| parse_commit(head.commit, &raw).ok());
    commit.map_or(Content::Unknown, |commit| Content::Tree(commit.tree))
}
