//! What an image is, and what its targets have of it: all that a copy finds out before it moves anything.

use std::collections::HashSet;

use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::resolve::{self, Error};
use super::{ImageGraph, Job, Target};
use crate::model::{Digest, Manifest};
use crate::store::{self, Reference, Sink};

/// How many manifests of an image are looked for at once.
const MANIFESTS: usize = 16;

/// An image and how it stands at each target.
pub struct Survey {
    /// All that it is made of.
    pub graph: ImageGraph,
    /// What each target has, in the order of the job.
    pub standings: Vec<store::Result<Standing>>,
}

/// What a target has of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The digest that the image's name means there; without a name, that of the image when it is there.
    pub now: Option<Digest>,
    /// The manifests that are there with all that they point to.
    pub there: HashSet<Digest>,
}

/// Resolves the image of `job`, and asks its targets what they have of it. Nothing is written.
///
/// # Errors
/// When the image cannot be resolved. What goes wrong at a target is told by its standing.
pub async fn survey(job: &Job) -> Result<Survey, Error> {
    let graph = resolve::resolve(job.source.as_ref(), &job.reference, &job.selection).await?;
    let standings = job.targets.iter().map(|target| standing(target, &graph));
    let standings = join_all(standings).await;
    Ok(Survey { graph, standings })
}

async fn standing(target: &Target, graph: &ImageGraph) -> store::Result<Standing> {
    let now = target.digest_now(Some(graph.root.digest())).await?;
    let there = there(target.sink.as_ref(), graph, now.as_ref()).await?;
    Ok(Standing { now, there })
}

/// The manifests that `sink` has, where the name of the image means `now`. Whoever has a manifest has its blobs: to ask
/// for it saves asking for them.
pub(super) async fn there(
    sink: &dyn Sink,
    graph: &ImageGraph,
    now: Option<&Digest>,
) -> store::Result<HashSet<Digest>> {
    let root = graph.root.digest();
    let is_named = now == Some(root);
    if is_named && graph.left_out == 0 {
        return Ok(HashSet::from([root.clone()]));
    }
    let by_digest = Reference::Digest(root.clone());
    let root_is_there = is_named || sink.manifest_digest(&by_digest).await?.is_some();
    if !root_is_there && now.is_none() {
        // Where the name is new its parts are, too.
        return Ok(HashSet::new());
    }
    let inner: Vec<&Digest> = graph.levels.iter().flatten().map(Manifest::digest).collect();
    let asked: Vec<Reference> = inner.iter().copied().cloned().map(Reference::Digest).collect();
    let questions: Vec<_> = asked.iter().map(|digest| sink.manifest_digest(digest)).collect();
    let answers: Vec<Option<Digest>> =
        stream::iter(questions).buffer_unordered(MANIFESTS).try_collect().await?;
    let mut there: HashSet<Digest> = answers.into_iter().flatten().collect();
    // An index may be there without its images.
    if root_is_there && inner.into_iter().all(|digest| there.contains(digest)) {
        there.insert(root.clone());
    }
    Ok(there)
}
