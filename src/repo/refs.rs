//! Names that people type, resolved to full ids of commits.

use super::object::from_git;
use super::{ObjectKind, ReadFailure, Repository, parse_tag};
use crate::error::{Error, Result};
use crate::model::Oid;
use crate::model::text::shown;

/// Annotated tags that tag tags: more than this many in a row is nobody's intention.
const TAG_CHAIN: usize = 16;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The full ref name, where the name was one of a ref.
    pub reference: Option<String>,
    /// The commit, annotated tags peeled.
    pub commit: Oid,
}

impl Repository {
    /// Resolves `HEAD`, a full object id, a full ref name, or a short name of a tag, branch,
    /// remote branch or remote. A short name that means two refs is refused; abbreviated ids
    /// are never taken.
    ///
    /// # Errors
    /// [`Error::Unusable`] for a name that means nothing, several things, or no commit.
    pub fn resolve(&self, name: &str) -> Result<Resolved> {
        if let Some(id) = Oid::from_hex(name).filter(|id| id.format() == self.format()) {
            return Ok(Resolved { reference: None, commit: self.peel(id)? });
        }
        let mut found: Vec<(String, Oid)> = Vec::new();
        for full in candidates(name) {
            if let Some(id) = self.reference(&full)? {
                found.push((full, id));
            }
        }
        match found.as_slice() {
            // A branch without a commit says so.
            [] if name == "HEAD" => self.head(),
            [] => Err(Error::unusable(
                format!("{} is no ref and no full object id of this repository", shown(name)),
                "git for-each-ref lists the refs; ids are given with all their digits",
            )),
            [(full, id)] => Ok(Resolved { reference: Some(full.clone()), commit: self.peel(*id)? }),
            [(first, _), (second, _), ..] => Err(Error::unusable(
                format!("{} means both {} and {}", shown(name), shown(first), shown(second)),
                format!("write the full name: {}", shown(first)),
            )),
        }
    }

    /// The commit that HEAD stands for, and the branch it is on.
    ///
    /// # Errors
    /// [`Error::Unusable`] where HEAD stands for nothing yet.
    pub fn head(&self) -> Result<Resolved> {
        let target = {
            let git = self.git();
            let head = git.find_reference("HEAD").map_err(|e| not_read("HEAD", &e))?;
            head.symbolic_target().ok().flatten().map(str::to_owned)
        };
        let name = target.as_deref().unwrap_or("HEAD");
        let id = self.reference(name)?.ok_or_else(|| {
            Error::unusable(format!("{} has no commit yet", shown(name)), "git commit")
        })?;
        Ok(Resolved { reference: target, commit: self.peel(id)? })
    }

    /// The branch that HEAD is on, even where it has no commit yet; `None` where it is on none.
    #[must_use]
    pub fn head_branch(&self) -> Option<String> {
        let git = self.git();
        let head = git.find_reference("HEAD").ok()?;
        head.symbolic_target().ok().flatten().map(str::to_owned)
    }

    /// The ref that a symbolic ref (full name) stands for; `None` for any other.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where the ref is there but broken.
    pub fn symbolic_target(&self, full: &str) -> Result<Option<String>> {
        if !git2::Reference::is_valid_name(full) {
            return Ok(None);
        }
        let git = self.git();
        match git.find_reference(full) {
            Ok(reference) => Ok(reference.symbolic_target().ok().flatten().map(str::to_owned)),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(not_read(full, &error)),
        }
    }

    /// The full ref name of a tag, given short or full; `None` for what git would not take.
    #[must_use]
    pub fn tag_reference(name: &str) -> Option<String> {
        let short = name.strip_prefix("refs/tags/").unwrap_or(name);
        let full = format!("refs/tags/{short}");
        let usual = !short.starts_with('-') && short != "HEAD";
        (usual && git2::Reference::is_valid_name(&full)).then_some(full)
    }

    /// Takes a ref (full name) away, where it still stands for this object.
    ///
    /// # Errors
    /// [`Error::Unusable`] where it stands for another one by now, or cannot be removed.
    pub fn remove_reference(&self, full: &str, id: Oid) -> Result<()> {
        let failed = |why: &str| {
            Error::unusable(
                format!("{} was not removed: {}", shown(full), shown(why)),
                format!("git update-ref -d {} {id}", shown(full)),
            )
        };
        let git = self.git();
        let mut reference = git.find_reference(full).map_err(|e| failed(e.message()))?;
        if reference.target().and_then(from_git) != Some(id) {
            return Err(failed("it stands for another object by now"));
        }
        // libgit2 compares once more, under the lock, with what was read here.
        reference.delete().map_err(|e| failed(e.message()))
    }

    /// What a full ref name stands for, symbolic refs followed, tags *not* peeled. `None` where
    /// there is no such ref.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where the ref is there but broken.
    pub fn reference(&self, full: &str) -> Result<Option<Oid>> {
        if !git2::Reference::is_valid_name(full) {
            return Ok(None);
        }
        let git = self.git();
        match git.find_reference(full).and_then(|reference| reference.resolve()) {
            Ok(reference) => Ok(reference.target().and_then(from_git)),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(not_read(full, &error)),
        }
    }

    /// Every ref with its full name and unpeeled target, by name. Names that are not UTF-8 are
    /// left out.
    ///
    /// # Errors
    /// [`Error::CannotRead`] where refs cannot be listed.
    pub fn references(&self) -> Result<Vec<(String, Oid)>> {
        let git = self.git();
        let mut all = Vec::new();
        for reference in git.references().map_err(|e| not_read("refs", &e))? {
            let Ok(reference) = reference else { continue };
            let target = reference.resolve().ok().and_then(|direct| direct.target());
            if let (Ok(name), Some(id)) = (reference.name(), target.and_then(from_git)) {
                all.push((name.to_owned(), id));
            }
        }
        all.sort();
        Ok(all)
    }

    /// The commit that an id stands for: itself, or what an annotated tag names.
    ///
    /// # Errors
    /// [`Error::Unusable`] for a tree or blob, [`Error::CannotRead`] for what cannot be read.
    pub fn peel(&self, id: Oid) -> Result<Oid> {
        let mut here = id;
        for _ in 0..TAG_CHAIN {
            let object = self.read(here)?;
            match object.kind {
                ObjectKind::Commit => return Ok(here),
                ObjectKind::Tag => {
                    let tag = parse_tag(here, &object.data).map_err(|malformed| {
                        Error::unusable(
                            format!("the tag object {here} is malformed: {}", malformed.observed),
                            "name the commit by its full id",
                        )
                    })?;
                    here = tag.target;
                }
                other => {
                    return Err(Error::unusable(
                        format!("{id} is a {}, no commit", other.name()),
                        "name a commit, a branch or a tag",
                    ));
                }
            }
        }
        Err(Error::unusable(format!("{id} is a tag of a tag of a tag"), "name the commit"))
    }

    /// Whether an id names a commit that is held here.
    #[must_use]
    pub fn is_commit(&self, id: Oid) -> bool {
        self.git_id(id)
            .and_then(|git_id| self.odb().read_header(git_id).ok())
            .is_some_and(|(_, kind)| kind == git2::ObjectType::Commit)
    }

    /// Reads a commit's raw bytes.
    ///
    /// # Errors
    /// See [`ReadFailure`].
    pub fn read_commit(&self, id: Oid) -> Result<Vec<u8>, ReadFailure> {
        self.read_kind(id, ObjectKind::Commit)
    }
}

/// The places where git looks for a short name, in its order.
fn candidates(name: &str) -> Vec<String> {
    let mut all = Vec::new();
    let special = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if name.starts_with("refs/") || (special && !name.is_empty()) {
        all.push(name.to_owned());
    }
    for prefix in ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
        all.push(format!("{prefix}{name}"));
    }
    all.push(format!("refs/remotes/{name}/HEAD"));
    all
}

fn not_read(name: &str, error: &git2::Error) -> Error {
    Error::cannot_read(
        format!("{} cannot be read: {}", shown(name), shown(error.message())),
        "git fsck; git for-each-ref",
    )
}
