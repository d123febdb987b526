//! Refusals: what a request is answered when it is not fulfilled (OCI distribution specification, «Error Codes»).

use http::header::{ALLOW, HeaderName};
use http::{Response, StatusCode};

use super::answer::{Body, json, set};
use crate::store;

/// Why a request is refused. Each has one status and one code of the specification's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    BlobUnknown,
    UploadInvalid,
    UploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestTooLarge,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    PageInvalid,
    RangeOutside,
    RangeOutOfOrder,
    SizeInvalid,
    TooMany,
    Unauthorized,
    Unsupported,
    NotFound,
    Stalled,
    Internal,
}

impl Reason {
    fn status_and_code(self) -> (StatusCode, &'static str) {
        match self {
            Self::BlobUnknown => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
            Self::UploadInvalid => (StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
            Self::UploadUnknown => (StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
            Self::DigestInvalid => (StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
            Self::ManifestBlobUnknown => (StatusCode::NOT_FOUND, "MANIFEST_BLOB_UNKNOWN"),
            Self::ManifestInvalid => (StatusCode::BAD_REQUEST, "MANIFEST_INVALID"),
            Self::ManifestTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID"),
            Self::ManifestUnknown => (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
            Self::NameInvalid => (StatusCode::BAD_REQUEST, "NAME_INVALID"),
            Self::NameUnknown => (StatusCode::NOT_FOUND, "NAME_UNKNOWN"),
            Self::PageInvalid => (StatusCode::BAD_REQUEST, "PAGINATION_NUMBER_INVALID"),
            Self::RangeOutside => (StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID"),
            Self::RangeOutOfOrder => (StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID"),
            Self::SizeInvalid => (StatusCode::BAD_REQUEST, "SIZE_INVALID"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::Unsupported => (StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
            Self::NotFound => (StatusCode::NOT_FOUND, "UNSUPPORTED"),
            Self::Stalled => (StatusCode::REQUEST_TIMEOUT, "BLOB_UPLOAD_INVALID"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN"),
        }
    }
}

/// A refusal: the reason, a sentence for a person, and the headers that belong to it.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: Reason,
    message: String,
    headers: Vec<(HeaderName, String)>,
}

/// The result of handling a request.
pub(super) type Outcome<T = Response<Body>> = Result<T, Refusal>;

impl Refusal {
    pub(super) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), headers: Vec::new() }
    }

    /// The method does not exist here; `allowed` lists those that do.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self::new(Reason::Unsupported, "the method is not supported here").with(ALLOW, allowed)
    }

    /// What went wrong inside: told to the log, not to the client.
    pub(super) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        let told = causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"));
        tracing::error!("{told}");
        Self::new(Reason::Internal, "the registry could not do this; its log tells why")
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn reason(&self) -> Reason {
        self.reason
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<Refusal> for Response<Body> {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = refusal.reason.status_and_code();
        let body = serde_json::json!({
            "errors": [{ "code": code, "message": refusal.message }]
        });
        let mut response = json(status, "application/json", &body);
        for (name, value) in refusal.headers {
            set(&mut response, name, &value);
        }
        response
    }
}
