//! Stories: real repositories, the real program, one expected answer each.
//!
//! `fixtures/stories/<what-happens>.toml` tells one; `support/story.rs` explains its words.
//! `STORY=retired cargo test --test stories` runs those with "retired" in their names.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work"
)]

mod support;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::build::World;
use support::story::Story;
use support::{git_view, judge, run, setup};

/// The program says of every story what the story expects.
#[test]
fn the_program_judges_every_story_as_it_is_told() {
    every_story(|story| {
        let world = World::new(story);
        setup::refs(&world);
        let repo = setup::prepare(&world);
        let at = world.story.run.at.clone();
        let answer = run::run(&world, &repo, &at);
        let mut wrong = judge::judge(&world, &answer);
        for other in &world.story.run.also_at {
            let again = run::run(&world, &repo, other);
            if judge::about_history(&again) != judge::about_history(&answer) {
                wrong.push(format!("history reads differently at {other}:\n{}", again.stdout));
            }
            if again.exit != answer.exit {
                wrong.push(format!("exit status {:?} at {other}", again.exit));
            }
        }
        for other in &world.story.run.undecided_at {
            let again = run::run(&world, &repo, other);
            if again.exit != Some(3) || !again.stdout.contains("future-dated") {
                wrong.push(format!(
                    "at {other} every date is in the future, yet: exit status {:?}\n{}",
                    again.exit, again.stdout
                ));
            }
        }
        if !wrong.is_empty() {
            wrong.push(format!("standard output:\n{}", answer.stdout));
            wrong.push(format!("standard error:\n{}", answer.stderr));
        }
        git_view::stop_agent(&world.gpg_home());
        keep_for_inspection(world, &repo);
        wrong
    });
}

/// git, gpg and ssh-keygen see in every object what the story says it is.
#[test]
fn every_story_is_what_it_says_in_the_eyes_of_git() {
    every_story(|story| {
        let world = World::new(story);
        setup::refs(&world);
        let mut wrong = git_view::disagreements(&world);
        if let Err(broken) = catch_unwind(AssertUnwindSafe(|| setup::prepare(&world))) {
            wrong.push(format!("cannot be set up: {}", words(&*broken)));
        }
        let expect = &world.story.expect;
        for text in expect.findings.iter().chain(&expect.allowed) {
            for (commit, ..) in judge::parse_finding(text) {
                if !matches!(commit.as_str(), "*" | "-") {
                    world.commit(&commit);
                }
            }
        }
        for line in expect.gates.iter().chain(&expect.signoffs) {
            world.commit(line.split([':', ' ']).next().unwrap());
        }
        git_view::stop_agent(&world.gpg_home());
        wrong
    });
}

/// `KEEP_STORY=1` leaves the repositories behind and says where.
fn keep_for_inspection(world: World, repo: &std::path::Path) {
    if std::env::var_os("KEEP_STORY").is_some() {
        eprintln!("kept: {}", repo.display());
        let _ = world.folder.keep();
    }
}

/// Runs a check over all stories in parallel and reports every failure by the story's name.
fn every_story(check: impl Fn(Story) -> Vec<String> + Sync) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories");
    let only = std::env::var("STORY").unwrap_or_default();
    let mut stories: Vec<(String, PathBuf)> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| name.contains(&only))
        .collect();
    stories.sort();
    assert!(!stories.is_empty(), "no story in {} is called {only:?}", folder.display());
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((name, path)) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wrong = tell(path, &check);
                    if !wrong.is_empty() {
                        failures.lock().unwrap().push((name.clone(), wrong));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    let report: String = failures
        .iter()
        .map(|(name, wrong)| format!("\n== {name}\n   {}\n", wrong.join("\n   ")))
        .collect();
    assert!(failures.is_empty(), "{} of {} stories:{report}", failures.len(), stories.len());
}

fn tell(path: &std::path::Path, check: impl Fn(Story) -> Vec<String>) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    match toml::from_str::<Story>(&text) {
        Err(e) => vec![format!("the story cannot be read: {e}")],
        Ok(story) => {
            let told = format!("({})", story.story);
            let mut wrong = catch_unwind(AssertUnwindSafe(|| check(story)))
                .unwrap_or_else(|broken| vec![format!("the harness broke: {}", words(&*broken))]);
            if !wrong.is_empty() {
                wrong.insert(0, told);
            }
            wrong
        }
    }
}

fn words(broken: &(dyn Any + Send)) -> String {
    let text = broken.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| broken.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
