//! OpenPGP (RFC 9580 and 9980), by `sequoia_openpgp`. The only place that names it.
//!
//! Packets are framed here and handed to Sequoia one by one; digests are taken with
//! Sequoia's hash contexts, and the arithmetic is its [`Key::verify`]. Nothing of its policy,
//! of its certificate canonicalisation, or of its clock takes part, so that facts depend on
//! bytes alone. `Key::verify` also lies below Sequoia's process-wide cache of verified
//! signatures, which has no bound: it stays empty, and memory flat.
//!
//! [`Key::verify`]: sequoia_openpgp::packet::Key::verify

#[cfg(not(any(feature = "crypto-rust", feature = "crypto-nettle", feature = "crypto-openssl")))]
compile_error!(
    "gatecheck needs a backend for OpenPGP: enable one of the features `crypto-rust` (the default), `crypto-nettle`, `crypto-openssl`"
);
#[cfg(any(
    all(feature = "crypto-rust", feature = "crypto-nettle"),
    all(feature = "crypto-rust", feature = "crypto-openssl"),
    all(feature = "crypto-nettle", feature = "crypto-openssl"),
))]
compile_error!(
    "gatecheck takes one backend for OpenPGP, and more than one of `crypto-rust`, `crypto-nettle`, `crypto-openssl` is enabled: build with --no-default-features and exactly one of them"
);

mod certificate;
mod convert;
mod digest;
#[cfg(feature = "fast-rsa")]
mod fast_rsa;
mod minimal;
mod mpi;
mod packet;
mod read;
mod self_signature;
mod subpackets;
mod verify;

pub(super) use certificate::{Depth, PoolKey, parse_key_file};
pub(super) use minimal::minimal;
pub(super) use verify::{Keys, names_a_key, verify};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_certificate;
#[cfg(test)]
mod tests_verify;
