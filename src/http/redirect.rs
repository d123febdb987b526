//! Which addresses from outside are followed: redirects, `Location` and `Link`, realms. Pure.

use std::net::IpAddr;

use http::{Method, StatusCode};
use reqwest::Url;

use super::redact::authority;

/// How many redirects are followed for one request.
const LONGEST_CHAIN: usize = 10;

/// Whether two addresses have scheme, host and port in common: only then do they share an authorisation.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme()
        && a.host() == b.host()
        && a.port_or_known_default() == b.port_or_known_default()
}

/// Whether `status` sends the asker elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where the redirect of `from` to `location` leads. The error is the end of a sentence that begins with
/// «… redirects».
///
/// Reading follows any redirect but to an address of the link: storage inside a company is often named by its private
/// address, nothing but the question is sent there, and what comes back is proven by its digest. Writing follows those that keep the method (RFC 9110, sections 15.4.8 and 15.4.9),
/// and only on its own host: what is written goes to nobody else.
pub(super) fn follow(
    from: &Url,
    location: Option<&str>,
    method: &Method,
    status: StatusCode,
    hops: usize,
) -> Result<Url, String> {
    if hops >= LONGEST_CHAIN {
        return Err(format!("more than {LONGEST_CHAIN} times"));
    }
    let to = join(from, location.ok_or("without saying where to")?)?;
    check_scheme(from, &to)
        .and_then(|()| check_not_link(from, &to))
        .map_err(|why| format!("to {}, which {why}", shown(&to)))?;
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let keeps_method = matches!(status.as_u16(), 307 | 308);
    let may_follow = reads || (keeps_method && same_origin(from, &to));
    if !may_follow {
        return Err(format!("a {method} to {}, which is not followed", authority(&to)));
    }
    Ok(to)
}

/// `location` seen from `base`, without user name and password. The error is the end of a sentence.
///
/// Never from HTTPS to HTTP, and never from elsewhere to an address that only this machine or its network can reach.
pub(super) fn resolve(base: &Url, location: &str) -> Result<Url, String> {
    let url = join(base, location)?;
    check(base, &url).map_err(|why| format!("to {}, which {why}", shown(&url)))?;
    Ok(url)
}

/// What to call an address by that is not followed.
fn shown(url: &Url) -> String {
    if url.has_host() { authority(url) } else { format!("a {}: address", url.scheme()) }
}

fn join(base: &Url, location: &str) -> Result<Url, String> {
    let mut url = base.join(location).map_err(|error| format!("to no address ({error})"))?;
    // It fails only for addresses that can have neither; their scheme is refused.
    let _ = url.set_username("").and(url.set_password(None));
    Ok(url)
}

/// An address that the registry `base` gave for itself, as [`resolve`] does it; but on the same host HTTP becomes
/// HTTPS where `base` is: registries behind a proxy do not always know how they are reached.
pub(super) fn resolve_own(base: &Url, location: &str) -> Result<Url, String> {
    let mut url = base.join(location).map_err(|error| format!("to no address ({error})"))?;
    let lowered = base.scheme() == "https" && url.scheme() == "http";
    if lowered && url.host() == base.host() && url.port() == base.port() {
        // It cannot fail: both schemes are of the same kind.
        let _ = url.set_scheme("https");
    }
    resolve(base, url.as_str())
}

/// Whether `url`, named by `base`, may be given a password or content. The error is a verb phrase.
pub(super) fn check(base: &Url, url: &Url) -> Result<(), &'static str> {
    check_scheme(base, url)?;
    check_not_link(base, url)?;
    if url.host() != base.host() && Reach::of_url(url) > Reach::of_url(base) {
        return Err("is an address of this machine or its own network");
    }
    Ok(())
}

fn check_scheme(base: &Url, url: &Url) -> Result<(), &'static str> {
    match (base.scheme(), url.scheme()) {
        _ if !url.has_host() => Err("has no host"),
        (_, "https") | ("http", "http") => Ok(()),
        ("https", "http") => Err("is plain HTTP while the registry is HTTPS"),
        _ => Err("is neither HTTPS nor HTTP"),
    }
}

fn check_not_link(base: &Url, url: &Url) -> Result<(), &'static str> {
    if url.host() != base.host() && Reach::of_url(url) == Reach::Link {
        return Err("is an address of this machine's own link");
    }
    Ok(())
}

/// How near a host is, as far as its name tells. Whoever is farther away cannot have us bring something to it; and
/// nobody can send us to an address of the link, where clouds keep the keys of their machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Anywhere,
    PrivateNetwork,
    ThisMachine,
    Link,
}

impl Reach {
    fn of_url(url: &Url) -> Self {
        url.host_str().map_or(Self::Anywhere, Self::of)
    }

    /// The reach of `host` (`host[:port]`).
    fn of(host: &str) -> Self {
        match address(host).map(|address| address.to_canonical()) {
            None if is_local(host) => Self::ThisMachine,
            None => Self::Anywhere,
            Some(address) if address.is_loopback() || address.is_unspecified() => Self::ThisMachine,
            Some(IpAddr::V4(v4)) if v4.is_link_local() => Self::Link,
            Some(IpAddr::V6(v6)) if v6.is_unicast_link_local() => Self::Link,
            Some(IpAddr::V4(v4)) if v4.is_private() => Self::PrivateNetwork,
            Some(IpAddr::V6(v6)) if v6.is_unique_local() => Self::PrivateNetwork,
            Some(_) => Self::Anywhere,
        }
    }
}

/// Whether `host` (`host[:port]`) is this machine.
pub(super) fn is_local(host: &str) -> bool {
    match address(host) {
        Some(address) => address.is_loopback(),
        None => {
            let name = host.split(':').next().unwrap_or_default();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// The address that `host` (`host[:port]`) is, when it is not a name.
fn address(host: &str) -> Option<IpAddr> {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next()?.parse().ok();
    }
    host.split(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn redirect(method: &Method, status: u16, to: &str) -> Result<String, String> {
        let from = url("https://quay.io/v2/a/blobs/x");
        let status = StatusCode::from_u16(status).unwrap();
        follow(&from, Some(to), method, status, 0).map(String::from)
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        let same = |a, b| same_origin(&url(a), &url(b));
        assert!(same("https://a/x", "https://a:443/y"));
        assert!(!same("https://a", "http://a"));
        assert!(!same("https://a", "https://a:8443"));
        assert!(!same("https://a", "https://b.a"));
    }

    #[test]
    fn reading_follows_all_kinds() {
        for status in [301, 302, 303, 307, 308] {
            let to = redirect(&Method::GET, status, "https://u:p@cdn.example/b?s=1");
            assert_eq!(to.unwrap(), "https://cdn.example/b?s=1");
            assert!(redirect(&Method::HEAD, status, "/v2/b").is_ok());
        }
    }

    #[test]
    fn writing_stays_on_its_host_and_keeps_its_method() {
        assert!(redirect(&Method::PUT, 307, "/v2/elsewhere").is_ok());
        assert!(redirect(&Method::PUT, 302, "/v2/elsewhere").is_err());
        assert!(redirect(&Method::PUT, 308, "https://cdn.example/b").is_err());
    }

    #[test]
    fn tls_is_never_lowered() {
        let error = redirect(&Method::GET, 302, "http://quay.io/v2/").unwrap_err();
        assert_eq!(error, "to quay.io, which is plain HTTP while the registry is HTTPS");
        assert!(redirect(&Method::GET, 302, "ftp://quay.io/").is_err());
        assert!(redirect(&Method::GET, 302, "data:,x").is_err());
        assert!(redirect(&Method::GET, 302, "//:80").is_err());
    }

    #[test]
    fn a_registry_that_forgets_its_tls_is_asked_with_it() {
        let base = url("https://quay.io:8443/v2/a/blobs/uploads/");
        let own = |location| resolve_own(&base, location).map(String::from);
        assert_eq!(own("/v2/x?_state=1").unwrap(), "https://quay.io:8443/v2/x?_state=1");
        assert_eq!(own("http://quay.io:8443/v2/x").unwrap(), "https://quay.io:8443/v2/x");
        assert_eq!(own("https://up.example/x").unwrap(), "https://up.example/x");
        assert!(own("http://quay.io/v2/x").is_err());
        assert!(own("http://up.example/x").is_err());
    }

    #[test]
    fn chains_end() {
        let from = url("https://quay.io/");
        let status = StatusCode::FOUND;
        assert!(follow(&from, Some("/x"), &Method::GET, status, LONGEST_CHAIN).is_err());
        assert!(follow(&from, None, &Method::GET, status, 0).is_err());
        let file = follow(&from, Some("file:///etc/passwd"), &Method::GET, status, 0);
        assert_eq!(file.unwrap_err(), "to a file: address, which has no host");
    }

    #[test]
    fn a_registry_cannot_send_us_inward() {
        let allowed = |base, to| check(&url(base), &url(to)).is_ok();
        for inward in [
            "https://169.254.169.254/latest",
            "https://127.0.0.1/",
            "https://localhost:8443/",
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[::ffff:169.254.169.254]/",
            "https://2852039166/",
        ] {
            assert!(!allowed("https://quay.io/", inward), "{inward}");
        }
        assert!(allowed("https://quay.io/", "https://8.8.8.8/"));
        assert!(allowed("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token"));
        assert!(allowed("http://localhost:5000/", "http://127.0.0.1:5001/token"));
        assert!(allowed("https://10.0.0.1:5000/", "https://10.0.0.1/token"));
        assert!(allowed("https://10.0.0.1:5000/", "https://192.168.0.2/token"));
        assert!(!allowed("https://10.0.0.1:5000/", "https://127.0.0.1/token"));
        assert!(!allowed("http://127.0.0.1:5000/", "http://169.254.169.254/token"));
    }

    #[test]
    fn storage_inside_a_company_may_be_read() {
        for status in [302, 307] {
            assert!(redirect(&Method::GET, status, "https://10.0.0.1:9000/bucket/x").is_ok());
            assert!(redirect(&Method::GET, status, "https://169.254.169.254/latest").is_err());
            assert!(redirect(&Method::PUT, status, "https://10.0.0.1:9000/bucket/x").is_err());
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "a.localhost"] {
            assert!(is_local(host), "{host}");
        }
        assert!(!is_local("quay.io"));
        assert!(!is_local("10.0.0.1:5000"));
    }
}
