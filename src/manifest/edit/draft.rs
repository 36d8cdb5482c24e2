//! A manifest that nobody has signed yet.

use super::{entry, layout};
use crate::model::DomainId;
use crate::model::manifest::{Binding, PreviousGate, Target};
use crate::model::text::shown;

/// What a draft says. Notes become comments; they are made inert.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is for.
    pub target: Target,
    /// The last accepted epoch gate.
    pub previous_gate: PreviousGate,
    /// What will be signed.
    pub binding: Binding,
    /// The content digest, where it is stated.
    pub content: Option<[u8; 32]>,
    /// Lines at the top.
    pub notes: Vec<String>,
    /// Beside `previous_gate`.
    pub previous_note: String,
    /// Beside the binding.
    pub binding_note: String,
    /// One for each domain, by id.
    pub sections: Vec<Section>,
}

/// A domain's part of a draft.
#[derive(Clone, Debug)]
pub struct Section {
    /// The domain.
    pub domain: DomainId,
    /// Lines below its own.
    pub notes: Vec<String>,
}

impl Draft {
    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            text.push_str(&comment(note));
        }
        text.push_str("\n[manifest]\n");
        match &self.target {
            Target::Epoch(epoch) => text.push_str(&format!("epoch = {epoch}\n")),
            Target::Squash(name) => text.push_str(&format!("name = {}\n", entry::quoted(name))),
        }
        let mut field = |name: &str, value: &str, note: &str| {
            let note = if note.is_empty() { String::new() } else { format!("  # {}", shown(note)) };
            text.push_str(&format!("{name} = \"{value}\"{note}\n"));
        };
        field("previous_gate", &self.previous_gate.to_string(), &self.previous_note);
        match &self.binding {
            Binding::Tree(id) => field("subject_tree", &id.to_string(), &self.binding_note),
            Binding::Commit(id) => field("gate_commit", &id.to_string(), &self.binding_note),
            Binding::UnresolvableCommit(_) | Binding::Missing => {}
        }
        if let Some(content) = self.content {
            field("subject_sha256", &hex::encode(content), "");
        }
        for section in &self.sections {
            text.push_str(&format!("\n{}\n", layout::mark(&section.domain)));
            for note in &section.notes {
                text.push_str(&comment(note));
            }
        }
        text
    }
}

fn comment(note: &str) -> String {
    if note.is_empty() { "#\n".to_owned() } else { format!("# {}\n", shown(note)) }
}
