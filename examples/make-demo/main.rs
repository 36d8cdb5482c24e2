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

mod keys;
mod tell;
mod write;

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(&tell::demo())
}
