//! The one text that gatecheck writes for a request, and for approvals on their own.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Request;
use crate::ceremony::write::{approved, escaped, line, string};
use crate::model::Approval;

/// What stands at the top of a request.
const ABOUT: &str = "\
# A ceremony on its way: what would change in the reviewer registry, and who approved it so far.
# Look at it: gatecheck ceremony show FILE
# Approve it: gatecheck ceremony approve FILE
";

/// A request's file. Reading it gives the same request.
#[must_use]
pub fn write(request: &Request) -> String {
    let mut text = String::from(ABOUT);
    text.push_str("\n[request]\n");
    line(&mut text, "version", &string(super::read::VERSION));
    line(&mut text, "record_path", &string(request.path()));
    line(&mut text, "record", &verbatim(&crate::ceremony::write(&request.record)));
    line(&mut text, "registry", &verbatim(request.next.source.text()));
    line(&mut text, "previous_registry", &verbatim(request.previous.source.text()));
    contents(&mut text, "key_files", &request.files);
    contents(&mut text, "known_key_files", &request.known);
    text
}

/// A file of approvals alone, for the request from which they were made.
#[must_use]
pub fn write_approvals(request: &Request, approvals: &[Approval]) -> String {
    let mut text = String::from("# Approvals for: gatecheck ceremony apply REQUEST THIS-FILE\n");
    text.push_str("\n[approval]\n");
    line(&mut text, "version", &string(super::read::VERSION));
    line(&mut text, "record_path", &string(request.path()));
    line(&mut text, "request_sha256", &string(&hex::encode(request.digest())));
    for approval in approvals {
        approved(&mut text, approval);
    }
    text
}

fn contents(text: &mut String, list: &str, files: &BTreeMap<String, Vec<u8>>) {
    for (path, bytes) in files {
        text.push_str(&format!("\n[[{list}]]\n"));
        line(text, "path", &string(path));
        match std::str::from_utf8(bytes) {
            Ok(content) => line(text, "text", &verbatim(content)),
            Err(_) => line(text, "base64", &string(&STANDARD.encode(bytes))),
        }
    }
}

/// A text as it stands between `'''`, where TOML allows it; else escaped.
fn verbatim(text: &str) -> String {
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.chars().all(plain) && !text.contains("'''") && !text.ends_with('\'') {
        format!("'''\n{text}'''")
    } else {
        format!("\"\"\"\n{}\"\"\"", escaped(text, true))
    }
}
