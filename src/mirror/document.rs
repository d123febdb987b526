//! The text of a file that is one document, with the places of what is in it.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Position;
use crate::yaml::{self, Error, Path};

/// A file that is one document.
pub(crate) struct Document<'a> {
    name: &'a str,
    text: &'a str,
    document: Option<yaml::Document>,
}

impl<'a> Document<'a> {
    pub(crate) fn read(name: &'a str, text: &'a str) -> Result<Self, Error> {
        // That there are several is told by the reader of a single one.
        yaml::read(text)?;
        let document = yaml::documents(text)?.into_iter().next();
        Ok(Self { name, text, document })
    }

    /// What it says; `null` when it says nothing.
    pub(crate) fn value(&self) -> &Value {
        self.document.as_ref().map_or(&Value::Null, |document| &document.value)
    }

    /// What it says, or what was made of that, as a `T`.
    pub(crate) fn typed<T: DeserializeOwned>(&self, value: Value) -> Result<T, Error> {
        yaml::typed(self.text, value)
    }

    /// Where the value at `path` stands.
    pub(crate) fn position(&self, path: &Path) -> Position {
        self.at(|document| document.place(self.text, path))
    }

    /// Where the key that ends `path` stands.
    pub(crate) fn position_of_key(&self, path: &Path) -> Position {
        self.at(|document| document.place_of_key(self.text, path))
    }

    /// What is wrong with the value at `path`.
    pub(crate) fn wrong(&self, path: &Path, message: &str) -> Error {
        yaml::wrong(self.text, path, message)
    }

    /// The same of the key that ends `path`.
    pub(crate) fn wrong_key(&self, path: &Path, message: &str) -> Error {
        yaml::wrong_key(self.text, path, message)
    }

    /// What it says, with every scalar as it is written.
    pub(crate) fn texts(&self) -> Result<Value, Error> {
        yaml::texts(self.text)
    }

    fn at(&self, place: impl FnOnce(&yaml::Document) -> yaml::Place) -> Position {
        let (line, column) =
            self.document.as_ref().map(place).map_or((1, 1), |place| (place.line, place.column));
        Position::File { file: self.name.to_owned(), line, column }
    }
}
