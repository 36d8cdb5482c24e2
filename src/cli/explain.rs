//! `gatecheck explain [CODE]`.

use clap::Args;

use super::exit::Exit;
use super::streams::Streams;
use crate::error::Error;
use crate::finding::{Code, CodeDoc};
use crate::render::{explain, explain_list};

/// Where the documentation of a code comes from: the rules.
pub type Docs = fn(Code) -> Option<CodeDoc>;

/// Arguments of `explain`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExplainArgs {
    /// The code of a finding; without one, all are listed
    #[arg(value_name = "CODE", value_parser = parse_code)]
    pub code: Option<Code>,
}

/// Tells about one code, or lists all.
pub fn run(args: &ExplainArgs, docs: Docs, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let text = match args.code {
        None => explain_list(docs),
        Some(code) => explain(&docs(code).unwrap_or(CodeDoc { code, what: "", why: "", fix: "" })),
    };
    streams.print(&text)?;
    Ok(Exit::PASS)
}

fn parse_code(text: &str) -> Result<Code, String> {
    // As it stands in a report: `error[key-retired]`.
    let name = text.split_once('[').map_or(text, |(_, rest)| rest.trim_end_matches(']'));
    Code::from_name(&name.to_ascii_lowercase()).ok_or_else(|| {
        let near: Vec<&str> = Code::ALL
            .iter()
            .map(|code| code.name())
            .filter(|known| name.split('-').any(|part| part.len() > 3 && known.contains(part)))
            .take(6)
            .collect();
        let near = if near.is_empty() {
            String::new()
        } else {
            format!("; did you mean {}?", near.join(", "))
        };
        format!("no code has this name{near} `gatecheck explain` lists them all")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_reports_show_them() {
        assert_eq!(parse_code("key-retired"), Ok(Code::KeyRetired));
        assert_eq!(parse_code("error[key-retired]"), Ok(Code::KeyRetired));
        let problem = parse_code("retired-key").unwrap_err();
        assert!(problem.contains("did you mean key-retired"), "{problem}");
        assert!(parse_code("x").unwrap_err().contains("lists them all"));
    }
}
