//! What an API server says when it refuses (`metav1.Status`).

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::one_line;

/// A refusal, in the words of the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Why, for people.
    pub message: String,
    /// Why, for programs: `NotFound`, `Forbidden`, `Conflict`, `Invalid`, …
    pub reason: String,
    /// The HTTP status.
    pub code: u16,
    /// The whole object.
    pub object: Map<String, Value>,
}

#[derive(Deserialize)]
struct Head {
    kind: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Status {
    /// Reads the body of an answer with the status `code`; `None` when it is something else.
    pub(super) fn read(body: &[u8], code: u16) -> Option<Self> {
        let head: Head =
            serde_json::from_slice(body).ok().filter(|head: &Head| head.kind == "Status")?;
        let mut object: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let message = one_line(&head.message.unwrap_or_default(), 2000);
        object.insert("message".to_owned(), message.clone().into());
        object.insert("code".to_owned(), code.into());
        let reason = one_line(&head.reason.unwrap_or_default(), 80);
        Some(Self { message, reason, code, object })
    }

    /// Whether the object that was asked for is not there. An API that is not there says so of no object.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.reason == "NotFound" && !self.detail("name").is_empty()
    }

    /// Whether another write came between.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }

    fn detail(&self, key: &str) -> &str {
        let details = self.object.get("details");
        details.and_then(|details| details.get(key)?.as_str()).unwrap_or_default()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => write!(f, "the server answers {} ({})", self.code, self.reason),
            message => f.write_str(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_and_an_api_that_are_not_there_are_two_things() {
        let read = |text: &str| Status::read(text.as_bytes(), 404);
        let object = r#"{"kind":"Status","reason":"NotFound","message":"x \"a\" not\nfound","details":{"name":"a","kind":"x"}}"#;
        let found = read(object).unwrap();
        assert!(found.is_not_found());
        assert_eq!(found.to_string(), "x \"a\" not found");
        let api = r#"{"kind":"Status","reason":"NotFound","message":"the server could not find the requested resource","details":{}}"#;
        assert!(!read(api).unwrap().is_not_found());
        for other in ["404 page not found\n", r#"{"kind":"Pod"}"#, "<html>", "", "[]"] {
            assert!(read(other).is_none(), "{other}");
        }
    }
}
