//! How much a step keeps in memory, so that a chunk of steps is bounded by more than their number.

use super::steps::manifests;
use crate::model::owners::OwnersFile;
use crate::model::probe::{Answer, Answers, ChangedPath, CharterChange, Content, HoldingFile};
use crate::model::step::Step;

/// Bytes that a step keeps of files and of lists of paths, about. Two small trees that take turns
/// change a million paths with every commit, and a policy may ask about all of them.
pub(super) fn weight(step: &Step) -> usize {
    let answers = step.probed.iter().map(|probed| &probed.answers).chain([&step.landed]);
    let brought = step.brought.iter().chain(step.named.values());
    let paths = brought.flat_map(|brought| &brought.paths).chain(step.changed.iter().flatten());
    let all = answers.map(of_answers).chain(paths.map(|path| of_path(path)));
    let owners = step.owners.values().map(of_owners);
    all.chain(owners).fold(of_texts(step), usize::saturating_add)
}

fn of_texts(step: &Step) -> usize {
    let merged = step.merged_registries.iter().flat_map(|merged| &merged.records);
    let records = step.records.iter().chain(merged);
    let records = records.filter_map(|reading| Some(&reading.record.as_ref()?.source));
    let manifests = manifests(step).map(|manifest| &manifest.source);
    let sources = records.chain(manifests).chain(step.cited.values());
    sources.fold(0, |bytes, source| bytes.saturating_add(source.text().len()))
}

/// Lines, patterns and owners are kept as texts of their own.
fn of_owners(file: &OwnersFile) -> usize {
    match file {
        OwnersFile::File(reading) => reading.bytes.saturating_mul(8),
        OwnersFile::Missing | OwnersFile::NotAsked | OwnersFile::Unread => 0,
    }
}

fn of_path(path: &[u8]) -> usize {
    path.len().saturating_add(size_of::<Vec<u8>>())
}

fn of_answers(answers: &Answers) -> usize {
    answers.values().map(of_answer).fold(0, usize::saturating_add)
}

fn of_answer(answer: &Answer) -> usize {
    let sum = |all: &mut dyn Iterator<Item = usize>| all.fold(0, usize::saturating_add);
    match answer {
        Answer::Changed(changed) => sum(&mut changed
            .iter()
            .map(|one| one.path.len().saturating_add(size_of::<ChangedPath>()))),
        Answer::Holds(files) => sum(&mut files
            .iter()
            .map(|one| one.path.len().saturating_add(size_of::<HoldingFile>()))),
        Answer::Charter(CharterChange { log_before, log_after, .. }) => {
            of_content(log_before).saturating_add(of_content(log_after))
        }
        Answer::File(content) => of_content(content),
        Answer::Unknown(_) => 0,
    }
}

fn of_content(content: &Content) -> usize {
    match content {
        Content::Text(source) => source.text().len(),
        Content::Missing | Content::NotRegular(_) | Content::NotText(_) => 0,
    }
}
