//! SSH keys and signatures (PROTOCOL.sshsig), by `ssh_key`. The only place that names it.
//!
//! The outer structure is read here, because `ssh_key` is lenient about it (trailing bytes,
//! reserved fields) and looks at no flag of a FIDO token. Its part is to decode keys and to do
//! the arithmetic.

mod keys;
mod sshsig;
mod wire;

pub(super) use keys::parse_key_lines;
pub(super) use sshsig::{takes, verify};

#[cfg(test)]
mod tests;
