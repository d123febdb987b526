//! Mappings: one source and its destinations.

use std::fmt;
use std::path::Path;

use super::Images;
use crate::model::{Endpoint, EndpointError, PlatformFilter, RepositoryPath, one_line};

/// A mapping as it was written: its source may mean several images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The images to copy.
    pub source: Images,
    /// Where to, in the order given; never empty.
    pub destinations: Vec<Endpoint>,
    /// Which platforms of an index are wanted; all when empty.
    pub platforms: Vec<PlatformFilter>,
    /// What goes before the tags of its images in a layout, where names are whole.
    pub path: Option<RepositoryPath>,
    /// Where it stands.
    pub position: Position,
}

impl Line {
    /// The same, with folders of repositories (`file://`) in these places: for sources, and for destinations.
    #[must_use]
    pub fn below(self, from: &Path, to: &Path) -> Self {
        Self {
            source: self.source.below(from),
            destinations: self.destinations.into_iter().map(|place| place.below(to)).collect(),
            ..self
        }
    }

    /// The mapping of one of its images.
    #[must_use]
    pub fn mapping(&self, image: Endpoint) -> Mapping {
        let destinations = self.destinations.iter().map(|to| self.place(to, &image));
        Mapping {
            destinations: destinations.collect(),
            source: image,
            platforms: self.platforms.clone(),
            position: Some(self.position.clone()),
        }
    }

    /// Where `image` goes at `destination`.
    fn place(&self, destination: &Endpoint, image: &Endpoint) -> Endpoint {
        let whole = self.path.as_ref().zip(image.name());
        let whole = whole.and_then(|(path, tag)| format!("{path}:{tag}").parse().ok());
        match (destination, whole) {
            (Endpoint::Oci { dir, name: None }, Some(name)) => {
                Endpoint::Oci { dir: dir.clone(), name: Some(name) }
            }
            (other, _) => other.clone(),
        }
    }
}

/// One source and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The image to copy.
    pub source: Endpoint,
    /// Where to, in the order given; never empty.
    pub destinations: Vec<Endpoint>,
    /// Which platforms of an index are wanted; all when empty.
    pub platforms: Vec<PlatformFilter>,
    /// Where it stands in the input, if it comes from there.
    pub position: Option<Position>,
}

impl Mapping {
    /// `source` with all its platforms to `destinations`.
    #[must_use]
    pub fn new(source: Endpoint, destinations: Vec<Endpoint>) -> Self {
        Self { source, destinations, platforms: Vec::new(), position: None }
    }
}

/// Where in the input something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// An argument of the command line.
    Argument(String),
    /// A place in a mapping file. Lines and columns (in characters) count from 1.
    File {
        /// The file's name, `-` for standard input.
        file: String,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
}

impl Position {
    /// The place so many characters further on.
    #[must_use]
    pub(super) fn after(&self, characters: usize) -> Self {
        match self {
            Self::Argument(_) => self.clone(),
            Self::File { file, line, column } => {
                Self::File { file: file.clone(), line: *line, column: column + characters }
            }
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(text) => write!(f, "argument '{}'", one_line(text, 300)),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
        }
    }
}

/// Why a text is no mapping.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// One end of it is no endpoint.
    #[error("{position}")]
    Endpoint {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        #[source]
        source: EndpointError,
    },
    /// `A=B` next to `C D`.
    #[error("{position}: SRC=DST and SRC DST cannot be mixed: write one or the other")]
    Mixed {
        /// Where the first of another form stands.
        position: Position,
    },
    /// A source without a destination.
    #[error("{position}: a source needs a destination, as in SRC=DST or SRC DST")]
    NoDestination {
        /// Where the source stands.
        position: Position,
    },
    /// `SRC=` or `=DST`.
    #[error("{position}: nothing stands on one side of '='")]
    HalfEmpty {
        /// Where it stands.
        position: Position,
    },
    /// A `*` that is not in the tag of a source.
    #[error("{position}: a wildcard can stand in the tag of a source only")]
    Wildcard {
        /// Where it stands.
        position: Position,
    },
    /// Several images for a place that holds one.
    #[error(
        "{position}: when source contains wildcards, the destination must be a repository: {source_images} goes to {destination}"
    )]
    OnePlace {
        /// Where it stands.
        position: Position,
        /// The images.
        source_images: Box<Images>,
        /// The place.
        destination: Box<Endpoint>,
    },
    /// A destination with a digest: an image has the digest that it has.
    #[error(
        "{position}: a destination has no digest: specify a tag, or leave it out to push by digest only"
    )]
    ToDigest {
        /// Where it stands.
        position: Position,
    },
    /// An image that goes to itself.
    #[error("{}{image} is both source and destination", at(position.as_ref()))]
    Itself {
        /// Where it stands.
        position: Option<Position>,
        /// The image.
        image: Box<Endpoint>,
    },
    /// Two images that go to one place.
    #[error("{}{destination} is named as a destination twice{}", at(position.as_ref()), before(first.as_ref()))]
    Twice {
        /// Where the second stands.
        position: Option<Position>,
        /// The place.
        destination: Box<Endpoint>,
        /// Where the first stands.
        first: Option<Position>,
    },
}

fn at(position: Option<&Position>) -> String {
    position.map_or_else(String::new, |position| format!("{position}: "))
}

fn before(first: Option<&Position>) -> String {
    first.map_or_else(String::new, |first| format!(", before by {first}"))
}
