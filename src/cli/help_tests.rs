//! What the program says of itself: help with examples that work, manual pages, completions.

use clap::CommandFactory as _;

use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

/// Every command that people see and that does something, by its words.
fn leaves() -> Vec<(Vec<String>, clap::Command)> {
    fn below(
        path: Vec<String>,
        command: &clap::Command,
        all: &mut Vec<(Vec<String>, clap::Command)>,
    ) {
        let children: Vec<&clap::Command> =
            command.get_subcommands().filter(|child| !child.is_hide_set()).collect();
        if children.is_empty() {
            all.push((path, command.clone()));
            return;
        }
        for child in children {
            let name = child.get_name().to_owned();
            below([path.clone(), vec![name]].concat(), child, all);
        }
    }
    let mut all = Vec::new();
    below(Vec::new(), &Cli::command(), &mut all);
    assert!(all.len() > 15, "only {} commands were found", all.len());
    all
}

/// The command lines of a help text: indented, and beginning with the program's name. What a shell
/// would do with the output is cut off.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().or(command.get_after_long_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    let mut continued = false;
    for line in help.lines().skip_while(|line| !line.starts_with("Example")) {
        if continued {
            let last = lines.last_mut().unwrap();
            *last = format!("{} {}", last.trim_end_matches('\\'), line.trim());
        } else if line.starts_with("  gatecheck ") {
            lines.push(line.trim().to_owned());
        } else {
            continue;
        }
        continued = line.ends_with('\\');
    }
    lines
}

/// Words as a shell takes them apart: what stands in double quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    let filled = |word: String| if word == "COMMIT" { ID.to_owned() } else { word };
    words.into_iter().map(|word| filled(word).trim_matches('\'').to_owned()).collect()
}

#[test]
fn every_command_has_examples_and_each_is_understood() {
    let mut wrong: Vec<String> = Vec::new();
    for (path, command) in leaves() {
        let lines = examples(&command);
        let own = format!("gatecheck {}", path.join(" "));
        if !lines.iter().any(|line| line.starts_with(&own)) {
            wrong.push(format!("`{own}` shows no example of itself: {lines:?}"));
        }
        for line in lines {
            // Words for people stand behind a wide gap.
            let plain = line.split("   ").next().unwrap();
            let plain = plain.split([';', '|', '>']).next().unwrap();
            let plain = plain.split(" #").next().unwrap().trim();
            if let Err(error) = Cli::command().try_get_matches_from(words(plain)) {
                wrong.push(format!("{line}: {error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The heading of a group stays for what comes after it, unless that has one of its own.
#[test]
fn a_flag_stands_below_the_same_heading_everywhere() {
    let heading = |path: &str, flag: &str| {
        let (_, command) = leaves().into_iter().find(|(words, _)| words.join(" ") == path).unwrap();
        let arg = command.get_arguments().find(|arg| arg.get_long() == Some(flag)).unwrap();
        arg.get_help_heading().map(str::to_owned)
    };
    for path in ["verify", "ci", "signoff add", "status", "attest"] {
        assert_eq!(heading(path, "repo"), None, "{path}");
        assert_eq!(heading(path, "anchor").as_deref(), Some("Trust"), "{path}");
    }
    for flag in ["require-gate", "every-commit", "summary", "step-outputs"] {
        assert_eq!(heading("ci", flag), None, "{flag}");
    }
    assert_eq!(heading("ci", "base").as_deref(), Some("Event"));
}

#[test]
fn every_command_has_a_manual_page_with_its_arguments_and_examples() {
    let pages = man::pages(Cli::command()).unwrap();
    assert_eq!(pages.first().unwrap().0, "gatecheck.1");
    for (path, command) in leaves() {
        let name = format!("gatecheck-{}.1", path.join("-"));
        let page = pages.iter().find(|(page, _)| *page == name);
        let page =
            String::from_utf8(page.unwrap_or_else(|| panic!("no {name}")).1.clone()).unwrap();
        let plain = page.replace("\\-", "-");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            if let Some(long) = argument.get_long() {
                assert!(plain.contains(&format!("--{long}")), "{name}: --{long}");
            }
        }
        assert!(plain.contains("gatecheck ") && plain.contains("Example"), "{name}");
    }
}

#[test]
fn completions_know_every_command_and_flag() {
    use clap_complete::Shell;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "gatecheck", &mut script);
        let script = String::from_utf8(script).unwrap();
        for (path, command) in leaves() {
            for word in &path {
                assert!(script.contains(word.as_str()), "{shell}: {word}");
            }
            // clap writes no flags of the third level for fish.
            if shell == Shell::Fish && path.len() > 2 {
                continue;
            }
            let seen = command.get_arguments().filter(|argument| !argument.is_hide_set());
            for long in seen.filter_map(clap::Arg::get_long) {
                let flag =
                    if shell == Shell::Fish { format!("-l {long}") } else { format!("--{long}") };
                assert!(script.contains(&flag), "{shell}: {flag} of {path:?}");
            }
        }
    }
}

#[test]
fn pages_are_written_whole_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a/b");
    let args = ["gatecheck", "man", "--output", target.to_str().unwrap()];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let none: [(&str, &str); 0] = [];
    let environment = Environment::fixed(crate::model::Time::from_unix_clamped(0), none);
    let mut streams = Streams { out: &mut out, err: &mut err };
    let exit = run(args.map(OsString::from), &environment, &mut streams);
    assert_eq!(exit, Exit::PASS);
    let pages = man::pages(Cli::command()).unwrap();
    assert_eq!(std::fs::read_dir(&target).unwrap().count(), pages.len());
    let verify = std::fs::read_to_string(target.join("gatecheck-verify.1")).unwrap();
    assert!(verify.contains("anchor"), "{verify}");
}
