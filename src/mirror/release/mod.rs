//! Releases of OpenShift and OKD: which there are, by the answer of an update service, and which images belong to one, by
//! its payload.

mod graph;
mod payload;
mod signature;
mod tar_scan;

pub use graph::{Graph, GraphError, Node, UpgradePath};
pub use payload::{Component, Release, ReleaseError, read};
pub use signature::{ReleaseSignature, SignatureError};
pub use tar_scan::LayerError;
