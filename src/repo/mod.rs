//! The only room that names `git2`: checked bytes of objects, and what the repository's own
//! files say about itself.
//!
//! What is trusted of a repository is very little. An object is read by its id, its size is
//! held against a limit before it is inflated, and its bytes are hashed. Commits, tags and trees
//! are then parsed here, from these bytes alone ([`commit`], [`tag`], [`tree`]). libgit2's own
//! commit objects and revision walks are never used: they take parents from the commit-graph
//! file, from grafts and from `.git/shallow`, which nobody signed. Replace refs are never
//! followed. Neither `GIT_*` variables nor the repository's configuration choose an object.

pub mod commit;
pub mod conditions;
pub mod digest;
pub mod doctor;
pub mod hooks;
mod identity;
pub mod index;
mod lines;
pub mod merge;
pub mod object;
mod open;
pub mod pack;
pub mod refs;
pub mod stage;
pub mod subject;
pub mod tag;
pub mod tree;
pub mod tree_diff;
mod trailers;
mod trees;
mod twins;
mod user_config;
pub mod work_tree;
pub mod write;

pub use commit::{parents_of, parse_commit};
pub use conditions::Conditions;
pub use doctor::{Ailment, doctor};
pub use hooks::Hooks;
pub use index::Staged;
pub use merge::Merge;
pub use object::{Object, ObjectKind, ReadFailure};
pub use open::Repository;
pub use pack::Packed;
pub use tag::{Tag, parse_tag};
pub use tree::{Entry, EntryKind, Tree};
pub use tree_diff::TreeChange;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
