//! `gatecheck hook install`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::super::environment::Environment;
use super::super::exit::Exit;
use super::super::output::new_file_beside;
use super::super::streams::Streams;
use super::script::{MARK, Script, quoted};
use super::{HookInstallArgs, no_anchor, project_of};
use crate::error::Error;
use crate::model::Limits;
use crate::model::text::shown;
use crate::repo::{Hooks, Repository};
use crate::report::AnchorSource;

/// How much of a hook that is there already is looked at.
const HOOK_BYTES: u64 = 1 << 20;

/// How a repository gets hooks of its own.
const OWN_HOOKS: &str = "give this repository its own: git config core.hooksPath \"$(git rev-parse --path-format=absolute --git-common-dir)/hooks\"";

/// Writes the hook whole or not at all, and says what it does.
pub(super) fn run(
    args: &HookInstallArgs,
    environment: &Environment,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let repo = Repository::open(&args.basis.repository.folder(environment), &Limits::default())?;
    if args.server && repo.work_dir().is_some() {
        return Err(Error::unusable(
            "this repository has a work tree: --server is for the bare one that is pushed to",
            "gatecheck hook install --server --repo /srv/git/PROJECT.git; for your own pushes leave --server out",
        ));
    }
    let (folder, set) = match repo.hooks()? {
        Hooks::Own(folder) => (folder, false),
        Hooks::Set(folder) => (folder, true),
        Hooks::Outside(folder) => {
            return Err(Error::unusable(
                format!(
                    "this repository's hooks are in {}, which lies outside of it; nothing is written there",
                    shown(&folder.to_string_lossy())
                ),
                OWN_HOOKS,
            ));
        }
        Hooks::Shared(folder) => {
            return Err(Error::unusable(
                format!(
                    "core.hooksPath in your or the system's configuration makes all repositories share the hooks in {}; nothing is written there",
                    shown(&folder.to_string_lossy())
                ),
                OWN_HOOKS,
            ));
        }
    };
    let program = program(args, environment)?;
    let options = kept(args, &repo)?;
    let script = Script { program: &program, options: &options };
    let (name, text) = match args.server {
        true => ("update", script.update()),
        false => ("pre-push", script.pre_push()),
    };
    let path = folder.join(name);
    let old = standing(&path)?;
    let kept_as = match &old {
        None => None,
        Some(old) if old.contains(MARK) => None,
        Some(_) if args.force => Some(put_aside(&path)?),
        Some(_) => {
            return Err(Error::unusable(
                format!(
                    "there is a hook at {} already, and nothing is overwritten",
                    shown(&path.to_string_lossy())
                ),
                chain(args.server, &program, &options),
            ));
        }
    };
    write(&path, &text)?;
    let shown_path = shown(&path.to_string_lossy());
    let mut said = format!("written: {shown_path}\n");
    if set {
        said.push_str("core.hooksPath in this repository's configuration leads there; the hook is for this machine\nalone, so do not commit it.\n");
    }
    if let Some(kept) = kept_as {
        let kept = shown(&kept.to_string_lossy());
        said.push_str(&format!("kept: {kept}, which git does not run any more\n"));
    }
    said.push_str(match args.server {
        true => "From now on a push that moves the mainline back, or that would not pass, and a tag that does not\npass are refused; so on branches with gates of their own. Other branches are not looked at.\n",
        false => "From now on what you push to the mainline, and tags, are judged first. `git push --no-verify` goes\naround it; only a hook on the server (--server) holds everybody.\n",
    });
    streams.print(said.as_bytes())?;
    Ok(Exit::PASS)
}

/// The file that the hook calls: absolute, for a hook's PATH is not that of the person.
fn program(args: &HookInstallArgs, environment: &Environment) -> Result<String, Error> {
    let named = args.program.as_ref().map(|file| environment.folder.join(file));
    let program = named.or_else(|| environment.program.clone()).ok_or_else(|| {
        Error::unusable("it is not known where this program lies", "name it: --program FILE")
    })?;
    program.to_str().map(str::to_owned).ok_or_else(|| {
        Error::unusable("the path of the program is not UTF-8", "name another one: --program FILE")
    })
}

/// What the hook is to remember: the anchor that was given, or whose anchor to look up.
fn kept(args: &HookInstallArgs, repo: &Repository) -> Result<Vec<String>, Error> {
    let trust = &args.basis.trust;
    let head = repo.head().ok().and_then(|head| project_of(repo, head.commit));
    let project = trust.project.clone().or(head);
    let pinned = trust.pinned(project.as_deref())?;
    let mut options = Vec::new();
    match pinned {
        None => return Err(no_anchor(project.as_deref())),
        Some((anchor, AnchorSource::Flag)) => {
            options.extend(["--anchor".to_owned(), anchor.to_string()]);
        }
        Some(_) => options.extend(["--project".to_owned(), project.unwrap_or_default()]),
    }
    if let Some(signer) = trust.anchor_signer {
        options.extend(["--anchor-signer".to_owned(), signer.to_string()]);
    }
    Ok(options)
}

/// What stands there already, as far as it can be read as text.
fn standing(path: &Path) -> Result<Option<String>, Error> {
    use std::io::Read as _;
    let failed = |source| Error::File { path: path.to_owned(), source };
    // A link that leads nowhere is somebody's hook too.
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let Ok(file) = std::fs::File::open(path) else { return Ok(Some(String::new())) };
    let mut bytes = Vec::new();
    file.take(HOOK_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Moves a hook to a name that nothing has.
fn put_aside(path: &Path) -> Result<PathBuf, Error> {
    for n in 0..1_000_u32 {
        let mut name = path.as_os_str().to_owned();
        name.push(if n == 0 {
            ".before-gatecheck".to_owned()
        } else {
            format!(".before-gatecheck-{n}")
        });
        let aside = PathBuf::from(name);
        if aside.symlink_metadata().is_err() {
            std::fs::rename(path, &aside)
                .map_err(|source| Error::File { path: path.to_owned(), source })?;
            return Ok(aside);
        }
    }
    Err(Error::unusable("there are too many hooks put aside already", "remove the oldest of them"))
}

/// How to call it from a hook that is there.
fn chain(server: bool, program: &str, options: &[String]) -> String {
    let options: String = options.iter().map(|option| format!(" {}", quoted(option))).collect();
    let program = quoted(program);
    let line = if server {
        format!(
            "{program} hook run update --repo \"${{GIT_DIR:-.}}\" --objects \"${{GIT_OBJECT_DIRECTORY:-}}\" --alternates \"${{GIT_ALTERNATE_OBJECT_DIRECTORIES:-}}\"{options} -- \"$1\" \"$2\" \"$3\" || exit 1"
        )
    } else {
        format!(
            "input=$(cat); printf '%s\\n' \"$input\" | {program} hook run pre-push --repo \"${{GIT_DIR:-.}}\"{options} -- \"$@\" || exit 1"
        )
    };
    format!("add this line to it, near its top: {line} (or --force, which puts the old one aside)")
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = new_file_beside(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let executable = std::fs::Permissions::from_mode(0o755);
        file.as_file().set_permissions(executable).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
