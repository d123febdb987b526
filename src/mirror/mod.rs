//! Which images go where: arguments and mapping files as `oc image mirror` reads them, with its traps repaired (mixed
//! forms are refused, any white space parts), mirror files ([`mod@file`]), and sets of images as oc-mirror reads them.
//!
//! Lines are read first, without asking anybody ([`from_arguments`], [`from_file`]). Then [`expand`] asks for the tags of
//! those that mean several images, and each image is a [`Mapping`].
//!
//! Nothing here knows registries or the terminal.

pub mod delete;
mod document;
mod expand;
mod failed;
pub mod file;
mod images;
mod lines;
mod mapping;
mod named;
pub mod outputs;
mod parsed;
mod part;
mod pinned;
mod place;
pub mod plan;
mod read;
pub mod release;
mod root;
pub mod set;
pub mod verify;

pub(crate) use document::Document;
pub use expand::{Expansion, Lost, expand};
pub use failed::{Failed, is_list_of_failures, to_mapping_file};
pub use images::{Images, NamePattern};
pub use lines::ListError;
pub use mapping::{Line, Mapping, MappingError, Position};
pub(crate) use named::{NameError, path_of, qualified};
pub(crate) use parsed::{Parsed, chain};
pub use part::{Parted, part_of_lines, part_of_mappings, units};
pub use pinned::PinnedSources;
pub use place::{Namespace, Place};
pub use read::{from_arguments, from_file};
pub use root::{Root, RootError};
