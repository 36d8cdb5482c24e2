//! gatecheck: was each gate vouched for by people who had the authority to do so
//! at that point in history?
//!
//! One way through:
//!
//! ```text
//!   repo ──────► history ─────► signature ─────► ledger + rules ─► report ─► render
//!   bytes        steps of the   facts: which     the fold: pure,   verdict   bytes in one
//!   whose hash   mainline,      key verifies     sequential, no    counts    of the formats
//!   was checked  oldest first   what (parallel)  git, no clock     order
//!                   │
//!                   ├─► registry   TOML → Registry, all problems at once
//!                   ├─► manifest   TOML → Manifest
//!                   ├─► ceremony   TOML → CeremonyRecord
//!                   ├─► codeowners text → CodeOwners
//!                   └─► statement  Manifest, record + Registry → the bytes that somebody signed
//! ```
//!
//! The modules stand below in order of dependency: a room may use only rooms above it
//! (`tests/architecture.rs` holds this). `git2` is named only in `repo`, `sequoia_openpgp` only in
//! `signature::openpgp`, `ssh_key` only in `signature::ssh`, Rust's lexer only in `tokens`. Only `cli` prints, reads the
//! environment or asks the time.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::disallowed_methods,
        clippy::string_slice,
        reason = "a test that panics has done its work"
    )
)]

pub mod source;
pub mod tokens;
pub mod error;
pub mod progress;
pub mod model;
pub mod finding;
pub mod tables;
pub mod registry;
pub mod manifest;
pub mod ceremony;
pub mod codeowners;
pub mod statement;
pub mod repo;
pub mod import;
pub mod signature;
pub mod report;
pub mod history;
pub mod rules;
pub mod ledger;
pub mod check;
pub mod ci;
pub mod demo;
pub mod render;
pub mod signing;
pub mod bundle;
pub mod cli;

pub use error::{Error, Result};
