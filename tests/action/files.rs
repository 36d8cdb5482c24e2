//! What must hold of the files, whoever runs them.

use std::collections::{BTreeMap, BTreeSet};

use crate::runner::{pairs, root, yaml};

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Rows of the tables of a page whose first cell is one name in code marks: name and second cell.
fn rows(text: &str) -> BTreeMap<String, String> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        Some((name, cells.next().unwrap_or_default().to_owned()))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn the_documentation_tells_of_every_input_and_output() {
    let action = yaml("action.yml");
    let page = read("docs/action.md");
    let (inputs, outputs) = page.split_once("## Outputs").unwrap();
    let defaults = pairs(&action["inputs"]).into_iter().map(|(name, input)| {
        let default = input["default"].as_str().unwrap();
        let cell = if default.is_empty() { String::new() } else { format!("`{default}`") };
        (name.to_owned(), cell)
    });
    let inputs: BTreeMap<String, String> =
        rows(inputs).into_iter().map(|(name, cell)| (name, cell.trim().to_owned())).collect();
    assert_eq!(inputs, defaults.collect());
    let names: BTreeSet<String> = rows(outputs).into_keys().collect();
    let known = pairs(&action["outputs"]).into_iter().map(|(name, _)| name.to_owned());
    assert_eq!(names, known.collect());
    for page in ["README.md", "docs/action.md", "docs/ci.md"] {
        let text = read(page);
        for block in text.split("```yaml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let parsed = yaml_rust2::YamlLoader::load_from_str(block).unwrap().remove(0);
            for step in steps(&parsed) {
                let uses = step["uses"].as_str().unwrap_or_default();
                if uses.contains("gatecheck") {
                    for (name, _) in pairs(&step["with"]) {
                        assert!(inputs.contains_key(name), "{page}: no input {name}");
                    }
                }
            }
        }
    }
}

fn steps(workflow: &yaml_rust2::Yaml) -> Vec<&yaml_rust2::Yaml> {
    let jobs = pairs(&workflow["jobs"]).into_iter().map(|(_, job)| &job["steps"]);
    jobs.chain([&workflow["runs"]["steps"]]).filter_map(|s| s.as_vec()).flatten().collect()
}

#[test]
fn other_actions_are_pinned_and_scripts_hold_no_expressions() {
    let files = [
        "action.yml",
        ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
        "docs/ci/forgejo.yml",
    ];
    for path in files {
        let text = read(path);
        for line in text
            .lines()
            .filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses:"))
        {
            let used = line.split("uses:").nth(1).unwrap().trim();
            if used.starts_with("./ ") {
                continue;
            }
            let (name, pin) = used.split_once('@').unwrap_or_else(|| panic!("{path}: {line}"));
            let (hash, version) =
                pin.split_once(" # v").unwrap_or_else(|| panic!("{path}: {line}"));
            assert!(name.contains('/') && hash.len() == 40, "{path}: {line}");
            assert!(hash.chars().all(|c| c.is_ascii_hexdigit()), "{path}: {line}");
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{path}: {line}");
        }
        let parsed = yaml(path);
        let steps = steps(&parsed);
        assert!(!steps.is_empty(), "{path}");
        for run in steps.iter().filter_map(|step| step["run"].as_str()) {
            assert!(!run.contains("${{"), "{path}: {run}");
        }
        if path.contains("workflows/") {
            let rights = pairs(&parsed["permissions"]);
            assert!(rights.iter().all(|(_, right)| right.as_str() == Some("read")), "{path}");
            assert!(!rights.is_empty() || parsed["permissions"].as_hash().is_some(), "{path}");
        }
    }
}

#[test]
fn checksums_are_lines_that_the_action_can_read() {
    for line in read("action/checksums.txt").lines().filter(|line| !line.starts_with('#')) {
        let (sum, name) = line.split_once("  ").unwrap();
        assert!(sum.len() == 64 && sum.chars().all(|c| "0123456789abcdef".contains(c)), "{line}");
        assert!(name.starts_with("gatecheck-v") && name.ends_with(".tar.gz"), "{line}");
    }
}

/// What the release makes is what the action asks for.
#[test]
fn the_release_makes_the_archives_that_the_action_installs() {
    let action = read("action.yml");
    let release = read(".github/workflows/release.yml");
    let targets = action.lines().filter_map(|line| {
        line.trim().strip_suffix(" ;;")?.split_once(") target=").map(|(_, target)| target)
    });
    let targets: Vec<&str> = targets.collect();
    assert_eq!(targets.len(), 5);
    for target in targets {
        assert!(release.contains(&format!("target: {target}\n")), "{target}");
    }
    assert!(release.contains("gatecheck-$TAG-$TARGET.tar.gz"));
}

/// Build scripts of dependencies run whatever they like, with every right of the job they run in.
#[test]
fn jobs_of_the_release_that_may_write_build_nothing() {
    let release = yaml(".github/workflows/release.yml");
    let mut mighty = 0;
    for (name, job) in pairs(&release["jobs"]) {
        let rights = pairs(&job["permissions"]);
        assert!(!rights.is_empty(), "{name}");
        if rights.iter().all(|(_, right)| right.as_str() == Some("read")) {
            continue;
        }
        mighty += 1;
        for run in job["steps"].as_vec().unwrap().iter().filter_map(|step| step["run"].as_str()) {
            for line in run.lines().filter(|line| line.trim_start().starts_with("cargo ")) {
                let harmless = line.contains(" publish --locked --no-verify");
                assert!(harmless, "{name}: {line}");
            }
            assert!(!run.contains("build-release"), "{name}: {run}");
        }
    }
    assert_eq!(mighty, 3, "attest, publish, crate");
}
