//! Images in one tar file: an OCI image layout (`oci-archive:`), or what `docker save` writes and `docker load` reads
//! (`docker-archive:`), which since version 25 is a layout too, with a `manifest.json` beside `index.json`.
//!
//! Nothing is unpacked: a blob is a part of the file.

mod docker;
mod legacy;
mod sink;
mod source;
mod tar_read;
mod tar_write;

pub(super) use sink::ArchiveSink;
pub(super) use source::ArchiveSource;
pub(super) use tar_write::{BLOCK, END, header};

use std::collections::HashMap;

use super::Result;
use super::layout::Index;
use crate::model::{Digest, Manifest, RefName};

/// A file to be written into an archive: path and content.
type SmallFile = (String, Vec<u8>);

/// The manifests that were put into an archive.
type Manifests = HashMap<Digest, Manifest>;

/// What tells the two kinds of archive apart.
pub(super) struct Format {
    /// The transport, as it stands before the colon.
    pub(super) transport: &'static str,
    /// The name that an image has in the archive when it was given this one.
    name: fn(&RefName) -> RefName,
    /// The files beside the layout's own; may change what `index.json` says.
    extra: fn(&mut Index, &Manifests, &str) -> Result<Vec<SmallFile>>,
}

/// `oci-archive:`.
pub(super) const OCI: Format =
    Format { transport: "oci-archive", name: Clone::clone, extra: |_, _, _| Ok(Vec::new()) };

/// `docker-archive:`.
pub(super) const DOCKER: Format =
    Format { transport: "docker-archive", name: docker::canonical, extra: docker::describe };

fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}
