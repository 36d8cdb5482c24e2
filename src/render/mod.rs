//! Room: render (see lib.rs).
