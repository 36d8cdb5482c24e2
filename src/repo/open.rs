//! Finding and opening a repository.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::trees::Trees;
use crate::error::{Error, Result};
use crate::model::text::{shown, typed};
use crate::model::{Limits, ObjectFormat};

/// An open repository. Objects can be read from several threads at once.
pub struct Repository {
    /// libgit2's handle, for refs and paths. It is `Send` only, hence the lock.
    git: Mutex<git2::Repository>,
    /// An object database of our own over the same files: `Sync`, and free of the handle's
    /// environment, replace refs and grafts.
    odb: git2::Odb<'static>,
    /// The same for further threads, opened when one comes: libgit2 holds a lock while it
    /// inflates, so that threads that share a database wait for each other.
    more: Vec<OnceLock<Option<git2::Odb<'static>>>>,
    trees: Mutex<Trees>,
    limits: Limits,
    format: ObjectFormat,
    /// Folders of objects: the repository's own, then those that the caller lent.
    objects: Vec<String>,
    git_dir: PathBuf,
    common_dir: PathBuf,
    work_dir: Option<PathBuf>,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("git_dir", &self.git_dir).finish_non_exhaustive()
    }
}

impl Repository {
    /// Opens the repository that `path` lies in: a work tree or a folder inside of it, a linked
    /// work tree, a submodule, a bare repository or a `.git` folder. `GIT_DIR` and its kin are
    /// not looked at.
    ///
    /// # Errors
    /// [`Error::Unusable`] where there is no repository; [`Error::CannotRead`] where there is
    /// one that cannot be read as it is (partial clone, other owner, unknown extension), with
    /// the command that mends it.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self> {
        Self::open_with_objects(path, limits, &[])
    }

    /// As [`Repository::open`], with further folders of objects to read from: those of a push that
    /// is not accepted yet lie in one of their own. Objects go by their hash, so none can stand in
    /// for another.
    ///
    /// # Errors
    /// As [`Repository::open`]; [`Error::CannotRead`] for a folder that is not there.
    pub fn open_with_objects(path: &Path, limits: &Limits, objects: &[PathBuf]) -> Result<Self> {
        // Every object's bytes are hashed when read. The cache of objects is off: it would
        // grow to 256 MiB on long walks, which read each object once or twice.
        git2::opts::strict_hash_verification(true);
        git2::opts::enable_caching(false);
        // Without `FROM_ENV` libgit2 reads no GIT_* variable; with no flag it searches upward.
        let open = |path: &Path, flags| {
            git2::Repository::open_ext(path, flags, std::iter::empty::<&std::ffi::OsStr>())
        };
        let git = open(path, git2::RepositoryOpenFlags::empty())
            .or_else(|error| {
                // A `core.worktree` that leads nowhere is no reason to overlook a repository:
                // nothing is judged by work trees. As a bare one it is opened without.
                if error.code() != git2::ErrorCode::NotFound {
                    return Err(error);
                }
                let found = git2::Repository::discover_path(path, std::iter::empty::<&Path>());
                open(&found.map_err(|_| error)?, git2::RepositoryOpenFlags::BARE)
            })
            .map_err(|error| not_opened(path, &error))?;
        Self::from_git(git, path, limits, objects)
    }

    pub(super) fn from_git(
        git: git2::Repository,
        path: &Path,
        limits: &Limits,
        lent: &[PathBuf],
    ) -> Result<Self> {
        let format = match git.object_format() {
            git2::ObjectFormat::Sha1 => ObjectFormat::Sha1,
            git2::ObjectFormat::Sha256 => ObjectFormat::Sha256,
        };
        let (git_dir, common_dir) = (git.path().to_owned(), git.commondir().to_owned());
        let work_dir = git.workdir().map(Path::to_owned);
        let objects = object_folders(&common_dir, lent)?;
        let odb = database(format, &objects).map_err(|error| not_opened(path, &error))?;
        let threads = rayon::current_num_threads().min(DATABASES);
        Ok(Self {
            git: Mutex::new(git),
            odb,
            more: std::iter::repeat_with(OnceLock::new).take(threads).collect(),
            trees: Mutex::default(),
            limits: *limits,
            format,
            objects,
            git_dir,
            common_dir,
            work_dir,
        })
    }

    /// How this repository names objects.
    #[must_use]
    pub const fn format(&self) -> ObjectFormat {
        self.format
    }

    /// The bounds that reading keeps to.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The repository's own folder; for a linked work tree the one below `worktrees/`.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The folder that linked work trees share: objects, refs, configuration.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The work tree; `None` for a bare repository.
    #[must_use]
    pub fn work_dir(&self) -> Option<&Path> {
        self.work_dir.as_deref()
    }

    /// Folders that objects are read from.
    pub(super) fn object_folders(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().map(String::as_str)
    }

    /// Where a repository that was written to keeps its objects, to be lent to another.
    #[must_use]
    pub fn objects_dir(&self) -> PathBuf {
        self.common_dir.join("objects")
    }

    /// The object database for the thread that asks.
    pub(super) fn odb(&self) -> &git2::Odb<'static> {
        let Some(own) = rayon::current_thread_index().and_then(|n| self.more.get(n)) else {
            return &self.odb;
        };
        own.get_or_init(|| database(self.format, &self.objects).ok()).as_ref().unwrap_or(&self.odb)
    }

    /// Makes objects known that were written by another handle.
    pub(super) fn refresh(&self) -> Result<(), git2::Error> {
        let more = self.more.iter().filter_map(|odb| odb.get()?.as_ref());
        std::iter::once(&self.odb).chain(more).try_for_each(git2::Odb::refresh)
    }

    pub(super) fn trees(&self) -> MutexGuard<'_, Trees> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn git(&self) -> MutexGuard<'_, git2::Repository> {
        self.git.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many threads have an object database of their own.
const DATABASES: usize = 16;

/// The repository's own folder of objects first.
fn object_folders(common_dir: &Path, lent: &[PathBuf]) -> Result<Vec<String>> {
    let mut folders: Vec<String> = Vec::new();
    let own = common_dir.join("objects");
    for folder in std::iter::once(&own).chain(lent) {
        let text = folder.to_str().ok_or_else(|| {
            Error::unusable(
                format!("the path of {} is not UTF-8", shown(&folder.to_string_lossy())),
                "move or clone the repository to a path of plain characters",
            )
        })?;
        if folder != &own && !folder.is_dir() {
            return Err(Error::cannot_read(
                format!("there is no folder of objects at {}", shown(text)),
                "git count-objects -v shows where git looks for them",
            ));
        }
        if !folders.iter().any(|known| known == text) {
            folders.push(text.to_owned());
        }
    }
    Ok(folders)
}

fn database(format: ObjectFormat, objects: &[String]) -> Result<git2::Odb<'static>, git2::Error> {
    let odb = git2::Odb::new_ext(match format {
        ObjectFormat::Sha1 => git2::ObjectFormat::Sha1,
        ObjectFormat::Sha256 => git2::ObjectFormat::Sha256,
    })?;
    for folder in objects {
        odb.add_disk_alternate(folder)?;
    }
    Ok(odb)
}

/// Why libgit2 did not open it, and what mends that.
fn not_opened(path: &Path, error: &git2::Error) -> Error {
    let at = shown(&path.to_string_lossy());
    let typed_at = typed(&path.to_string_lossy());
    let words = shown(error.message());
    let lower = words.to_lowercase();
    if lower.contains("partialclone") {
        return Error::cannot_read(
            format!("{at} is a partial clone: objects that the verdict needs may be absent"),
            format!(
                "git -C {typed_at} fetch --refetch --no-filter origin && \
                 git -C {typed_at} config --unset extensions.partialClone"
            ),
        );
    }
    if lower.contains("refstorage") || lower.contains("reftable") {
        return Error::cannot_read(
            format!("{at} keeps its refs in a format that is not read here (reftable)"),
            format!("git -C {typed_at} refs migrate --ref-format=files"),
        );
    }
    if error.code() == git2::ErrorCode::Owner || lower.contains("not owned by current user") {
        return Error::cannot_read(
            format!("{at} belongs to another user, and its configuration could run programs"),
            format!("git config --global --add safe.directory {typed_at}"),
        );
    }
    if lower.contains("graft") {
        return Error::cannot_read(
            format!("{at} has a file of grafts or shallow commits that cannot be read: {words}"),
            format!(
                "look at {at}/.git/info/grafts and {at}/.git/shallow, and remove the one that is \
                 broken; no verdict needs them"
            ),
        );
    }
    if lower.contains("extension") {
        return Error::cannot_read(
            format!("{at} uses a repository extension that is not read here: {words}"),
            format!("git clone --mirror {typed_at} FRESH && gatecheck --repo FRESH"),
        );
    }
    if error.code() == git2::ErrorCode::NotFound {
        return Error::unusable(
            format!("there is no git repository at {at} or above it"),
            "gatecheck --repo PATH",
        );
    }
    Error::cannot_read(
        format!("the repository at {at} cannot be opened: {words}"),
        format!("git -C {typed_at} fsck"),
    )
}
