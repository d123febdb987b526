//! Opens the endpoints that are on this machine.

use std::sync::Arc;

use super::archive::{self, ArchiveSink, ArchiveSource};
use super::bundle::{BundleOptions, BundleReader, BundleWriter};
use super::dir::ImageDir;
use super::file::blocking;
use super::oc_folder::OcFolder;
use super::{Error, Layout, Result, Sink, Source, Store, WriteOptions};
use crate::model::Endpoint;

/// Opens `endpoint` for reading.
///
/// # Errors
/// When it is not there, is not what its transport says, or is on a registry.
pub async fn open_source(endpoint: &Endpoint) -> Result<Arc<dyn Source>> {
    let endpoint = endpoint.clone();
    blocking(move || {
        let source: Arc<dyn Source> = match &endpoint {
            Endpoint::Registry(_) => return Err(not_local(&endpoint)),
            Endpoint::Oci { dir, .. } => Arc::new(Layout::open(dir)?),
            Endpoint::OciArchive { file, .. } => Arc::new(ArchiveSource::open_oci(file)?),
            Endpoint::DockerArchive { file, .. } => Arc::new(ArchiveSource::open_docker(file)?),
            Endpoint::Dir(dir) => Arc::new(ImageDir::open(dir)?),
            Endpoint::File { root, repository, .. } => {
                Arc::new(OcFolder::open(root, repository.clone())?)
            }
            Endpoint::Bundle { dir, name } => {
                let repository = name.as_ref().map(|name| name.path.clone());
                BundleReader::open(dir)?.repository(repository)
            }
        };
        Ok(source)
    })
    .await
}

/// Opens `endpoint` for writing: a folder is made with the first thing put into it, a file is replaced when the writing
/// is finished.
///
/// # Errors
/// When it cannot be made, holds something else, or is on a registry.
pub async fn open_sink(endpoint: &Endpoint, options: WriteOptions) -> Result<Arc<dyn Sink>> {
    let endpoint = endpoint.clone();
    blocking(move || {
        let sink: Arc<dyn Sink> = match &endpoint {
            Endpoint::Registry(_) => return Err(not_local(&endpoint)),
            Endpoint::Oci { dir, .. } => Arc::new(Layout::create_on_write(dir, options)?),
            Endpoint::OciArchive { file, .. } => {
                Arc::new(ArchiveSink::create(file, &archive::OCI, options.durability)?)
            }
            Endpoint::DockerArchive { file, .. } => {
                Arc::new(ArchiveSink::create(file, &archive::DOCKER, options.durability)?)
            }
            Endpoint::Dir(dir) => Arc::new(ImageDir::create(dir, options.durability)?),
            Endpoint::File { root, repository, .. } => {
                Arc::new(OcFolder::create(root, repository.clone(), options)?)
            }
            Endpoint::Bundle { dir, name } => {
                BundleWriter::open(dir, options, &BundleOptions::default())?
                    .repository_of(name.as_ref())?
            }
        };
        Ok(sink)
    })
    .await
}

/// Opens `endpoint` to look after it.
///
/// # Errors
/// When it is not there, is not what its transport says, or is on a registry.
pub async fn open_store(endpoint: &Endpoint) -> Result<Arc<dyn Store>> {
    let endpoint = endpoint.clone();
    blocking(move || {
        let store: Arc<dyn Store> = match &endpoint {
            Endpoint::Oci { dir, .. } => Arc::new(Layout::open(dir)?),
            Endpoint::OciArchive { file, .. } => Arc::new(ArchiveSource::open_oci(file)?),
            Endpoint::DockerArchive { file, .. } => Arc::new(ArchiveSource::open_docker(file)?),
            Endpoint::Dir(dir) => Arc::new(ImageDir::open(dir)?),
            Endpoint::File { root, repository, .. } => {
                Arc::new(OcFolder::open(root, repository.clone())?)
            }
            Endpoint::Bundle { dir, name } => {
                let repository = name.as_ref().map(|name| name.path.clone());
                BundleReader::open(dir)?.repository(repository)
            }
            Endpoint::Registry(_) => return Err(not_local(&endpoint)),
        };
        Ok(store)
    })
    .await
}

fn not_local(endpoint: &Endpoint) -> Error {
    Error::Unsupported { place: endpoint.to_string(), why: "is not on this machine" }
}
