//! Nouns. Plain values that the rest of the program is about; nothing here
//! reads a file, asks the time, judges, or names an outside crate's types in
//! its public face.

pub mod ceremony;
pub mod certificate;
pub mod commit;
pub mod crypto;
pub mod fact;
pub mod fingerprint;
pub mod gate;
pub mod id;
pub mod limits;
pub mod manifest;
pub mod oid;
pub mod owners;
pub mod pattern;
pub mod policy;
pub mod probe;
pub mod registry;
pub mod step;
pub mod text;
pub mod time;
pub mod window;

pub use ceremony::{
    Approval, ApprovalRole, CeremonyKind, CeremonyRecord, RecordName, RecordReading, RecordedFile,
};
pub use certificate::{Binding, Certificate, CertificateKey, KeyFile, Revocation};
pub use commit::{Commit, Identity, MalformedObject, OtherSignature};
pub use crypto::{Digest, KeyAlgorithm, WeakThing};
pub use fact::{
    FactTable, KeyHint, RequestId, SignatureFact, SignatureFormat, Signer, VerifiedSignature,
};
pub use fingerprint::Fingerprint;
pub use gate::{GateKind, ManifestName};
pub use id::{DomainId, ReviewerId};
pub use limits::Limits;
pub use manifest::{AiAttestation, Binding as SubjectBinding, Manifest, Signoff};
pub use oid::{ObjectFormat, Oid};
pub use pattern::PathPattern;
pub use policy::Policy;
pub use registry::{Domain, KeyEntry, KeyState, Registry, Reviewer};
pub use time::{Age, Time};
pub use window::Window;
