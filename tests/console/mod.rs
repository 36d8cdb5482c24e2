//! Runs the `console` blocks of a page as they stand, in the home of a new user.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is a new user's home and where the commands run.
pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    /// With a signing key that git knows, as a maintainer has one.
    pub(crate) fn with_a_key(folder: &Path) -> Self {
        let home = Self(folder.to_owned());
        let setup = "mkdir -m 700 .ssh && \
            ssh-keygen -q -t ed25519 -N '' -C 'THROW-AWAY TEST KEY' -f .ssh/id_ed25519 && \
            git config --global user.name Ada && git config --global user.email ada@example.org && \
            git config --global gpg.format ssh && \
            git config --global user.signingKey ~/.ssh/id_ed25519.pub";
        assert_eq!(home.run(&[(setup.to_owned(), Vec::new())]), [""]);
        home
    }

    /// Runs a block, and compares what is printed with what the page says.
    pub(crate) fn tell(&self, page: &str, line: usize, block: &str) {
        let commands = commands(block);
        let outputs = self.run(&commands);
        for (n, (command, expected)) in commands.iter().enumerate() {
            let seen = outputs.get(n).map_or("nothing: the shell has ended", String::as_str);
            assert!(
                matches(expected, &seen.lines().collect::<Vec<_>>()),
                "{page}, block at line {line}: $ {command}\nexpected:\n{}\n\nseen:\n{seen}",
                expected.join("\n")
            );
        }
    }

    /// Runs the commands of a block in one shell, with the built program first on PATH and nothing else
    /// from outside. Returns what each of them printed.
    pub(crate) fn run(&self, commands: &[(String, Vec<&str>)]) -> Vec<String> {
        const END: &str = "---- end of a command ----";
        const AGAIN: &str = "cd \"$(cat ~/.here 2>/dev/null || echo ~)\"";
        const STAY: &str = "pwd > ~/.here";
        let script: String = commands
            .iter()
            .map(|(command, _)| format!("{command}\nlast=$?; echo '{END}'; (exit $last)\n"))
            .collect();
        let built = Path::new(env!("CARGO_BIN_EXE_gatecheck")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap();
        let path = [built].into_iter().chain(std::env::split_paths(&path));
        let done = Command::new("bash")
            .args(["-c", &format!("exec 2>&1 </dev/null\n{AGAIN}\n{script}{STAY}")])
            .current_dir(&self.0)
            .env_clear()
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", &self.0)
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_DEFAULT_HASH", "sha1")
            .env("GIT_DEFAULT_REF_FORMAT", "files")
            .output()
            .unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        let mut outputs: Vec<String> = text.split(&format!("{END}\n")).map(str::to_owned).collect();
        if outputs.last().is_some_and(String::is_empty) {
            outputs.pop();
        }
        outputs
    }
}

/// `...` stands for any lines.
pub(crate) fn matches(expected: &[&str], seen: &[&str]) -> bool {
    match (expected.split_first(), seen.split_first()) {
        (None, None) => true,
        (Some((&"...", rest)), _) => (0..=seen.len()).any(|skip| matches(rest, &seen[skip..])),
        (Some((line, rest)), Some((first, others))) => line == first && matches(rest, others),
        _ => false,
    }
}

/// `$ command`, its further lines (`> `), and the lines that it prints.
pub(crate) fn commands(block: &str) -> Vec<(String, Vec<&str>)> {
    let mut all: Vec<(String, Vec<&str>)> = Vec::new();
    for line in block.lines() {
        let more = line.strip_prefix("> ").or_else(|| (line == ">").then_some(""));
        match (line.strip_prefix("$ "), more, all.last_mut()) {
            (Some(command), ..) => all.push((command.to_owned(), Vec::new())),
            (None, Some(more), Some((command, output))) if output.is_empty() => {
                command.push('\n');
                command.push_str(more);
            }
            (None, _, Some((_, output))) => output.push(line),
            (None, _, None) => panic!("a block begins with `$ `, and not with {line:?}"),
        }
    }
    all
}

/// Fenced blocks of a language, with the line that each begins at.
pub(crate) fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String, bool)> = None;
    for (n, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(name), None) => open = Some((n + 1, String::new(), name == language)),
            (Some(_), Some((begin, block, wanted))) => {
                if *wanted {
                    found.push((*begin, std::mem::take(block)));
                }
                open = None;
            }
            (None, Some((_, block, _))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}
