//! Which repositories are looked at, and what each should be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::VerifyRequest;
use crate::mirror::verify::{Expectation, Expected, Scope};
use crate::mirror::{Namespace, Place};
use crate::model::{Digest, Endpoint, ImageName, ImageRef, Repository, one_line};
use crate::ops::copy::Ends;
use crate::ops::pairs::reference;
use crate::store::{self, Open, Reference, Source, Store};

/// How many names of a source are asked for at once.
const NAMES: usize = 32;

/// What a mirror is compared with.
#[derive(Clone, Debug)]
pub enum Against {
    /// What it is a mirror of.
    Place(Place),
    /// Images that should be there, and their digests.
    List(Vec<(ImageRef, Digest)>),
}

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
    /// Where images by digest can be had to repair it.
    pub(super) source: Option<Endpoint>,
    /// It is looked for because it should be there, or was listed: that it has no names is no error.
    pub(super) may_be_empty: bool,
}

/// What `request` means.
pub(super) async fn sites(ends: &Ends, request: &VerifyRequest) -> Result<Vec<Site>, SiteError> {
    let open = ends.destination.as_ref();
    let place = found(open, &request.place).await?;
    match (&place, &request.against) {
        (Place::At(endpoint), None) => Ok(vec![one(open, endpoint).await?]),
        (Place::At(endpoint), Some(Against::List(list))) => {
            let sites = listed_sites(open, one(open, endpoint).await?, endpoint, list).await?;
            if sites.is_empty() {
                return Err(SiteError::NotListed(place.to_string()));
            }
            Ok(sites)
        }
        (Place::At(endpoint), Some(Against::Place(against))) => {
            let from = found(ends.source.as_ref(), against).await?;
            match &from {
                Place::At(source) => Ok(vec![compared(ends, endpoint, source).await?]),
                Place::Below(_) => Err(unlike(&place, &from)),
            }
        }
        (Place::Below(namespace), None) => {
            many(open, namespace, &repositories(open, namespace).await?).await
        }
        (Place::Below(namespace), Some(Against::List(list))) => below(open, namespace, list).await,
        (Place::Below(namespace), Some(Against::Place(against))) => {
            let from = found(ends.source.as_ref(), against).await?;
            match &from {
                Place::Below(source) => roots(ends, namespace, source).await,
                Place::At(_) => Err(unlike(&place, &from)),
            }
        }
    }
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
async fn one(open: &dyn Open, endpoint: &Endpoint) -> store::Result<Site> {
    Ok(Site {
        store: open.store(endpoint).await?,
        scope: scope(endpoint),
        endpoint: endpoint.without_name(),
        expected: None,
        source: None,
        may_be_empty: false,
    })
}

fn scope(endpoint: &Endpoint) -> Scope {
    match (reference(endpoint), endpoint) {
        (Reference::Name(name), _) => Scope::Name(name),
        (Reference::Digest(digest), _) => Scope::Digest(digest),
        (Reference::Only, Endpoint::Dir(_)) => Scope::Only,
        (Reference::Only, _) => Scope::All,
    }
}

/// The site of `endpoint`, with what `source` is.
async fn compared(ends: &Ends, endpoint: &Endpoint, source: &Endpoint) -> Result<Site, SiteError> {
    let mut site = one(ends.destination.as_ref(), endpoint).await?;
    site.source = Some(source.without_name());
    site.may_be_empty = true;
    match &site.scope {
        Scope::All if !source.is_repository() => {
            return Err(unlike(&Place::At(endpoint.clone()), &Place::At(source.clone())));
        }
        Scope::All => site.expected = Some(all_of(ends.source.as_ref(), source).await?),
        Scope::Name(wanted) => {
            let from = if source.is_repository() {
                source
                    .named(wanted)
                    .map_err(|source| store::Error::Name { place: endpoint.to_string(), source })?
            } else {
                source.clone()
            };
            let opened = ends.source.source(&from).await?;
            let digest = opened.manifest(&reference(&from)).await?.digest().clone();
            let expectation = Expectation { digest, source: Some(source.without_name()) };
            site.expected = Some(BTreeMap::from([(wanted.clone(), expectation)]));
        }
        Scope::Digest(_) | Scope::Only => {}
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
            store::Result::Ok(
                digest.map(|digest| (name, Expectation { digest, source: Some(source.clone()) })),
            )
        });
    }
    let answers: Vec<_> = stream::iter(asked).buffer_unordered(NAMES).try_collect().await?;
    // A name that went away since it was listed is none.
    Ok(answers.into_iter().flatten().collect())
}

/// What there is to look at in `site` by a list: its names, and what it should have without a name.
async fn listed_sites(
    open: &dyn Open,
    mut site: Site,
    endpoint: &Endpoint,
    list: &[(ImageRef, Digest)],
) -> store::Result<Vec<Site>> {
    let (expected, nameless) = listed(list, endpoint);
    let mut sites = Vec::new();
    for digest in nameless {
        let by_digest = one(open, &site.endpoint).await?;
        sites.push(Site { scope: Scope::Digest(digest), ..by_digest });
    }
    if !expected.is_empty() {
        site.expected = Some(expected);
        site.may_be_empty = true;
        sites.insert(0, site);
    }
    Ok(sites)
}

/// What a list says of the images of `endpoint`: of those with a name, and of those without.
fn listed(list: &[(ImageRef, Digest)], endpoint: &Endpoint) -> (Expected, Vec<Digest>) {
    let (mut expected, mut nameless) = (Expected::new(), Vec::new());
    let Endpoint::Registry(ImageName::Qualified(place)) = endpoint else {
        return (expected, nameless);
    };
    for (image, digest) in list.iter().filter(|(image, _)| image.repository == place.repository) {
        match &image.tag {
            Some(tag) if place.tag.as_ref().is_none_or(|wanted| wanted == tag) => {
                let expectation = Expectation { digest: digest.clone(), source: None };
                expected.insert(tag.clone().into(), expectation);
            }
            None if place.tag.is_none() => nameless.push(digest.clone()),
            _ => {}
        }
    }
    (expected, nameless)
}

/// The paths of all repositories below `namespace`, without the namespace's own.
async fn repositories(open: &dyn Open, namespace: &Namespace) -> store::Result<Vec<String>> {
    let paths = open.repositories(&namespace.registry).await?;
    Ok(paths.iter().filter_map(|path| namespace.below(path.as_str())).map(str::to_owned).collect())
}

async fn many(
    open: &dyn Open,
    namespace: &Namespace,
    paths: &[String],
) -> Result<Vec<Site>, SiteError> {
    let mut sites = Vec::new();
    for path in paths {
        match namespace.repository(path) {
            Some(repository) => {
                let site = one(open, &endpoint_of(repository)).await?;
                sites.push(Site { may_be_empty: true, ..site });
            }
            None => tracing::warn!(
                "{} lists what is no repository: '{}'",
                namespace.registry,
                one_line(path, 100)
            ),
        }
    }
    Ok(sites)
}

fn endpoint_of(repository: Repository) -> Endpoint {
    Endpoint::Registry(ImageName::Qualified(ImageRef { repository, tag: None, digest: None }))
}

/// The repositories below `namespace` that a list names.
async fn below(
    open: &dyn Open,
    namespace: &Namespace,
    list: &[(ImageRef, Digest)],
) -> Result<Vec<Site>, SiteError> {
    let here = list.iter().map(|(image, _)| &image.repository);
    let here = here.filter(|repository| *repository.registry() == namespace.registry);
    let paths: BTreeSet<&str> = here.filter_map(|r| namespace.below(r.path())).collect();
    let paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
    if paths.is_empty() {
        return Err(SiteError::NotListed(namespace.to_string()));
    }
    let mut sites = Vec::new();
    for site in many(open, namespace, &paths).await? {
        let endpoint = site.endpoint.clone();
        sites.extend(listed_sites(open, site, &endpoint, list).await?);
    }
    Ok(sites)
}

/// The repositories below `namespace`, and those that should be because they are below `source`.
async fn roots(
    ends: &Ends,
    namespace: &Namespace,
    source: &Namespace,
) -> Result<Vec<Site>, SiteError> {
    let here = repositories(ends.destination.as_ref(), namespace).await?;
    let there = repositories(ends.source.as_ref(), source).await?;
    let paths: BTreeSet<String> = here.into_iter().chain(there.iter().cloned()).collect();
    let paths: Vec<String> = paths.into_iter().collect();
    let mut sites = many(ends.destination.as_ref(), namespace, &paths).await?;
    for site in &mut sites {
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
        site.source = from;
    }
    Ok(sites)
}

/// A repository that is listed and has no names is none that could be compared with.
fn empty_if_absent(expected: store::Result<Expected>) -> store::Result<Expected> {
    match expected {
        Err(error) if error.is_not_found() => Ok(Expected::new()),
        other => other,
    }
}
