//! Image streams (`image.openshift.io/v1`): tags that are followed, and every image that each has pointed to.
//!
//! An import is three steps. [`ImageStreamImport`] says what is asked for, and is made from a stream and a person's
//! options without asking anyone. Something that asks registries fills in its status. The stream that follows from
//! both is made without asking anyone again. With a cluster its API server does the last two; without one, this
//! module does, and keeps streams in files. Both are [`Streams`].
//!
//! Nothing here knows HTTP, the engine that copies images, or the terminal.

mod alias;
pub mod api;
pub mod apply;
pub mod change;
mod cluster;
mod defaults;
pub mod describe;
pub mod export;
pub mod fetch;
pub mod files;
pub mod history;
pub mod image;
mod local;
mod name;
pub mod order;
pub mod prune;
mod pull_through;
mod refusal;
pub mod requests;
pub mod rollback;
mod streams;
pub mod tagging;
mod tags;
pub mod validate;

pub use alias::{AliasError, Followed, follow};
pub use api::{Image, ImageStream, ImageStreamImport};
pub use cluster::Cluster;
pub use defaults::with_defaults;
pub use files::Files;
pub use local::{Fetching, Local};
pub use name::{NameError, Namespace, StreamName, StreamTag};
pub use pull_through::{COPIED_TO, PULL_THROUGH, PullThrough, Wanted};
pub use streams::{Error, Listing, Result, Streams};
