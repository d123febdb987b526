//! One entry of `images`: what it means, and what becomes of it below a root.

use super::written::{Fields, Image};
use super::{FileError, tags};
use crate::mirror::Document;
use crate::mirror::named::{path_of, tag_of};
use crate::mirror::read::taking;
use crate::mirror::{Images, Line, NamePattern, Position, Root};
use crate::model::{Endpoint, PlatformFilter};
use crate::yaml::{Path, Step};

/// Images of one source, and what is wanted of them.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Never empty.
    sources: Vec<Images>,
    /// None for where the root is.
    destinations: Vec<Endpoint>,
    platforms: Option<Vec<PlatformFilter>>,
    pub(super) position: Position,
}

impl Entry {
    /// Reads the entry `index` of `file`.
    pub(super) fn read(image: Image, file: &Document<'_>, index: usize) -> Result<Self, FileError> {
        let Fields { source, tags, to, platforms } = image.0;
        let at = |step: &str| Path(vec!["images".into(), index.into(), step.into()]);
        let place = |step: &str, item: usize| {
            file.position(&Path([at(step).0, vec![Step::Index(item)]].concat()))
        };
        let source = source.0.0;
        let sources = match tags {
            None => vec![source.clone()],
            Some(tags) if tags.is_empty() => return Err(empty(file, at("tags"))),
            Some(tags) => {
                let tags: Vec<_> = tags.into_iter().map(|tag| tag.0).collect();
                let repository = repository(&source).ok_or_else(|| FileError::Tags {
                    position: file.position_of_key(&at("tags")),
                    image: source.to_string(),
                })?;
                tags::images(repository, &tags, |item| place("tags", item))?
            }
        };
        if to.as_ref().is_some_and(Vec::is_empty) {
            return Err(empty(file, at("to")));
        }
        let shape = match sources.as_slice() {
            [one] => one,
            _ => &source,
        };
        let targets = to.into_iter().flatten().enumerate();
        let destinations = targets.map(|(item, to)| taking(to.0, shape, &place("to", item)));
        Ok(Self {
            destinations: destinations.collect::<Result<_, _>>()?,
            platforms: platforms.map(|platforms| platforms.into_iter().map(|p| p.0).collect()),
            position: file.position(&at("source")),
            sources,
        })
    }

    /// Its lines, where images without a destination go below `root`, and `platforms` are wanted where it names none.
    pub(super) fn lines(
        &self,
        root: Option<&Root>,
        platforms: &[PlatformFilter],
    ) -> Result<Vec<Line>, FileError> {
        let line = |source: &Images| {
            Ok(Line {
                source: source.clone(),
                destinations: match self.destinations.as_slice() {
                    [] => vec![self.below(root, source)?],
                    named => named.to_vec(),
                },
                platforms: self.platforms.as_deref().unwrap_or(platforms).to_vec(),
                path: path_of(source.place()).filter(|_| self.destinations.is_empty()),
                position: self.position.clone(),
            })
        };
        self.sources.iter().map(line).collect()
    }

    /// Where `source` goes below `root`.
    fn below(&self, root: Option<&Root>, source: &Images) -> Result<Endpoint, FileError> {
        let (position, image) = (|| self.position.clone(), || source.to_string());
        let Some(root) = root else {
            return Err(FileError::Nowhere { position: position(), image: image() });
        };
        let Some(path) = path_of(source.place()) else {
            return Err(FileError::NoPath { position: position(), image: image() });
        };
        let endpoint = match source {
            Images::One(image) => root.endpoint(&path, &tag_of(image)),
            Images::Matching { .. } => root.repository(&path),
        };
        endpoint.map_err(|source| FileError::Destination {
            position: position(),
            image: image(),
            source,
        })
    }
}

/// The place that a source without a tag names.
fn repository(source: &Images) -> Option<&Endpoint> {
    match source {
        Images::Matching { place, names } if *names == NamePattern::all() => Some(place),
        Images::One(image) if image.is_repository() => Some(image),
        _ => None,
    }
}

fn empty(file: &Document<'_>, path: Path) -> FileError {
    FileError::Empty { position: file.position(&path), path }
}
