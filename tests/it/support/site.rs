//! A registry together with the flags that reach it.

use super::certificates::Authority;
use super::registry::Registry;
use super::shell::Shell;
use super::skopeo;
use super::tokens::TokenServer;

use std::collections::BTreeMap;

use longshore::model::Digest;

/// The only user of every registry that knows users; a robot of a kind that others stumble over.
pub(crate) const USER: &str = "org+robot";
pub(crate) const PASSWORD: &str = "pa:ss w0rd";

/// A registry and how it is reached.
pub(crate) struct Site {
    pub(crate) registry: Registry,
    authority: Option<Authority>,
    pub(crate) tokens: Option<TokenServer>,
    asks: bool,
}

impl Site {
    pub(crate) fn open() -> Self {
        Self { registry: Registry::open(), authority: None, tokens: None, asks: false }
    }

    pub(crate) fn with_password() -> Self {
        let registry = Registry::with_password(USER, PASSWORD);
        Self { registry, authority: None, tokens: None, asks: true }
    }

    pub(crate) fn with_tls() -> Self {
        let authority = Authority::new();
        let registry = Registry::with_tls(&authority, USER, PASSWORD);
        Self { registry, authority: Some(authority), tokens: None, asks: true }
    }

    pub(crate) fn with_tokens(lifetime: u64) -> Self {
        let tokens = TokenServer::new(USER, PASSWORD, lifetime);
        let registry = Registry::with_tokens(&tokens);
        Self { registry, authority: None, tokens: Some(tokens), asks: true }
    }

    /// `ADDRESS/name`.
    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.registry.address())
    }

    /// How the registry is reached: `--plain-http`, with `prefix` `src-` it is `--src-plain-http`.
    pub(crate) fn flag(&self, prefix: &str) -> String {
        match &self.authority {
            Some(authority) => format!("--{prefix}cert-dir={}", authority.certs().display()),
            None => format!("--{prefix}plain-http"),
        }
    }

    /// Logs in, where that is asked for.
    pub(crate) fn login(&self, shell: &Shell) {
        if self.asks {
            let address = self.registry.address();
            let flags = ["login", &self.flag(""), "--username", USER, "--password-stdin", address];
            let ran = shell.feed(PASSWORD, &flags);
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        }
    }

    /// All that belongs to an image here, as skopeo sees it.
    pub(crate) fn fetch(&self, name: &str) -> BTreeMap<String, Digest> {
        let mut options = vec![match &self.authority {
            Some(authority) => format!("--src-cert-dir={}", authority.certs().display()),
            None => "--src-tls-verify=false".to_owned(),
        }];
        if self.asks {
            options.push(format!("--src-creds={USER}:{PASSWORD}"));
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        skopeo::fetch(&format!("docker://{}", self.image(name)), &options)
    }
}
