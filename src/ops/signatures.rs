//! Where signatures of releases come from: stores that have them at `sha256=HEX/signature-N`, as containers-signature
//! stores do, on a server or in a folder.
//!
//! Whatever cannot be had is told and is no reason to fail: images are worth more than what vouches for them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;

use super::web::{Address, AddressError, Bounds, Web};
use crate::http::{self as net, RetryPolicy, SafeUrl};
use crate::mirror::release::{ReleaseSignature, SignatureError};
use crate::model::{Digest, Tag};

/// The stores of OpenShift (openshift/cluster-update-keys, `stores`). Clusters that are online ask the same.
const PUBLIC: [&str; 2] = [
    "https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release",
    "https://storage.googleapis.com/openshift-release/official/signatures/openshift/release",
];

/// How many signatures of a release are looked for; clusters look for as many.
const MAX_SIGNATURES: usize = 10;
/// The most bytes of one. Real ones have less than 1 KiB.
const MAX_BYTES: usize = 64 << 10;
const BOUNDS: Bounds = Bounds { patience: Duration::from_secs(30), bytes: MAX_BYTES };
/// How often a store is asked that does not answer.
const TRIES: u32 = 2;
/// How many releases are asked for at once.
const AT_ONCE: usize = 4;

/// Where signatures of releases come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignatureStore {
    /// The stores of OpenShift. Releases of OKD have no signatures there.
    #[default]
    Public,
    /// This store, for all releases.
    At(Address),
}

impl FromStr for SignatureStore {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.parse().map(Self::At)
    }
}

/// A release whose signatures are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRelease {
    /// `4.18.1-x86_64`.
    pub tag: Tag,
    /// The digest of its payload.
    pub payload: Digest,
}

/// Signatures of releases.
#[derive(Debug, Default)]
pub struct CollectedSignatures {
    /// Those that there are.
    pub signatures: Vec<ReleaseSignature>,
    /// The releases of which some could not be had, or none, and why.
    pub missed: Vec<(Tag, SignatureStoreError)>,
}

/// Why a signature cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SignatureStoreError {
    /// No store has one.
    #[error("there is none")]
    Absent,
    /// A store does not answer.
    #[error("{place} cannot be asked")]
    Unreachable {
        /// The store.
        place: SafeUrl,
        /// What was met.
        #[source]
        source: Box<net::Error>,
    },
    /// A store did not answer before.
    #[error("{0} does not answer and is not asked again")]
    Silent(SafeUrl),
    /// A store answers that it does not give it.
    #[error("{url} answers {status}")]
    Status {
        /// What was asked for.
        url: SafeUrl,
        /// The answer.
        status: StatusCode,
    },
    /// A file cannot be read.
    #[error("cannot read {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// It is too large.
    #[error("{0} has more than {MAX_BYTES} bytes, and is no signature")]
    TooLarge(String),
    /// It is none.
    #[error("{place} is no signature of the release")]
    Unusable {
        /// Where it is.
        place: String,
        /// What is wrong with it.
        #[source]
        source: SignatureError,
    },
}

impl SignatureStoreError {
    /// Whether the next signature may be good.
    fn is_of_one_signature(&self) -> bool {
        matches!(self, Self::Unusable { .. } | Self::TooLarge(_))
    }
}

/// The signatures of `releases`, from `store`, or from `folder` where that has none: there they were put by an earlier
/// run.
pub async fn release_signatures(
    store: Option<&SignatureStore>,
    folder: &Path,
    releases: &[SignedRelease],
    retry: RetryPolicy,
) -> CollectedSignatures {
    let mut collected = CollectedSignatures::default();
    let stores = match stores(store, folder, retry) {
        Ok(stores) => stores,
        Err(error) => {
            collected.missed.extend(releases.first().map(|release| (release.tag.clone(), error)));
            return collected;
        }
    };
    let is_public = store == Some(&SignatureStore::Public);
    let mut hauls = Vec::new();
    for release in releases {
        if !(is_public && is_okd(&release.tag)) {
            hauls.push(haul(&stores, release));
        }
    }
    let hauls: Vec<(Tag, Haul)> = stream::iter(hauls).buffered(AT_ONCE).collect().await;
    for (tag, Haul { found, trouble }) in hauls {
        collected.signatures.extend(found);
        collected.missed.extend(trouble.map(|trouble| (tag, trouble)));
    }
    collected
}

/// `4.18.0-okd-scos.8`, `4.15.0-0.okd-2024-03-10-010116`.
fn is_okd(tag: &Tag) -> bool {
    tag.as_str().contains("okd")
}

fn stores(
    store: Option<&SignatureStore>,
    folder: &Path,
    retry: RetryPolicy,
) -> Result<Vec<Store>, SignatureStoreError> {
    let addresses: Vec<Address> = match store {
        None => Vec::new(),
        Some(SignatureStore::Public) => PUBLIC.iter().filter_map(|url| url.parse().ok()).collect(),
        Some(SignatureStore::At(address)) => vec![address.clone()],
    };
    let own = Address::Path(folder.to_owned());
    addresses.into_iter().chain([own]).map(|address| Store::open(address, retry)).collect()
}

/// What was found of a release.
#[derive(Default)]
struct Haul {
    found: Vec<ReleaseSignature>,
    trouble: Option<SignatureStoreError>,
}

/// What the first store that has some has of `release`.
async fn haul(stores: &[Store], release: &SignedRelease) -> (Tag, Haul) {
    let mut first = None;
    for store in stores {
        let haul = store.haul(&release.payload).await;
        if !haul.found.is_empty() {
            return (release.tag.clone(), haul);
        }
        first = first.or(haul.trouble);
    }
    let trouble = Some(first.unwrap_or(SignatureStoreError::Absent));
    (release.tag.clone(), Haul { found: Vec::new(), trouble })
}

/// A store that is looked into.
enum Store {
    Web {
        web: Box<Web>,
        /// It does not answer, and is not asked again.
        is_silent: AtomicBool,
    },
    Folder(PathBuf),
}

impl Store {
    fn open(address: Address, retry: RetryPolicy) -> Result<Self, SignatureStoreError> {
        let url = match address {
            Address::Path(path) => return Ok(Self::Folder(path)),
            Address::Url(url) => url,
        };
        let retry = RetryPolicy { tries: retry.tries.min(TRIES), ..retry };
        let web = Web::new(&url, retry, BOUNDS).map_err(|source| {
            let (place, source) = (SafeUrl::place(&url), Box::new(source));
            SignatureStoreError::Unreachable { place, source }
        })?;
        Ok(Self::Web { web: Box::new(web), is_silent: AtomicBool::new(false) })
    }

    async fn haul(&self, payload: &Digest) -> Haul {
        let mut haul = Haul::default();
        for number in 1..=MAX_SIGNATURES {
            match self.signature(payload, number).await {
                Ok(Some(signature)) => haul.found.push(signature),
                Ok(None) => break,
                Err(error) => {
                    let is_last = !error.is_of_one_signature();
                    haul.trouble.get_or_insert(error);
                    if is_last {
                        break;
                    }
                }
            }
        }
        haul
    }

    async fn signature(
        &self,
        payload: &Digest,
        number: usize,
    ) -> Result<Option<ReleaseSignature>, SignatureStoreError> {
        let path = signature_path(payload, number);
        let (place, message) = match self {
            Self::Folder(folder) => {
                let file = folder.join(path);
                (file.display().to_string(), read(&file)?)
            }
            Self::Web { web, is_silent } if is_silent.load(Ordering::Relaxed) => {
                return Err(SignatureStoreError::Silent(web.shown("")));
            }
            Self::Web { web, is_silent } => {
                let path = format!("/{path}");
                let asked = ask(web, &path).await;
                if matches!(asked, Err(SignatureStoreError::Unreachable { .. })) {
                    is_silent.store(true, Ordering::Relaxed);
                }
                (web.shown(&path).to_string(), asked?)
            }
        };
        let Some(message) = message else { return Ok(None) };
        ReleaseSignature::read(payload, number, message)
            .map(Some)
            .map_err(|source| SignatureStoreError::Unusable { place, source })
    }
}

/// Where a store has a signature.
#[must_use]
pub fn signature_path(payload: &Digest, number: usize) -> String {
    format!("{}={}/signature-{number}", payload.algorithm().as_str(), payload.hex())
}

async fn ask(web: &Web, path: &str) -> Result<Option<Bytes>, SignatureStoreError> {
    let url = web.shown(path);
    match web.get(path, "*/*").await {
        Ok(answer) if answer.status == StatusCode::OK => Ok(Some(answer.body)),
        Ok(answer) if answer.status == StatusCode::NOT_FOUND => Ok(None),
        Ok(answer) => Err(SignatureStoreError::Status { url, status: answer.status }),
        Err(source) => {
            Err(SignatureStoreError::Unreachable { place: url, source: Box::new(source) })
        }
    }
}

fn read(path: &Path) -> Result<Option<Bytes>, SignatureStoreError> {
    let wrong = |error| SignatureStoreError::File(path.to_owned(), error);
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
        Ok(metadata) if !metadata.is_file() => return Ok(None),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(wrong)?;
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() > MAX_BYTES {
        return Err(SignatureStoreError::TooLarge(path.display().to_string()));
    }
    Ok(Some(bytes.into()))
}
