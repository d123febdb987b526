//! Opens the place of streams that the command line names; what the verbs for streams have in common.

use std::path::Path;
use std::sync::Arc;

use longshore::imagestream::api::Time;
use longshore::imagestream::files::Files;
use longshore::imagestream::requests::requests;
use longshore::imagestream::{
    Cluster, Error, Fetching, ImageStream, ImageStreamImport, Local, Namespace, PullThrough,
    StreamName, StreamTag, Streams,
};
use longshore::kube::{self, Client};
use longshore::model::one_line;
use longshore::ops;
use longshore::yaml;
use serde_json::Value;

use super::advised::Advised;
use super::folder;
use crate::cli::Context;
use crate::cli::args::{
    ClusterOptions, Fetch, ImportRequest, Keeper, Limit, Login, Place, TagRequest, View, Wanted,
};

/// A place of streams that is open.
pub(super) struct Opened {
    pub(super) streams: Arc<dyn Streams>,
    /// The namespace that is meant where none is named.
    pub(super) namespace: Namespace,
    /// Whether a namespace was named.
    pub(super) is_named: bool,
    /// The flags that name it again, each with a space before it.
    pub(super) flags: String,
    /// Whether it imports by itself what is set.
    pub(super) is_cluster: bool,
    /// Copies image data along with an import, and tells of it.
    pub(super) copies: Option<Arc<ops::PullThrough>>,
}

/// Opens a place to look at it and to change it; nothing is imported there.
pub(super) fn open(place: &Place, context: &Context) -> anyhow::Result<Opened> {
    match &place.keeper {
        Keeper::Cluster(options) => cluster(options, place, context),
        Keeper::Folder(dir) => {
            let registries = folder::registries(&Fetch::default(), &[], context)?;
            let fetching = folder::fetching(registries, Limit::default());
            folder(open_files(dir.as_deref(), context)?, fetching, place)
        }
    }
}

/// Opens a place where images are imported; a cluster asks registries by itself.
pub(super) fn open_to_tag(request: &TagRequest, context: &Context) -> anyhow::Result<Opened> {
    let TagRequest { place, fetch, image, .. } = request;
    match &place.keeper {
        Keeper::Cluster(options) => cluster(options, place, context),
        Keeper::Folder(dir) => {
            let registries = folder::registries(fetch, image.as_slice(), context)?;
            let fetching = folder::fetching(registries, Limit::default());
            let files = open_files(dir.as_deref(), context)?;
            folder(files, folder::with_progress(fetching, context), place)
        }
    }
}

/// Opens a place where images are imported, and perhaps copied.
pub(super) fn open_to_import(request: &ImportRequest, context: &Context) -> anyhow::Result<Opened> {
    let ImportRequest { place, fetch, limit, .. } = request;
    let dir = match &place.keeper {
        Keeper::Cluster(options) => return cluster(options, place, context),
        Keeper::Folder(dir) => dir.as_deref(),
    };
    let files = open_files(dir, context)?;
    let registries = folder::registries(fetch, &images(request, &files)?, context)?;
    let copies = folder::pull_through(request, &registries, context)?;
    let fetching = Fetching {
        pull_through: copies.clone().map(|copies| copies as Arc<dyn PullThrough>),
        ..folder::fetching(registries, *limit)
    };
    let fetching = match request.wanted.is_endless() {
        true => fetching,
        false => folder::with_progress(fetching, context),
    };
    Ok(Opened { copies, ..folder(files, fetching, place)? })
}

/// The images and repositories that an import asks for, as far as a login from the command line is for them.
fn images(request: &ImportRequest, files: &Files) -> anyhow::Result<Vec<String>> {
    let Wanted::One { stream, options } = &request.wanted else { return Ok(Vec::new()) };
    if request.fetch.access.login == Login::Stored {
        return Ok(Vec::new());
    }
    let name = StreamName::new(request.place.namespace.clone().unwrap_or_default(), stream)?;
    let stored = files.get(&name)?;
    let Ok(import) = requests(&name, stored.as_ref(), options) else {
        // Why nothing can be asked for is told by the import.
        return Ok(options.from.iter().chain(&options.source).cloned().collect());
    };
    let spec = import.request.spec;
    let repository = spec.repository.map(|repository| repository.from.name);
    Ok(spec.images.into_iter().map(|image| image.from.name).chain(repository).collect())
}

fn open_files(dir: Option<&Path>, context: &Context) -> anyhow::Result<Files> {
    Ok(Files::open(&ops::stream_store(dir, Path::new(""), &context.env)?)?)
}

fn folder(files: Files, fetching: Fetching, place: &Place) -> anyhow::Result<Opened> {
    Ok(Opened {
        streams: Arc::new(Local::new(files, fetching)),
        namespace: place.namespace.clone().unwrap_or_default(),
        is_named: place.namespace.is_some(),
        flags: place.flags(),
        is_cluster: false,
        copies: None,
    })
}

fn cluster(options: &ClusterOptions, place: &Place, context: &Context) -> anyhow::Result<Opened> {
    let options = kube::Options {
        context: options.context.clone(),
        kubeconfig: options.kubeconfig.clone(),
        timeout: options.timeout.filter(|time| !time.is_zero()),
        ..kube::Options::default()
    };
    let client = Client::new(&context.env, &options)?;
    let namespace = match (&place.namespace, client.namespace()) {
        (Some(namespace), _) => namespace.clone(),
        (None, Some(namespace)) => namespace.parse()?,
        (None, None) => Namespace::default(),
    };
    Ok(Opened {
        streams: Arc::new(Cluster::new(client)),
        namespace,
        is_named: place.namespace.is_some(),
        flags: place.flags(),
        is_cluster: true,
        copies: None,
    })
}

impl Opened {
    /// The stream that a person calls `name`.
    pub(super) fn name(&self, name: &str) -> anyhow::Result<StreamName> {
        Ok(StreamName::new(self.namespace.clone(), name)?)
    }

    /// The tag that a person calls `text`.
    pub(super) fn tag(&self, text: &str) -> anyhow::Result<StreamTag> {
        Ok(StreamTag::parse(text, &self.namespace)?)
    }

    /// A stream that has to be there.
    pub(super) async fn stream(&self, name: &StreamName) -> anyhow::Result<ImageStream> {
        match self.streams.get(name).await? {
            Some(stream) => Ok(stream),
            None => Err(self
                .unknown(name, format!("no image stream named {:?} exists", name.name()))
                .await
                .into()),
        }
    }

    /// Says which tags there are when it is one that is not there.
    pub(super) async fn explain(&self, error: Error, tag: &StreamTag) -> anyhow::Error {
        if !is_not_found(&error) {
            return error.into();
        }
        match self.streams.get(&tag.stream).await {
            Ok(Some(stream)) => Advised::tag(tag.tag.as_str(), &stream, error.to_string()).into(),
            _ => self.unknown(&tag.stream, error.to_string()).await.into(),
        }
    }

    /// That a stream is not there, and which ones are.
    pub(super) async fn unknown(&self, name: &StreamName, what: String) -> Advised {
        Advised::stream(name, self.names(name.namespace()).await.as_deref(), what)
    }

    /// The names of the streams of a namespace, when they can be seen.
    pub(super) async fn names(&self, namespace: &Namespace) -> Option<Vec<String>> {
        let there = self.streams.list(Some(namespace)).await.ok()?.whole().ok()?;
        Some(there.into_iter().map(|stream| stream.metadata.name).collect())
    }

    /// An answer as a document.
    pub(super) fn answer(&self, answer: &ImageStreamImport) -> anyhow::Result<Value> {
        let mut answer = answer.clone();
        if !self.is_cluster {
            answer.metadata.resource_version = None;
        }
        Ok(serde_json::to_value(answer)?)
    }

    /// A stream as a document. In a folder nothing counts versions: what tells one file from another is not its.
    pub(super) fn value(&self, stream: &ImageStream) -> anyhow::Result<Value> {
        let mut stream = stream.clone();
        // Inside another object it does not say what it is.
        let ImageStream { api_version, kind, .. } = ImageStream::new("", "");
        (stream.api_version, stream.kind) = (api_version, kind);
        if !self.is_cluster {
            stream.metadata.resource_version = None;
        }
        Ok(serde_json::to_value(stream)?)
    }
}

fn is_not_found(error: &Error) -> bool {
    match error {
        Error::NoStream(_) | Error::NoTag(_) => true,
        Error::Status(status) => status.reason == "NotFound",
        _ => false,
    }
}

/// The present moment.
pub(super) fn now() -> Time {
    Time::new(jiff::Timestamp::now())
}

/// Prints an object as YAML or JSON.
pub(super) fn document(object: &Value, view: View, context: &Context) -> anyhow::Result<()> {
    match view {
        View::Json => context.output.json(object)?,
        _ => context.output.bytes(yaml::write(object).as_bytes())?,
    }
    Ok(())
}

/// A digest as people tell them apart: `sha256:` and twelve characters.
pub(super) fn short(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() > 12 && hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{algorithm}:{}", &hex[..12])
        }
        _ => one_line(digest, 300),
    }
}
