//! What refers to an image: signatures, attestations, SBOMs. Whatever of it cannot be had is left behind, and told.

use std::sync::Arc;

use futures_util::future::{join, join_all};
use futures_util::{StreamExt, stream};

use super::resolve::{Error, ImageGraph, MAX_DEPTH, MAX_MANIFESTS, PARALLEL, Walk};
use crate::model::{Digest, Manifest, RefName, media_types};
use crate::store::{self, Reference, Source};

/// The ends of the tags by which cosign finds its own.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];

/// Something that refers to a manifest of an image.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// The manifest that it refers to.
    pub subject: Digest,
    /// The name that it needs to be found: cosign finds its own by tag.
    pub name: Option<RefName>,
    /// What it is.
    pub graph: ImageGraph,
}

/// Something that refers to an image, and cannot go along with it.
#[derive(Clone, Debug)]
pub struct LeftBehind {
    /// The manifest that it refers to.
    pub subject: Digest,
    /// Its own manifest; without, all that refers to the subject.
    pub digest: Option<Digest>,
    /// Why it cannot.
    pub error: Arc<Error>,
}

/// A referrer that was not read yet.
struct Listed {
    subject: Digest,
    digest: Digest,
    name: Option<RefName>,
}

impl LeftBehind {
    fn all_of(subject: &Digest, error: impl Into<Error>) -> Self {
        Self { subject: subject.clone(), digest: None, error: Arc::new(error.into()) }
    }
}

impl ImageGraph {
    /// The image without what refers to it, which `place` has no room for.
    pub(super) fn alone_in(&self, place: &str) -> Self {
        let left = |referrer: &Referrer| LeftBehind {
            subject: referrer.subject.clone(),
            digest: Some(referrer.graph.root.digest().clone()),
            error: Arc::new(Error::Store(store::Error::Unsupported {
                place: place.to_owned(),
                why: "holds one image only, without others that refer to it",
            })),
        };
        let mut alone = Self { attached: Vec::new(), ..self.clone() };
        alone.left_behind.extend(self.attached.iter().map(left));
        alone
    }
}

impl Listed {
    fn left_behind(self, error: Error) -> LeftBehind {
        let Self { subject, digest, .. } = self;
        LeftBehind { subject, digest: Some(digest), error: Arc::new(error) }
    }
}

impl Walk<'_> {
    /// Finds what refers to the manifests of `graph`, and what refers to that.
    pub(super) async fn attach(&mut self, graph: &mut ImageGraph) {
        let mut subjects: Vec<Digest> = graph.manifests().map(|m| m.digest().clone()).collect();
        for _ in 0..MAX_DEPTH {
            subjects = self.attach_to(&subjects, graph).await;
            if subjects.is_empty() {
                return;
            }
        }
        let error = || self.too_large(format!("{MAX_DEPTH} levels of referrers"));
        graph.left_behind.extend(subjects.iter().map(|s| LeftBehind::all_of(s, error())));
    }

    /// Adds what refers to `subjects`, and gives the manifests that this brings.
    async fn attach_to(&mut self, subjects: &[Digest], graph: &mut ImageGraph) -> Vec<Digest> {
        let (source, mut found) = (self.source, Vec::new());
        let wanted = self.referring(subjects, graph).await;
        let mut read = stream::iter(wanted)
            .map(|listed| async move {
                let reference = Reference::Digest(listed.digest.clone());
                (listed, source.manifest(&reference).await)
            })
            .buffered(PARALLEL);
        while let Some((listed, manifest)) = read.next().await {
            match self.take(manifest).await {
                Ok(taken) => {
                    found.extend(taken.manifests().map(|m| m.digest().clone()));
                    let Listed { subject, name, .. } = listed;
                    graph.attached.push(Referrer { subject, name, graph: taken });
                }
                Err(error) => graph.left_behind.push(listed.left_behind(error)),
            }
        }
        found
    }

    /// What refers to `subjects` and has not been met yet.
    async fn referring(&mut self, subjects: &[Digest], graph: &mut ImageGraph) -> Vec<Listed> {
        let source = self.source;
        let listings: Vec<_> = subjects.iter().map(|subject| listing(source, subject)).collect();
        let mut listings = stream::iter(listings).buffered(PARALLEL);
        let mut wanted = Vec::new();
        while let Some(listed) = listings.next().await {
            for found in listed {
                match found {
                    Ok(listed) if !self.seen.insert(listed.digest.clone()) => {}
                    Ok(listed) if self.seen.len() > MAX_MANIFESTS => {
                        let error = self.too_large(format!("{MAX_MANIFESTS} manifests"));
                        graph.left_behind.push(LeftBehind::all_of(&listed.subject, error));
                        return Vec::new();
                    }
                    Ok(listed) => wanted.push(listed),
                    Err(left_behind) => graph.left_behind.push(left_behind),
                }
            }
        }
        wanted
    }

    async fn take(&mut self, manifest: store::Result<Manifest>) -> Result<ImageGraph, Error> {
        let manifest = manifest?;
        self.weigh(&manifest)?;
        self.descend(manifest, &[].into()).await
    }
}

/// The manifest of this name.
async fn named(
    source: &dyn Source,
    name: RefName,
) -> Option<store::Result<(Digest, Option<RefName>)>> {
    let digest = source.digest(&Reference::Name(name.clone())).await.transpose()?;
    Some(digest.map(|digest| (digest, Some(name))))
}

/// All that `source` says refers to `subject`.
async fn listing(source: &dyn Source, subject: &Digest) -> Vec<Result<Listed, LeftBehind>> {
    let names = COSIGN.iter().filter_map(|suffix| {
        format!("{}-{}.{suffix}", subject.algorithm().as_str(), subject.hex()).parse().ok()
    });
    let named: Vec<_> = names.map(|name| named(source, name)).collect();
    let (listed, named) = join(source.referrers(subject), join_all(named)).await;
    let listed: Vec<_> = match listed {
        Ok(mut listed) => {
            listed.retain(|entry| media_types::READABLE.contains(&entry.media_type.as_ref()));
            listed.into_iter().map(|entry| Ok((entry.digest, None))).collect()
        }
        Err(error) => vec![Err(error)],
    };
    // What has a name and is listed as well needs the name to be found.
    let all = named.into_iter().flatten().chain(listed);
    let of_subject = |found: store::Result<(Digest, Option<RefName>)>| match found {
        Ok((digest, name)) => Ok(Listed { subject: subject.clone(), digest, name }),
        Err(error) => Err(LeftBehind::all_of(subject, error)),
    };
    all.map(of_subject).collect()
}
