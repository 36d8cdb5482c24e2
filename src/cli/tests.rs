//! Command lines, and what they lead to.

use std::cell::Cell;
use std::fs;

use clap::Parser;

use super::output::{OutputArgs, auto_color};
use super::verify::{self, VerifyArgs};
use super::*;
use crate::model::Time;
use crate::render::{Format, samples};
use crate::report::Report;

fn environment<const N: usize>(variables: [(&str, &str); N]) -> Environment {
    Environment::fixed(Time::parse("2026-06-11").unwrap(), variables)
}

/// Exit status, standard output, standard error.
fn gatecheck(args: &[&str]) -> (u8, String, String) {
    let args = std::iter::once("gatecheck").chain(args.iter().copied()).map(OsString::from);
    with_streams(|streams| run(args, &environment([]), streams))
}

fn with_streams(work: impl FnOnce(&mut Streams<'_>) -> Exit) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = work(&mut Streams { out: &mut out, err: &mut err });
    (exit.status(), String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn definitions_are_sound() {
    Cli::command().debug_assert();
    Verify::command().debug_assert();
}

#[test]
fn help_and_version_are_what_was_asked_for() {
    let (status, out, err) = gatecheck(&["--help"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("Exit status: 0 pass"), "{out}");
    let (status, out, _) = gatecheck(&["--version"]);
    assert_eq!((status, out), (0, format!("gatecheck {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn wrong_arguments_end_with_2_and_leave_standard_output_empty() {
    let lab = crate::repo::testing::Lab::sha1();
    let (path, nope) = (lab.path(), "nope");
    let in_lab = ["--repo", path.to_str().unwrap(), nope];
    for args in [&["--nope"][..], &in_lab, &["explain", nope], &["completions"], &["registry"]] {
        let (status, out, err) = gatecheck(args);
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn what_arguments_hold_never_reaches_the_terminal_raw() {
    for hostile in ["--x\u{1b}[31m", "a\n::error::b", "--\u{202e}"] {
        let (status, _, err) = gatecheck(&[hostile]);
        assert_eq!(status, 2);
        assert!(!err.chars().any(|c| c != '\n' && crate::model::text::is_unsafe(c)), "{err:?}");
        assert!(!err.lines().any(|line| line.trim_start().starts_with("::")), "{err:?}");
    }
}

#[test]
fn codes_are_listed_and_completions_printed() {
    let (status, out, _) = gatecheck(&["explain"]);
    assert_eq!((status, out.lines().count()), (0, crate::finding::Code::ALL.len()));
    let (status, out, _) = gatecheck(&["explain", "key-retired"]);
    assert!(status == 0 && out.starts_with("key-retired (error)\n\n"), "{out}");
    assert!(out.contains("Why it matters:") && out.contains("What to do:"), "{out}");
    let (status, out, err) = gatecheck(&["explain", "key-retierd"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("did you mean key-retired"), "{err}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (status, out, _) = gatecheck(&["completions", shell]);
        assert!(status == 0 && out.contains("gatecheck"), "{shell}");
    }
}

/// The shape that makes `verify` the command that needs no name.
#[derive(Parser, Debug)]
#[command(args_conflicts_with_subcommands = true)]
struct Verify {
    #[command(subcommand)]
    command: Option<VerifyCommand>,
    #[command(flatten)]
    args: VerifyArgs,
}

#[derive(clap::Subcommand, Debug)]
enum VerifyCommand {
    Verify(Box<VerifyArgs>),
    Explain(explain::ExplainArgs),
}

fn parse_verify(args: &[&str]) -> Result<VerifyArgs, String> {
    let args = std::iter::once("gatecheck").chain(args.iter().copied());
    let parsed = Verify::try_parse_from(args).map_err(|error| error.to_string())?;
    Ok(match parsed.command {
        Some(VerifyCommand::Verify(args)) => *args,
        Some(VerifyCommand::Explain(_)) => return Err("explain".into()),
        None => parsed.args,
    })
}

#[test]
fn verify_needs_no_name() {
    for args in [&["main"][..], &["verify", "main"], &["verify", "--jobs", "3", "main"]] {
        assert_eq!(parse_verify(args).unwrap().tip.as_deref(), Some("main"), "{args:?}");
    }
    assert_eq!(parse_verify(&["explain"]).unwrap_err(), "explain");
    assert_eq!(parse_verify(&["verify", "explain"]).unwrap().tip.as_deref(), Some("explain"));
    assert!(parse_verify(&["--format", "json"]).unwrap().tip.is_none());
}

#[test]
fn a_request_holds_everything_that_was_said() {
    let a = "a".repeat(40);
    let args = parse_verify(&[
        "--repo",
        "r",
        "--anchor",
        &a,
        "--anchor-signer",
        &"b".repeat(40),
        "--checkpoint",
        "c",
        "--branch",
        "release/1",
        "--require-covered",
        "--registry",
        "k.toml",
        "--every-commit",
        "--at",
        "2020-01-01T00:00:00Z",
        "--output",
        "ndjson=x",
        "--jobs",
        "3",
        "--limit",
        "commits=7",
        "--no-cache",
        "refs/heads/x",
    ])
    .unwrap();
    let request = args.request(&environment([])).unwrap();
    assert_eq!(request.folder, std::path::Path::new("./r"));
    assert_eq!(request.anchor.unwrap().0.to_string(), a);
    assert_eq!(request.now, Time::parse("2020-01-01").unwrap());
    assert!(request.require_covered && request.every_commit && request.record_commits);
    assert_eq!((request.limits.commits, request.jobs, &request.cache), (7, 3, &None));
    let plain = VerifyArgs::default().request(&environment([])).unwrap();
    assert_eq!(plain.now, environment([]).now);
    assert!(!plain.record_commits && plain.anchor.is_none());
}

#[test]
fn values_that_cannot_be_used_are_refused_while_parsing() {
    for bad in [
        &["--anchor", "main"][..],
        &["--anchor", "abc123"],
        &["--anchor-signer", "DEADBEEF"],
        &["--at", "2026-06-11T12:00:00"],
        &["--limit", "x=1"],
        &["--format", "xml"],
        &["--output", "json"],
        &["--output", "json="],
        &["--output", "xml=x"],
        &["--jobs", "0"],
        &["--cache", "x", "--no-cache"],
        &["--trust-on-first-use", "--anchor", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
    ] {
        assert!(parse_verify(bad).is_err(), "{bad:?}");
    }
}

fn verify(args: &[&str], env: &Environment, report: Report) -> (u8, String, String) {
    let args = parse_verify(args).unwrap();
    with_streams(|streams| {
        verify::run(&args, env, streams, |_, progress| {
            progress.set_total(1);
            progress.advance(1);
            Ok(report)
        })
        .unwrap_or_else(|error| failed(&error, streams))
    })
}

#[test]
fn the_report_decides_the_exit_status_in_every_format() {
    let mut unusable = samples::passing();
    unusable.input_unusable = true;
    let mut undecided = samples::passing();
    undecided.verdict = crate::report::Verdict::Undecided;
    for (report, wanted) in
        [(samples::passing(), 0), (samples::refused(), 1), (unusable, 2), (undecided, 3)]
    {
        for format in Format::ALL {
            let args = ["--format", format.name()];
            let (status, out, err) = verify(&args, &environment([]), report.clone());
            assert_eq!((status, err.as_str()), (wanted, ""), "{}", format.name());
            assert!(!out.is_empty());
        }
    }
}

#[test]
fn reports_go_where_they_are_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "old").unwrap();
    let output = format!("json={}", path.display());
    let lines = format!("ndjson={}", folder.path().join("commits").display());
    let (status, out, _) =
        verify(&["--output", &output, "--output", &lines], &environment([]), samples::refused());
    assert_eq!(status, 1);
    assert!(out.ends_with("refused: 2 of 5 gates; 8 errors, 1 undecided, 1 warning\n"), "{out}");
    let written: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(written["verdict"], "refused");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left behind");
}

#[test]
fn a_dash_is_standard_output() {
    let (_, out, _) = verify(&["--output", "json=-"], &environment([]), samples::passing());
    assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{out}");
    let plan = |args| parse_verify(args).unwrap().run.output.plan(&environment([]));
    assert!(plan(&["--output", "json=-", "--format", "human"]).is_err());
    assert!(plan(&["--output", "json=-", "--output", "human=-"]).is_err());
    assert!(plan(&["--output", "json=a", "--output", "human=a"]).is_err());
}

#[test]
fn a_report_that_cannot_be_written_is_noticed_before_the_work() {
    let args = parse_verify(&["--output", "json=no/such/folder/x"]).unwrap();
    let asked = Cell::new(false);
    let (status, ..) = with_streams(|streams| {
        verify::run(&args, &environment([]), streams, |_, _| {
            asked.set(true);
            Ok(samples::passing())
        })
        .unwrap_or_else(|error| failed(&error, streams))
    });
    assert_eq!((status, asked.get()), (2, false));
}

#[cfg(unix)]
#[test]
fn a_pass_that_could_not_be_delivered_is_no_pass() {
    // Every write to this device fails as on a full disk.
    for (report, wanted) in [(samples::passing(), 2), (samples::refused(), 1)] {
        let (status, _, err) = verify(&["--output", "json=/dev/full"], &environment([]), report);
        assert_eq!(status, wanted);
        assert!(err.starts_with("error: /dev/full: "), "{err}");
    }
}

#[cfg(unix)]
#[test]
fn nothing_goes_through_a_link_and_files_are_readable() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::write(&real, "old").unwrap();
    symlink(&real, &link).unwrap();
    let new = folder.path().join("new");
    let outputs = [format!("json={}", link.display()), format!("human={}", new.display())];
    let (status, _, err) = verify(&["--output", &outputs[0]], &environment([]), samples::passing());
    assert!(status == 2 && err.contains("is a link"), "{err}");
    assert!(super::output::write_whole(&link, b"new").is_err());
    assert_eq!(fs::read_to_string(&real).unwrap(), "old");
    verify(&["--output", &outputs[1]], &environment([]), samples::passing());
    let mode = fs::metadata(&new).unwrap().permissions().mode();
    assert_eq!(mode & 0o400, 0o400);
    assert_eq!(mode & 0o111, 0, "{mode:o}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_is_not_followed_where_somebody_else_made_it() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let (project, elsewhere) = (root.path().join("project"), root.path().join("elsewhere"));
    fs::create_dir_all(project.join(".git")).unwrap();
    fs::create_dir_all(elsewhere.join("below")).unwrap();
    symlink(&elsewhere, project.join("out")).unwrap();
    for page in ["out/page", "out/below/page", "./out/../page"] {
        let output = format!("html={}", project.join(page).display());
        let (status, _, err) = verify(&["--output", &output], &environment([]), samples::passing());
        assert!(status == 2 && err.contains("out is a link"), "{page}: {err}");
        let error = super::output::write_whole(&project.join(page), b"x").unwrap_err();
        assert!(error.to_string().contains("out is a link"), "{error}");
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
    // One's own link, outside of what somebody else wrote, and git's own folder.
    symlink(&elsewhere, root.path().join("own")).unwrap();
    super::output::write_whole(&root.path().join("own/page"), b"x").unwrap();
    assert!(elsewhere.join("page").exists());
    fs::remove_dir(project.join(".git")).unwrap();
    symlink(&elsewhere, project.join(".git")).unwrap();
    super::output::write_whole(&project.join(".git/page"), b"y").unwrap();
    assert_eq!(fs::read(elsewhere.join("page")).unwrap(), b"y");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_is_read_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    super::output::write_whole(&path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_earlier_page_is_not_taken_for_this_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let args = parse_verify(&["--output", &format!("html={}", path.display())]).unwrap();
    let run = || {
        with_streams(|streams| {
            verify::run(&args, &environment([]), streams, |_, _| {
                Err(Error::cannot_read("an object is missing", "git fetch"))
            })
            .unwrap_or_else(|error| failed(&error, streams))
        })
    };
    assert!(!run().2.contains("earlier run"));
    fs::write(&path, "pass").unwrap();
    let said = run().2;
    assert!(said.contains("page.html is as an earlier run left it"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), b"pass");
}

#[test]
fn no_report_replaces_what_the_run_reads_or_another_report() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(folder.path().join("a")).unwrap();
    for flag in ["--checkpoint", "--bundle", "--registry"] {
        let output = format!("json={}", at("a/../own"));
        let (status, _, err) =
            verify(&[flag, &at("own"), "--output", &output], &environment([]), samples::passing());
        assert!(status == 2 && err.contains(&format!("is the file of {flag}")), "{err}");
        assert!(!folder.path().join("own").exists());
    }
    let plan = |args: &[&str]| parse_verify(args).unwrap().run.output.plan(&environment([]));
    let (one, same) = (format!("json={}", at("x")), format!("html={}", at("a/../x")));
    assert!(plan(&["--output", &one, "--output", &same]).is_err());
}

#[test]
fn colours_follow_flag_then_variables_then_terminal() {
    let style =
        |args: &[&str], env: &Environment| parse_verify(args).unwrap().run.output.style(env).color;
    let mut terminal = environment([]);
    terminal.stdout_is_terminal = true;
    assert!(style(&[], &terminal) && !style(&[], &environment([])));
    assert!(!style(&["--color", "never"], &terminal));
    assert!(style(&["--color", "always"], &environment([("NO_COLOR", "1")])));
    assert!(!auto_color(&environment([("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), true));
    assert!(auto_color(&environment([("CLICOLOR_FORCE", "1")]), false));
    assert!(!auto_color(&environment([("CLICOLOR_FORCE", "0")]), false));
    assert!(auto_color(&environment([("NO_COLOR", "")]), true));
    assert!(!auto_color(&environment([("TERM", "dumb")]), true));
    assert!(OutputArgs::default().outputs.is_empty());
}

#[test]
fn files_are_never_coloured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.txt");
    let output = format!("human={}", path.display());
    let (_, out, _) =
        verify(&["--color", "always", "--output", &output], &environment([]), samples::refused());
    assert!(out.contains('\u{1b}'));
    assert!(!fs::read_to_string(&path).unwrap().contains('\u{1b}'));
}
