//! Texts in a document that are values of other types: what is wrong with one is told with its place.

use std::error::Error;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

/// A `T` that is written as a text.
#[derive(Clone, Debug)]
pub(crate) struct Parsed<T>(pub(crate) T);

impl<'de, T> Deserialize<'de> for Parsed<T>
where
    T: FromStr,
    T::Err: Error,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|error: T::Err| D::Error::custom(chain(&error)))
    }
}

/// An error and its causes: a place in a document has room for one message.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
