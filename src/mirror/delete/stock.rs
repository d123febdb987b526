//! What a repository holds: its names, and what its manifests point to.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::mirror::verify::{Counts, Observer};
use crate::model::{Digest, Manifest, RefName};
use crate::store::{self, Reference, Store};

/// How many questions are open at once.
const QUESTIONS: usize = 32;
/// The most manifests that are looked at: lists of referrers can be made without an end.
const MAX_MANIFESTS: usize = 200_000;

/// What is known of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The manifests in it.
    pub children: Vec<Digest>,
    /// The manifest that it refers to.
    pub subject: Option<Digest>,
    /// Its bytes and those of the blobs that it names.
    pub bytes: u64,
}

/// What a repository holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// What each name points to.
    pub names: BTreeMap<RefName, Digest>,
    /// All manifests that can be reached from the names, or were asked for.
    pub manifests: BTreeMap<Digest, Held>,
}

/// Why it cannot be told what a repository holds, so that nothing may be removed from it.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    /// Something cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is more than anything honest has.
    #[error("{0} has more than {MAX_MANIFESTS} manifests: what they need is not found out")]
    TooLarge(String),
}

/// Finds out what `store` holds. Manifests that are not there have nothing that they need; any other that cannot be read
/// is an error.
///
/// # Errors
/// When the names cannot be listed, or a manifest that is there cannot be read.
pub async fn take_stock(
    store: &dyn Store,
    besides: &[Digest],
    observer: &dyn Observer,
) -> Result<Stock, StockError> {
    let names = match store.names().await {
        Err(error) if error.is_not_found() => Vec::new(),
        names => names?,
    };
    let mut asked = Vec::new();
    for name in names {
        asked.push(async move {
            let digest = store.digest(&Reference::Name(name.clone())).await?;
            observer.looked(Counts { names: 1, ..Counts::default() });
            store::Result::Ok(digest.map(|digest| (name, digest)))
        });
    }
    let named: Vec<_> = stream::iter(asked).buffer_unordered(QUESTIONS).try_collect().await?;
    let names: BTreeMap<RefName, Digest> = named.into_iter().flatten().collect();
    let mut stock = Stock { names, manifests: BTreeMap::new() };
    let mut open: Vec<Digest> = stock.names.values().chain(besides).cloned().collect();
    let mut seen: HashSet<Digest> = HashSet::new();
    while !open.is_empty() {
        open.retain(|digest| seen.insert(digest.clone()));
        if seen.len() > MAX_MANIFESTS {
            return Err(StockError::TooLarge(store.place()));
        }
        let reading: Vec<_> = open.drain(..).map(|digest| read(store, digest, observer)).collect();
        let mut answers = stream::iter(reading).buffer_unordered(QUESTIONS);
        while let Some(found) = answers.try_next().await? {
            if let Some((digest, held, referrers)) = found {
                open.extend(held.children.iter().cloned().chain(referrers));
                stock.manifests.insert(digest, held);
            }
        }
    }
    Ok(stock)
}

/// A manifest and what refers to it; `None` when it is not there.
async fn read(
    store: &dyn Store,
    digest: Digest,
    observer: &dyn Observer,
) -> store::Result<Option<(Digest, Held, Vec<Digest>)>> {
    let manifest = match store.manifest(&Reference::Digest(digest.clone())).await {
        Err(error) if error.is_not_found() => return Ok(None),
        manifest => manifest?,
    };
    let referrers = store.referrers(&digest).await?.into_iter().map(|r| r.digest).collect();
    observer.looked(Counts { manifests: 1, ..Counts::default() });
    Ok(Some((digest, Held::of(&manifest), referrers)))
}

impl Held {
    fn of(manifest: &Manifest) -> Self {
        let blobs = manifest.blobs().filter(|blob| !blob.is_foreign()).map(|blob| blob.size);
        Self {
            children: manifest.children().iter().map(|child| child.digest.clone()).collect(),
            subject: manifest.subject().map(|subject| subject.digest.clone()),
            bytes: blobs.fold(manifest.bytes().len() as u64, u64::saturating_add),
        }
    }
}

/// The manifest that a name belongs to by what it is called: `sha256-HEX`, under which clients list referrers where a
/// registry does not, and cosign's `sha256-HEX.sig` and the like.
pub(super) fn belongs_to(name: &RefName) -> Option<Digest> {
    let (algorithm, rest) = name.as_str().split_once('-')?;
    let hex = rest.split('.').next()?;
    format!("{algorithm}:{hex}").parse().ok()
}
