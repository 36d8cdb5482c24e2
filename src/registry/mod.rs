//! Room: registry (see lib.rs).
