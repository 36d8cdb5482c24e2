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
#[command(after_help = "Example: what does this refusal mean, and what is to be done?\n  \
    gatecheck explain key-retired")]
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
        let near = nearest(&name.to_ascii_lowercase());
        let near = if near.is_empty() {
            ";".to_owned()
        } else {
            format!("; did you mean {}?", near.join(", "))
        };
        format!("no code has this name{near} `gatecheck explain` lists them all")
    })
}

/// Longest name that is compared letter by letter.
const MOST_LETTERS: usize = 64;

/// Codes that share a word with a name or are a slip of the finger away from it, nearest first.
fn nearest(name: &str) -> Vec<&'static str> {
    let shares = |known: &str| name.split('-').any(|word| word.len() > 3 && known.contains(word));
    let mut near: Vec<(usize, &'static str)> = Code::ALL
        .iter()
        .map(|code| (distance(name, code.name()), code.name()))
        .filter(|(far, known)| *far <= 3 || shares(known))
        .collect();
    near.sort_unstable();
    near.into_iter().take(5).map(|(_, known)| known).collect()
}

/// Letters to put in, take out or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (n, x) in a.chars().take(MOST_LETTERS).enumerate() {
        let mut before = n.saturating_add(1);
        let mut next = vec![before];
        for (pair, y) in row.windows(2).zip(&b) {
            let &[left, up] = pair else { break };
            let change = left.saturating_add(usize::from(x != *y));
            before = change.min(up.saturating_add(1)).min(before.saturating_add(1));
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
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

    #[test]
    fn slips_of_the_finger_are_noticed() {
        for slip in ["unsinged", "unsignd", "key-retierd", "signof-forged"] {
            let problem = parse_code(slip).unwrap_err();
            assert!(problem.contains("did you mean "), "{problem}");
        }
        assert_eq!(distance("abc", "abd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("unsinged").first(), Some(&"unsigned"));
    }
}
