//! CODEOWNERS as a value: which of its lines decides about a path, and whom that line names.
//!
//! The syntax is GitHub's: <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::pattern::PathPattern;
use super::registry::{Domain, Registry, ReviewerKind};
use crate::finding::Finding;

/// Where the file is looked for, in the order of forges: the first that is there is the one.
pub const CODEOWNERS_PATHS: [&str; 4] =
    [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// A line that gives paths to owners, or to nobody.
#[derive(Clone, Debug)]
pub struct OwnerLine {
    /// From 1.
    pub number: u32,
    /// The line's words with one space between them, without its comment, unescaped.
    pub text: String,
    /// `@user`, `@org/team` and addresses, lower case.
    pub owners: Vec<String>,
    patterns: Vec<String>,
    compiled: OnceLock<Vec<PathPattern>>,
}

impl OwnerLine {
    /// A line. Every one of `patterns` keeps [`PathPattern::check`].
    #[must_use]
    pub fn new(number: u32, text: String, owners: Vec<String>, patterns: Vec<String>) -> Self {
        Self { number, text, owners, patterns, compiled: OnceLock::new() }
    }

    /// What the line's own pattern stands for, as a registry would write it. Made when first asked
    /// for: most files that are read never come into force.
    pub fn patterns(&self) -> &[PathPattern] {
        self.compiled.get_or_init(|| {
            // What was checked is far below the size at which compiling fails.
            self.patterns.iter().filter_map(|text| PathPattern::new(text).ok()).collect()
        })
    }

    fn matches(&self, path: &[u8]) -> bool {
        // Most lines of a long file are about other paths, and are never compiled.
        self.patterns.iter().any(|text| could_match(text, path))
            && self.patterns().iter().any(|pattern| pattern.matches(path))
    }

    /// Whether an owner of the line is one of a domain's human people: by an address, or by `@` and
    /// their id. Who is in a team is not known here, so a team is nobody.
    fn names_one_of(&self, registry: &Registry, domain: &Domain) -> bool {
        let people = domain.people().filter_map(|person| registry.reviewers.get(person));
        let mut humans = people.filter(|person| person.kind == ReviewerKind::Human);
        humans.any(|person| {
            self.owners.iter().any(|owner| {
                owner.strip_prefix('@').is_some_and(|handle| handle == person.id.as_str())
                    || person.emails.iter().any(|email| email.to_lowercase() == *owner)
            })
        })
    }
}

/// Whether a path has what stands in a pattern before, behind or between its wildcards: without
/// that it cannot match.
fn could_match(pattern: &str, path: &[u8]) -> bool {
    let wild = ['*', '?'];
    let first = pattern.split(wild).next().unwrap_or_default().as_bytes();
    if !path.starts_with(first) {
        return false;
    }
    // `**/` stands for nothing, too.
    let pattern = pattern.replace("**/", "*");
    let mut parts = pattern.split(wild).map(str::as_bytes);
    let _ = parts.next();
    let Some(last) = parts.next_back() else { return path == first };
    let inner = parts.max_by_key(|part| part.len()).filter(|part| !part.is_empty());
    path.ends_with(last)
        && inner.is_none_or(|inner| path.windows(inner.len()).any(|bytes| bytes == inner))
}

/// How many paths are kept with the line that decides about each. Every domain and every sign-off
/// asks about the same ones, and a long file takes long to go through.
const KEPT_PATHS: usize = 1 << 17;

/// A CODEOWNERS file.
#[derive(Debug, Default)]
pub struct CodeOwners {
    lines: Vec<OwnerLine>,
    decided: Mutex<HashMap<Vec<u8>, Option<usize>>>,
}

impl CodeOwners {
    /// From its lines, in the order of the file.
    #[must_use]
    pub fn new(lines: Vec<OwnerLine>) -> Self {
        Self { lines, decided: Mutex::default() }
    }

    /// Its lines, in the order of the file.
    #[must_use]
    pub fn lines(&self) -> &[OwnerLine] {
        &self.lines
    }

    /// The line that decides about a path: the last that matches.
    #[must_use]
    pub fn decides(&self, path: &[u8]) -> Option<&OwnerLine> {
        let decided = || self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let known = decided().get(path).copied();
        let place = known.unwrap_or_else(|| {
            let place = self.lines.iter().rposition(|line| line.matches(path));
            let mut decided = decided();
            if decided.len() >= KEPT_PATHS {
                decided.clear();
            }
            decided.insert(path.to_vec(), place);
            place
        });
        place.and_then(|place| self.lines.get(place))
    }

    /// Whether the line that decides about a path names one of a domain's people.
    #[must_use]
    pub fn gives(&self, registry: &Registry, domain: &Domain, path: &[u8]) -> bool {
        self.decides(path).is_some_and(|line| line.names_one_of(registry, domain))
    }
}

/// A CODEOWNERS file that was read.
#[derive(Clone, Debug)]
pub struct OwnersReading {
    /// What it says; `None` where a problem makes it unusable.
    pub owners: Option<Arc<CodeOwners>>,
    /// Every problem, as findings without a commit (`unsupported-version`).
    pub problems: Vec<Finding>,
    /// Length of the text in bytes.
    pub bytes: usize,
}

/// What a tree holds where CODEOWNERS is looked for.
#[derive(Clone, Debug)]
pub enum OwnersFile {
    /// Nothing was looked for, because no registry asked.
    NotAsked,
    /// There is no telling, for want of an object or of the commit itself, and the gate is told of
    /// that.
    Unread,
    /// There is none.
    Missing,
    /// A file, or something else in its place.
    File(Arc<OwnersReading>),
}

impl OwnersFile {
    /// What the file says.
    #[must_use]
    pub fn owners(&self) -> Option<&CodeOwners> {
        match self {
            Self::File(reading) => reading.owners.as_deref(),
            Self::NotAsked | Self::Unread | Self::Missing => None,
        }
    }

    /// Whether a path belongs to a domain: by its own patterns, or by this file where it says so.
    #[must_use]
    pub fn gives(&self, registry: &Registry, domain: &Domain, path: &[u8]) -> bool {
        domain.lists(path)
            || (domain.codeowners
                && self.owners().is_some_and(|owners| owners.gives(registry, domain, path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::World;

    fn gives(owners: &[&str], prepare: impl FnOnce(&mut World)) -> bool {
        let mut world = World::new();
        world.registry.domains.values_mut().for_each(|domain| {
            domain.paths.clear();
            domain.codeowners = true;
        });
        prepare(&mut world);
        let owners = owners.iter().map(|owner| (*owner).to_owned()).collect();
        let line = OwnerLine::new(1, String::new(), owners, vec!["kernel/**".to_owned()]);
        let reading = OwnersReading {
            owners: Some(Arc::new(CodeOwners::new(vec![line]))),
            problems: Vec::new(),
            bytes: 0,
        };
        let kernel = world.registry.domains.values().find(|d| d.id.as_str() == "kernel").unwrap();
        let file = OwnersFile::File(Arc::new(reading));
        assert!(!file.gives(&world.registry, kernel, b"docs/a"));
        file.gives(&world.registry, kernel, b"kernel/a")
    }

    #[test]
    fn what_matches_is_never_passed_over() {
        let paths =
            ["a", "b", "a/b", "a/x/b", "aab", "ab", "x/a/b", "a/b/c.js", "c.js", "a/", "x/b/y"];
        let patterns = [
            "a", "**", "*", "**/b", "a/**", "a/**/b", "**/a/**", "**/*.js", "*.js", "a/*", "a?b",
            "?", "a*b", "**/b/**", "*/b", "a/*/b", "**/*", "a*a*b",
        ];
        let mut matched = 0;
        for text in patterns {
            let pattern = PathPattern::new(text).unwrap();
            for path in paths.map(str::as_bytes).into_iter().filter(|path| pattern.matches(path)) {
                assert!(could_match(text, path), "{text} {}", String::from_utf8_lossy(path));
                matched += 1;
            }
        }
        assert!(matched > 50);
        assert!(!could_match("kernel/**", b"docs/a") && !could_match("**/*.js", b"a.ts"));
        assert!(!could_match("**/name/**", b"a/other/b") && !could_match("a", b"ab"));
    }

    #[test]
    fn what_decides_about_a_path_is_looked_for_once() {
        let line = |number, pattern: &str| {
            OwnerLine::new(number, String::new(), Vec::new(), vec![pattern.to_owned()])
        };
        let owners = CodeOwners::new(vec![line(1, "**"), line(2, "a/**")]);
        let number = |path: &[u8]| owners.decides(path).map(|line| line.number);
        for _ in 0..2 {
            assert_eq!((number(b"a/b"), number(b"b"), number(b"a")), (Some(2), Some(1), Some(1)));
        }
        assert_eq!(owners.decided.lock().unwrap().len(), 3);
        for n in 0..KEPT_PATHS {
            let _ = owners.decides(n.to_string().as_bytes());
        }
        assert!(owners.decided.lock().unwrap().len() <= KEPT_PATHS);
        assert_eq!(number(b"a/b"), Some(2));
        assert!(CodeOwners::default().decides(b"a").is_none());
    }

    #[test]
    fn a_line_names_humans_of_the_domain_by_address_or_by_id() {
        let as_it_is = |_: &mut World| {};
        assert!(gives(&["@alice"], as_it_is));
        assert!(gives(&["@stranger", "alice@example.org"], as_it_is));
        assert!(!gives(&[], as_it_is));
        assert!(!gives(&["alice"], as_it_is), "no handle");
        assert!(!gives(&["@org/alice", "@alice-2", "alice@example.com"], as_it_is));
        let bots = |world: &mut World| {
            world.registry.reviewers.values_mut().for_each(|r| r.kind = ReviewerKind::Bot);
        };
        assert!(!gives(&["@alice"], bots), "a program vouches for nothing");
        let off = |world: &mut World| {
            world.registry.domains.values_mut().for_each(|domain| domain.codeowners = false);
        };
        assert!(!gives(&["@alice"], off));
    }
}
