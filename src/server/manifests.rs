//! Manifests: given, taken and deleted by tag or digest (OCI distribution specification, «Pulling manifests»,
//! «Pushing Manifests», «Deleting Manifests», «Deleting tags»).

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};
use http::{Response, StatusCode};
use hyper::body::Incoming;

use super::answer::{Body, CONTENT_DIGEST, add, created, empty, set};
use super::error::{Outcome, Reason, Refusal};
use super::name::Name;
use super::registry::Registry;
use super::request::{collect, header};
use super::route::ManifestRef;
use crate::model::{Algorithm, MAX_MANIFEST_SIZE, Manifest, ManifestError, RefName, Tag, one_line};
use crate::store::{Layout, Reference, Sink, Source};

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

impl Registry {
    pub(super) async fn get_manifest(
        &self,
        name: &Name,
        which: &ManifestRef,
        headers: &HeaderMap,
    ) -> Outcome {
        let layout = self.layout(name)?;
        let manifest = match layout.manifest(&which.into()).await {
            Err(error) if error.is_not_found() => return Err(unknown()),
            manifest => manifest?,
        };
        let media_type = manifest.media_type().as_ref();
        if !accepts(headers, media_type) {
            let message = format!("it is of type {media_type}, which the request does not accept");
            return Err(Refusal::new(Reason::ManifestUnknown, message));
        }
        let mut response = Response::new(Body::Whole(manifest.bytes().clone()));
        set(&mut response, CONTENT_TYPE, media_type);
        set(&mut response, CONTENT_DIGEST, manifest.digest().as_str());
        Ok(response)
    }

    pub(super) async fn put_manifest(
        &self,
        name: &Name,
        which: &ManifestRef,
        tags: &[Tag],
        headers: &HeaderMap,
        body: &mut Incoming,
    ) -> Outcome {
        let bytes = whole(headers, body).await?;
        let manifest = parse(bytes, which, headers)?;
        let layout = self.store.create(name.as_str())?;
        require_blobs(&layout, &manifest)?;
        let tags = match which {
            ManifestRef::Tag(tag) => std::slice::from_ref(tag),
            ManifestRef::Digest(_) => tags,
        };
        if tags.is_empty() {
            layout.put_manifest(&manifest, None).await?;
        }
        for tag in tags {
            layout.put_manifest(&manifest, Some(&tag.clone().into())).await?;
        }
        Ok(accepted(name, which, tags, &manifest))
    }

    pub(super) async fn delete_manifest(&self, name: &Name, which: &ManifestRef) -> Outcome {
        let layout = self.layout(name)?;
        let was_there = match which {
            ManifestRef::Tag(tag) => layout.remove_name(&tag.clone().into()).await?,
            ManifestRef::Digest(digest) => layout.delete_manifest(digest).await?,
        };
        if was_there { Ok(empty(StatusCode::ACCEPTED)) } else { Err(unknown()) }
    }
}

impl From<&ManifestRef> for Reference {
    fn from(which: &ManifestRef) -> Self {
        match which {
            ManifestRef::Tag(tag) => Self::Name(RefName::from(tag.clone())),
            ManifestRef::Digest(digest) => Self::Digest(digest.clone()),
        }
    }
}

fn unknown() -> Refusal {
    Refusal::new(Reason::ManifestUnknown, "there is no such manifest")
}

/// Whether a request takes a manifest of this type. One that names no type of manifest takes them all.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let mut named = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    let any = |range: &str| matches!(range, "*/*" | "application/*" | "application/json");
    named.peek().is_none() || named.any(|range| range == media_type || any(range))
}

async fn whole(headers: &HeaderMap, body: &mut Incoming) -> Outcome<Bytes> {
    let too_large = || Refusal::new(Reason::ManifestTooLarge, ManifestError::TooLarge.to_string());
    let announced = header(headers, &CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_MANIFEST_SIZE) {
        return Err(too_large());
    }
    collect(body, usize::try_from(MAX_MANIFEST_SIZE).unwrap_or(usize::MAX))
        .await?
        .ok_or_else(too_large)
}

/// Reads a manifest, and proves it against the digest that it is pushed by.
fn parse(bytes: Bytes, which: &ManifestRef, headers: &HeaderMap) -> Outcome<Manifest> {
    let algorithm = match which {
        ManifestRef::Tag(_) => Algorithm::Sha256,
        ManifestRef::Digest(digest) => digest.algorithm(),
    };
    let manifest = Manifest::parse_as(bytes, header(headers, &CONTENT_TYPE), algorithm)
        .map_err(|error| Refusal::new(Reason::ManifestInvalid, told(&error)))?;
    match which {
        ManifestRef::Digest(digest) if digest != manifest.digest() => {
            let message =
                format!("the manifest that was sent has the digest {}", manifest.digest());
            Err(Refusal::new(Reason::DigestInvalid, message))
        }
        _ => Ok(manifest),
    }
}

/// What is wrong with a manifest, with its cause: the client made it, so the client may know.
fn told(error: &ManifestError) -> String {
    let cause = std::error::Error::source(error).map_or_else(String::new, |e| format!(": {e}"));
    one_line(&format!("{error}{cause}"), 300)
}

/// An image needs its blobs, but neither its subject nor layers that registries are not given. An index may be sparse.
fn require_blobs(layout: &Layout, manifest: &Manifest) -> Outcome<()> {
    for needed in manifest.blobs().filter(|descriptor| !descriptor.is_foreign()) {
        if layout.blob_size(&needed.digest)?.is_none() {
            let message = format!("{} is not there: it has to be pushed first", needed.digest);
            return Err(Refusal::new(Reason::ManifestBlobUnknown, message));
        }
    }
    Ok(())
}

fn accepted(name: &Name, which: &ManifestRef, tags: &[Tag], manifest: &Manifest) -> Response<Body> {
    let digest = manifest.digest();
    let mut response = created(&format!("/v2/{name}/manifests/{digest}"), digest);
    if let Some(subject) = manifest.subject() {
        set(&mut response, SUBJECT, subject.digest.as_str());
    }
    if matches!(which, ManifestRef::Digest(_)) {
        for tag in tags {
            add(&mut response, TAG, tag.as_str());
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media_types::{OCI_INDEX, OCI_MANIFEST};

    #[test]
    fn the_types_that_a_request_accepts_are_honoured() {
        for (accept, takes) in [
            (vec![], true),
            (vec![OCI_MANIFEST], true),
            (vec![OCI_INDEX, OCI_MANIFEST], true),
            (vec!["application/x, application/vnd.oci.image.manifest.v1+json;q=0.5"], true),
            (vec!["*/*"], true),
            (vec![OCI_INDEX, "*/*;q=0.1"], true),
            (vec!["application/json"], true),
            (vec![OCI_INDEX], false),
            (vec!["text/html"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in &accept {
                headers.append(ACCEPT, value.parse().unwrap());
            }
            assert_eq!(accepts(&headers, OCI_MANIFEST), takes, "{accept:?}");
        }
    }
}
