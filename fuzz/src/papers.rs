//! Papers of a project that rules read at a gate: the checklist and the decision log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use gatecheck::finding::Finding;
use gatecheck::manifest::edit::blank;
use gatecheck::model::manifest::Target;
use gatecheck::model::probe::{Answer, Answers, CharterChange, Content, Probe};
use gatecheck::model::{DomainId, Limits, Oid, Registry, ReviewerId, Signoff, Time};
use gatecheck::rules::keyring::Keyring;
use gatecheck::rules::since::Since;
use gatecheck::rules::{Context, charter, checklist as rule};
use gatecheck::source::Source;

use super::assert_sound;

const REGISTRY: &str = "[schema]\nversion = \"1.1.0\"\nserial = 1\n[project]\nid = \"p\"\n\
    mainline = \"refs/heads/main\"\n[[reviewers]]\nid = \"ada\"\nkind = \"human\"\n[[domains]]\nid = \"kernel\"\n\
    primary = \"ada\"\npaths = [\"kernel/**\"]\n[[keys]]\nreviewer_id = \"ada\"\nformat = \"openpgp\"\n\
    fingerprint = \"0101010101010101010101010101010101010101\"\neffective_from = 2026-01-01\n\
    effective_until = 2028-01-01\n\
    [policy.gates]\nchecklist = \"CHECKLIST.toml\"\n[policy.charter]\n";

fn registry() -> &'static Arc<Registry> {
    static READ: OnceLock<Arc<Registry>> = OnceLock::new();
    READ.get_or_init(|| {
        let reading = gatecheck::registry::read("r.toml", REGISTRY.as_bytes(), &Limits::default());
        reading.registry.unwrap_or_else(|| panic!("{:#?}", reading.problems))
    })
}

fn judged(
    probe: Probe,
    said: Answer,
    signoff: &Signoff,
    judge: impl Fn(&Context<'_>, &Since<'_>) -> Vec<Finding>,
) -> Vec<Finding> {
    let keyring = Keyring::default();
    let cx = Context::outside(registry(), &keyring, Time::from_unix_clamped(1_800_000_000));
    let answers: Answers = BTreeMap::from([(probe, said)]);
    let since = Since {
        answers: &answers,
        contributions: &[],
        signoffs: &[signoff],
        counted: &[signoff],
        manifest: None,
        carrier: Oid::from_bytes(&[9; 20]).unwrap(),
        own: &BTreeSet::new(),
        accepted: &BTreeMap::new(),
    };
    let findings = judge(&cx, &since);
    assert_sound(&findings);
    findings
}

fn signoff(ticked: &[&str]) -> Signoff {
    let (reviewer, domain) = (ReviewerId::new("ada").unwrap(), DomainId::new("kernel").unwrap());
    let blank = blank(&Target::Epoch(0), reviewer, domain, Time::from_unix_clamped(1_790_000_000));
    Signoff { checklist: ticked.iter().map(|id| (*id).to_owned()).collect(), ..blank }
}

/// A checklist that cannot be read passes nothing, and of one that can be every item that needs a
/// person is asked for: read a second time, by a parser of TOML alone.
pub fn checklist(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let source = Source::new("CHECKLIST.toml", text);
    let judge = |ticked: &[&str]| {
        let probe = Probe::File("CHECKLIST.toml".to_owned());
        let said = Answer::File(Content::Text(Arc::clone(&source)));
        judged(probe, said, &signoff(ticked), rule::check)
    };
    let parsed: Option<toml::Table> = toml::from_str(text).ok();
    let items = parsed.as_ref().map(|table| match table.get("items") {
        Some(toml::Value::Array(items)) => items.as_slice(),
        _ => &[],
    });
    let field = |item: &'_ toml::Value, name: &str| {
        item.get(name).and_then(toml::Value::as_str).map(str::to_owned)
    };
    let read: Option<Vec<(String, String)>> = items.and_then(|items| {
        items.iter().map(|item| Some((field(item, "id")?, field(item, "verify")?))).collect()
    });
    let Some(read) = read else {
        assert!(!judge(&[]).is_empty(), "what cannot be read asks for nothing");
        return false;
    };
    let ids: BTreeSet<&str> = read.iter().map(|(id, _)| id.as_str()).collect();
    let sound = ids.len() == read.len()
        && read.iter().all(|(_, verify)| matches!(verify.as_str(), "ci" | "human" | "both"));
    let by_people: Vec<&str> =
        read.iter().filter(|(_, verify)| verify != "ci").map(|(id, _)| id.as_str()).collect();
    if !sound {
        assert!(!judge(&by_people).is_empty(), "an item twice, or with other words, passes");
        return false;
    }
    if let Some((_, fewer)) = by_people.split_first() {
        assert!(!judge(fewer).is_empty(), "an item that nobody ticked");
    }
    assert!(!judge(&["\u{1}no such item"]).is_empty(), "an item that is not there was ticked");
    judge(&by_people).is_empty() && !read.is_empty()
}

/// `log NUL more`: more text without a heading is no new entry, wherever it is put; a new heading
/// about the charter is.
pub fn decision_log(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |b| *b == 0).map(String::from_utf8_lossy);
    let (log, more) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let policy = registry().policy.charter.as_ref().expect("a policy");
    let observed = |before: &str, after: &str| -> BTreeSet<String> {
        let content = |text: &str| Content::Text(Source::new("DECISION_LOG.md", text));
        let change = CharterChange {
            changed: true,
            opaque: None,
            log_before: content(before),
            log_after: content(after),
        };
        let found =
            judged(Probe::charter(policy), Answer::Charter(change), &signoff(&[]), |cx, since| {
                charter::check(cx, since, 1)
            });
        found.into_iter().filter_map(|finding| finding.observed).collect()
    };
    let none = "no new heading";
    assert!(observed(&log, &log).contains(none), "an old heading counts as new");
    let bare = more.replace('#', "");
    let places = log.match_indices('\n').map(|(at, _)| at + 1);
    for at in [0].into_iter().chain(places).take(16) {
        let (above, below) = log.split_at(at);
        let longer = format!("{above}{bare}\n{below}");
        assert!(observed(&log, &longer).contains(none), "text without a heading counts as one");
        let shorter = format!("{above}{}", below.split_once('\n').map_or("", |(_, rest)| rest));
        assert!(observed(&log, &shorter).contains(none), "a line less is a new heading");
    }
    let unique = "charter 51f3";
    if log.contains(unique) || ["```", "~~~"].into_iter().any(|mark| log.contains(mark)) {
        return log.contains('#');
    }
    let entered = observed(&log, &format!("{log}\n\n## {unique}\nwords\n"));
    assert!(!entered.iter().any(|seen| seen.contains("new")), "{entered:?}");
    log.contains('#')
}
