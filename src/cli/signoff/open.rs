//! A manifest that somebody is about to change: shown, judged, and written.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::super::arguments::HistoryArgs;
use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::streams::Streams;
use super::desk::Desk;
use super::me::{Me, SignerArgs};
use super::{Place, ask, files, said, say_registry, vouch, who};
use crate::check::{self, Change, Foreseen, Outlook};
use crate::error::Error;
use crate::finding::{Code, Finding, Severity};
use crate::manifest::edit::Editing;
use crate::model::manifest::{Binding, PreviousGate, Target};
use crate::model::text::{shown, typed};
use crate::model::{Domain, DomainId, Manifest, ManifestName, ReviewerId, Signoff};
use crate::report::SignoffReport;

/// Which manifest, who signs, and in which history.
#[derive(Args, Clone, Debug, Default)]
pub struct DraftArgs {
    /// The manifest [default: the only one that is not on the mainline yet]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub signer: SignerArgs,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub history: HistoryArgs,
}

/// What a manifest is bound to.
struct Bound {
    change: Change,
    /// Whose content that is, for people.
    content: String,
    /// Paths that no commit brought yet.
    uncommitted: Vec<Vec<u8>>,
}

impl Bound {
    fn of(change: Change, content: String) -> Self {
        Self { change, content, uncommitted: Vec::new() }
    }
}

/// A manifest that is open on the desk.
pub(super) struct Open<'e> {
    pub(super) desk: Desk<'e>,
    pub(super) outlook: Outlook,
    pub(super) place: Place,
    /// It is committed on a branch of its own.
    apart: bool,
    pub(super) text: String,
}

impl<'e> Open<'e> {
    /// With the manifest as it reads before anything is changed.
    pub(super) fn at(
        args: &DraftArgs,
        environment: &'e Environment,
        streams: &mut Streams<'_>,
    ) -> Result<(Self, Arc<Manifest>), Error> {
        let mut desk = Desk::open(&args.history, environment)?;
        let in_force = desk.in_force()?;
        let place = desk.find(args.file.as_deref(), &in_force)?;
        let apart = desk.stand_before(&in_force, &place.path)?;
        let outlook = desk.outlook()?;
        say_registry(&outlook.in_force, streams);
        if desk.branch.is_none() {
            streams.say("note: HEAD is on no branch");
        }
        let text = files::read_text(&place.file, &place.path, &desk.limits)?;
        let open = Self { desk, outlook, place, apart, text };
        let read = open.editing().read(&open.text);
        let manifest = read.map_err(|error| files::not_edited(error, &open.place.path))?;
        Ok((open, manifest))
    }

    pub(super) fn editing(&self) -> Editing<'_> {
        Editing { name: &self.place.name, path: &self.place.path, limits: &self.desk.limits }
    }

    /// What the manifest is bound to, since the gate before it; not what happens to be checked
    /// out. What was wrong with it before anybody signs comes back instead.
    fn bound(&self, manifest: &Manifest) -> Result<Result<Bound, Vec<Finding>>, Error> {
        let (repo, in_force) = (&self.desk.repo, &self.outlook.in_force);
        let here = || self.outlook.change.clone();
        if let ManifestName::Reattest { epoch, .. } = &self.place.name {
            let Some(accepted) = self.outlook.next.accepted.get(epoch) else {
                return Ok(Ok(Bound::of(here(), "what is checked out".to_owned())));
            };
            let base = match accepted.previous {
                PreviousGate::Gate(gate) => gate,
                PreviousGate::None => in_force.anchor.commit,
            };
            let change = check::change(repo, in_force, base, accepted.gate)?;
            return Ok(Ok(Bound::of(
                change,
                format!("that of the gate {}", accepted.gate.short()),
            )));
        }
        let at = (&self.place.name, self.place.path.as_str());
        let (foreseen, staged) = self.desk.foresee_bound(at, self.text.as_bytes(), self.apart)?;
        let wrong = |finding: &Finding| {
            matches!(finding.code, Code::SubjectMismatch | Code::GateCommitUnresolvable)
                && finding.severity >= Severity::Undecided
        };
        if foreseen.findings.iter().any(wrong) {
            return Ok(Err(foreseen.findings.into_iter().filter(|f| wrong(f)).collect()));
        }
        if foreseen.in_force.tip != in_force.tip {
            return Err(Error::unusable(
                "the branch moved on meanwhile; nothing was signed",
                "look at it, and run the same command again",
            ));
        }
        if let Binding::Commit(commit) = manifest.binding {
            let change = check::change(repo, in_force, here().base, commit)?;
            return Ok(Ok(Bound::of(change, format!("that of commit {commit}"))));
        }
        let head = self.desk.head.short();
        let Some(staged) = staged else {
            return Ok(Ok(Bound::of(here(), format!("that of commit {head}, HEAD"))));
        };
        let (change, uncommitted) = check::with_staged(repo, in_force, here(), staged)?;
        let content = format!("what is staged, which is not that of commit {head}, HEAD");
        Ok(Ok(Bound { change, content, uncommitted }))
    }

    /// Shows what will be signed, and asks.
    pub(super) fn show_and_ask(
        &self,
        me: &Me,
        manifest: &Manifest,
        signoff: &Signoff,
        args: &SignerArgs,
        streams: &mut Streams<'_>,
    ) -> Result<bool, Error> {
        let bound = match self.bound(manifest)? {
            Ok(bound) => bound,
            Err(against) => {
                self.say_refused(&against, streams)?;
                return Ok(false);
            }
        };
        let registry = &self.outlook.in_force.registry;
        let gate = match &manifest.target {
            Target::Epoch(epoch) => format!("epoch {epoch}"),
            Target::Squash(name) => format!("the squash gate {}", shown(name)),
        };
        let since = if manifest.reattest > 0 {
            "once more, as it was accepted".to_owned()
        } else {
            vouch::since(&self.outlook)
        };
        let mut text =
            format!("{} vouches for {} at {gate}, {since}:\n", me.reviewer, signoff.domain);
        let (change, domain) = (&bound.change, registry.domains.get(&signoff.domain));
        text.push_str(&format!("content: {}\n", bound.content));
        text.push_str(&vouch::mine(change, registry, domain, &self.added(change, domain)?));
        text.push_str(&vouch::elsewhere(change, registry));
        let first = manifest.previous_gate == Some(PreviousGate::None);
        for review in registry.policy.second_review.iter() {
            if signoff.reviews.contains(&review.name) {
                let seen =
                    change.of_review(&self.desk.repo, &self.outlook.in_force, review, first)?;
                text.push_str(&format!("for the second review {}: ", shown(&review.name)));
                text.push_str(&vouch::mine(&seen, registry, None, &self.added(&seen, None)?));
            }
        }
        if signoff.ai_attestation.is_some() {
            text.push_str(&vouch::attested(change, registry, &signoff.reviews));
        }
        text.push_str(&vouch::uncommitted(&bound.uncommitted));
        text.push_str(&vouch::cures(&self.desk.repo, &manifest.cures));
        if signoff.timestamp != self.desk.asked.now {
            text.push_str(&format!("dated {}\n", signoff.timestamp));
        }
        text.push_str(&said::words(signoff));
        text.push_str(&said::lifted(&self.outlook, manifest, signoff));
        text.push_str(&format!("your key: {}\n", me.key()));
        streams.print(text.as_bytes())?;
        ask(args.yes, "Sign this?", self.desk.environment, streams)
    }

    /// Tokens that were added, and files that could not be looked into.
    fn added(&self, change: &Change, domain: Option<&Domain>) -> Result<Vec<String>, Error> {
        let registry = &self.outlook.in_force.registry;
        let (mut added, closed) = change.added_tokens(&self.desk.repo, registry, domain)?;
        added.extend(closed.iter().map(|path| format!("{path} could not be looked into")));
        Ok(added)
    }

    /// What would be found of a text, of a kind.
    pub(super) fn refused(
        &self,
        text: &str,
        kind: impl Fn(&Finding) -> bool,
    ) -> Result<Vec<Finding>, Error> {
        let at = (&self.place.name, self.place.path.as_str());
        let foreseen = self.desk.foresee_here(at, text.as_bytes(), self.apart)?;
        Ok(foreseen.findings.into_iter().filter(|finding| kind(finding)).collect())
    }

    /// Says why nothing was written.
    pub(super) fn say_refused(
        &self,
        against: &[Finding],
        streams: &mut Streams<'_>,
    ) -> Result<Exit, Error> {
        let last = format!(
            "{} is as it was: the gate would be refused for this sign-off",
            shown(&self.place.path)
        );
        self.desk.say_refused(against, &last, streams)
    }

    /// What makes the gate, once nothing is missing.
    fn how_to_land(&self) -> String {
        let path = typed(&self.place.path);
        let mainline = shown(&self.outlook.in_force.mainline);
        let made = match &self.place.name {
            ManifestName::Reattest { .. } => "attests it again",
            _ => "makes the gate",
        };
        if self.desk.branch.as_deref() == Some(self.outlook.in_force.mainline.as_str()) {
            return format!("nothing is missing: git add {path} && git commit -S {made}\n");
        }
        format!(
            "nothing is missing: commit it here, and a signed merge into {mainline} {made}, \
             as long as {mainline} has not moved on\n"
        )
    }

    /// Judges the new text as the gate will be, and writes it unless that speaks against it.
    pub(super) fn judge_and_write(
        &self,
        text: &str,
        reviewer: &ReviewerId,
        domain: &DomainId,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, Error> {
        let at = (&self.place.name, self.place.path.as_str());
        let foreseen = self.desk.foresee_here(at, text.as_bytes(), self.apart)?;
        let against = against(&foreseen, reviewer);
        let row = row(&foreseen, reviewer, domain);
        let attested = row.is_some_and(|row| row.attested);
        if !against.is_empty() || !attested {
            return self.say_refused(&against, streams);
        }
        files::replace(&self.place.file, &self.text, text, &self.desk.limits)?;
        let path = shown(&self.place.path);
        let mut words = format!("written: {reviewer} for {domain}, in {path}\n");
        match row {
            Some(row) if row.counted => words.push_str("it counts\n"),
            Some(row) => {
                let why = row.why.as_deref().unwrap_or("others must sign beside it");
                words.push_str(&format!("it does not count yet: {}\n", shown(why)));
            }
            None => {}
        }
        let missing = who::missing_lines(&self.outlook, &foreseen, &foreseen.findings);
        if missing.is_empty() {
            words.push_str(&self.how_to_land());
        } else {
            words.push_str("still missing:\n");
            missing.iter().for_each(|line| words.push_str(&format!("  {line}\n")));
        }
        streams.print(words.as_bytes())?;
        Ok(Exit::PASS)
    }
}

/// What speaks against the manifest or this person's sign-offs, and is not mended by others.
fn against(foreseen: &Foreseen, me: &ReviewerId) -> Vec<Finding> {
    let mine = |finding: &&Finding| finding.reviewer_id.as_ref().is_none_or(|who| who == me);
    foreseen
        .findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Undecided)
        .filter(mine)
        // A mistaken item of the checklist is theirs to correct, one that is not ticked is not.
        .filter(|finding| {
            finding.code == Code::ChecklistIncomplete && finding.reviewer_id.is_some()
                || !who::is_missing(finding) && !who::is_for_others(finding)
        })
        .cloned()
        .collect()
}

/// What the judge says of a person's sign-off for a domain: of the one that stands, where they took
/// back another.
fn row<'f>(
    foreseen: &'f Foreseen,
    reviewer: &ReviewerId,
    domain: &DomainId,
) -> Option<&'f SignoffReport> {
    let (gate, manifest) = (foreseen.gate.as_ref()?, foreseen.manifest.as_ref()?);
    let rows = gate.signoffs.iter().zip(&manifest.signoffs);
    let theirs = rows.filter(|(row, _)| row.reviewer_id == *reviewer && row.domain == *domain);
    let stands = |s: &Signoff| !s.withdrawn && s.superseded_by.is_empty();
    theirs.max_by_key(|(_, signoff)| stands(signoff)).map(|(row, _)| row)
}

/// Places of a person's sign-offs.
pub(super) fn indices(
    manifest: &Manifest,
    me: &ReviewerId,
    domain: Option<&DomainId>,
) -> Vec<usize> {
    (0_usize..)
        .zip(&manifest.signoffs)
        .filter(|(_, s)| s.reviewer_id == *me && domain.is_none_or(|domain| s.domain == *domain))
        .map(|(index, _)| index)
        .collect()
}
