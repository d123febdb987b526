//! Opens the place of streams that the command line names; what the verbs for streams have in common.

use std::sync::Arc;

use anyhow::bail;
use longshore::imagestream::api::Time;
use longshore::imagestream::{
    Cluster, Error, ImageStream, Namespace, StreamName, StreamTag, Streams,
};
use longshore::kube::{self, Client};
use longshore::model::one_line;
use longshore::yaml;
use serde_json::Value;

use super::advised::Advised;
use crate::cli::Context;
use crate::cli::args::{ClusterOptions, Fetch, Keeper, Place, UsageError, View};

/// A place of streams that is open.
pub(super) struct Opened {
    pub(super) streams: Arc<dyn Streams>,
    /// The namespace that is meant where none is named.
    pub(super) namespace: Namespace,
    /// Whether a namespace was named.
    pub(super) is_named: bool,
    /// Whether it imports by itself what is set.
    pub(super) is_cluster: bool,
}

/// Opens a place to look at it and to change it; nothing is imported there.
pub(super) fn open(place: &Place, context: &Context) -> anyhow::Result<Opened> {
    match &place.keeper {
        Keeper::Cluster(options) => cluster(options, place, context),
        Keeper::Folder(_) => folder(),
    }
}

/// Opens a place where images are imported; a cluster asks registries by itself.
pub(super) fn open_to_import(
    place: &Place,
    _fetch: &Fetch,
    context: &Context,
) -> anyhow::Result<Opened> {
    match &place.keeper {
        Keeper::Cluster(options) => cluster(options, place, context),
        Keeper::Folder(_) => folder(),
    }
}

fn folder() -> anyhow::Result<Opened> {
    bail!(UsageError("streams in a folder are yet to come: use --cluster".to_owned()))
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
    Ok(Opened { streams, namespace, is_named, is_cluster: true })
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
        let there = self.streams.list(Some(name.namespace())).await.unwrap_or_default();
        let names: Vec<String> = there.into_iter().map(|stream| stream.metadata.name).collect();
        Advised::stream(name, &names, what)
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
