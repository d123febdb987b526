//! Which endpoint of the distribution specification a request is for. Pure: method, path and query go in, a
//! [`Route`] with checked names, digests and tags comes out.

use http::Method;

use super::error::{Outcome, Reason, Refusal};
use super::name::Name;
use super::page::Page;
use super::query::{Query, decode};
use super::upload_id::UploadId;
use crate::model::{Algorithm, Digest, Tag, one_line};

/// A manifest's reference in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ManifestRef {
    Tag(Tag),
    Digest(Digest),
}

/// The endpoints, numbered as in the specification («Endpoints»). HEAD is asked like GET; the server's HTTP layer
/// leaves the body out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// end-1: is this a registry?
    Base,
    /// `/v2/_catalog`: all repositories. Not in the specification, but asked for by many tools.
    Catalog(Page),
    /// end-2
    GetBlob(Name, Digest),
    /// end-10
    DeleteBlob(Name, Digest),
    /// end-3
    GetManifest(Name, ManifestRef),
    /// end-7; the tags are those of `?tag=` behind a digest.
    PutManifest(Name, ManifestRef, Vec<Tag>),
    /// end-9
    DeleteManifest(Name, ManifestRef),
    /// end-4a, with the algorithm that `?digest-algorithm=` announces
    StartUpload(Name, Algorithm),
    /// end-4b
    UploadWhole(Name, Digest),
    /// end-11, with or without `from`
    Mount(Name, Digest, Option<Name>),
    /// end-13
    UploadStatus(Name, UploadId),
    /// end-5
    Append(Name, UploadId),
    /// end-6
    FinishUpload(Name, UploadId, Digest),
    /// end-14
    CancelUpload(Name, UploadId),
    /// end-8
    Tags(Name, Page),
    /// end-12, perhaps only those of one artifact type
    Referrers(Name, Digest, Option<String>),
}

impl Route {
    /// Finds the route of a request.
    pub(super) fn find(method: &Method, path: &str, query: &str) -> Outcome<Self> {
        let path = decode(path)?;
        let query = Query::parse(query)?;
        let Some(path) =
            path.strip_prefix("/v2").filter(|path| path.is_empty() || path.starts_with('/'))
        else {
            return Err(nowhere());
        };
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            [] | [""] => reading(method).map(|()| Self::Base),
            ["_catalog"] => {
                reading(method)?;
                Page::from_query(&query).map(Self::Catalog)
            }
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                start(method, join(name)?, &query)
            }
            [name @ .., "blobs", "uploads", id] => upload(method, join(name)?, id, &query),
            [name @ .., "blobs", digest] => blob(method, join(name)?, digest),
            [name @ .., "manifests", reference] => manifest(method, join(name)?, reference, &query),
            [name @ .., "tags", "list"] => {
                reading(method)?;
                Ok(Self::Tags(join(name)?, Page::from_query(&query)?))
            }
            [name @ .., "referrers", digest] => {
                reading(method)?;
                let kind = query.get("artifactType").map(str::to_owned);
                Ok(Self::Referrers(join(name)?, parse_digest(digest)?, kind))
            }
            _ => Err(nowhere()),
        }
    }

    /// Whether the request changes what is stored.
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Base
            | Self::Catalog(_)
            | Self::GetBlob(..)
            | Self::GetManifest(..)
            | Self::UploadStatus(..)
            | Self::Tags(..)
            | Self::Referrers(..) => false,
            Self::DeleteBlob(..)
            | Self::PutManifest(..)
            | Self::DeleteManifest(..)
            | Self::StartUpload(..)
            | Self::UploadWhole(..)
            | Self::Mount(..)
            | Self::Append(..)
            | Self::FinishUpload(..)
            | Self::CancelUpload(..) => true,
        }
    }
}

fn nowhere() -> Refusal {
    Refusal::new(Reason::NotFound, "there is no such endpoint")
}

fn join(segments: &[&str]) -> Outcome<Name> {
    segments.join("/").parse()
}

fn reading(method: &Method) -> Outcome<()> {
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(Refusal::method("GET, HEAD")),
    }
}

fn parse_digest(text: &str) -> Outcome<Digest> {
    text.parse::<Digest>().map_err(|error| Refusal::new(Reason::DigestInvalid, error.to_string()))
}

fn blob(method: &Method, name: Name, digest: &str) -> Outcome<Route> {
    match *method {
        Method::GET | Method::HEAD => Ok(Route::GetBlob(name, parse_digest(digest)?)),
        Method::DELETE => Ok(Route::DeleteBlob(name, parse_digest(digest)?)),
        _ => Err(Refusal::method("GET, HEAD, DELETE")),
    }
}

fn start(method: &Method, name: Name, query: &Query) -> Outcome<Route> {
    if method != Method::POST {
        return Err(Refusal::method("POST"));
    }
    if let Some(digest) = query.get("mount") {
        let from = query.get("from").filter(|from| !from.is_empty());
        return Ok(Route::Mount(name, parse_digest(digest)?, from.map(str::parse).transpose()?));
    }
    if let Some(digest) = query.get("digest") {
        return Ok(Route::UploadWhole(name, parse_digest(digest)?));
    }
    let algorithm = query.get("digest-algorithm").map(str::parse).transpose();
    let algorithm = algorithm
        .map_err(|error: crate::model::DigestError| {
            Refusal::new(Reason::DigestInvalid, error.to_string())
        })?
        .unwrap_or(Algorithm::Sha256);
    Ok(Route::StartUpload(name, algorithm))
}

fn upload(method: &Method, name: Name, id: &str, query: &Query) -> Outcome<Route> {
    let id = id.parse()?;
    match *method {
        Method::GET | Method::HEAD => Ok(Route::UploadStatus(name, id)),
        Method::PATCH => Ok(Route::Append(name, id)),
        Method::PUT => {
            let missing =
                || Refusal::new(Reason::DigestInvalid, "the parameter 'digest' is missing");
            let digest = query.get("digest").ok_or_else(missing)?;
            Ok(Route::FinishUpload(name, id, parse_digest(digest)?))
        }
        Method::DELETE => Ok(Route::CancelUpload(name, id)),
        _ => Err(Refusal::method("GET, HEAD, PATCH, PUT, DELETE")),
    }
}

fn manifest(method: &Method, name: Name, reference: &str, query: &Query) -> Outcome<Route> {
    match *method {
        Method::GET | Method::HEAD => {
            Ok(Route::GetManifest(name, parse_reference(reference, Reason::ManifestUnknown)?))
        }
        Method::DELETE => {
            Ok(Route::DeleteManifest(name, parse_reference(reference, Reason::ManifestUnknown)?))
        }
        Method::PUT => {
            let reference = parse_reference(reference, Reason::ManifestInvalid)?;
            let tags = match reference {
                ManifestRef::Tag(_) => Vec::new(),
                ManifestRef::Digest(_) => query
                    .all("tag")
                    .map(|tag| parse_tag(tag, Reason::ManifestInvalid))
                    .collect::<Outcome<_>>()?,
            };
            Ok(Route::PutManifest(name, reference, tags))
        }
        _ => Err(Refusal::method("GET, HEAD, PUT, DELETE")),
    }
}

/// What cannot be a tag has never been pushed: `otherwise` says what that means for the request.
fn parse_reference(text: &str, otherwise: Reason) -> Outcome<ManifestRef> {
    if text.contains(':') {
        return parse_digest(text).map(ManifestRef::Digest);
    }
    parse_tag(text, otherwise).map(ManifestRef::Tag)
}

fn parse_tag(text: &str, otherwise: Reason) -> Outcome<Tag> {
    text.parse::<Tag>().map_err(|error| Refusal::new(otherwise, one_line(&error.to_string(), 300)))
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
