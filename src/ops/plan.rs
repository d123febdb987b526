//! What a mirror is going to do: every source is resolved, every destination asked, and nothing is written.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::copy::Ends;
use super::pairs::{Pair, pairs, reference};
use crate::mirror::Mapping;
use crate::mirror::plan::{Draft, Found, FoundTarget, Lock, Question, Speed};
use crate::model::Endpoint;
use crate::store::{self, Sink};
use crate::transfer::{
    Attachments, Job, LeftBehind, Lists, ResolveError, Selection, Survey, Target, survey,
};

/// How many images are looked at at once: their manifests are in memory.
const IMAGES: usize = 32;
/// How many blobs are asked for at once.
const BLOBS: usize = 64;

/// What to plan.
#[derive(Clone, Debug, Default)]
pub struct PlanRequest {
    /// The images and where they go.
    pub mappings: Vec<Mapping>,
    /// What becomes of an index of which only some images are wanted.
    pub lists: Lists,
    /// What goes along with each.
    pub attachments: Attachments,
    /// What the time is reckoned with.
    pub speed: Speed,
}

/// Someone who wants to know how far planning is.
pub trait PlanObserver: Send + Sync {
    /// So many images are going to be looked at.
    fn wanted(&self, images: usize);

    /// One of them was.
    fn looked_at(&self);
}

/// Nobody wants to know.
impl PlanObserver for () {
    fn wanted(&self, _: usize) {}

    fn looked_at(&self) {}
}

/// A plan, and what could not be planned.
#[derive(Debug)]
pub struct Planned {
    /// The plan, for all images that could be found out about.
    pub lock: Lock,
    /// The others.
    pub failures: Vec<PlanFailure>,
    /// What refers to images, each with where it is, and could not go along.
    pub left_behind: Vec<(Endpoint, LeftBehind)>,
}

/// An image that cannot be planned.
#[derive(Debug)]
pub struct PlanFailure {
    /// The image.
    pub source: Endpoint,
    /// The place that it goes to.
    pub destination: Endpoint,
    /// Why not.
    pub error: Arc<ResolveError>,
}

impl PlanFailure {
    fn new(pair: Pair, error: Arc<ResolveError>) -> Self {
        let Pair { source, destination, .. } = pair;
        Self { source, destination, error }
    }
}

/// Plans all images. One that cannot be resolved does not stop the others.
pub async fn plan(ends: &Ends, request: &PlanRequest, observer: &dyn PlanObserver) -> Planned {
    let mut places = Places::default();
    let (mut failures, mut wanted) = (Vec::new(), Vec::new());
    for pair in pairs(&request.mappings) {
        match ends.destination.look(&pair.destination).await {
            Ok(look) => places.add(pair, Arc::new(look), &mut wanted),
            Err(error) => failures.push(PlanFailure::new(pair, Arc::new(error.into()))),
        }
    }
    observer.wanted(wanted.len());
    let looks = wanted.into_iter().map(|wanted| look_at(ends, wanted, request));
    let mut looks = stream::iter(looks).buffer_unordered(IMAGES);
    let (mut draft, mut left_behind) = (Draft::new(request.attachments), Vec::new());
    while let Some((found, failed)) = looks.next().await {
        if let Some(found) = &found {
            draft.add(found);
            let left = found.graph.left_behind.iter().cloned();
            left_behind.extend(left.map(|left| (found.source.clone(), left)));
        }
        failures.extend(failed);
        observer.looked_at();
    }
    let questions = draft.questions();
    let questions = questions.into_iter().map(|question| places.ask(question));
    let mut answers = stream::iter(questions).buffer_unordered(BLOBS);
    while let Some(Answer { question, answer }) = answers.next().await {
        match answer {
            Ok(Some(place)) => draft.has(&question, &place),
            Ok(None) => {}
            Err(Failed { place, error }) => failures.extend(places.failure(&place, error)),
        }
    }
    Planned { lock: draft.finish(request.lists, request.speed), failures, left_behind }
}

/// An image, and all places that it goes to.
struct Wanted {
    pairs: Vec<Pair>,
    sinks: Vec<Arc<dyn Sink>>,
}

/// Finds out about one image.
async fn look_at(
    ends: &Ends,
    wanted: Wanted,
    request: &PlanRequest,
) -> (Option<Found>, Vec<PlanFailure>) {
    let Wanted { pairs, sinks } = wanted;
    let Some(Pair { source, platforms, .. }) = pairs.first().cloned() else {
        return (None, Vec::new());
    };
    let targets = pairs.iter().zip(&sinks).enumerate().map(|(image, (pair, sink))| Target {
        image,
        sink: Arc::clone(sink),
        name: pair.destination.name(),
    });
    let targets = targets.collect();
    let surveyed = async {
        let opened = ends.source.source(&source).await.map_err(ResolveError::of_image)?;
        let repository = opened.repository().cloned();
        let PlanRequest { lists, attachments, .. } = *request;
        let selection = Selection { platforms: platforms.clone(), lists, attachments };
        let job = Job { source: opened, reference: reference(&source), selection, targets };
        let survey = survey(&job).await?;
        // Only now it is known which of several places has the image.
        let repository = job.source.repository().cloned().or(repository);
        Ok::<_, ResolveError>((survey, repository))
    };
    let (Survey { graph, standings }, repository) = match surveyed.await {
        Ok(surveyed) => surveyed,
        Err(error) => {
            let error = Arc::new(error);
            let failed = |pair| PlanFailure::new(pair, Arc::clone(&error));
            return (None, pairs.into_iter().map(failed).collect());
        }
    };
    let (mut targets, mut failures) = (Vec::new(), Vec::new());
    for ((pair, sink), standing) in pairs.into_iter().zip(sinks).zip(standings) {
        match standing {
            Ok(standing) => targets.push(FoundTarget {
                destination: pair.destination,
                place: sink.place(),
                repository: sink.repository().cloned(),
                standing,
            }),
            Err(error) => failures.push(PlanFailure::new(pair, Arc::new(error.into()))),
        }
    }
    let found = Found { source, platforms, repository, graph, targets };
    (Some(found).filter(|found| !found.targets.is_empty()), failures)
}

/// The repositories, folders and files of a plan, by name.
#[derive(Default)]
struct Places(HashMap<String, (Arc<dyn Sink>, Vec<Pair>)>);

/// What became of a question.
struct Answer {
    question: Question,
    answer: Result<Option<String>, Failed>,
}

/// A place that cannot be asked.
struct Failed {
    place: String,
    error: store::Error,
}

impl Places {
    /// Adds a place, and what it wants to those who want the same.
    fn add(&mut self, pair: Pair, sink: Arc<dyn Sink>, wanted: &mut Vec<Wanted>) {
        let known = self.0.entry(sink.place()).or_insert_with(|| (Arc::clone(&sink), Vec::new()));
        known.1.push(pair.clone());
        match wanted.iter_mut().find(|wanted| wanted.pairs[0].reads_as(&pair)) {
            Some(wanted) => {
                wanted.pairs.push(pair);
                wanted.sinks.push(sink);
            }
            None => wanted.push(Wanted { pairs: vec![pair], sinks: vec![sink] }),
        }
    }

    /// The first place that has the blob of a question.
    async fn ask(&self, question: Question) -> Answer {
        let answer = self.first_with(&question).await;
        Answer { question, answer }
    }

    async fn first_with(&self, question: &Question) -> Result<Option<String>, Failed> {
        for place in &question.places {
            let Some((sink, _)) = self.0.get(place) else { continue };
            match sink.has_blob(&question.blob).await {
                Ok(true) => return Ok(Some(place.clone())),
                Ok(false) => {}
                Err(error) => return Err(Failed { place: place.clone(), error }),
            }
        }
        Ok(None)
    }

    /// All that goes to a place fails with it; told once.
    fn failure(&self, place: &str, error: store::Error) -> Option<PlanFailure> {
        let (_, pairs) = self.0.get(place)?;
        Some(PlanFailure::new(pairs.first()?.clone(), Arc::new(error.into())))
    }
}
