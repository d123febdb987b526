//! The releases that a set wants: update services are asked which there are, and their payloads which images belong to
//! them.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::pairs::reference;
use super::update_graph::{UpdateGraph, UpdateGraphError};
use crate::http::RetryPolicy;
use crate::mirror::Position;
use crate::mirror::release::{self, Graph, Release, ReleaseError};
use crate::mirror::set::{Note, Payload, Platform, Question, Releases, SetError};
use crate::model::one_line;
use crate::store::Open;

/// How many services, and payloads, are asked at once.
const AT_ONCE: usize = 4;

/// The releases that a set wants.
#[derive(Debug, Default)]
pub struct CollectedReleases {
    /// Each payload and the images that it names.
    pub releases: Vec<(Payload, Release)>,
    /// What is worth knowing about them.
    pub notes: Vec<Note>,
}

/// Why it is not known which images belong to the releases of a set.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There is no update graph.
    #[error(transparent)]
    Graph(#[from] UpdateGraphError),
    /// The graph does not have what is wanted.
    #[error(transparent)]
    Set(#[from] SetError),
    /// A payload cannot be read.
    #[error("{position}: the release {payload} cannot be read")]
    Release {
        /// Where the set wants it.
        position: Position,
        /// The payload.
        payload: String,
        /// Why not.
        #[source]
        source: Box<ReleaseError>,
    },
    /// A payload for other machines.
    #[error("{position}: the release {payload} is for {found}, not for {wanted}")]
    Architecture {
        /// Where the set wants it.
        position: Position,
        /// The payload.
        payload: String,
        /// What it is for.
        found: String,
        /// What was wanted.
        wanted: String,
    },
}

/// Finds out which releases `platform` wants, by `graphs`, and reads their payloads.
///
/// # Errors
/// When any of it is not known: a release is mirrored whole or not at all.
pub async fn releases(
    platform: &Platform,
    graphs: &UpdateGraph,
    retry: RetryPolicy,
    open: &dyn Open,
) -> Result<CollectedReleases, CollectError> {
    let answers = answers(platform.questions(), graphs, retry).await?;
    let none = Graph::default();
    let answer = |question: &Question| answers.get(question).map_or(&none, Arc::as_ref);
    let Releases { payloads, notes } = platform.releases(answer)?;
    let releases = stream::iter(payloads)
        .map(|payload| async move {
            let release = read(&payload, open).await?;
            Ok::<_, CollectError>((payload, release))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(CollectedReleases { releases, notes })
}

/// The graph for each question; a file is read once for all of them.
async fn answers(
    questions: Vec<Question>,
    graphs: &UpdateGraph,
    retry: RetryPolicy,
) -> Result<HashMap<Question, Arc<Graph>>, UpdateGraphError> {
    if let (UpdateGraph::File(_), Some(first)) = (graphs, questions.first()) {
        let graph = Arc::new(graphs.graph(first, retry).await?);
        return Ok(questions
            .iter()
            .map(|question| (question.clone(), Arc::clone(&graph)))
            .collect());
    }
    stream::iter(questions)
        .map(|question| async move {
            let graph = graphs.graph(&question, retry).await?;
            Ok((question, Arc::new(graph)))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn read(payload: &Payload, open: &dyn Open) -> Result<Release, CollectError> {
    let shown = || one_line(&payload.origin, 300);
    let wrong = |source: ReleaseError| CollectError::Release {
        position: payload.position.clone(),
        payload: shown(),
        source: Box::new(source),
    };
    let source = open.source(&payload.image).await.map_err(|error| wrong(error.into()))?;
    let image = super::pairs::with_default_tag(&payload.image);
    let release = release::read(source.as_ref(), &reference(&image)).await.map_err(wrong)?;
    match &payload.architecture {
        Some(wanted) if *wanted != release.architecture => Err(CollectError::Architecture {
            position: payload.position.clone(),
            payload: shown(),
            found: one_line(&release.architecture, 80),
            wanted: wanted.clone(),
        }),
        _ => Ok(release),
    }
}
