//! `gatecheck verify --bundle FILE`: judges the history in a bundle, and nothing else.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::Deserialize;

use super::super::judge::{Prepared, prepare};
use super::super::verify::Request;
use super::bundle::registry_at;
use super::untrue;
use crate::bundle::{self, Papers};
use crate::check::{self, Attested};
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::model::text::shown;
use crate::progress::Progress;
use crate::repo::{Packed, Repository};
use crate::report::{Report, Verdict};
use crate::statement::{self, Envelope, Summary};

/// Unpacks a bundle into a private folder that is gone afterwards, and judges it from the
/// verifier's own anchor.
pub(in super::super) fn judge(
    path: &Path,
    request: &Request,
    progress: &dyn Progress,
) -> Result<Report> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("gatecheck-bundle-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let scratch = |source| Error::File { path: "the temporary folder".into(), source };
    let folder = builder.tempdir().map_err(scratch)?;
    let repository = folder.path().join("repository");
    let (papers, packed) = unpack(path, folder.path(), &repository, request)?;
    let inner = Request {
        folder: repository,
        tip: Some(packed.reference.clone().unwrap_or_else(|| packed.tip.to_string())),
        bundle: None,
        ..request.clone()
    };
    let Prepared { repo, mut asked, cache } = prepare(&inner)?;
    if registry_at(&repo, packed.tip)? != papers.registry {
        return Err(apart("its registry.toml", "the registry in its history"));
    }
    let Some(bytes) = &papers.attestation else {
        let report = check::verify(&repo, &asked, cache, progress)?;
        belongs(&papers, &report)?;
        return Ok(report);
    };
    let (envelope, said) = attestation(bytes, &asked.limits)?;
    if said.tip != packed.tip {
        return Err(apart("the commit of its attestation", "that of its history"));
    }
    // What it says can only be compared with what was judged in the same way.
    asked.every_commit |= said.every_commit;
    let signed = Some((&envelope, said.time));
    let attested = check::judge_attestation(&repo, &asked, signed, cache, progress)?;
    belongs(&papers, &attested.report)?;
    Ok(with_attestation(attested, &asked, &said))
}

fn unpack(
    path: &Path,
    folder: &Path,
    repository: &Path,
    request: &Request,
) -> Result<(Papers, Packed)> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    // Looked at before it is opened: a pipe would wait for somebody who writes.
    let found = std::fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        return Err(Error::unusable(
            format!("{} is no file", shown(&path.to_string_lossy())),
            "name the bundle: gatecheck verify --bundle FILE",
        ));
    }
    let file = File::open(path).map_err(failed)?;
    let inside = folder.join(bundle::HISTORY);
    let lost = |source| Error::File { path: inside.clone(), source };
    let mut options = File::options();
    let mut history =
        options.read(true).write(true).create_new(true).open(&inside).map_err(lost)?;
    let papers = {
        let mut to = BufWriter::new(&mut history);
        let from = &mut BufReader::new(file);
        let papers = bundle::read(from, found.len(), &mut to, &request.limits)?;
        to.flush().map_err(lost)?;
        papers
    };
    history.seek(SeekFrom::Start(0)).map_err(lost)?;
    let mut from = BufReader::new(history);
    let (_, packed) = Repository::read_history(repository, &mut from, &request.limits)?;
    Ok((papers, packed))
}

fn attestation(bytes: &[u8], limits: &crate::model::Limits) -> Result<(Envelope, Summary)> {
    let bad = |why: String| {
        Error::unusable(
            format!("the attestation in the bundle cannot be used: {}", shown(&why)),
            "have the bundle made again: gatecheck bundle --output FILE --attestation FILE",
        )
    };
    let envelope = Envelope::read(bytes, limits).map_err(|why| bad(why.to_string()))?;
    let said = statement::read_summary(&envelope.payload).map_err(|why| bad(why.to_string()))?;
    Ok((envelope, said))
}

/// The report, with what is to be said of the attestation beside it.
fn with_attestation(attested: Attested, asked: &check::Request, said: &Summary) -> Report {
    let found: Vec<Finding> =
        attested.findings.iter().cloned().chain(untrue(&attested, asked, said)).collect();
    let mut report = attested.report;
    for finding in found {
        match finding.severity {
            Severity::Error => report.counts.errors = report.counts.errors.saturating_add(1),
            Severity::Warning => report.counts.warnings = report.counts.warnings.saturating_add(1),
            Severity::Note | Severity::Undecided => {}
        }
        report.verdict = report.verdict.max(Verdict::of([finding.severity]));
        report.findings.push(finding);
    }
    report
}

/// What the maker's report says it is about.
#[derive(Deserialize)]
struct Claimed {
    schema: String,
    anchor: Option<Named>,
    tip: Named,
    registry: Option<Digest>,
}

#[derive(Deserialize)]
struct Named {
    commit: String,
}

#[derive(Deserialize)]
struct Digest {
    sha256: String,
}

/// Whether the maker's report is about what was judged here. Its verdict is not looked at.
fn belongs(papers: &Papers, report: &Report) -> Result<()> {
    let claimed: Claimed = serde_json::from_slice(&papers.report)
        .map_err(|_| apart("its report.json", "a report of gatecheck's"))?;
    if claimed.schema != "gatecheck-report/1" {
        return Err(apart("the schema of its report.json", "gatecheck-report/1"));
    }
    if claimed.tip.commit != report.tip.commit.to_string() {
        return Err(apart("the commit in its report.json", "that of its history"));
    }
    let claimed_anchor = claimed.anchor.map(|anchor| anchor.commit);
    // Where no anchor was pinned the verdict is open in any case, and says so itself.
    if report.verdict != Verdict::Undecided
        && let Some(anchor) = report.anchor.as_ref().map(|anchor| anchor.commit.to_string())
        && claimed_anchor.as_ref() != Some(&anchor)
    {
        let named = claimed_anchor.unwrap_or_else(|| "none".to_owned());
        return Err(Error::unusable(
            format!(
                "the bundle was made from the anchor {}, and you judge from {anchor}",
                shown(&named)
            ),
            "have one made from the anchor that you pin: gatecheck bundle --output FILE --anchor COMMIT",
        ));
    }
    let claimed_digest = claimed.registry.map(|registry| registry.sha256);
    if let Some(digest) = report.registry.as_ref().map(|registry| hex::encode(registry.sha256))
        && claimed_digest.as_ref() != Some(&digest)
    {
        return Err(apart("the registry in its report.json", "the one in force at its commit"));
    }
    Ok(())
}

fn apart(what: &str, other: &str) -> Error {
    Error::unusable(
        format!("the parts of the bundle do not belong together: {what} is not {other}"),
        "fetch it again from where it was published, or have it made again: \
         gatecheck bundle --output FILE",
    )
}
