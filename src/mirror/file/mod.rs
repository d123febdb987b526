//! Mirror files: which images go where, for those who do not come from OpenShift, in YAML or JSON with `version: 1`.
//!
//! A file is read and checked with all that it includes ([`MirrorFile::read`]), and then says what a mapping file says
//! ([`MirrorFile::lines`]).

mod error;
mod image;
mod include;
mod merge;
mod mirror_file;
mod part;
mod settings;
mod tags;
mod written;

pub use error::FileError;
pub use include::Files;
pub use mirror_file::MirrorFile;
pub(crate) use part::refuse_nulls;
pub(crate) use settings::Placed;
pub use settings::{RegistrySettings, Said, Settings};
pub(crate) use written::{Defaults, FilePath, Mapping, Registry as RegistryFields};
