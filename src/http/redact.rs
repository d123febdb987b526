//! Addresses made fit for messages and logs.

use std::fmt;

use reqwest::Url;

use crate::model::one_line;

/// Query parameters whose values say what was asked and prove nothing. All others are hidden: presigned addresses
/// and upload states are keys to whoever reads them.
const OPEN_PARAMETERS: [&str; 9] =
    ["account", "artifactType", "digest", "from", "last", "mount", "n", "scope", "service"];

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
    fn debug_shows_no_more_than_display() {
        let url = SafeUrl::new(&"https://u:p@h/x?sig=1".parse().unwrap());
        assert_eq!(format!("{url:?}"), "https://h/x?sig=…");
    }
}
