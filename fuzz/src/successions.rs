//! Ceremonies told by bytes: whatever changes and whoever approves it, nobody below the threshold
//! changes the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gatecheck::model::step::{FileChange, RegistryFile, Step};
use gatecheck::model::{
    Approval, ApprovalRole, CeremonyKind, CeremonyRecord, Limits, RecordName, RecordReading,
    RecordedFile, ReviewerId,
};
use gatecheck::source::{Source, Spot};
use gatecheck::statement::{SignerContext, ceremony_payload, request_id};

use super::fold::{
    BEGIN, By, DAY, LATE, PEOPLE, Told, blank, fact, fold, key_file, key_of, oid, registry_text,
    start,
};
use super::folds::Teller;

/// People with a standing human key: the first of `PEOPLE`.
const PERSONS: usize = 4;
const AT: i64 = BEGIN + 30 * DAY;
const TODAY: &str = "2026-02-24";
/// Keys from here on are new ones.
const NEW: usize = 20;
const NEWCOMER: usize = 30;
const REGISTRY: &str = "keys/reviewer-registry.toml";

/// What was done to the registry.
#[derive(Debug, Default)]
struct Changed {
    text: String,
    /// Keys that appear.
    new: BTreeSet<usize>,
    leaving: BTreeSet<usize>,
    compromised: BTreeSet<usize>,
    amended: bool,
    /// What nobody may do.
    forbidden: bool,
}

impl Changed {
    fn apply(&mut self, what: usize, who: usize) {
        let name = PEOPLE[who];
        let begin = format!("[[keys]]\nreviewer_id = \"{name}\"\n");
        let Some(at) = self.text.find(&begin) else { return };
        // A key that came in this ceremony has another window, and stays as it is.
        let Some(until) = self.text[at..].find("effective_until = 2028-01-01\n") else { return };
        let until = at + until;
        let retire = |text: &str, words: &str| {
            let old = text[at..until].replace("[[keys]]", "[[retired_keys]]");
            let rest = &text[until + "effective_until = 2028-01-01\n".len()..];
            format!("{}{old}retired_at = {TODAY}\n{words}{rest}", &text[..at])
        };
        match what {
            0 if !self.new.contains(&(NEW + who)) => {
                self.new.insert(NEW + who);
                self.text += &key_entry(name, NEW + who);
            }
            1 => {
                self.text = retire(&self.text, "reason = \"departed\"\n");
                self.leaving.insert(who);
            }
            2 => {
                let words = "reason = \"compromised\"\ncharter_ack = \"DECISION_LOG.md#x\"\n";
                self.text = retire(&self.text, words);
                self.compromised.insert(who);
            }
            3 if !self.new.contains(&NEWCOMER) => {
                self.new.insert(NEWCOMER);
                let person = "[[reviewers]]\nid = \"new\"\nkind = \"human\"\n";
                self.text += &format!("{person}{}", key_entry("new", NEWCOMER));
            }
            4 => {
                let other = self.text.replace("distinct_reviewers = 2", "distinct_reviewers = 1");
                self.amended |= other != self.text;
                self.text = other;
            }
            5 => {
                let old = format!("emails = [\"{name}@example.org\"]");
                self.text = self.text.replace(&old, "emails = [\"other@example.org\"]");
                self.amended = true;
            }
            6 => {
                let end = until + "effective_until = 2028-01-01\n".len();
                self.text = format!("{}{}", &self.text[..at], &self.text[end..]);
                self.forbidden = true;
            }
            7 => {
                let old = self.text[at..until].replace("2026-01-01", "2025-01-01");
                self.text = format!("{}{old}{}", &self.text[..at], &self.text[until..]);
                self.forbidden = true;
            }
            8 => {
                self.text = self.text.replacen("kind = \"bot\"", "kind = \"human\"", 1);
                self.amended = true;
            }
            _ => {}
        }
    }
}

fn key_entry(name: &str, key: usize) -> String {
    format!(
        "[[keys]]\nreviewer_id = \"{name}\"\nformat = \"openpgp\"\nfingerprint = \"{}\"\n\
         public_key = \"keys/{name}-2.asc\"\neffective_from = {TODAY}\neffective_until = 2028-02-01\n",
        key_of(key)
    )
}

/// What an approval is told to be, apart from what it says.
struct ToldApproval {
    role: ApprovalRole,
    who: usize,
    by: By,
}

/// A change of the registry and approvals of it; what is needed is recomputed from the telling.
pub fn succession(bytes: &[u8]) -> bool {
    let mut teller = Teller(bytes.iter());
    let threshold = ["\"majority\"", "\"unanimous\"", "2", "3"][teller.below(4)];
    let told = Told { rule: "\"unanimous\"", people: 2, commits: vec![] };
    let mut start = start(&told);
    let base = registry_text(&told) + &format!("[policy.ceremony]\nthreshold = {threshold}\n");
    let read =
        |text: &str| gatecheck::registry::read(REGISTRY, text.as_bytes(), &Limits::default());
    let old = read(&base);
    let old_registry = Arc::clone(old.registry.as_ref().expect("a registry"));
    start.registry = RegistryFile::File(oid(501), Arc::new(old));

    let mut changed =
        Changed { text: base.replacen("serial = 1", "serial = 2", 1), ..Changed::default() };
    let kind = CeremonyKind::ALL[teller.below(6)];
    for _ in 0..=teller.below(3) {
        let (what, who) = (teller.below(10), teller.below(PERSONS));
        changed.apply(what, who);
    }
    let signer = teller.below(PERSONS);
    let signer = teller.by(signer);
    let count = teller.below(9);
    let approvals: Vec<ToldApproval> = (0..count).map(|_| approval(&mut teller)).collect();
    let reading = read(&changed.text);
    let Some(new) = reading.registry.clone() else { return false };

    let mut step = blank(1, PEOPLE[0], AT, vec![]);
    step.signature = Some(fact(signer, AT));
    step.registry = Some(RegistryFile::File(oid(800), Arc::new(reading)));
    step.cited.insert("DECISION_LOG.md".into(), Source::new("DECISION_LOG.md", "# x\nwords\n"));
    change(&mut step, REGISTRY, Some(oid(501)), oid(800));
    let mut files = Vec::new();
    for key in &changed.new {
        let name = if *key == NEWCOMER { "new" } else { PEOPLE[*key - NEW] };
        let path = format!("keys/{name}-2.asc");
        change(&mut step, &path, None, oid(800 + *key));
        step.key_files.insert(path.clone(), (oid(800 + *key), Arc::new(key_file(*key))));
        step.sha256.insert(path.clone(), [*key as u8; 32]);
        files.push(RecordedFile { path, sha256: [*key as u8; 32] });
    }
    let path = RecordName { serial: 2, kind, reviewer: None }.path();
    change(&mut step, &path, None, oid(900));
    let record = CeremonyRecord {
        source: Source::new(path.clone(), "[ceremony]\n"),
        serial: 2,
        kind,
        previous_registry_sha256: old_registry.sha256,
        registry_sha256: new.sha256,
        parent: oid(0),
        reason: "why".into(),
        charter_ack: "DECISION_LOG.md#x".into(),
        witnesses: vec![],
        concerns: vec![],
        removed: vec![],
        files,
        approvals: approvals.iter().enumerate().map(|(n, told)| written(n, told)).collect(),
        spots: BTreeMap::new(),
    };
    let context = SignerContext { project: "p", mainline: "refs/heads/main" };
    for (told, approval) in approvals.iter().zip(&record.approvals) {
        let payload = ceremony_payload(&context, &record, approval).expect("a sound record");
        let id = request_id(&payload, approval.signature.as_bytes());
        step.facts.insert(id, fact(told.by, AT - 3_600));
    }
    let reading = RecordReading { path, record: Some(Arc::new(record)), problems: vec![] };
    step.records.push(Arc::new(reading));

    let outcome = fold(&start, &[step], LATE);
    assert!([1, 2].contains(&outcome.registry.serial));
    let accepted = outcome.registry.serial == 2;
    if accepted {
        assert_eq!(outcome.registry.sha256, new.sha256);
        assert_deserved(threshold, &changed, signer, &approvals);
    }
    accepted
}

fn approval(teller: &mut Teller<'_>) -> ToldApproval {
    let role = [ApprovalRole::Authorise, ApprovalRole::Possession, ApprovalRole::Witness];
    let (role, who) = (role[teller.below(3)], teller.below(PERSONS + 2));
    let by = match role {
        ApprovalRole::Possession if who < PERSONS => teller.by(NEW + who),
        ApprovalRole::Possession => teller.by(NEWCOMER),
        _ => teller.by(who),
    };
    ToldApproval { role, who, by }
}

fn written(n: usize, told: &ToldApproval) -> Approval {
    let id = if told.who <= PERSONS { PEOPLE[told.who] } else { "new" };
    let key = match told.by {
        By::Person(key) => key,
        By::Stranger | By::Bad | By::Nobody => told.who,
    };
    Approval {
        role: told.role,
        reviewer_id: ReviewerId::new(id).unwrap(),
        fingerprint: key_of(key),
        timestamp: gatecheck::model::Time::from_unix_clamped(AT - 3_600),
        signature: format!("approval {n}"),
        spot: Spot::START,
        spots: BTreeMap::new(),
    }
}

fn change(
    step: &mut Step,
    path: &str,
    before: Option<gatecheck::model::Oid>,
    after: gatecheck::model::Oid,
) {
    step.keys.push(FileChange {
        path: path.to_owned(),
        before: before.map(|blob| (0o100_644, blob)),
        after: Some((0o100_644, after)),
    });
}

/// None of the program's rules are asked here.
fn assert_deserved(threshold: &str, changed: &Changed, signer: By, approvals: &[ToldApproval]) {
    let yes: BTreeSet<usize> = approvals
        .iter()
        .filter(|a| a.role == ApprovalRole::Authorise && a.by == By::Person(a.who))
        .map(|a| a.who)
        .filter(|who| *who < PERSONS && !changed.compromised.contains(who))
        .collect();
    assert!(!changed.forbidden, "{changed:?}");
    assert!(matches!(signer, By::Person(0..PERSONS)), "signed by {signer:?}");
    assert!(yes.len() >= 2, "one person changed the registry: {changed:?}");
    let asked: BTreeSet<usize> =
        (0..PERSONS).filter(|who| !changed.compromised.contains(who)).collect();
    // Who gets a new key does not leave.
    let leaving = changed.leaving.iter().filter(|who| !changed.new.contains(&(NEW + **who)));
    let unasked: BTreeSet<usize> = leaving.filter(|who| !yes.contains(who)).copied().collect();
    assert!(unasked.len() <= 1, "two people were sent away: {changed:?}");
    let others: BTreeSet<usize> = asked.difference(&unasked).copied().collect();
    let there = others.intersection(&yes).count();
    let needed = match threshold {
        "\"unanimous\"" => others.len(),
        "\"majority\"" => others.len() / 2 + 1,
        number => number.parse().unwrap(),
    };
    assert!(there >= needed, "{there} of {needed} for {changed:?}");
    if changed.amended {
        assert!(yes.is_superset(&asked), "not everybody amended: {changed:?}");
    }
    if !unasked.is_empty() {
        assert!(there * 2 > others.len() && changed.new.is_empty(), "{changed:?}");
    }
    for key in &changed.new {
        let proves =
            |a: &&ToldApproval| a.role == ApprovalRole::Possession && a.by == By::Person(*key);
        assert!(approvals.iter().any(|a| proves(&a)), "nobody holds the new key: {changed:?}");
        let owner = key - NEW;
        let rest: BTreeSet<usize> = others.iter().copied().filter(|who| *who != owner).collect();
        if owner < PERSONS && !yes.contains(&owner) {
            assert!(yes.is_superset(&rest), "a key for somebody who does not want it: {changed:?}");
        }
    }
}
