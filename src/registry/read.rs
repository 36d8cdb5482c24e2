//! From bytes to a [`RegistryReading`].

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::words::{Compiler, number, quoted};
use super::{check, domains, keys, people, policy, stub};
use crate::finding::{Code, Finding};
use crate::model::registry::SchemaVersion;
use crate::model::step::RegistryReading;
use crate::model::{Limits, Registry};
use crate::source::Source;
use crate::tables::{self, At, Problems, Table};

/// Reads a registry file: the registry where it is usable, and every problem in the order of the
/// file's lines. Pure; never panics, whatever the bytes.
///
/// `path` is where the file stands (it is shown), `bytes` its content, at most
/// [`Limits::file_bytes`] long.
#[must_use]
pub fn read(path: &str, bytes: &[u8], limits: &Limits) -> RegistryReading {
    let source = match tables::source(path, bytes, limits.file_bytes, Code::RegistryInvalid) {
        Ok(source) => source,
        Err(problem) => return RegistryReading { registry: None, problems: vec![*problem] },
    };
    let problems = Problems::new(&source, Code::RegistryInvalid);
    let sha256 = Sha256::digest(bytes).into();
    let registry = document(&source, sha256, &problems);
    let registry = registry.filter(|_| !problems.unusable()).map(Arc::new);
    RegistryReading { registry, problems: problems.into_findings() }
}

fn document(source: &Arc<Source>, sha256: [u8; 32], problems: &Problems) -> Option<Registry> {
    let parsed = tables::parse(source, problems);
    // What is missing may be what could not be parsed: then nothing is said about what is missing
    // elsewhere because of it.
    let whole = !problems.unusable();
    let mut root = Table::root(&parsed, problems);
    let mut schema = root.required("schema", Table::table)?;
    let written = schema.required("version", Table::string)?;
    let version = version(&written, problems)?;
    let mut registry = Registry {
        source: Arc::clone(source),
        sha256,
        version,
        serial: 0,
        project: String::new(),
        mainline: "refs/heads/main".to_owned(),
        branches: Vec::new(),
        reviewers: std::collections::BTreeMap::new(),
        domains: std::collections::BTreeMap::new(),
        keys: Vec::new(),
        policy: stub::policy(),
    };
    match version {
        SchemaVersion::V1_0 => (registry.reviewers, registry.keys) = stub::keys(&mut root),
        SchemaVersion::V1_1 => {
            registry.serial = schema.required("serial", number).map_or(0, |at| at.value);
            fill(&mut registry, &mut root);
        }
    }
    schema.finish();
    root.finish();
    if whole {
        check::ambiguities(&registry, problems);
        if !problems.unusable() {
            check::reach(&registry, problems);
        }
    }
    Some(registry)
}

fn fill(registry: &mut Registry, root: &mut Table<'_>) {
    let compiler = Compiler::new();
    let project = people::project(root, &compiler);
    let people = people::reviewers(root);
    registry.project = project.id;
    registry.mainline = project.mainline;
    registry.branches = project.branches;
    registry.domains = domains::domains(root, &people, &compiler);
    registry.keys = keys::keys(root, &people);
    registry.reviewers = people.all;
    registry.policy = policy::policy(root, &compiler);
}

fn version(written: &At<String>, problems: &Problems) -> Option<SchemaVersion> {
    match written.value.as_str() {
        "1.0.0" => return Some(SchemaVersion::V1_0),
        "1.1.0" => return Some(SchemaVersion::V1_1),
        _ => {}
    }
    problems.refuse(
        Finding::new(
            Code::UnsupportedVersion,
            "this registry has a version that gatecheck cannot read",
        )
        .compared(quoted(&written.value), "\"1.0.0\" or \"1.1.0\"")
        .help("use a newer gatecheck, or mend `version` in [schema]")
        .at(problems.place(written.spot, "here")),
    );
    None
}
