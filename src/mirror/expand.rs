//! From lines to single images: places are asked which names they have.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::{Images, Line, Mapping, NamePattern};
use crate::model::{Endpoint, RefName};
use crate::store::{Error, Open};
use crate::transfer::ResolveError;

/// How many places are asked at once.
const PARALLEL: usize = 8;
/// How many names a message shows.
const SHOWN: usize = 20;

/// What lines come to.
#[derive(Debug, Default)]
pub struct Expansion {
    /// One for each image, in the order of the lines; those of one line in the order of their names.
    pub mappings: Vec<Mapping>,
    /// Lines of which no image is known.
    pub lost: Vec<Lost>,
}

/// A line whose images could not be found out, or that has none.
#[derive(Debug)]
pub struct Lost {
    /// The line.
    pub line: Line,
    /// Why.
    pub error: Arc<ResolveError>,
}

/// The names in one place, or why they cannot be had.
type Names = Result<Vec<RefName>, Arc<ResolveError>>;

/// Finds out which images `lines` mean. Each place is asked for its names once. A line without any image does not stop
/// the others. What several lines mean that stand at one place is there once.
pub async fn expand(open: &dyn Open, lines: Vec<Line>) -> Expansion {
    let mut places: Vec<&Endpoint> = Vec::new();
    for line in &lines {
        if let Images::Matching { place, .. } = &line.source
            && !places.contains(&place)
        {
            places.push(place);
        }
    }
    let questions: Vec<_> = places.iter().map(|place| names(open, place)).collect();
    let answers: Vec<Names> = stream::iter(questions).buffered(PARALLEL).collect().await;
    let known: Vec<(Endpoint, Names)> = places.into_iter().cloned().zip(answers).collect();
    let mut expansion = Expansion::default();
    let mut taken: HashSet<Endpoint> = HashSet::new();
    let mut position = None;
    for line in lines {
        if position.replace(line.position.clone()).as_ref() != Some(&line.position) {
            taken.clear();
        }
        match images(&line.source, &known) {
            Ok(mut images) => {
                images.retain(|image| taken.insert(image.clone()));
                expansion.mappings.extend(images.into_iter().map(|image| line.mapping(image)));
            }
            Err(error) => expansion.lost.push(Lost { line, error }),
        }
    }
    expansion
}

async fn names(open: &dyn Open, place: &Endpoint) -> Names {
    let names = async { open.source(place).await?.names().await };
    names.await.map_err(|error| Arc::new(ResolveError::of_image(error)))
}

fn images(
    source: &Images,
    known: &[(Endpoint, Names)],
) -> Result<Vec<Endpoint>, Arc<ResolveError>> {
    match source {
        Images::One(image) => Ok(vec![image.clone()]),
        Images::Matching { place, names } => {
            let asked = known.iter().find(|(known, _)| known == place).map(|(_, names)| names);
            let there = asked.cloned().unwrap_or_else(|| Ok(Vec::new()))?;
            matching(place, names, &there).map_err(|error| Arc::new(ResolveError::of_image(error)))
        }
    }
}

/// Those of the images that are `there` whose names match. What a registry lists that is no tag is left out.
fn matching(
    place: &Endpoint,
    pattern: &NamePattern,
    there: &[RefName],
) -> Result<Vec<Endpoint>, Error> {
    let matching = there.iter().filter(|name| pattern.matches(name));
    let images: Vec<Endpoint> = matching.filter_map(|name| place.named(name).ok()).collect();
    if !images.is_empty() {
        return Ok(images);
    }
    let all = *pattern == NamePattern::all();
    let what = if all { "a tag".to_owned() } else { format!("a tag that matches '{pattern}'") };
    Err(Error::NotFound { what, place: place.to_string(), source: Some(listed(there).into()) })
}

/// `it has v1, v2, v3`.
fn listed(names: &[RefName]) -> String {
    if names.is_empty() {
        return "it has none".to_owned();
    }
    let shown: Vec<&str> = names.iter().take(SHOWN).map(RefName::as_str).collect();
    match names.len() - shown.len() {
        0 => format!("it has {}", shown.join(", ")),
        more => format!("it has {} and {more} others", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn choose(source: &str, there: &[&str]) -> Result<Vec<String>, Error> {
        let Images::Matching { place, names } = source.parse().unwrap() else { panic!("{source}") };
        let there: Vec<RefName> = there.iter().map(|name| name.parse().unwrap()).collect();
        let images = matching(&place, &names, &there)?;
        Ok(images.iter().map(Endpoint::to_string).collect())
    }

    #[test]
    fn tags_that_match_become_images() {
        let there = ["latest", "v1.0", "v1.1", "v2.0"];
        assert_eq!(choose("q.io/a:v1.*", &there).unwrap(), ["q.io/a:v1.0", "q.io/a:v1.1"]);
        assert_eq!(choose("q.io/a", &there).unwrap().len(), 4);
        assert_eq!(choose("q.io/a", &["no+tag", "v1"]).unwrap(), ["q.io/a:v1"]);
        assert_eq!(choose("oci:d:v2*", &there).unwrap(), ["oci:d:v2.0"]);
    }

    #[test]
    fn nothing_that_matches_is_told_with_what_there_is() {
        let many: Vec<String> = (10..35).map(|number| format!("v{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (there, told) in [
            (&[][..], "it has none"),
            (&["latest", "v1"], "it has latest, v1"),
            (&many, "v28, v29 and 5 others"),
        ] {
            let error = choose("q.io/a:w*", there).unwrap_err();
            assert_eq!(error.to_string(), "a tag that matches 'w*' is not in q.io/a");
            assert!(error.is_not_found());
            let cause = error.source().unwrap().to_string();
            assert!(cause.ends_with(told), "{cause}");
        }
        assert_eq!(choose("q.io/a", &[]).unwrap_err().to_string(), "a tag is not in q.io/a");
    }
}
