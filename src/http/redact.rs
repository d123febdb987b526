//! Addresses and foreign texts made fit for messages and logs.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::Url;

use crate::auth::Secret;
use crate::model::one_line;

const FORM: &str = "application/x-www-form-urlencoded";
/// What is shorter is not looked for: it would be found in any text.
const SHORTEST: usize = 4;

/// Query parameters whose values say what was asked and prove nothing. All others are hidden: presigned addresses
/// and upload states are keys to whoever reads them.
const OPEN_PARAMETERS: [&str; 11] = [
    "account",
    "artifactType",
    "digest",
    "from",
    "last",
    "limit",
    "mount",
    "n",
    "scope",
    "service",
    "timeout",
];

/// An address without its secrets: no user name or password, no query values but those known to be harmless.
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl(Box<str>);

impl SafeUrl {
    /// The address with its secrets taken out.
    #[must_use]
    pub fn new(url: &Url) -> Self {
        let mut safe = format!("{}://{}{}", url.scheme(), authority(url), url.path());
        for (index, (key, value)) in url.query_pairs().enumerate() {
            let shown = if OPEN_PARAMETERS.contains(&key.as_ref()) { &value } else { "…" };
            let mark = if index == 0 { '?' } else { '&' };
            safe.push_str(&format!("{mark}{key}={shown}"));
        }
        Self(one_line(&safe, 400).into())
    }

    /// Scheme and host of the address alone: of one that is itself a secret.
    #[must_use]
    pub fn place(url: &Url) -> Self {
        let more = if url.path() == "/" && url.query().is_none() { "" } else { "…" };
        Self(one_line(&format!("{}://{}/{more}", url.scheme(), authority(url)), 400).into())
    }

    /// Whether it is asked without TLS.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.starts_with("http:")
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The secrets that a request brings, to be taken out of whatever is said about it.
#[derive(Default)]
pub(super) struct Secrets(Box<[Secret]>);

impl Secrets {
    /// Those in `Authorization` and in a form for a token server.
    pub(super) fn of(request: &reqwest::Request) -> Self {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let form = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let is_form = request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == FORM);
        let in_header = header.into_iter().flat_map(of_authorization);
        let in_form = Some(form).filter(|_| is_form).into_iter().flat_map(of_form);
        Self(
            in_header
                .chain(in_form)
                .filter(|text| text.len() >= SHORTEST)
                .map(Secret::new)
                .collect(),
        )
    }

    /// `text` without them: a registry may say back what it was told.
    pub(super) fn hide(&self, text: &[u8]) -> String {
        let text = String::from_utf8_lossy(text).into_owned();
        self.0.iter().fold(text, |text, secret| text.replace(secret.expose(), "[secret]"))
    }
}

/// The token, or the encoded pair and the password in it.
fn of_authorization(header: &str) -> Vec<String> {
    let Some((_, proof)) = header.split_once(' ') else { return Vec::new() };
    let pair = STANDARD.decode(proof).ok().and_then(|pair| String::from_utf8(pair).ok());
    let password = pair.and_then(|pair| Some(pair.split_once(':')?.1.to_owned()));
    std::iter::once(proof.to_owned()).chain(password).collect()
}

fn of_form(form: &[u8]) -> Vec<String> {
    let Ok(mut url) = Url::parse("form:") else { return Vec::new() };
    url.set_query(std::str::from_utf8(form).ok());
    let is_secret = |key: &str| matches!(key, "password" | "refresh_token");
    url.query_pairs().filter(|(key, _)| is_secret(key)).map(|(_, v)| v.into_owned()).collect()
}

/// `host` or `host:port` of an address; the port is left out when it is the scheme's own.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(url: &str) -> String {
        SafeUrl::new(&url.parse().unwrap()).to_string()
    }

    fn secrets(authorization: &str, form: &'static str) -> Secrets {
        let url = "http://r.io/".parse().unwrap();
        let mut request = reqwest::Request::new(http::Method::POST, url);
        request.headers_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
        request.headers_mut().insert(CONTENT_TYPE, FORM.parse().unwrap());
        *request.body_mut() = Some(form.into());
        Secrets::of(&request)
    }

    #[test]
    fn what_a_request_brings_is_not_said_back() {
        let encoded = STANDARD.encode("robot:hunter2");
        let text = format!("robot, your 'hunter2' ({encoded}) is wrong");
        let login = secrets(&format!("Basic {encoded}"), "");
        assert_eq!(login.hide(text.as_bytes()), "robot, your '[secret]' ([secret]) is wrong");
        let form = secrets("", "grant_type=password&username=robot&password=hun+ter%2F2");
        assert_eq!(form.hide(b"no robot has hun ter/2"), "no robot has [secret]");
        assert_eq!(secrets("Bearer abc.def", "").hide(b"Bearer abc.def?"), "Bearer [secret]?");
    }

    #[test]
    fn secrets_leave_the_address() {
        assert_eq!(
            safe("https://me:pw@quay.io/v2/a/blobs/uploads/1?_state=geheim&digest=sha256:ab"),
            "https://quay.io/v2/a/blobs/uploads/1?_state=…&digest=sha256:ab"
        );
        assert_eq!(
            safe("https://s3.example:8443/b?X-Amz-Signature=abc#frag"),
            "https://s3.example:8443/b?X-Amz-Signature=…"
        );
        assert_eq!(safe("https://quay.io/v2/"), "https://quay.io/v2/");
    }

    #[test]
    fn of_an_address_that_is_a_secret_only_the_host_is_shown() {
        let place = |url: &str| SafeUrl::place(&url.parse().unwrap()).to_string();
        assert_eq!(place("https://u:p@hooks.io/services/T0/geheim?key=k"), "https://hooks.io/…");
        assert_eq!(place("http://hooks.io:8080"), "http://hooks.io:8080/");
    }

    #[test]
    fn debug_shows_no_more_than_display() {
        let url = SafeUrl::new(&"https://u:p@h/x?sig=1".parse().unwrap());
        assert_eq!(format!("{url:?}"), "https://h/x?sig=…");
    }
}
