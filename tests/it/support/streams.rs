//! A place of streams that is told what registries would say.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use longshore::imagestream::api::{
    ImageImportStatus, ImportPolicy, ObjectReference, SpecTag, Status, StatusTag, TagEvent, Time,
};
use longshore::imagestream::{
    Error, Image, ImageStream, ImageStreamImport, Listing, Namespace, Result, StreamName,
    StreamTag, Streams,
};
use longshore::reaction::{Change, changes};
use tokio::time::Instant;

/// A change of the tag `v1` of the stream `dev/app`, from image 1 to image 2.
pub(crate) fn a_change() -> Change {
    let streams = |image: u8| {
        let mut stream = ImageStream::new("dev", "app");
        point(&mut stream, "v1", &format!("q.io/org/app@sha256:{image}"));
        stream
    };
    changes(Some(&streams(1)), &streams(2)).remove(0)
}

/// Streams in memory. An import finds for each tag what [`FakeStreams::serve`] was told last.
#[derive(Default)]
pub(crate) struct FakeStreams {
    state: Mutex<State>,
    takes: Duration,
}

#[derive(Default)]
struct State {
    streams: BTreeMap<StreamName, ImageStream>,
    served: BTreeMap<String, std::result::Result<String, String>>,
    broken: Option<String>,
    now: usize,
    most: usize,
    imported: Vec<String>,
    begun: Vec<Instant>,
}

fn name(text: &str) -> StreamName {
    let (namespace, name) = text.split_once('/').unwrap();
    StreamName::new(namespace.parse().unwrap(), name).unwrap()
}

fn refusal(message: &str) -> Error {
    let message = message.to_owned();
    let status = "Failure".to_owned();
    Error::Status(Box::new(Status { status, message, ..Status::default() }))
}

impl FakeStreams {
    /// An import takes so long.
    pub(crate) fn taking(takes: Duration) -> Self {
        Self { takes, ..Self::default() }
    }

    /// A stream in which each tag points to a reference already.
    pub(crate) fn with(self, stream: &str, tags: &[(&str, &str)]) -> Self {
        for (tag, reference) in tags {
            self.point(stream, tag, reference);
        }
        self
    }

    /// A stream with a tag that follows `from` on a schedule.
    pub(crate) fn following(self, stream: &str, tag: &str, from: &str) -> Self {
        self.change(stream, |stream| {
            stream.spec.tags.push(SpecTag {
                name: tag.to_owned(),
                from: Some(ObjectReference::new("DockerImage", from)),
                import_policy: ImportPolicy { scheduled: true, ..ImportPolicy::default() },
                generation: Some(1),
                ..SpecTag::default()
            });
        });
        self
    }

    pub(crate) fn change(&self, stream: &str, change: impl FnOnce(&mut ImageStream)) {
        let name = name(stream);
        let mut state = self.state.lock().unwrap();
        let new = ImageStream::new(name.namespace().as_str(), name.name());
        change(state.streams.entry(name).or_insert(new));
    }

    pub(crate) fn point(&self, stream: &str, tag: &str, reference: &str) {
        self.change(stream, |stream| point(stream, tag, reference));
    }

    /// From now on the registry has `found` at `from`, a reference; or refuses in the words of an error.
    pub(crate) fn serve(&self, from: &str, found: std::result::Result<&str, &str>) {
        let found = found.map(ToOwned::to_owned).map_err(ToOwned::to_owned);
        self.state.lock().unwrap().served.insert(from.to_owned(), found);
    }

    /// From now on nothing can be listed, or everything can.
    pub(crate) fn break_down(&self, why: Option<&str>) {
        self.state.lock().unwrap().broken = why.map(ToOwned::to_owned);
    }

    /// The streams that were imported, in order.
    pub(crate) fn imported(&self) -> Vec<String> {
        self.state.lock().unwrap().imported.clone()
    }

    /// When each import began.
    pub(crate) fn begun(&self) -> Vec<Instant> {
        self.state.lock().unwrap().begun.clone()
    }

    /// The most imports that there were at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.state.lock().unwrap().most
    }
}

fn point(stream: &mut ImageStream, tag: &str, reference: &str) {
    let image = reference.split_once('@').map_or("", |(_, digest)| digest).to_owned();
    let event = TagEvent {
        created: Time::new("2026-01-02T03:04:05Z".parse().unwrap()),
        docker_image_reference: reference.to_owned(),
        image,
        generation: 1,
        rest: serde_json::Map::new(),
    };
    match stream.status.tags.iter_mut().find(|known| known.tag == tag) {
        Some(known) if known.items[0] == event => {}
        Some(known) => known.items.insert(0, event),
        None => stream.status.tags.push(StatusTag {
            tag: tag.to_owned(),
            items: vec![event],
            ..StatusTag::default()
        }),
    }
}

#[async_trait]
impl Streams for FakeStreams {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    async fn get(&self, name: &StreamName) -> Result<Option<ImageStream>> {
        Ok(self.state.lock().unwrap().streams.get(name).cloned())
    }

    async fn list(&self, namespace: Option<&Namespace>) -> Result<Listing> {
        let state = self.state.lock().unwrap();
        if let Some(why) = &state.broken {
            return Err(refusal(why));
        }
        let wanted = |name: &StreamName| namespace.is_none_or(|wanted| wanted == name.namespace());
        let streams = state.streams.iter().filter(|(name, _)| wanted(name)).map(|(_, s)| s.clone());
        Ok(Listing { streams: streams.collect(), unreadable: Vec::new() })
    }

    async fn import(&self, import: &ImageStreamImport) -> Result<ImageStreamImport> {
        let namespace = import.metadata.namespace.as_deref().unwrap().parse().unwrap();
        let name = StreamName::new(namespace, &import.metadata.name).unwrap();
        {
            let mut state = self.state.lock().unwrap();
            state.now += 1;
            state.begun.push(Instant::now());
            state.most = state.most.max(state.now);
        }
        tokio::time::sleep(self.takes).await;
        let mut state = self.state.lock().unwrap();
        state.now -= 1;
        state.imported.push(name.to_string());
        let mut answer = import.clone();
        let mut stream = state.streams[&name].clone();
        for image in &import.spec.images {
            let status = match state.served.get(&image.from.name) {
                Some(Ok(found)) => {
                    point(&mut stream, &image.to.as_ref().unwrap().name, found);
                    Status::success()
                }
                Some(Err(why)) if why == "whole" => return Err(refusal("the whole import failed")),
                other => Status {
                    status: "Failure".to_owned(),
                    message: other.map_or("not there", |why| why.as_ref().unwrap_err()).to_owned(),
                    ..Status::default()
                },
            };
            answer.status.images.push(ImageImportStatus { status, ..ImageImportStatus::default() });
        }
        state.streams.insert(name, stream.clone());
        answer.status.import = Some(stream);
        Ok(answer)
    }

    async fn set_tag(&self, _: &StreamTag, _: &SpecTag, _: Option<&str>) -> Result<ImageStream> {
        Err(refusal("not here"))
    }

    async fn set_repository(&self, _: &StreamName, _: &str) -> Result<ImageStream> {
        Err(refusal("not here"))
    }

    async fn delete_tag(&self, _: &StreamTag) -> Result<()> {
        Err(refusal("not here"))
    }

    async fn delete(&self, _: &StreamName) -> Result<()> {
        Err(refusal("not here"))
    }

    async fn replace_status(&self, _: &ImageStream) -> Result<()> {
        Err(refusal("not here"))
    }

    async fn image(&self, _: &str) -> Result<Option<Image>> {
        Ok(None)
    }

    async fn images(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn delete_images(&self, _: &[String]) -> Result<Vec<String>> {
        Err(refusal("not here"))
    }
}
