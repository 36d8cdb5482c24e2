//! Records of ceremonies with correct approvals, except where the story says otherwise. The
//! statement is made from the documentation alone and shares nothing with the product.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::build::{REGISTRY, World};
use super::manifest::SignedStatement;
use super::objects::Files;
use super::sign::{self, Order, edited};
use super::statement;
use super::story::{Edits, SigSpec};

/// A ceremony in a commit whose `files`, `remove` and `registry_edit` tell the change itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CeremonySpec {
    pub(crate) kind: String,
    pub(crate) reviewer: Option<String>,
    /// Keys that approve in the role `authorise`.
    pub(crate) authorise: Vec<String>,
    /// Keys that prove possession.
    pub(crate) possession: Vec<String>,
    /// Keys of witnesses.
    pub(crate) witness: Vec<String>,
    /// Standing keys that are retired: key -> `reason` and further fields of the entry.
    pub(crate) retire: BTreeMap<String, String>,
    /// Keys that get a standing entry: key -> its window fields.
    pub(crate) add: BTreeMap<String, String>,
    /// People who are added (with no key).
    pub(crate) enroll: Vec<String>,
    /// Absent: the last serial of the registry before, plus one.
    pub(crate) serial: Option<u64>,
    pub(crate) parent: Option<String>,
    pub(crate) reason: String,
    pub(crate) charter_ack: String,
    pub(crate) concerns: Vec<String>,
    /// Absent: what the commit takes away and what it adds or changes.
    pub(crate) removed: Option<Vec<String>>,
    pub(crate) files: Option<BTreeMap<String, String>>,
    /// Absent: the commit's date.
    pub(crate) timestamp: Option<String>,
    pub(crate) sig: SigSpec,
    /// What is signed differs from what the record says: fields of the predicate.
    pub(crate) signed_as: BTreeMap<String, Value>,
    /// `reviewer_id` that approvals by a key state, where it is not its person.
    pub(crate) stated_as: BTreeMap<String, String>,
    /// Edits of the record after it was signed.
    pub(crate) edit: Edits,
    pub(crate) path: Option<String>,
    /// No record is added.
    pub(crate) no_record: bool,
}

pub(crate) struct RecordMade {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) statements: Vec<SignedStatement>,
}

/// Writes the ceremony's change into a registry.
pub(crate) fn changed(world: &World, spec: &CeremonySpec, before: &str) -> String {
    let mut text = before.to_owned();
    let old = serial(before);
    let new = spec.serial.unwrap_or(old + 1);
    text = replaced(&text, &format!("serial = {old}\n"), &format!("serial = {new}\n"));
    for (key, fields) in &spec.retire {
        let fingerprint = world.keys[key].fingerprint();
        let at = text.find(&format!("fingerprint = \"{fingerprint}\"")).expect("the key's entry");
        let head = text[..at].rfind("[[keys]]").expect("a standing entry");
        text.replace_range(head..head + "[[keys]]".len(), "[[retired_keys]]");
        let at = text.find(&format!("fingerprint = \"{fingerprint}\"")).unwrap();
        text.insert_str(at, &(world.told(fields.trim()) + "\n"));
    }
    for person in &spec.enroll {
        text += &format!(
            "\n[[reviewers]]\nid = \"{person}\"\nname = \"{person}\"\n\
             emails = [\"{person}@example.org\"]\nkind = \"human\"\n"
        );
    }
    for (key, fields) in &spec.add {
        text += &format!(
            "\n[[keys]]\nreviewer_id = \"{}\"\nformat = \"{}\"\nfingerprint = \"{}\"\n\
             public_key = \"{}\"\n{}\n",
            person(world, key),
            if world.key_path(key).ends_with(".pub") { "ssh" } else { "openpgp" },
            world.keys[key].fingerprint(),
            world.key_path(key),
            fields.trim()
        );
    }
    text
}

fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old:?} is not in the registry");
    text.replacen(old, new, 1)
}

fn serial(registry: &str) -> u64 {
    let line = registry.lines().find_map(|line| line.strip_prefix("serial = ")).expect("a serial");
    line.trim().parse().expect("a number")
}

/// Hexadecimal digits in lower case; base64 as it is.
fn spelt(fingerprint: &str) -> String {
    if fingerprint.starts_with("SHA256:") {
        fingerprint.to_owned()
    } else {
        fingerprint.to_lowercase()
    }
}

fn person(world: &World, key: &str) -> String {
    world.specs[key].person.clone().unwrap_or_else(|| key.to_owned())
}

/// Writes the record of a commit. `files` is the tree with the new registry and without the
/// record, `before` the first parent's.
pub(crate) fn make(
    world: &World,
    spec: &CeremonySpec,
    before: &Files,
    files: &Files,
    date: &str,
) -> RecordMade {
    let read = |files: &Files, path: &str| world.store.read(&files[path].1);
    let digest = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let registry = String::from_utf8(read(files, REGISTRY)).unwrap();
    let number = serial(&registry);
    let is_key = |path: &str| path.ends_with(".asc") || path.ends_with(".pub");
    let below = |path: &str| path.starts_with("keys/") && is_key(path);
    let changed = files
        .iter()
        .filter(|(path, entry)| below(path) && before.get(*path) != Some(entry))
        .map(|(path, _)| (path.clone(), digest(&read(files, path))));
    let listed: BTreeMap<String, String> = spec.files.clone().map_or_else(
        || changed.collect(),
        |stated| stated.into_iter().map(|(path, sum)| (path, world.told(&sum))).collect(),
    );
    let gone = before.keys().filter(|path| below(path) && !files.contains_key(*path)).cloned();
    let removed: Vec<String> = spec.removed.clone().unwrap_or_else(|| gone.collect());
    let parent = spec.parent.as_deref().map_or_else(
        || world.commits.last().unwrap().id.clone(),
        |name| if name.len() >= 40 { name.to_owned() } else { world.commit(name).id.clone() },
    );
    let previous = digest(&read(before, REGISTRY));
    let new = digest(registry.as_bytes());
    let time = spec.timestamp.as_deref().unwrap_or(date);
    let list = |items: &[String]| serde_json::to_string(items).unwrap();
    let mut text = format!(
        "[ceremony]\nserial = {number}\nkind = \"{}\"\nprevious_registry_sha256 = \"{previous}\"\n\
         registry_sha256 = \"{new}\"\nparent = \"{parent}\"\nreason = \"{}\"\ncharter_ack = \"{}\"\n\
         witnesses = []\nconcerns = {}\nremoved = {}\n",
        spec.kind,
        spec.reason,
        spec.charter_ack,
        list(&spec.concerns),
        list(&removed)
    );
    for (path, sum) in &listed {
        text += &format!("\n[[files]]\npath = \"{path}\"\nsha256 = \"{sum}\"\n");
    }
    let mut subject: Vec<(String, String)> = listed.into_iter().collect();
    subject.push((REGISTRY.to_owned(), new));
    subject.sort();
    let mut statements = Vec::new();
    let roles = [
        ("authorise", &spec.authorise),
        ("possession", &spec.possession),
        ("witness", &spec.witness),
    ];
    for (role, keys) in roles {
        for key in keys {
            let who = spec.stated_as.get(key).cloned().unwrap_or_else(|| person(world, key));
            let fingerprint = world.keys[key].fingerprint();
            let mut predicate = json!({
                "project": "clan-os",
                "mainline": "refs/heads/main",
                "kind": spec.kind,
                "serial": number,
                "previous_registry_sha256": previous,
                "parent": parent,
                "role": role,
                "reviewer_id": who,
                "fingerprint": spelt(&fingerprint),
                "reason": spec.reason,
                "charter_ack": spec.charter_ack,
                "concerns": spec.concerns,
                "removed": removed,
                "timestamp": time,
            });
            for (field, other) in &spec.signed_as {
                predicate[field] = other.clone();
            }
            let subject: Vec<Value> = subject
                .iter()
                .map(|(path, sum)| json!({ "name": path, "digest": { "sha256": sum } }))
                .collect();
            let bytes = statement::to_sign(&json!({
                "_type": "https://in-toto.io/Statement/v1",
                "subject": subject,
                "predicateType": "urn:x-gatecheck:ceremony:v1",
                "predicate": predicate,
            }));
            let order = Order {
                keys: &world.keys,
                key,
                time,
                namespace: "gatecheck",
                spec: &spec.sig,
                gpg_home: &world.gpg_home(),
            };
            let armor = String::from_utf8(sign::sign(&order, &bytes)).unwrap();
            text += &format!(
                "\n[[approvals]]\nrole = \"{role}\"\nreviewer_id = \"{who}\"\n\
                 fingerprint = \"{fingerprint}\"\ntimestamp = {time}\nsignature = \"\"\"\n{armor}\"\"\"\n"
            );
            let honest = spec.edit.is_empty();
            statements.push(SignedStatement { key: key.clone(), bytes, armor, honest });
        }
    }
    let text = String::from_utf8(edited(text.into_bytes(), &world.told_edits(&spec.edit))).unwrap();
    let about = spec.reviewer.as_ref().map(|who| format!("-{who}")).unwrap_or_default();
    let usual = format!("keys/ceremonies/{number:04}-{}{about}.toml", spec.kind);
    RecordMade { path: spec.path.clone().unwrap_or(usual), text, statements }
}
