//! Which lists a registry gives, and where.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::{Registry, one_line};

/// A way to ask for many names at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListingApi {
    /// Quay's own, beside the distribution specification.
    Quay,
    /// Docker Hub's own, beside the distribution specification.
    DockerHub,
    /// The distribution specification alone.
    Distribution,
}

/// A text that is no such way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no way to list: expected quay, docker-hub or distribution")]
pub struct ListingApiError(String);

impl ListingApi {
    /// What `registry` speaks, as far as that is known by its name.
    #[must_use]
    pub fn of(registry: &Registry) -> Self {
        match registry.as_str() {
            "quay.io" => Self::Quay,
            "docker.io" => Self::DockerHub,
            _ => Self::Distribution,
        }
    }
}

impl FromStr for ListingApi {
    type Err = ListingApiError;

    fn from_str(text: &str) -> Result<Self, ListingApiError> {
        match text {
            "quay" => Ok(Self::Quay),
            "docker-hub" => Ok(Self::DockerHub),
            "distribution" => Ok(Self::Distribution),
            other => Err(ListingApiError(one_line(other, 40))),
        }
    }
}

/// The address of lists, over HTTPS or HTTP: a host, and the path that what is asked for is below. It has no login, no
/// query and no fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListingUrl {
    scheme: Scheme,
    host: String,
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

/// A text that is no such address. It may hold a secret, and is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an address that can be asked for lists: expected https://HOST[:PORT][/PATH], without login and query"
)]
pub struct ListingUrlError;

impl ListingUrl {
    /// Where Docker Hub has its lists.
    #[must_use]
    pub fn docker_hub() -> Self {
        let host = "hub.docker.com".to_owned();
        Self { scheme: Scheme::Https, host, path: String::new() }
    }

    /// `host` or `host:port`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path, without a slash at its end: empty, or `/and/what/follows`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is asked without TLS.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.scheme == Scheme::Http
    }

    /// Whether it is asked without TLS, and on another machine than this one.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.is_plain_http() && !is_loopback(&self.host)
    }
}

impl FromStr for ListingUrl {
    type Err = ListingUrlError;

    fn from_str(text: &str) -> Result<Self, ListingUrlError> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("http", rest)) => (Scheme::Http, rest),
            _ => return Err(ListingUrlError),
        };
        let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        host.parse::<Registry>().map_err(|_| ListingUrlError)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.split('/').skip(1).all(is_segment) {
            Ok(Self { scheme, host: host.to_ascii_lowercase(), path: path.to_owned() })
        } else {
            Err(ListingUrlError)
        }
    }
}

impl fmt::Display for ListingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}{}", self.host, self.path)
    }
}

/// What needs no encoding, and leads nowhere else.
fn is_segment(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !segment.is_empty() && !matches!(segment, "." | "..") && segment.bytes().all(is_plain)
}

/// Whether `host` (`host[:port]`) is this machine.
fn is_loopback(host: &str) -> bool {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback());
    }
    let name = host.split(':').next().unwrap_or_default();
    name == "localhost" || name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_perhaps_a_path() {
        for (text, shown) in [
            ("https://quay.io", "https://quay.io"),
            ("https://Quay.example:8443/", "https://quay.example:8443"),
            ("http://[::1]:80/a/b-c_d.e~f/", "http://[::1]:80/a/b-c_d.e~f"),
        ] {
            assert_eq!(text.parse::<ListingUrl>().unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "quay.io",
            "ftp://quay.io",
            "HTTPS://quay.io",
            "https://",
            "https:///a",
            "https://ann:geheim@quay.io",
            "https://quay.io?q",
            "https://quay.io/a?token=geheim",
            "https://quay.io/a#b",
            "https://quay.io//",
            "https://quay.io/a//b",
            "https://quay.io/a/../b",
            "https://quay.io/a%2fb",
            "https://quay.io/a b",
            "https://quay.io:0/",
        ] {
            let error = bad.parse::<ListingUrl>().unwrap_err().to_string();
            assert!(!error.contains("geheim"), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_exposed_unless_it_stays_here() {
        let is_exposed = |text: &str| text.parse::<ListingUrl>().unwrap().is_exposed();
        for here in ["http://localhost:5000", "http://127.0.0.2", "http://[::1]:80/a"] {
            assert!(!is_exposed(here), "{here}");
        }
        assert!(!is_exposed("https://quay.example"));
        for elsewhere in ["http://quay.example", "http://10.0.0.1", "http://localhost.evil.com"] {
            assert!(is_exposed(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn two_registries_are_known_by_name() {
        let of = |registry: &str| ListingApi::of(&registry.parse().unwrap());
        assert_eq!(
            (of("quay.io"), of("index.docker.io")),
            (ListingApi::Quay, ListingApi::DockerHub)
        );
        for other in ["quay.io:443", "quay.example", "registry.quay.io"] {
            assert_eq!(of(other), ListingApi::Distribution, "{other}");
        }
        assert_eq!("docker-hub".parse(), Ok(ListingApi::DockerHub));
        assert!("hub".parse::<ListingApi>().is_err());
    }
}
