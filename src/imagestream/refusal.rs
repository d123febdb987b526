//! Refusals in the words of the API: `metav1.Status` as an API server makes it.
//!
//! Source: apimachinery, `pkg/api/errors/errors.go` and `pkg/util/validation/field/errors.go`.

use serde_json::{Map, Value, json};

use super::api::{Fields, Status, StatusDetails};

const GROUP: &str = "image.openshift.io";

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    field: String,
    reason: &'static str,
    message: String,
}

impl FieldError {
    /// The field has a value that it may not have.
    pub(super) fn invalid(field: impl Into<String>, value: &str, why: &str) -> Self {
        Self::invalid_value(field, &format!("{value:?}"), why)
    }

    /// The same for a value that is no text.
    pub(super) fn invalid_value(field: impl Into<String>, value: &str, why: &str) -> Self {
        let message = format!("Invalid value: {value}: {why}");
        Self { field: field.into(), reason: "FieldValueInvalid", message }
    }

    /// The field has no value.
    pub(super) fn required(field: impl Into<String>, why: &str) -> Self {
        let message = match why {
            "" => "Required value".to_owned(),
            why => format!("Required value: {why}"),
        };
        Self { field: field.into(), reason: "FieldValueRequired", message }
    }

    /// The field names something that is not there.
    pub(super) fn not_found(field: impl Into<String>, value: &str) -> Self {
        let message = format!("Not found: {value:?}");
        Self { field: field.into(), reason: "FieldValueNotFound", message }
    }

    fn text(&self) -> String {
        format!("{}: {}", self.field, self.message)
    }
}

/// The object is not sound, unless there is no error.
pub(super) fn invalid(kind: &str, name: &str, errors: &[FieldError]) -> Result<(), Box<Status>> {
    let texts = match errors {
        [] => return Ok(()),
        [one] => one.text(),
        many => format!("[{}]", many.iter().map(FieldError::text).collect::<Vec<_>>().join(", ")),
    };
    let cause = |error: &FieldError| json!({"reason": error.reason, "message": error.message, "field": error.field});
    let mut rest = Map::new();
    rest.insert("causes".to_owned(), Value::Array(errors.iter().map(cause).collect()));
    let message = format!("{kind}.{GROUP} {name:?} is invalid: {texts}");
    Err(failure(422, "Invalid", message, kind, name, rest))
}

/// There is no such object of this resource.
pub(super) fn not_found(resource: &str, name: &str) -> Box<Status> {
    let message = format!("{resource}.{GROUP} {name:?} not found");
    failure(404, "NotFound", message, resource, name, Map::new())
}

/// Somebody else changed the object in the meantime.
pub(super) fn conflict(resource: &str, name: &str, why: &str) -> Box<Status> {
    let message = format!("Operation cannot be fulfilled on {resource}.{GROUP} {name:?}: {why}");
    failure(409, "Conflict", message, resource, name, Map::new())
}

fn failure(
    code: u16,
    reason: &str,
    message: String,
    kind: &str,
    name: &str,
    rest: Fields,
) -> Box<Status> {
    Box::new(Status {
        status: "Failure".to_owned(),
        message,
        reason: reason.to_owned(),
        details: Some(StatusDetails {
            name: name.to_owned(),
            group: GROUP.to_owned(),
            kind: kind.to_owned(),
            rest,
        }),
        code,
        ..Status::default()
    })
}
