//! Makes `fixtures/demo/objects.bin`, the repository of `gatecheck demo`.
//!
//! ```text
//! cargo run --example make-demo > fixtures/demo/objects.bin
//! ```
//!
//! Four reviewers and one attacker get keys that exist for the length of this run and are never
//! written down, so that nobody can sign in their names afterwards. Every run makes other keys,
//! hence other ids: run it only to change the demo, and commit what comes out.
//!
//! The form of the file is told in `src/demo/container.rs`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a tool of the developers, without input"
)]

mod keys;
mod tell;
mod write;

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(&tell::demo())
}
