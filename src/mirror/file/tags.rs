//! Which tags of a repository are wanted: `v1`, `v1.*`, `!v1.0*`.

use std::str::FromStr;

use super::FileError;
use crate::mirror::images::fits;
use crate::mirror::{Images, NamePattern, Position};
use crate::model::{Endpoint, RefName, ReferenceError, one_line};

/// One wish about tags.
#[derive(Clone, Debug)]
pub(super) enum TagWish {
    /// This one.
    Tag(RefName),
    /// Those that a pattern fits.
    Like(String),
    /// All but those that a pattern fits.
    Not(String),
}

impl FromStr for TagWish {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let pattern = text.strip_prefix('!').unwrap_or(text);
        // A pattern is a name in which stars stand for something.
        let name: RefName = pattern.replace('*', "x").parse()?;
        name.to_tag()?;
        Ok(match (text == pattern, pattern.contains('*')) {
            (true, false) => Self::Tag(name),
            (true, true) => Self::Like(pattern.to_owned()),
            (false, _) => Self::Not(pattern.to_owned()),
        })
    }
}

/// The images of the repository `place` that are wanted, where `position` tells where each wish stands. Tags that are
/// named are not looked for, so that one that is not there is missed.
pub(super) fn images(
    place: &Endpoint,
    wishes: &[TagWish],
    position: impl Fn(usize) -> Position,
) -> Result<Vec<Images>, FileError> {
    let not = |wish: &TagWish| match wish {
        TagWish::Not(pattern) => Some(pattern.clone()),
        TagWish::Tag(_) | TagWish::Like(_) => None,
    };
    let without: Vec<String> = wishes.iter().filter_map(not).collect();
    let like = |pattern: &str| Images::Matching {
        place: place.clone(),
        names: NamePattern::new(pattern).without(without.clone()),
    };
    if without.len() == wishes.len() {
        return Ok(vec![like("*")]);
    }
    let mut images = Vec::new();
    for (index, wish) in wishes.iter().enumerate() {
        match wish {
            TagWish::Tag(tag) => {
                if let Some(pattern) = without.iter().find(|pattern| fits(pattern, tag.as_str())) {
                    let (tag, pattern) = (tag.to_string(), one_line(pattern, 80));
                    return Err(FileError::LeftOut { position: position(index), tag, pattern });
                }
                let named = place.named(tag).map_err(|_| FileError::Tags {
                    position: position(index),
                    image: place.to_string(),
                })?;
                images.push(Images::One(named));
            }
            TagWish::Like(pattern) => images.push(like(pattern)),
            TagWish::Not(_) => {}
        }
    }
    Ok(images)
}
