//! What can be wrong with a mirror file.

use std::io;
use std::path::PathBuf;

use super::include::{MAX_DEPTH, MAX_FILES};
use crate::mirror::{MappingError, Position};
use crate::model::ReferenceError;
use crate::yaml;

/// What can be wrong with a mirror file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file is no document, or not of the form that it should have.
    #[error("{file}:{}: not a mirror file that can be read", source.place())]
    Document {
        /// The file's name, `-` for standard input.
        file: String,
        /// Where and why.
        #[source]
        source: yaml::Error,
    },
    /// The document does not say that it is a mirror file of a form that is known.
    #[error(
        "{position}: version is {found} where 1 belongs: a mirror file has 'version: 1', an ImageSetConfiguration kind and apiVersion"
    )]
    Version {
        /// Where it stands.
        position: Position,
        /// What it is.
        found: String,
    },
    /// A key without a value.
    #[error("{position}: {path} has no value: give it one, or leave it out")]
    NoValue {
        /// Where it stands.
        position: Position,
        /// The way to it.
        path: yaml::Path,
    },
    /// A list that would have to name something.
    #[error("{position}: {path} is empty: name one, or leave it out")]
    Empty {
        /// Where it stands.
        position: Position,
        /// The way to it.
        path: yaml::Path,
    },
    /// Tags of what is no repository, or names a tag already.
    #[error(
        "{position}: tags are those of a repository, and the source is {image}: write one or the other"
    )]
    Tags {
        /// Where they stand.
        position: Position,
        /// The source.
        image: String,
    },
    /// A tag that is wanted and not wanted.
    #[error("{position}: the tag '{tag}' is wanted, and left out by '!{pattern}'")]
    LeftOut {
        /// Where it stands.
        position: Position,
        /// The tag.
        tag: String,
        /// The pattern.
        pattern: String,
    },
    /// A name of a registry that is none.
    #[error("{position}: a registry is named by its host, as in quay.io or localhost:5000")]
    Registry {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
    /// Two names of one registry.
    #[error(
        "{position}: '{name}' is {registry}, which is there already: write all settings of it in one place"
    )]
    SameRegistry {
        /// Where it stands.
        position: Position,
        /// The name.
        name: String,
        /// The registry.
        registry: String,
    },
    /// A setting of TLS for a registry without.
    #[error(
        "{position}: {field} is for TLS, and {registry} has 'plain-http: true': leave out one of them"
    )]
    WithoutTls {
        /// Where it stands.
        position: Position,
        /// The setting.
        field: &'static str,
        /// The registry.
        registry: String,
    },
    /// The address of lists, and nothing that tells which.
    #[error(
        "{position}: listing-url is where the lists of 'listing: quay' or 'docker-hub' are: write which"
    )]
    NoListing {
        /// Where it stands.
        position: Position,
    },
    /// Lists that would come from elsewhere without TLS.
    #[error(
        "{position}: listing-url is plain HTTP: write https, or 'plain-http: true' for {registry} if it has no TLS either"
    )]
    ListingWithoutTls {
        /// Where it stands.
        position: Position,
        /// The registry.
        registry: String,
    },
    /// A file that is named and cannot be read.
    #[error("{position}: cannot read {}", path.display())]
    Unreadable {
        /// Where it is named.
        position: Position,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A path that names no file.
    #[error("{position}: a file is named, with * in the last part of its path for several")]
    Include {
        /// Where it stands.
        position: Position,
    },
    /// A pattern for files that fits none.
    #[error("{position}: no file is there for '{pattern}'")]
    NoFile {
        /// Where it stands.
        position: Position,
        /// The pattern.
        pattern: String,
    },
    /// A file that would be part of itself.
    #[error("{position}: {} is included by what it includes itself", path.display())]
    Cycle {
        /// Where it is included again.
        position: Position,
        /// The file.
        path: PathBuf,
    },
    /// More files than anybody would write.
    #[error(
        "{position}: too many files, or too deep: {MAX_FILES} files make one at most, {MAX_DEPTH} deep"
    )]
    TooMany {
        /// Where the next is included.
        position: Position,
    },
    /// Two included files that say different things.
    #[error("{position}: {first} says another: say which one holds in the file that includes both")]
    Disagree {
        /// Where one stands.
        position: Position,
        /// Where the other stands.
        first: Position,
    },
    /// An image without a destination.
    #[error("{position}: {image} goes nowhere: say 'to' of it, or 'root' for all, or give a ROOT")]
    Nowhere {
        /// Where it stands.
        position: Position,
        /// The image.
        image: String,
    },
    /// An image whose name below a root is not known.
    #[error("{position}: {image} has no name below a root: say by 'to' where it goes")]
    NoPath {
        /// Where it stands.
        position: Position,
        /// The image.
        image: String,
    },
    /// The name of an image becomes too long below the root.
    #[error("{position}: {image} gets no name below the root")]
    Destination {
        /// Where it stands.
        position: Position,
        /// The image.
        image: String,
        /// What is wrong with the name that it would get.
        #[source]
        source: ReferenceError,
    },
    /// A destination that cannot take what goes there.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// There is nothing to do.
    #[error("{file} names no image")]
    Nothing {
        /// The file's name.
        file: String,
    },
}
