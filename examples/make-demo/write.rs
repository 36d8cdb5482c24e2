//! Git objects, collected in the order in which they are made.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid};

/// A flat tree: path -> content.
pub(crate) type Files = BTreeMap<String, String>;

#[derive(Default)]
pub(crate) struct Objects {
    order: Vec<(&'static str, Oid, Vec<u8>)>,
    refs: Vec<(String, String)>,
}

impl Objects {
    fn add(&mut self, kind: ObjectType, bytes: Vec<u8>) -> String {
        let id = Oid::hash_object(kind, &bytes).unwrap();
        if self.order.iter().all(|(_, known, _)| *known != id) {
            let name = match kind {
                ObjectType::Blob => "blob",
                ObjectType::Tree => "tree",
                ObjectType::Commit => "commit",
                _ => unreachable!("the demo has no tags"),
            };
            self.order.push((name, id, bytes));
        }
        id.to_string()
    }

    pub(crate) fn commit(&mut self, bytes: Vec<u8>) -> String {
        self.add(ObjectType::Commit, bytes)
    }

    pub(crate) fn tree(&mut self, files: &Files) -> String {
        let mut entries: Vec<(String, String, &str, String)> = Vec::new();
        let mut folders: BTreeMap<&str, Files> = BTreeMap::new();
        for (path, content) in files {
            match path.split_once('/') {
                Some((folder, rest)) => {
                    folders.entry(folder).or_default().insert(rest.to_owned(), content.clone());
                }
                None => {
                    let id = self.add(ObjectType::Blob, content.clone().into_bytes());
                    entries.push((path.clone(), path.clone(), "100644", id));
                }
            }
        }
        for (name, inner) in folders {
            // A folder sorts as if its name ended with a slash.
            entries.push((format!("{name}/"), name.to_owned(), "40000", self.tree(&inner)));
        }
        entries.sort();
        let mut bytes = Vec::new();
        for (_, name, mode, id) in entries {
            bytes.extend(format!("{mode} {name}\0").into_bytes());
            bytes.extend(hex::decode(id).unwrap());
        }
        self.add(ObjectType::Tree, bytes)
    }

    pub(crate) fn set(&mut self, name: &str, id: &str) {
        self.refs.push((name.to_owned(), id.to_owned()));
    }

    /// The file that the program carries.
    pub(crate) fn container(&self) -> Vec<u8> {
        let mut out = b"gatecheck-demo/1\n".to_vec();
        for (name, id) in &self.refs {
            out.extend(format!("ref {name} {id}\n").into_bytes());
        }
        for (kind, id, bytes) in &self.order {
            out.extend(format!("{kind} {id} {}\n", bytes.len()).into_bytes());
            out.extend(bytes);
            out.push(b'\n');
        }
        out.extend(b"end\n");
        out
    }
}
