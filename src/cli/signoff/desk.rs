//! What every command about sign-offs begins with: the repository, and what is asked of the judge.

use std::io;
use std::path::{Path, PathBuf};

use super::super::arguments::HistoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::output::Color;
use super::super::progress;
use super::super::streams::Streams;
use super::{Place, place, request, say_registry};
use crate::check::{self, Foreseen, InForce, Outlook, Proposal, Request};
use crate::error::Error;
use crate::finding::Finding;
use crate::model::manifest::Binding;
use crate::model::text::{shown, typed};
use crate::model::{Limits, ManifestName, Oid};
use crate::render::{self, Format};
use crate::repo::{ReadFailure, Repository, Staged, parse_commit};
use crate::signature::FactCache;

/// An open repository and a question.
pub(in crate::cli) struct Desk<'e> {
    pub(in crate::cli) repo: Repository,
    pub(in crate::cli) asked: Request,
    pub(in crate::cli) limits: Limits,
    pub(in crate::cli) environment: &'e Environment,
    /// The commit that is looked at.
    pub(in crate::cli) head: Oid,
    /// The branch it is on.
    pub(in crate::cli) branch: Option<String>,
    cache: Option<PathBuf>,
    progress: bool,
}

impl<'e> Desk<'e> {
    pub(in crate::cli) fn open(
        args: &HistoryArgs,
        environment: &'e Environment,
    ) -> Result<Self, Error> {
        let limits = args.resources.limits()?;
        let repo = Repository::open(&args.repository.folder(environment), &limits)?;
        let asked = request(&args.trust, environment, limits)?;
        let head = repo.head()?;
        Ok(Self {
            repo,
            asked,
            limits,
            environment,
            head: head.commit,
            branch: head.reference,
            cache: args.resources.cache_folder(environment),
            progress: !args.resources.no_progress,
        })
    }

    /// Opens it to write a new manifest into the work tree, and looks at the next gate.
    pub(super) fn open_to_draft(
        args: &HistoryArgs,
        environment: &'e Environment,
        streams: &mut Streams<'_>,
    ) -> Result<(Self, Outlook), Error> {
        let desk = Self::open(args, environment)?;
        desk.top()?;
        desk.on_a_branch()?;
        let outlook = desk.outlook()?;
        say_registry(&outlook.in_force, streams);
        Ok((desk, outlook))
    }

    /// Says what speaks against a manifest, and last what became of it.
    pub(super) fn say_refused(
        &self,
        against: &[Finding],
        last: &str,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, Error> {
        let style = Color::Auto.style(self.environment);
        streams.print(&render::findings(against, Format::Human, &style))?;
        streams.say(last);
        Ok(Exit::REFUSED)
    }

    /// What is known of signatures: one command judges the history more than once.
    fn facts(&self) -> Option<FactCache> {
        self.cache.as_deref().and_then(|folder| FactCache::open(folder).ok())
    }

    pub(in crate::cli) fn in_force(&self) -> Result<InForce, Error> {
        let progress = progress::reporter(self.environment, self.progress);
        check::in_force(&self.repo, &self.asked, self.facts(), progress.as_ref())
    }

    /// Looks at the gate that would hold the content of the commit that is looked at.
    pub(in crate::cli) fn outlook(&self) -> Result<Outlook, Error> {
        let progress = progress::reporter(self.environment, self.progress);
        check::outlook(&self.repo, &self.asked, Some(self.head), self.facts(), progress.as_ref())
    }

    pub(in crate::cli) fn foresee(&self, proposal: &Proposal) -> Result<Foreseen, Error> {
        let progress = progress::reporter(self.environment, self.progress);
        // It may hold what was signed after this run began.
        let now = self.environment.by_now(self.asked.now);
        let asked = Request { now, ..self.asked.clone() };
        check::foresee(&self.repo, &asked, proposal, self.facts(), progress.as_ref())
    }

    /// The top of the work tree.
    pub(super) fn top(&self) -> Result<&Path, Error> {
        self.repo.work_dir().ok_or_else(|| {
            Error::unusable(
                "this repository is bare: there is no work tree to write a manifest to",
                "run it in a clone with a work tree",
            )
        })
    }

    /// The branch that a new file will be committed to.
    pub(super) fn on_a_branch(&self) -> Result<&str, Error> {
        self.branch.as_deref().ok_or_else(|| {
            Error::unusable(
                format!("HEAD is on no branch, but at commit {}", self.head.short()),
                "go to the branch that the gate is made on: git switch BRANCH",
            )
        })
    }

    pub(in crate::cli) fn tree(&self, commit: Oid) -> Result<Oid, Error> {
        let raw = self.repo.read_commit(commit).map_err(unreadable)?;
        parse_commit(commit, &raw).map(|commit| commit.tree).map_err(|malformed| {
            Error::cannot_read(
                format!("the commit {commit} is malformed: {}", malformed.observed),
                "name another commit",
            )
        })
    }

    /// Whether a commit's tree holds something at a path.
    pub(in crate::cli) fn holds(&self, commit: Oid, path: &str) -> Result<bool, Error> {
        let tree = self.tree(commit)?;
        Ok(self.repo.lookup(tree, path).map_err(unreadable)?.is_some())
    }

    /// The tip of the branch that gates are made on, here or as `origin` has it.
    pub(in crate::cli) fn mainline(&self, in_force: &InForce) -> Result<Option<Oid>, Error> {
        Ok(self.mainlines(in_force)?.first().map(|(_, tip)| *tip))
    }

    /// Both of them: the one here may lie far behind, for who reviews a branch has no need of it.
    pub(in crate::cli) fn mainlines(
        &self,
        in_force: &InForce,
    ) -> Result<Vec<(String, Oid)>, Error> {
        let name = in_force.mainline.as_str();
        let short = name.strip_prefix("refs/heads/").unwrap_or(name);
        let mut tips = Vec::new();
        for name in [name.to_owned(), format!("refs/remotes/origin/{short}")] {
            if let Some(id) = self.repo.reference(&name)? {
                tips.push((name, self.repo.peel(id)?));
            }
        }
        Ok(tips)
    }

    /// Steps back to where a manifest will land. One that is committed on a branch of its own, so
    /// that people can hand it around, is judged as if that branch were merged now. Tells whether
    /// that was so.
    pub(in crate::cli) fn stand_before(
        &mut self,
        in_force: &InForce,
        path: &str,
    ) -> Result<bool, Error> {
        if self.branch.as_deref() == Some(in_force.mainline.as_str())
            || !self.holds(self.head, path)?
        {
            return Ok(false);
        }
        match self.mainline(in_force)? {
            Some(mainline) if !self.holds(mainline, path)? => {}
            _ => return Ok(false),
        }
        let mut here = self.head;
        for _ in 0..self.limits.commits {
            let Some(parent) = super::super::revision::first_parent(&self.repo, here)? else {
                return Ok(false);
            };
            here = parent;
            if !self.holds(here, path)? {
                self.asked.tip = Some(here.to_string());
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The content of the commit that is looked at, where the judge stands on another.
    fn content(&self, apart: bool) -> Result<Option<Staged>, Error> {
        if !apart {
            return Ok(None);
        }
        let tree = self.tree(self.head)?;
        self.repo.staged_of(tree).map(Some).map_err(unreadable)
    }

    /// Judges a manifest with the content that is committed; with what is staged, where that is
    /// what it is bound to.
    pub(in crate::cli) fn foresee_here(
        &self,
        at: (&ManifestName, &str),
        bytes: &[u8],
        apart: bool,
    ) -> Result<Foreseen, Error> {
        self.foresee_bound(at, bytes, apart).map(|(foreseen, _)| foreseen)
    }

    /// The same, with what is staged where that was judged.
    pub(super) fn foresee_bound(
        &self,
        at: (&ManifestName, &str),
        bytes: &[u8],
        apart: bool,
    ) -> Result<(Foreseen, Option<Staged>), Error> {
        let proposal = Proposal {
            name: at.0.clone(),
            path: at.1.to_owned(),
            bytes: bytes.to_vec(),
            staged: self.content(apart)?,
        };
        let foreseen = self.foresee(&proposal)?;
        let bound = match foreseen.manifest.as_ref().map(|manifest| &manifest.binding) {
            Some(Binding::Tree(bound)) => *bound,
            _ => return Ok((foreseen, None)),
        };
        if bound == foreseen.subject {
            return Ok((foreseen, None));
        }
        let Some(staged) = self.repo.staged()? else { return Ok((foreseen, None)) };
        let other = self.foresee(&Proposal { staged: Some(staged.clone()), ..proposal })?;
        Ok(if bound == other.subject { (other, Some(staged)) } else { (foreseen, None) })
    }

    /// The manifest that was named, else the only draft that lies in the work tree.
    pub(super) fn find(&self, file: Option<&Path>, in_force: &InForce) -> Result<Place, Error> {
        if let Some(file) = file {
            let place = place(file, &self.repo, &in_force.paths, self.environment)?;
            // One that a clone brings may lead anywhere, and no link can be a gate's manifest.
            let look = if place.elsewhere { std::fs::metadata } else { std::fs::symlink_metadata };
            plain_file(&place.path, look(&place.file), &place.file)?;
            return Ok(place);
        }
        let top = self.top()?;
        let folder = top.join(in_force.paths.folder());
        let mut drafts: Vec<String> = Vec::new();
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut mainlines: Vec<Oid> =
            self.mainlines(in_force)?.into_iter().map(|(_, tip)| tip).collect();
        if mainlines.is_empty() {
            mainlines.push(self.head);
        }
        for entry in entries.take(usize::try_from(self.limits.tree_entries).unwrap_or(usize::MAX)) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = match in_force.paths.folder() {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            let to_sign = matches!(
                in_force.paths.classify(&path),
                Some(
                    ManifestName::Epoch(_)
                        | ManifestName::Squash(_)
                        | ManifestName::Reattest { .. }
                )
            );
            let mut landed = false;
            for mainline in mainlines.iter().filter(|_| to_sign) {
                landed |= self.holds(*mainline, &path)?;
            }
            if to_sign && !landed {
                drafts.push(path);
            }
        }
        drafts.sort();
        match drafts.as_slice() {
            [one] => {
                let name = in_force.paths.classify(one);
                let name = name.ok_or_else(|| Error::Defect(format!("{one} is no manifest")))?;
                let file = top.join(one);
                plain_file(one, file.symlink_metadata(), &file)?;
                Ok(Place { file, path: one.clone(), name, elsewhere: false })
            }
            [] => Err(Error::unusable(
                format!(
                    "{} holds no manifest that is not on the mainline yet",
                    shown(&folder.to_string_lossy())
                ),
                self.how_to_draft(in_force),
            )),
            several => {
                let several: Vec<String> = several.iter().map(|path| shown(path)).collect();
                Err(Error::unusable(
                    format!("there are several manifests to sign: {}", several.join(", ")),
                    "name one with --file",
                ))
            }
        }
    }

    /// The option that names the branch whose gates this is about, for a command to copy.
    pub(super) fn branch_option(&self) -> String {
        self.asked.branch.as_ref().map_or(String::new(), |b| format!(" --branch {}", typed(b)))
    }

    fn how_to_draft(&self, in_force: &InForce) -> String {
        let draft = format!("draft the next one: gatecheck signoff new{}", self.branch_option());
        match &self.branch {
            Some(here) if self.asked.branch.is_none() && in_force.registry.has_own_gates(here) => {
                let short = here.strip_prefix("refs/heads/").unwrap_or(here);
                format!(
                    "{draft}; {0} has gates of its own: for those say --branch {0}",
                    typed(short)
                )
            }
            _ => draft,
        }
    }

    /// Where a new file is written to, with its folder made. A folder that leads out of the work
    /// tree is refused.
    pub(super) fn room_for(&self, path: &str) -> Result<PathBuf, Error> {
        let top = self.top()?;
        let file = top.join(path);
        let folder = file.parent().unwrap_or(top).to_owned();
        let failed = |source| Error::File { path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let inside = folder.canonicalize().map_err(failed)?;
        if !inside.starts_with(top.canonicalize().map_err(failed)?) {
            return Err(Error::unusable(
                format!("{} leads out of the work tree", shown(&folder.to_string_lossy())),
                "remove the link, and run this again",
            ));
        }
        Ok(file)
    }

    /// Refuses to take the place of a manifest that is there.
    pub(super) fn must_be_free(&self, path: &str) -> Result<(), Error> {
        if self.top()?.join(path).symlink_metadata().is_ok() {
            return Err(Error::unusable(
                format!("{} is there already, and nothing is overwritten", shown(path)),
                format!("see what it lacks: gatecheck signoff check {}", typed(path)),
            ));
        }
        if self.holds(self.head, path)? {
            return Err(Error::unusable(
                format!("HEAD holds {} already", shown(path)),
                format!(
                    "a refused gate is tried again by a commit that adds the file anew: git rm {0} \
                     && git commit, then draft it",
                    typed(path)
                ),
            ));
        }
        Ok(())
    }
}

/// Refuses to read what is no file: a pipe or a terminal would be waited for.
fn plain_file(name: &str, found: io::Result<std::fs::Metadata>, path: &Path) -> Result<(), Error> {
    let found = found.map_err(|source| Error::File { path: path.to_owned(), source })?;
    if found.is_file() {
        return Ok(());
    }
    let what = if found.is_symlink() { "a symbolic link" } else { "no regular file" };
    Err(Error::unusable(
        format!("{} is {what}, and a manifest is a plain file", shown(name)),
        "put the manifest itself in its place",
    ))
}

pub(in crate::cli) fn unreadable(failure: ReadFailure) -> Error {
    Error::cannot_read(failure.to_string(), failure.help())
}
