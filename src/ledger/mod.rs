//! Room: ledger (see lib.rs).
