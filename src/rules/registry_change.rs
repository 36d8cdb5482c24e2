//! Rule: the registry and its key files change by ceremony only.
//!
//! Ceremonies cannot be judged by this version, so every change is refused: closed, not open. The
//! one exception is a repair, which puts the bytes in force back after a refused change.

use std::collections::BTreeMap;

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::Oid;
use crate::model::registry::{CEREMONIES_FOLDER, REGISTRY_PATH};
use crate::model::step::{FileChange, RegistryFile, Step};
use crate::model::text::shown;

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
        fix: "Put the bytes that are in force back in a new commit (that is a repair and needs no ceremony), and let the next epoch gate list this commit in `cures`.",
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
    /// Blobs of the key files, by path.
    pub key_files: BTreeMap<String, Oid>,
}

/// Judges everything that a commit changes below `keys/`. Empty: nothing but repairs.
#[must_use]
pub fn check(cx: &Context<'_>, step: &Step, in_force: &InForce) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(file) = &step.registry
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
    for change in &step.keys {
        let is_record = change.path.starts_with(&format!("{CEREMONIES_FOLDER}/"));
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
                Some(new) => format!("registry of serial {}", new.serial),
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
    let accepted = in_force.key_files.get(&change.path).copied();
    if !is_record && regular == accepted && (regular.is_some() || change.after.is_none()) {
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
        .compared(format!("{path} {verb}"), "no change, or a ceremony that approves it")
        .help(format!("put the file in force back: git checkout {}^ -- {path}", "COMMIT")),
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
            key_files: BTreeMap::from([("keys/alice.asc".to_owned(), id(60))]),
        }
    }

    #[test]
    fn nothing_changed_and_repairs_are_accepted() {
        let world = World::new();
        let mut step = step(9);
        assert!(check(&world.context(), &step, &in_force()).is_empty());
        step.keys = vec![
            change("keys/alice.asc", Some(61), Some(60)),
            change("keys/README", None, Some(1)),
        ];
        assert!(check(&world.context(), &step, &in_force()).is_empty());
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
            let found = check(&world.context(), &step, &in_force());
            assert_eq!(found[0].code, Code::UnauthorisedRegistryChange, "{path}");
        }
        let mut step = step(9);
        step.registry = Some(RegistryFile::Missing);
        let codes: Vec<Code> =
            check(&world.context(), &step, &in_force()).iter().map(|f| f.code).collect();
        assert_eq!(codes, [Code::RegistryMissing, Code::UnauthorisedRegistryChange]);
    }

    #[test]
    fn an_executable_key_file_is_no_repair() {
        let world = World::new();
        let mut step = step(9);
        let mut made = change("keys/alice.asc", Some(60), Some(60));
        made.after = Some((0o100_755, id(60)));
        step.keys = vec![made];
        assert_eq!(check(&world.context(), &step, &in_force()).len(), 1);
    }
}
