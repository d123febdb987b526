//! Error bodies of registries (OCI distribution specification, «Error Codes»).

use std::fmt;

use serde::Deserialize;

use super::one_line;

/// An error code from the wire. Unknown ones still print and travel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorCode(String);

impl ErrorCode {
    /// The manifest is not there.
    pub const MANIFEST_UNKNOWN: &'static str = "MANIFEST_UNKNOWN";
    /// A manifest names something that is not there.
    pub const MANIFEST_BLOB_UNKNOWN: &'static str = "MANIFEST_BLOB_UNKNOWN";
    /// The repository is not there.
    pub const NAME_UNKNOWN: &'static str = "NAME_UNKNOWN";
    /// The upload is not there.
    pub const BLOB_UPLOAD_UNKNOWN: &'static str = "BLOB_UPLOAD_UNKNOWN";
    /// The request is not allowed to whoever asks.
    pub const DENIED: &'static str = "DENIED";
    /// The request needs a login.
    pub const UNAUTHORIZED: &'static str = "UNAUTHORIZED";
    /// Too many requests.
    pub const TOOMANYREQUESTS: &'static str = "TOOMANYREQUESTS";

    /// The code's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One error that a registry told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// What kind of error.
    pub code: ErrorCode,
    /// What the registry says of it, cut to a line.
    pub message: String,
}

/// All that an error body says, made fit for a message: never more than a few short lines of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireErrors {
    /// The errors, when the body had the form that the specification asks for.
    pub errors: Vec<WireError>,
    /// The body in one line when it had another form.
    pub other: String,
}

impl WireErrors {
    /// Reads an error body of any form: the specification's, a token server's `{"details": …}`, HTML, plain text.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        if let Ok(Body { errors }) = serde_json::from_slice::<Body>(body) {
            let errors: Vec<_> = errors.into_iter().take(5).map(WireError::from).collect();
            if !errors.is_empty() {
                return Self { errors, other: String::new() };
            }
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
        let other = plain_message(&text).unwrap_or_else(|| strip_markup(&text));
        Self { errors: Vec::new(), other: one_line(&other, 200) }
    }

    /// Whether one of the errors has this code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.errors.iter().any(|error| error.code.as_str() == code)
    }

    /// Whether the body said nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.other.is_empty()
    }
}

impl fmt::Display for WireErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.errors.iter().enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            match error.message.as_str() {
                "" => write!(f, "{comma}{}", error.code.as_str())?,
                message => write!(f, "{comma}{}: {message}", error.code.as_str())?,
            }
        }
        f.write_str(&self.other)
    }
}

#[derive(Deserialize)]
struct Body {
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Full { code: Option<serde_json::Value>, message: Option<String> },
    Text(String),
}

impl From<Entry> for WireError {
    fn from(entry: Entry) -> Self {
        let (code, message) = match entry {
            Entry::Full { code, message } => (code, message.unwrap_or_default()),
            Entry::Text(text) => (None, text),
        };
        let code = match code {
            Some(serde_json::Value::String(code)) => code,
            Some(other) => other.to_string(),
            None => "UNKNOWN".to_owned(),
        };
        Self { code: ErrorCode(one_line(&code, 60)), message: one_line(&message, 300) }
    }
}

/// The message of JSON bodies in other habits: Artifactory, Docker Hub's token server, Quay's API.
fn plain_message(text: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(text).ok()?;
    ["details", "detail", "message", "error_description", "error_message", "error"]
        .iter()
        .find_map(|key| body.get(key)?.as_str().map(str::to_owned))
}

/// Text without `<…>`, and without what stands in `<style>` or `<script>`.
fn strip_markup(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut skipping = None;
    for part in text.split('<') {
        let (tag, rest) = part.split_once('>').unwrap_or((part, ""));
        let name = tag.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        match &skipping {
            Some(closing) if name == *closing => skipping = None,
            Some(_) => continue,
            None if matches!(name.as_str(), "style" | "script") => {
                skipping = Some(format!("/{name}"));
            }
            None => {}
        }
        if skipping.is_none() {
            out.push(' ');
            out.push_str(rest);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        WireErrors::parse(body.as_bytes()).to_string()
    }

    #[test]
    fn the_specified_form_prints_code_and_message() {
        let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such\u001b[31m","detail":{}},{"code":"QUAINT"}]}"#;
        assert_eq!(said(body), "MANIFEST_UNKNOWN: no such [31m; QUAINT");
        assert!(WireErrors::parse(body.as_bytes()).has(ErrorCode::MANIFEST_UNKNOWN));
    }

    #[test]
    fn other_forms_are_told_in_a_line() {
        assert_eq!(said(""), "");
        assert_eq!(said(r#"{"errors":["plain"]}"#), "UNKNOWN: plain");
        assert_eq!(said(r#"{"errors":[{"code":429}]}"#), "429");
        assert_eq!(
            said(r#"{"details":"incorrect username or password"}"#),
            "incorrect username or password"
        );
        assert_eq!(
            said(
                "<html><head><style>b{}</style><title>429 Too Many</title></head><body><h1>Slow  down</h1></body>"
            ),
            "429 Too Many Slow down"
        );
        assert!(said(&"x".repeat(9999)).chars().count() <= 201);
    }
}
