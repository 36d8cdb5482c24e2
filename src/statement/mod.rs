//! Room: statement (see lib.rs).
