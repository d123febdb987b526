//! `--apply-triggers PATH…`: Kubernetes manifests on disk follow the tags of streams.
//!
//! A manifest says by its annotation `image.openshift.io/triggers` which of its containers follow which tags, as it
//! does on a cluster. Here the file is changed: each such `image` becomes the tag's current pull spec. Nothing but the
//! bytes of that value changes, so formatting and comments stay; a file in which all is current is not touched.
//!
//! Any object may carry the annotation, alone, in a file of several documents, or in a `List`. All triggers are looked
//! at whose streams are known, whatever a run has changed: what an earlier run did not come to is done by the next.

mod annotation;
mod apply;
mod diff;
mod edit;
mod error;
mod files;

pub use apply::{FileReport, Mode, Options, Report, Waiting, apply};
pub use edit::Edit;
pub use error::Error;
pub use files::check;
