//! All keys of all versions of all key files, and the questions asked of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::openpgp::{self, Depth, Keys, PoolKey};
use super::{
    FactCache, Namespace, Sealed, SignatureRequest, format_of, refused, secret, ssh,
    unknown_format, x509,
};
use crate::finding::Code;
use crate::model::{
    Fingerprint, KeyAlgorithm, KeyFile, Limits, SignatureFact, SignatureFormat, VerifiedSignature,
};

/// Stack of a thread that verifies, in bytes: SLH-DSA and ML-DSA keep much on it.
const STACK_BYTES: usize = 16 << 20;

/// The fact about one request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The fact.
    pub fact: SignatureFact,
    /// What a cache should keep of it; `None` where it knows it or must not.
    pub news: Option<Sealed>,
}

/// Keys to verify with.
///
/// Every version of a key file adds its keys and none takes one away: which version counts
/// at which commit is for the rules, which have the facts of each version.
#[derive(Clone, Debug, Default)]
pub struct KeyPool {
    openpgp: Keys,
}

impl KeyPool {
    /// A pool without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one version of one key file (armored or binary OpenPGP certificates, or lines of
    /// SSH public keys), remembers its keys, and returns what it says.
    ///
    /// Never fails: what could not be read stands in [`KeyFile::problems`]. Bounded by
    /// `limits.file_bytes` and `limits.packets`.
    pub fn add_file(&mut self, bytes: &[u8], limits: &Limits) -> KeyFile {
        let (file, keys) = read(bytes, limits, Depth::Whole);
        self.take(keys);
        file
    }

    /// Remembers the keys of a key file and looks at nothing else in it. Every key that it
    /// holds, bound by its certificate or not; [`read_file`] says the rest when it is needed.
    pub fn add_keys(&mut self, bytes: &[u8], limits: &Limits) -> Vec<Fingerprint> {
        let (file, keys) = read(bytes, limits, Depth::Keys);
        let all = keys.iter().flat_map(|key| [key.fingerprint, key.primary]);
        let all = all.chain(file.ssh_keys.iter().map(|(key, _)| *key)).collect();
        self.take(keys);
        all
    }

    fn take(&mut self, keys: Vec<PoolKey>) {
        for key in keys {
            self.openpgp.add(key);
        }
    }

    /// Every primary key in whose certificate, in some version of some key file, the key
    /// stands; the key itself for an SSH key. Empty for an OpenPGP key that no file holds.
    #[must_use]
    pub fn primaries(&self, key: Fingerprint) -> Vec<Fingerprint> {
        if key.is_ssh() { vec![key] } else { self.openpgp.primaries(key) }
    }

    /// Which key verifies this signature over this payload. Never
    /// [`SignatureFact::Absent`]: an empty signature is `malformed-signature`.
    ///
    /// Bounded by `limits.signature_bytes` and `limits.key_attempts`.
    #[must_use]
    pub fn verify(
        &self,
        payload: &[u8],
        signature: &[u8],
        namespace: Namespace,
        limits: &Limits,
    ) -> SignatureFact {
        let length = signature.len() as u64;
        if length > limits.signature_bytes {
            return refused(
                Code::MalformedSignature,
                format_of(signature.get(..4096).unwrap_or(signature)),
                format!("a signature of {length} bytes"),
                format!(
                    "at most {} bytes (--limit signature-bytes=N raises this)",
                    limits.signature_bytes
                ),
            );
        }
        let format = format_of(signature);
        let fact = guarded(|| match format {
            SignatureFormat::OpenPgp => openpgp::verify(&self.openpgp, payload, signature, limits),
            SignatureFormat::Ssh => ssh::verify(payload, signature, namespace),
            SignatureFormat::X509 | SignatureFormat::Gitsign => x509::refuse(format),
            SignatureFormat::Unknown => unknown_format(signature),
        });
        fact.unwrap_or_else(|Panicked| {
            refused(
                Code::UnsupportedSignature,
                format,
                format!("a signature on which the {} library {DEFECT}", format.name()),
                "a signature that the library can read",
            )
        })
    }

    /// As [`KeyPool::verify`] for many requests, on `jobs` threads (at least one). The facts
    /// come in the order of the requests.
    #[must_use]
    pub fn verify_many(
        &self,
        requests: &[SignatureRequest<'_>],
        limits: &Limits,
        jobs: usize,
    ) -> Vec<SignatureFact> {
        in_parallel(requests, jobs, |request| {
            self.verify(request.payload, request.signature, request.namespace, limits)
        })
    }

    /// As [`KeyPool::verify_many`], but what the cache knows is not verified again, and what
    /// is found to verify is put into it. The caller saves the cache.
    ///
    /// A cache changes no fact: it holds verified signatures only, and those only that name
    /// a key (for others the pool decides whom to ask), a key that the pool does not hold is
    /// a miss, and the primaries are always the pool's own.
    #[must_use]
    pub fn verify_many_cached(
        &self,
        requests: &[SignatureRequest<'_>],
        limits: &Limits,
        jobs: usize,
        cache: &mut FactCache,
    ) -> Vec<SignatureFact> {
        let known = &*cache;
        let answers = in_parallel(requests, jobs, |request| self.ask(request, limits, Some(known)));
        answers
            .into_iter()
            .map(|answer| {
                cache.keep(answer.news);
                answer.fact
            })
            .collect()
    }

    /// One request, by the cache where it knows the answer. What comes of it for the cache is
    /// handed back, so that many threads can ask at once.
    #[must_use]
    pub fn ask(
        &self,
        request: &SignatureRequest<'_>,
        limits: &Limits,
        cache: Option<&FactCache>,
    ) -> Answer {
        let SignatureRequest { payload, signature, namespace } = *request;
        let Some(cache) = cache.filter(|_| signature.len() as u64 <= limits.signature_bytes) else {
            return Answer { fact: self.verify(payload, signature, namespace, limits), news: None };
        };
        let id = request.id();
        if let Some(fact) = cache.get(id).and_then(|fact| self.with_own_primaries(fact)) {
            return Answer { fact: SignatureFact::Verified(fact), news: None };
        }
        let fact = self.verify(payload, signature, namespace, limits);
        let news = match &fact {
            SignatureFact::Verified(verified)
                if verified.format == SignatureFormat::Ssh || openpgp::names_a_key(signature) =>
            {
                cache.seal(id, verified)
            }
            _ => None,
        };
        Answer { fact, news }
    }

    fn with_own_primaries(&self, mut fact: VerifiedSignature) -> Option<VerifiedSignature> {
        fact.primaries = self.primaries(fact.key);
        (!fact.primaries.is_empty()).then_some(fact)
    }
}

/// What one version of one key file says; as [`KeyPool::add_file`], but no pool takes its keys.
#[must_use]
pub fn read_file(bytes: &[u8], limits: &Limits) -> KeyFile {
    read(bytes, limits, Depth::Whole).0
}

/// The OpenPGP certificates of a key file that hold a wanted key, armored, by their primary keys: with
/// the wanted subkeys and what their owner signed of them. `wanted` is asked about a primary key and
/// each key of its certificate, itself among them. Neither a secret nor anybody else's signature is
/// written.
///
/// The file has passed [`read_file`]. `None` where it holds no certificates, or one that cannot be written.
#[must_use]
pub fn minimal_certificates(
    bytes: &[u8],
    limits: &Limits,
    wanted: &dyn Fn(Fingerprint, Fingerprint) -> bool,
) -> Option<Vec<(Fingerprint, Vec<u8>)>> {
    guarded(|| openpgp::minimal(bytes, limits.packets, wanted)).ok()?
}

/// Whether SSH signatures by such a key can count at all, whatever policy says.
#[must_use]
pub fn takes_ssh(algorithm: KeyAlgorithm) -> bool {
    ssh::takes(algorithm)
}

fn read(bytes: &[u8], limits: &Limits, depth: Depth) -> (KeyFile, Vec<PoolKey>) {
    let mut file =
        KeyFile { holds_secret: secret::holds_marked_secret(bytes), ..KeyFile::default() };
    let mut keys = Vec::new();
    let length = bytes.len() as u64;
    if length > limits.file_bytes {
        file.problems.push(format!(
            "the file is {length} bytes long, and at most {} are read (--limit file-bytes=N raises this)",
            limits.file_bytes
        ));
        return (file, keys);
    }
    match guarded(|| openpgp::parse_key_file(bytes, limits.packets, depth)) {
        Ok(Some(parsed)) => {
            file.certificates = parsed.certificates;
            file.holds_secret |= parsed.holds_secret;
            file.problems.extend(parsed.problems);
            keys = parsed.keys;
        }
        Ok(None) => ssh::parse_key_lines(bytes, &mut file),
        Err(Panicked) => {
            file.problems.push(format!("the OpenPGP library {DEFECT} while it read the file"));
        }
    }
    if file.certificates.is_empty() && file.ssh_keys.is_empty() && file.problems.is_empty() {
        file.problems.push("it holds no OpenPGP certificate and no SSH public key".to_owned());
    }
    (file, keys)
}

/// Maps in order on `jobs` threads; on this one if no thread can be had.
fn in_parallel<'a, T: Send>(
    requests: &'a [SignatureRequest<'a>],
    jobs: usize,
    work: impl Fn(&'a SignatureRequest<'a>) -> T + Send + Sync,
) -> Vec<T> {
    match threads(jobs) {
        Some(threads) => threads.install(|| requests.par_iter().map(&work).collect()),
        None => requests.iter().map(work).collect(),
    }
}

/// So many threads (at least one), with a stack that every algorithm finds large enough; `None`
/// if none can be had.
#[must_use]
pub fn threads(jobs: usize) -> Option<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.max(1))
        .stack_size(STACK_BYTES)
        .thread_name(|n| format!("verify-{n}"))
        .build()
        .ok()
}

const DEFECT: &str = "failed (a defect of this program; please report it with these bytes)";

/// A library panicked.
#[derive(Debug)]
struct Panicked;

/// Keeps a panic of a library from taking down the whole run: one hostile signature must
/// not stop the judgement of all others. The panic hook has told of it by then.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked)
}
