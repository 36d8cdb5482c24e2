//! Bytes → request, all problems at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Request, sha256};
use crate::ceremony::head::sha256 as sha256_field;
use crate::ceremony::read::{self as record, read_approvals};
use crate::finding::{Code, Finding, Severity};
use crate::model::registry::REGISTRY_PATH;
use crate::model::text::shown;
use crate::model::{Approval, CeremonyRecord, Limits, Registry};
use crate::registry::is_key_path;
use crate::source::{Source, Spot};
use crate::tables::{self, Problems, Table};

/// The version of both formats.
pub(super) const VERSION: &str = "1.0.0";
const CODE: Code = Code::CeremonyMismatch;

/// What somebody sends back.
#[derive(Clone, Debug)]
pub enum Supplied {
    /// A copy of the request.
    Request(Box<Request>),
    /// Approvals alone.
    Approvals {
        /// The record that they are about.
        record_path: String,
        /// [`Request::digest`] of the request that they were made from.
        request_sha256: [u8; 32],
        /// The approvals.
        approvals: Vec<Approval>,
    },
}

/// Reads a request; `name` is what findings call the file.
///
/// # Errors
/// Every problem, as findings (`ceremony-mismatch`, and those of the registries). Bounds:
/// `request-bytes`, `file-bytes` for each part, `key-files`, `approvals`.
pub fn read(name: &str, bytes: &[u8], limits: &Limits) -> Result<Request, Vec<Finding>> {
    let (source, problems) = open(name, bytes, limits)?;
    let request = read_request(&source, &problems, limits);
    finish(request, problems)
}

/// Reads a request or a file of approvals.
///
/// # Errors
/// As [`read`].
pub fn read_supplied(name: &str, bytes: &[u8], limits: &Limits) -> Result<Supplied, Vec<Finding>> {
    let (source, problems) = open(name, bytes, limits)?;
    let is_approval = tables::parse_whole(&source, &problems)
        .is_some_and(|parsed| parsed.get_ref().get("approval").is_some());
    if is_approval {
        let supplied = read_approval(&source, &problems, limits);
        return finish(supplied, problems);
    }
    if problems.unusable() {
        return Err(problems.into_findings());
    }
    let request = read_request(&source, &problems, limits);
    finish(request, problems).map(|request| Supplied::Request(Box::new(request)))
}

fn open(
    name: &str,
    bytes: &[u8],
    limits: &Limits,
) -> Result<(Arc<Source>, Problems), Vec<Finding>> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let most = limits.request_bytes;
    if size > most {
        return Err(vec![
            Finding::new(
                CODE,
                format!("{} is larger than the bound request-bytes allows", shown(name)),
            )
            .compared(format!("{size} bytes"), format!("at most {most} bytes"))
            .help(format!(
                "raise the bound if it is what you expect: --limit request-bytes={size}"
            )),
        ]);
    }
    let source = tables::source(name, bytes, most, CODE).map_err(|problem| vec![*problem])?;
    let problems = Problems::new(&source, CODE);
    Ok((source, problems))
}

fn finish<T>(read: Option<T>, problems: Problems) -> Result<T, Vec<Finding>> {
    match read {
        Some(read) if !problems.unusable() => Ok(read),
        _ => Err(problems.into_findings()),
    }
}

fn version(table: &mut Table<'_>) {
    let Some(stated) = table.required("version", Table::string) else { return };
    if stated.value != VERSION {
        let problems = table.problems();
        problems.refuse(
            problems
                .invalid(stated.spot, "this file is of a version that gatecheck does not know")
                .compared(shown(&stated.value), VERSION)
                .help("use a newer gatecheck, or have the ceremony planned with this one"),
        );
    }
}

fn read_approval(source: &Arc<Source>, problems: &Problems, limits: &Limits) -> Option<Supplied> {
    let parsed = tables::parse_whole(source, problems)?;
    let mut root = Table::root(&parsed, problems);
    let head = root.required("approval", Table::table);
    let entries = root.tables("approvals");
    root.finish();
    let mut head = head?;
    version(&mut head);
    let path = head.required("record_path", Table::string);
    let digest = head.required("request_sha256", sha256_field);
    head.finish();
    let approvals = read_approvals(entries, problems, limits)?;
    Some(Supplied::Approvals { record_path: path?.value, request_sha256: digest?, approvals })
}

fn read_request(source: &Arc<Source>, problems: &Problems, limits: &Limits) -> Option<Request> {
    let parsed = tables::parse_whole(source, problems)?;
    let mut root = Table::root(&parsed, problems);
    let head = root.required("request", Table::table);
    let files = root.tables("key_files");
    let known = root.tables("known_key_files");
    root.finish();
    let mut head = head?;
    version(&mut head);
    let path = head.required("record_path", Table::string);
    let text = head.required("record", Table::string);
    let next = head.required("registry", Table::string);
    let previous = head.required("previous_registry", Table::string);
    head.finish();
    let files = contents(files, problems, limits)?;
    let known = contents(known, problems, limits)?;
    let reading = record::read(&path?.value, text?.value.as_bytes(), limits);
    for problem in reading.problems {
        problems.refuse(problem);
    }
    let record = reading.record?.as_ref().clone();
    let next = registry(&next?.value, &record.registry_sha256, "registry", problems, limits);
    let before = &record.previous_registry_sha256;
    let previous = registry(&previous?.value, before, "previous_registry", problems, limits);
    listed(&record, &files, problems);
    let (next, previous) = (next?, previous?);
    if next.serial != record.serial {
        problems.refuse(
            problems
                .invalid(Spot::START, "the record is for another serial than its registry")
                .compared(format!("serial {}", record.serial), format!("serial {}", next.serial))
                .help("have the ceremony planned anew"),
        );
    }
    Some(Request { record, previous, next, files, known })
}

/// A registry that must be the one of this digest.
fn registry(
    text: &str,
    expected: &[u8; 32],
    field: &str,
    problems: &Problems,
    limits: &Limits,
) -> Option<Arc<Registry>> {
    let seen = sha256(text.as_bytes());
    if seen != *expected {
        let mangled = sha256(text.replace("\r\n", "\n").as_bytes()) == *expected;
        let help = if mangled {
            "its line ends were changed on the way: tr -d '\\r' < FILE > NEW-FILE, or have it sent packed"
        } else {
            "take the request as it was planned; a change needs a plan and approvals of its own"
        };
        problems.refuse(
            problems
                .invalid(
                    Spot::START,
                    format!("`{field}` is not the registry that the record names: one of the two was changed"),
                )
                .compared(hex::encode(seen), hex::encode(expected))
                .help(help),
        );
        return None;
    }
    let reading = crate::registry::read(REGISTRY_PATH, text.as_bytes(), limits);
    if reading.registry.is_none() {
        let errors = reading.problems.into_iter().filter(|p| p.severity >= Severity::Undecided);
        errors.for_each(|problem| problems.refuse(problem));
    }
    reading.registry
}

/// The contents are those that the record lists, all of them and no other.
fn listed(record: &CeremonyRecord, files: &BTreeMap<String, Vec<u8>>, problems: &Problems) {
    let refuse = |path: &str, observed: String, required: String| {
        problems.refuse(
            problems
                .invalid(
                    Spot::START,
                    format!("the key file {} is not what the record lists", shown(path)),
                )
                .compared(observed, required)
                .help("take the request as it was planned; a change needs a plan and approvals of its own"),
        );
    };
    for file in &record.files {
        let required = hex::encode(file.sha256);
        match files.get(&file.path) {
            None => refuse(&file.path, "no content in [[key_files]]".to_owned(), required),
            Some(bytes) if sha256(bytes) != file.sha256 => {
                refuse(&file.path, hex::encode(sha256(bytes)), required);
            }
            Some(_) => {}
        }
    }
    for path in files.keys().filter(|path| !record.files.iter().any(|f| f.path == **path)) {
        refuse(path, "a content".to_owned(), "only files that the record lists".to_owned());
    }
}

fn contents(
    tables: Vec<Table<'_>>,
    problems: &Problems,
    limits: &Limits,
) -> Option<BTreeMap<String, Vec<u8>>> {
    if tables.len() as u64 > limits.key_files {
        problems.refuse(
            problems
                .invalid(Spot::START, "it holds more key files than the bound key-files allows")
                .compared(tables.len().to_string(), format!("at most {}", limits.key_files))
                .help(format!("raise it if that is right: --limit key-files={}", tables.len())),
        );
        return None;
    }
    let mut all = BTreeMap::new();
    for mut table in tables {
        let path = table.required("path", Table::string);
        let text = table.string("text").map(|at| at.value.into_bytes());
        let binary = table.string("base64").map(|at| STANDARD.decode(at.value));
        let spot = table.spot();
        table.finish();
        let Some(path) = path.map(|at| at.value) else { continue };
        let bytes = match (text, binary) {
            (Some(text), None) => Some(text),
            (None, Some(Ok(binary))) => Some(binary),
            _ => None,
        };
        let bytes = bytes.filter(|bytes| {
            is_key_path(&path)
                && bytes.len() as u64 <= limits.file_bytes
                && !all.contains_key(&path)
        });
        match bytes {
            Some(bytes) => {
                all.insert(path, bytes);
            }
            None => problems.refuse(
                problems
                    .invalid(spot, format!("{} is no key file with a content", shown(&path)))
                    .compared(
                        shown(&path),
                        format!(
                            "a path below keys/, once, with `text` or `base64` of at most {} bytes",
                            limits.file_bytes
                        ),
                    )
                    .help("take the request as it was planned"),
            ),
        }
    }
    Some(all)
}
