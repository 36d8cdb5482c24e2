//! What others can check without taking our word for it: attestations of a verdict, and whole histories in
//! one file.

pub mod attest;
pub mod bundle;
pub(super) mod unpack;
pub mod verify_attestation;

use crate::check::{self, Attested, Words};
use crate::finding::Finding;
use crate::report::Verdict;
use crate::rules::summary as rule;
use crate::statement::{self, Summary};

/// What `verifier.id` says where nobody else is named.
const VERIFIER: &str = "urn:x-gatecheck:verifier";

/// A value that must be a URI.
fn parse_uri(text: &str) -> Result<String, String> {
    if statement::is_uri(text) {
        return Ok(text.to_owned());
    }
    Err("a URI has a scheme and no spaces, like https://example.org/project.git".to_owned())
}

/// What an attestation says and the judged history does not.
fn untrue(attested: &Attested, asked: &check::Request, said: &Summary) -> Vec<Finding> {
    let words =
        Words { verifier: &said.verifier, resource: &said.resource, version: &said.version };
    match attested.summary(asked, &words) {
        Some(mut judged) => {
            judged.reference.clone_from(&attested.mainline);
            rule::compare(said, &judged)
        }
        None if attested.report.verdict == Verdict::Refused => {
            vec![rule::no_pass(attested.report.verdict.name(), said.tip)]
        }
        // Undecided: that has its own findings.
        None => Vec::new(),
    }
}
