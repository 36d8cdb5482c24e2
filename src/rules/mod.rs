//! Room: rules (see lib.rs).
