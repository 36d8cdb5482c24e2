//! Rule: the registry and its key files change by ceremony only.
//!
//! What a ceremony may change is told in `ceremony`. Two things need none: a repair, which puts the bytes in force back after a
//! refused change, and a refresh of a key file, which only adds what the owner of a key that is
//! there already signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::registry::{CEREMONIES_FOLDER, REGISTRY_PATH};
use crate::model::step::{FileChange, RegistryFile, Step};
use crate::model::text::{shown, typed};
use crate::model::{KeyFile, Oid};

use super::Context;

/// Explanations.
pub const DOCS: &[CodeDoc] = &[
    CodeDoc {
        code: Code::RegistryMissing,
        what: "There is no registry at keys/reviewer-registry.toml.",
        why: "Without a registry nobody has authority, so nothing can be vouched for.",
        fix: "Write one with `gatecheck init`, or restore the file that was removed.",
    },
    CodeDoc {
        code: Code::RegistryInvalid,
        what: "The registry cannot be read as one: its syntax, a field or a value is wrong.",
        why: "A registry that two programs read differently gives different people authority.",
        fix: "Correct the line that the finding shows; `gatecheck registry lint` lists all problems at once.",
    },
    CodeDoc {
        code: Code::RegistryNotRegular,
        what: "The registry is not a regular file of mode 100644: it is a symbolic link, a submodule, or executable; or a second path differs from it in letter case only.",
        why: "A link can point anywhere, and where letter case does not count one of two files hides the other.",
        fix: "Put the registry back as a plain file under exactly one path.",
    },
    CodeDoc {
        code: Code::UnauthorisedRegistryChange,
        what: "The registry, a key file or a ceremony record was changed without an accepted ceremony.",
        why: "Whoever can change the registry can give themselves authority. It has happened that a commit added its own signer's key.",
        fix: "Put the bytes that are in force back in a new commit (that is a repair and needs no ceremony), and let a later epoch gate list this commit in `cures`; a cure of what still stands in the tree has no effect.",
    },
    CodeDoc {
        code: Code::SecretKeyCommitted,
        what: "A file below keys/ holds a private key.",
        why: "It is public from now on: everybody who can read the repository can sign as its owner. Removing the file does not help, because history keeps it.",
        fix: "Treat the key as compromised: revoke it, record the compromise in a ceremony, and enrol a new key.",
    },
];

/// What is in force below `keys/`.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// Blob of the registry.
    pub registry: Option<Oid>,
    /// The key files, by path: blob and what it says.
    pub key_files: BTreeMap<String, (Oid, Arc<KeyFile>)>,
    /// Ceremony records that are not as they are in force, with what is: mode and blob, or nothing.
    pub records: BTreeMap<String, Option<(u32, Oid)>>,
}

impl InForce {
    /// Whether a change of a ceremony record puts back what is in force. Records that are not in
    /// `records` stand as they are in force.
    #[must_use]
    pub fn is_repaired(&self, change: &FileChange) -> bool {
        self.records.get(&change.path).is_some_and(|accepted| *accepted == change.after)
    }
}

/// Whether a path is that of a ceremony record, or could be taken for one.
#[must_use]
pub fn is_record(path: &str) -> bool {
    path.strip_prefix(CEREMONIES_FOLDER).is_some_and(|rest| rest.starts_with('/'))
}

/// Key files of a commit that are refreshed by it: changed so that nothing is taken away.
#[must_use]
pub fn refreshed<'a>(step: &'a Step, in_force: &InForce) -> Vec<(&'a str, Oid, &'a Arc<KeyFile>)> {
    // A ceremony lists its key files; a repair of the registry hinders no refresh beside it.
    let repaired = |file: &RegistryFile| file.blob().is_some() && file.blob() == in_force.registry;
    if !step.registry.as_ref().is_none_or(repaired) {
        return Vec::new();
    }
    step.keys
        .iter()
        .filter_map(|change| {
            let (mode, blob) = change.after?;
            let (known, old) = in_force.key_files.get(&change.path)?;
            let (read, new) = step.key_files.get(&change.path)?;
            let better = mode == 0o100_644 && *read == blob && *known != blob;
            (better && only_adds(old, new)).then_some((change.path.as_str(), blob, new))
        })
        .collect()
}

/// Whether a newer version of a key file holds all that the older one does, and nothing of
/// anybody else.
fn only_adds(old: &KeyFile, new: &KeyFile) -> bool {
    let same_people = new.certificates.len() == old.certificates.len()
        && new.ssh_keys.len() == old.ssh_keys.len()
        && old.ssh_keys.iter().all(|key| new.ssh_keys.contains(key));
    let kept = old.certificates.iter().all(|before| {
        new.certificates.iter().filter(|after| after.primary == before.primary).any(|after| {
            before.keys.iter().all(|key| {
                after.key(key.fingerprint).is_some_and(|now| {
                    key.bindings.iter().all(|binding| now.bindings.contains(binding))
                        && key.revocations.iter().all(|r| now.revocations.contains(r))
                })
            })
        })
    });
    same_people && kept && new.problems.is_empty() && !new.holds_secret
}

/// Judges everything that a commit changes below `keys/`. Empty: nothing but repairs. `record` is the
/// path of a ceremony's record that the commit adds: then the registry, its key files and that
/// record are judged as a ceremony.
#[must_use]
pub fn check(
    cx: &Context<'_>,
    step: &Step,
    in_force: &InForce,
    record: Option<&str>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if record.is_none()
        && let Some(file) = &step.registry
        && (file.blob().is_none() || file.blob() != in_force.registry)
    {
        findings.extend(registry(cx, file));
    }
    let mut named = cx.registry.key_paths();
    if let Some(RegistryFile::File(_, reading)) = &step.registry
        && let Some(new) = &reading.registry
    {
        named.extend(new.key_paths());
    }
    let refreshed: Vec<&str> =
        refreshed(step, in_force).into_iter().map(|(path, ..)| path).collect();
    for change in step.keys.iter().filter(|c| !refreshed.contains(&c.path.as_str())) {
        let is_record = is_record(&change.path);
        if record.is_some() && (record == Some(change.path.as_str()) || !is_record) {
            continue;
        }
        if change.path != REGISTRY_PATH && (is_record || named.contains(&change.path)) {
            findings.extend(file(change, in_force, is_record));
        }
    }
    for twin in &step.twins {
        findings.push(
            Finding::new(
                Code::RegistryNotRegular,
                format!("{} differs from the registry's path in letter case only", shown(twin)),
            )
            .compared(shown(twin), format!("exactly one {REGISTRY_PATH}"))
            .help("remove the second path: where letter case does not count, one hides the other"),
        );
    }
    for (path, (_, file)) in &step.key_files {
        if file.holds_secret {
            findings.push(secret(path));
        }
    }
    findings
}

/// A private key in a file below `keys/`.
#[must_use]
pub fn secret(path: &str) -> Finding {
    Finding::new(Code::SecretKeyCommitted, format!("{} holds a private key", shown(path)))
        .compared("a private key", "public keys only")
        .help("treat the key as compromised: revoke it and enrol a new one; removing the file does not help")
}

fn registry(cx: &Context<'_>, file: &RegistryFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let observed = match file {
        RegistryFile::Missing => {
            findings.push(
                Finding::new(Code::RegistryMissing, "this commit removes the registry")
                    .compared("no file", REGISTRY_PATH)
                    .help("put the registry that is in force back"),
            );
            "the registry was removed".to_owned()
        }
        RegistryFile::NotRegular(what) => {
            findings.push(not_regular(what));
            format!("the registry became {what}")
        }
        RegistryFile::File(_, reading) => {
            findings.extend(reading.problems.iter().cloned());
            match &reading.registry {
                Some(new) => format!(
                    "registry of serial {}, without one record of a ceremony for it",
                    new.serial
                ),
                None => "a registry that cannot be read".to_owned(),
            }
        }
    };
    findings.push(
        Finding::new(
            Code::UnauthorisedRegistryChange,
            "the registry was changed without an accepted ceremony; the old one stays in force",
        )
        .compared(observed, format!("the registry in force (serial {})", cx.registry.serial))
        .help(repair_help(cx, REGISTRY_PATH)),
    );
    findings
}

/// The registry's path holds something else than a plain file.
#[must_use]
pub fn not_regular(what: &str) -> Finding {
    Finding::new(Code::RegistryNotRegular, format!("{REGISTRY_PATH} is {}", shown(what)))
        .compared(shown(what), "a regular file (mode 100644)")
        .help("put the registry back as a plain file")
}

fn file(change: &FileChange, in_force: &InForce, is_record: bool) -> Option<Finding> {
    let regular = change.after.filter(|(mode, _)| *mode == 0o100_644).map(|(_, blob)| blob);
    let accepted = if is_record {
        let known = in_force.records.get(&change.path).copied();
        known.unwrap_or(change.before).map(|(_, blob)| blob)
    } else {
        in_force.key_files.get(&change.path).map(|(blob, _)| *blob)
    };
    let repaired = if is_record {
        in_force.is_repaired(change)
    } else {
        regular == accepted && (regular.is_some() || change.after.is_none())
    };
    if repaired {
        return None;
    }
    let path = shown(&change.path);
    let what = if is_record { "ceremony record" } else { "key file" };
    let verb = match (change.before, change.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    Some(
        Finding::new(
            Code::UnauthorisedRegistryChange,
            format!("the {what} {path} was {verb} without an accepted ceremony"),
        )
        .compared(
            format!("{path} {verb}"),
            "no change, a refresh that only adds what the key's owner signed, or a ceremony",
        )
        .help(match accepted {
            None => format!("take the file away: git rm {}", typed(&change.path)),
            Some(_) => format!(
                "put the file in force back: git checkout COMMIT^ -- {}",
                typed(&change.path)
            ),
        }),
    )
}

fn repair_help(cx: &Context<'_>, path: &str) -> String {
    match cx.registry_commit {
        Some(commit) => format!(
            "put the bytes in force back: git checkout {commit} -- {path}; that is a repair and needs no ceremony"
        ),
        None => "put the bytes in force back; that is a repair and needs no ceremony".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{World, id, step};

    fn change(path: &str, before: Option<u8>, after: Option<u8>) -> FileChange {
        let file = |n: Option<u8>| n.map(|n| (0o100_644, id(n)));
        FileChange { path: path.into(), before: file(before), after: file(after) }
    }

    fn in_force() -> InForce {
        InForce {
            registry: Some(id(50)),
            key_files: BTreeMap::from([(
                "keys/alice.asc".to_owned(),
                (id(60), Arc::new(World::new().key_file("alice"))),
            )]),
            records: BTreeMap::new(),
        }
    }

    #[test]
    fn nothing_changed_and_repairs_are_accepted() {
        let world = World::new();
        let mut step = step(9);
        assert!(check(&world.context(), &step, &in_force(), None).is_empty());
        step.keys = vec![
            change("keys/alice.asc", Some(61), Some(60)),
            change("keys/README", None, Some(1)),
        ];
        assert!(check(&world.context(), &step, &in_force(), None).is_empty());
    }

    #[test]
    fn every_other_change_is_refused() {
        let world = World::new();
        for (path, before, after) in [
            ("keys/alice.asc", Some(60), Some(61)),
            ("keys/alice.asc", Some(60), None),
            ("keys/ceremonies/0002-enroll.toml", None, Some(1)),
            ("keys/ceremonies/0001-genesis.toml", Some(1), None),
        ] {
            let mut step = step(9);
            step.keys = vec![change(path, before, after)];
            let found = check(&world.context(), &step, &in_force(), None);
            assert_eq!(found[0].code, Code::UnauthorisedRegistryChange, "{path}");
        }
        let mut step = step(9);
        step.registry = Some(RegistryFile::Missing);
        let codes: Vec<Code> =
            check(&world.context(), &step, &in_force(), None).iter().map(|f| f.code).collect();
        assert_eq!(codes, [Code::RegistryMissing, Code::UnauthorisedRegistryChange]);
    }

    #[test]
    fn a_refresh_only_adds() {
        let world = World::new();
        let old = world.key_file("alice");
        let run = |new: KeyFile| {
            let mut step = step(9);
            step.keys = vec![change("keys/alice.asc", Some(60), Some(61))];
            step.key_files.insert("keys/alice.asc".into(), (id(61), Arc::new(new)));
            check(&world.context(), &step, &in_force(), None).len()
        };
        let mut more = old.clone();
        let revocation = crate::model::Revocation {
            created: crate::rules::testing::at("2026-03-01"),
            hard: true,
            digest: crate::model::Digest::Sha256,
            reason: String::new(),
        };
        more.certificates[0].keys[0].revocations.push(revocation);
        assert_eq!(run(more.clone()), 0, "a revocation is added");
        let mut swapped = old.clone();
        swapped.certificates = world.key_file("bob").certificates;
        assert_eq!(run(swapped), 1, "another key in its place");
        let mut both = old.clone();
        both.certificates.extend(world.key_file("bob").certificates);
        assert_eq!(run(both), 1, "somebody else's key beside it");
        let mut fewer = old.clone();
        fewer.certificates[0].keys[0].bindings.clear();
        assert_eq!(run(fewer), 1, "a self-signature is taken away");
        let mut secret = more;
        secret.holds_secret = true;
        assert_eq!(run(secret), 2, "a private key");
    }

    #[test]
    fn an_executable_key_file_is_no_repair() {
        let world = World::new();
        let mut step = step(9);
        let mut made = change("keys/alice.asc", Some(60), Some(60));
        made.after = Some((0o100_755, id(60)));
        step.keys = vec![made];
        assert_eq!(check(&world.context(), &step, &in_force(), None).len(), 1);
    }
}
