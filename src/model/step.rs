//! What the fold is given: the mainline, commit by commit, as plain values.
//!
//! Made in `history`; nothing in here needs git or cryptography any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ceremony::RecordReading;
use super::certificate::KeyFile;
use super::commit::{Identity, MalformedObject, Trailer};
use super::fact::{FactTable, SignatureFact};
use super::gate::{ManifestName, ManifestPaths};
use super::manifest::Manifest;
use super::oid::Oid;
use super::owners::OwnersFile;
use super::probe::{Answers, Probed};
use super::registry::Registry;
use super::time::Time;
use crate::finding::Finding;
use crate::source::Source;

/// A registry file that was read: the value where it is usable, and all problems.
#[derive(Clone, Debug)]
pub struct RegistryReading {
    /// The registry; `None` where a problem makes it unusable.
    pub registry: Option<Arc<Registry>>,
    /// Every problem, as findings without a commit. Some do not make it unusable.
    pub problems: Vec<Finding>,
}

/// What stands at the registry's path in one tree.
#[derive(Clone, Debug)]
pub enum RegistryFile {
    /// Nothing.
    Missing,
    /// Something that is not a regular file (mode 100644), in words: "a symbolic link".
    NotRegular(String),
    /// A regular file, with its blob id.
    File(Oid, Arc<RegistryReading>),
}

impl RegistryFile {
    /// The blob's id; `None` unless it is a regular file.
    #[must_use]
    pub const fn blob(&self) -> Option<Oid> {
        match self {
            Self::File(blob, _) => Some(*blob),
            _ => None,
        }
    }
}

/// A manifest file that was read.
#[derive(Clone, Debug)]
pub struct ManifestReading {
    /// The manifest; `None` where a problem makes it unusable.
    pub manifest: Option<Arc<Manifest>>,
    /// Every problem, as findings without a commit (`manifest-invalid`, `epoch-mismatch`).
    pub problems: Vec<Finding>,
}

/// A path that differs between a commit's tree and its first parent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The path.
    pub path: String,
    /// Mode and id before.
    pub before: Option<(u32, Oid)>,
    /// Mode and id after.
    pub after: Option<(u32, Oid)>,
}

/// A changed manifest path.
#[derive(Clone, Debug)]
pub struct ManifestChange {
    /// What the path is.
    pub name: ManifestName,
    /// The change; `before` is `None` where the file was added.
    pub file: FileChange,
    /// The file after the change; `None` where it was removed or is not a regular file.
    pub reading: Option<Arc<ManifestReading>>,
}

/// What the sign-offs of a gate can be bound to, computed from the gate's own tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The tree without the manifests that the commit adds, and without folders left empty.
    pub tree: Oid,
    /// Content digest of that tree; computed where a manifest states one.
    pub content_sha256: Option<[u8; 32]>,
}

/// Why something could not be read: always `undecided`, never a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// `missing-object` or `shallow-history`.
    pub finding: Finding,
}

/// A commit that a mainline commit brought: reachable from it, not from its first parent.
/// The mainline commit itself is the last of its own list.
#[derive(Clone, Debug)]
pub struct Brought {
    /// Its id.
    pub id: Oid,
    /// The commit's words, or why it is malformed.
    pub commit: Result<Head, MalformedObject>,
    /// The fact about its signature; made only where every commit is judged.
    pub signature: Option<SignatureFact>,
    /// Paths that it changes against its only parent, or against *every* parent of a merge.
    /// Empty where no rule needs them.
    pub paths: Vec<Vec<u8>>,
}

/// A commit's header without its signed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Tree.
    pub tree: Oid,
    /// Parents in order.
    pub parents: Vec<Oid>,
    /// Author.
    pub author: Identity,
    /// Committer.
    pub committer: Identity,
    /// First line of the message, unescaped, cut.
    pub subject: String,
    /// Addresses of `Co-authored-by` trailers.
    pub co_authors: Vec<String>,
    /// Every line of the message that reads `Token: value`, in order.
    pub trailers: Vec<Trailer>,
    /// Lines of the message that are one word alone, unescaped.
    pub marks: Vec<String>,
    /// Set where a signature header of the other object format was left out: its name.
    pub other_signature: Option<&'static str>,
}

impl Head {
    /// Of a commit that nobody has made yet: nobody's, at `time`, with nothing said in it.
    #[must_use]
    pub fn unmade(tree: Oid, parent: Oid, time: Time) -> Self {
        let nobody = || Identity { name: String::new(), email: String::new(), time };
        Self {
            tree,
            parents: vec![parent],
            author: nobody(),
            committer: nobody(),
            subject: String::new(),
            co_authors: Vec::new(),
            trailers: Vec::new(),
            marks: Vec::new(),
            other_signature: None,
        }
    }
}

/// A registry in the tree of a merged parent, and how it came to be there.
#[derive(Clone, Debug)]
pub struct MergedRegistry {
    /// The merged parent.
    pub parent: Oid,
    /// The registry in its tree; always a regular file.
    pub file: RegistryFile,
    /// The ceremony records in its tree that the first parent's does not have: by the serial in
    /// their name, lowest first, at most [`MergedRegistry::MAX_RECORDS`].
    pub records: Vec<Arc<RecordReading>>,
}

impl MergedRegistry {
    /// How many records are read for one commit.
    pub const MAX_RECORDS: usize = 64;
}

/// A commit that corrects a sign-off.
#[derive(Clone, Debug)]
pub struct Correction {
    /// The commit, always with the fact about its signature.
    pub commit: Brought,
    /// Manifests in which it differs from its first parent.
    pub manifests: Vec<ManifestChange>,
}

/// One mainline commit after the anchor.
#[derive(Clone, Debug)]
pub struct Step {
    /// The commit.
    pub id: Oid,
    /// Its place on the mainline: the anchor is 0.
    pub position: u64,
    /// The commit's words, or why it is malformed.
    pub commit: Result<Head, MalformedObject>,
    /// The fact about its signature; `None` where it was not made because no rule could ask for it.
    pub signature: Option<SignatureFact>,
    /// The registry, where it differs from the first parent's.
    pub registry: Option<RegistryFile>,
    /// Everything below `keys/` that differs from the first parent's tree, the registry included.
    pub keys: Vec<FileChange>,
    /// Contents of the changed or added regular files below `keys/` that could be key files, by path.
    pub key_files: BTreeMap<String, (Oid, Arc<KeyFile>)>,
    /// SHA-256 of the contents of the changed or added regular files below `keys/`, by path:
    /// the registry, key files and ceremony records.
    pub sha256: BTreeMap<String, [u8; 32]>,
    /// Ceremony records (regular `.toml` files below `keys/ceremonies/`) that were added or
    /// changed.
    pub records: Vec<Arc<RecordReading>>,
    /// What the records cite in `charter_ack`: the file's path and its text in this commit's own
    /// tree. Only regular files of UTF-8 text are here, at most [`Step::MAX_CITED`] of them.
    pub cited: BTreeMap<String, Arc<Source>>,
    /// Those `parent`s of the records that are no mainline commit after the anchor, but an
    /// ancestor of it.
    pub before_anchor: BTreeSet<Oid>,
    /// Manifests that differ, for every naming that any registry of the judged history uses.
    pub manifests: Vec<ManifestChange>,
    /// By naming: set where `manifests` adds one of that naming. Only the naming of the registry in
    /// force decides what is taken out of the tree that people sign off.
    pub subjects: BTreeMap<ManifestPaths, Subject>,
    /// Content digests of the trees of earlier commits that the manifests name in `gate_commit`,
    /// by commit; computed where a manifest states one.
    pub bound_content: BTreeMap<Oid, [u8; 32]>,
    /// For each `subject_tree` that a manifest states and that is held but is not this commit's
    /// subject: paths in which the two differ, at most [`Step::MAX_DIFFERENCES`].
    pub subject_differences: BTreeMap<Oid, Vec<String>>,
    /// Paths that differ from the first parent's tree; set where `manifests` adds one.
    pub changed: Option<Vec<Vec<u8>>>,
    /// Commits that this one brought, itself last. Oldest first.
    pub brought: Vec<Brought>,
    /// Registries in the trees of merged parents that differ from the first parent's and from this commit's.
    pub merged_registries: Vec<MergedRegistry>,
    /// Commits that its manifests name (`gate_commit`) and that are held here,
    /// by id, always with the fact about their signature; they need not be on the mainline. Where a
    /// squash manifest's `gate_commit` names one, `paths` are those in which it differs from its first parent.
    pub named: BTreeMap<Oid, Brought>,
    /// Commits that `superseded_by` leads to, as far as the mainline up to here holds them: those
    /// that sign-offs of this commit name, and those that their sign-offs name in turn, at most
    /// [`Step::MAX_CORRECTIONS`].
    pub corrections: BTreeMap<Oid, Correction>,
    /// Paths that this commit brings and that differ from the registry's path or folder in
    /// letter case only.
    pub twins: Vec<String>,
    /// What policies ask about the change since the gate before, for each epoch manifest that the
    /// commit adds.
    pub probed: Vec<Probed>,
    /// What policies ask about this commit's own change against its first parent.
    pub landed: Answers,
    /// CODEOWNERS in the tree of each epoch gate that the commit makes: by the earlier commit that
    /// the manifest names in `gate_commit`, or `None` for this one. Looked for where a registry asks.
    pub owners: BTreeMap<Option<Oid>, OwnersFile>,
    /// What could not be read while this step was made.
    pub gaps: Vec<Gap>,
    /// Facts about signatures of the statements that this commit carries.
    pub facts: FactTable,
}

impl Step {
    /// How many corrections are followed.
    pub const MAX_CORRECTIONS: usize = 64;

    /// How many differing paths are kept.
    pub const MAX_DIFFERENCES: usize = 20;
    /// How many cited files are read.
    pub const MAX_CITED: usize = 64;

    /// A step about which nothing is known yet but the commit's own words.
    #[must_use]
    pub fn empty(id: Oid, commit: Result<Head, MalformedObject>) -> Self {
        Self {
            id,
            position: 0,
            commit,
            signature: None,
            registry: None,
            keys: Vec::new(),
            key_files: BTreeMap::new(),
            sha256: BTreeMap::new(),
            records: Vec::new(),
            cited: BTreeMap::new(),
            before_anchor: BTreeSet::new(),
            manifests: Vec::new(),
            subjects: BTreeMap::new(),
            subject_differences: BTreeMap::new(),
            bound_content: BTreeMap::new(),
            changed: None,
            brought: Vec::new(),
            merged_registries: Vec::new(),
            named: BTreeMap::new(),
            corrections: BTreeMap::new(),
            twins: Vec::new(),
            probed: Vec::new(),
            landed: Answers::new(),
            owners: BTreeMap::new(),
            gaps: Vec::new(),
            facts: FactTable::default(),
        }
    }
}

/// A manifest that stands in the anchor's tree.
#[derive(Clone, Debug)]
pub struct StandingManifest {
    /// What it is.
    pub name: ManifestName,
    /// Its path.
    pub path: String,
    /// Blob id.
    pub blob: Oid,
    /// What it says.
    pub reading: Arc<ManifestReading>,
    /// The mainline commit at or before the anchor that added it, with that commit's dates;
    /// looked up for the highest epoch only.
    pub added_by: Option<(Oid, super::time::Time)>,
}

/// The anchor: where the fold starts.
#[derive(Clone, Debug)]
pub struct Start {
    /// The anchor itself, as a step against its own first parent (or the empty tree), so that an
    /// anchor that is a gate can be judged too.
    pub step: Step,
    /// The registry in its tree.
    pub registry: RegistryFile,
    /// Key files below `keys/` in its tree.
    pub key_files: BTreeMap<String, (Oid, Arc<KeyFile>)>,
    /// Manifests in its tree.
    pub manifests: Vec<StandingManifest>,
    /// CODEOWNERS in its tree, where a registry asks.
    pub owners: OwnersFile,
    /// Records below `keys/ceremonies/` in its tree.
    pub records: Vec<Arc<RecordReading>>,
}
