//! Reads the event from flags, environment and file.

use super::super::environment::Environment;
use super::super::judge::read_up_to;
use super::super::verify::Request;
use super::EventArgs;
use crate::ci::{self, Given, Plan};
use crate::error::Error;
use crate::model::text::shown;

/// What the event asks to judge.
///
/// A file and variables of the environment belong to the event that the environment names: where a
/// flag names it, they are of another one.
pub(super) fn plan(
    args: &EventArgs,
    request: &Request,
    environment: &Environment,
) -> Result<Plan, Error> {
    let own = args.name.is_none();
    let variable = |name: &str| -> Result<Option<String>, Error> {
        match environment.variable(name).filter(|value| own && !value.is_empty()) {
            None => Ok(None),
            Some(value) => value.to_str().map(|text| Some(text.to_owned())).ok_or_else(|| {
                Error::unusable(format!("{name} is not UTF-8"), "name the event by --event")
            }),
        }
    };
    let name = args.name.clone().or(variable("GITHUB_EVENT_NAME")?).unwrap_or_default();
    let file = match &args.file {
        Some(file) => Some(environment.folder.join(file)),
        None => variable("GITHUB_EVENT_PATH")?.map(|file| environment.folder.join(file)),
    };
    let payload = match &file {
        None => None,
        Some(file) => {
            let bytes = read_up_to(file, request.limits.event_bytes, "event-bytes").map_err(|error| {
                match error {
                    Error::File { path, source } => Error::unusable(
                        format!(
                            "the event file {} cannot be read: {source}",
                            shown(&path.to_string_lossy())
                        ),
                        "give it by --event-file FILE, or say what happened: --event, --base, --head, --ref",
                    ),
                    other => other,
                }
            })?;
            Some(ci::payload(&bytes)?)
        }
    };
    let (run_ref, run_sha) = (variable("GITHUB_REF")?, variable("GITHUB_SHA")?);
    ci::plan(&Given {
        name: &name,
        payload: payload.as_ref(),
        base: args.base.as_deref(),
        head: args.head.as_deref(),
        reference: args.reference.as_deref(),
        default_branch: args.default_branch.as_deref(),
        run_ref: run_ref.as_deref(),
        run_sha: run_sha.as_deref(),
    })
}
