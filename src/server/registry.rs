//! One request, from its head to its answer.

use std::io;
use std::path::Path;
use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};

use super::answer::{Body, json};
use super::connection::Answers;
use super::error::{Outcome, Reason, Refusal};
use super::htpasswd::Htpasswd;
use super::name::Name;
use super::request::discard;
use super::route::Route;
use super::sessions::Sessions;
use crate::store::{Layout, LayoutStore};

/// The folder of the root in which uploads are. No repository has a dot in front.
const UPLOADS: &str = ".uploads";

/// All that requests share.
#[derive(Debug)]
pub(super) struct Registry {
    pub(super) store: Arc<LayoutStore>,
    pub(super) sessions: Sessions,
    users: Option<Htpasswd>,
    read_only: bool,
}

impl Answers for Registry {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        self.respond(request).await
    }
}

impl Registry {
    pub(super) fn open(root: &Path, users: Option<Htpasswd>, read_only: bool) -> io::Result<Self> {
        let sessions = if read_only {
            std::fs::read_dir(root)?;
            Sessions::none()
        } else {
            Sessions::open(root.join(UPLOADS))?
        };
        Ok(Self { store: Arc::new(LayoutStore::new(root)), sessions, users, read_only })
    }

    /// The layout of a repository that has to be there.
    pub(super) fn layout(&self, name: &Name) -> Outcome<Layout> {
        match self.store.layout(name.as_str()) {
            Err(error) if error.is_not_found() => {
                Err(Refusal::new(Reason::NameUnknown, format!("there is no repository {name}")))
            }
            layout => Ok(layout?),
        }
    }

    /// The names of all repositories. Finding them takes a walk through many folders.
    pub(super) async fn repositories(&self) -> Outcome<Vec<String>> {
        let store = Arc::clone(&self.store);
        let walk = tokio::task::spawn_blocking(move || store.repositories());
        Ok(walk.await.map_err(io::Error::other)??)
    }

    /// Answers a request, whatever it is.
    async fn respond(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, mut body) = request.into_parts();
        let response = match self.handle(&head, &mut body).await {
            Ok(response) => response,
            Err(refusal) => {
                // A client that waits to be told to go on has sent nothing yet.
                if !head.headers.contains_key(EXPECT) {
                    tokio::spawn(discard(body));
                }
                refusal.into()
            }
        };
        tracing::info!("{} {} {}", head.method, head.uri.path(), response.status().as_u16());
        finished(&head.method, response)
    }

    async fn handle(&self, head: &Parts, body: &mut Incoming) -> Outcome {
        self.admit(head).await?;
        let query = head.uri.query().unwrap_or_default();
        let route = Route::find(&head.method, head.uri.path(), query)?;
        if self.read_only && route.writes() {
            return Err(Refusal::new(Reason::Unsupported, "this registry can only be read"));
        }
        let headers = &head.headers;
        match route {
            Route::Base => Ok(json(StatusCode::OK, "application/json", &serde_json::json!({}))),
            Route::Catalog(page) => self.catalog(&page).await,
            Route::Tags(name, page) => self.tags(&name, &page).await,
            Route::Referrers(name, subject, kind) => {
                self.referrers(&name, &subject, kind.as_deref()).await
            }
            Route::GetBlob(name, digest) => self.get_blob(&name, &digest, head),
            Route::DeleteBlob(name, digest) => self.delete_blob(&name, &digest).await,
            Route::GetManifest(name, which) => self.get_manifest(&name, &which, headers).await,
            Route::PutManifest(name, which, tags) => {
                self.put_manifest(&name, &which, &tags, headers, body).await
            }
            Route::DeleteManifest(name, which) => self.delete_manifest(&name, &which).await,
            Route::StartUpload(name, algorithm) => self.start_upload(&name, algorithm),
            Route::UploadWhole(name, digest) => {
                self.upload_whole(&name, &digest, headers, body).await
            }
            Route::Mount(name, digest, from) => self.mount(&name, &digest, from.as_ref()).await,
            Route::UploadStatus(name, id) => self.upload_status(&name, &id),
            Route::Append(name, id) => self.append(&name, &id, headers, body).await,
            Route::FinishUpload(name, id, digest) => {
                self.finish_upload(&name, &id, &digest, headers, body).await
            }
            Route::CancelUpload(name, id) => self.cancel_upload(&name, &id),
        }
    }

    async fn admit(&self, head: &Parts) -> Outcome<()> {
        let Some(users) = &self.users else { return Ok(()) };
        let authorization = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        if users.admits(authorization).await {
            return Ok(());
        }
        Err(Refusal::new(Reason::Unauthorized, "a user name and its password are needed")
            .with(WWW_AUTHENTICATE, r#"Basic realm="longshore""#))
    }
}

/// What every response has: its length, also where HEAD leaves the body out, and the version that old clients look
/// for.
fn finished(method: &Method, mut response: Response<Body>) -> Response<Body> {
    let length = response.body().size_hint().exact().unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("docker-distribution-api-version", HeaderValue::from_static("registry/2.0"));
    if response.status() != StatusCode::NO_CONTENT {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::Empty;
    }
    response
}
