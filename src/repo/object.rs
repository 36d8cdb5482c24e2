//! Raw objects whose hash was checked.

use super::Repository;
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::model::text::shown;
use crate::model::{ObjectFormat, Oid};

/// The kinds of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// A file's content.
    Blob,
    /// An annotated tag.
    Tag,
}

impl ObjectKind {
    /// Git's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    const fn from_git(kind: git2::ObjectType) -> Option<Self> {
        Some(match kind {
            git2::ObjectType::Commit => Self::Commit,
            git2::ObjectType::Tree => Self::Tree,
            git2::ObjectType::Blob => Self::Blob,
            git2::ObjectType::Tag => Self::Tag,
            git2::ObjectType::Any => return None,
        })
    }

    pub(super) const fn to_git(self) -> git2::ObjectType {
        match self {
            Self::Commit => git2::ObjectType::Commit,
            Self::Tree => git2::ObjectType::Tree,
            Self::Blob => git2::ObjectType::Blob,
            Self::Tag => git2::ObjectType::Tag,
        }
    }
}

/// An object's kind and bytes. The bytes hash to the id it was read by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its content, without git's header.
    pub data: Vec<u8>,
}

/// Why an object could not be read. Never a pass, and never an empty answer instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    /// The repository does not hold it.
    #[error("object {0} is missing")]
    Missing(Oid),
    /// It is there, but its bytes are damaged or are not those that its name promises.
    #[error("object {id} cannot be read: {why}")]
    Corrupt {
        /// Which object.
        id: Oid,
        /// libgit2's words, escaped.
        why: String,
    },
    /// Another kind of object stands where this one belongs.
    #[error("object {id} is a {found}, where a {expected} belongs", found = found.name(), expected = expected.name())]
    WrongKind {
        /// Which object.
        id: Oid,
        /// What was needed.
        expected: ObjectKind,
        /// What it is.
        found: ObjectKind,
    },
    /// A bound on input was hit.
    #[error("object {id} has {observed} {unit}; the limit {limit} allows {allowed}")]
    TooLarge {
        /// Which object.
        id: Oid,
        /// The limit's name, as `--limit` takes it.
        limit: &'static str,
        /// What is counted.
        unit: &'static str,
        /// How much there is (at least).
        observed: u64,
        /// How much is allowed.
        allowed: u64,
    },
    /// A tree that git would refuse: its paths cannot be trusted.
    #[error("tree {id} is malformed: {why}")]
    MalformedTree {
        /// Which tree.
        id: Oid,
        /// What is wrong with it, escaped.
        why: String,
    },
}

impl ReadFailure {
    /// The object that could not be read.
    #[must_use]
    pub const fn id(&self) -> Oid {
        match self {
            Self::Missing(id)
            | Self::Corrupt { id, .. }
            | Self::WrongKind { id, .. }
            | Self::TooLarge { id, .. }
            | Self::MalformedTree { id, .. } => *id,
        }
    }

    /// What the person at the keyboard can do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Missing(_) => {
                "git fetch --refetch --no-filter origin (or clone the repository anew)".to_owned()
            }
            Self::Corrupt { .. } => {
                "git fsck names what is damaged; clone the repository anew".to_owned()
            }
            Self::TooLarge { limit, observed, .. } => {
                format!("if this is meant to be so large: --limit {limit}={observed}")
            }
            Self::WrongKind { .. } | Self::MalformedTree { .. } => {
                "git fsck says more; an honest git never writes such an object".to_owned()
            }
        }
    }

    /// The failure as a finding about `commit`: `missing-object` (undecided), or
    /// `malformed-object` (refused) where the object itself is at fault.
    #[must_use]
    pub fn finding(&self, commit: Oid) -> Finding {
        let (code, required) = match self {
            Self::Missing(_) => (Code::MissingObject, "every object between tip and anchor"),
            Self::Corrupt { .. } => (Code::MissingObject, "an object whose bytes hash to its name"),
            Self::TooLarge { .. } => (Code::MissingObject, "an object within the limit"),
            Self::WrongKind { .. } => (Code::MalformedObject, "objects of the right kind"),
            Self::MalformedTree { .. } => (Code::MalformedObject, "a tree as git writes it"),
        };
        Finding::new(code, format!("commit {}: {self}", commit.short()))
            .help(self.help())
            .commit(commit)
            .compared(self.to_string(), required)
    }

    /// Whether the failure means "cannot tell" rather than "refused".
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.finding(self.id()).severity == Severity::Undecided
    }
}

/// How many bytes of signature a commit may carry and still be read: 64 MiB.
const SIGNATURE_CEILING: u64 = 64 << 20;

/// How many bytes a file may have whose content only goes into a digest: 1 GiB.
const LARGE_BLOB: u64 = 1 << 30;

impl From<ReadFailure> for Error {
    fn from(failure: ReadFailure) -> Self {
        Self::cannot_read(failure.to_string(), failure.help())
    }
}

impl Repository {
    /// Reads an object of any kind, within the limit of its kind.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn read(&self, id: Oid) -> Result<Object, ReadFailure> {
        let git_id = self.git_id(id).ok_or(ReadFailure::Missing(id))?;
        let (size, kind) = self.odb().read_header(git_id).map_err(|e| failure(id, &e))?;
        let kind = known(id, kind)?;
        self.within(id, kind, size)?;
        let object = self.odb().read(git_id).map_err(|e| failure(id, &e))?;
        // The header above was not hashed; this one was, with the bytes.
        let kind = known(id, object.kind())?;
        self.within(id, kind, object.len())?;
        Ok(Object { kind, data: object.data().to_vec() })
    }

    /// Reads an object of one kind; its bytes.
    ///
    /// # Errors
    /// [`ReadFailure::WrongKind`] for another kind, else as [`Repository::read`].
    pub fn read_kind(&self, id: Oid, expected: ObjectKind) -> Result<Vec<u8>, ReadFailure> {
        let object = self.read(id)?;
        if object.kind != expected {
            return Err(ReadFailure::WrongKind { id, expected, found: object.kind });
        }
        Ok(object.data)
    }

    /// Reads a file's content, up to the limit `file-bytes`.
    ///
    /// # Errors
    /// As [`Repository::read_kind`].
    pub fn read_blob(&self, id: Oid) -> Result<Vec<u8>, ReadFailure> {
        self.read_kind(id, ObjectKind::Blob)
    }

    /// Calls `work` with a file's content, for digests over whole trees: up to 1 GiB, or the limit
    /// `file-bytes` where that is more. A few kilobytes can inflate to any size.
    ///
    /// # Errors
    /// As [`Repository::read_kind`].
    pub fn with_large_blob<T>(
        &self,
        id: Oid,
        work: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ReadFailure> {
        let git_id = self.git_id(id).ok_or(ReadFailure::Missing(id))?;
        let (size, _) = self.odb().read_header(git_id).map_err(|e| failure(id, &e))?;
        let observed = u64::try_from(size).unwrap_or(u64::MAX);
        let allowed = self.limits().file_bytes.max(LARGE_BLOB);
        if observed > allowed {
            let limit = "file-bytes";
            return Err(ReadFailure::TooLarge { id, limit, unit: "bytes", observed, allowed });
        }
        let object = self.odb().read(git_id).map_err(|e| failure(id, &e))?;
        let found = known(id, object.kind())?;
        if found != ObjectKind::Blob {
            return Err(ReadFailure::WrongKind { id, expected: ObjectKind::Blob, found });
        }
        Ok(work(object.data()))
    }

    /// Whether the repository holds an object of this name (its bytes are not looked at).
    #[must_use]
    pub fn holds(&self, id: Oid) -> bool {
        self.git_id(id).is_some_and(|git_id| self.odb().exists(git_id))
    }

    /// The id as libgit2 takes it; `None` for one of the other object format, which is never here,
    /// and which libgit2 would write past the end of its own shorter ids.
    pub(super) fn git_id(&self, id: Oid) -> Option<git2::Oid> {
        if id.format() == self.format() { to_git(id) } else { None }
    }

    /// The id that bytes would have as an object of this repository. Nothing is written.
    ///
    /// # Errors
    /// [`Error::Defect`] where the hash refuses its input (a SHA-1 collision attack).
    pub fn hash(&self, kind: ObjectKind, data: &[u8]) -> Result<Oid, Error> {
        hash_object(kind, data, self.format())
    }

    fn within(&self, id: Oid, kind: ObjectKind, size: usize) -> Result<(), ReadFailure> {
        let limits = self.limits();
        let (limit, allowed) = match kind {
            ObjectKind::Blob => ("file-bytes", limits.file_bytes),
            ObjectKind::Tag => ("object-bytes", limits.object_bytes),
            // The limit counts what is signed. A signature has a bound of its own, and one that
            // breaks it is to be named for what it is.
            ObjectKind::Commit => {
                ("object-bytes", limits.object_bytes.saturating_add(SIGNATURE_CEILING))
            }
            // An entry is a mode, a name of at most 4,096 bytes and an id; most are far smaller.
            ObjectKind::Tree => ("tree-entries", limits.tree_entries.saturating_mul(512)),
        };
        let observed = u64::try_from(size).unwrap_or(u64::MAX);
        if observed > allowed {
            return Err(ReadFailure::TooLarge { id, limit, unit: "bytes", observed, allowed });
        }
        Ok(())
    }
}

/// The id that bytes have as an object.
///
/// # Errors
/// [`Error::Defect`] where the hash refuses its input (a SHA-1 collision attack).
pub fn hash_object(kind: ObjectKind, data: &[u8], format: ObjectFormat) -> Result<Oid, Error> {
    let git_format = match format {
        ObjectFormat::Sha1 => git2::ObjectFormat::Sha1,
        ObjectFormat::Sha256 => git2::ObjectFormat::Sha256,
    };
    git2::Oid::hash_object_ext(kind.to_git(), data, git_format)
        .ok()
        .and_then(from_git)
        .ok_or_else(|| Error::Defect(format!("a {} could not be hashed", kind.name())))
}

fn to_git(id: Oid) -> Option<git2::Oid> {
    git2::Oid::from_bytes(id.as_bytes()).ok()
}

pub(super) fn from_git(id: git2::Oid) -> Option<Oid> {
    Oid::from_bytes(id.as_bytes())
}

fn known(id: Oid, kind: git2::ObjectType) -> Result<ObjectKind, ReadFailure> {
    ObjectKind::from_git(kind)
        .ok_or_else(|| ReadFailure::Corrupt { id, why: "of no kind that git knows".to_owned() })
}

fn failure(id: Oid, error: &git2::Error) -> ReadFailure {
    if error.code() == git2::ErrorCode::NotFound {
        return ReadFailure::Missing(id);
    }
    ReadFailure::Corrupt { id, why: shown(error.message()) }
}
