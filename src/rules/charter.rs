//! Rule: the charter changes only with its marker, all domains, and an entry in the decision log.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, CodeDoc, Finding};
use crate::model::manifest::Signoff;
use crate::model::policy::CharterPolicy;
use crate::model::probe::{Answer, CharterChange, Content, Probe};
use crate::model::text::shown;
use crate::model::{DomainId, ReviewerId};

use super::Context;
use super::self_review::Contribution;
use super::since::{Since, answer, few, not_asked, whole_file};

/// Explanations.
pub const DOCS: &[CodeDoc] = &[CodeDoc {
    code: Code::CharterAmendmentInvalid,
    what: "The charter changed without what an amendment needs.",
    why: "The charter is what all other rules rest on.",
    fix: "Put the marker into the message of a commit that changes the charter (`charter-amendment: why`), add a heading about it to the decision log, and have all domains sign off.",
}];

/// Checks the change of the charter since the previous gate; what the anchor brought is no change.
/// `per_domain` is how many people each domain needs.
#[must_use]
pub fn check(cx: &Context<'_>, since: &Since<'_>, per_domain: u64) -> Vec<Finding> {
    let Some(policy) = &cx.registry.policy.charter else { return Vec::new() };
    let change = match answer(cx, since.answers, &Probe::charter(policy), "charter") {
        Ok(Answer::Charter(change)) => change,
        Ok(_) => return vec![not_asked(cx, "charter")],
        Err(undecided) => return vec![*undecided],
    };
    let refuse = |message: String, observed: String, required: String, help: String| {
        Finding::new(Code::CharterAmendmentInvalid, message)
            .compared(observed, required)
            .at(whole_file(policy.path.as_bytes(), "changed since the previous gate"))
            .at_some(since.place(|manifest| manifest.spot("manifest"), "this gate"))
            .at_some(cx.policy_place("charter", "asked for here"))
            .help(help)
    };
    if let Some(what) = &change.opaque {
        return vec![refuse(
            format!("{} is {what}, and what it leads to can change unseen", shown(&policy.path)),
            what.clone(),
            "a file".to_owned(),
            "commit the charter itself in its place, or name the file that it leads to: gatecheck ceremony plan amend".to_owned(),
        )];
    }
    if !change.changed {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let (path, marker) = (shown(&policy.path), shown(&policy.marker));
    if !since.contributions.iter().any(|commit| is_marked(policy, commit)) {
        findings.push(refuse(
            format!("{path} changed, and no commit that changes it is marked as an amendment"),
            "no marker".to_owned(),
            format!("`{marker}` in the message of a commit that changes {path}"),
            format!(
                "add the line `{marker}: WHY` to the message of the commit: git commit --amend"
            ),
        ));
    }
    if !entries(change).iter().any(|entry| mentions(policy, entry)) {
        let log = shown(&policy.decision_log);
        findings.push(refuse(
            format!("{path} changed, and {log} has no new entry about it"),
            log_observed(change),
            format!("a new heading in {log}, with the charter or `{marker}` named in its entry"),
            format!("add a heading to {log} that tells why {path} changed, and sign again"),
        ));
    }
    if let Some((observed, required, absent)) = unsigned_domains(cx, since.counted, per_domain) {
        findings.push(refuse(
            format!("{path} changed, and not every domain signed it off"),
            observed,
            required,
            format!("have reviewers of these domains sign off: {absent}"),
        ));
    }
    findings
}

/// Whether the charter changed, as far as that can be told.
#[must_use]
pub fn is_amended(cx: &Context<'_>, since: &Since<'_>) -> bool {
    let policy = cx.registry.policy.charter.as_ref();
    let answer = policy.and_then(|policy| since.answers.get(&Probe::charter(policy)));
    matches!(answer, Some(Answer::Charter(change)) if change.changed)
}

/// What is lacking where not every domain has enough counted people: what is there, what should be,
/// and the domains.
#[must_use]
pub fn unsigned_domains(
    cx: &Context<'_>,
    counted: &[&Signoff],
    per_domain: u64,
) -> Option<(String, String, String)> {
    let absent = absent_domains(cx, counted, per_domain.max(1));
    (!absent.is_empty()).then(|| {
        let absent = few(&absent, 20);
        (
            format!("too few counted sign-offs of {absent}"),
            format!("{} counted of every domain, whatever the quorum", per_domain.max(1)),
            absent,
        )
    })
}

/// Whether a commit changes the charter and says so: in a line `marker` or `marker: words`.
fn is_marked(policy: &CharterPolicy, commit: &Contribution) -> bool {
    let marker = policy.marker.trim();
    let is = |text: &str| text.trim().eq_ignore_ascii_case(marker);
    let subject = commit.subject.split(':').next().unwrap_or("");
    commit.paths.iter().any(|path| path == policy.path.as_bytes())
        && (is(subject)
            || commit.marks.iter().any(|mark| is(mark))
            || commit.trailers.iter().any(|trailer| is(&trailer.token)))
}

/// Domains with too few counted people.
fn absent_domains(cx: &Context<'_>, counted: &[&Signoff], per_domain: u64) -> Vec<String> {
    let mut people: BTreeMap<&DomainId, BTreeSet<&ReviewerId>> = BTreeMap::new();
    for signoff in counted {
        people.entry(&signoff.domain).or_default().insert(&signoff.reviewer_id);
    }
    let enough = |domain: &DomainId| {
        people.get(domain).is_some_and(|people| people.len() as u64 >= per_domain)
    };
    cx.registry.domains.keys().filter(|d| !enough(d)).map(ToString::to_string).collect()
}

fn log_observed(change: &CharterChange) -> String {
    match &change.log_after {
        Content::Text(_) => match entries(change).len() {
            0 => "no new heading".to_owned(),
            n => format!("{n} new, not about the charter"),
        },
        Content::Missing => "no decision log".to_owned(),
        Content::NotRegular(what) | Content::NotText(what) => shown(what),
    }
}

/// Entries whose heading is new: each heading with what stands below it, up to the next one.
fn entries(change: &CharterChange) -> Vec<String> {
    let Content::Text(after) = &change.log_after else { return Vec::new() };
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    if let Content::Text(before) = &change.log_before {
        // What stood in a fenced block is no news either, once the fence is taken away.
        for heading in before.text().lines().filter_map(heading) {
            let count = known.entry(heading).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut new = Vec::new();
    for (heading, body) in sections(after.text()) {
        match known.get_mut(heading).filter(|left| **left > 0) {
            Some(left) => *left = left.saturating_sub(1),
            None => new.push(format!("{heading}\n{body}")),
        }
    }
    new
}

/// Headings (`# …` to `###### …`, outside of fenced blocks) with the text below each.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let bare = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| bare.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        let heading = if fence.is_none() && mark.is_none() { heading(line) } else { None };
        if let Some(heading) = heading {
            sections.push((heading, String::new()));
        } else if let Some((_, body)) = sections.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    sections
}

/// The words of a heading.
fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let depth = line.len().saturating_sub(rest.len());
    let words = rest.strip_prefix([' ', '\t'])?.trim().trim_end_matches('#').trim_end();
    ((1..=6).contains(&depth) && super::since::says_something(words)).then_some(words)
}

/// Whether an entry is about the charter: it names its path, its bare name, or the marker.
fn mentions(policy: &CharterPolicy, entry: &str) -> bool {
    let entry = entry.to_lowercase();
    let name = policy.path.rsplit('/').next().unwrap_or(&policy.path);
    let bare = name.split_once('.').map_or(name, |(bare, _)| bare);
    [policy.marker.trim(), policy.path.as_str(), bare]
        .into_iter()
        .any(|text| !text.is_empty() && entry.contains(&text.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::model::commit::Trailer;
    use crate::model::manifest::Signoff;
    use crate::model::probe::Answers;
    use crate::model::step::Brought;
    use crate::rules::testing::{World, brought, id, signoff};
    use crate::source::Source;

    const BEFORE: &str = "# Decisions\n\n## 2026-01-01 the charter\nwords\n";

    struct Told {
        changed: bool,
        log: Content,
        commit: Brought,
        counted: Vec<Signoff>,
    }

    fn told() -> Told {
        let mut commit = brought(1, "dev@example.org", &["CHARTER.md"]);
        let token = Trailer { token: "Charter-Amendment".into(), value: "why".into() };
        commit.commit.as_mut().unwrap().trailers = vec![token];
        Told {
            changed: true,
            log: log(&format!("{BEFORE}\n## 2026-02-01 shorter\nThe charter says less.\n")),
            commit,
            counted: vec![signoff("alice", "kernel"), signoff("bob", "evidence")],
        }
    }

    fn log(text: &str) -> Content {
        Content::Text(Source::new("DECISION_LOG.md", text))
    }

    fn run(told: &Told) -> Vec<Finding> {
        let mut world = World::new();
        let policy = CharterPolicy::default();
        let answer = Answer::Charter(CharterChange {
            changed: told.changed,
            opaque: None,
            log_before: log(BEFORE),
            log_after: told.log.clone(),
        });
        let answers: Answers = BTreeMap::from([(Probe::charter(&policy), answer)]);
        world.registry.policy.charter = Some(policy);
        let contribution = Contribution::of(&told.commit, 1).unwrap();
        let counted: Vec<&Signoff> = told.counted.iter().collect();
        let since = Since {
            answers: &answers,
            contributions: &[&contribution],
            signoffs: &counted,
            counted: &counted,
            manifest: None,
            carrier: id(9),
            own: &BTreeSet::new(),
            accepted: &BTreeMap::new(),
        };
        check(&world.context(), &since, 1)
    }

    fn refused(change: impl FnOnce(&mut Told)) -> Vec<String> {
        let mut told = told();
        change(&mut told);
        let found = run(&told);
        assert!(found.iter().all(|f| f.code == Code::CharterAmendmentInvalid));
        found.into_iter().map(|f| f.observed.unwrap()).collect()
    }

    #[test]
    fn an_amendment_with_everything_is_accepted() {
        assert_eq!(run(&told()), []);
        let mark = |set: &dyn Fn(&mut crate::model::step::Head)| {
            refused(|told| {
                let head = told.commit.commit.as_mut().unwrap();
                head.trailers.clear();
                set(head);
            })
        };
        assert!(mark(&|head| head.marks = vec!["charter-amendment".into()]).is_empty());
        assert!(mark(&|head| head.subject = "charter-amendment: shorter".into()).is_empty());
        let untouched = Told { changed: false, log: log(""), counted: vec![], ..told() };
        assert_eq!(run(&untouched), []);
    }

    #[test]
    fn each_missing_part_is_refused() {
        let no_mark = |told: &mut Told| told.commit.commit.as_mut().unwrap().trailers.clear();
        assert_eq!(refused(no_mark), ["no marker"]);
        let elsewhere = |told: &mut Told| told.commit.paths = vec![b"README.md".to_vec()];
        assert_eq!(refused(elsewhere), ["no marker"], "the marker of another change");
        assert_eq!(refused(|told| told.log = log(BEFORE)), ["no new heading"]);
        assert_eq!(refused(|told| told.log = Content::Missing), ["no decision log"]);
        let other = format!("{BEFORE}## 2026-02-01 tea\nGreen.\n");
        assert_eq!(refused(|told| told.log = log(&other)), ["1 new, not about the charter"]);
        let fenced = format!("{BEFORE}```\n## charter\n```\n");
        assert_eq!(refused(|told| told.log = log(&fenced)), ["no new heading"]);
        let twice = format!("{BEFORE}## 2026-01-01 the charter\n");
        assert!(
            refused(|told| told.log = log(&twice)).is_empty(),
            "a heading that stands once more"
        );
        assert_eq!(
            refused(|told| told.counted.truncate(1)),
            ["too few counted sign-offs of evidence"]
        );
    }

    #[test]
    fn a_charter_that_was_not_looked_at_is_undecided() {
        let mut world = World::new();
        world.registry.policy.charter = Some(CharterPolicy::default());
        let since = Since {
            answers: &Answers::new(),
            contributions: &[],
            signoffs: &[],
            counted: &[],
            manifest: None,
            carrier: id(9),
            own: &BTreeSet::new(),
            accepted: &BTreeMap::new(),
        };
        let found = check(&world.context(), &since, 1);
        assert_eq!(found[0].severity, Severity::Undecided);
    }
}
