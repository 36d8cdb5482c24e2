//! Rule: `superseded_by` leads, commit by commit, to a correction by the same reviewer.

use std::collections::BTreeSet;

use crate::finding::{Code, CodeDoc, Finding, Place};
use crate::model::Oid;
use crate::model::manifest::{Manifest, Signoff};
use crate::model::step::{Correction, Step};
use crate::model::text::shown;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::SupersedeChain,
    what: "`superseded_by` does not lead to an acceptable correction.",
    why: "A correction must be as well signed as what it corrects, must come to an end, and must stay in its epoch.",
    fix: "Name the full id of a commit of the mainline's history, signed by the reviewer's own key, that brings their new signed sign-off for the same epoch and domain; or withdraw the sign-off.",
}];

/// What can be said of a correction only with keys at hand.
pub trait Corrections {
    /// The commit, if the mainline up to here holds it.
    fn find(&self, commit: Oid) -> Option<&Correction>;
    /// Whether an active key of this reviewer signed the commit.
    fn is_signed_by(&self, correction: &Correction, signoff: &Signoff) -> bool;
    /// The manifests that the commit adds or changes for a gate.
    fn manifests<'c>(&self, correction: &'c Correction) -> Vec<&'c Manifest>;
    /// Whether a sign-off in it is attested.
    fn is_attested(&self, correction: &Correction, manifest: &Manifest, signoff: &Signoff) -> bool;
}

/// Follows the chain of a superseded sign-off to its last correction: the commit that carries it,
/// its manifest, and the sign-off.
///
/// # Errors
/// `supersede-chain`.
pub fn follow<'c>(
    corrections: &'c impl Corrections,
    manifest: &Manifest,
    signoff: &Signoff,
    carrier: Oid,
) -> Result<(Oid, &'c Manifest, &'c Signoff), Box<Finding>> {
    let refuse = |why: String| {
        Box::new(
            Finding::new(
                Code::SupersedeChain,
                format!(
                    "the sign-off of {} for {} is superseded by no acceptable correction: {why}",
                    signoff.reviewer_id, signoff.domain
                ),
            )
            .reviewer(&signoff.reviewer_id)
            .domain(&signoff.domain)
            .compared(
                shown(&signoff.superseded_by),
                format!(
                    "the full id of a commit before this one, signed by {}, with their signed sign-off for the same epoch and domain",
                    signoff.reviewer_id
                ),
            )
            .at(Place::new(
                &manifest.source,
                Some(carrier),
                signoff.spot("superseded_by"),
                "stated here",
            ))
            .help("name the correction in full, or mark the sign-off `withdrawn = true` and add the corrected one"),
        )
    };
    let mut seen: BTreeSet<Oid> = BTreeSet::new();
    let mut stated = signoff.superseded_by.as_str();
    loop {
        let Some(commit) = Oid::from_hex(stated) else {
            return Err(refuse(format!("{} is no full commit id", shown(stated))));
        };
        if !seen.insert(commit) {
            return Err(refuse(format!("the chain comes back to {}", commit.short())));
        }
        if seen.len() > Step::MAX_CORRECTIONS {
            return Err(refuse(format!("the chain is longer than {}", Step::MAX_CORRECTIONS)));
        }
        let Some(correction) = corrections.find(commit) else {
            return Err(refuse(format!(
                "{} is no commit of the history since the anchor and before this gate",
                commit.short()
            )));
        };
        if !corrections.is_signed_by(correction, signoff) {
            return Err(refuse(format!(
                "{} is not signed by an active key of {}",
                commit.short(),
                signoff.reviewer_id
            )));
        }
        let same = |other: &&Manifest| {
            other.target == manifest.target
                && other.reattest == manifest.reattest
                && other.previous_gate == manifest.previous_gate
        };
        let next = corrections.manifests(correction).into_iter().filter(same).find_map(|m| {
            let fits = |s: &&Signoff| {
                s.reviewer_id == signoff.reviewer_id
                    && s.domain == signoff.domain
                    && corrections.is_attested(correction, m, s)
            };
            // One that goes on to another correction is no end, so what ends the chain comes first;
            // and a dissent is not silenced by a withdrawn sign-off above it.
            let fitting: Vec<&Signoff> = m.signoffs.iter().filter(fits).collect();
            let mut ends = fitting.iter().filter(|s| s.superseded_by.is_empty());
            let last = ends.clone().find(|s| s.dissents()).or_else(|| ends.next());
            last.or_else(|| fitting.first()).map(|s| (m, *s))
        });
        let Some((found_in, next)) = next else {
            return Err(refuse(format!(
                "{} brings no attested sign-off of {} for {} and this epoch",
                commit.short(),
                signoff.reviewer_id,
                signoff.domain
            )));
        };
        if next.superseded_by.is_empty() {
            return Ok((commit, found_in, next));
        }
        stated = next.superseded_by.as_str();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rules::testing::{brought, id, manifest, signoff};

    /// Corrections by number, and whether they are signed and attested.
    struct Told(BTreeMap<Oid, (Correction, Manifest, bool, bool)>);

    impl Corrections for Told {
        fn find(&self, commit: Oid) -> Option<&Correction> {
            self.0.get(&commit).map(|(correction, ..)| correction)
        }
        fn is_signed_by(&self, correction: &Correction, _: &Signoff) -> bool {
            self.0[&correction.commit.id].2
        }
        fn manifests<'c>(&self, correction: &'c Correction) -> Vec<&'c Manifest> {
            let manifests = correction.manifests.iter();
            manifests.filter_map(|m| m.reading.as_ref()?.manifest.as_deref()).collect()
        }
        fn is_attested(&self, correction: &Correction, _: &Manifest, _: &Signoff) -> bool {
            self.0[&correction.commit.id].3
        }
    }

    fn correction(n: u8, manifest: Manifest) -> (Oid, (Correction, Manifest, bool, bool)) {
        use crate::model::ManifestName;
        use crate::model::step::{FileChange, ManifestChange, ManifestReading};
        let reading = ManifestReading { manifest: Some(manifest.clone().into()), problems: vec![] };
        let change = ManifestChange {
            name: ManifestName::Epoch(0),
            file: FileChange { path: "a".into(), before: None, after: None },
            reading: Some(reading.into()),
        };
        let commit = brought(n, "alice@example.org", &[]);
        (id(n), (Correction { commit, manifests: vec![change] }, manifest, true, true))
    }

    fn superseded(by: Option<u8>) -> Signoff {
        let by = by.map_or_else(String::new, |n| id(n).to_string());
        Signoff { superseded_by: by, ..signoff("alice", "kernel") }
    }

    fn carrying(epoch: u64, by: Option<u8>) -> Manifest {
        Manifest { signoffs: vec![superseded(by)], ..manifest(epoch) }
    }

    fn run(told: &Told, by: u8) -> Result<Oid, String> {
        let found = follow(told, &manifest(0), &superseded(Some(by)), id(9));
        found.map(|(commit, ..)| commit).map_err(|finding| {
            assert_eq!(finding.code, Code::SupersedeChain);
            finding.message.split(": ").last().unwrap().to_owned()
        })
    }

    #[test]
    fn a_chain_that_ends_is_accepted() {
        let told =
            Told([correction(1, carrying(0, None)), correction(2, carrying(0, Some(1)))].into());
        assert_eq!(run(&told, 1), Ok(id(1)));
        assert_eq!(run(&told, 2), Ok(id(1)));
    }

    #[test]
    fn every_other_chain_is_refused() {
        let mut told =
            Told([correction(1, carrying(0, Some(2))), correction(2, carrying(0, Some(1)))].into());
        let short = |n| id(n).short().to_string();
        assert_eq!(run(&told, 1), Err(format!("the chain comes back to {}", short(1))));
        let dangling = format!(
            "{} is no commit of the history since the anchor and before this gate",
            short(3)
        );
        assert_eq!(run(&told, 3), Err(dangling));
        told.0.extend([correction(1, carrying(1, None))]);
        let other =
            format!("{} brings no attested sign-off of alice for kernel and this epoch", short(1));
        assert_eq!(run(&told, 1), Err(other.clone()), "another epoch");
        told.0.extend([correction(1, carrying(0, None))]);
        told.0.get_mut(&id(1)).unwrap().3 = false;
        assert_eq!(run(&told, 1), Err(other), "not attested");
        told.0.get_mut(&id(1)).unwrap().2 = false;
        assert_eq!(
            run(&told, 1),
            Err(format!("{} is not signed by an active key of alice", short(1)))
        );
        let mut abbreviated = superseded(None);
        abbreviated.superseded_by = "d3093eb".into();
        assert!(follow(&told, &manifest(0), &abbreviated, id(9)).is_err());
        let long: BTreeMap<_, _> =
            (1..=70).map(|n| correction(n, carrying(0, Some(n + 1)))).collect();
        assert_eq!(run(&Told(long), 1), Err("the chain is longer than 64".to_owned()));
    }
}
