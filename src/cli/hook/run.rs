//! What hooks call: the changes of refs that git tells them, judged one by one.

use std::io::Read as _;
use std::path::PathBuf;

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::streams::Streams;
use super::update::{Answer, Protected, Update, judge};
use super::{HookTrustArgs, PreCommitArgs, PrePushArgs, UpdateArgs, no_anchor, project_of};
use crate::check;
use crate::error::Error;
use crate::model::text::shown;
use crate::model::{Limits, Oid};
use crate::render::{self, Format, Style};
use crate::repo::Repository;
use crate::report::AnchorSource;

/// How much git may tell on standard input: refs are short, and pushes have thousands at most.
const INPUT_BYTES: u64 = 16 << 20;

/// `hook run update REF OLD NEW`.
pub(super) fn update(
    args: &UpdateArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let limits = Limits::default();
    let folder = args.basis.repository.folder(environment);
    let lent = lent(args, environment)?;
    let repo = Repository::open_with_objects(&folder, &limits, &lent)?;
    let update = Update {
        reference: args.reference.clone(),
        old: object(&args.old)?,
        new: object(&args.new)?,
    };
    // Whose anchor it is was fixed when the hook was installed: not by what is pushed.
    let Some(anchor) = args.basis.trust.pinned(None)? else {
        return Err(no_anchor(args.basis.trust.project.as_deref()));
    };
    judge_all(&repo, &args.basis.trust, anchor, &[update], environment, streams)
}

/// `hook run pre-push`: lines of local ref, local id, remote ref, remote id.
pub(super) fn pre_push(
    args: &PrePushArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_BYTES.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| Error::File { path: "standard input".into(), source })?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= INPUT_BYTES);
    let text = text.ok_or_else(|| not_understood("what git told on standard input"))?;
    let updates = pushed(&text)?;
    let repo = Repository::open(&args.basis.repository.folder(environment), &Limits::default())?;
    client(&repo, &args.basis.trust, &updates, environment, streams)
}

/// `hook run pre-commit`: the framework tells one change in variables.
pub(super) fn pre_commit(
    args: &PreCommitArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let get = |name: &str| -> Result<String, Error> {
        let value = environment.variable(name).and_then(|value| value.to_str());
        value.map(str::to_owned).ok_or_else(|| {
            Error::unusable(
                format!("{name} is not set, so it is not known what is pushed"),
                "run it by pre-commit at the stage pre-push: pre-commit install --hook-type pre-push",
            )
        })
    };
    let update = Update {
        reference: get("PRE_COMMIT_REMOTE_BRANCH")?,
        old: object(&get("PRE_COMMIT_FROM_REF")?).ok().flatten(),
        new: object(&get("PRE_COMMIT_TO_REF")?)?,
    };
    let repo = Repository::open(&args.basis.repository.folder(environment), &Limits::default())?;
    client(&repo, &args.basis.trust, &[update], environment, streams)
}

/// On the machine of the person that pushes, who may also pin the anchor in a variable.
fn client(
    repo: &Repository,
    trust: &HookTrustArgs,
    updates: &[Update],
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    if updates.is_empty() {
        return Ok(Exit::PASS);
    }
    let of_environment = super::super::arguments::TrustArgs::default().anchor(environment)?;
    let head = repo.head().ok().map(|head| head.commit);
    let here = head.into_iter().chain(updates.iter().filter_map(|update| update.new));
    let project = || here.clone().find_map(|commit| project_of(repo, repo.peel(commit).ok()?));
    let anchor = match (trust.anchor, of_environment) {
        (None, Some(anchor)) => Some(anchor),
        _ => trust.pinned(project().as_deref())?,
    };
    let anchor =
        anchor.ok_or_else(|| no_anchor(trust.project.as_deref().or(project().as_deref())))?;
    judge_all(repo, trust, anchor, updates, environment, streams)
}

fn judge_all(
    repo: &Repository,
    trust: &HookTrustArgs,
    anchor: (Oid, AnchorSource),
    updates: &[Update],
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let request = check::Request {
        anchor: Some(anchor),
        anchor_signer: trust.anchor_signer,
        ..check::Request::new(environment.now, *repo.limits(), environment.cores.max(1))
    };
    let protected = Protected::of(repo, anchor.0);
    let mut worst = Exit::PASS;
    for update in updates {
        let reference = shown(&update.reference);
        let answer = judge(repo, &request, &protected, update)?;
        let (exit, findings) = match answer {
            Answer::Untouched => continue,
            Answer::Judged(exit, findings) => (exit, findings),
        };
        if exit == Exit::PASS {
            streams.say(&format!("gatecheck: {reference} passes"));
            continue;
        }
        let mut findings = findings;
        findings.retain(|f| f.severity >= crate::finding::Severity::Undecided);
        streams.print(&render::findings(&findings, Format::Human, &Style::default()))?;
        streams.say(&format!("gatecheck: {reference} is {}, and not pushed", word(exit)));
        // Refused outranks undecided; either stops the push.
        if worst != Exit::REFUSED {
            worst = exit;
        }
    }
    Ok(worst)
}

fn word(exit: Exit) -> &'static str {
    match exit {
        Exit::REFUSED => "refused",
        Exit::UNDECIDED => "undecided",
        _ => "not judged",
    }
}

/// An object id; `None` for zeros.
fn object(text: &str) -> Result<Option<Oid>, Error> {
    let id = Oid::from_canonical_hex(text.as_bytes())
        .ok_or_else(|| not_understood(&format!("`{}`, where an object id belongs", shown(text))))?;
    Ok((id != Oid::zero(id.format())).then_some(id))
}

fn pushed(text: &str) -> Result<Vec<Update>, Error> {
    let mut updates = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, new, reference, old] = words.as_slice() else {
            return Err(not_understood(&format!("`{}`", shown(line))));
        };
        updates.push(Update {
            reference: (*reference).to_owned(),
            old: object(old)?,
            new: object(new)?,
        });
    }
    Ok(updates)
}

/// Folders of objects that git lends the hook.
fn lent(args: &UpdateArgs, environment: &Environment) -> Result<Vec<PathBuf>, Error> {
    let mut folders = Vec::new();
    if !args.objects.is_empty() {
        folders.push(environment.folder.join(&args.objects));
    }
    let separator = if cfg!(windows) { ';' } else { ':' };
    for folder in args.alternates.split(separator).filter(|folder| !folder.is_empty()) {
        if folder.starts_with('"') {
            // Git's way to write a path that holds the separator; nothing is guessed of it.
            return Err(not_understood(&format!("the folder of objects {}", shown(folder))));
        }
        let folder = environment.folder.join(folder);
        // As for git, one that is not there holds nothing.
        if folder.is_dir() {
            folders.push(folder);
        }
    }
    Ok(folders)
}

fn not_understood(what: &str) -> Error {
    Error::unusable(
        format!("{what} is not understood"),
        "hooks are run by git; write this one anew: gatecheck hook install",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_tells_is_read_strictly() {
        let (a, zero) = ("a".repeat(40), "0".repeat(40));
        let line = format!("refs/heads/x {a} refs/heads/main {zero}\n");
        let read = pushed(&line).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].old, read[0].new), (None, Oid::from_hex(&a)));
        assert_eq!(read[0].reference, "refs/heads/main");
        let delete = pushed(&format!("(delete) {zero} refs/heads/main {a}\n")).unwrap();
        assert_eq!((delete[0].old, delete[0].new), (Oid::from_hex(&a), None));
        assert!(pushed("").unwrap().is_empty());
        for bad in ["x", "a b c d", &line.replace(' ', "  "), &line.replace(&a, &a.to_uppercase())]
        {
            assert!(pushed(bad).is_err(), "{bad}");
        }
    }
}
