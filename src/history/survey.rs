//! The first way through: tip to anchor, learning what must be known before judging.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::failure::{Failure, commit_gap, gap, malformed, object_gap, too_many_commits};
use super::material::Material;
use super::reach::is_ancestor;
use super::traits::{Options, Readers};
use crate::finding::{Code, Finding};
use crate::model::gate::ManifestPaths;
use crate::model::policy::RequireSignature;
use crate::model::probe::{MAX_PROBES, Question};
use crate::model::registry::{CEREMONIES_FOLDER, KEYS_FOLDER, REGISTRY_PATH};
use crate::model::step::{Gap, RegistryFile};
use crate::model::{Commit, MalformedObject, Oid, Registry};
use crate::repo::{Conditions, EntryKind, ReadFailure, Repository, parse_commit};

/// What is known of a history before its first commit is judged.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The first-parent chain, the anchor first and the tip last.
    pub mainline: Vec<Oid>,
    /// Every version of every file below `keys/` that could be a key file, on the mainline from
    /// the anchor on and in the trees of merged parents, by blob.
    pub key_blobs: BTreeMap<Oid, KeyBlob>,
    /// Where manifests lie, by every registry on the mainline. A rule that judges by one
    /// registry has to ask that registry's own [`ManifestPaths`] again.
    pub manifest_paths: Vec<ManifestPaths>,
    /// What the registries on the mainline ask for, all of them together: ceremonies change it.
    pub asks: Asks,
    /// What the policies of every registry on the mainline ask of contents: those of older
    /// registries first, at most [`MAX_PROBES`].
    pub questions: Vec<Question>,
    /// What could not be read on the way. Never empty where a key file could be hidden by it.
    pub gaps: Vec<Gap>,
    /// Local files that bend what git shows; they changed nothing here.
    pub conditions: Conditions,
}

/// What any registry on the mainline asks for. That of the anchor is among them; which of the
/// others come into force is not known yet, and asking too much changes no verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// Project and mainline: what statements can be bound to. Beside the anchor's own the newest,
    /// at most [`Asks::MAX_PROJECTS`]; statements of those left out are never attested.
    pub projects: BTreeSet<(String, String)>,
    /// Whether one wants every mainline commit signed.
    pub every_commit: bool,
    /// Whether one has a rule that asks which paths each commit changed.
    pub changed_paths: bool,
    /// Whether one takes a domain's paths from CODEOWNERS.
    pub owners: bool,
}

impl Asks {
    /// How many projects there can be beside the anchor's own.
    pub const MAX_PROJECTS: usize = 16;

    fn add(&mut self, registry: &Registry, anchor: bool) {
        let project = (registry.project.clone(), registry.mainline.clone());
        if anchor || self.projects.len() < Self::MAX_PROJECTS {
            self.projects.insert(project);
        }
        let policy = &registry.policy;
        self.every_commit |= policy.mainline.require_signature == RequireSignature::EveryCommit;
        self.changed_paths |= registry.asks_for_paths();
        self.owners |= registry.asks_for_owners();
    }
}

/// One version of a key file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBlob {
    /// Paths it was seen at.
    pub paths: BTreeSet<String>,
    /// The newest mainline commit, or merged parent, in whose tree it was seen.
    pub seen_in: Oid,
}

impl Survey {
    /// The judged tip.
    #[must_use]
    pub fn tip(&self) -> Option<Oid> {
        self.mainline.last().copied()
    }

    /// The anchor.
    #[must_use]
    pub fn anchor(&self) -> Option<Oid> {
        self.mainline.first().copied()
    }
}

/// Walks from `tip` to `anchor` along first parents.
///
/// # Errors
/// [`Failure::Found`] where the walk does not arrive: `shallow-history`, `missing-object`,
/// `malformed-object` and its kin, `mainline-replaced`, `not-descendant`.
pub fn survey(
    repo: &Repository,
    readers: &dyn Readers,
    tip: Oid,
    anchor: Oid,
    options: &Options,
) -> Result<Survey, Failure> {
    let mut surveyor = Surveyor {
        material: Material::new(repo, readers),
        repo,
        conditions: repo.conditions(),
        folders: HashSet::new(),
        asked: None,
        key_blobs: BTreeMap::new(),
        manifest_paths: BTreeSet::new(),
        asks: Asks::default(),
        questions: Vec::new(),
        gaps: Vec::new(),
    };
    let mut mainline = surveyor.walk(tip, anchor)?;
    mainline.reverse();
    if surveyor.manifest_paths.is_empty() {
        surveyor.manifest_paths.insert(ManifestPaths::default());
    }
    let paths = surveyor.manifest_paths.into_iter();
    let manifest_paths = match &options.branch {
        Some(branch) => paths.map(|paths| paths.for_branch(branch)).collect(),
        None => paths.collect(),
    };
    Ok(Survey {
        mainline,
        key_blobs: surveyor.key_blobs,
        manifest_paths,
        asks: surveyor.asks,
        questions: surveyor.questions.into_iter().rev().collect(),
        gaps: surveyor.gaps,
        conditions: surveyor.conditions,
    })
}

/// Where a tree stands that is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Anchor,
    Mainline,
    Merged,
}

struct Surveyor<'a> {
    material: Material<'a>,
    repo: &'a Repository,
    conditions: Conditions,
    /// Folders `keys` that were listed.
    folders: HashSet<Oid>,
    /// The folder `keys` of the commit before, which was asked what its registry wants to know.
    asked: Option<Oid>,
    key_blobs: BTreeMap<Oid, KeyBlob>,
    manifest_paths: BTreeSet<ManifestPaths>,
    asks: Asks,
    /// Those seen last, which are the oldest ones, at the end.
    questions: Vec<Question>,
    gaps: Vec<Gap>,
}

impl Surveyor<'_> {
    fn walk(&mut self, tip: Oid, anchor: Oid) -> Result<Vec<Oid>, Failure> {
        let allowed = self.repo.limits().commits;
        let mut mainline = Vec::new();
        let (mut here, mut child) = (tip, None);
        loop {
            if u64::try_from(mainline.len()).unwrap_or(u64::MAX) >= allowed {
                return Err(too_many_commits(here, allowed).into());
            }
            mainline.push(here);
            let raw = self
                .repo
                .read_commit(here)
                .map_err(|failure| commit_gap(&failure, child, &self.conditions))?;
            let parsed = parse_commit(here, &raw);
            let (tree, parents) = known_parts(&parsed);
            if let Some(tree) = tree {
                let place = if here == anchor { Place::Anchor } else { Place::Mainline };
                self.look_at(here, tree, place)?;
            }
            // What the anchor itself merged lies in the past that is trusted as it stands.
            if here == anchor {
                return Ok(mainline);
            }
            self.look_at_merged(here, parents.unwrap_or(&[]))?;
            let parents = match (&parsed, parents) {
                (Err(found), None) => return Err(malformed(here, found).into()),
                (_, parents) => parents.unwrap_or(&[]),
            };
            let Some(first) = parents.first() else {
                return Err(self.off_mainline(tip, anchor).into());
            };
            child = Some(here);
            here = *first;
        }
    }

    /// The walk came to a root without meeting the anchor.
    fn off_mainline(&self, tip: Oid, anchor: Oid) -> Finding {
        match is_ancestor(self.repo, &self.conditions, tip, anchor) {
            Ok(true) => Finding::new(
                Code::MainlineReplaced,
                format!(
                    "the anchor {} is an ancestor of {}, but not along first parents: another \
                     history was put in the mainline's place by a merge",
                    anchor.short(),
                    tip.short()
                ),
            )
            .help(format!(
                "git log --first-parent --oneline {tip} shows the mainline; merge the other way round"
            ))
            .commit(tip)
            .compared("the anchor off the mainline", "the anchor on the first-parent chain"),
            Ok(false) => Finding::new(
                Code::NotDescendant,
                format!("{} does not descend from the anchor {}", tip.short(), anchor.short()),
            )
            .help("check the anchor, and that the remote serves the history that you know")
            .commit(tip)
            .compared("a history without the anchor", format!("the anchor {anchor} in it")),
            Err(gap) => gap,
        }
    }

    /// Key files in the trees of merged parents: a revocation may stand only there.
    fn look_at_merged(&mut self, merge: Oid, parents: &[Oid]) -> Result<(), Failure> {
        for parent in parents.iter().skip(1) {
            let raw = match self.repo.read_commit(*parent) {
                Ok(raw) => raw,
                Err(failure) => {
                    self.gaps.push(gap(commit_gap(&failure, Some(merge), &self.conditions)));
                    continue;
                }
            };
            if let (Some(tree), _) = known_parts(&parse_commit(*parent, &raw)) {
                self.look_at(*parent, tree, Place::Merged)?;
            }
        }
        Ok(())
    }

    fn look_at(&mut self, commit: Oid, tree: Oid, place: Place) -> Result<(), Failure> {
        if let Err(failure) = self.look_in(commit, tree, place) {
            self.gaps.push(gap(object_gap(&failure, commit, &self.conditions)));
        }
        let allowed = self.repo.limits().key_files;
        let observed = u64::try_from(self.key_blobs.len()).unwrap_or(u64::MAX);
        if observed > allowed {
            let failure = ReadFailure::TooLarge {
                id: tree,
                limit: "key-files",
                unit: "versions of key files (with those of older trees)",
                observed,
                allowed,
            };
            return Err(object_gap(&failure, commit, &self.conditions)
                .help(format!("--limit key-files={}", allowed.saturating_mul(2)))
                .into());
        }
        Ok(())
    }

    fn look_in(&mut self, commit: Oid, tree: Oid, place: Place) -> Result<(), ReadFailure> {
        let Some(keys) = self.repo.folder(tree, KEYS_FOLDER)? else { return Ok(()) };
        let listed = self.folders.contains(&keys);
        if listed && place == Place::Merged {
            return Ok(());
        }
        for (below, entry) in if listed { Vec::new() } else { self.repo.list(keys)? } {
            let path = format!("{KEYS_FOLDER}/{}", String::from_utf8_lossy(&below));
            if entry.kind() != EntryKind::File || !is_key_file(&path) {
                continue;
            }
            self.key_blobs
                .entry(entry.id)
                .or_insert_with(|| KeyBlob { paths: BTreeSet::new(), seen_in: commit })
                .paths
                .insert(path);
        }
        self.folders.insert(keys);
        if place != Place::Merged {
            self.ask_registry(tree, keys, place == Place::Anchor)?;
        }
        Ok(())
    }

    fn ask_registry(&mut self, tree: Oid, keys: Oid, anchor: bool) -> Result<(), ReadFailure> {
        // One that comes back is asked again: what counts is its oldest place. So is the anchor's,
        // which may have been one too many before.
        if self.asked.replace(keys) == Some(keys) && !anchor {
            return Ok(());
        }
        if let RegistryFile::File(_, reading) = self.material.registry(tree)?
            && let Some(registry) = &reading.registry
        {
            self.manifest_paths.insert(registry.policy.gates.manifest.clone());
            self.asks.add(registry, anchor);
            self.learn_questions(registry);
        }
        Ok(())
    }

    /// The walk goes from new to old. Who can land a registry that is refused must not crowd out
    /// what older ones ask, so the newest questions are dropped.
    fn learn_questions(&mut self, registry: &Registry) {
        for question in Question::all(&registry.policy).into_iter().rev() {
            self.questions.retain(|known| known.probe != question.probe);
            self.questions.push(question);
            if self.questions.len() > MAX_PROBES {
                self.questions.remove(0);
            }
        }
    }
}

/// Whether a path below `keys/` can hold a key: the registry and ceremony records cannot.
pub(super) fn is_key_file(path: &str) -> bool {
    path != REGISTRY_PATH && !is_record(path)
}

/// Whether a path is that of a ceremony record.
pub(super) fn is_record(path: &str) -> bool {
    let below = path.strip_prefix(CEREMONIES_FOLDER).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|name| name.ends_with(".toml"))
}

/// Tree and parents of a commit, as far as they can be trusted.
pub(super) fn known_parts(
    parsed: &Result<Commit, MalformedObject>,
) -> (Option<Oid>, Option<&[Oid]>) {
    match parsed {
        Ok(commit) => (Some(commit.tree), Some(commit.parents.as_slice())),
        Err(found) => (found.tree, found.parents.as_deref()),
    }
}
