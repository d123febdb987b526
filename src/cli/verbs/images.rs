//! What is told of images that were copied.

use longshore::model::Endpoint;
use longshore::ops::CopiedImage;
use longshore::transfer::{ImageReport, Outcome};
use serde_json::{Map, Value, json};

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::diagnose::{Diagnosis, diagnose};
use crate::cli::exit::Exit;

/// An image and what is to be told of it.
struct Told {
    source: Endpoint,
    destination: Endpoint,
    result: Result<ImageReport, Diagnosis>,
}

impl Told {
    fn new(image: CopiedImage) -> Self {
        let CopiedImage { source, destination, result } = image;
        let result = result.map_err(|error| {
            let what = format!("cannot copy {source} to {destination}");
            diagnose(&anyhow::Error::new(error).context(what))
        });
        Self { source, destination, result }
    }

    /// That the digest is another than the source's, and why.
    fn picked(&self) -> Option<String> {
        let index = self.result.as_ref().ok()?.picked_from.as_ref()?;
        let destination = &self.destination;
        Some(format!("note: {destination} holds the platforms picked from the index {index}"))
    }

    fn json(&self) -> Value {
        let fields = match &self.result {
            Ok(report) => fields(report),
            Err(failure) => json!({ "error": failure.value() }),
        };
        let mut object = Map::new();
        object.insert("source".to_owned(), self.source.to_string().into());
        object.insert("destination".to_owned(), self.destination.to_string().into());
        object.extend(fields.as_object().cloned().into_iter().flatten());
        object.into()
    }
}

fn fields(report: &ImageReport) -> Value {
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
        "outcome": outcome,
        "blobs": blobs,
        "bytes": report.bytes,
        "referrers": report.referrers,
    })
}

/// Prints the results of all images, and the errors of those that failed.
pub(super) fn tell(images: Vec<CopiedImage>, context: &Context) -> anyhow::Result<Exit> {
    let images: Vec<Told> = images.into_iter().map(Told::new).collect();
    match context.output.format() {
        Format::Text => {
            for image in &images {
                if let Ok(report) = &image.result {
                    context.output.line(format_args!("{} {}", report.digest, image.destination))?;
                }
            }
        }
        Format::Json => {
            let images: Vec<Value> = images.iter().map(Told::json).collect();
            context.output.json(&json!({ "images": images }))?;
        }
    }
    if !context.quiet {
        context.console.lines(images.iter().filter_map(Told::picked));
    }
    let failures = images.iter().filter_map(|image| image.result.as_ref().err());
    let exits: Vec<Exit> = failures.map(|failure| context.tell(failure)).collect();
    Ok(Exit::of_failures(&exits, images.len()))
}
