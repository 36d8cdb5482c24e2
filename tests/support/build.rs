//! Makes the objects of a story.
//!
//! Texts may hold: `{fpr:KEY}`, `{signing:KEY}` (fingerprints), `{public:KEY}`, `{secret:KEY}`,
//! `{revoked-compromised:KEY}` (also `-unspecified`, `-retired`, `-superseded`; on 2026-03-01),
//! `{claims:KEY:KEY}` (also `adopts`, `revokes`, and each with `-primary`: the first key's file, in
//! which the second stands as a subkey), `{commit:NAME}`, `{tree:NAME}`, `{blob:NAME:PATH}`,
//! `{text:NAME:PATH}`, `{sha256:NAME:PATH}`, `{x:N}` (N times `x`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::{Captures, Regex};
use sha2::{Digest as _, Sha256};

use super::keys::{TestKey, unix};
use super::manifest;
use super::objects::{Files, Store};
use super::sign::{self, Order, edited};
use super::story::{CommitSpec, KeySpec, Story};

pub(crate) const REGISTRY: &str = "keys/reviewer-registry.toml";

/// One commit that was made.
pub(crate) struct Made {
    pub(crate) spec: CommitSpec,
    pub(crate) id: String,
    pub(crate) tree: String,
    pub(crate) files: Files,
    pub(crate) date: String,
    /// Whose key signed it.
    pub(crate) signed_by: Option<String>,
    /// Id of the gate that it carries, what that is bound to, and its `previous_gate`.
    pub(crate) gate: Option<manifest::GateMade>,
    /// Every statement that was signed for its sign-offs: reviewer, bytes, signature.
    pub(crate) statements: Vec<manifest::SignedStatement>,
}

/// A story's repository and everything that is known about it.
pub(crate) struct World {
    pub(crate) story: Story,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) specs: BTreeMap<String, KeySpec>,
    pub(crate) keys: BTreeMap<String, TestKey>,
    /// In the order of the story.
    pub(crate) commits: Vec<Made>,
}

impl World {
    pub(crate) fn new(story: Story) -> Self {
        // Short, because the gpg-agent's socket has to fit into 108 bytes.
        let folder = tempfile::Builder::new().prefix("gc").tempdir_in("/tmp").unwrap();
        let mut specs: BTreeMap<String, KeySpec> = ["clancy", "ada", "grace", "edsger"]
            .map(|name| (name.to_owned(), KeySpec::default()))
            .into();
        specs.extend(story.keys.clone());
        let keys = specs
            .iter()
            .map(|(name, spec)| {
                let material = spec.same_as.as_ref().unwrap_or(name);
                (name.clone(), TestKey::new(material, spec, folder.path()))
            })
            .collect();
        let store =
            Store::new(&folder.path().join("repo"), story.repository.sha256, story.repository.bare);
        let mut world = Self { story, folder, store, specs, keys, commits: Vec::new() };
        let anchor = CommitSpec {
            name: "anchor".into(),
            by: world.story.anchor.by.clone().or_else(|| Some("clancy".into())),
            signed_by: world.story.anchor.signed_by.clone().or_else(|| Some("clancy".into())),
            ..world.story.anchor.clone()
        };
        world.make(anchor);
        for spec in world.story.commits.clone() {
            world.make(spec);
        }
        world
    }

    pub(crate) fn commit(&self, name: &str) -> &Made {
        self.commits
            .iter()
            .find(|made| made.spec.name == name)
            .unwrap_or_else(|| panic!("the story has no commit {name:?} (yet)"))
    }

    pub(crate) fn gpg_home(&self) -> PathBuf {
        self.folder.path().join("g")
    }

    fn make(&mut self, spec: CommitSpec) {
        assert!(!spec.name.is_empty(), "every commit has a name");
        assert!(self.commits.iter().all(|c| c.spec.name != spec.name), "twice: {}", spec.name);
        let parents = self.parents(&spec);
        let date = self.date(&spec);
        let mut files = self.files(&spec, &parents);
        let mut gate = None;
        let mut statements = Vec::new();
        if let Some(ceremony) = spec.ceremony.as_ref().filter(|c| !c.no_record) {
            let by_id = |id: &String| self.commits.iter().find(|made| made.id == *id).unwrap();
            let before = parents.first().map(by_id).expect("a ceremony changes a registry");
            let made = super::ceremony::make(self, ceremony, &before.files, &files, &date);
            files.insert(made.path, (0o100644, self.store.blob(made.text.as_bytes())));
            statements.extend(made.statements);
        }
        if spec.adds_manifest() {
            let made = manifest::make(self, &spec, &files, &date);
            files.insert(made.path, (0o100644, self.store.blob(made.text.as_bytes())));
            gate = made.gate;
            statements.extend(made.statements);
        }
        let tree = self.store.tree(&files);
        let signed_by = match spec.signed_by.as_deref() {
            Some("") => None,
            Some(key) => Some(key.to_owned()),
            None => spec.is_gate().then(|| "clancy".to_owned()),
        };
        let raw = self.raw_commit(&spec, &tree, &parents, &date, signed_by.as_deref());
        let id = self.store.commit(&raw);
        if let Some(gate) = &mut gate
            && gate.id.is_empty()
        {
            gate.id.clone_from(&id);
        }
        self.commits.push(Made { spec, id, tree, files, date, signed_by, gate, statements });
    }

    fn parents(&self, spec: &CommitSpec) -> Vec<String> {
        match &spec.parents {
            Some(names) => names.iter().map(|name| self.commit(name).id.clone()).collect(),
            None => self.commits.last().map(|made| made.id.clone()).into_iter().collect(),
        }
    }

    fn date(&self, spec: &CommitSpec) -> String {
        if let Some(date) = &spec.date {
            return date.clone();
        }
        let Some(last) = self.commits.last() else { return "2026-01-10T12:00:00Z".into() };
        let next = chrono::DateTime::from_timestamp(unix(&last.date) + 86_400, 0).unwrap();
        next.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn files(&self, spec: &CommitSpec, parents: &[String]) -> Files {
        let by_id = |id: &String| &self.commits.iter().find(|made| made.id == *id).unwrap().files;
        let mut files = match &spec.checkout {
            Some(name) => self.commit(name).files.clone(),
            None => parents.first().map(|id| by_id(id).clone()).unwrap_or_default(),
        };
        if spec.checkout.is_none() {
            // A merge takes what the others added; conflicts are told as files.
            for parent in parents.iter().skip(1) {
                for (path, entry) in by_id(parent) {
                    files.entry(path.clone()).or_insert_with(|| entry.clone());
                }
            }
        }
        let mut write = |path: &str, bytes: &[u8]| {
            let mode =
                spec.modes.get(path).map_or(0o100644, |m| u32::from_str_radix(m, 8).unwrap());
            let id = if mode == 0o160000 {
                String::from_utf8(bytes.to_vec()).unwrap()
            } else {
                self.store.blob(bytes)
            };
            files.insert(path.to_owned(), (mode, id));
        };
        if spec.name == "anchor" {
            for (path, text) in self.first_files() {
                write(&path, text.as_bytes());
            }
        }
        if spec.touches_nothing() {
            write(&format!("kernel/{}.rs", spec.name), b"fn more() {}\n");
        }
        for (path, text) in &spec.files {
            write(path, self.told(text).as_bytes());
        }
        for (path, digits) in &spec.hex_files {
            write(path, &hex::decode(digits.replace(' ', "")).unwrap());
        }
        for (path, mode) in &spec.modes {
            let entry = files.get_mut(path).expect("a file to change the mode of");
            entry.0 = u32::from_str_radix(mode, 8).unwrap();
        }
        if let Some(ceremony) = &spec.ceremony {
            let old = String::from_utf8(self.store.read(&files[REGISTRY].1)).unwrap();
            let new = self.store.blob(super::ceremony::changed(self, ceremony, &old).as_bytes());
            files.insert(REGISTRY.into(), (0o100644, new));
            for key in ceremony.add.keys() {
                let public = self.store.blob(self.keys[key].public().as_bytes());
                files.entry(self.key_path(key)).or_insert((0o100644, public));
            }
        }
        if !spec.registry_edit.is_empty() {
            let old = self.store.read(&files[REGISTRY].1);
            let new = self.store.blob(&edited(old, &self.told_edits(&spec.registry_edit)));
            files.insert(REGISTRY.into(), (0o100644, new));
        }
        for path in &spec.remove {
            assert!(files.remove(path).is_some(), "there is no {path} to remove");
        }
        files
    }

    fn first_files(&self) -> Vec<(String, String)> {
        let mut files = vec![
            (REGISTRY.to_owned(), super::registry::text(self)),
            ("README.md".to_owned(), "A project in a test of gatecheck.\n".to_owned()),
            ("kernel/main.rs".to_owned(), "fn main() {}\n".to_owned()),
            ("evidence/log.rs".to_owned(), "fn log() {}\n".to_owned()),
            ("process/guide.md".to_owned(), "How we work.\n".to_owned()),
        ];
        for (name, spec) in &self.specs {
            if spec.entry != "none" && spec.same_as.is_none() {
                files.push((self.key_path(name), self.keys[name].public()));
            }
        }
        files
    }

    /// Where the key file of a key lies.
    pub(crate) fn key_path(&self, name: &str) -> String {
        let name = self.specs[name].same_as.as_deref().unwrap_or(name);
        let end = match self.keys[name] {
            TestKey::Pgp(_) => "asc",
            TestKey::Ssh(_) => "pub",
        };
        format!("keys/{name}.{end}")
    }

    /// The commit object: headers, signature, message.
    fn raw_commit(
        &self,
        spec: &CommitSpec,
        tree: &str,
        parents: &[String],
        date: &str,
        signed_by: Option<&str>,
    ) -> Vec<u8> {
        let author = spec.by.as_deref().unwrap_or(if spec.is_gate() { "clancy" } else { "dev" });
        let committer = spec.committer.as_deref().unwrap_or(author);
        let committed = spec.committer_date.as_deref().unwrap_or(date);
        let mut head = format!("tree {tree}\n");
        for parent in parents {
            head += &format!("parent {parent}\n");
        }
        head += &format!("author {author} <{author}@example.org> {} +0000\n", unix(date));
        head +=
            &format!("committer {committer} <{committer}@example.org> {} +0000\n", unix(committed));
        if let Some(tagger) = &spec.mergetag_by {
            let tag = format!(
                "object {}\ntype commit\ntag v1\ntagger {tagger} <{tagger}@example.org> {} +0000\n\nv1\n",
                parents[0],
                unix(date)
            );
            let armor = self.sign(spec, tagger, date, tag.as_bytes());
            head += &header("mergetag", &(tag + &String::from_utf8(armor).unwrap()));
        }
        let message = self.told(spec.message.as_deref().unwrap_or(&spec.name));
        let payload = edited(
            format!("{head}\n{message}\n").into_bytes(),
            &self.told_edits(&spec.edit_signed),
        );
        let mut raw = payload.clone();
        if let Some(key) = signed_by {
            let time = spec.sig_time.as_deref().unwrap_or(committed);
            let makers = if spec.sig.headers.is_empty() {
                vec![key.to_owned()]
            } else {
                spec.sig.headers.clone()
            };
            let name = if self.store.sha256 { "gpgsig-sha256" } else { "gpgsig" };
            let mut headers = Vec::new();
            for maker in makers {
                let armor = self.sign(spec, &maker, time, &payload);
                headers.extend(header(name, &String::from_utf8(armor).unwrap()).into_bytes());
            }
            // After the headers that were signed, before the empty line.
            let end = payload.windows(2).position(|w| w == b"\n\n").unwrap() + 1;
            raw = [&payload[..end], &headers, &payload[end..]].concat();
        }
        edited(raw, &self.told_edits(&spec.edit))
    }

    fn sign(&self, spec: &CommitSpec, key: &str, time: &str, payload: &[u8]) -> Vec<u8> {
        let order = Order {
            keys: &self.keys,
            key,
            time,
            namespace: "git",
            spec: &spec.sig,
            gpg_home: &self.gpg_home(),
        };
        sign::sign(&order, payload)
    }

    pub(crate) fn told_edits(&self, edits: &[[String; 2]]) -> Vec<[String; 2]> {
        edits.iter().map(|[old, new]| [self.told(old), self.told(new)]).collect()
    }

    /// A text with everything in braces filled in.
    pub(crate) fn told(&self, text: &str) -> String {
        let pattern = Regex::new(r"\{([a-z0-9-]+):([^{}]+)\}").unwrap();
        let fill = |found: &Captures<'_>| {
            let what = &found[2];
            let key = |name: &str| sign::key(&self.keys, name);
            match &found[1] {
                "fpr" => key(what).fingerprint(),
                "signing" => key(what).signing_fingerprint(),
                "public" => key(what).public(),
                "secret" => key(what).secret(),
                "commit" => self.commit(what).id.clone(),
                "tree" => self.commit(what).tree.clone(),
                "blob" => self.blob_of(what),
                "text" => String::from_utf8(self.store.read(&self.blob_of(what))).unwrap(),
                "sha256" => hex::encode(Sha256::digest(self.store.read(&self.blob_of(what)))),
                "x" => "x".repeat(what.parse().unwrap()),
                "claims" | "adopts" | "revokes" | "claims-primary" | "adopts-primary"
                | "revokes-primary" => {
                    let (how, primary) =
                        found[1].split_once('-').map_or((&found[1], false), |(how, _)| (how, true));
                    let (who, whose) = what.split_once(':').expect("KEY:KEY");
                    key(who).with_subkey_of(how, primary, key(whose))
                }
                other => match other.strip_prefix("revoked-") {
                    Some(reason) => key(what).revoked(reason, "2026-03-01T00:00:00Z"),
                    None => found[0].to_owned(),
                },
            }
        };
        pattern.replace_all(text, fill).into_owned()
    }

    /// `NAME:PATH` -> id of the blob.
    fn blob_of(&self, what: &str) -> String {
        let (name, path) = what.split_once(':').expect("NAME:PATH");
        self.commit(name).files[path].1.clone()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.store.path
    }
}

/// A header whose value has several lines.
fn header(name: &str, value: &str) -> String {
    format!("{name} {}\n", value.trim_end_matches('\n').replace('\n', "\n "))
}
