//! The results of verbs that work on several images.

use longshore::model::Endpoint;
use longshore::transfer::ResolveError;
use serde_json::{Map, Value, json};

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::diagnose::{Diagnosis, diagnose};
use crate::cli::exit::Exit;

/// An image and what is to be told of it.
pub(super) struct Told {
    source: String,
    destination: String,
    result: Result<Success, Diagnosis>,
}

/// What is told of an image that all went well with.
pub(super) struct Success {
    /// A line for a person.
    pub(super) line: String,
    /// Fields of its JSON, besides the names.
    pub(super) fields: Value,
}

impl Told {
    pub(super) fn new(
        source: &Endpoint,
        destination: &Endpoint,
        result: Result<Success, ResolveError>,
    ) -> Self {
        let (source, destination) = (source.to_string(), destination.to_string());
        let result = result.map_err(|error| {
            let what = format!("cannot copy {source} to {destination}");
            diagnose(&anyhow::Error::new(error).context(what))
        });
        Self { source, destination, result }
    }

    fn json(&self) -> Value {
        let fields = match &self.result {
            Ok(success) => success.fields.clone(),
            Err(failure) => json!({ "error": failure.value() }),
        };
        let mut object = Map::new();
        object.insert("source".to_owned(), self.source.clone().into());
        object.insert("destination".to_owned(), self.destination.clone().into());
        object.extend(fields.as_object().cloned().into_iter().flatten());
        object.into()
    }
}

/// Prints the results of all images, and the errors of those that failed.
pub(super) fn tell(images: &[Told], context: &Context) -> anyhow::Result<Exit> {
    match context.output.format() {
        Format::Text => {
            for success in images.iter().filter_map(|image| image.result.as_ref().ok()) {
                context.output.line(&success.line)?;
            }
        }
        Format::Json => {
            let images: Vec<Value> = images.iter().map(Told::json).collect();
            context.output.json(&json!({ "images": images }))?;
        }
    }
    let failures = images.iter().filter_map(|image| image.result.as_ref().err());
    let exits: Vec<Exit> = failures.map(|failure| context.tell(failure)).collect();
    Ok(exit(&exits, images.len()))
}

/// The exit code of a run: that of its failures where all images failed alike, the general one where some did.
fn exit(failures: &[Exit], images: usize) -> Exit {
    match failures {
        [] => Exit::Done,
        [first, rest @ ..] if failures.len() == images && rest.iter().all(|exit| exit == first) => {
            *first
        }
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_are_all_alike_keep_their_code() {
        assert_eq!(exit(&[], 2), Exit::Done);
        assert_eq!(exit(&[Exit::Denied], 1), Exit::Denied);
        assert_eq!(exit(&[Exit::Denied, Exit::Denied], 2), Exit::Denied);
        assert_eq!(exit(&[Exit::Denied], 2), Exit::Failed);
        assert_eq!(exit(&[Exit::Denied, Exit::Network], 2), Exit::Failed);
    }
}
