//! A run that came to no report, told where people look for one.

use super::{escape, github};

/// Characters of one line of what went wrong.
const MOST_CHARS: usize = 4_096;

/// An annotation of GitHub Actions for a run that came to no report.
#[must_use]
pub fn annotation_of_failure(verdict: &str, why: &str) -> String {
    format!("::error title=gatecheck {verdict}::{}\n", github::data(&lines(why).join("\n")))
}

/// The same as Markdown. Nothing is markup where a line begins with four blanks.
#[must_use]
pub fn summary_of_failure(verdict: &str, why: &str) -> String {
    let why: String = lines(why).iter().map(|line| format!("    {line}\n")).collect();
    format!("\n## gatecheck: {verdict}\n\nIt came to no report:\n\n{why}\n")
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| escape::line_up_to(line, MOST_CHARS)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_no_command_and_no_markup() {
        let why = "it is \u{1b}[1m100% ##[error]x\n::error::<b>\n```\n  help: y";
        assert_eq!(
            annotation_of_failure("undecided", why),
            "::error title=gatecheck undecided::it is \\u{1b}[1m100%25 #\\u{23}[error]x\
             %0A::error::<b>%0A```%0A  help: y\n"
        );
        let summary = summary_of_failure("undecided", why);
        let (_, code) = summary.split_once("report:\n\n").unwrap();
        assert!(code.trim_end().lines().all(|line| line.starts_with("    ")), "{summary}");
    }
}
