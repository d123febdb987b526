//! Deletes in two steps: what is to go is listed, and the list is carried out.

use std::collections::HashSet;
use std::sync::Arc;

use crate::mirror::Images;
use crate::mirror::delete::{
    Doomed, List, Part, Stock, StockError, Verdict, Wanted, doom, judge, take_stock,
};
use crate::mirror::verify::Observer;
use crate::model::{Digest, Endpoint, Manifest, RefName};
use crate::store::{self, Open, Reference, Store};

/// Why nothing is deleted, or nothing listed.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// It cannot be told what a place holds.
    #[error("nothing can be deleted from {place} before it is known what its tags need")]
    Stock {
        /// The place.
        place: String,
        /// What cannot be read.
        #[source]
        source: Box<StockError>,
    },
    /// A place cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What is to be deleted is not there.
    #[error("{0} is not there, so it cannot be deleted")]
    Absent(String),
    /// More than may be deleted at once.
    #[error("the list has {count} tags and manifests, and no more than {max} are deleted at once")]
    TooMany {
        /// How many are on the list.
        count: usize,
        /// How many may be.
        max: usize,
    },
}

/// One thing on a list, and what became of it.
#[derive(Debug)]
pub struct Deletion {
    /// The repository or layout.
    pub place: Endpoint,
    /// The tag; `None` for a manifest.
    pub name: Option<RefName>,
    /// The digest on the list.
    pub digest: Digest,
    /// What became of it.
    pub outcome: Fate,
}

/// What became of something on a list.
#[derive(Debug)]
pub enum Fate {
    /// It is gone now.
    Deleted,
    /// It was gone before.
    Gone,
    /// It has moved, or is needed.
    Refused(Verdict),
    /// It is a tag, and the place cannot take away a tag and keep its manifest, which another one needs.
    Bound,
    /// It could not be deleted; what follows on the list in this place was not tried.
    Failed(store::Error),
}

/// What goes when `targets` are deleted, place by place.
///
/// # Errors
/// When a target is not there, or it cannot be told what a place holds.
pub async fn plan_deletion(
    open: &dyn Open,
    targets: &[Images],
    observer: &dyn Observer,
) -> Result<Vec<(Endpoint, Doomed)>, DeleteError> {
    let mut places: Vec<(Endpoint, Vec<&Images>)> = Vec::new();
    for target in targets {
        let place = target.place().without_name();
        match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, targets)) => targets.push(target),
            None => places.push((place, vec![target])),
        }
    }
    let mut doomed = Vec::new();
    for (place, targets) in places {
        let digests: Vec<Digest> =
            targets.iter().filter_map(|target| target.place().digest().cloned()).collect();
        let store = open.store(&place).await?;
        if !place.is_mutable() {
            let why = "is written as a whole: nothing is deleted from it";
            return Err(store::Error::Unsupported { place: place.to_string(), why }.into());
        }
        let stock = stock_of(store.as_ref(), &digests, observer).await?;
        let mut wanted = Wanted::default();
        for target in targets {
            want(&mut wanted, target, &stock)?;
        }
        doomed.push((place, doom(&stock, &wanted)));
    }
    Ok(doomed)
}

async fn stock_of(
    store: &dyn Store,
    digests: &[Digest],
    observer: &dyn Observer,
) -> Result<Stock, DeleteError> {
    let stock = take_stock(store, digests, observer).await;
    stock.map_err(|source| DeleteError::Stock { place: store.place(), source: source.into() })
}

/// Adds what `target` means to `wanted`.
fn want(wanted: &mut Wanted, target: &Images, stock: &Stock) -> Result<(), DeleteError> {
    let absent = || DeleteError::Absent(target.to_string());
    let names: Vec<RefName> = match target {
        Images::One(endpoint) => match (endpoint.digest(), endpoint.name()) {
            (Some(digest), _) => {
                let there = stock.manifests.contains_key(digest);
                wanted.digests.extend(there.then(|| digest.clone()));
                return if there { Ok(()) } else { Err(absent()) };
            }
            (None, Some(name)) => stock.names.keys().filter(|n| **n == name).cloned().collect(),
            (None, None) => stock.names.keys().cloned().collect(),
        },
        Images::Matching { names, .. } => {
            stock.names.keys().filter(|name| names.matches(name)).cloned().collect()
        }
    };
    if names.is_empty() {
        return Err(absent());
    }
    wanted.names.extend(names);
    Ok(())
}

/// Deletes what is on `list`, as far as it is still what it was and nothing needs it, and tells `done` of each thing.
///
/// # Errors
/// When there is more on the list than `max`, or it cannot be told what a place holds. Nothing is deleted then in places
/// that come later.
pub async fn delete(
    open: &dyn Open,
    list: &List,
    max: usize,
    observer: &dyn Observer,
    done: &mut (dyn FnMut(Deletion) + Send + Sync),
) -> Result<(), DeleteError> {
    let count = list.len();
    if count > max {
        return Err(DeleteError::TooMany { count, max });
    }
    for part in &list.parts {
        let store = open.store(&part.place).await?;
        let stock = stock_of(store.as_ref(), &part.order, observer).await?;
        Deleting { open, store, stock, part, done: &mut *done }.run().await;
    }
    Ok(())
}

/// One place that is being deleted from.
struct Deleting<'a> {
    open: &'a dyn Open,
    store: Arc<dyn Store>,
    stock: Stock,
    part: &'a Part,
    done: &'a mut (dyn FnMut(Deletion) + Send + Sync),
}

impl Deleting<'_> {
    async fn run(mut self) {
        let judged = judge(&self.stock, &self.part.listed);
        let mut removed = HashSet::new();
        for digest in &self.part.order {
            let fate = match judged.manifests.get(digest) {
                Some(Verdict::Go) => self.remove(digest).await,
                Some(Verdict::Gone) | None => Fate::Gone,
                Some(refused) => Fate::Refused(refused.clone()),
            };
            if matches!(fate, Fate::Deleted) {
                removed.insert(digest);
            }
            if !self.tell(None, digest, fate) {
                return;
            }
        }
        for (name, digest) in &self.part.listed.names {
            let fate = match judged.names.get(name) {
                Some(Verdict::Go) if removed.contains(digest) => {
                    self.untag_removed(name, digest).await
                }
                Some(Verdict::Go) => self.untag(name, digest).await,
                Some(Verdict::Gone) | None => Fate::Gone,
                Some(refused) => Fate::Refused(refused.clone()),
            };
            if !self.tell(Some(name), digest, fate) {
                return;
            }
        }
    }

    /// Tells what became of something, and whether to go on.
    fn tell(&mut self, name: Option<&RefName>, digest: &Digest, outcome: Fate) -> bool {
        let goes_on = !matches!(outcome, Fate::Failed(_));
        let (place, name, digest) = (self.part.place.clone(), name.cloned(), digest.clone());
        (self.done)(Deletion { place, name, digest, outcome });
        goes_on
    }

    async fn remove(&self, digest: &Digest) -> Fate {
        match self.store.remove_manifest(digest).await {
            Ok(true) => Fate::Deleted,
            Ok(false) => Fate::Gone,
            Err(error) => Fate::Failed(error),
        }
    }

    /// Takes a name away whose manifest was removed: most places have done so by themselves.
    async fn untag_removed(&self, name: &RefName, digest: &Digest) -> Fate {
        match self.points_to(name).await {
            Ok(Some(now)) if now == *digest => match self.store.remove_name(name).await {
                Ok(_) => Fate::Deleted,
                Err(error) => Fate::Failed(error),
            },
            Ok(Some(now)) => Fate::Refused(Verdict::Moved(now)),
            Ok(None) => Fate::Deleted,
            Err(error) => Fate::Failed(error),
        }
    }

    async fn untag(&self, name: &RefName, digest: &Digest) -> Fate {
        match self.take_name(name, digest).await {
            Ok(fate) => fate,
            Err(store::Error::Irremovable(_)) => Fate::Bound,
            Err(error) => Fate::Failed(error),
        }
    }

    /// Takes a name away, and sees to it that its manifest stays: there are registries where it goes along.
    async fn take_name(&self, name: &RefName, digest: &Digest) -> store::Result<Fate> {
        let by_digest = Reference::Digest(digest.clone());
        let manifest = match self.store.manifest(&by_digest).await {
            Err(error) if error.is_not_found() => None,
            manifest => Some(manifest?),
        };
        self.store.remove_name(name).await?;
        if self.points_to(name).await?.is_some() {
            return Ok(Fate::Bound);
        }
        if let Some(manifest) = manifest
            && self.store.digest(&by_digest).await?.is_none()
        {
            self.put_back(&manifest, name).await?;
        }
        Ok(Fate::Deleted)
    }

    async fn put_back(&self, manifest: &Manifest, without: &RefName) -> store::Result<()> {
        let place = self.store.place();
        tracing::warn!("{place} removed {} with a tag of it; it is put back", manifest.digest());
        let sink = self.open.sink(&self.part.place).await?;
        sink.put_manifest(manifest, None).await?;
        for (name, digest) in &self.stock.names {
            if digest == manifest.digest() && name != without {
                sink.put_manifest(manifest, Some(name)).await?;
            }
        }
        sink.finish().await
    }

    async fn points_to(&self, name: &RefName) -> store::Result<Option<Digest>> {
        self.store.digest(&Reference::Name(name.clone())).await
    }
}
