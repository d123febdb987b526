//! Lists: of tags, of repositories, and of what refers to a manifest (OCI distribution specification, «Content
//! Discovery»).

use http::header::{HeaderName, LINK};
use http::{Response, StatusCode};
use serde_json::json;

use super::answer::{Body, json, set};
use super::error::{Outcome, Reason};
use super::name::Name;
use super::page::Page;
use super::registry::Registry;
use crate::model::{Descriptor, Digest, media_types};
use crate::store::Source;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

impl Registry {
    /// The tags, in the order of their bytes. Names in a layout that are no tags are left out.
    pub(super) async fn tags(&self, name: &Name, page: &Page) -> Outcome {
        let names = self.layout(name)?.names().await?;
        let mut tags: Vec<String> =
            names.iter().filter_map(|name| Some(name.to_tag().ok()?.to_string())).collect();
        tags.sort_unstable();
        let (tags, link) = page.cut(&tags, &format!("/v2/{name}/tags/list"));
        Ok(linked(&json!({ "name": name.as_str(), "tags": tags }), link))
    }

    pub(super) async fn catalog(&self, page: &Page) -> Outcome {
        let names = self.repositories().await?;
        let (names, link) = page.cut(&names, "/v2/_catalog");
        Ok(linked(&json!({ "repositories": names }), link))
    }

    /// The manifests that refer to `subject`: none, where neither it nor its repository are there.
    pub(super) async fn referrers(
        &self,
        name: &Name,
        subject: &Digest,
        kind: Option<&str>,
    ) -> Outcome {
        let mut referrers: Vec<Descriptor> = match self.layout(name) {
            Ok(layout) => layout.referrers(subject).await?,
            Err(refusal) if refusal.reason() == Reason::NameUnknown => Vec::new(),
            Err(refusal) => return Err(refusal),
        };
        if let Some(kind) = kind {
            referrers.retain(|r| r.artifact_type.as_ref().is_some_and(|t| t.as_ref() == kind));
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": media_types::OCI_INDEX,
            "manifests": referrers,
        });
        let mut response = json(StatusCode::OK, media_types::OCI_INDEX, &index);
        if kind.is_some() {
            set(&mut response, FILTERS_APPLIED, "artifactType");
        }
        Ok(response)
    }
}

fn linked(body: &serde_json::Value, link: Option<String>) -> Response<Body> {
    let mut response = json(StatusCode::OK, "application/json", body);
    if let Some(link) = link {
        set(&mut response, LINK, &link);
    }
    response
}
