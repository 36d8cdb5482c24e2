//! Rule: mainline merges have two different parents.

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::Oid;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::OctopusMerge,
        what: "A mainline commit has more than two parents.",
        why: "What each of many parents brings is more than a reviewer can follow, and tools disagree on how to show it.",
        fix: "Merge the branches one by one.",
    },
    CodeDoc {
        code: Code::DuplicateParent,
        what: "A merge names the same parent twice.",
        why: "git does not make such commits; somebody made this one by hand.",
        fix: "Make the merge again with git.",
    },
];

/// Checks the parents of a mainline commit.
#[must_use]
pub fn check(parents: &[Oid]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if parents.len() > 2 {
        findings.push(
            Finding::new(Code::OctopusMerge, "the commit merges more than one branch at once")
                .compared(format!("{} parents", parents.len()), "at most 2 parents")
                .help("merge the branches one by one"),
        );
    }
    let mut sorted = parents.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() < parents.len() {
        findings.push(
            Finding::new(Code::DuplicateParent, "the commit names one parent more than once")
                .compared(
                    format!("{} parents, {} different", parents.len(), sorted.len()),
                    "different parents",
                )
                .help("make the merge again with git"),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_parents_are_accepted_and_more_or_equal_ones_refused() {
        let id = |n: u8| Oid::from_bytes(&[n; 20]).unwrap();
        assert_eq!(check(&[]), vec![]);
        assert_eq!(check(&[id(1), id(2)]), vec![]);
        assert_eq!(check(&[id(1), id(2), id(3)])[0].code, Code::OctopusMerge);
        assert_eq!(check(&[id(1), id(1)])[0].code, Code::DuplicateParent);
    }
}
