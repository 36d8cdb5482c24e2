//! What happens in the demo's project.

use std::collections::BTreeMap;

use gatecheck::manifest;
use gatecheck::model::{Limits, ManifestName};
use gatecheck::statement::{SignerContext, signoff_payload};

use super::keys::{DemoKey, MADE};
use super::write::{Files, Objects};

const PROJECT: &str = "lighthouse";
const MAINLINE: &str = "refs/heads/main";
const REGISTRY: &str = "keys/reviewer-registry.toml";
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Domain, its primary, its backup, the document that a full scope lists.
const DOMAINS: [(&str, &str, &str, &str); 3] = [
    ("kernel", "ada", "grace", "KERNEL"),
    ("evidence", "grace", "barbara", "LEDGER"),
    ("process", "edsger", "barbara", "GUIDE"),
];

const SCHEDULER: &str = "\
/// Picks who runs next: round robin, nobody waits for ever.
pub fn next(current: usize, tasks: usize) -> usize {
    (current + 1) % tasks.max(1)
}
";

const LEDGER: &str = "\
# Ledger

Every run of the lamp is written down here before it starts.
";

const GUIDE: &str = "\
# Guide

Changes land by squash. At the end of an epoch each domain signs off.
";

/// Tells the story and returns the container.
pub(crate) fn demo() -> Vec<u8> {
    let keys = BTreeMap::from([
        ("ada", DemoKey::openpgp("Ada")),
        ("grace", DemoKey::openpgp("Grace")),
        ("edsger", DemoKey::ssh("Edsger")),
        ("barbara", DemoKey::openpgp("Barbara")),
    ]);
    let mut project = Project { objects: Objects::default(), keys };
    project.tell();
    project.objects.container()
}

struct Project {
    objects: Objects,
    keys: BTreeMap<&'static str, DemoKey>,
}

/// One commit to make.
struct Commit<'a> {
    parent: &'a str,
    author: &'a str,
    at: i64,
    message: &'a str,
}

impl Project {
    fn tell(&mut self) {
        let mut files = self.first_files();
        let made = |parent, author, at, message| Commit { parent, author, at, message };

        let start = MADE + 2 * HOUR;
        let text = "Found the project: reviewers, domains, keys";
        let anchor = self.signed(&files, &made("", "ada", start, text), "ada");

        files.insert("kernel/scheduler.rs".into(), SCHEDULER.replace("tasks.max(1)", "tasks"));
        let text = "Let the scheduler pick the next task";
        let first = self.plain(&files, &made(&anchor, "tim", start + 7 * DAY, text));

        let at = start + 11 * DAY;
        let people = [("kernel", "ada"), ("evidence", "grace"), ("process", "edsger")];
        files.insert(gate_path(0), self.manifest(0, "none", &files, &people, at));
        let gate_0 = self.signed(&files, &made(&first, "ada", at + HOUR, "Epoch 0"), "ada");

        files.insert("kernel/scheduler.rs".into(), SCHEDULER.into());
        let text = "Do not divide by zero when there are no tasks";
        let second = self.plain(&files, &made(&gate_0, "tim", start + 20 * DAY, text));
        files.insert("evidence/LEDGER.md".into(), format!("{LEDGER}It is never edited.\n"));
        let text = "Say that the ledger is never edited";
        let third = self.plain(&files, &made(&second, "tim", start + 23 * DAY, text));

        let at = start + 39 * DAY;
        let people = [("kernel", "ada"), ("evidence", "grace"), ("process", "barbara")];
        files.insert(gate_path(1), self.manifest(1, &gate_0, &files, &people, at));
        let gate_1 = self.signed(&files, &made(&third, "grace", at + HOUR, "Epoch 1"), "grace");
        self.objects.set(MAINLINE, &gate_1);

        // What the reviewers looked at for epoch 2, and signed off in good faith.
        let bounded =
            format!("{SCHEDULER}\n/// How many tasks there may be.\npub const MOST: usize = 64;\n");
        files.insert("kernel/scheduler.rs".into(), bounded.clone());
        let text = "Bound the number of tasks";
        let reviewed = self.plain(&files, &made(&gate_1, "tim", start + 60 * DAY, text));
        self.objects.set("refs/heads/reviewed", &reviewed);
        let at = start + 67 * DAY;
        let people = [("kernel", "ada"), ("evidence", "grace"), ("process", "edsger")];
        files.insert(gate_path(2), self.manifest(2, &gate_1, &files, &people, at));

        // What landed instead: other code, and a key of the attacker's own under Ada's name.
        let key = DemoKey::openpgp("Ada");
        let back_door =
            "\n/// Temporary.\npub fn is_admin(task: usize) -> bool {\n    task == 4242\n}\n";
        files.insert("kernel/scheduler.rs".into(), bounded + back_door);
        files.insert("keys/ada-2.asc".into(), key.public());
        let registry = files.get_mut(REGISTRY).expect("the registry");
        *registry = registry.replace("serial = 1", "serial = 2");
        *registry += &entry("ada", &key, "keys/ada-2.asc");
        let commit = made(&reviewed, "ada", at + 2 * HOUR, "Epoch 2");
        let raw = self.raw(&files, &commit);
        let attack = self.with_signature(raw, &key, commit.at);
        self.objects.set("refs/heads/attack", &attack);
        self.objects.set("refs/tags/anchor", &anchor);
    }

    fn first_files(&self) -> Files {
        let mut files = Files::from([
            ("README.md".to_owned(), readme()),
            (REGISTRY.to_owned(), self.registry()),
            ("kernel/KERNEL.md".to_owned(), "# Kernel\n\nIt decides which task runs.\n".into()),
            ("evidence/LEDGER.md".to_owned(), LEDGER.into()),
            ("process/GUIDE.md".to_owned(), GUIDE.into()),
        ]);
        for (name, key) in &self.keys {
            files.insert(key_path(name, key), key.public());
        }
        files
    }

    fn registry(&self) -> String {
        let mut text = format!(
            "# The reviewers of a demonstration. Their secret keys were thrown away when it was made.\n\
             [schema]\nversion = \"1.1.0\"\nserial = 1\n\n\
             [project]\nid = \"{PROJECT}\"\nmainline = \"{MAINLINE}\"\n"
        );
        for name in self.keys.keys() {
            let shown = name[..1].to_ascii_uppercase() + &name[1..];
            text += &format!(
                "\n[[reviewers]]\nid = \"{name}\"\nname = \"{shown} (throw-away)\"\n\
                 emails = [\"{name}@demo.invalid\"]\nkind = \"human\"\n"
            );
        }
        for (domain, primary, backup, doc) in DOMAINS {
            text += &format!(
                "\n[[domains]]\nid = \"{domain}\"\nprimary = \"{primary}\"\nbackup = \"{backup}\"\n\
                 paths = [\"{domain}/**\"]\ndocs = [\"{doc}\"]\n"
            );
        }
        text += "\n# A demonstration has to work for long; real keys get an end that comes.\n\
                 [policy.ceremony]\nmax_key_days = 36500\n";
        for (name, key) in &self.keys {
            text += &entry(name, key, &key_path(name, key));
        }
        text
    }

    /// A manifest with its sign-offs, each signed an hour before `at` by the person's own key.
    fn manifest(
        &mut self,
        epoch: u64,
        previous: &str,
        files: &Files,
        people: &[(&str, &str)],
        at: i64,
    ) -> String {
        let tree = self.objects.tree(files);
        let mut text = format!(
            "[manifest]\nepoch = {epoch}\nprevious_gate = \"{previous}\"\nsubject_tree = \"{tree}\"\n"
        );
        for (n, (domain, person)) in people.iter().enumerate() {
            let at = at - HOUR + 600 * i64::try_from(n).expect("few");
            let doc = DOMAINS.iter().find(|known| known.0 == *domain).expect("a domain").3;
            let unsigned = format!(
                "{text}\n[[signoffs]]\nreviewer_id = \"{person}\"\ndomain = \"{domain}\"\n\
                 scope = [\"{doc}\"]\nepoch = {epoch}\ntimestamp = {}\n",
                in_utc(at)
            );
            let payload = payload(epoch, &unsigned, n);
            let armor = self.keys[person].sign("gatecheck", at, &payload);
            text = format!("{unsigned}signature = \"\"\"\n{armor}\"\"\"\n");
        }
        text
    }

    fn raw(&mut self, files: &Files, commit: &Commit<'_>) -> String {
        let tree = self.objects.tree(files);
        let parent = match commit.parent {
            "" => String::new(),
            id => format!("parent {id}\n"),
        };
        let who = format!("{0} <{0}@demo.invalid> {1} +0000", commit.author, commit.at);
        format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{}\n", commit.message)
    }

    fn plain(&mut self, files: &Files, commit: &Commit<'_>) -> String {
        let raw = self.raw(files, commit);
        self.objects.commit(raw.into_bytes())
    }

    fn signed(&mut self, files: &Files, commit: &Commit<'_>, signer: &str) -> String {
        let raw = self.raw(files, commit);
        let armor = self.keys[signer].sign("git", commit.at, raw.as_bytes());
        self.signed_with(&raw, &armor)
    }

    fn with_signature(&mut self, raw: String, key: &DemoKey, at: i64) -> String {
        let armor = key.sign("git", at, raw.as_bytes());
        self.signed_with(&raw, &armor)
    }

    fn signed_with(&mut self, raw: &str, armor: &str) -> String {
        let (head, message) = raw.split_once("\n\n").expect("a message");
        let armor = armor.trim_end().replace('\n', "\n ");
        self.objects.commit(format!("{head}\ngpgsig {armor}\n\n{message}").into_bytes())
    }
}

fn payload(epoch: u64, manifest: &str, n: usize) -> Vec<u8> {
    let path = gate_path(epoch);
    let name = ManifestName::Epoch(epoch);
    let read = manifest::read(&name, &path, manifest.as_bytes(), &Limits::default());
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    let manifest = read.manifest.expect("a manifest");
    let context = SignerContext { project: PROJECT, mainline: MAINLINE };
    signoff_payload(&context, &manifest, &manifest.signoffs[n]).unwrap()
}

fn entry(name: &str, key: &DemoKey, path: &str) -> String {
    format!(
        "\n[[keys]]\nreviewer_id = \"{name}\"\nformat = \"{}\"\nfingerprint = \"{}\"\n\
         public_key = \"{path}\"\neffective_from = 2025-03-03\neffective_until = 2099-01-01\n",
        key.format(),
        key.fingerprint(),
    )
}

fn key_path(name: &str, key: &DemoKey) -> String {
    format!("keys/{name}.{}", key.extension())
}

fn gate_path(epoch: u64) -> String {
    format!("epoch_signoffs/epoch-{epoch}.toml")
}

fn in_utc(unix: i64) -> String {
    chrono::DateTime::from_timestamp(unix, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn readme() -> String {
    "# lighthouse\n\n\
     A project that does nothing, written by `gatecheck demo`. Ada, Grace, Edsger and Barbara\n\
     are nobody; their secret keys were thrown away when the demonstration was made.\n\n\
     - `main` went through two gates, epoch 0 and epoch 1.\n\
     - `reviewed` is what the reviewers signed off for epoch 2.\n\
     - `attack` is what somebody tried to land as epoch 2 instead: look at\n\
     \x20 `git diff reviewed attack`.\n\
     - The tag `anchor` is the commit that trust starts from.\n"
        .to_owned()
}
