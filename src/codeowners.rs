//! CODEOWNERS: text → [`CodeOwners`], in GitHub's syntax, all problems at once.
//!
//! A forge passes over a line that it cannot read. Here that would change which line decides about
//! a path, and nobody would have said so; so such a file is no file to judge by.

use std::sync::Arc;

use crate::finding::{Code, Finding, Place};
use crate::model::owners::{CodeOwners, OwnerLine, OwnersReading};
use crate::model::text::{is_unsafe, shown};
use crate::model::{Limits, PathPattern};
use crate::source::{Source, Spot};

/// How many lines that cannot be read are named one by one.
const NAMED: usize = 10;

/// Reads a file's text.
#[must_use]
pub fn read(source: &Arc<Source>, limits: &Limits) -> OwnersReading {
    let count = u64::try_from(source.text().lines().count()).unwrap_or(u64::MAX);
    if count > limits.codeowners_lines {
        let finding = cannot_read(source, "it has too many lines".to_owned())
            .compared(
                format!("{count} lines"),
                format!("{} or fewer (limit codeowners-lines)", limits.codeowners_lines),
            )
            .help(format!("--limit codeowners-lines={count}"));
        return OwnersReading { owners: None, problems: vec![finding], bytes: 0 };
    }
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    for (number, text) in (1_u32..).zip(source.text().lines()) {
        match line(number, text) {
            Ok(line) => lines.extend(line),
            Err((seen, why)) => {
                let finding = cannot_read(source, format!("line {number} {why}"))
                    .compared(seen, "a pattern, then owners: @user, @org/team or addresses")
                    .at(Place::new(source, None, Spot { line: number, column: 1 }, "here"));
                problems.push(finding);
            }
        }
    }
    let owners = problems.is_empty().then(|| Arc::new(CodeOwners::new(lines)));
    let more = problems.len().saturating_sub(NAMED);
    problems.truncate(NAMED);
    if more > 0 {
        problems.push(cannot_read(source, format!("{more} more lines are like this")));
    }
    OwnersReading { owners, problems, bytes: source.text().len() }
}

fn cannot_read(source: &Source, why: String) -> Finding {
    Finding::new(
        Code::UnsupportedVersion,
        format!("{} cannot be read: {why}", shown(source.path())),
    )
    .help("write the line in GitHub's syntax, without sections, `!`, `[…]` and `\\`")
}

/// The words of a line; one that begins with `#` begins a comment.
pub fn words(line: &str) -> Vec<&str> {
    line.split_ascii_whitespace().take_while(|word| !word.starts_with('#')).collect()
}

/// One line; `None` where it says nothing. The error is what was seen, escaped, and what is wrong.
fn line(number: u32, text: &str) -> Result<Option<OwnerLine>, (String, &'static str)> {
    let words = words(text);
    let Some((pattern, owners)) = words.split_first() else { return Ok(None) };
    let patterns = patterns(pattern).map_err(|why| (shown(pattern), why))?;
    if let Some(other) = owners.iter().find(|owner| !is_owner(owner)) {
        return Err((shown(other), "has something in the place of an owner"));
    }
    let owners = owners.iter().map(|owner| owner.to_lowercase()).collect();
    Ok(Some(OwnerLine::new(number, words.join(" "), owners, patterns)))
}

/// `@user`, `@org/team` or an address. GitHub passes over a line with anything else in it, so
/// `@ada,@bob` must not become an owner whom nobody knows.
fn is_owner(owner: &str) -> bool {
    let word = |text: &str, also: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    match owner.split_once('@') {
        Some(("", name)) => match name.split_once('/') {
            Some((organisation, team)) => word(organisation, "-_") && word(team, "-_."),
            None => word(name, "-_."),
        },
        Some((before, after)) => word(before, "._%'+-") && word(after, ".-"),
        None => false,
    }
}

fn clean(word: &str) -> bool {
    !word.chars().any(|c| is_unsafe(c) || c.is_whitespace())
}

/// The paths that a pattern of CODEOWNERS stands for, as a registry writes them. As in
/// `.gitignore`, one with a `/` that is not at its end begins at the top, and a name stands for a
/// folder as well.
///
/// # Errors
/// What is wrong with it, to be put behind the pattern.
pub fn patterns(pattern: &str) -> Result<Vec<String>, &'static str> {
    if pattern.starts_with('!') {
        return Err("takes paths out, which CODEOWNERS does not know");
    }
    if pattern.contains(['[', ']', '\\', '#']) || !clean(pattern) {
        return Err("holds characters that CODEOWNERS does not know");
    }
    if pattern.contains("//") {
        return Err("holds an empty part");
    }
    if pattern.split('/').any(|part| part.contains("**") && part != "**") {
        return Err("holds `**` beside other characters");
    }
    let folder = pattern.ends_with('/');
    let body = pattern.trim_end_matches('/');
    let anchored = body.contains('/');
    let body = body.trim_start_matches('/');
    if body.is_empty() {
        return Err("names nothing");
    }
    let whole = matches!(body, "*" | "**") && !anchored && !folder;
    let rooted = if whole {
        "**".to_owned()
    } else if anchored || body.starts_with("**/") {
        body.to_owned()
    } else {
        format!("**/{body}")
    };
    let mut texts = Vec::new();
    if !folder {
        texts.push(rooted.clone());
    }
    // `docs/*` is the files of that folder alone, as `/*` is those at the top.
    let files_only = rooted.split('/').next_back().is_some_and(|part| matches!(part, "*" | "**"));
    if folder || !files_only {
        texts.push(format!("{}/**", rooted.trim_end_matches("/**")));
    }
    if texts.iter().any(|text| PathPattern::check(text).is_err()) {
        return Err("is no path that a registry could hold");
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> OwnersReading {
        read(&Source::new("CODEOWNERS", text), &Limits::default())
    }

    fn matches(pattern: &str, path: &str) -> bool {
        let texts = patterns(pattern).unwrap();
        texts.iter().any(|text| PathPattern::new(text).unwrap().matches(path.as_bytes()))
    }

    #[test]
    fn patterns_stand_for_what_they_stand_for_on_github() {
        for (pattern, yes, no) in [
            ("*", &["a", "a/b"][..], &[][..]),
            ("*.js", &["a.js", "a/b.js"], &["a.ts"]),
            (
                "/build/logs/",
                &["build/logs/a", "build/logs/a/b"],
                &["x/build/logs/a", "build/logs"],
            ),
            ("docs/*", &["docs/a"], &["docs/a/b", "x/docs/a"]),
            ("/*", &["a"], &["a/b", "a/b/c"]),
            ("/**", &["a", "a/b"], &[]),
            ("**/*", &["a", "a/b/c"], &[]),
            ("*/", &["a/b", "a/b/c"], &["a"]),
            ("/*/", &["a/b", "a/b/c"], &["a"]),
            ("docs/*/", &["docs/a/b"], &["docs/a", "x/docs/a/b"]),
            ("/a/**/b", &["a/b", "a/x/y/b", "a/b/c"], &["x/a/b"]),
            ("apps/", &["apps/a", "x/apps/a/b"], &["apps"]),
            ("/docs/", &["docs/a"], &["x/docs/a"]),
            ("/scripts", &["scripts", "scripts/a"], &["x/scripts"]),
            ("**/logs", &["logs/a", "x/y/logs/b", "logs"], &["logsx"]),
            ("apps/github", &["apps/github", "apps/github/x"], &["x/apps/github"]),
            ("/a/**", &["a/b", "a/b/c"], &["b"]),
            ("Makefile", &["Makefile", "x/Makefile"], &["makefile"]),
        ] {
            yes.iter().for_each(|path| assert!(matches(pattern, path), "{pattern} {path}"));
            no.iter().for_each(|path| assert!(!matches(pattern, path), "{pattern} {path}"));
        }
        for bad in [
            "!a",
            "[ab].js",
            "\\#x",
            "a#b",
            "/",
            "//a",
            "a//",
            "a/../b",
            "a**/b",
            "***",
            "\u{feff}a",
            "a\u{a0}b",
            "a\u{7}",
        ] {
            assert!(patterns(bad).is_err(), "{bad}");
        }
        assert!(patterns(&"a".repeat(PathPattern::MAX_BYTES + 1)).is_err());
    }

    #[test]
    fn the_last_line_that_matches_decides() {
        let owners = reading(
            "# all\n* @Ada Bob@Example.org\r\n\n/kernel/ @bob # why\n/kernel/open.rs\n/team @o/t\n",
        )
        .owners
        .unwrap();
        let decides = |path: &str| {
            owners.decides(path.as_bytes()).map(|line| (line.number, line.owners.join(" ")))
        };
        assert_eq!(decides("x"), Some((2, "@ada bob@example.org".to_owned())));
        assert_eq!(decides("kernel/a"), Some((4, "@bob".to_owned())));
        assert_eq!(decides("kernel/open.rs"), Some((5, String::new())));
        assert_eq!(decides("team/a"), Some((6, "@o/t".to_owned())));
        assert!(reading("/a @ada\n").owners.unwrap().decides(b"b").is_none());
    }

    #[test]
    fn one_line_that_cannot_be_read_spoils_the_file() {
        for bad in [
            "[Section]",
            "^[Opt] @ada",
            "!a @ada",
            "a @ada, bob",
            "a @",
            "a x@b/c",
            "\u{feff}a",
            "a @ada,@bob",
            "a @@maintainer",
            "a @ada#why",
            "a @ada/",
            "a @o/t/u",
            "a @\u{430}da",
        ] {
            let reading = reading(&format!("* @ada\n{bad}\n"));
            assert!(reading.owners.is_none(), "{bad}");
            assert_eq!(reading.problems.len(), 1, "{bad}");
            let problem = &reading.problems[0];
            assert_eq!(problem.code, Code::UnsupportedVersion);
            assert_eq!(problem.places[0].spot.line, 2);
        }
        let many = reading(&"!a\n".repeat(100));
        assert_eq!(many.problems.len(), NAMED + 1);
        let few = Limits { codeowners_lines: 2, ..Limits::default() };
        let long = read(&Source::new("CODEOWNERS", "a\nb\nc\n"), &few);
        assert!(long.owners.is_none() && long.problems[0].help.contains("codeowners-lines=3"));
    }
}
