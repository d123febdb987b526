//! Prefixes of image names: `host[:port]`, `host/namespace`, `host/namespace/repo`, `host/repo:tag`, `*.domain`.

/// What an entry of `registries.conf` is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix(String);

impl Prefix {
    /// A wildcard stands for one or more labels of a host, and no path may follow it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        match text.strip_prefix("*.") {
            Some(domain) if domain.is_empty() || domain.contains(['*', '/']) => {
                Err("a wildcard prefix is written *.DOMAIN and has no path")
            }
            None if text.contains('*') => Err("a wildcard stands in front only, as in *.DOMAIN"),
            _ => Ok(Self(text.to_owned())),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_wildcard(&self) -> bool {
        self.0.starts_with('*')
    }

    /// How many bytes of `name` this covers, or `None` if it does not match. Host, port and path components count
    /// whole. `repository` is the length of the name without tag and digest.
    pub(super) fn covers(&self, name: &str, repository: usize) -> Option<usize> {
        if let Some(domain) = self.0.strip_prefix('*') {
            let host = name.split('/').next()?;
            return (host.len() > domain.len() && host.ends_with(domain)).then_some(host.len());
        }
        let rest = name.strip_prefix(&self.0)?;
        let is_whole = rest.is_empty()
            || rest.starts_with('/')
            || (self.0.len() >= repository && rest.starts_with([':', '@']));
        is_whole.then_some(self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_match_whole_components() {
        let covers = |prefix: &str, name: &str, repository: &str| {
            Prefix::parse(prefix).unwrap().covers(name, repository.len())
        };
        let (name, repository) = ("a.io/org/app:v1", "a.io/org/app");
        for prefix in ["a.io", "a.io/org", "a.io/org/app", "a.io/org/app:v1"] {
            assert_eq!(covers(prefix, name, repository), Some(prefix.len()), "{prefix}");
        }
        for prefix in ["a", "a.io/or", "a.io/org/ap", "a.io/org/app:v", "b.io", "*.a.io", "*.io/o"]
        {
            let covered = Prefix::parse(prefix).ok().and_then(|p| p.covers(name, repository.len()));
            assert_eq!(covered, None, "{prefix}");
        }
        assert_eq!(covers("*.io", name, repository), Some(4));
        assert_eq!(covers("*.example.com", "x.y.example.com/a", "x.y.example.com/a"), Some(15));
        assert_eq!(
            covers("a.io", "a.io:5000/a", "a.io:5000/a"),
            None,
            "another port, another host"
        );
        assert_eq!(covers("*.io", "a.io.evil.com/a", "a.io.evil.com/a"), None);
    }

    #[test]
    fn a_wildcard_stands_in_front_only() {
        for bad in ["*", "*.", "*.a.io/x", "a.*.io", "*.*.io", "*a.io"] {
            assert!(Prefix::parse(bad).is_err(), "{bad}");
        }
    }
}
