//! The text of a file that describes a set, with the places of what is in it.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::SetError;
use crate::mirror::Position;
use crate::yaml::{self, Document, Path};

/// A file that is one document.
pub(super) struct File<'a> {
    name: &'a str,
    text: &'a str,
    document: Option<Document>,
}

impl<'a> File<'a> {
    pub(super) fn read(name: &'a str, text: &'a str) -> Result<Self, SetError> {
        let wrong = |source| SetError::Document { file: name.to_owned(), source };
        // That there are several is told by the reader of a single one.
        yaml::read(text).map_err(wrong)?;
        let document = yaml::documents(text).map_err(wrong)?.into_iter().next();
        Ok(Self { name, text, document })
    }

    /// What it says; `null` when it says nothing.
    pub(super) fn value(&self) -> &Value {
        self.document.as_ref().map_or(&Value::Null, |document| &document.value)
    }

    /// What it says, as a `T`. A key without a value counts as not there, as in Kubernetes.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T, SetError> {
        let value = without_nulls(self.value().clone());
        yaml::typed(self.text, value)
            .map_err(|source| SetError::Document { file: self.name.to_owned(), source })
    }

    /// Where the value at `path` stands.
    pub(super) fn position(&self, path: &Path) -> Position {
        self.at(|document| document.place(self.text, path))
    }

    /// Where the key that ends `path` stands.
    pub(super) fn position_of_key(&self, path: &Path) -> Position {
        self.at(|document| document.place_of_key(self.text, path))
    }

    fn at(&self, place: impl FnOnce(&Document) -> yaml::Place) -> Position {
        let (line, column) =
            self.document.as_ref().map(place).map_or((1, 1), |place| (place.line, place.column));
        Position::File { file: self.name.to_owned(), line, column }
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
