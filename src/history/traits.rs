//! What other rooms lend to this one, and what a walk is asked for.

use std::sync::Arc;

use crate::model::owners::OwnersReading;
use crate::model::step::{ManifestReading, RegistryReading, Step};
use crate::model::{KeyFile, ManifestName, RecordReading, RequestId, SignatureFact};
use crate::source::Source;

/// Reads files whose bytes were found in a tree.
pub trait Readers {
    /// Reads a registry.
    fn registry(&self, source: &Arc<Source>) -> RegistryReading;
    /// Reads a manifest; its path is the source's.
    fn manifest(&self, name: &ManifestName, source: &Arc<Source>) -> ManifestReading;
    /// Reads a ceremony record; its path is the source's.
    fn record(&self, source: &Arc<Source>) -> RecordReading;
    /// Reads a CODEOWNERS file; its path is the source's.
    fn owners(&self, source: &Arc<Source>) -> OwnersReading;
    /// Reads a key file.
    fn key_file(&self, bytes: &[u8]) -> KeyFile;
}

/// Makes facts about signatures.
pub trait Verifier {
    /// One fact for each request, in the same order; as parallel as it likes.
    fn verify(&self, requests: &[SignatureRequest]) -> Vec<SignatureFact>;

    /// The signatures over statements that a commit's manifests and ceremony records carry, and
    /// those of the records of merged registries.
    /// The step is complete but for its signature facts.
    fn statements(&self, step: &Step) -> Vec<(RequestId, SignatureRequest)>;
}

/// One question: whose signature is this over these bytes?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureRequest {
    /// What kind of thing is signed.
    pub purpose: Purpose,
    /// The signed bytes.
    pub payload: Vec<u8>,
    /// The signature, armored as it stood in the object or file.
    pub signature: Vec<u8>,
}

/// What a signature is for: SSH signatures name it in their namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A commit or tag (SSH namespace `git`).
    Git,
    /// A statement (SSH namespace `gatecheck`).
    Statement,
}

/// Whose signatures are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Of mainline commits that change a manifest or anything below `keys/`.
    Gates,
    /// Of every mainline commit.
    EveryMainline,
    /// Of every commit, brought ones included.
    Everything,
}

/// What a walk is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose signatures are verified.
    pub which: Which,
    /// Whether rules need the paths that each brought commit changes.
    pub brought_paths: bool,
    /// The branch with gates of its own that is judged (full ref name); `None` for the mainline.
    pub branch: Option<String>,
    /// How many mainline commits (or, commit by commit, commits) make a chunk; 0 counts as 1.
    pub chunk: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { which: Which::Gates, brought_paths: true, branch: None, chunk: 1_024 }
    }
}
