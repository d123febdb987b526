//! What is told of images that were copied.

use std::time::Duration;

use longshore::mirror::release::ReleaseSignature;
use longshore::mirror::set::release_at;
use longshore::model::Endpoint;
use longshore::ops::{self, CollectedSignatures, CopiedImage, SignedRelease};
use longshore::transfer::{ImageReport, LeftBehind, Outcome};
use serde_json::{Map, Value, json};

use super::junit::{Case, Verdict};
use super::reports;

use crate::cli::Context;
use crate::cli::args::{Format, Missing, Telling};
use crate::cli::diagnose::{Diagnosis, diagnose, in_one_line};
use crate::cli::exit::Exit;

/// The most characters that are told of why something was left behind.
const WIDTH: usize = 500;

/// An image and what is to be told of it.
pub(super) struct Told {
    source: Endpoint,
    destination: Endpoint,
    fate: Fate,
    took: Duration,
}

enum Fate {
    There(Box<ImageReport>),
    /// It is not at its source, which was allowed for.
    Skipped(String),
    Failed(Diagnosis),
}

impl Told {
    fn new(image: CopiedImage, missing: Missing) -> Self {
        let CopiedImage { source, destination, result, took } = image;
        let fate = match result {
            Ok(report) => Fate::There(report.into()),
            Err(error) if error.is_absent() && missing == Missing::Skipped => {
                Fate::Skipped(error.to_string())
            }
            Err(error) => {
                let what = format!("cannot copy {source} to {destination}");
                Fate::Failed(diagnose(&anyhow::Error::new(error).context(what)))
            }
        };
        Self { source, destination, fate, took }
    }

    /// Where it was copied from and to, if it is there.
    pub(super) fn mapping(&self) -> Option<(&Endpoint, &Endpoint)> {
        matches!(self.fate, Fate::There(_)).then_some((&self.source, &self.destination))
    }

    /// The release whose payload it is.
    fn release(&self) -> Option<SignedRelease> {
        match &self.fate {
            Fate::There(report) => {
                let (tag, payload) = (release_at(&self.destination)?, report.digest.clone());
                Some(SignedRelease { tag, payload })
            }
            Fate::Skipped(_) | Fate::Failed(_) => None,
        }
    }

    pub(super) fn case(&self) -> Case {
        let verdict = match &self.fate {
            Fate::There(_) => Verdict::Passed,
            Fate::Skipped(why) => Verdict::Skipped(why.clone()),
            Fate::Failed(failure) => Verdict::Failed(failure.plain()),
        };
        Case { name: self.destination.to_string(), took: self.took, verdict }
    }

    /// What is not as one might think.
    fn note(&self) -> Option<String> {
        let Self { source, destination, fate, .. } = self;
        match fate {
            Fate::There(report) => match (&report.picked_from, report.left_out) {
                (Some(index), _) => Some(format!(
                    "note: {destination} holds the platforms picked from the index {index}"
                )),
                (None, 0) => None,
                (None, left_out) => Some(format!(
                    "note: {destination} is a sparse index: {left_out} of its images are left out"
                )),
            },
            Fate::Skipped(why) => Some(format!("skipped: {source} -> {destination}: {why}")),
            Fate::Failed(_) => None,
        }
    }

    /// What should have come along, and did not.
    fn all_left_behind(&self) -> impl Iterator<Item = String> {
        let report = match &self.fate {
            Fate::There(report) => Some(report),
            Fate::Skipped(_) | Fate::Failed(_) => None,
        };
        let left = report.into_iter().flat_map(|report| &report.left_behind);
        left.map(|left| left_behind(&self.source, left))
    }

    pub(super) fn json(&self) -> Value {
        let fields = match &self.fate {
            Fate::There(report) => fields(report),
            Fate::Skipped(why) => json!({ "outcome": "skipped", "reason": why }),
            Fate::Failed(failure) => json!({ "error": failure.value() }),
        };
        let mut object = Map::new();
        object.insert("source".to_owned(), self.source.to_string().into());
        object.insert("destination".to_owned(), self.destination.to_string().into());
        object.extend(fields.as_object().cloned().into_iter().flatten());
        object.insert("seconds".to_owned(), self.took.as_secs_f64().into());
        object.into()
    }
}

/// What of an image was left behind, and why, in one line.
pub(super) fn left_behind(source: &Endpoint, left: &LeftBehind) -> String {
    let LeftBehind { subject, digest, error } = left;
    let what = match digest {
        Some(digest) => format!("{digest}, which refers to {subject}"),
        None => format!("what refers to {subject}"),
    };
    format!("left behind: {source}: {what}: {}", in_one_line(error.as_ref(), WIDTH))
}

fn left_behind_json(left: &LeftBehind) -> Value {
    let error = in_one_line(left.error.as_ref(), WIDTH);
    json!({ "subject": left.subject, "digest": left.digest, "error": error })
}

pub(super) fn fields(report: &ImageReport) -> Value {
    let outcome = match report.outcome {
        Outcome::Copied => "copied",
        Outcome::Present => "present",
    };
    let blobs = json!({
        "copied": report.copied,
        "mounted": report.mounted,
        "present": report.present,
        "foreign": report.foreign,
    });
    json!({
        "digest": report.digest,
        "pickedFrom": report.picked_from,
        "leftOut": report.left_out,
        "outcome": outcome,
        "blobs": blobs,
        "bytes": report.bytes,
        "referrers": report.referrers,
        "leftBehind": report.left_behind.iter().map(left_behind_json).collect::<Vec<_>>(),
    })
}

/// The signatures of the releases among `images`, for whoever tells clusters of them.
async fn signatures(
    telling: &Telling,
    images: &[Told],
    context: &Context,
) -> Vec<ReleaseSignature> {
    let Some(dir) = &telling.reports.cluster_resources else { return Vec::new() };
    let releases: Vec<SignedRelease> = images.iter().filter_map(Told::release).collect();
    let (folder, store) = (reports::signatures_in(dir), telling.signatures.as_ref());
    let CollectedSignatures { signatures, missed } =
        ops::release_signatures(store, &folder, &releases, telling.retry).await;
    for (tag, error) in missed {
        let why = in_one_line(&error, 400);
        context.note(format!("note: not all signatures of the release {tag} are there: {why}"));
    }
    signatures
}

/// Prints the results of all images, and the errors of those that failed.
pub(super) async fn tell(
    images: Vec<CopiedImage>,
    telling: &Telling,
    context: &Context,
) -> anyhow::Result<Exit> {
    let Telling { missing, shard, .. } = telling;
    let images: Vec<Told> = images.into_iter().map(|image| Told::new(image, *missing)).collect();
    let signatures = signatures(telling, &images, context).await;
    let written = reports::write(telling, &images, &signatures);
    match context.output.format() {
        Format::Text => {
            for image in &images {
                if let Fate::There(report) = &image.fate {
                    context.output.line(format_args!("{} {}", report.digest, image.destination))?;
                }
            }
        }
        Format::Json => {
            context.output.json(&reports::value(&images, *shard))?;
        }
    }
    if !context.quiet {
        context.console.lines(images.iter().filter_map(Told::note));
        let left: Vec<String> = images.iter().flat_map(Told::all_left_behind).collect();
        let hint = (!left.is_empty())
            .then(|| "hint: --referrers looks again for what was left behind".to_owned());
        context.console.lines(left.into_iter().chain(hint));
    }
    let failures = images.iter().filter_map(|image| match &image.fate {
        Fate::Failed(failure) => Some(failure),
        Fate::There(_) | Fate::Skipped(_) => None,
    });
    let exits: Vec<Exit> = failures.map(|failure| context.tell(failure)).collect();
    written?;
    Ok(Exit::of_failures(&exits, images.len()))
}
