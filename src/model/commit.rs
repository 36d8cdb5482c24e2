//! A commit as its raw object says, parsed strictly. Made in `repo`.

use super::oid::Oid;
use super::time::Time;

/// A commit object whose hash was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: Oid,
    /// Its tree.
    pub tree: Oid,
    /// Parents in order.
    pub parents: Vec<Oid>,
    /// Who wrote the change, and when (unproven).
    pub author: Identity,
    /// Who made the commit, and when (unproven).
    pub committer: Identity,
    /// First line of the message, unescaped, cut at 200 characters.
    pub subject: String,
    /// E-mail addresses of `Co-authored-by` trailers, unescaped and unproven.
    pub co_authors: Vec<String>,
    /// Every line of the message that reads `Token: value`, in order.
    pub trailers: Vec<Trailer>,
    /// Lines of the message that are one word alone, unescaped.
    pub marks: Vec<String>,
    /// The signature header that is judged: `gpgsig` in SHA-1 repositories,
    /// `gpgsig-sha256` in SHA-256 ones.
    pub signature: Option<Vec<u8>>,
    /// What `signature` signs: the object without both signature headers.
    pub payload: Vec<u8>,
    /// The signature header of the other object format, which is not judged.
    pub other_signature: Option<OtherSignature>,
}

/// A line `Token: value` of a commit's message: unproven words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// The token as written; compare it without regard to case.
    pub token: String,
    /// The value, folded lines joined, unescaped, cut at 200 characters a line.
    pub value: String,
}

/// The signature header that belongs to the other object format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherSignature {
    /// `gpgsig` or `gpgsig-sha256`.
    pub header: &'static str,
}

/// An identity line of a commit or tag: unproven words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name, unescaped; bytes that are not UTF-8 were replaced.
    pub name: String,
    /// Address between the angle brackets, unescaped.
    pub email: String,
    /// The date.
    pub time: Time,
}

/// Why an object is not a commit (or tag) that we judge.
///
/// `code` is one of `malformed-object`, `multiple-signatures`, `unsigned-header`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedObject {
    /// The refusal's code.
    pub code: crate::finding::Code,
    /// What was seen, in plain English, already escaped.
    pub observed: String,
    /// What was expected.
    pub required: String,
    /// Parents as far as they could be read, so that the walk can go on where it is safe to.
    /// `None` when the `parent` lines themselves cannot be trusted.
    pub parents: Option<Vec<Oid>>,
    /// Tree as far as it could be read.
    pub tree: Option<Oid>,
    /// Committer date as far as it could be read.
    pub committer_time: Option<Time>,
}
