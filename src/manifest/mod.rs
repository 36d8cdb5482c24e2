//! Room: manifest (see lib.rs).
