//! Key files as a record lists them: `[[files]]` that are added or changed, and `removed`.

use std::collections::BTreeMap;

use super::head::sha256;
use crate::model::RecordedFile;
use crate::model::text::shown;
use crate::registry::is_key_path;
use crate::registry::words::{quoted, refuse};
use crate::source::Spot;
use crate::tables::{At, Table};

/// Paths that the record has listed so far, and where.
#[derive(Default)]
pub(super) struct Listed(BTreeMap<String, Spot>);

impl Listed {
    /// Takes one more path. Refuses what is no path of a key file, and what was listed before: two
    /// entries could say two different things of one file.
    pub(super) fn take(&mut self, table: &Table<'_>, field: &str, path: &At<String>) -> bool {
        if !is_key_path(&path.value) {
            let form = "a path below keys/, but neither the registry nor a ceremony record";
            let help = "list key files only: \"keys/NAME.asc\"";
            let seen = quoted(&path.value);
            refuse(table, field, path.spot, "is no path of a key file", seen, form, help);
            return false;
        }
        let Some(earlier) = self.0.insert(path.value.clone(), path.spot) else { return true };
        let problems = table.problems();
        problems.refuse(
            problems
                .invalid(
                    path.spot,
                    format!("`{field}` of {} names a file that is listed already", table.name()),
                )
                .compared(format!("{} twice", shown(&path.value)), "each key file once")
                .help("remove one of the two")
                .at(problems.place(earlier, "listed here")),
        );
        false
    }
}

/// One `[[files]]` entry. What is lacking was refused.
pub(super) fn read(mut table: Table<'_>, listed: &mut Listed) -> Option<RecordedFile> {
    let path = table.required("path", Table::string);
    let digest = table.required("sha256", sha256);
    let taken = path.filter(|path| listed.take(&table, "path", path));
    table.finish();
    Some(RecordedFile { path: taken?.value, sha256: digest? })
}
