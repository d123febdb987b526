//! What a registry or a layout holds: a receipt, from which a bundle is made that leaves it out.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use crate::mirror::Root;
use crate::model::{
    Descriptor, Digest, Endpoint, ImageName, ImageRef, Manifest, RefName, Registry, Repository,
    RepositoryPath,
};
use crate::store::bundle::Receipt;
use crate::store::{self, Open, Reference, Source};

/// How many images are read at once.
const IMAGES: usize = 16;

/// What a place holds, as far as it could be read.
#[derive(Debug)]
pub struct InventoryReport {
    /// What was read.
    pub receipt: Receipt,
    /// How many tags that is.
    pub tags: usize,
    /// How many blobs that is.
    pub blobs: usize,
    /// The images and repositories that could not be read, by name.
    pub failures: Vec<(String, store::Error)>,
}

/// A repository to be read.
struct Shelf {
    path: RepositoryPath,
    source: Arc<dyn Source>,
}

/// What an image is made of.
#[derive(Default)]
struct Parts {
    digest: Option<Digest>,
    blobs: BTreeSet<Digest>,
}

/// Reads what `places` hold: each is a registry, a namespace or repository of one, or a layout.
///
/// # Errors
/// When a registry does not tell its repositories and none is named, or a place cannot be opened.
pub async fn inventory(open: &dyn Open, places: &[Root]) -> store::Result<InventoryReport> {
    let of: Vec<String> = places.iter().map(ToString::to_string).collect();
    let mut report = InventoryReport {
        receipt: Receipt::new(of.join(" ")),
        tags: 0,
        blobs: 0,
        failures: Vec::new(),
    };
    let (mut known, mut seen) = (HashSet::new(), HashSet::new());
    for place in places {
        for shelf in shelves(open, place).await? {
            if known.insert(shelf.path.clone()) {
                report.add(&shelf, &mut seen).await;
            }
        }
    }
    report.blobs = seen.len();
    Ok(report)
}

impl InventoryReport {
    async fn add(&mut self, shelf: &Shelf, seen: &mut HashSet<Digest>) {
        let names = match shelf.source.names().await {
            Ok(names) => names,
            // A catalog lists repositories that have no tag any more.
            Err(error) if error.is_not_found() => return,
            Err(error) => return self.failures.push((shelf.source.place(), error)),
        };
        let read = |name: RefName| async {
            let parts = parts(shelf.source.as_ref(), name.clone()).await;
            (name, parts)
        };
        let images: Vec<_> =
            stream::iter(names.into_iter().map(read)).buffered(IMAGES).collect().await;
        let (mut tags, mut blobs) = (BTreeMap::new(), BTreeSet::new());
        for (name, parts) in images {
            match parts {
                Ok(parts) => {
                    tags.extend(parts.digest.map(|digest| (name.to_string(), digest)));
                    blobs.extend(parts.blobs);
                }
                Err(error) => {
                    self.failures.push((format!("{}:{name}", shelf.source.place()), error));
                }
            }
        }
        self.tags += tags.len();
        self.receipt.add(shelf.path.clone(), &tags, blobs, seen);
    }
}

/// The repositories of a place.
async fn shelves(open: &dyn Open, place: &Root) -> store::Result<Vec<Shelf>> {
    let (registry, below) = match place {
        Root::Oci(dir) | Root::Bundle(dir) => {
            let endpoint = Endpoint::Oci { dir: dir.clone(), name: None };
            // A layout is one repository, and whoever imports into it does not ask for more.
            let unusable = |source| store::Error::Name { place: endpoint.to_string(), source };
            let path = "layout".parse().map_err(unusable)?;
            return Ok(vec![Shelf { path, source: open.source(&endpoint).await? }]);
        }
        Root::Registry { registry, namespace } => (registry, namespace),
    };
    let listed = open.repositories(registry, below.as_ref().map(RepositoryPath::as_str)).await;
    let mut shelves = Vec::new();
    if let Some(below) = below {
        let itself = shelf(open, registry, below.clone()).await?;
        match &listed {
            // Some registries list only a part of what they have.
            Ok(paths) if paths.is_empty() => return Ok(vec![itself]),
            Ok(_) if itself.source.names().await.is_ok() => shelves.push(itself),
            Ok(_) => {}
            Err(error) => {
                tracing::info!(
                    "{registry} does not list its repositories ({error}): {below} is taken for one"
                );
                return Ok(vec![itself]);
            }
        }
    }
    for path in listed? {
        shelves.push(shelf(open, registry, path).await?);
    }
    Ok(shelves)
}

async fn shelf(open: &dyn Open, registry: &Registry, path: RepositoryPath) -> store::Result<Shelf> {
    let source = open.source(&endpoint(registry, &path)?).await?;
    Ok(Shelf { path, source })
}

fn endpoint(registry: &Registry, path: &RepositoryPath) -> store::Result<Endpoint> {
    let unusable = |source| store::Error::Name { place: registry.to_string(), source };
    let repository = Repository::new(registry.clone(), path.as_str()).map_err(unusable)?;
    let image = ImageRef { repository, tag: None, digest: None };
    Ok(Endpoint::Registry(ImageName::Qualified(image)))
}

/// All blobs of an image. What an index lists and the place does not have is left out.
async fn parts(source: &dyn Source, name: RefName) -> store::Result<Parts> {
    let mut parts = Parts::default();
    let (mut open, mut seen) = (vec![Reference::Name(name)], HashSet::new());
    while let Some(reference) = open.pop() {
        let manifest = match source.manifest(&reference).await {
            Err(error) if error.is_not_found() && parts.digest.is_some() => continue,
            manifest => manifest?,
        };
        parts.digest.get_or_insert_with(|| manifest.digest().clone());
        parts.blobs.extend(blobs(&manifest));
        for Descriptor { digest, .. } in manifest.children() {
            if seen.insert(digest.clone()) {
                open.push(Reference::Digest(digest.clone()));
            }
        }
    }
    Ok(parts)
}

fn blobs(manifest: &Manifest) -> impl Iterator<Item = Digest> {
    manifest.blobs().filter(|blob| !blob.is_foreign()).map(|blob| blob.digest.clone())
}
