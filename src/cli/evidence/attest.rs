//! `gatecheck attest`: a verdict of pass, as others read it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::judge::Prepared;
use super::super::judging::JudgeArgs;
use super::super::output::write_whole;
use super::super::progress;
use super::super::streams::Streams;
use super::{VERIFIER, parse_uri};
use crate::check::{self, Attested, Words};
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::model::text::{shown, typed};
use crate::model::{Fingerprint, Registry, Time};
use crate::progress::Silent;
use crate::render::{self, Format, Style};
use crate::signing::{Session, Settings, TIME_LIMIT};
use crate::statement::{self, Envelope, EnvelopeSignature, Statement, Summary};

/// Arguments of `attest`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples: attest that the mainline passes, signed with your own key\n  \
    gatecheck attest --sign --output verdict.json\n  \
    gatecheck attest v1.0 --resource https://example.org/project.git\n  \
    gatecheck verify-attestation verdict.json\n\n\
    What is written is an in-toto Statement v1 with a SLSA Verification Summary, in canonical JSON;\n\
    with --sign it stands in a DSSE envelope. Only a pass is attested: nothing is written otherwise.\n\n\
    Exit status: 0 attested; 1 refused; 2 your own input cannot be used; 3 undecided.")]
pub struct AttestArgs {
    /// What to judge: a ref or a full commit id [default: the registry's mainline]
    #[arg(value_name = "TIP")]
    pub tip: Option<String>,

    /// Write the attestation to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Sign it with your own key, which must be an active one of a person in the registry
    #[arg(long)]
    pub sign: bool,

    /// The key to sign with: a full fingerprint, or an SSH public key file [default: git's]
    #[arg(long, value_name = "KEY", requires = "sign")]
    pub key: Option<String>,

    /// Where the judged repository is published [default: a name made of the project's id]
    #[arg(long, value_name = "URI", value_parser = parse_uri)]
    pub resource: Option<String>,

    /// Who verified
    #[arg(long, value_name = "URI", value_parser = parse_uri, default_value = VERIFIER)]
    pub verifier: String,

    /// Attest nothing when commits lie beyond the last accepted gate
    #[arg(long)]
    pub require_covered: bool,

    /// Judge the signature of every commit between tip and anchor, and attest that
    #[arg(long)]
    pub every_commit: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "the group says it")]
    pub judging: JudgeArgs,
}

/// Judges, signs, writes.
pub fn run(
    args: &AttestArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let judging = &args.judging;
    let Prepared { repo, asked, cache } =
        judging.prepare(args.tip.clone(), args.require_covered, args.every_commit, environment)?;
    let attested = {
        let progress = progress::reporter(environment, !judging.resources.no_progress);
        check::judge_attestation(&repo, &asked, None, cache, progress.as_ref())?
    };
    let (findings, exit) = verdict(&attested);
    let project = statement::project_resource(&attested.report.project);
    let resource = args.resource.as_deref().unwrap_or(&project);
    let words = Words { verifier: &args.verifier, resource, version: env!("CARGO_PKG_VERSION") };
    let summary = attested.summary(&asked, &words).filter(|_| exit == Exit::PASS);
    let Some(summary) = summary else {
        say_findings(&findings, judging.format, streams);
        let verdict = attested.report.verdict.name();
        streams.say(&format!("nothing was attested: the verdict is {verdict}"));
        return Ok(if exit == Exit::PASS { Exit::UNDECIDED } else { exit });
    };
    if !statement::is_uri(resource) {
        return Err(Error::unusable(
            format!("the project's id {} cannot stand in a URI", shown(&attested.report.project)),
            "name the repository: gatecheck attest --resource https://example.org/project.git",
        ));
    }
    let statement = made(&summary)?;
    let mut text = statement.json().to_owned();
    if args.sign {
        let envelope = signed(args, environment, &attested, &statement, asked.now, &asked.limits)?;
        // Whatever it is, it goes out only where it would be accepted.
        let own = Some((&envelope, summary.time));
        let later = check::Request { now: environment.by_now(asked.now), ..asked.clone() };
        let again = check::judge_attestation(&repo, &later, own, None, &Silent)?;
        if let (findings, Exit::REFUSED | Exit::UNDECIDED | Exit::UNUSABLE) = verdict(&again) {
            say_findings(&findings, judging.format, streams);
            streams.say("nothing was attested: what your key signed would not be accepted");
            return Ok(verdict(&again).1);
        }
        text = envelope.to_json();
    }
    match &args.output {
        None => streams.print(text.as_bytes())?,
        Some(path) => {
            let path = environment.folder.join(path);
            write_whole(&path, text.as_bytes())
                .map_err(|source| Error::File { path: path.clone(), source })?;
            let by = if args.sign { "signed" } else { "not signed" };
            streams.say(&format!(
                "attested: {} passes, judged from {} ({by})\n  {}",
                summary.tip,
                summary.anchor,
                next(args, &path)
            ));
        }
    }
    Ok(Exit::PASS)
}

/// Standard output may be the attestation's place. Colours would be shown as escapes there.
fn say_findings(findings: &[Finding], format: Format, streams: &mut Streams<'_>) {
    let text = render::findings(findings, format, &Style::default());
    streams.say(&String::from_utf8_lossy(&text));
}

/// The command that checks it, or that signs it.
fn next(args: &AttestArgs, path: &Path) -> String {
    let mut words = vec!["gatecheck".to_owned()];
    if args.sign {
        words.push("verify-attestation".to_owned());
    } else {
        words.extend(["attest", "--sign", "--output"].map(str::to_owned));
    }
    words.push(path.to_string_lossy().into_owned());
    // Variables and configuration hold for the next command as they held for this one; flags do not.
    let JudgeArgs { repository, trust, .. } = &args.judging;
    let repo = repository.repo.as_ref().map(|folder| folder.to_string_lossy().into_owned());
    let anchor = trust.anchor.map(|anchor| anchor.to_string());
    for (option, value) in
        [("--repo", repo), ("--branch", trust.branch.clone()), ("--anchor", anchor)]
    {
        words.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
    }
    if trust.trust_on_first_use {
        words.push("--trust-on-first-use".to_owned());
    }
    if !args.sign {
        if args.require_covered {
            words.push("--require-covered".to_owned());
        }
        if args.every_commit {
            words.push("--every-commit".to_owned());
        }
        words.extend(args.tip.clone());
    }
    let words: Vec<String> = words.iter().map(|word| typed(word)).collect();
    words.join(" ")
}

/// Everything that was found, and the exit status that belongs to it.
pub(super) fn verdict(attested: &Attested) -> (Vec<Finding>, Exit) {
    let mut findings = attested.report.findings.clone();
    findings.extend(attested.findings.iter().cloned());
    if attested.report.input_unusable {
        return (findings, Exit::UNUSABLE);
    }
    let exit = match findings.iter().map(|finding| finding.severity).max() {
        Some(Severity::Error) => Exit::REFUSED,
        Some(Severity::Undecided) => Exit::UNDECIDED,
        _ => Exit::of_report(&attested.report),
    };
    (findings, exit)
}

fn made(summary: &Summary) -> Result<Statement, Error> {
    statement::summary_statement(summary)
        .map_err(|error| Error::Defect(format!("a verdict without a statement: {error}")))
}

fn signed(
    args: &AttestArgs,
    environment: &Environment,
    attested: &Attested,
    statement: &Statement,
    now: Time,
    limits: &crate::model::Limits,
) -> Result<Envelope, Error> {
    let acceptable = attested.registry.as_ref().map(|registry| active(registry, now));
    let home = environment.variable("HOME").map(PathBuf::from);
    let session = Session {
        home: home.as_deref(),
        folder: &environment.folder,
        terminal: environment.stderr_is_terminal,
        time_limit: TIME_LIMIT,
        limits,
    };
    let settings = Settings::of_user()?;
    let key = settings.choose(args.key.as_deref(), &acceptable.unwrap_or_default(), &session)?;
    let signature = settings.sign(&statement.payload(), &key, &session)?;
    let signature =
        EnvelopeSignature { keyid: key.entry.to_string(), signature: signature.into_bytes() };
    Ok(Envelope { payload: statement.json().as_bytes().to_vec(), signatures: vec![signature] })
}

/// The keys of people that the registry lets act now.
fn active(registry: &Registry, now: Time) -> BTreeSet<Fingerprint> {
    let keys = registry.keys.iter().filter(|key| key.is_standing() && key.window.contains(now));
    keys.filter(|key| registry.is_human(&key.reviewer)).filter_map(|key| key.fingerprint).collect()
}
