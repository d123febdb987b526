//! Streams in a cluster: those of its API server.
//!
//! Requests are those that oc makes; where the answer of one call is less than a caller needs, the stream is read
//! afterwards. The server does the work of an import while its answer is waited for.

mod sure;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use self::sure::Sure;
use super::api::{
    API_VERSION, Image, ImageStream, ImageStreamImport, ImageStreamImportStatus, ObjectMeta,
    SpecTag, Status,
};
use super::requests::ATTEMPTS;
use super::{Error, Listing, Namespace, Result, StreamName, StreamTag, Streams};
use crate::kube::{self, Client, segment};

const API: &str = "/apis/image.openshift.io/v1";

/// The streams of a cluster.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
}

impl Cluster {
    /// The streams that this API server keeps.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Changes a tag, or makes it where a server has changing and making apart. One of a known version is there.
    async fn put_tag(
        &self,
        tag: &StreamTag,
        object: &TagObject,
    ) -> std::result::Result<(), kube::Error> {
        match self.client.put::<IgnoredAny>(&tag_path(tag), object).await {
            Err(error) if object.version().is_none() && may_create(&error) => {
                let all = format!("{API}/namespaces/{}/imagestreamtags", tag.stream.namespace());
                self.client.post::<IgnoredAny>(&all, object).await.map(drop)
            }
            other => other.map(drop),
        }
    }

    async fn change(
        &self,
        name: &StreamName,
        change: impl Fn(&mut ImageStream) + Send + Sync,
    ) -> Result<ImageStream> {
        let path = stream_path(name);
        let mut attempt = 1;
        loop {
            let stream = self.get(name).await?;
            let mut stream = stream.ok_or_else(|| Error::NoStream(name.clone()))?;
            change(&mut stream);
            match self.client.put::<Sure<ImageStream>>(&path, &stream).await {
                Err(error) if is_conflict(&error) && attempt < ATTEMPTS => attempt += 1,
                other => return other.map(Sure::get).map_err(refused),
            }
        }
    }
}

#[async_trait]
impl Streams for Cluster {
    fn place(&self) -> String {
        self.client.server()
    }

    async fn get(&self, name: &StreamName) -> Result<Option<ImageStream>> {
        if_there(self.client.get::<Sure<_>>(&stream_path(name)).await.map(Sure::get))
    }

    async fn list(&self, namespace: Option<&Namespace>) -> Result<Listing> {
        let path = match namespace {
            Some(namespace) => format!("{API}/namespaces/{namespace}/imagestreams"),
            None => format!("{API}/imagestreams"),
        };
        let mut streams: Vec<ImageStream> =
            self.client.list(&path, "ImageStreamList").await.map_err(refused)?;
        let order = |stream: &ImageStream| {
            (stream.metadata.namespace.clone(), stream.metadata.name.clone())
        };
        streams.sort_by_cached_key(order);
        for stream in &mut streams {
            // Objects in a list do not say what they are.
            "ImageStream".clone_into(&mut stream.kind);
            API_VERSION.clone_into(&mut stream.api_version);
        }
        Ok(Listing { streams, unreadable: Vec::new() })
    }

    async fn import(&self, import: &ImageStreamImport) -> Result<ImageStreamImport> {
        let namespace: Namespace =
            import.metadata.namespace.as_deref().unwrap_or("default").parse()?;
        let path = format!("{API}/namespaces/{namespace}/imagestreamimports");
        let question =
            ImageStreamImport { status: ImageStreamImportStatus::default(), ..import.clone() };
        let answer: Sure<ImageStreamImport> =
            self.client.post(&path, &question).await.map_err(refused)?;
        Ok(ImageStreamImport { status: answer.get().status, ..question })
    }

    async fn set_tag(
        &self,
        tag: &StreamTag,
        spec: &SpecTag,
        version: Option<&str>,
    ) -> Result<ImageStream> {
        let object = TagObject::new(tag, spec, version);
        let attempts = if version.is_some() { 1 } else { ATTEMPTS };
        let mut attempt = 1;
        loop {
            match self.put_tag(tag, &object).await {
                Err(error) if is_conflict(&error) && attempt < attempts => attempt += 1,
                other => break other.map_err(refused)?,
            }
        }
        self.get(&tag.stream).await?.ok_or_else(|| Error::NoStream(tag.stream.clone()))
    }

    async fn set_repository(&self, name: &StreamName, repository: &str) -> Result<ImageStream> {
        let follow = |stream: &mut ImageStream| {
            repository.clone_into(&mut stream.spec.docker_image_repository);
        };
        self.change(name, follow).await
    }

    async fn delete_tag(&self, tag: &StreamTag) -> Result<()> {
        let gone = self.client.delete(&tag_path(tag), &delete_options()).await;
        if_there(gone)?.ok_or_else(|| Error::NoTag(tag.clone()))
    }

    async fn delete(&self, name: &StreamName) -> Result<()> {
        let gone = self.client.delete(&stream_path(name), &delete_options()).await;
        if_there(gone)?.ok_or_else(|| Error::NoStream(name.clone()))
    }

    async fn replace_status(&self, stream: &ImageStream) -> Result<()> {
        let name = StreamName::of(stream)?;
        let path = format!("{}/status", stream_path(&name));
        let replaced = self.client.put::<IgnoredAny>(&path, stream).await;
        if_there(replaced)?.map(drop).ok_or(Error::NoStream(name))
    }

    async fn image(&self, digest: &str) -> Result<Option<Image>> {
        if_there(self.client.get::<Sure<_>>(&image_path(digest)).await.map(Sure::get))
    }

    async fn images(&self) -> Result<Vec<String>> {
        let path = format!("{API}/images");
        let mut names = self.client.names(&path, "ImageList").await.map_err(refused)?;
        names.sort_unstable();
        Ok(names)
    }

    async fn delete_images(&self, digests: &[String]) -> Result<Vec<String>> {
        for digest in digests {
            if_there(self.client.delete(&image_path(digest), &delete_options()).await)?;
        }
        Ok(digests.to_vec())
    }
}

/// A tag of a stream as an object of its own. What is empty stands there as oc writes it: `null` for what Go does not
/// leave out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TagObject {
    kind: &'static str,
    api_version: &'static str,
    metadata: ObjectMeta,
    tag: Value,
    generation: i64,
    lookup_policy: Value,
    image: Value,
}

impl TagObject {
    fn new(tag: &StreamTag, spec: &SpecTag, version: Option<&str>) -> Self {
        let name = format!("{}:{}", tag.stream.name(), tag.tag);
        let namespace = Some(tag.stream.namespace().to_string());
        let spec = SpecTag { name: tag.tag.to_string(), ..spec.clone() };
        // A tag has texts, numbers and flags: nothing that could fail to be written.
        let mut written = serde_json::to_value(&spec).unwrap_or_default();
        if let Value::Object(fields) = &mut written {
            for field in ["annotations", "generation"] {
                fields.entry(field).or_insert(Value::Null);
            }
        }
        Self {
            kind: "ImageStreamTag",
            api_version: API_VERSION,
            metadata: ObjectMeta {
                name,
                namespace,
                resource_version: version.map(ToOwned::to_owned),
                ..ObjectMeta::default()
            },
            tag: written,
            generation: 0,
            lookup_policy: json!({ "local": false }),
            image: json!({ "metadata": {}, "dockerImageMetadata": null }),
        }
    }

    /// The version of the stream that must be there.
    fn version(&self) -> Option<&str> {
        self.metadata.resource_version.as_deref()
    }
}

fn delete_options() -> Value {
    json!({ "kind": "DeleteOptions", "apiVersion": API_VERSION })
}

fn stream_path(name: &StreamName) -> String {
    format!("{API}/namespaces/{}/imagestreams/{}", name.namespace(), name.name())
}

fn tag_path(tag: &StreamTag) -> String {
    let (namespace, stream) = (tag.stream.namespace(), tag.stream.name());
    format!("{API}/namespaces/{namespace}/imagestreamtags/{stream}:{}", tag.tag)
}

fn image_path(digest: &str) -> String {
    format!("{API}/images/{}", segment(digest))
}

/// Nothing where the server says that the object is not there.
fn if_there<T>(answer: std::result::Result<T, kube::Error>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.status().is_some_and(kube::Status::is_not_found) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

/// Whether making a tag may succeed where changing it did not: oc tries that too.
fn may_create(error: &kube::Error) -> bool {
    error.status().is_some_and(|status| {
        status.is_not_found() || matches!(status.reason.as_str(), "Forbidden" | "MethodNotAllowed")
    })
}

fn is_conflict(error: &kube::Error) -> bool {
    error.status().is_some_and(kube::Status::is_conflict)
}

/// What the API says stays what it says; the rest is told by whoever met it.
fn refused(error: kube::Error) -> Error {
    match error {
        kube::Error::Refused(status) => {
            let status = *status;
            let read = serde_json::from_value(Value::Object(status.object));
            Error::Status(Box::new(read.unwrap_or_else(|_| Status {
                status: "Failure".to_owned(),
                message: status.message,
                reason: status.reason,
                code: status.code,
                ..Status::default()
            })))
        }
        other => Error::Cluster(Box::new(other)),
    }
}
