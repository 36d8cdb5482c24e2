//! From a command line's request to the judge: opens the repository, reads the verifier's own
//! files, and keeps the checkpoint.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint;
use super::evidence::unpack;
use super::verify::Request;
use crate::check::{self, PinnedRegistry, TagRef};
use crate::error::{Error, Result};
use crate::model::Limits;
use crate::model::registry::KEYS_FOLDER;
use crate::model::text::shown;
use crate::progress::Progress;
use crate::registry;
use crate::repo::Repository;
use crate::report::{Checkpoint, Report, Verdict};
use crate::signature::FactCache;

/// Judges what a command line asks for.
pub(super) fn judge(request: &Request, progress: &dyn Progress) -> Result<Report> {
    let mut report = match &request.bundle {
        Some(bundle) => unpack::judge(bundle, request, progress)?,
        None => {
            let Prepared { repo, asked, cache } = prepare(request)?;
            check::verify(&repo, &asked, cache, progress)?
        }
    };
    if let Some(path) = &request.checkpoint {
        advance(path, &mut report)?;
    }
    Ok(report)
}

/// Judges tags, given by short or full name. A checkpoint is read, and never moved on: tags of old
/// lie behind it.
pub(super) fn judge_tags(
    names: &[String],
    request: &Request,
    progress: &dyn Progress,
) -> Result<Report> {
    let Prepared { repo, asked, cache } = prepare(request)?;
    let tags = names.iter().map(|name| standing_tag(&repo, name)).collect::<Result<Vec<_>>>()?;
    check::verify_tags(&repo, &asked, &tags, cache, progress)
}

/// The tag of a name that a person typed; branches and other refs are never taken for one.
pub(super) fn standing_tag(repo: &Repository, name: &str) -> Result<TagRef> {
    let reference = tag_reference(name)?;
    match repo.reference(&reference)? {
        Some(id) => Ok(TagRef { reference, id, fresh: false }),
        None => Err(Error::unusable(
            format!("there is no tag {} in this repository", shown(name)),
            "git tag --list shows those there are; git fetch --tags gets the remote's",
        )),
    }
}

/// The full name of a tag's ref.
pub(super) fn tag_reference(name: &str) -> Result<String> {
    Repository::tag_reference(name).ok_or_else(|| {
        Error::unusable(
            format!("{} is no name that git gives a tag", shown(name)),
            "choose one like v1.0; git help check-ref-format tells what is allowed",
        )
    })
}

/// A repository, and what the judge is asked about it.
pub(super) struct Prepared {
    pub(super) repo: Repository,
    pub(super) asked: check::Request,
    pub(super) cache: Option<FactCache>,
}

/// Opens the repository and reads the verifier's own files.
pub(super) fn prepare(request: &Request) -> Result<Prepared> {
    if request.registry.is_some() && request.checkpoint.is_some() {
        // Even where the file is not there yet: it would never be written.
        return Err(check::passed_over("--checkpoint"));
    }
    let repo = Repository::open(&request.folder, &request.limits)?;
    let checkpoint = match &request.checkpoint {
        Some(path) => read_checkpoint(path)?,
        None => None,
    };
    let pinned = match &request.registry {
        Some(path) => Some(read_pinned(path, &request.limits)?),
        None => None,
    };
    let asked = check::Request {
        tip: request.tip.clone(),
        anchor: request.anchor,
        anchor_signer: request.anchor_signer,
        trust_on_first_use: request.trust_on_first_use,
        checkpoint,
        branch: request.branch.clone(),
        pinned,
        require_covered: request.require_covered,
        every_commit: request.every_commit,
        record_commits: request.record_commits,
        now: request.now,
        limits: request.limits,
        jobs: request.jobs,
    };
    // A cache that cannot be used costs time, nothing else.
    let cache = request.cache.as_deref().and_then(|folder| FactCache::open(folder).ok());
    Ok(Prepared { repo, asked, cache })
}

/// A file that is not there yet is no checkpoint: this run makes the first one.
pub(super) fn read_checkpoint(path: &Path) -> Result<Option<Checkpoint>> {
    let bytes = match read_bounded(path, 4096) {
        Ok(bytes) => bytes,
        Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    checkpoint::parse(&bytes).map(Some).map_err(|why| {
        Error::unusable(
            format!("the checkpoint file {} cannot be read: {why}", path.display()),
            "put it back as an earlier run wrote it; remove it only if you know why it broke",
        )
    })
}

/// After a pass, the checkpoint moves on to what was accepted. It never moves back.
pub(super) fn advance(path: &Path, report: &mut Report) -> Result<()> {
    let (Verdict::Pass, Some(covered), Some(registry)) =
        (report.verdict, report.covered, report.registry.as_ref())
    else {
        return Ok(());
    };
    let reached = Checkpoint { commit: covered.commit, serial: registry.serial };
    if report.checkpoint == Some(reached) {
        return Ok(());
    }
    let text = checkpoint::write(&reached).map_err(Error::Defect)?;
    let failed = |source| Error::File { path: path.to_owned(), source };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(text.as_bytes()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(path).map_err(|error| failed(error.error))?;
    report.checkpoint = Some(reached);
    Ok(())
}

/// Reads a pinned registry, and the key files beside it as if its folder were `keys/`.
pub(super) fn read_pinned(path: &Path, limits: &Limits) -> Result<PinnedRegistry> {
    read_pinned_as(path, &path.to_string_lossy(), limits)
}

/// As [`read_pinned`], with the name that findings give the file.
pub(super) fn read_pinned_as(path: &Path, name: &str, limits: &Limits) -> Result<PinnedRegistry> {
    let bytes = read_bounded(path, limits.file_bytes)?;
    let reading = registry::read(name, &bytes, limits);
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut key_files = BTreeMap::new();
    for named in reading.registry.iter().flat_map(|registry| registry.key_paths()) {
        let Some(below) = named.strip_prefix(KEYS_FOLDER).and_then(|p| p.strip_prefix('/')) else {
            continue;
        };
        let file: PathBuf = folder.join(below);
        match read_bounded(&file, limits.file_bytes) {
            Ok(bytes) => {
                key_files.insert(named, bytes);
            }
            // The judge names the missing file where it is needed.
            Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(PinnedRegistry { reading: Arc::new(reading), key_files })
}

/// A failure to read from the repository.
pub(super) fn unreadable(failure: crate::repo::ReadFailure) -> Error {
    Error::cannot_read(failure.to_string(), failure.help())
}

/// Reads a file of the verifier's own, up to the bound `file-bytes`.
pub(super) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>> {
    read_up_to(path, limit, "file-bytes")
}

/// Reads a file of the verifier's own, up to a bound of that name.
pub(super) fn read_up_to(path: &Path, limit: u64, name: &str) -> Result<Vec<u8>> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(Error::unusable(
            format!("{} is longer than {limit} bytes", path.display()),
            format!("raise the bound with --limit {name}=N if the file is what you expect"),
        ));
    }
    Ok(bytes)
}
