//! Opens the place of streams that the command line names; what the verbs for streams have in common.

use std::path::Path;
use std::sync::Arc;

use longshore::imagestream::api::Time;
use longshore::imagestream::files::Files;
use longshore::imagestream::{
    Cluster, Error, Fetching, ImageStream, Local, Namespace, PullThrough, StreamName, StreamTag,
    Streams,
};
use longshore::kube::{self, Client};
use longshore::model::one_line;
use longshore::ops;
use longshore::yaml;
use serde_json::Value;

use super::advised::Advised;
use super::folder;
use crate::cli::Context;
use crate::cli::args::{ClusterOptions, Fetch, ImportRequest, Keeper, Limit, Place, View};

/// A place of streams that is open.
pub(super) struct Opened {
    pub(super) streams: Arc<dyn Streams>,
    /// The namespace that is meant where none is named.
    pub(super) namespace: Namespace,
    /// Whether a namespace was named.
    pub(super) is_named: bool,
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
            let registries = folder::registries(&Fetch::default(), None, context)?;
            folder(dir.as_deref(), folder::fetching(registries, Limit::default()), place, context)
        }
    }
}

/// Opens a place where images are imported; a cluster asks registries by itself. `source` is one of them.
pub(super) fn open_to_tag(
    place: &Place,
    fetch: &Fetch,
    source: Option<&str>,
    context: &Context,
) -> anyhow::Result<Opened> {
    match &place.keeper {
        Keeper::Cluster(options) => cluster(options, place, context),
        Keeper::Folder(dir) => {
            let registries = folder::registries(fetch, source, context)?;
            let fetching = folder::fetching(registries, Limit::default());
            folder(dir.as_deref(), folder::told(fetching, context), place, context)
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
    let registries = folder::registries(fetch, request.wanted.source(), context)?;
    let copies = folder::pull_through(request, &registries, context)?;
    let fetching = folder::told(folder::fetching(registries, *limit), context);
    let fetching = Fetching {
        pull_through: copies.clone().map(|copies| copies as Arc<dyn PullThrough>),
        ..fetching
    };
    Ok(Opened { copies, ..folder(dir, fetching, place, context)? })
}

fn folder(
    dir: Option<&Path>,
    fetching: Fetching,
    place: &Place,
    context: &Context,
) -> anyhow::Result<Opened> {
    let files = Files::open(&ops::stream_store(dir, Path::new(""), &context.env)?)?;
    Ok(Opened {
        streams: Arc::new(Local::new(files, fetching)),
        namespace: place.namespace.clone().unwrap_or_default(),
        is_named: place.namespace.is_some(),
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
    let is_named = place.namespace.is_some();
    let streams = Arc::new(Cluster::new(client));
    Ok(Opened { streams, namespace, is_named, is_cluster: true, copies: None })
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
        Advised::stream(name, &self.names(name.namespace()).await, what)
    }

    /// The names of the streams of a namespace; none when they cannot be seen.
    pub(super) async fn names(&self, namespace: &Namespace) -> Vec<String> {
        let there = self.streams.list(Some(namespace)).await.unwrap_or_default();
        there.into_iter().map(|stream| stream.metadata.name).collect()
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
