//! `[policy.*]`: what is absent takes its default, or is off.

use std::collections::{BTreeMap, BTreeSet};

use super::quorum::{quorum, threshold};
use super::words::{
    Compiler, age, choice, days, list, number, path, people, quoted, refuse, values, words,
};
use crate::model::crypto::WeakThing;
use crate::model::gate::ManifestPaths;
use crate::model::policy::{
    AiAssisted, CeremonyPolicy, CertExpiry, CharterPolicy, CommitSignature, CosignScope,
    CryptoPolicy, CurrencyPolicy, Forbidden, GatesPolicy, MainlinePolicy, Refusal,
    RequireSignature, SecondReview, UnsignedSignoffs,
};
use crate::model::{PathPattern, Policy};
use crate::source::Spot;
use crate::tables::Table;

/// Where fields of the policy stand, by dotted name.
#[derive(Debug, Default)]
pub(super) struct Spots(pub(super) BTreeMap<String, Spot>);

impl Spots {
    /// Notes a table and its fields. Of several tables of one name the first keeps the bare name.
    pub(super) fn note(&mut self, name: &str, table: &Table<'_>) {
        self.0.entry(name.to_owned()).or_insert(table.spot());
        for (field, spot) in table.spots() {
            self.0.entry(format!("{name}.{field}")).or_insert(spot);
        }
    }
}

/// Reads `[policy]`, or gives the defaults where there is none.
pub(super) fn policy(root: &mut Table<'_>, compiler: &Compiler) -> Policy {
    let mut policy = Policy::default();
    let Some(mut table) = root.table("policy") else { return policy };
    let mut spots = Spots::default();
    policy.mainline = mainline(&mut table, &mut spots);
    policy.gates = gates(&mut table, &mut spots);
    policy.quorum = quorum(&mut table, &mut spots);
    policy.currency = currency(&mut table, &mut spots);
    policy.second_review = second_review(&mut table, &mut spots, compiler);
    policy.ai_assisted = ai_assisted(&mut table, &mut spots, compiler, &policy.second_review);
    policy.forbidden = forbidden(&mut table, &mut spots, compiler);
    policy.charter = charter(&mut table, &mut spots);
    policy.ceremony = ceremony(&mut table, &mut spots);
    policy.crypto = crypto(&mut table, &mut spots);
    if let Some(mut clock) = table.table("clock") {
        spots.note("clock", &clock);
        if let Some(skew) = age(&mut clock, "max_skew") {
            policy.max_skew = skew.value;
        }
        clock.finish();
    }
    table.finish();
    policy.spots = spots.0;
    policy
}

fn mainline(policy: &mut Table<'_>, spots: &mut Spots) -> MainlinePolicy {
    let mut mainline = MainlinePolicy::default();
    let Some(mut table) = policy.table("mainline") else { return mainline };
    spots.note("mainline", &table);
    let words =
        [("gates", RequireSignature::Gates), ("every-commit", RequireSignature::EveryCommit)];
    if let Some(read) = choice(&mut table, "require_signature", &words) {
        mainline.require_signature = read.value;
    }
    mainline.accept_forge = table.boolean("accept_forge").is_some_and(|at| at.value);
    table.finish();
    mainline
}

fn gates(policy: &mut Table<'_>, spots: &mut Spots) -> GatesPolicy {
    let mut gates = GatesPolicy::default();
    let Some(mut table) = policy.table("gates") else { return gates };
    spots.note("gates", &table);
    manifest(&mut table, &mut gates);
    if let Some(first) = number(&mut table, "first_epoch") {
        gates.first_epoch = first.value;
    }
    binding(&mut table, &mut gates);
    let unsigned =
        [("refuse", UnsignedSignoffs::Refuse), ("gate-signer", UnsignedSignoffs::GateSigner)];
    if let Some(read) = choice(&mut table, "unsigned_signoffs", &unsigned) {
        gates.unsigned_signoffs = read.value;
    }
    let signature = [("reviewer", CommitSignature::Reviewer), ("forge", CommitSignature::Forge)];
    if let Some(read) = choice(&mut table, "commit_signature", &signature) {
        gates.commit_signature = read.value;
    }
    if table.string("checklist").is_some_and(|read| !read.value.is_empty()) {
        gates.checklist = path(&mut table, "checklist").map(|at| at.value).unwrap_or_default();
    }
    table.finish();
    gates
}

fn manifest(table: &mut Table<'_>, gates: &mut GatesPolicy) {
    let Some(read) = path(table, "manifest") else { return };
    match ManifestPaths::new(&read.value) {
        Some(paths) => gates.manifest = paths,
        None => refuse(
            table,
            "manifest",
            read.spot,
            "is no path of manifests",
            quoted(&read.value),
            "a path that ends in .toml and holds {epoch} once, in its last part",
            "write `manifest = \"epoch_signoffs/epoch-{epoch}.toml\"`",
        ),
    }
}

fn binding(table: &mut Table<'_>, gates: &mut GatesPolicy) {
    let Some(read) = table.strings("binding") else { return };
    (gates.bind_tree, gates.bind_commit) = (false, false);
    for item in &read.value {
        match item.value.as_str() {
            "tree" => gates.bind_tree = true,
            "commit" => gates.bind_commit = true,
            other => {
                let help = "write `binding = [\"tree\", \"commit\"]`, or one of the two";
                let form = "\"tree\" or \"commit\"";
                refuse(table, "binding", item.spot, "is unknown", quoted(other), form, help);
            }
        }
    }
    if read.value.is_empty() {
        let help = "write `binding = [\"tree\", \"commit\"]`, or one of the two";
        let form = "\"tree\", \"commit\" or both";
        refuse(table, "binding", read.spot, "is empty: no gate could hold", "[]", form, help);
    }
}

fn currency(policy: &mut Table<'_>, spots: &mut Spots) -> CurrencyPolicy {
    let mut currency = CurrencyPolicy::default();
    let Some(mut table) = policy.table("currency") else { return currency };
    spots.note("currency", &table);
    if let Some(epochs) = number(&mut table, "max_epochs") {
        currency.max_epochs = epochs.value;
    }
    if let Some(age) = age(&mut table, "max_age") {
        currency.max_age = age.value;
    }
    if let Some(cosigns) = number(&mut table, "newcomer_cosigns") {
        currency.newcomer_cosigns = cosigns.value;
    }
    let scopes = [("domain", CosignScope::Domain), ("gate", CosignScope::Gate)];
    if let Some(scope) = choice(&mut table, "cosign_scope", &scopes) {
        currency.cosign_scope = scope.value;
    }
    table.finish();
    currency
}

fn second_review(
    policy: &mut Table<'_>,
    spots: &mut Spots,
    compiler: &Compiler,
) -> Vec<SecondReview> {
    let mut reviews = Vec::new();
    let mut names = BTreeSet::new();
    for mut table in policy.tables("second_review") {
        spots.note("second_review", &table);
        let name = name(&mut table, &mut names);
        let paths = table
            .required("paths", |table, field| compiler.some_patterns(table, field))
            .unwrap_or_default();
        // Without tokens any change is meant, which asks for more and not for less.
        let added_tokens = list(&mut table, "added_tokens").map(values).unwrap_or_default();
        let reviewers = people(&mut table, "reviewers").map_or(2, |at| at.value);
        let other_domain = table.boolean("other_domain").is_none_or(|at| at.value);
        let at_commit = choice(&mut table, "at", &[("gate", false), ("commit", true)])
            .is_some_and(|at| at.value);
        if let Some(name) = name {
            spots.note(&format!("second_review.{name}"), &table);
            reviews.push(SecondReview {
                name,
                paths,
                added_tokens,
                reviewers,
                other_domain,
                at_commit,
            });
        }
        table.finish();
    }
    reviews
}

/// A name that no table of its kind had before.
fn name(table: &mut Table<'_>, names: &mut BTreeSet<String>) -> Option<String> {
    let read = table.required("name", words)?;
    if !names.insert(read.value.clone()) {
        let help = "give each entry a name of its own";
        let form = "a name that stands once";
        refuse(table, "name", read.spot, "stands twice", quoted(&read.value), form, help);
    }
    Some(read.value)
}

fn ai_assisted(
    policy: &mut Table<'_>,
    spots: &mut Spots,
    compiler: &Compiler,
    reviews: &[SecondReview],
) -> Option<AiAssisted> {
    let mut table = policy.table("ai_assisted")?;
    spots.note("ai_assisted", &table);
    let trailers = list(&mut table, "trailers")
        .map_or_else(|| vec!["Assisted-by".to_owned(), "AI-Assisted".to_owned()], values);
    let co_authors = list(&mut table, "co_authors")
        .unwrap_or_default()
        .iter()
        .filter_map(|read| compiler.regex(&table, "co_authors", read))
        .collect();
    let second_review = table.string("second_review");
    if let Some(read) = second_review.as_ref().filter(|read| {
        !read.value.is_empty() && !reviews.iter().any(|review| review.name == read.value)
    }) {
        let form = "the name of a [[policy.second_review]]";
        let help = "add a [[policy.second_review]] of this name, or write \"\" for none";
        let why = "names no second review";
        refuse(&table, "second_review", read.spot, why, quoted(&read.value), form, help);
    }
    let invariants = list(&mut table, "invariants").map(values).unwrap_or_default();
    table.finish();
    let second_review = second_review.map(|at| at.value).unwrap_or_default();
    Some(AiAssisted { trailers, co_authors, second_review, invariants })
}

fn forbidden(policy: &mut Table<'_>, spots: &mut Spots, compiler: &Compiler) -> Vec<Forbidden> {
    let mut all = Vec::new();
    let mut names = BTreeSet::new();
    for mut table in policy.tables("forbidden") {
        spots.note("forbidden", &table);
        let name = name(&mut table, &mut names);
        let pattern = table
            .required("pattern", Table::string)
            .and_then(|read| compiler.regex(&table, "pattern", &read));
        // Without paths every file is meant, which forbids more and not less.
        let paths = compiler
            .some_patterns(&mut table, "paths")
            .unwrap_or_else(|| PathPattern::new("**").into_iter().collect());
        if let (Some(name), Some(pattern)) = (name, pattern) {
            spots.note(&format!("forbidden.{name}"), &table);
            all.push(Forbidden { name, pattern, paths });
        }
        table.finish();
    }
    all
}

fn charter(policy: &mut Table<'_>, spots: &mut Spots) -> Option<CharterPolicy> {
    let mut table = policy.table("charter")?;
    spots.note("charter", &table);
    let mut charter = CharterPolicy::default();
    if let Some(read) = path(&mut table, "path") {
        charter.path = read.value;
    }
    if let Some(read) = path(&mut table, "decision_log") {
        charter.decision_log = read.value;
    }
    if let Some(read) = words(&mut table, "marker") {
        charter.marker = read.value;
    }
    if let Some(days) = days(&mut table, "dissent_days", 0) {
        charter.dissent_days = u64::from(days.value);
    }
    table.finish();
    Some(charter)
}

fn ceremony(policy: &mut Table<'_>, spots: &mut Spots) -> CeremonyPolicy {
    let mut ceremony = CeremonyPolicy::default();
    let Some(mut table) = policy.table("ceremony") else { return ceremony };
    spots.note("ceremony", &table);
    if let Some(rule) = threshold(&mut table) {
        ceremony.threshold = rule;
    }
    if let Some(days) = days(&mut table, "max_key_days", 1) {
        ceremony.max_key_days = days.value;
    }
    if let Some(days) = days(&mut table, "warn_days", 0) {
        ceremony.warn_days = days.value;
    }
    table.finish();
    ceremony
}

fn crypto(policy: &mut Table<'_>, spots: &mut Spots) -> CryptoPolicy {
    let mut crypto = CryptoPolicy::default();
    let Some(mut table) = policy.table("crypto") else { return crypto };
    spots.note("crypto", &table);
    let mut own: Vec<Refusal> = Vec::new();
    let mut seen = BTreeSet::new();
    for mut entry in table.tables("refuse") {
        if let Some(refusal) = refusal(&mut entry) {
            if !seen.insert(refusal.what.clone()) {
                let what = refusal.what.to_string();
                let help = "leave one entry for each";
                refuse(&entry, "what", entry.spot(), "stands twice", what, "one entry", help);
            } else {
                own.push(refusal);
            }
        }
        entry.finish();
    }
    // A registry that refuses one more thing must not thereby allow the others: its entry replaces
    // the default for the same thing, and every other default stays.
    crypto.refuse.retain(|default| !seen.contains(&default.what));
    crypto.refuse.append(&mut own);
    let expiry = [
        ("warn", CertExpiry::Warn),
        ("ignore", CertExpiry::Ignore),
        ("enforce", CertExpiry::Enforce),
    ];
    if let Some(read) = choice(&mut table, "cert_expiry", &expiry) {
        crypto.cert_expiry = read.value;
    }
    crypto.post_quantum_from_epoch =
        number(&mut table, "post_quantum_from_epoch").map(|at| at.value);
    table.finish();
    crypto
}

fn refusal(entry: &mut Table<'_>) -> Option<Refusal> {
    let what = entry.required("what", Table::string);
    let from = entry.time("from").map(|at| at.value);
    let what = what?;
    let read = WeakThing::parse(&what.value);
    if read.is_none() {
        let form = "md5, sha1, ripemd160, sha224, sha256, sha384, sha512, rsa<BITS, rsa, dsa, \
                    ecdsa, ed25519 or ed448";
        let help = "write `{ what = \"sha1\", from = 2023-02-01 }`";
        refuse(entry, "what", what.spot, "names nothing known", quoted(&what.value), form, help);
    }
    Some(Refusal { what: read?, from })
}
