//! Edits of files that people wrote: nothing is lost, and nothing comes but what was asked for.

use gatecheck::manifest::edit::{self, EditError, Editing, MergeError, blank, says_the_same};
use gatecheck::model::gate::ManifestPaths;
use gatecheck::model::registry::RetiredReason;
use gatecheck::model::{
    DomainId, Fingerprint, Limits, Manifest, ManifestName, Oid, Registry, ReviewerId, Signoff,
    Time, Window,
};
use gatecheck::registry::edit as registry_edit;
use gatecheck::registry::edit::{
    Compromise, EditError as RegistryError, Edited, Enroll, NewKey, Retire, Rotate, Trusted,
};

use super::assert_sound;

fn limits() -> Limits {
    Limits { file_bytes: 64 << 10, signoffs: 16, ..Limits::default() }
}

fn refusal(error: &EditError) {
    match error {
        EditError::Unusable(problems) | EditError::Problems(problems) => {
            assert!(!problems.is_empty());
            assert_sound(problems);
        }
        EditError::Form => {}
        EditError::Defect(why) => panic!("{why}"),
    }
}

/// `ours NUL theirs NUL words`: sign-offs are added, signed, withdrawn and united.
pub fn manifest_edit(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(3, |b| *b == 0).map(String::from_utf8_lossy);
    let mut part = || parts.next().unwrap_or_default();
    let (ours, theirs, words) = (part(), part(), part());
    let limits = limits();
    let name = ManifestName::Epoch(7);
    let path = ManifestPaths::default().epoch(7);
    let editing = Editing { name: &name, path: &path, limits: &limits };
    let our = match editing.read(&ours) {
        Ok(our) => our,
        Err(why) => {
            refusal(&why);
            return false;
        }
    };
    assert_added(&editing, &ours, &our, &words);
    for index in 0..our.signoffs.len().min(3) {
        let by = Oid::from_bytes(&[3; 20]).unwrap();
        let edits = [
            editing.sign(&ours, index, &words),
            editing.withdraw(&ours, index),
            editing.supersede(&ours, index, by),
        ];
        for text in edits {
            match text {
                Ok(text) => assert_eq!(
                    editing.read(&text).map(|read| read.signoffs.len()).ok(),
                    Some(our.signoffs.len())
                ),
                Err(why) => refusal(&why),
            }
        }
    }
    assert_united(&editing, &ours, &theirs);
    !our.signoffs.is_empty()
}

fn assert_added(editing: &Editing<'_>, text: &str, manifest: &Manifest, words: &str) {
    let at = Time::from_unix_clamped(1_781_000_000);
    let (reviewer, domain) = (ReviewerId::new("mallory").unwrap(), DomainId::new("m").unwrap());
    let signoff = Signoff {
        dissent: words.to_owned(),
        scope: vec![words.to_owned()],
        signature: words.to_owned(),
        ..blank(&manifest.target, reviewer, domain, at)
    };
    match editing.add(text, &signoff, &[]) {
        Err(why) => refusal(&why),
        Ok(longer) => {
            let after = editing.read(&longer).expect("an edit is read again");
            assert_eq!(after.signoffs.len(), manifest.signoffs.len() + 1);
            let index = after.signoffs.iter().position(|s| says_the_same(s, &signoff));
            let index = index.expect("what was added is there");
            // Taken out again by one that is there already.
            if let Some((first, old)) = manifest.signoffs.first().map(|old| (0, old)) {
                let taken = [first + usize::from(index == 0), index];
                match editing.add(&longer, old, &taken) {
                    Err(why) => refusal(&why),
                    Ok(back) => {
                        let back = editing.read(&back).expect("an edit is read again");
                        assert_eq!(back.signoffs.len(), manifest.signoffs.len());
                    }
                }
            }
        }
    }
}

fn assert_united(editing: &Editing<'_>, ours: &str, theirs: &str) {
    assert_eq!(edit::merge(editing, ours, ours, None).as_deref(), Ok(ours), "nothing to unite");
    let united = [
        edit::merge(editing, ours, theirs, None),
        edit::merge(editing, theirs, ours, None),
        edit::merge(editing, ours, theirs, Some(ours)),
        edit::merge(editing, ours, theirs, Some(theirs)),
    ];
    for error in united.iter().filter_map(|united| united.as_ref().err()) {
        match error {
            MergeError::Unusable(_, why) | MergeError::Edit(why) => refusal(why),
            MergeError::Heads { fields } => assert!(!fields.is_empty()),
            MergeError::Both { .. } => {}
        }
    }
    let [one, other, _, _] = united;
    if let (Ok(one), Ok(other)) = (one, other) {
        let (one, other) = (editing.read(&one).unwrap(), editing.read(&other).unwrap());
        assert_eq!(one.signoffs.len(), other.signoffs.len());
        for signoff in &one.signoffs {
            let same = |there: &&Signoff| says_the_same(there, signoff);
            let count = |all: &[Signoff]| all.iter().filter(same).count();
            assert_eq!(count(&one.signoffs), count(&other.signoffs), "who unites decides");
        }
        // Nobody is lost.
        for side in [ours, theirs].map(|text| editing.read(text).unwrap()) {
            for old in &side.signoffs {
                let same =
                    |new: &Signoff| new.reviewer_id == old.reviewer_id && new.domain == old.domain;
                assert!(one.signoffs.iter().any(same), "{} is lost", old.reviewer_id);
            }
        }
    }
}

/// The text of a registry through every ceremony: the serial rises by one, comments stay, and what
/// comes is what was asked for.
pub fn registry_edit(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let limits = limits();
    let reading = gatecheck::registry::read("r.toml", bytes, &limits);
    let Some(registry) = reading.registry else { return false };
    let at = Time::parse("2026-06-11").unwrap();
    let new = NewKey {
        fingerprint: Fingerprint::OpenPgpV4([0x5a; 20]),
        public_key: "keys/mallory.asc".to_owned(),
        window: Window { from: at, until: Time::parse("2028-06-11").ok() },
    };
    let mut edits = vec![registry_edit::bump(text, &limits)];
    let enroll = Enroll {
        id: ReviewerId::new("mallory").unwrap(),
        name: "M. \"x\"\n".to_owned(),
        emails: vec!["mallory@example.org".to_owned()],
        kind: gatecheck::model::registry::ReviewerKind::Human,
        keys: vec![new.clone()],
        domains: registry.domains.keys().take(1).cloned().collect(),
    };
    edits.push(registry_edit::enroll(text, &enroll, &limits));
    let standing = registry.keys.iter().find(|key| key.is_standing() && key.fingerprint.is_some());
    if let Some(key) = standing {
        let (reviewer, old) =
            (key.reviewer.clone(), key.fingerprint.into_iter().collect::<Vec<_>>());
        let rotate = Rotate {
            reviewer: reviewer.clone(),
            keys: vec![new.clone()],
            retire: old.clone(),
            at,
            reason: RetiredReason::Rotated,
        };
        edits.push(registry_edit::rotate(text, &rotate, &limits));
        let retire = Retire { reviewer, at, reason: RetiredReason::Departed, standins: Vec::new() };
        edits.push(registry_edit::retire(text, &retire, &limits));
        let compromise = Compromise {
            keys: old,
            at,
            trusted: Trusted::Nothing,
            acknowledged: Vec::new(),
            charter_ack: "DECISION_LOG.md#x".to_owned(),
            new_keys: vec![new],
            standins: Vec::new(),
        };
        edits.push(registry_edit::compromise(text, &compromise, &limits));
    }
    let mut any = false;
    for edited in edits {
        match edited {
            Ok(edited) => {
                any = true;
                assert_edited(text, &registry, &edited, &limits);
            }
            Err(RegistryError::Defect(why)) => assert!(registry.serial >= i64::MAX as u64, "{why}"),
            Err(RegistryError::Unusable(problems) | RegistryError::Problems(problems)) => {
                assert!(!problems.is_empty());
                assert_sound(&problems);
            }
            Err(why) => {
                super::assert_inert(&why.to_string());
                super::assert_inert(&why.help());
            }
        }
    }
    any
}

fn assert_edited(text: &str, before: &Registry, edited: &Edited, limits: &Limits) {
    assert_eq!(edited.registry.serial, before.serial + 1);
    let again = gatecheck::registry::read("r.toml", edited.text.as_bytes(), limits);
    let again = again.registry.expect("what was written is read");
    assert_eq!(gatecheck::registry::diff(&again, &edited.registry), []);
    assert_eq!(gatecheck::registry::diff(before, &edited.registry), edited.changes);
    // Nobody disappears: not a person, not a domain, not a key.
    assert!(before.reviewers.keys().all(|id| again.reviewers.contains_key(id)));
    assert!(before.domains.keys().all(|id| again.domains.contains_key(id)));
    assert!(again.keys.len() >= before.keys.len(), "a key is lost");
    for line in text.lines().filter(|line| line.starts_with('#')) {
        assert!(edited.text.contains(line.trim_end()), "a comment is lost: {line:?}");
    }
}
