//! A small runner of composite actions: expressions, inputs, outputs, and what happens after a failure.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::cli_support::Sandbox;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn yaml(path: &str) -> Yaml {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    YamlLoader::load_from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}")).remove(0)
}

/// Keys and values of a mapping; none where there is none.
pub(crate) fn pairs(yaml: &Yaml) -> Vec<(&str, &Yaml)> {
    let hash = yaml.as_hash();
    hash.into_iter().flatten().map(|(key, value)| (key.as_str().unwrap(), value)).collect()
}

/// What a run of the action came to.
pub(crate) struct Ran {
    /// The exit status of the step that failed last, or 0.
    pub(crate) status: i32,
    /// Outputs of the judge's step.
    pub(crate) outputs: BTreeMap<String, String>,
    /// What all steps said.
    pub(crate) log: String,
    pub(crate) summary: String,
    pub(crate) uploaded: bool,
}

pub(crate) struct Runner<'a> {
    sandbox: &'a Sandbox,
    pub(crate) upload_fails: bool,
    /// The folder of the action, in place of this repository.
    pub(crate) action_path: String,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox) -> Self {
        let built = env!("CARGO_BIN_EXE_gatecheck");
        for name in ["bin/.keep", "temp/.keep", "action/.keep"] {
            sandbox.write(name, "");
        }
        let runner =
            Self { sandbox, upload_fails: false, action_path: root().to_str().unwrap().to_owned() };
        runner.cargo(&format!("cp '{built}' \"$root/bin/gatecheck\""));
        runner
    }

    /// A `cargo install` that does this.
    fn cargo(&self, does: &str) {
        let script = format!(
            "#!/bin/bash\nset -e\n[ \"$1\" = install ]\nwhile [ \"$1\" != --root ]; do [ \"$1\" != --locked ] || locked=1; shift; done\n\
             root=$2; [ -n \"$locked\" ]; mkdir -p \"$root/bin\"; rm -f \"$root/bin/gatecheck\"\n{does}\n"
        );
        self.tool("cargo", &script);
    }

    /// A program that is first on PATH.
    pub(crate) fn tool(&self, name: &str, script: &str) {
        self.sandbox.program(&format!("bin/{name}"), script);
    }

    /// Another program is installed, which can tell its version or not.
    pub(crate) fn replace_program(&mut self, script: &str, versioned: bool) {
        self.sandbox.write("action/program", script);
        let version = "case \"$1\" in --version) exit 0 ;; esac";
        let script = match script.split_once('\n') {
            Some((first, rest)) if versioned && first == "#!/bin/sh" => {
                format!("{first}\n{version}\n{rest}")
            }
            _ => script.to_owned(),
        };
        self.sandbox.write("action/program", &script);
        let path = self.sandbox.path("action/program");
        self.cargo(&format!(
            "cp '{}' \"$root/bin/gatecheck\"; chmod +x \"$root/bin/gatecheck\"",
            path.display()
        ));
    }

    pub(crate) fn run(
        &self,
        event: &str,
        reference: &str,
        payload: &Value,
        inputs: &[(&str, &str)],
    ) -> Ran {
        let action = yaml("action.yml");
        let mut given = json!({});
        for (name, input) in pairs(&action["inputs"]) {
            given[name] = input["default"].as_str().unwrap().into();
        }
        for (name, value) in inputs {
            assert!(given.get(name).is_some(), "the action has no input {name}");
            given[name] = (*value).into();
        }
        let mut context = json!({
            "inputs": given, "steps": {},
            "github": {
                "event": payload, "ref": reference, "action_path": self.action_path,
                "action_repository": "o/gatecheck", "repository": "o/project",
                "server_url": "https://example.org", "token": "T",
            },
        });
        self.sandbox.write("event.json", &payload.to_string());
        self.sandbox.write("summary.md", "");
        let mut ran = Ran {
            status: 0,
            outputs: BTreeMap::new(),
            log: String::new(),
            summary: String::new(),
            uploaded: false,
        };
        for step in action["runs"]["steps"].as_vec().unwrap() {
            let condition = step["if"].as_str().unwrap_or_default();
            let always = condition.contains("always()");
            if ran.status != 0 && !always {
                continue;
            }
            if step["uses"].as_str().is_some() {
                // The one upload: taken where there is something to take.
                assert!(condition.contains("steps.judge.outputs.sarif != ''"), "{condition}");
                assert_eq!(step["continue-on-error"].as_bool(), Some(true));
                let file = context.pointer("/steps/judge/outputs/sarif");
                ran.uploaded = file.is_some_and(|file| Path::new(file.as_str().unwrap()).is_file());
                continue;
            }
            let (status, outputs, log) = self.step(step, event, &context);
            ran.log += &log;
            if status != 0 {
                ran.status = status;
            }
            if let Some(id) = step["id"].as_str() {
                if id == "judge" {
                    ran.outputs = outputs.clone();
                }
                context["steps"][id] = json!({ "outputs": outputs });
            }
        }
        ran.summary = self.sandbox.read("summary.md");
        ran
    }

    fn step(
        &self,
        step: &Yaml,
        event: &str,
        context: &Value,
    ) -> (i32, BTreeMap<String, String>, String) {
        assert_eq!(step["shell"].as_str(), Some("bash"));
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "an expression in a script: {script}");
        let folder =
            step["working-directory"].as_str().map_or(".".to_owned(), |text| expand(text, context));
        self.sandbox.write("step.sh", script);
        self.sandbox.write("output", "");
        let path = std::env::var_os("PATH").unwrap();
        let path = [self.sandbox.path("bin")].into_iter().chain(std::env::split_paths(&path));
        let at = |name: &str| self.sandbox.path(name);
        let mut command = self.sandbox.command("bash", "clone");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(at("step.sh"))
            .current_dir(at("clone").join(folder))
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", event)
            .env("GITHUB_EVENT_PATH", at("event.json"))
            .env("GITHUB_STEP_SUMMARY", at("summary.md"))
            .env("GITHUB_OUTPUT", at("output"))
            .env("RUNNER_TEMP", at("temp"))
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64");
        for (name, value) in pairs(&step["env"]) {
            command.env(name, expand(value.as_str().unwrap(), context));
        }
        let done = command.output().unwrap();
        let log = [done.stdout, done.stderr].concat();
        let outputs = self.sandbox.read("output");
        let outputs = outputs.lines().map(|line| {
            let (name, value) = line.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        });
        let name = step["name"].as_str().unwrap();
        let log = format!("== {name}\n{}", String::from_utf8_lossy(&log));
        (done.status.code().unwrap(), outputs.collect(), log)
    }
}

/// `${{ a.b || c.d }}`: the first that is there and not empty.
fn expand(text: &str, context: &Value) -> String {
    let Some(inner) = text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) else {
        return text.to_owned();
    };
    let known = |path: &str| -> Option<String> {
        assert!(path.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{path}");
        let pointer = format!("/{}", path.replace('.', "/"));
        context.pointer(&pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    inner.split(" || ").find_map(known).unwrap_or_default()
}
