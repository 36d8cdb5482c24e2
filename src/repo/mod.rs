//! Room: repo (see lib.rs).
