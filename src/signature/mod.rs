//! Room: signature (see lib.rs).
