//! Names that look like other names (UTS 39), in any script and within plain ASCII.

use std::collections::BTreeMap;

use unicode_security::skeleton;

use super::words::quoted;
use crate::finding::{Code, Finding};
use crate::tables::{At, Problems, Table};

/// What a name looks like: equal for names that people take for each other.
///
/// The skeleton of UTS 39 (which holds `rn` and `m`, `1` and `l`, `0` and `O` to be alike) without
/// regard to case, and `vv` as `w`.
pub(super) fn look(name: &str) -> String {
    let lower: String = skeleton(name).flat_map(char::to_lowercase).collect();
    lower.replace("vv", "w")
}

/// Reads an id; one with letters that only look like those allowed is `confusable-id`.
pub(super) fn id<T>(
    table: &Table<'_>,
    field: &str,
    read: &At<String>,
    make: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    if let Some(id) = make(&read.value) {
        return Some(id);
    }
    let problems = table.problems();
    let looks = look(&read.value);
    let form = "[a-z0-9][a-z0-9._-]{0,63}";
    let finding = if !read.value.is_ascii() && make(&looks).is_some() {
        let foreign: Vec<String> = read
            .value
            .chars()
            .filter(|c| !c.is_ascii())
            .take(8)
            .map(|c| format!("U+{:04X}", u32::from(c)))
            .collect();
        let message = format!(
            "`{field}` of {} looks like {} but holds {}",
            table.name(),
            quoted(&looks),
            foreign.join(", ")
        );
        Finding::new(Code::ConfusableId, message).at(problems.place(read.spot, "here"))
    } else {
        problems.invalid(read.spot, format!("`{field}` of {} is no id", table.name()))
    };
    problems.refuse(
        finding
            .compared(quoted(&read.value), form)
            .help("use small letters a to z, digits, `.`, `_` and `-`, at most 64 of them"),
    );
    None
}

/// Reports names that look like one that came before. `what`: "reviewers", "domains".
pub(super) fn look_alikes<'n>(
    names: impl Iterator<Item = At<&'n str>>,
    what: &str,
    problems: &Problems,
) {
    let mut seen: BTreeMap<String, At<&str>> = BTreeMap::new();
    let mut names: Vec<At<&str>> = names.collect();
    names.sort_by_key(|name| name.spot);
    for name in names {
        let Some(first) = seen.get(&look(name.value)) else {
            seen.insert(look(name.value), name);
            continue;
        };
        if first.value == name.value {
            continue;
        }
        let message =
            format!("two {what} look alike: {} and {}", quoted(first.value), quoted(name.value));
        problems.add(
            Finding::new(Code::ConfusableId, message)
                .compared(quoted(name.value), "ids that people can tell apart")
                .help("choose another id for one of the two")
                .at(problems.place(name.spot, "looks like the other one"))
                .at(problems.place(first.spot, "the other one")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::look;

    #[test]
    fn what_people_confuse_looks_alike() {
        for (a, b) in [
            ("clancy", "cl\u{430}ncy"),
            ("al", "a1"),
            ("bob", "b0b"),
            ("arnold", "amold"),
            ("vvim", "wim"),
        ] {
            assert_eq!(look(a), look(b), "{a} {b}");
        }
        assert_ne!(look("ada"), look("adam"));
        assert_ne!(look("kernel"), look("kernal"));
    }
}
