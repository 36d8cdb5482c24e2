//! The second way through: anchor to tip, step by step, in chunks.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeSet, HashSet};

use super::brought::{self, Read, own_paths, plain, tree_of};
use super::changes::Trees;
use super::draft::{Draft, Place, empty_step, put, settle};
use super::failure::{commit_gap, gap, object_gap};
use super::material::Material;
use super::probes::Prober;
use super::reach::Reach;
use super::survey::Survey;
use super::traits::{Options, Readers, SignatureRequest, Verifier, Which};
use super::weight::weight;
use crate::finding::Finding;
use crate::model::manifest::{Binding, Target};
use crate::model::step::{Brought, Head, Step};
use crate::model::{Manifest, Oid};
use crate::repo::{ReadFailure, Repository};

/// Yields the commits after the anchor, oldest first, in chunks of [`Options::chunk`].
///
/// Everything that cannot be read becomes a gap of the step that needed it.
pub struct Steps<'a> {
    pub(super) repo: &'a Repository,
    pub(super) survey: &'a Survey,
    pub(super) options: &'a Options,
    pub(super) material: Material<'a>,
    verifier: &'a dyn Verifier,
    pub(super) reach: Reach<'a>,
    pub(super) prober: Prober<'a>,
    /// Position of the next commit.
    next: usize,
    /// The last tree of the mainline that is known.
    before: Option<Oid>,
    /// Paths of brought commits that were given away so far.
    paths: Cell<u64>,
    /// The mainline before the anchor, once somebody asked.
    pub(super) older: OnceCell<HashSet<Oid>>,
}

/// Bytes that the steps of one chunk keep together, about, before it ends: files and lists of paths
/// that are small when packed can be large when read.
const CHUNK_BYTES: usize = 64 << 20;

/// How many paths the brought commits of one walk may change together, in multiples of the limit
/// `changed-paths`, which bounds each of them: two small trees that take turns change a million
/// paths with every commit.
pub(super) const PATHS_OF_ALL: u64 = 8;

impl<'a> Steps<'a> {
    /// Begins after the survey's anchor.
    ///
    /// # Errors
    /// [`ReadFailure`] where the anchor cannot be read.
    pub fn new(
        repo: &'a Repository,
        survey: &'a Survey,
        readers: &'a dyn Readers,
        verifier: &'a dyn Verifier,
        options: &'a Options,
    ) -> Result<Self, ReadFailure> {
        let before = survey.anchor().map_or(Ok(None), |anchor| tree_of(repo, anchor))?;
        let mut prober = Prober::new(repo, &survey.conditions, &survey.questions);
        if !survey.questions.is_empty() {
            prober.mainline.extend(survey.mainline.iter().skip(1));
        }
        Ok(Self {
            repo,
            survey,
            options,
            material: Material::new(repo, readers),
            verifier,
            prober,
            reach: Reach::new(repo, survey.conditions.clone(), survey.anchor()),
            next: 1,
            before,
            paths: Cell::new(0),
            older: OnceCell::new(),
        })
    }

    pub(super) fn settle_one(&self, draft: Draft) -> Option<Step> {
        settle(vec![draft], self.verifier).pop()
    }

    fn next_draft(&mut self) -> Option<Draft> {
        let id = *self.survey.mainline.get(self.next)?;
        let position = u64::try_from(self.next).unwrap_or(u64::MAX);
        self.next = self.next.saturating_add(1);
        let before = self.before;
        let draft = self.draft(id, position, before, true);
        if let Ok(head) = &draft.step.commit {
            self.before = Some(head.tree);
        } else if let Err(malformed) = &draft.step.commit {
            // Where the tree cannot be told, the next commit answers for the whole change.
            self.before = malformed.tree.or(before);
        }
        Some(draft)
    }

    /// A step against the tree `before`. `brings` is unset for the anchor, which brings only
    /// itself.
    pub(super) fn draft(
        &mut self,
        id: Oid,
        position: u64,
        before: Option<Oid>,
        brings: bool,
    ) -> Draft {
        let read = match brought::read(self.repo, id) {
            Ok(read) => read,
            Err(failure) => {
                // The survey read it a moment ago.
                let lost = crate::model::MalformedObject {
                    code: crate::finding::Code::MissingObject,
                    observed: failure.to_string(),
                    required: "the commit".to_owned(),
                    parents: None,
                    tree: None,
                    committer_time: None,
                };
                let mut step = empty_step(id, position, Err(lost));
                step.gaps.push(gap(commit_gap(&failure, None, &self.survey.conditions)));
                return Draft { step, questions: Vec::new() };
            }
        };
        let mut draft =
            Draft { step: empty_step(id, position, read.commit.clone()), questions: Vec::new() };
        let (tree, parents) = match &read.commit {
            Ok(head) => (Some(head.tree), head.parents.clone()),
            Err(bad) => (bad.tree, bad.parents.clone().unwrap_or_default()),
        };
        if let Some(tree) = tree {
            self.compare(&mut draft.step, Trees { before, after: Some(tree) });
            self.look_for_owners(&mut draft.step, tree);
        }
        if brings {
            if let Some(tree) = tree {
                self.probe(&mut draft.step, before, tree);
            }
            self.merged_registries(&mut draft.step, before, tree, &parents);
            self.bring(&mut draft, &parents);
        }
        self.own(&mut draft, read);
        self.name_commits(&mut draft);
        self.correct(&mut draft);
        draft
    }

    pub(super) fn note<T>(&self, step: &mut Step, result: Result<T, ReadFailure>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                let finding = object_gap(&failure, step.id, &self.survey.conditions);
                push_gap(step, finding);
                None
            }
        }
    }

    /// Keys, registry, manifests, subject: what the tree has that the one before has not.
    fn compare(&mut self, step: &mut Step, trees: Trees) {
        let Some(after) = trees.after else { return };
        if trees.before == trees.after {
            return;
        }
        let keys = self.material.keys(trees);
        if let Some(keys) = self.note(step, keys) {
            if keys.registry_changed() {
                let registry = self.material.registry(after);
                step.registry = self.note(step, registry);
            }
            for failure in &keys.failures {
                push_gap(step, object_gap(failure, step.id, &self.survey.conditions));
            }
            step.keys = keys.changes;
            step.key_files = keys.key_files;
            step.sha256 = keys.sha256;
            step.records = keys.records;
            self.cite(step, after);
            self.look_before_anchor(step);
        }
        let manifests = self.material.manifests(trees, &self.survey.manifest_paths);
        step.manifests = self.note(step, manifests).unwrap_or_default();
        let twins = self.material.new_twins(trees);
        step.twins = self.note(step, twins).unwrap_or_default();
        let added: Vec<String> = step
            .manifests
            .iter()
            .filter(|change| change.file.before.is_none() && change.file.after.is_some())
            .map(|change| change.file.path.clone())
            .collect();
        if !added.is_empty() {
            for naming in &self.survey.manifest_paths {
                let own: Vec<&str> = added
                    .iter()
                    .map(String::as_str)
                    .filter(|path| naming.classify(path).is_some())
                    .collect();
                if own.is_empty() {
                    continue;
                }
                let subject = self.subject(step, after, &own);
                if let Some(subject) = self.note(step, subject) {
                    step.subjects.insert(naming.clone(), subject);
                }
            }
            let changed = self.repo.diff(trees.before, trees.after);
            step.changed =
                self.note(step, changed).map(|all| all.into_iter().map(|c| c.path).collect());
            self.bound_contents(step);
            self.differences(step, after, &added);
        }
    }

    fn bring(&mut self, draft: &mut Draft, parents: &[Oid]) {
        let merged = parents.get(1..).unwrap_or(&[]);
        let found = self.reach.explore(merged, Some(draft.step.id));
        self.reach.meet(draft.step.id);
        for finding in found.gaps {
            push_gap(&mut draft.step, finding);
        }
        for id in found.order {
            let read = brought::read(self.repo, id);
            let Some(read) = self.note(&mut draft.step, read) else { continue };
            let at = draft.step.brought.len();
            let paths = self.paths_of(&mut draft.step, &read);
            let mut one = plain(id, read.commit.clone());
            one.paths = paths;
            if self.options.which == Which::Everything {
                one.signature = read.plain_fact();
                draft.questions.extend(read.request.map(|request| (Place::Brought(at), request)));
            }
            draft.step.brought.push(one);
        }
    }

    /// The commit itself: last of what it brings, and its signature.
    fn own(&self, draft: &mut Draft, read: Read) {
        let paths = self.paths_of(&mut draft.step, &read);
        draft.step.brought.push(Brought { paths, ..plain(draft.step.id, read.commit.clone()) });
        let gate = !draft.step.manifests.is_empty() || !draft.step.keys.is_empty();
        // A gap may hide that the commit is a gate.
        let wanted = gate || !draft.step.gaps.is_empty() || draft.step.position == 0;
        if wanted || self.options.which > Which::Gates {
            if let Some(fact) = read.plain_fact() {
                put(&mut draft.step, Place::Own, fact);
            }
            draft.questions.extend(read.request.map(|request| (Place::Own, request)));
        }
    }

    fn paths_of(&self, step: &mut Step, read: &Read) -> Vec<Vec<u8>> {
        match &read.commit {
            Ok(head) if self.wants_paths() && step.position > 0 => {
                let paths = self.few_paths(step.id, head);
                self.note(step, paths).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// A later registry can ask for what the anchor's does not.
    const fn wants_paths(&self) -> bool {
        self.options.brought_paths || self.survey.asks.changed_paths
    }

    /// Paths in which a commit differs from its first parent: what it landed.
    fn landed(&self, read: &Read) -> Result<Vec<Vec<u8>>, ReadFailure> {
        let (tree, parents) = match &read.commit {
            Ok(head) => (Some(head.tree), head.parents.as_slice()),
            Err(bad) => (bad.tree, bad.parents.as_deref().unwrap_or_default()),
        };
        let before = match parents.first() {
            Some(parent) => tree_of(self.repo, *parent)?,
            None => None,
        };
        let changes = self.repo.diff(before, tree)?;
        Ok(changes.into_iter().map(|change| change.path).collect())
    }

    /// Rules keep the paths of all commits since a gate, so that all of them together are bounded.
    fn few_paths(&self, id: Oid, head: &Head) -> Result<Vec<Vec<u8>>, ReadFailure> {
        let before = self.paths.get();
        let allowed = self.repo.limits().changed_paths.saturating_mul(PATHS_OF_ALL);
        if before > allowed {
            return Err(ReadFailure::TooLarge {
                id,
                limit: "changed-paths",
                unit: "changed paths, with those of the commits before it",
                observed: before,
                allowed,
            });
        }
        let paths = own_paths(self.repo, head)?;
        let count = u64::try_from(paths.len()).unwrap_or(u64::MAX);
        self.paths.set(before.saturating_add(count));
        Ok(paths)
    }

    /// Commits that manifests name: where a gate was made first and signed off later, its
    /// signature is asked for only now.
    fn name_commits(&self, draft: &mut Draft) {
        let mut ids: BTreeSet<Oid> = BTreeSet::new();
        let mut squashed: BTreeSet<Oid> = BTreeSet::new();
        for manifest in manifests(&draft.step) {
            if let Binding::Commit(id) = manifest.binding {
                ids.insert(id);
                if matches!(manifest.target, Target::Squash(_)) {
                    squashed.insert(id);
                }
            }
        }
        for id in ids.into_iter().filter(|id| self.repo.is_commit(*id)) {
            let read = brought::read(self.repo, id);
            let Some(read) = self.note(&mut draft.step, read) else { continue };
            let mut named = plain(id, read.commit.clone());
            named.signature = read.plain_fact();
            if squashed.contains(&id) {
                let paths = self.landed(&read);
                named.paths = self.note(&mut draft.step, paths).unwrap_or_default();
            }
            draft.step.named.insert(id, named);
            draft.questions.extend(read.request.map(|r: SignatureRequest| (Place::Named(id), r)));
        }
    }
}

impl Iterator for Steps<'_> {
    type Item = Vec<Step>;

    fn next(&mut self) -> Option<Vec<Step>> {
        let mut drafts = Vec::new();
        let mut bytes = 0_usize;
        while drafts.len() < self.options.chunk.max(1) && bytes < CHUNK_BYTES {
            let Some(draft) = self.next_draft() else { break };
            bytes = bytes.saturating_add(weight(&draft.step));
            drafts.push(draft);
        }
        (!drafts.is_empty()).then(|| settle(drafts, self.verifier))
    }
}

pub(super) fn manifests(step: &Step) -> impl Iterator<Item = &Manifest> {
    step.manifests.iter().filter_map(|change| change.reading.as_ref()?.manifest.as_deref())
}

/// The same gap is told once a step.
pub(super) fn push_gap(step: &mut Step, finding: Finding) {
    if !step.gaps.iter().any(|known| known.finding == finding) {
        step.gaps.push(gap(finding));
    }
}
