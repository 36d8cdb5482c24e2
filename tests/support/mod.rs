//! The harness behind `tests/stories.rs`: a story becomes a real repository, the real program
//! judges it, and the answer is compared with the story's own.

pub(crate) mod build;
pub(crate) mod ceremony;
pub(crate) mod git_view;
pub(crate) mod judge;
pub(crate) mod keys;
pub(crate) mod manifest;
pub(crate) mod objects;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod setup;
pub(crate) mod sign;
pub(crate) mod statement;
pub(crate) mod story;
