//! Room: history (see lib.rs).
