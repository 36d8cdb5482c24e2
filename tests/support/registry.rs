//! The usual registry, and what a story changes about it.

use std::collections::BTreeMap;

use super::build::World;
use super::keys::TestKey;
use super::sign::edited;

const DOMAINS: &str = r#"
[[domains]]
id = "kernel"
primary = "clancy"
backup = "ada"
reviewers = ["edsger"]
paths = ["kernel/**"]
docs = ["KERNEL_OBJECT_MODEL"]

[[domains]]
id = "evidence"
primary = "ada"
backup = "grace"
reviewers = ["edsger"]
paths = ["evidence/**"]
docs = ["EVIDENCE_LEDGER"]

[[domains]]
id = "process"
primary = "grace"
backup = "edsger"
paths = ["process/**"]
docs = ["PROCESS_GUIDE"]
"#;

/// What a full scope of one of the usual domains lists.
pub(crate) fn docs(domain: &str) -> Vec<String> {
    match domain {
        "kernel" => vec!["KERNEL_OBJECT_MODEL".into()],
        "evidence" => vec!["EVIDENCE_LEDGER".into()],
        "process" => vec!["PROCESS_GUIDE".into()],
        _ => Vec::new(),
    }
}

/// The registry in the anchor's tree.
pub(crate) fn text(world: &World) -> String {
    let spec = &world.story.registry;
    if let Some(text) = &spec.text {
        return world.told(text);
    }
    let mut out = format!(
        "# THROW-AWAY TEST REVIEWERS: their secret keys are public.\n\
         [schema]\nversion = \"1.1.0\"\nserial = {}\n\n\
         [project]\nid = \"clan-os\"\nmainline = \"refs/heads/main\"\n",
        spec.serial
    );
    let mut people: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, key) in &world.specs {
        if key.entry != "none" {
            people.insert(key.person.as_deref().unwrap_or(name), &key.person_kind);
        }
    }
    for (id, kind) in people {
        out += &format!(
            "\n[[reviewers]]\nid = \"{id}\"\nname = \"{id}\"\n\
             emails = [\"{id}@example.org\"]\nkind = \"{kind}\"\n"
        );
    }
    out += spec.domains.as_deref().unwrap_or(DOMAINS);
    for (table, entry) in [("keys", "standing"), ("retired_keys", "retired")] {
        for (name, key) in world.specs.iter().filter(|(_, key)| key.entry == entry) {
            let format = match world.keys[name] {
                TestKey::Pgp(_) => "openpgp",
                TestKey::Ssh(_) => "ssh",
            };
            out += &format!(
                "\n[[{table}]]\nreviewer_id = \"{}\"\nformat = \"{format}\"\n\
                 fingerprint = \"{}\"\npublic_key = \"{}\"\n{}\n",
                key.person.as_deref().unwrap_or(name),
                world.keys[name].fingerprint(),
                world.key_path(name),
                key.fields.trim(),
            );
        }
    }
    out += "\n";
    out += &spec.policy;
    let edited = edited(world.told(&out).into_bytes(), &world.told_edits(&spec.edit));
    String::from_utf8(edited).unwrap()
}
