//! Which repositories are looked at, and what each should be.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::listed;
use super::{Against, Aim, VerifyRequest};
use crate::mirror::verify::{Expected, Names, Origin, Root, Scope};
use crate::mirror::{Namespace, Place, units};
use crate::model::{Digest, Endpoint, ImageName, ImageRef, Repository, one_line};
use crate::ops::copy::Ends;
use crate::ops::pairs::reference;
use crate::shard::Part;
use crate::store::{self, Open, Reference, Source, Store};

/// How many names of a source are asked for at once.
const NAMES: usize = 32;

/// Why it cannot be told what there is to look at.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A place cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// One image against many, or a layout against a whole registry.
    #[error(
        "{place} cannot be compared with {against}: one is a single image or repository, the other is not"
    )]
    Unlike {
        /// The mirror.
        place: String,
        /// What it is compared with.
        against: String,
    },
    /// A list that says nothing of the mirror.
    #[error("the list names no image in {0}")]
    NotListed(String),
}

/// One repository, layout or archive to look at.
pub(super) struct Site {
    /// Without tag and digest.
    pub(super) endpoint: Endpoint,
    pub(super) store: Arc<dyn Store>,
    pub(super) scope: Scope,
    /// What its names should be, if that is known.
    pub(super) expected: Option<Expected>,
    /// Where images can be had to repair it.
    pub(super) origins: Origins,
    /// It is looked for because it should be there, or was listed: that it has no names is no error.
    pub(super) may_be_empty: bool,
}

/// What is to be looked at, and of how many sites that is a part.
#[derive(Default)]
pub(super) struct Sites {
    pub(super) sites: Vec<Site>,
    pub(super) all: usize,
}

/// Where the images of a site can be had.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    /// These have them by their digests.
    pub(super) places: Vec<Endpoint>,
    /// These are made of others.
    pub(super) made: HashMap<Digest, Origin>,
}

impl Origins {
    pub(super) fn at(place: Endpoint) -> Self {
        Self { places: vec![place], made: HashMap::new() }
    }
}

/// What is asked for means.
pub(super) async fn sites(ends: &Ends, request: &VerifyRequest) -> Result<Sites, SiteError> {
    let open = ends.destination.as_ref();
    let part = part(request);
    let part = part.as_ref();
    let (place, against) = match &request.aim {
        Aim::Listed(list) => return Ok(listed::named(open, list, part).await?),
        Aim::Place(place, Some(Against::Listed(list))) => {
            return listed::within(open, place, list, part).await;
        }
        Aim::Place(place, None) => (found(open, place).await?, None),
        Aim::Place(place, Some(Against::Place(against))) => {
            (found(open, place).await?, Some(found(ends.source.as_ref(), against).await?))
        }
    };
    match (&place, &against) {
        (Place::At(endpoint), None | Some(Place::At(_))) if !is_own(endpoint, part) => {
            Ok(Sites { sites: Vec::new(), all: 1 })
        }
        (Place::At(endpoint), None) => {
            Ok(Sites { sites: vec![one(open, endpoint).await?], all: 1 })
        }
        (Place::At(endpoint), Some(Place::At(source))) => {
            Ok(Sites { sites: vec![compared(ends, endpoint, source).await?], all: 1 })
        }
        (Place::Below(namespace), None) => {
            let paths = repositories(open, namespace).await?;
            many(open, namespace, &paths, part).await
        }
        (Place::Below(namespace), Some(Place::Below(source))) => {
            roots(ends, namespace, source, part).await
        }
        (_, Some(against)) => Err(unlike(&place, against)),
    }
}

/// The part of a shard. A list is the same for all shards; what a registry lists may not be, so its repositories are
/// parted by their names alone.
fn part(request: &VerifyRequest) -> Option<Part> {
    let shard = request.shard?;
    Some(match &request.aim {
        Aim::Listed(list) | Aim::Place(_, Some(Against::Listed(list))) => {
            Part::of(shard, units(list.iter().map(|listed| &listed.image)))
        }
        Aim::Place(..) => Part::of(shard, []),
    })
}

/// Whether what is at `endpoint` is looked at.
pub(super) fn is_own(endpoint: &Endpoint, part: Option<&Part>) -> bool {
    part.is_none_or(|part| part.owns(endpoint))
}

fn unlike(place: &Place, against: &Place) -> SiteError {
    SiteError::Unlike { place: place.to_string(), against: against.to_string() }
}

/// A name without a tag is that of a repository; where there is none of this name, that of the path above some.
async fn found(open: &dyn Open, place: &Place) -> store::Result<Place> {
    let Place::At(endpoint) = place else { return Ok(place.clone()) };
    let Some(namespace) = Place::namespace_of(endpoint) else { return Ok(place.clone()) };
    let error = match open.store(endpoint).await?.names().await {
        Err(error) if error.is_not_found() => error,
        _ => return Ok(place.clone()),
    };
    match repositories(open, &namespace).await {
        Ok(paths) if !paths.is_empty() => Ok(Place::Below(namespace)),
        _ => Err(error),
    }
}

/// The one site of an endpoint.
pub(super) async fn one(open: &dyn Open, endpoint: &Endpoint) -> store::Result<Site> {
    Ok(Site {
        store: open.store(endpoint).await?,
        scope: scope(endpoint),
        endpoint: endpoint.without_name(),
        expected: None,
        origins: Origins::default(),
        may_be_empty: false,
    })
}

fn scope(endpoint: &Endpoint) -> Scope {
    match (reference(endpoint), endpoint) {
        (Reference::Name(name), _) => Scope::of(Names::These(BTreeSet::from([name]))),
        (Reference::Digest(digest), _) => Scope::roots(vec![Root { digest, subject: None }]),
        (Reference::Only, Endpoint::Dir(_)) => Scope::of(Names::Only),
        (Reference::Only, _) => Scope::of(Names::All),
    }
}

/// The site of `endpoint`, with what `source` is.
async fn compared(ends: &Ends, endpoint: &Endpoint, source: &Endpoint) -> Result<Site, SiteError> {
    let mut site = one(ends.destination.as_ref(), endpoint).await?;
    site.origins = Origins::at(source.without_name());
    site.may_be_empty = true;
    if site.scope.names == Names::All {
        if !source.is_repository() {
            return Err(unlike(&Place::At(endpoint.clone()), &Place::At(source.clone())));
        }
        site.expected = Some(all_of(ends.source.as_ref(), source).await?);
    } else if let Some(wanted) = endpoint.name() {
        let from = if source.is_repository() {
            source
                .named(&wanted)
                .map_err(|source| store::Error::Name { place: endpoint.to_string(), source })?
        } else {
            source.clone()
        };
        let opened = ends.source.source(&from).await?;
        let digest = opened.manifest(&reference(&from)).await?.digest().clone();
        site.expected = Some(BTreeMap::from([(wanted, digest)]));
    }
    Ok(site)
}

/// What all names of `source` point to.
async fn all_of(open: &dyn Open, source: &Endpoint) -> store::Result<Expected> {
    let opened = open.source(source).await?;
    let opened: &dyn Source = opened.as_ref();
    let mut asked = Vec::new();
    for name in opened.names().await? {
        asked.push(async move {
            let digest = opened.digest(&Reference::Name(name.clone())).await?;
            store::Result::Ok(digest.map(|digest| (name, digest)))
        });
    }
    let answers: Vec<_> = stream::iter(asked).buffer_unordered(NAMES).try_collect().await?;
    // A name that went away since it was listed is none.
    Ok(answers.into_iter().flatten().collect())
}

/// The paths of all repositories below `namespace`, without the namespace's own.
async fn repositories(open: &dyn Open, namespace: &Namespace) -> store::Result<Vec<String>> {
    let paths = open.repositories(&namespace.registry, namespace.path.as_deref()).await?;
    Ok(paths.iter().filter_map(|path| namespace.below(path.as_str())).map(str::to_owned).collect())
}

async fn many(
    open: &dyn Open,
    namespace: &Namespace,
    paths: &[String],
    part: Option<&Part>,
) -> Result<Sites, SiteError> {
    let mut found = Sites::default();
    for path in paths {
        let Some(repository) = namespace.repository(path) else {
            tracing::warn!(
                "{} lists what is no repository: '{}'",
                namespace.registry,
                one_line(path, 100)
            );
            continue;
        };
        let endpoint = endpoint_of(repository);
        found.all += 1;
        if is_own(&endpoint, part) {
            let site = one(open, &endpoint).await?;
            found.sites.push(Site { may_be_empty: true, ..site });
        }
    }
    Ok(found)
}

fn endpoint_of(repository: Repository) -> Endpoint {
    Endpoint::Registry(ImageName::Qualified(ImageRef { repository, tag: None, digest: None }))
}

/// The repositories below `namespace`, and those that should be because they are below `source`.
async fn roots(
    ends: &Ends,
    namespace: &Namespace,
    source: &Namespace,
    part: Option<&Part>,
) -> Result<Sites, SiteError> {
    let here = repositories(ends.destination.as_ref(), namespace).await?;
    let there = repositories(ends.source.as_ref(), source).await?;
    let paths: BTreeSet<String> = here.into_iter().chain(there.iter().cloned()).collect();
    let paths: Vec<String> = paths.into_iter().collect();
    let mut found = many(ends.destination.as_ref(), namespace, &paths, part).await?;
    for site in &mut found.sites {
        let Some(path) = Place::namespace_of(&site.endpoint).and_then(|namespace| namespace.path)
        else {
            continue;
        };
        let path = namespace.below(&path).map(str::to_owned).filter(|path| there.contains(path));
        let from = path.and_then(|path| source.repository(&path)).map(endpoint_of);
        site.expected = Some(match &from {
            Some(from) => empty_if_absent(all_of(ends.source.as_ref(), from).await)?,
            None => Expected::new(),
        });
        site.origins = from.map(Origins::at).unwrap_or_default();
    }
    Ok(found)
}

/// A repository that is listed and has no names is none that could be compared with.
fn empty_if_absent(expected: store::Result<Expected>) -> store::Result<Expected> {
    match expected {
        Err(error) if error.is_not_found() => Ok(Expected::new()),
        other => other,
    }
}
