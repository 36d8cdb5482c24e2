//! Commits as people name them: what a repository resolves, and steps back along first parents.

use crate::error::Error;
use crate::model::Oid;
use crate::model::text::shown;
use crate::repo::{Repository, parse_commit};

/// Resolves a name with any number of `~`, `~N` and `^` behind it.
pub(super) fn resolve(repo: &Repository, name: &str) -> Result<Oid, Error> {
    let (base, back) = split(name).ok_or_else(|| {
        Error::unusable(
            format!("{} is not understood", shown(name)),
            "name a ref or a full id, with ~N for its Nth first parent: HEAD~2",
        )
    })?;
    let mut here = repo.resolve(if base.is_empty() { "HEAD" } else { base })?.commit;
    for _ in 0..back {
        here = first_parent(repo, here)?.ok_or_else(|| {
            Error::unusable(
                format!("{} goes back further than the history", shown(name)),
                "git log --first-parent --oneline shows how far it goes",
            )
        })?;
    }
    Ok(here)
}

/// The first parent; `None` for a root commit.
pub(super) fn first_parent(repo: &Repository, commit: Oid) -> Result<Option<Oid>, Error> {
    let raw = repo
        .read_commit(commit)
        .map_err(|failure| Error::cannot_read(failure.to_string(), failure.help()))?;
    let parsed = parse_commit(commit, &raw).map_err(|malformed| {
        Error::cannot_read(
            format!("the commit {commit} is malformed: {}", malformed.observed),
            "name another commit",
        )
    })?;
    Ok(parsed.parents.first().copied())
}

/// The name, and how many first parents back.
fn split(name: &str) -> Option<(&str, u64)> {
    let at = name.find(['~', '^']).unwrap_or(name.len());
    let (base, mut rest) = name.split_at_checked(at)?;
    let mut back = 0_u64;
    while let Some(mark) = rest.chars().next() {
        rest = rest.get(1..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let steps = if number.is_empty() { 1 } else { number.parse::<u64>().ok()? };
        match mark {
            '~' => back = back.checked_add(steps)?,
            '^' if steps == 1 => back = back.checked_add(1)?,
            _ => return None,
        }
        rest = after;
    }
    Some((base, back))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn steps_back_are_counted() {
        assert_eq!(split("HEAD"), Some(("HEAD", 0)));
        assert_eq!(split("HEAD~"), Some(("HEAD", 1)));
        assert_eq!(split("v1~2^~3"), Some(("v1", 6)));
        for bad in ["HEAD^2", "HEAD^0", "HEAD~1x", "HEAD~99999999999999999999", "HEAD^{tree}"] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
