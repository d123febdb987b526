//! Manifests: pull (end-3), existence (HEAD), push (end-7), deletion (end-9).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};

use super::{Error, Remote};
use crate::http::{Request, Response, Scope};
use crate::model::{Algorithm, Digest, MAX_MANIFEST_SIZE, Manifest, RefName, Tag, media_types};
use crate::store::{self, Reference, Result};

const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

impl Remote {
    /// Reads a manifest; its bytes are proven against the digest asked for, or the one that the registry tells.
    pub(super) async fn get_manifest(&self, reference: &Reference) -> Result<Manifest> {
        let what = describe(reference);
        let request =
            Request::get(self.url(format_args!("manifests/{}", self.segment(reference)?)))
                .scope(self.pull())
                .header(ACCEPT, ascii(&media_types::READABLE.join(", ")))
                .metered();
        let failed = self.failed("read", what.clone());
        let response =
            self.client().fetch(request, MAX_MANIFEST_SIZE as usize).await.map_err(failed)?;
        let told = told_digest(&response);
        let media_type = response.header(&CONTENT_TYPE).map(str::to_owned);
        let bytes = response.body;
        let expected = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Name(_) | Reference::Only => told,
        };
        let algorithm = expected.as_ref().map_or(Algorithm::Sha256, Digest::algorithm);
        if let Some(expected) = expected {
            let found = Digest::with(algorithm, &bytes);
            if found != expected {
                return Err(store::Error::Digest { expected, found, place: self.place() });
            }
        }
        Manifest::parse_as(bytes, media_type.as_deref(), algorithm).map_err(|source| {
            store::Error::Manifest { reference: what, place: self.place(), source }
        })
    }

    /// The digest of a manifest, by HEAD where the registry tells it there, else by reading the manifest.
    pub(super) async fn head_manifest(
        &self,
        reference: &Reference,
        scope: Scope,
    ) -> Result<Option<Digest>> {
        let what = describe(reference);
        let request =
            Request::head(self.url(format_args!("manifests/{}", self.segment(reference)?)))
                .scope(scope)
                .header(ACCEPT, ascii(&media_types::READABLE.join(", ")))
                .metered();
        match self.client().send(request).await {
            Ok(response) => match told_digest(&response) {
                Some(digest) => Ok(Some(digest)),
                None => self.digest_by_reading(reference).await,
            },
            Err(error) if error.status() == Some(StatusCode::METHOD_NOT_ALLOWED) => {
                self.digest_by_reading(reference).await
            }
            Err(error) => none_if_not_found(Err(self.failed("read", what)(error))),
        }
    }

    async fn digest_by_reading(&self, reference: &Reference) -> Result<Option<Digest>> {
        none_if_not_found(self.get_manifest(reference).await.map(|m| Some(m.digest().clone())))
    }

    /// Writes a manifest under its digest, or under `name`. A registry that does not keep lists of referrers is
    /// helped with the fallback tag.
    pub(super) async fn write_manifest(
        &self,
        manifest: &Manifest,
        name: Option<&RefName>,
    ) -> Result<()> {
        let by_digest = Reference::Digest(manifest.digest().clone());
        // Under a tag registries know a manifest by its sha256 digest alone; not all of them know another.
        if name.is_some()
            && manifest.digest().algorithm() != Algorithm::Sha256
            && let Err(error) = self.put_bytes(manifest, &by_digest).await
        {
            tracing::warn!("{} cannot be had by {}: {error}", self.place(), manifest.digest());
        }
        let reference = name.cloned().map_or(by_digest, Reference::Name);
        let response = self.put_bytes(manifest, &reference).await?;
        if let Some(stored) = told_digest(&response)
            && stored.algorithm() == manifest.digest().algorithm()
            && stored != *manifest.digest()
        {
            let sent = manifest.digest().clone();
            return Err(Error::Altered { place: self.place(), sent, stored }.into());
        }
        match manifest.subject() {
            Some(subject) if response.header(&OCI_SUBJECT).is_none() => {
                self.add_to_fallback(&subject.digest, manifest).await
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn put_bytes(
        &self,
        manifest: &Manifest,
        reference: &Reference,
    ) -> Result<Response> {
        let request =
            Request::put(self.url(format_args!("manifests/{}", self.segment(reference)?)))
                .scope(self.push())
                .header(CONTENT_TYPE, ascii(manifest.media_type().as_ref()))
                .accept(&[StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED])
                .body(manifest.bytes().clone());
        self.client().send(request).await.map_err(self.failed("write", describe(reference)))
    }

    /// Deletes a manifest and with it every tag that points to it.
    ///
    /// # Errors
    /// When it is not there, or the registry does not let it go.
    pub async fn delete_manifest(&self, digest: &Digest) -> Result<()> {
        self.delete_at(format!("manifests/{digest}"), format!("manifest {digest}")).await
    }

    /// Deletes a tag and leaves the manifest.
    ///
    /// # Errors
    /// When it is not there, or the registry does not let it go; many cannot.
    pub async fn delete_tag(&self, tag: &Tag) -> Result<()> {
        let what = format!("tag {tag}");
        match self.send_delete(format!("manifests/{tag}")).await {
            // One that knows manifests by digest alone takes a tag for a digest that is none.
            Err(error) if error.status() == Some(StatusCode::BAD_REQUEST) => {
                Err(Error::NoDeletion { what, place: self.place(), source: error }.into())
            }
            answer => answer.map_err(self.not_deleted(what)),
        }
    }

    pub(super) async fn delete_at(&self, path: String, what: String) -> Result<()> {
        self.send_delete(path).await.map_err(self.not_deleted(what))
    }

    fn not_deleted(&self, what: String) -> impl FnOnce(crate::http::Error) -> store::Error {
        let place = self.place();
        move |source| match source.status() {
            Some(StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED) => {
                Error::NoDeletion { what, place, source }.into()
            }
            _ => Error::Request { action: "delete", what, place, source }.into(),
        }
    }

    async fn send_delete(&self, path: String) -> std::result::Result<(), crate::http::Error> {
        // Registries differ in which permission that is; the challenge names what it takes beyond this.
        let request = Request::delete(self.url(path)).scope(self.push()).accept(&[
            StatusCode::ACCEPTED,
            StatusCode::OK,
            StatusCode::NO_CONTENT,
        ]);
        self.client().send(request).await.map(|_| ())
    }

    /// A reference as it stands in a URL. Names in a registry are tags.
    fn segment(&self, reference: &Reference) -> Result<String> {
        match reference {
            Reference::Digest(digest) => Ok(digest.to_string()),
            Reference::Name(name) => match name.to_tag() {
                Ok(tag) => Ok(tag.to_string()),
                Err(source) => Err(store::Error::Name { place: self.place(), source }),
            },
            Reference::Only => Err(store::Error::Unsupported {
                place: self.place(),
                why: "is a repository: say which tag or digest of it",
            }),
        }
    }
}

pub(super) fn none_if_not_found<T>(result: Result<Option<T>>) -> Result<Option<T>> {
    match result {
        Err(error) if error.is_not_found() => Ok(None),
        other => other,
    }
}

fn describe(reference: &Reference) -> String {
    match reference {
        Reference::Name(name) => format!("tag {name}"),
        Reference::Digest(digest) => format!("manifest {digest}"),
        Reference::Only => "the only image".to_owned(),
    }
}

/// A header value made of digits, letters and punctuation of ours.
pub(super) fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The digest that the registry tells, when it is one that can be checked.
pub(super) fn told_digest<B>(response: &Response<B>) -> Option<Digest> {
    response.header(&DOCKER_CONTENT_DIGEST)?.trim().parse().ok()
}
