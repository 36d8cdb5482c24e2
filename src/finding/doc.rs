//! What `gatecheck explain CODE` tells: the documentation of one code.

use super::Code;

/// The words that belong to one code, written beside the rule that reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeDoc {
    /// Which code.
    pub code: Code,
    /// What was found, one sentence.
    pub what: &'static str,
    /// Why it matters: what somebody could do if it were let through.
    pub why: &'static str,
    /// What to do about it, with commands. Lines are kept as they are.
    pub fix: &'static str,
}
