//! What `gatecheck explain CODE` says. The texts stand beside the rules.

use super::Code;

/// The explanation of one code, in plain English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeDoc {
    /// Which code.
    pub code: Code,
    /// What was found.
    pub what: &'static str,
    /// Why it matters: which attack or accident it stands for.
    pub why: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}
