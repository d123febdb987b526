//! What can go wrong with an image, and what the API says of it.
//!
//! Source: `formatRepositoryError` and `imageImportStatus` of openshift-apiserver, and recorded answers.

use std::error::Error;

use serde_json::json;

use super::super::api::{Status, StatusDetails, UNTRUSTED};
use super::super::image::ImageError;
use super::reference::Named;
use crate::model::{DigestError, ImageRef, one_line};
use crate::store;

/// What Docker Hub's token server says of a wrong password. No code or type tells it.
const WRONG_PASSWORD: &str = "incorrect username or password";

/// Why an image is not imported.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// There is no such image.
    #[error("the image is not there")]
    Absent,
    /// Its place cannot be asked, or does not give its manifest.
    #[error(transparent)]
    Manifest(store::Error),
    /// Its configuration is not to be had.
    #[error(transparent)]
    Config(store::Error),
    /// Its configuration is larger than any honest one.
    #[error("the image configuration has {0} bytes, more than are read")]
    LargeConfig(u64),
    /// Nothing can be made of it.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// An image of an index that is known to be named by no digest.
    #[error("the manifest list names an image by no digest")]
    Digest(#[source] DigestError),
    /// An index without images.
    #[error("no manifests in manifest list")]
    EmptyIndex,
    /// An index of more images than any honest one.
    #[error("the manifest list has {0} manifests, more than are imported")]
    Crowded(usize),
}

impl Trouble {
    /// Whether settings forbid the place.
    pub(super) fn is_blocked(&self) -> bool {
        matches!(self, Self::Manifest(store::Error::Blocked(_)))
    }
}

/// What the API says of an image called `image` that met `trouble`.
pub(super) fn status(image: &ImageRef, trouble: &Trouble) -> Status {
    let name = image.to_string();
    match trouble {
        Trouble::Absent => not_found(&name),
        Trouble::Manifest(error) if error.is_not_found() => not_found(&name),
        Trouble::Manifest(store::Error::Blocked(_)) => blocked(image),
        Trouble::Manifest(error @ store::Error::Unauthorized(_)) => unauthorized(&name, error),
        Trouble::Config(error @ (store::Error::Digest { .. } | store::Error::Size { .. })) => {
            internal(&format!("{name}: content integrity error: {}", told(error)))
        }
        Trouble::Manifest(error @ store::Error::Untrusted(_)) => untrusted(&name, error),
        other => internal(&format!("{name}: {}", told(other))),
    }
}

/// What the API says of a repository whose tags cannot be listed.
pub(super) fn repository_status(repository: &Named, error: &store::Error) -> Status {
    match error {
        error if error.is_not_found() => not_found(repository.typed()),
        store::Error::Blocked(_) => blocked(&repository.image),
        store::Error::Unauthorized(_) => refused(no_access(repository.typed())),
        error @ store::Error::Untrusted(_) => untrusted(repository.typed(), error),
        other => internal(&told(other)),
    }
}

/// What the API says of a repository of whose images so many failed.
pub(super) fn tally(failed: usize) -> Status {
    let message = match failed {
        0 => return Status::success(),
        1 => "one of the images from this repository failed to import".to_owned(),
        several => format!("{several} of the images from this repository failed to import"),
    };
    Status { message, reason: "ImportFailed".to_owned(), ..failure() }
}

/// What the API says of a name that is none.
pub(super) fn invalid(name: &str) -> Status {
    let name = one_line(name, 300);
    let fault = format!("Invalid value: {name:?}: invalid name: invalid reference format");
    let cause = json!([{"reason": "FieldValueInvalid", "message": fault, "field": "from.name"}]);
    Status {
        message: format!(" \"\" is invalid: from.name: {fault}"),
        reason: "Invalid".to_owned(),
        details: Some(with_causes(cause)),
        code: 422,
        ..failure()
    }
}

fn failure() -> Status {
    Status { status: "Failure".to_owned(), ..Status::default() }
}

fn not_found(name: &str) -> Status {
    Status {
        message: format!("dockerimage.image.openshift.io {name:?} not found"),
        reason: "NotFound".to_owned(),
        details: Some(StatusDetails {
            name: name.to_owned(),
            group: "image.openshift.io".to_owned(),
            kind: "dockerimage".to_owned(),
            ..StatusDetails::default()
        }),
        code: 404,
        ..failure()
    }
}

fn unauthorized(name: &str, error: &store::Error) -> Status {
    if told(error).contains(WRONG_PASSWORD) {
        return refused(format!("{WRONG_PASSWORD} for image {name:?}"));
    }
    refused(no_access(name))
}

fn no_access(name: &str) -> String {
    format!("you may not have access to the container image {name:?}")
}

fn refused(message: String) -> Status {
    Status { message, reason: "Unauthorized".to_owned(), code: 401, ..failure() }
}

fn blocked(image: &ImageRef) -> Status {
    Status {
        message: format!("forbidden: registry {} blocked", image.repository.registry()),
        reason: "Forbidden".to_owned(),
        details: Some(StatusDetails::default()),
        code: 403,
        ..failure()
    }
}

fn untrusted(name: &str, error: &store::Error) -> Status {
    let text = format!("{name}: {}", told(error));
    let cause = json!([{ "reason": UNTRUSTED, "message": text }]);
    Status { details: Some(with_causes(cause)), ..internal(&text) }
}

fn internal(text: &str) -> Status {
    Status {
        message: format!("Internal error occurred: {text}"),
        reason: "InternalError".to_owned(),
        details: Some(with_causes(json!([{ "message": text }]))),
        code: 500,
        ..failure()
    }
}

fn with_causes(causes: serde_json::Value) -> StatusDetails {
    let mut details = StatusDetails::default();
    details.rest.insert("causes".to_owned(), causes);
    details
}

/// An error with its causes, in one line.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    one_line(&text, 1000)
}
